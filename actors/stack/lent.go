package stack

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// lent are the connections of a pool that are in use.
type lent struct {
	mu    sync.Mutex
	conns map[*pgx.Conn]bool
	over  bool
}

// newLent follows the connections of the pool that is made of a configuration.
func newLent(c *pgxpool.Config) *lent {
	l := &lent{conns: map[*pgx.Conn]bool{}}
	c.PrepareConn = func(_ context.Context, conn *pgx.Conn) (bool, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.over {
			return false, errNoPool
		}
		l.conns[conn] = true
		return true, nil
	}
	c.AfterRelease = func(conn *pgx.Conn) bool { l.forget(conn); return true }
	c.BeforeClose = l.forget // a connection that broke is closed in place of being released
	return l
}

func (l *lent) forget(conn *pgx.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
}

// cut ends the connections that are lent, and lends no more. Who has one finds it broken, and gives it back.
func (l *lent) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	for conn := range l.conns {
		_ = conn.PgConn().Conn().Close() // it may be broken already
	}
}

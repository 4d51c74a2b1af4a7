package stack

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"leyden/internal/pg/connect"
	"leyden/internal/pg/inspect"
)

// pool is a pool of connections that is there from some time on. Until then it answers that it is not.
type pool struct{ current atomic.Pointer[opened] }

// opened is a pool with the connections that are lent by it.
type opened struct {
	*pgxpool.Pool
	lent *lent
}

var errNoPool = fmt.Errorf("%w: the pool is not connected yet", inspect.ErrUnavailable)

func (p *pool) get() (*pgxpool.Pool, error) {
	if o := p.current.Load(); o != nil {
		return o.Pool, nil
	}
	return nil, errNoPool
}

// Query asks over a connection of the pool.
func (p *pool) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	pool, err := p.get()
	if err != nil {
		return nil, err
	}
	return pool.Query(ctx, sql, args...)
}

// Acquire lends a connection.
func (p *pool) Acquire(ctx context.Context) (*pgconn.PgConn, func(), error) {
	pool, err := p.get()
	if err != nil {
		return nil, nil, err
	}
	c, err := pool.Acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	return c.Conn().PgConn(), c.Release, nil
}

// close ends all connections, those that are lent too: a query that goes on for long must not keep the pool from being opened
// anew. Whoever runs one finds its connection lost.
func (p *pool) close() {
	if o := p.current.Swap(nil); o != nil {
		o.lent.cut()
		o.Close()
	}
}

// runPools finds the ways to the database and opens the pools, trying again as long as that may help. They mend themselves
// after that.
func (s *Stack) runPools(ctx context.Context, up func()) error {
	up()
	defer s.admin.close()
	defer s.snapshots.close()
	defer s.ready.clear(nil, adminPoolReady, snapshotPoolReady)
	adminSize, snapshotSize := connect.PoolSizes(s.config.PoolSize)
	if !s.open(ctx, &s.admin, adminPoolReady, s.config.Replication, adminSize, func(r connect.Route) { s.route.Store(&r) }) {
		<-ctx.Done()
		return nil
	}
	s.open(ctx, &s.snapshots, snapshotPoolReady, *s.config.Pooled, snapshotSize, nil)
	<-ctx.Done()
	return nil
}

// open fills p. False means that there is no point in trying again, or no time.
func (s *Stack) open(ctx context.Context, p *pool, c condition, target connect.Target, size int, found func(connect.Route)) bool {
	wait := time.Second
	for {
		route, o, err := s.tryOpen(ctx, target, size, c == snapshotPoolReady)
		if err == nil {
			if found != nil {
				found(route)
			}
			p.current.Store(o)
			s.ready.set(c)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		problem := connect.Classify(err)
		s.ready.clear(errors.New(problem.Message), c)
		s.ready.blame(errors.New(problem.Message), lockAcquired)
		if problem.Class == connect.Fatal {
			s.fail(fmt.Errorf("connect to %s: %w", target.Address(), err))
			return false
		}
		s.log.Warn("cannot connect to the database; trying again", "address", target.Address(), "problem", problem.Type, "error", err, "after", wait)
		select {
		case <-time.After(wait):
			wait = min(2*wait, 10*time.Second)
		case <-ctx.Done():
			return false
		}
	}
}

func (s *Stack) tryOpen(ctx context.Context, target connect.Target, size int, snapshots bool) (connect.Route, *opened, error) {
	route, warnings, err := connect.Resolve(ctx, target, s.config.Connect)
	if err != nil {
		return route, nil, err
	}
	for _, w := range warnings {
		s.log.Warn(string(w), "address", target.Address())
	}
	config, err := route.PoolConfig(size)
	if err != nil {
		return route, nil, err
	}
	if snapshots {
		config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error { return connect.Settle(ctx, c.PgConn()) }
	}
	lent := newLent(config)
	p, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return route, nil, err
	}
	if err := p.Ping(ctx); err != nil {
		p.Close()
		return route, nil, err
	}
	return route, &opened{p, lent}, nil
}

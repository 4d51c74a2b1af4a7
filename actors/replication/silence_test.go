package replication_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/actors/replication"
	"leyden/internal/pg/pgserver"
)

// wire passes connections on to a server until it is cut; then they stay open and carry nothing.
type wire struct {
	listener net.Listener
	group    sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
	cut   bool
}

func newWire(t *testing.T, to string) *wire {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{listener: l}
	w.group.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				client.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, client, server)
			w.mu.Unlock()
			w.group.Go(func() { w.pass(client, server) })
			w.group.Go(func() { w.pass(server, client) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		w.mu.Lock()
		for _, c := range w.conns {
			c.Close()
		}
		w.mu.Unlock()
		w.group.Wait()
	})
	return w
}

func (w *wire) pass(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		w.mu.Lock()
		cut := w.cut
		w.mu.Unlock()
		if !cut {
			if _, writeErr := to.Write(buffer[:n]); writeErr != nil || err == io.EOF {
				to.Close()
			}
		}
		if err != nil {
			return
		}
	}
}

func (w *wire) setCut(cut bool) {
	w.mu.Lock()
	w.cut = cut
	w.mu.Unlock()
}

func TestAConnectionThatTheNetworkHasLostIsNoticed(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	u, err := url.Parse(db.address)
	require.NoError(t, err)
	w := newWire(t, u.Host)
	u.Host = w.listener.Addr().String()
	f := db.follow(settings(func(c *replication.Config) {
		c.Connect = connector(u.String(), "replication", "database", "wal_sender_timeout", "300ms")
		c.SilenceLimit = 500 * time.Millisecond
	}))
	f.awaitPhase(replication.Streaming, 1)
	db.exec("SELECT pg_sleep(1)") // twice the limit, on a quiet server
	f.await("the stream goes on", func() bool { return f.states[len(f.states)-1].Phase == replication.Streaming })
	w.setCut(true)
	require.ErrorIs(t, f.awaitPhase(replication.BackingOff, 1).Err, replication.ErrSilent)
	w.setCut(false)
	f.awaitPhase(replication.Streaming, 2)
}

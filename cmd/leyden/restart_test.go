package main

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/http/admin"
	"leyden/internal/pg/pgserver"
)

// operators is the way to the admin API of the survivor.
func (s *survivor) operators() *admin.Client {
	return &admin.Client{URL: "http://" + s.srv.listeners[0].Addr().String()}
}

// Every part is restarted while rows are written and clients follow: no client sees an error other than a request that it has
// to repeat, no change is lost, and ids and handles are the same.
func TestRestartsUnderLoadLoseNothing(t *testing.T) {
	s := newSurvivor(t, pgserver.ForTest(t).URL("postgres"))
	ops := s.operators()
	tree, err := ops.Tree(t.Context(), false)
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), s.url)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	var written atomic.Int64
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for n := 1_000_000; ; n += 2 {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			if _, err := conn.Exec(context.Background(), `INSERT INTO items VALUES ($1, 1, 'load'), ($2, 2, 'load')`, n, n+1); err != nil {
				stopped <- err
				return
			}
			written.Add(2)
		}
	}()
	var paths []string
	for _, p := range tree.Processes {
		paths = append(paths, p.Path)
	}
	for _, path := range append(paths, "streaming", "shapes", "streaming") {
		before := written.Load()
		r, err := ops.Restart(t.Context(), path, 20*time.Second)
		require.NoError(t, err, path)
		require.True(t, admin.Active(r.Service), "%s: %s", path, r.WaitsFor)
		s.eventually(func() bool { return written.Load() >= before+20 })
	}
	close(stop)
	require.NoError(t, <-stopped)
	s.rows += int(written.Load())
	s.write("last")
	retries := 0
	for clause, c := range s.clients {
		require.Same(t, c.entry, s.entry(c), "%q has another id or handle", clause)
		require.Zero(t, c.Stats().Rotations, clause)
		retries += c.Stats().Retries
	}
	t.Logf("%d rows written, %d restarts, %d requests repeated", written.Load(), len(paths)+3, retries)
}

func TestAConsumerIsRestartedAlone(t *testing.T) {
	s := newSurvivor(t, pgserver.ForTest(t).URL("postgres"))
	ops := s.operators()
	path := s.srv.engine.Consumer(s.clients["tenant = 1"].entry)
	s.write("it is awake")
	_, err := ops.Restart(t.Context(), path, 0)
	require.NoError(t, err)
	require.Empty(t, s.restarts())
	tree, err := ops.Tree(t.Context(), true)
	require.NoError(t, err)
	found := false
	for _, p := range tree.Processes {
		found = found || p.Path == path && p.Kind == "consumer" && p.Shape == s.clients["tenant = 1"].Handle()
	}
	require.True(t, found)
	s.write("after")
	_, err = ops.Restart(t.Context(), path+"0", 0)
	require.ErrorContains(t, err, "no such")
}

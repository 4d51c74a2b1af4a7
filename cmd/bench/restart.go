package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"leyden/http/admin"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/where"
	"leyden/persistence/shapelog"
)

// restartSubtrees: how long deliveries stand still when an operator restarts a part of a server with 100,000 shapes.
func restartSubtrees(ctx context.Context, s *stand) (figures []figure, err error) {
	const count, rounds = 100_000, 5
	const reach = 2 * time.Second
	p, err := s.open(ctx, items)
	if err != nil {
		return nil, err
	}
	storage := filepath.Join(s.dir, "storage"+strconv.Itoa(s.databases), "single_stack")
	defer func() { err = closing(err, p.close(ctx)) }()
	if err := first(ctx, p, tenant(-1)); err != nil {
		return nil, err
	}
	alone, _, err := standstill(ctx, p, "streaming", rounds)
	if err != nil {
		return nil, err
	}
	if err := p.server.Stop(ctx); err != nil {
		return nil, err
	}
	if err := storeTenants(storage, count); err != nil {
		return nil, err
	}
	if err := p.server.Resume(ctx); err != nil {
		return nil, err
	}
	for _, part := range []string{"streaming", "shapes"} {
		took, used, err := standstill(ctx, p, part, rounds)
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure{
			workload: fmt.Sprintf("restart of `%s` with 100,000 shapes until a change is delivered (median of %d)", part, rounds),
			baseline: "`streaming` with one shape " + alone.Round(time.Millisecond).String(), leyden: fmt.Sprintf("%s (%s of CPU)", took.Round(time.Millisecond), used.Round(time.Millisecond)), ratio: "–",
			reach: "≤ " + reach.String(), met: took <= reach, electric: "–",
		})
	}
	return figures, nil
}

// standstill is the time from the request for a restart until a client that follows a shape has a row that was inserted when
// the part was up again, and what that costs the server.
func standstill(ctx context.Context, p *place, part string, rounds int) (median, used time.Duration, err error) {
	c := newClient(p, tenant(7))
	if _, err := c.catchUp(ctx, nil); err != nil {
		return 0, 0, fmt.Errorf("read the shape: %w", err)
	}
	defer c.close()
	ops := &admin.Client{URL: p.server.AdminURL()}
	took := make([]time.Duration, rounds)
	before, err := cpuTime(p.server.PID())
	if err != nil {
		return 0, 0, err
	}
	for i := range took {
		if err := c.send(); err != nil {
			return 0, 0, err
		}
		time.Sleep(100 * time.Millisecond) // it waits by then
		begin := time.Now()
		if r, err := ops.Restart(ctx, part, time.Minute); err != nil {
			return 0, 0, err
		} else if !admin.Active(r.Service) {
			return 0, 0, fmt.Errorf("the server is %s after the restart of %s", r.Service, part)
		}
		if err := p.exec(ctx, "INSERT INTO items (tenant, title) VALUES (7, 'a title')"); err != nil {
			return 0, 0, err
		}
		a, err := c.receive()
		if err != nil {
			return 0, 0, fmt.Errorf("wait over the restart of %s: %w", part, err)
		}
		if a.inserts != 1 {
			return 0, 0, errors.New("the client did not get the insert")
		}
		took[i] = time.Since(begin)
	}
	after, err := cpuTime(p.server.PID())
	return middle(took), (after - before) / time.Duration(rounds), err
}

// storeTenants makes the catalogue of a stopped server have shapes `tenant = k` like its one shape, with empty snapshots that
// were complete long ago.
func storeTenants(dir string, count int) error {
	store, err := shapelog.Open(vfs.Default, dir, shapelog.Options{})
	if err != nil {
		return err
	}
	var like shapelog.Record
	err = store.Load(func(r shapelog.Record) error { like = r; return nil })
	var done []shapelog.Append
	for k := 100; err == nil && k < count; k++ {
		var add shapelog.Append
		if add, err = storeTenant(store, like, k); err == nil {
			done = append(done, add)
		}
		if err == nil && (len(done) == 1000 || k == count-1) {
			err = store.Apply([]shapelog.Batch{{Appends: done}})
			done = done[:0]
		}
	}
	return errors.Join(err, store.Close())
}

func storeTenant(store *shapelog.Store, like shapelog.Record, k int) (shapelog.Append, error) {
	d := *like.Def
	var err error
	if d.Where, err = where.Compile(fmt.Sprintf("tenant = %d", k), nil, []where.Column{{Name: "tenant", Type: "int4", TypeMod: -1}}); err != nil {
		return shapelog.Append{}, err
	}
	log, err := store.Create(shape.Handle{Hash: d.Identity().Hash(), Micros: like.Handle.Micros + 1 + uint64(k)}, &d)
	if err != nil {
		return shapelog.Append{}, err
	}
	w := log.SnapshotWriter()
	if err := errors.Join(w.Known(pg.Snapshot{Xmin: 1000, Xmax: 1000}), w.Finish()); err != nil {
		return shapelog.Append{}, err
	}
	return shapelog.Append{Log: log, FilteringDone: true}, nil
}

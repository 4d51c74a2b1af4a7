package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"leyden/http/admin"
	"leyden/internal/launch"
)

// refresh: the comparison of 100,000 shapes, whose consumers are awake, with the disk, which is due whenever the replication
// connection is there again; while a client of one of them follows what is inserted all the time.
func refresh(ctx context.Context, s *stand) (figures []figure, err error) {
	const count, rounds = 100_000, 5
	port, err := launch.FreePort()
	if err != nil {
		return nil, err
	}
	p, err := s.open(ctx, items, "ELECTRIC_SHAPE_SUSPEND_CONSUMER=false", "ELECTRIC_PROMETHEUS_PORT="+strconv.Itoa(port))
	if err != nil {
		return nil, err
	}
	storage := filepath.Join(s.dir, "storage"+strconv.Itoa(s.databases))
	defer func() { err = errors.Join(closing(err, p.close(ctx)), os.RemoveAll(storage)) }()
	if err := first(ctx, p, tenant(-1)); err != nil {
		return nil, err
	}
	alone, err := reconnects(ctx, p, port, -1, rounds)
	if err != nil {
		return nil, err
	}
	if err := knowShapes(ctx, p, filepath.Join(storage, "single_stack"), count, "tenant = %d"); err != nil {
		return nil, err
	}
	if err := p.exec(ctx, fmt.Sprintf("INSERT INTO items (tenant, title) SELECT k, 'a title' FROM generate_series(-1, %d) k", count-1)); err != nil {
		return nil, err
	}
	if err := reaches(ctx, port, "electric_shapes_active_shapes_count", count+1); err != nil {
		return nil, err
	}
	before, err := shapeIDs(ctx, p)
	if err != nil {
		return nil, err
	}
	ours, err := reconnects(ctx, p, port, 7, rounds)
	if err != nil {
		return nil, err
	}
	after, err := shapeIDs(ctx, p)
	if err != nil {
		return nil, err
	}
	changed := 0
	for handle, id := range before {
		if after[handle] != id {
			changed++
		}
	}
	slowest := slices.Max(ours.refreshes)
	took := middle(ours.refreshes)
	return []figure{{
		workload: fmt.Sprintf("refresh of 100,000 shapes with consumers, a client that follows an insert every 5 ms (median of %d)", rounds),
		baseline: fmt.Sprintf("with one shape %s, %s between two answers at most", micros(middle(alone.refreshes)), alone.gap.Round(time.Millisecond)),
		leyden: fmt.Sprintf("%s, the slowest %s; %s between two answers at most with the loss of the connection before; %d of %d ids changed; the client has each of %d rows once", micros(took), micros(slowest),
			ours.gap.Round(time.Millisecond), changed, len(before), ours.rows),
		ratio: "–", reach: "≤ 0.5 s, no id changed", met: took <= 500*time.Millisecond && changed == 0 && len(before) == count+1 && len(after) == len(before), electric: "–",
	}}, nil
}

// reconnected is how a server got on while its replication connection was lost, several times.
type reconnected struct {
	refreshes []time.Duration // what each comparison with the disk took
	rows      int             // that were inserted meanwhile, and that the client has
	gap       time.Duration   // the longest time between two answers with rows
}

// reconnects has the server lose its replication connection, while rows of a tenant are inserted and a client follows them. It is
// an error if the client's shape is made anew, or if it does not get every row once.
func reconnects(ctx context.Context, p *place, port, of, rounds int) (r reconnected, err error) {
	c := newClient(p, tenant(of))
	if _, err := c.catchUp(ctx, nil); err != nil {
		return r, err
	}
	defer c.close()
	handle := c.handle
	writing, stop := context.WithCancel(ctx)
	defer stop()
	written := make(chan error, 1)
	inserted := 0 // by the goroutine until written
	go func() {
		conn, err := connect(ctx, p.url)
		if err != nil {
			written <- err
			return
		}
		for ; err == nil && writing.Err() == nil; inserted++ {
			_, err = conn.Exec(ctx, fmt.Sprintf("INSERT INTO items (tenant, title) VALUES (%d, 'a title')", of))
			time.Sleep(5 * time.Millisecond)
		}
		written <- errors.Join(err, conn.Close(ctx))
	}()
	total := make(chan int, 1) // is told before the last is inserted
	followed := make(chan error, 1)
	go func() { followed <- follow(ctx, c, handle, total, &r) }()
	err = loseConnection(ctx, p, port, rounds, &r)
	stop()
	err = errors.Join(err, <-written)
	if err == nil {
		total <- inserted + 1
		err = p.exec(ctx, fmt.Sprintf("INSERT INTO items (tenant, title) VALUES (%d, 'a title')", of))
	}
	if err != nil {
		_ = c.conn.Close() // it need not wait for more
	}
	return r, errors.Join(err, <-followed)
}

// follow reads live until the client has as many rows as were inserted.
func follow(ctx context.Context, c *client, handle string, total chan int, r *reconnected) error {
	stop := context.AfterFunc(ctx, func() { _ = c.conn.SetDeadline(time.Unix(1, 0)) }) // the connection is not used further
	defer stop()
	want := -1
	for last := time.Now(); want < 0 || r.rows < want; {
		a, err := c.next()
		switch {
		case err != nil:
			return errors.Join(context.Cause(ctx), err)
		case c.handle != handle:
			return fmt.Errorf("the client's shape was made anew: %s instead of %s", c.handle, handle)
		}
		if r.rows += a.inserts; a.inserts > 0 {
			r.gap = max(r.gap, time.Since(last))
			last = time.Now()
		}
		if want < 0 {
			select {
			case want = <-total:
			default:
			}
		}
	}
	if r.rows != want {
		return fmt.Errorf("the client has %d rows of %d", r.rows, want)
	}
	return nil
}

// loseConnection ends the replication connection, and waits each time until shapes have been compared with the disk.
func loseConnection(ctx context.Context, p *place, port, rounds int, r *reconnected) error {
	const histogram = "leyden_shapes_refresh_seconds"
	seconds, err := metric(ctx, port, histogram+"_sum")
	if err != nil {
		return err
	}
	count, err := metric(ctx, port, histogram+"_count")
	if err != nil {
		return err
	}
	for range rounds {
		time.Sleep(2 * settle) // until the connection counts as good: its successor then comes after the least wait
		if err := p.exec(ctx, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND active"); err != nil {
			return err
		}
		for done := count; done == count; {
			time.Sleep(50 * time.Millisecond)
			if done, err = metric(ctx, port, histogram+"_count"); err != nil {
				return err
			}
			if done > count+1 {
				return fmt.Errorf("%g comparisons after one loss of the connection", done-count)
			}
		}
		count++
		sum, err := metric(ctx, port, histogram+"_sum")
		if err != nil {
			return err
		}
		r.refreshes = append(r.refreshes, time.Duration((sum-seconds)*float64(time.Second)))
		seconds = sum
	}
	time.Sleep(settle)
	return nil
}

// shapeIDs is the id of every handle.
func shapeIDs(ctx context.Context, p *place) (map[string]uint64, error) {
	ops := &admin.Client{URL: p.server.AdminURL()}
	ids := map[string]uint64{}
	for after := uint64(0); ; {
		page, err := ops.Shapes(ctx, url.Values{"limit": {"1000"}, "after": {strconv.FormatUint(after, 10)}})
		if err != nil {
			return nil, err
		}
		for _, s := range page.Shapes {
			ids[s.Handle] = s.ID
		}
		if after = page.Next; after == 0 {
			return ids, nil
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"leyden/http/admin"
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
	if err := knowShapes(ctx, p, storage, count, "tenant = %d"); err != nil {
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

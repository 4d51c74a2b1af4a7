package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"
)

const settle = 3 * time.Second

// idle: the memory of a server that does nothing.
func idle(ctx context.Context, s *stand) (figures []figure, err error) {
	p, err := s.open(ctx, items)
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, p.close(ctx)) }()
	time.Sleep(settle)
	size, err := resident(p.server.PID())
	return []figure{{
		workload: "memory of an idle server", baseline: "–", leyden: fmt.Sprintf("%.0f MB", float64(size)/1e6), ratio: "–",
		reach: "≤ 60 MB", met: size <= 60e6, electric: "243 MB",
	}}, err
}

// waitingClients: 2,000 clients that wait on one shape, and one insert.
func waitingClients(ctx context.Context, s *stand) (figures []figure, err error) {
	const count, rounds = 2000, 10
	p, err := s.open(ctx, items)
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, p.close(ctx)) }()
	one := newClient(p, url.Values{"table": {"items"}})
	if _, err := one.catchUp(ctx, nil); err != nil {
		return nil, err
	}
	defer one.close()
	time.Sleep(settle)
	before, err := resident(p.server.PID())
	if err != nil {
		return nil, err
	}
	clients := make([]*client, count)
	for i := range clients {
		if clients[i], err = one.twin(ctx); err != nil {
			return nil, err
		}
		defer clients[i].close()
	}
	arrived := make(chan error, count)
	delays := make([]time.Duration, rounds)
	var used time.Duration
	var waiting int64
	for i := range delays {
		for _, c := range clients {
			if err := c.send(); err != nil {
				return nil, err
			}
		}
		time.Sleep(time.Second) // all of them wait by then
		if i == 0 {
			if waiting, err = resident(p.server.PID()); err != nil {
				return nil, err
			}
		}
		for _, c := range clients {
			go func() {
				a, err := c.receive()
				if err == nil && a.inserts != 1 {
					err = errors.New("a client did not get the insert")
				}
				arrived <- err
			}()
		}
		time.Sleep(100 * time.Millisecond)
		cpu, err := cpuTime(p.server.PID())
		if err != nil {
			return nil, err
		}
		begin := time.Now()
		if err := p.exec(ctx, "INSERT INTO items (tenant, title) VALUES (7, 'a title')"); err != nil {
			return nil, err
		}
		for range clients {
			if err := <-arrived; err != nil {
				return nil, err
			}
		}
		delays[i] = time.Since(begin)
		after, err := cpuTime(p.server.PID())
		if err != nil {
			return nil, err
		}
		used += after - cpu
	}
	all, each, size := middle(delays), used/(count*rounds), (waiting-before)/count
	return []figure{
		{workload: "2,000 long-polling clients on one shape, one insert: all have it (median)", baseline: "–", leyden: all.Round(time.Millisecond).String(), ratio: "–",
			reach: "≤ 200 ms", met: all <= 200*time.Millisecond, electric: "520 ms"},
		{workload: "the same: CPU for a delivery", baseline: "–", leyden: fmt.Sprintf("%d µs", each.Microseconds()), ratio: "–",
			reach: "≤ 100 µs", met: each <= 100*time.Microsecond, electric: "477 µs"},
		{workload: "the same: memory for a waiting client", baseline: "–", leyden: fmt.Sprintf("%.1f kB", float64(size)/1000), ratio: "–",
			reach: "≤ 25 kB", met: size <= 25_000, electric: "–"},
	}, nil
}

// idleShapes: what each of 20,000 shapes adds to the memory of a server that has restarted, so that nothing of their
// creation is in it.
func idleShapes(ctx context.Context, s *stand) (figures []figure, err error) {
	const count = 20_000
	p, err := s.open(ctx, tenantItems(tenants))
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, p.close(ctx)) }()
	if err := first(ctx, p, tenant(1)); err != nil {
		return nil, err
	}
	empty, err := restartedSize(ctx, p)
	if err != nil {
		return nil, err
	}
	took, err := concurrently(creators, count, creator(ctx, p, 0))
	if err != nil {
		return nil, err
	}
	fresh, err := resident(p.server.PID())
	if err != nil {
		return nil, err
	}
	full, err := restartedSize(ctx, p)
	if err != nil {
		return nil, err
	}
	each := (full - empty) / count
	return []figure{{
		workload: "memory of each of 20,000 idle shapes, after a restart",
		baseline: fmt.Sprintf("the server with one shape %.0f MB", float64(empty)/1e6),
		leyden:   fmt.Sprintf("%.2f kB (right after their creation in %s: %.2f kB)", float64(each)/1000, took.Round(time.Second), float64(fresh-empty)/count/1000),
		ratio:    "–", reach: "≤ 1 kB", met: each <= 1000, electric: "21 kB",
	}}, nil
}

func restartedSize(ctx context.Context, p *place) (int64, error) {
	if err := p.server.Stop(ctx); err != nil {
		return 0, err
	}
	if err := p.server.Resume(ctx); err != nil {
		return 0, err
	}
	time.Sleep(settle)
	return resident(p.server.PID())
}

package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// shapeCycles: 100,000 shapes are made and, by a truncation of their table, removed, three times over; with the first of them
// the replication connection is lost once.
func shapeCycles(ctx context.Context, s *stand) (figures []figure, err error) {
	const count, cycles = 100_000, 3
	p, err := s.open(ctx, items)
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, p.close(ctx)) }()
	alone, err := afterReconnect(ctx, p)
	if err != nil {
		return nil, err
	}
	var many time.Duration
	var made, gone []int64
	for cycle := range cycles {
		if _, err := concurrently(creators, count, creator(ctx, p, cycle*count)); err != nil {
			return nil, err
		}
		if cycle == 0 {
			if many, err = afterReconnect(ctx, p); err != nil {
				return nil, err
			}
		}
		size, err := plateau(ctx, p)
		if err != nil {
			return nil, err
		}
		made = append(made, size)
		if err := p.exec(ctx, "TRUNCATE items"); err != nil {
			return nil, err
		}
		if size, err = plateau(ctx, p); err != nil {
			return nil, err
		}
		gone = append(gone, size)
	}
	ratio := float64(slices.Max(made)) / float64(made[0])
	more := many - alone
	return []figure{
		{workload: "memory with 100,000 shapes, made and, by a truncation, removed 3 times over", baseline: "the first time " + megabytes(made[:1]),
			leyden: "made: " + megabytes(made) + "; removed: " + megabytes(gone), ratio: fmt.Sprintf("%.2f", ratio), reach: "≤ 1.05", met: ratio <= 1.05, electric: "–"},
		{workload: "an insert after the replication connection was lost, with 100,000 live shapes", baseline: "with one shape " + alone.Round(time.Millisecond).String(),
			leyden: many.Round(time.Millisecond).String(), ratio: fmt.Sprintf("%.2f ×", many.Seconds()/alone.Seconds()), reach: "≤ 0.5 s more",
			met: more <= 500*time.Millisecond, electric: "–"},
	}, nil
}

// afterReconnect is the time from the loss of the replication connection to a client having what is inserted then.
func afterReconnect(ctx context.Context, p *place) (time.Duration, error) {
	c := newClient(p, url.Values{"table": {"items"}, "where": {"tenant = -1"}})
	if _, err := c.catchUp(ctx, nil); err != nil {
		return 0, err
	}
	defer c.close()
	time.Sleep(2 * settle) // until the connection counts as good: its successor then comes after the least wait
	begin := time.Now()
	if err := p.exec(ctx, `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND active`); err != nil {
		return 0, err
	}
	if err := p.exec(ctx, "INSERT INTO items (tenant, title) VALUES (-1, 'a title')"); err != nil {
		return 0, err
	}
	if err := c.await(ctx, 1); err != nil {
		return 0, err
	}
	return time.Since(begin), nil
}

// plateau is the memory of the server once it has given back what its last work has left: when it has stayed the same for eight
// seconds. What is written is compacted for a while after.
func plateau(ctx context.Context, p *place) (int64, error) {
	const patience = 90 * time.Second
	var level int64
	since, begin := time.Now(), time.Now()
	for {
		size, err := resident(p.server.PID())
		if err != nil || time.Since(since) > 8*time.Second || time.Since(begin) > patience {
			return size, err
		}
		if off := size - level; off > level/50 || -off > level/50 {
			level, since = size, time.Now()
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func megabytes(sizes []int64) string {
	texts := make([]string, len(sizes))
	for i, n := range sizes {
		texts[i] = fmt.Sprintf("%.0f", float64(n)/1e6)
	}
	return strings.Join(texts, ", ") + " MB"
}

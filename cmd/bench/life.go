package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"leyden/internal/launch"
)

// shapeCycles: 100,000 shapes are made and, by a truncation of their table, removed, three times over; with the first of them
// the replication connection is lost once. Memory is looked at in every cycle with the shapes there and with the shapes gone,
// and compared with what it was at that point of the first cycle.
func shapeCycles(ctx context.Context, s *stand) (figures []figure, err error) {
	const count, cycles = 100_000, 3
	port, err := launch.FreePort()
	if err != nil {
		return nil, err
	}
	p, err := s.open(ctx, items, "ELECTRIC_PROMETHEUS_PORT="+strconv.Itoa(port))
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, p.close(ctx)) }()
	alone, err := afterReconnect(ctx, p)
	if err != nil {
		return nil, err
	}
	var many time.Duration
	var made, gone plateaus
	for cycle := range cycles {
		if _, err := concurrently(creators, count, creator(ctx, p, cycle*count)); err != nil {
			return nil, err
		}
		if cycle == 0 {
			if many, err = afterReconnect(ctx, p); err != nil {
				return nil, err
			}
		}
		if err := made.look(ctx, p, port); err != nil {
			return nil, err
		}
		if err := p.exec(ctx, "TRUNCATE items"); err != nil {
			return nil, err
		}
		if err := gone.look(ctx, p, port); err != nil {
			return nil, err
		}
	}
	more := many - alone
	const within = 1.05
	return []figure{
		made.figure("memory with 100,000 shapes that are made and removed 3 times over", within),
		gone.figure("the same: memory after each removal, by a truncation", within),
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

// plateaus are the memory of a server at the same point of several cycles, in bytes.
type plateaus struct{ resident, heap []int64 }

// look adds the present memory, once it is a plateau.
func (l *plateaus) look(ctx context.Context, p *place, metrics int) error {
	size, err := plateau(ctx, p)
	if err != nil {
		return err
	}
	heap, err := metric(ctx, metrics, "go_memstats_heap_alloc_bytes") // garbage in it was collected when the server came to rest
	l.resident, l.heap = append(l.resident, size), append(l.heap, int64(heap))
	return err
}

// garbage is what of the heap may not be collected at a plateau.
const garbage = 1 << 20

// figure compares the highest plateau with the first, for both kinds of memory.
func (l *plateaus) figure(workload string, within float64) figure {
	higher := func(sizes []int64) float64 { return float64(slices.Max(sizes)) / float64(sizes[0]) }
	resident, heap := higher(l.resident), higher(l.heap)
	return figure{
		workload: workload, baseline: fmt.Sprintf("the first time %s, %s of heap", megabytes(l.resident[:1]), megabytes(l.heap[:1])),
		leyden: megabytes(l.resident) + "; heap " + megabytes(l.heap), ratio: fmt.Sprintf("%.2f; heap %.2f", resident, heap),
		reach: fmt.Sprintf("≤ %.2f (heap: or 1 MB)", within), electric: "–",
		met: resident <= within && (heap <= within || slices.Max(l.heap)-l.heap[0] <= garbage),
	}
}

// plateau is the memory of the server once it has given back what its last work has left: when it has stayed the same for thirty
// seconds in which next to nothing was done. Removals go on in the background, and what is written is compacted for a while after.
func plateau(ctx context.Context, p *place) (int64, error) {
	const patience, rest, idle = 240 * time.Second, 30 * time.Second, 50 * time.Millisecond
	var level int64
	var used time.Duration
	since, begin := time.Now(), time.Now()
	for {
		size, err := resident(p.server.PID())
		if err != nil || time.Since(since) > rest || time.Since(begin) > patience {
			return size, err
		}
		cpu, err := cpuTime(p.server.PID())
		if err != nil {
			return 0, err
		}
		if off := size - level; off > level/50 || -off > level/50 || cpu-used > idle {
			level, since = size, time.Now()
		}
		used = cpu
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

package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// peakMemory: what a server takes at most while it follows transactions that are far larger than what it may hold: one of
// 1,000,000 rows for one shape, and one of 50,000 rows for 32 shapes that each encode it in another way.
func peakMemory(ctx context.Context, s *stand) (figures []figure, err error) {
	one := []url.Values{{"table": {"items"}}}
	var many []url.Values
	optional := []string{"tenant", "title", "done", "at"}
	for set := range 1 << len(optional) {
		columns := []string{"id"}
		for i, c := range optional {
			if set>>i&1 == 1 {
				columns = append(columns, c)
			}
		}
		for _, replica := range []string{"default", "full"} {
			many = append(many, url.Values{"table": {"items"}, "columns": {strings.Join(columns, ",")}, "replica": {replica}})
		}
	}
	for _, c := range []struct {
		rows   int
		shapes []url.Values
	}{{1_000_000, one}, {50_000, many}} {
		f, err := peak(ctx, s, c.rows, c.shapes)
		if err != nil {
			return figures, err
		}
		figures = append(figures, f)
	}
	return figures, nil
}

func peak(ctx context.Context, s *stand, rows int, shapes []url.Values) (f figure, err error) {
	p, err := s.open(ctx, items)
	if err != nil {
		return f, err
	}
	defer func() { err = closing(err, p.close(ctx)) }()
	clients := make([]*client, len(shapes))
	for i, params := range shapes {
		clients[i] = newClient(p, params)
		defer clients[i].close()
		if _, err := clients[i].catchUp(ctx, nil); err != nil {
			return f, err
		}
	}
	time.Sleep(settle)
	before, err := resident(p.server.PID())
	if err != nil {
		return f, err
	}
	ended := make(chan error, len(clients))
	for _, c := range clients {
		go func() { ended <- c.await(ctx, rows) }()
	}
	err = p.exec(ctx, fmt.Sprintf("BEGIN; INSERT INTO items (tenant, title) SELECT k, 'a title of some length ' || k FROM generate_series(1, %d) k", rows))
	if err != nil {
		return f, err
	}
	begin := time.Now()
	if err := p.exec(ctx, "COMMIT"); err != nil {
		return f, err
	}
	for range clients {
		if err := <-ended; err != nil {
			return f, err
		}
	}
	took := time.Since(begin)
	highest, err := mostResident(p.server.PID())
	if err != nil {
		return f, err
	}
	time.Sleep(2 * settle)
	after, err := resident(p.server.PID())
	if err != nil {
		return f, err
	}
	mb := func(n int64) float64 { return float64(n) / 1e6 }
	return figure{
		workload: fmt.Sprintf("memory during one transaction of %s rows, %d shapes with other columns, a client each", thousands(float64(rows)), len(shapes)),
		baseline: fmt.Sprintf("at rest before %.0f MB", mb(before)),
		leyden:   fmt.Sprintf("%.0f MB at most, %.0f MB after; all have it after %s", mb(highest), mb(after), took.Round(10*time.Millisecond)),
		ratio:    "–", reach: "bounded", met: highest < 512e6, electric: "resets at 250 MB",
	}, nil
}

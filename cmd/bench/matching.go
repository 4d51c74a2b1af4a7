package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"leyden/internal/launch"
)

// matching is how many shapes have the row.
const matching = 10_000

// matchingShapes: one insert that 10,000 shapes have, each by a clause of its own, and a client of the last of them: while all
// consumers are awake, when all are asleep, and when nothing has happened to the shapes since the server started.
func matchingShapes(ctx context.Context, s *stand) (figures []figure, err error) {
	port, err := launch.FreePort()
	if err != nil {
		return nil, err
	}
	p, err := s.open(ctx, tenantItems(10), "ELECTRIC_SHAPE_HIBERNATE_AFTER=2s", "ELECTRIC_PROMETHEUS_PORT="+strconv.Itoa(port))
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, p.close(ctx)) }()
	alone, err := insertLatency(ctx, p, 1001, above(0))
	if err != nil {
		return nil, err
	}
	_, err = concurrently(creators, matching, func() (func(int) error, func(), error) {
		c := newClient(p, nil)
		do := func(k int) error {
			c.restart(above(k))
			_, err := c.next()
			return err
		}
		return do, c.close, c.connect(ctx)
	})
	if err != nil {
		return nil, err
	}
	figures = make([]figure, 3)
	for i, state := range []struct {
		shapes string
		rounds int
		enter  func() error
	}{
		{"10,000 shapes", 100, func() error { return nil }},
		{"10,000 shapes whose consumers are asleep", 10, func() error { return reaches(ctx, port, "electric_shapes_active_shapes_count", 0) }},
		{"10,000 shapes, right after a restart", 5, func() error {
			if err := p.server.Stop(ctx); err != nil {
				return err
			}
			return p.server.Resume(ctx)
		}},
	} {
		m, err := matchingInserts(ctx, p, port, state.rounds, state.enter)
		if err != nil {
			return nil, err
		}
		figures[i] = figure{
			workload: fmt.Sprintf("one insert that matches %s, a live client of one (median of %d)", state.shapes, state.rounds),
			baseline: "one insert, one shape " + micros(alone), leyden: fmt.Sprintf("%s (%s of CPU), encoded %.4g ×", micros(m.took), micros(m.cpu), m.encodings),
			ratio: fmt.Sprintf("%.2f ×", m.took.Seconds()/alone.Seconds()), reach: "≤ 50 ms more, encoded once",
			met: m.took-alone <= 50*time.Millisecond && m.encodings == 1, electric: "–",
		}
	}
	return figures, nil
}

// above is a shape that has a row of tenant 1001, as all of them have.
func above(k int) url.Values {
	return url.Values{"table": {"items"}, "where": {fmt.Sprintf("tenant > %d", 1000-k)}, "columns": {"id"}}
}

// matched is what inserts took that many shapes have.
type matched struct {
	took      time.Duration // from the statement to the client, median
	cpu       time.Duration // of the server for each
	encodings float64       // of a row for each
}

// matchingInserts makes an insert each time that the server has entered a state.
func matchingInserts(ctx context.Context, p *place, port, rounds int, enter func() error) (m matched, err error) {
	took := make([]time.Duration, rounds)
	encoded := 0.0
	for i := range took {
		if err := enter(); err != nil {
			return m, err
		}
		one, err := matchingInsert(ctx, p, port)
		if err != nil {
			return m, err
		}
		took[i] = one.took
		m.cpu += one.cpu / time.Duration(rounds)
		encoded += one.encodings
	}
	m.took, m.encodings = middle(took), encoded/float64(rounds)
	return m, nil
}

func matchingInsert(ctx context.Context, p *place, port int) (m matched, err error) {
	const counter = "leyden_stream_encodings_total"
	c := newClient(p, above(matching-1))
	if _, err := c.catchUp(ctx, nil); err != nil {
		return m, err
	}
	defer c.close()
	encoded, err := metric(ctx, port, counter)
	if err != nil {
		return m, err
	}
	if err := c.send(); err != nil {
		return m, err
	}
	time.Sleep(10 * time.Millisecond) // it waits by then
	used, err := cpuTime(p.server.PID())
	if err != nil {
		return m, err
	}
	begin := time.Now()
	if err := p.exec(ctx, "INSERT INTO items (tenant, title) VALUES (1001, 'a title')"); err != nil {
		return m, err
	}
	a, err := c.receive()
	if err != nil {
		return m, err
	}
	m.took = time.Since(begin)
	if a.inserts != 1 {
		return m, fmt.Errorf("the client got %d inserts", a.inserts)
	}
	after, err := cpuTime(p.server.PID())
	if err != nil {
		return m, err
	}
	m.cpu = after - used
	if err := reaches(ctx, port, "leyden_stream_outstanding_works", 0); err != nil { // counted only then
		return m, err
	}
	total, err := metric(ctx, port, counter)
	m.encodings = total - encoded
	return m, err
}

package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"leyden/actors/replication"
)

const barePublication = "bare_reader"

// The slots of bare readers: one that reads along, and one that drains afterwards.
func (p *place) alongSlot() string { return p.name + "_along" }
func (p *place) drainSlot() string { return p.name + "_drain" }

// bareReader makes a slot and a walsender connection for a reader that does nothing with what it reads, ahead as our server's
// reader does it or piece by piece.
func bareReader(ctx context.Context, p *place, ahead bool) (*pgconn.PgConn, error) {
	err := p.exec(ctx, "DROP PUBLICATION IF EXISTS "+barePublication+"; CREATE PUBLICATION "+barePublication+" FOR TABLE items")
	if err != nil {
		return nil, err
	}
	if err := p.exec(ctx, "SELECT pg_create_logical_replication_slot('"+p.alongSlot()+"', 'pgoutput')"); err != nil {
		return nil, err
	}
	return bareConnection(ctx, p, ahead)
}

func bareConnection(ctx context.Context, p *place, ahead bool) (*pgconn.PgConn, error) {
	c, err := pgconn.ParseConfig(p.url)
	if err != nil {
		return nil, err
	}
	c.RuntimeParams["replication"] = "database"
	if ahead {
		replication.ReadAhead(c)
	}
	return pgconn.ConnectConfig(ctx, c)
}

const items = "CREATE TABLE items (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant int NOT NULL, title text NOT NULL, done bool NOT NULL DEFAULT false, at timestamptz NOT NULL DEFAULT now()); ALTER TABLE items REPLICA IDENTITY FULL;"

// transactions: 2,000 transactions of 10 rows, from before the first commit to the client being up to date.
func transactions(ctx context.Context, s *stand) ([]figure, error) {
	schema := items + `CREATE PROCEDURE write(n int) LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..n LOOP
		INSERT INTO items (tenant, title) SELECT i, 'a title of some length ' || k FROM generate_series(1, 10) k; COMMIT; END LOOP; END $$;`
	f, err := stream(ctx, s, schema, 20_000, func(p *place) (time.Time, error) {
		begin := time.Now()
		return begin, p.exec(ctx, "CALL write(2000)")
	})
	f.workload = "2,000 transactions × 10 rows, one shape, one live client, from the first commit"
	f.electric = "7,300 rows/s"
	return []figure{f}, err
}

// largeTransaction: one transaction of 100,000 rows, from before its commit.
func largeTransaction(ctx context.Context, s *stand) ([]figure, error) {
	f, err := stream(ctx, s, items, 100_000, func(p *place) (time.Time, error) {
		err := p.exec(ctx, "BEGIN; INSERT INTO items (tenant, title) SELECT k, 'a title of some length ' || k FROM generate_series(1, 100000) k")
		if err != nil {
			return time.Time{}, err
		}
		begin := time.Now()
		return begin, p.exec(ctx, "COMMIT")
	})
	f.workload = "one transaction of 100,000 rows, from its commit"
	f.electric = "34,000 rows/s"
	return []figure{f}, err
}

// stream measures how fast rows that write commits reach a live client, and how fast they reach a bare reader of the stream
// that reads along in the server's place. The best of three each, for the bare reader of two ways to read: noise only ever adds.
func stream(ctx context.Context, s *stand, schema string, rows int, write func(*place) (time.Time, error)) (f figure, err error) {
	const runs = 3
	var bare, drained, ours time.Duration
	for range runs {
		for _, ahead := range []bool{false, true} {
			b, d, err := streamBare(ctx, s, schema, rows, ahead, write)
			if err != nil {
				return f, err
			}
			bare, drained = least(bare, b), least(drained, d)
		}
		o, err := streamShape(ctx, s, schema, rows, write)
		if err != nil {
			return f, err
		}
		ours = least(ours, o)
	}
	rate := func(d time.Duration) float64 { return float64(rows) / d.Seconds() }
	ratio := rate(ours) / rate(bare)
	return figure{
		baseline: fmt.Sprintf("bare reader reading along %s rows/s (draining afterwards %s)", thousands(rate(bare)), thousands(rate(drained))),
		leyden:   thousands(rate(ours)) + " rows/s",
		ratio:    fmt.Sprintf("%.2f (%.2f of the drain)", ratio, rate(ours)/rate(drained)), reach: "≥ 0.6", met: ratio >= 0.6,
	}, nil
}

// streamBare times a bare reader that is connected while the rows are written, and one that drains them afterwards.
func streamBare(ctx context.Context, s *stand, schema string, rows int, ahead bool, write func(*place) (time.Time, error)) (along, afterwards time.Duration, err error) {
	p, err := s.openDatabase(ctx, schema)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = p.close(ctx) }() // the measurement is made
	conn, err := bareReader(ctx, p, ahead)
	if err != nil {
		return 0, 0, err
	}
	// The second slot keeps the same changes for the drain.
	if err := p.exec(ctx, "SELECT pg_create_logical_replication_slot('"+p.drainSlot()+"', 'pgoutput')"); err != nil {
		return 0, 0, err
	}
	ended := make(chan error, 1)
	var last time.Time
	go func() {
		_, err := replication.Drain(ctx, conn, p.alongSlot(), barePublication, int64(rows))
		last = time.Now()
		ended <- err
	}()
	time.Sleep(200 * time.Millisecond) // the walsender is at work by then, as ours is
	begin, err := write(p)
	if err != nil {
		return 0, 0, err
	}
	if err := <-ended; err != nil {
		return 0, 0, err
	}
	if err := conn.Close(ctx); err != nil {
		return 0, 0, err
	}
	if conn, err = bareConnection(ctx, p, ahead); err != nil {
		return 0, 0, err
	}
	defer conn.Close(ctx)
	d, err := replication.Drain(ctx, conn, p.drainSlot(), barePublication, int64(rows))
	return last.Sub(begin), d.Elapsed, err
}

func streamShape(ctx context.Context, s *stand, schema string, rows int, write func(*place) (time.Time, error)) (took time.Duration, err error) {
	p, err := s.open(ctx, schema)
	if err != nil {
		return 0, err
	}
	defer func() { err = closing(err, p.close(ctx)) }()
	c := newClient(p, url.Values{"table": {"items"}})
	defer c.close()
	if _, err := c.catchUp(ctx, nil); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	var last time.Time
	go func() {
		err := c.await(ctx, rows)
		last = time.Now()
		ended <- err
	}()
	time.Sleep(200 * time.Millisecond)
	begin, err := write(p)
	if err != nil {
		return 0, err
	}
	err = <-ended
	return last.Sub(begin), err
}

func least(a, b time.Duration) time.Duration {
	if a == 0 || b < a {
		return b
	}
	return a
}

// closing keeps the first error.
func closing(err, closed error) error {
	if err != nil {
		return err
	}
	return closed
}

func thousands(n float64) string {
	text := fmt.Sprintf("%.0f", n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

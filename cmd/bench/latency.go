package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgproto3"
)

const inserts = 300

// latency: one insert that matches one of 1,000 shapes, from before the statement to the client.
func latency(ctx context.Context, s *stand) (figures []figure, err error) {
	p, err := s.open(ctx, tenantItems(tenants))
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, p.close(ctx)) }()
	for k := range tenants {
		if err := first(ctx, p, tenant(k+1)); err != nil {
			return nil, err
		}
	}
	// In turns, and the best of three each: the machine is not the same from one moment to the next.
	var bare, ours time.Duration
	for range 3 {
		b, err := bareLatency(ctx, s)
		if err != nil {
			return nil, err
		}
		o, err := insertLatency(ctx, p, 7, tenant(7))
		if err != nil {
			return nil, err
		}
		bare, ours = least(bare, b), least(ours, o)
	}
	return []figure{{
		workload: "one insert that matches one of 1,000 shapes, from the statement to the client (median)", baseline: "bare reader " + micros(bare),
		leyden: micros(ours), ratio: fmt.Sprintf("%.2f ×", ours.Seconds()/bare.Seconds()), reach: "≤ 2 ×", met: ours <= 2*bare, electric: "1.9 ms",
	}}, nil
}

func micros(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

// fanOut: one insert that matches 500 shapes, 5 of which have a live client.
func fanOut(ctx context.Context, s *stand) (figures []figure, err error) {
	const shapes, clients = 500, 5
	p, err := s.open(ctx, tenantItems(10))
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, p.close(ctx)) }()
	one := url.Values{"table": {"items"}, "where": {"tenant > 0"}}
	alone, err := insertLatency(ctx, p, 7, one)
	if err != nil {
		return nil, err
	}
	all := []url.Values{one}
	for k := 1; k < shapes; k++ {
		all = append(all, url.Values{"table": {"items"}, "where": {fmt.Sprintf("tenant > %d", -k)}})
		if err := first(ctx, p, all[k]); err != nil {
			return nil, err
		}
	}
	ours, err := insertLatency(ctx, p, 7, all[:clients]...)
	if err != nil {
		return nil, err
	}
	return []figure{{
		workload: "one insert that matches 500 shapes, 5 live clients (median)", baseline: "one insert, one shape " + micros(alone),
		leyden: micros(ours), ratio: fmt.Sprintf("%.2f ×", ours.Seconds()/alone.Seconds()), reach: "≤ 6 ms", met: ours <= 6*time.Millisecond, electric: "53 ms",
	}}, nil
}

// insertLatency is the median time from an insert to all clients having it, one client for each of the shapes.
func insertLatency(ctx context.Context, p *place, tenant int, shapes ...url.Values) (time.Duration, error) {
	arrived := make(chan error, len(shapes))
	clients := make([]*client, len(shapes))
	for i, params := range shapes {
		clients[i] = newClient(p, params)
		defer clients[i].close()
		if _, err := clients[i].catchUp(ctx, nil); err != nil {
			return 0, err
		}
	}
	statement := fmt.Sprintf("INSERT INTO items (tenant, title) VALUES (%d, 'a title')", tenant)
	all := make([]time.Duration, inserts)
	for i := range all {
		for _, c := range clients {
			go func() { arrived <- c.await(ctx, 1) }()
		}
		time.Sleep(5 * time.Millisecond) // the clients wait by then
		begin := time.Now()
		if err := p.exec(ctx, statement); err != nil {
			return 0, err
		}
		for range clients {
			if err := <-arrived; err != nil {
				return 0, err
			}
		}
		all[i] = time.Since(begin)
	}
	return middle(all), nil
}

// bareLatency is the median time from an insert to its commit arriving at a bare reader of the stream.
func bareLatency(ctx context.Context, s *stand) (time.Duration, error) {
	p, err := s.openDatabase(ctx, tenantItems(tenants))
	if err != nil {
		return 0, err
	}
	defer func() { _ = p.close(ctx) }() // the measurement is made
	conn, err := bareReader(ctx, p, true)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	err = pglogrepl.StartReplication(ctx, conn, p.alongSlot(), 0, pglogrepl.StartReplicationOptions{
		PluginArgs: []string{"proto_version '1'", "publication_names '" + barePublication + "'"},
	})
	if err != nil {
		return 0, err
	}
	arrived := make(chan error, 1)
	await := func() {
		for {
			message, err := conn.ReceiveMessage(ctx)
			if err != nil {
				arrived <- err
				return
			}
			const header = 25 // 'w', two positions and a time
			if m, ok := message.(*pgproto3.CopyData); ok && m.Data[0] == pglogrepl.XLogDataByteID && m.Data[header] == 'C' {
				arrived <- nil
				return
			}
		}
	}
	all := make([]time.Duration, inserts)
	for i := range all {
		go await()
		time.Sleep(5 * time.Millisecond)
		begin := time.Now()
		if err := p.exec(ctx, "INSERT INTO items (tenant, title) VALUES (7, 'a title')"); err != nil {
			return 0, err
		}
		if err := <-arrived; err != nil {
			return 0, err
		}
		all[i] = time.Since(begin)
	}
	return middle(all), nil
}

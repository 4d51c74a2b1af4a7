package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

const (
	tenants       = 1000
	rowsPerTenant = 10
	creators      = 10
)

// tenantItems is a table of 1,000 tenants.
func tenantItems(tenants int) string {
	return items + fmt.Sprintf(`CREATE INDEX ON items (tenant); INSERT INTO items (tenant, title)
		SELECT t, 'a title of some length ' || k FROM generate_series(1, %d) t, generate_series(1, %d) k; ANALYZE items`, tenants, rowsPerTenant)
}

func tenant(k int) url.Values {
	return url.Values{"table": {"items"}, "where": {fmt.Sprintf("tenant = %d", k)}}
}

// createShapes: 1,000 shapes `tenant = k` by 10 concurrent clients, each reading the first answer. The best of three each, of
// shapes that do not exist yet: noise only ever adds.
func createShapes(ctx context.Context, s *stand) (figures []figure, err error) {
	const rounds = 3
	p, err := s.open(ctx, tenantItems(rounds*tenants))
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, p.close(ctx)) }()
	var bare, ours time.Duration
	for round := range rounds {
		b, err := bareSnapshots(ctx, p, round*tenants)
		if err != nil {
			return nil, err
		}
		o, err := concurrently(creators, tenants, creator(ctx, p, round*tenants))
		if err != nil {
			return nil, err
		}
		bare, ours = least(bare, b), least(ours, o)
	}
	rate := func(d time.Duration) float64 { return tenants / d.Seconds() }
	ratio := bare.Seconds() / ours.Seconds()
	return []figure{{
		workload: "creating 1,000 shapes `tenant = k`, 10 concurrent clients", baseline: "bare snapshot transactions " + thousands(rate(bare)) + "/s",
		leyden: thousands(rate(ours)) + "/s", ratio: fmt.Sprintf("%.2f", ratio), reach: "≥ 0.4", met: ratio >= 0.4, electric: "198/s",
	}}, nil
}

// creator is a worker that makes shapes and reads the first answer of each, over one connection as those of the baseline do.
func creator(ctx context.Context, p *place, first int) func() (func(int) error, func(), error) {
	return func() (func(int) error, func(), error) {
		c := newClient(p, nil)
		do := func(k int) error {
			c.restart(tenant(first + k + 1))
			_, err := c.next()
			return err
		}
		return do, c.close, c.connect(ctx)
	}
}

// first makes a shape, and reads its first answer.
func first(ctx context.Context, p *place, params url.Values) error {
	q := url.Values{"table": params["table"], "where": params["where"], "offset": {"-1"}}
	_, _, err := discard(ctx, p.server.URL()+"/v1/shape?"+q.Encode())
	return err
}

// bareSnapshots times what each shape needs of Postgres at least.
func bareSnapshots(ctx context.Context, p *place, first int) (time.Duration, error) {
	return concurrently(creators, tenants, func() (func(int) error, func(), error) {
		conn, err := connect(ctx, p.url)
		if err != nil {
			return nil, nil, err
		}
		do := func(k int) error {
			if _, err := conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
				return err
			}
			if _, err := conn.Exec(ctx, "SELECT pg_current_snapshot(), pg_current_wal_lsn()"); err != nil {
				return err
			}
			if _, err := conn.PgConn().CopyTo(ctx, io.Discard, fmt.Sprintf("COPY (SELECT * FROM items WHERE tenant = %d) TO STDOUT", first+k+1)); err != nil {
				return err
			}
			_, err := conn.Exec(ctx, "COMMIT")
			return err
		}
		return do, func() { _ = conn.Close(ctx) }, nil
	})
}

// concurrently does something n times by several workers, and returns how long that took. begin prepares a worker.
func concurrently(workers, n int, begin func() (do func(int) error, end func(), err error)) (time.Duration, error) {
	var next atomic.Int64
	errs := make([]error, workers)
	var ready, all sync.WaitGroup
	start := make(chan struct{})
	ready.Add(workers)
	for w := range workers {
		all.Go(func() {
			do, end, err := begin()
			ready.Done()
			if err != nil {
				errs[w] = err
				return
			}
			defer end()
			<-start
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if errs[w] = do(i); errs[w] != nil {
					return
				}
			}
		})
	}
	ready.Wait()
	started := time.Now()
	close(start)
	all.Wait()
	return time.Since(started), errors.Join(errs...)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"leyden/internal/pg/pgserver"
	"leyden/internal/where/judge"
)

// serve runs a plan on a server of its own, which forgets everything and so is as fast as can be.
func serve(ctx context.Context, p judge.Plan) (s judge.Summary, err error) {
	server, err := pgserver.Start(ctx, pgserver.Options{Settings: map[string]string{
		"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off",
	}})
	if err != nil {
		return s, fmt.Errorf("start Postgres: %w", err)
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	p.URL = server.URL
	begin := time.Now()
	s, err = judge.Run(ctx, p)
	fmt.Fprintf(p.Out, "judge: %s\njudge: %s\n", s.Accepted, s.Line(time.Since(begin)))
	return s, err
}

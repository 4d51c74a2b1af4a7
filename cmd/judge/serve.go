package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"leyden/internal/pg/pgserver"
	"leyden/internal/where/judge"
)

// start starts a server that forgets everything and so is as fast as can be.
func start(ctx context.Context) (*pgserver.Server, error) {
	server, err := pgserver.Start(ctx, pgserver.Options{Settings: map[string]string{
		"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off",
	}})
	if err != nil {
		return nil, fmt.Errorf("start Postgres: %w", err)
	}
	return server, nil
}

// serve runs a plan on a server of its own.
func serve(ctx context.Context, p judge.Plan) (s judge.Summary, err error) {
	server, err := start(ctx)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	p.URL = server.URL
	begin := time.Now()
	s, err = judge.Run(ctx, p)
	fmt.Fprintf(p.Out, "judge: %s\njudge: not used: %d %.200q\njudge: %s\n", s.Accepted, len(s.Untried), s.Untried, s.Line(time.Since(begin)))
	return s, err
}

// writeCoverage writes the table of what the language has. What the language accepts and Postgres does not is an error.
func writeCoverage(ctx context.Context, path string) (err error) {
	server, err := start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	c, err := judge.Cover(ctx, server.URL)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(c.Markdown), 0o644); err != nil {
		return err
	}
	if len(c.Wrong) > 0 {
		return fmt.Errorf("the language accepts what Postgres does not:\n%s", strings.Join(c.Wrong, "\n"))
	}
	return nil
}

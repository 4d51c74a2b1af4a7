package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"leyden/internal/launch"
	"leyden/internal/pg/pgserver"
)

// stand is what the workloads run on. Each workload has a database and a server of its own.
type stand struct {
	dir       string
	binary    string
	pg        *pgserver.Server
	databases int
}

func newStand(ctx context.Context) (*stand, error) {
	dir, err := os.MkdirTemp("", "leyden-bench-")
	if err != nil {
		return nil, err
	}
	s := &stand{dir: dir}
	if s.binary, err = launch.Build(ctx, dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.pg, err = pgserver.Start(ctx, pgserver.Options{Settings: map[string]string{
		"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "wal_writer_delay": "10ms", "max_wal_size": "4GB", "shared_buffers": "256MB",
	}})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *stand) close() {
	if err := errors.Join(s.pg.Close(), os.RemoveAll(s.dir)); err != nil {
		fmt.Fprintln(os.Stderr, "bench: clean up:", err)
	}
}

// place is a database with a server that serves it.
type place struct {
	name   string // of the database, unique in its cluster as slots must be
	url    string
	conn   *pgx.Conn
	server *launch.Server
}

// open creates a database with these statements run in it, and starts a server for it.
func (s *stand) open(ctx context.Context, schema string, settings ...string) (*place, error) {
	p, err := s.openDatabase(ctx, schema)
	if err != nil {
		return nil, err
	}
	p.server, err = launch.Start(ctx, launch.Options{
		Binary: s.binary, DatabaseURL: p.url, StorageDir: filepath.Join(s.dir, "storage"+strconv.Itoa(s.databases)),
		// One connection is used for as long as a workload needs it.
		Settings: append([]string{
			"ELECTRIC_LOG_LEVEL=warning", "ELECTRIC_TWEAKS_CONN_MAX_REQUESTS=0",
			fmt.Sprintf("ELECTRIC_REPLICATION_STREAM_ID=bench%d", s.databases),
			`ELECTRIC_MAX_CONCURRENT_REQUESTS={"initial":100000,"existing":100000}`,
		}, settings...),
	})
	if err != nil {
		return nil, errors.Join(err, p.conn.Close(ctx))
	}
	return p, nil
}

func (s *stand) openDatabase(ctx context.Context, schema string) (*place, error) {
	s.databases++
	name := "bench" + strconv.Itoa(s.databases)
	admin, err := pgx.Connect(ctx, s.pg.URL("postgres"))
	if err != nil {
		return nil, err
	}
	_, err = admin.Exec(ctx, "CREATE DATABASE "+name)
	if err = errors.Join(err, admin.Close(ctx)); err != nil {
		return nil, err
	}
	p := &place{name: name, url: s.pg.URL(name)}
	if p.conn, err = connect(ctx, p.url); err != nil {
		return nil, err
	}
	if _, err := p.conn.Exec(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", schema, err), p.conn.Close(ctx))
	}
	return p, nil
}

func connect(ctx context.Context, url string) (*pgx.Conn, error) {
	c, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	return pgx.ConnectConfig(ctx, c)
}

// close stops the server and drops the slots, whose WAL would be kept for nothing. A slot stays in use for a moment after
// its reader has gone.
func (p *place) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	var errs []error
	if p.server != nil {
		errs = append(errs, p.server.Stop(ctx))
	}
	for left := 1; left > 0; {
		const drop = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database() AND NOT active"
		const count = "SELECT count(*) FROM pg_replication_slots, pg_sleep(0.01) WHERE database = current_database()"
		_, err := p.conn.Exec(ctx, drop)
		if err == nil {
			err = p.conn.QueryRow(ctx, count).Scan(&left)
		}
		if err != nil {
			errs = append(errs, err)
			break
		}
	}
	return errors.Join(append(errs, p.conn.Close(ctx))...)
}

// exec runs statements that a workload needs.
func (p *place) exec(ctx context.Context, sql string) error {
	if _, err := p.conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%.80s: %w", sql, err)
	}
	return nil
}

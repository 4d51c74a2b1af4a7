package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const demoDatabase = "demo"

const demoSchema = `
CREATE TABLE IF NOT EXISTS projects (
	id int PRIMARY KEY,
	name text NOT NULL
);
CREATE TABLE IF NOT EXISTS todos (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	project_id int NOT NULL REFERENCES projects,
	title text NOT NULL,
	done boolean NOT NULL DEFAULT false,
	priority int NOT NULL,
	updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO projects VALUES (1, 'Garden'), (2, 'Workshop'), (3, 'Boat') ON CONFLICT DO NOTHING;
INSERT INTO todos (project_id, title, priority)
	SELECT 1 + i % 3, 'Thing to do no. ' || i, 1 + i % 5 FROM generate_series(1, 20) i WHERE NOT EXISTS (SELECT FROM todos);
`

// demoSteps are what the writer does in turn. They keep the number of rows where it is.
func demoSteps() []string {
	return []string{
		"UPDATE todos SET done = NOT done, updated_at = now() WHERE id = (SELECT id FROM todos ORDER BY random() LIMIT 1)",
		"INSERT INTO todos (project_id, title, priority) VALUES (1 + floor(random() * 3), 'Something new at ' || to_char(now(), 'HH24:MI:SS'), 1 + floor(random() * 5))",
		"UPDATE todos SET priority = 1 + floor(random() * 5), updated_at = now() WHERE id = (SELECT id FROM todos ORDER BY random() LIMIT 1)",
		"DELETE FROM todos WHERE id IN (SELECT id FROM todos ORDER BY done DESC, id LIMIT greatest(0, (SELECT count(*) FROM todos) - 20))",
	}
}

// createDemo makes the demo's database and tables where they are missing.
func createDemo(ctx context.Context, adminURL, url string) error {
	admin, err := pgx.Connect(ctx, adminURL)
	if err != nil {
		return fmt.Errorf("create the demo: %w", err)
	}
	defer admin.Close(ctx)
	_, err = admin.Exec(ctx, "CREATE DATABASE "+demoDatabase)
	const duplicateDatabase = "42P04"
	if refused := (*pgconn.PgError)(nil); err != nil && !(errors.As(err, &refused) && refused.Code == duplicateDatabase) {
		return fmt.Errorf("create the demo: %w", err)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("create the demo: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.PgConn().Exec(ctx, demoSchema).ReadAll(); err != nil {
		return fmt.Errorf("create the demo: %w", err)
	}
	return nil
}

// keepWriting changes a row of the demo in every period until ctx ends.
func keepWriting(ctx context.Context, url string, period time.Duration) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return unlessEnded(ctx, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tick := time.NewTicker(period)
	defer tick.Stop()
	for steps := demoSteps(); ; steps = append(steps[1:], steps[0]) {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if _, err := conn.Exec(ctx, steps[0]); err != nil {
			return unlessEnded(ctx, err)
		}
	}
}

func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("change the demo's rows: %w", err)
}

package main

import (
	"context"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/cmd/oracle/follow"
)

// scenario is a written run in place of a random one.
type scenario struct {
	tables string // SQL
	table  string // of the shape, with the key column id
	column []string
	where  string
	// Each step is SQL, or one of the words below; after each, the shape must equal its query.
	steps   []string
	rotates bool
}

const (
	restart = "restart"
	kill    = "kill"
)

func (s scenario) run(t *testing.T) totals {
	var subjects []*subject
	for _, mode := range []follow.Mode{follow.LongPoll, follow.SSE} {
		subjects = append(subjects, &subject{
			name: mode.String(), mode: mode, table: &table{name: s.table, key: []string{"id"}}, selected: s.column, judged: s.where, subqueries: true, rotates: s.rotates,
			params: url.Values{"table": {s.table}, "columns": {strings.Join(s.column, ",")}, "where": {s.where}},
		})
	}
	do := func(o *oracle, ctx context.Context) error {
		for _, s := range subjects {
			o.begin(ctx, s, 0)
		}
		if err := o.compare(ctx); err != nil {
			return err
		}
		for _, step := range s.steps {
			t.Log(step)
			var err error
			switch step {
			case restart:
				o.disturbing()
				if err = o.server.Stop(ctx); err == nil {
					err = o.server.Resume(ctx)
				}
			case kill:
				o.disturbing()
				if err = o.server.Kill(); err == nil {
					err = o.server.Resume(ctx)
				}
			default:
				_, err = o.conn.Exec(ctx, step)
			}
			if err != nil {
				return err
			}
			if err := o.compare(ctx); err != nil {
				return err
			}
		}
		return nil
	}
	prepare := func(o *oracle, ctx context.Context) error {
		_, err := o.conn.Exec(ctx, s.tables)
		return err
	}
	totals, err := judge(t.Context(), plan{Out: os.Stderr}, prepare, do)
	require.NoError(t, err)
	return totals
}

func TestIssuesOfAProjectComeBackAfterARestart(t *testing.T) {
	for _, end := range []string{restart, kill} {
		t.Run(end, func(t *testing.T) {
			totals := scenario{
				tables: `CREATE TABLE projects (id text PRIMARY KEY, active bool NOT NULL); CREATE TABLE issues (id text PRIMARY KEY, project_id text, title text);
					INSERT INTO projects VALUES ('p1', true), ('p2', true); INSERT INTO issues VALUES ('i1', 'p1', 'one'), ('i2', 'p2', 'two')`,
				table: "issues", column: []string{"id", "project_id", "title"},
				where: "project_id IN (SELECT id FROM projects WHERE active = true)",
				steps: []string{
					"UPDATE projects SET active = false WHERE id = 'p1'", end, "UPDATE projects SET active = true WHERE id = 'p1'",
					"INSERT INTO issues VALUES ('i3', 'p1', 'three')", "UPDATE projects SET active = false",
				},
			}.run(t)
			require.Equal(t, 2, totals.rotations, "one for each client")
		})
	}
}

// A value that leaves a result with a NULL in it makes nothing be certainly not in the result.
func TestAMoveSaysNothingOfAResultThatHasNULL(t *testing.T) {
	totals := scenario{
		tables: `CREATE TABLE hidden (id int PRIMARY KEY, x int); CREATE TABLE shown (id int PRIMARY KEY, x int); CREATE TABLE items (id int PRIMARY KEY, x int, a int);
			INSERT INTO hidden VALUES (1, NULL), (2, 5), (3, 6); INSERT INTO shown VALUES (1, 5), (2, 6); INSERT INTO items VALUES (1, 5, 0), (2, 6, 0), (3, 7, 0), (4, 5, 1)`,
		table: "items", column: []string{"id", "x", "a"},
		where: "x NOT IN (SELECT x FROM hidden) OR x IN (SELECT x FROM shown)",
		steps: []string{
			"DELETE FROM hidden WHERE x = 5", "UPDATE items SET a = 2 WHERE id = 1", "DELETE FROM shown WHERE x = 5",
			"INSERT INTO hidden VALUES (9, 6)", "DELETE FROM shown",
		},
	}.run(t)
	require.Zero(t, totals.rotations)
}

func TestAValueWithMovesOfSeveralKindsInOneTransaction(t *testing.T) {
	totals := scenario{
		tables: `CREATE TABLE groups (id numeric PRIMARY KEY, up numeric, open bool); CREATE TABLE members (id int PRIMARY KEY, g numeric);
			INSERT INTO groups VALUES (1.0, 2, true), (2.00, 1, false), (3, NULL, true); INSERT INTO members VALUES (1, 1), (2, 2.0), (3, 3.000), (4, NULL)`,
		table: "members", column: []string{"id", "g"},
		where: "g IN (SELECT id FROM groups WHERE open) OR g IN (SELECT up FROM groups WHERE open)",
		steps: []string{
			"UPDATE groups SET open = NOT open",
			"BEGIN; UPDATE groups SET id = id + 10 WHERE id = 1; INSERT INTO groups VALUES (1.000, 3, true); UPDATE members SET g = 11.0 WHERE id = 4; COMMIT",
			"BEGIN; DELETE FROM groups WHERE id = 1; INSERT INTO groups VALUES (1, 1, true); UPDATE members SET id = id + 100; COMMIT",
			"BEGIN; UPDATE groups SET open = false; UPDATE members SET g = 1.0; UPDATE groups SET open = true WHERE id = 1; COMMIT",
			"TRUNCATE groups",
		},
		rotates: true, // of the TRUNCATE
	}.run(t)
	require.Equal(t, 2, totals.rotations)
}

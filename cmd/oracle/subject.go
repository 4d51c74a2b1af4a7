package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"leyden/cmd/oracle/follow"
)

// subject is a shape and the query that it must equal.
type subject struct {
	name     string
	table    *table
	params   url.Values
	selected []string
	judged   string // where clause for Postgres, "" for none
	full     bool
	mode     follow.Mode
	balanced bool // the sum over column balance is zero whenever a client is up to date
	// Of shapes with subqueries:
	subqueries bool
	rotates    bool     // the server may take it away for what it cannot tell
	reads      []*table // whose TRUNCATE takes it away, besides table's

	onPurpose atomic.Int64 // rotations of a client that only that explains
	follower  *follow.Follower
	stop      context.CancelFunc
}

// randomSubject follows a shape of t; one with subqueries over tables if there are some.
func randomSubject(r *rand.Rand, name string, t *table, tables []*table) *subject {
	s := &subject{name: name, table: t, params: url.Values{"table": {t.name}}, selected: sortedKeys(t.types())}
	switch {
	case tables != nil:
		c := randomMemberships(r, t, tables)
		c.addTo(s.params)
		s.judged, s.subqueries, s.rotates, s.reads = c.judged, true, c.rotates, c.reads
	case r.IntN(5) != 0:
		c := randomClause(r, t)
		c.addTo(s.params)
		s.judged = c.judged
	}
	if len(t.key) > 0 && r.IntN(3) == 0 {
		s.selected = slices.DeleteFunc(s.selected, func(c string) bool { return !slices.Contains(t.key, c) && r.IntN(2) == 0 })
		// Rows are compared by id, which is part of every key.
		quoted := make([]string, len(s.selected))
		for i, c := range s.selected {
			quoted[i] = identifier(c)
		}
		s.params.Set("columns", strings.Join(quoted, ","))
	}
	if r.IntN(2) == 0 {
		s.full = true
		s.params.Set("replica", "full")
	}
	if r.IntN(3) == 0 {
		s.mode = follow.SSE
	}
	return s
}

// treeSubject follows a shape of the tree's last level.
func treeSubject(r *rand.Rand, name string) *subject {
	where := randomTreeClause(r)
	s := &subject{name: name, table: &table{name: "level_4", key: []string{"id"}}, selected: []string{"id", "level_3_id", "value"}, judged: where}
	s.params = url.Values{"table": {"level_4"}, "columns": {strings.Join(s.selected, ",")}, "where": {where}}
	s.subqueries = strings.Contains(where, "SELECT")
	if r.IntN(2) == 0 {
		s.full = true
		s.params.Set("replica", "full")
	}
	if r.IntN(3) == 0 {
		s.mode = follow.SSE
	}
	return s
}

// ledgerSubject follows the ledger, which shows whether a client ever sees half a transaction.
func ledgerSubject(mode follow.Mode) *subject {
	t := &table{name: "ledger", key: []string{"id"}}
	return &subject{name: "ledger by " + mode.String(), table: t, params: url.Values{"table": {"ledger"}}, selected: []string{"balance", "id"}, mode: mode, balanced: true}
}

func (s *subject) String() string {
	return fmt.Sprintf("%s (%s): %s", s.name, s.mode, s.params.Encode())
}

// reconnect is how many up-to-date messages a client of events waits for before it asks again, where what comes again is checked.
const reconnect = 3

// newFollower makes a client of the shape. Disturbed reports whether the server, or a part of it, may just now have ended.
func (s *subject) newFollower(server string, client *http.Client, mode follow.Mode, disturbed func() bool) *follow.Follower {
	types := s.table.types()
	o := follow.Options{
		URL: server, Params: s.params, Mode: mode, Full: s.full, Key: s.table.keyColumns(), Client: client, Subqueries: s.subqueries,
		Rotated: func(complete bool) error {
			switch {
			case s.table.recentlyTruncated() || slices.ContainsFunc(s.reads, (*table).recentlyTruncated):
				return nil
			case !s.subqueries && !complete, s.subqueries && disturbed():
				return nil
			case s.rotates:
				s.onPurpose.Add(1)
				return nil
			}
			return errors.New("nothing explains it")
		},
		Observed: func(rows map[string]follow.Row) error {
			if !s.balanced {
				return nil
			}
			sum := 0
			for _, row := range rows {
				n, err := strconv.Atoi(*row["balance"])
				if err != nil {
					return err
				}
				sum += n
			}
			if sum != 0 {
				return fmt.Errorf("half a transaction is visible: the balances add up to %d", sum)
			}
			return nil
		},
		Normal: func(column, text string) string { return normal(types[column], text) },
	}
	if s.subqueries {
		o.Reconnect = reconnect
	}
	return follow.New(o)
}

// normal maps the two forms of a boolean to one: snapshots may say true where the log says t.
func normal(kind, text string) string {
	if kind == "bool" {
		return text[:1]
	}
	return text
}

// want asks Postgres for the rows, by id.
func (s *subject) want(ctx context.Context, conn *pgx.Conn) (map[string]follow.Row, error) {
	types := s.table.types()
	list := make([]string, len(s.selected))
	for i, c := range s.selected {
		list[i] = identifier(c) + "::text"
		if strings.HasPrefix(types[c], "char(") {
			name := identifier(c)
			list[i] = "CASE WHEN " + name + " IS NOT NULL THEN concat(" + name + ", '') END" // the cast drops the blanks
		}
	}
	query := fmt.Sprintf("SELECT %s FROM %s", strings.Join(list, ", "), s.table.name)
	if s.judged != "" {
		query += " WHERE " + s.judged
	}
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	want := map[string]follow.Row{}
	for rows.Next() {
		values := make([]*string, len(s.selected))
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("%s: %w", query, err)
		}
		row := follow.Row{}
		for i, c := range s.selected {
			if values[i] != nil {
				text := normal(types[c], *values[i])
				values[i] = &text
			}
			row[c] = values[i]
		}
		want[*row["id"]] = row
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	return want, nil
}

// difference tells how rows of a client differ from want, "" if they do not.
func difference(want map[string]follow.Row, got map[string]follow.Row) string {
	const most = 5
	var lines []string
	seen := map[string]bool{}
	for key, row := range got {
		if row["id"] == nil {
			return fmt.Sprintf("row %s has no id", key)
		}
		id := *row["id"]
		switch expected, there := want[id]; {
		case seen[id]:
			lines = append(lines, fmt.Sprintf("row %s is there twice", id))
		case !there:
			lines = append(lines, fmt.Sprintf("row %s is there and must not be: %s", id, show(row)))
		case !maps.EqualFunc(expected, row, func(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }):
			lines = append(lines, fmt.Sprintf("row %s is %s\n      and must be %s", id, show(row), show(expected)))
		}
		seen[id] = true
	}
	for id, row := range want {
		if !seen[id] {
			lines = append(lines, fmt.Sprintf("row %s is missing: %s", id, show(row)))
		}
	}
	slices.Sort(lines)
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("and %d more differences", len(lines)-most))
	}
	return strings.Join(lines, "\n    ")
}

func show(row follow.Row) string {
	var b strings.Builder
	for i, c := range sortedKeys(row) {
		if i > 0 {
			b.WriteString(", ")
		}
		if v := row[c]; v == nil {
			fmt.Fprintf(&b, "%s=NULL", c)
		} else {
			fmt.Fprintf(&b, "%s=%.60q", c, *v)
		}
	}
	return b.String()
}

// await waits until the follower's rows are want.
func (s *subject) await(ctx context.Context, want map[string]follow.Row) error {
	ctx, cancel := context.WithTimeout(ctx, patienceAtWhole)
	defer cancel()
	last := s.follower.Stats()
	rest := time.NewTimer(patience)
	defer rest.Stop()
	for {
		var state string
		changed := s.follower.View(func(rows map[string]follow.Row, upToDate bool) {
			if state = "it is not up to date"; upToDate {
				state = difference(want, rows)
			}
		})
		if state == "" {
			return nil
		}
		select {
		case <-changed:
		case <-rest.C:
			now := s.follower.Stats()
			if now.Rows == last.Rows && now.Rotations == last.Rotations && now.Reached == last.Reached {
				return fmt.Errorf("shape and query differ after %s at rest:\n    %s", patience, state)
			}
			last = now
			rest.Reset(patience)
		case <-ctx.Done():
			if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
				return cause
			}
			return fmt.Errorf("shape and query differ after %s, the client still reads:\n    %s", patienceAtWhole, state)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

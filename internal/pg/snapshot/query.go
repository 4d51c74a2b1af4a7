package snapshot

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"leyden/internal/pg/connect"
	"leyden/internal/shape"
)

// Query says which rows to read, and how.
type Query struct {
	Def *shape.Definition
	// Subset narrows the rows down, nil for all of the shape.
	Subset *Subset
	// Members is set iff the clause of the shape has subqueries.
	Members *Members
	// FirstRow is how long the first row may take, counted from when the database snapshot is known, and how long that may
	// take: DefaultFirstRow if 0. The rest of the query has no limit.
	FirstRow time.Duration
	// Progress, if set, is called now and then, and at the end. It must not block.
	Progress func(Stats)
}

// DefaultFirstRow is the time limit to the first row.
const DefaultFirstRow = 30 * time.Second

// Subset is the query part of a subset request. Its texts are canonical SQL, already checked.
type Subset struct {
	Where   string // "" for none
	OrderBy string // "" for none
	Limit   *int64
	Offset  *int64
	// Mark is the snapshot_mark of every row, 0 to 2^31-1.
	Mark int64
}

// Stats says how much has been read.
type Stats struct {
	Rows  int64
	Bytes int64 // of JSON
}

// columns are what the query selects: what clients see, then what only the key needs, then what only the tags need.
func columns(q *Query) []string {
	all := slices.Clone(q.Def.Selected)
	add := func(names []string) {
		for _, name := range names {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	add(q.Def.Key)
	if q.Members != nil {
		for i := range q.Members.DNF.Positions {
			add(q.Members.DNF.Positions[i].Columns)
		}
	}
	return all
}

// begin opens the transaction and reads its database snapshot, with the backend that it is in. What it sets ends with the
// transaction, since a pooler may give the session to others; in a settled session there is nothing to set.
//
// A table that is read is locked before the snapshot is taken: an older snapshot sees a table that was truncated or rewritten
// since as empty, or as it is now (the manual's chapter on caveats of MVCC), and the stream would not agree with that.
func begin(q *Query, settled bool) string {
	var b strings.Builder
	b.WriteString("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;")
	if !settled {
		b.WriteString(connect.LocalSQL())
	}
	if q.hasRows() {
		b.WriteString("LOCK TABLE " + strings.Join(tables(q), ", ") + " IN ACCESS SHARE MODE;")
	}
	b.WriteString("SELECT pg_current_snapshot(), " + q.position() + "(), pg_backend_pid()")
	return b.String()
}

// position is the function for the position that the sink is told.
//
// Of values in place of subqueries it must not be below the commit of any transaction that the rows contain, since the stream is
// followed up to it. A commit of a session with synchronous_commit = off is seen by others before it is written: it may lie behind
// pg_current_wal_lsn, but not behind what was inserted.
func (q *Query) position() string {
	if q.followed() {
		return "pg_current_wal_insert_lsn"
	}
	return "pg_current_wal_lsn"
}

// followed reports whether values stand in place of subqueries.
func (q *Query) followed() bool { return q.Members != nil && q.Members.After != nil }

// tables are those that are read, each once.
func tables(q *Query) []string {
	names := []string{tableName(q.Def)}
	if q.Members != nil && q.Members.After == nil {
		names = appendInner(names, q.Def)
	}
	return names
}

func appendInner(names []string, d *shape.Definition) []string {
	for _, inner := range d.Inner() {
		if name := tableName(inner); !slices.Contains(names, name) {
			names = append(names, name)
		}
		names = appendInner(names, inner)
	}
	return names
}

// hasRows reports whether rows are read: a shape that starts with nothing has only subsets of them.
func (q *Query) hasRows() bool { return q.Def.Log != shape.LogChangesOnly || q.Subset != nil }

func tableName(d *shape.Definition) string {
	return pgx.Identifier{d.Table.Schema, d.Table.Name}.Sanitize()
}

// copySQL is the query for the rows. All conditions are in parentheses: any may have an OR at its top.
func copySQL(q *Query) string {
	d := q.Def
	var b strings.Builder
	b.WriteString("COPY (SELECT ")
	for i, c := range columns(q) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(pgx.Identifier{c}.Sanitize())
	}
	var conditions []string
	if q.Members != nil {
		m := newMembership(q.Members)
		for _, c := range m.active() {
			b.WriteString(", ")
			b.WriteString(c)
		}
		conditions = m.where()
	}
	if d.Where != nil && len(conditions) == 0 {
		conditions = append(conditions, d.Where.SQL())
	}
	b.WriteString(" FROM ")
	b.WriteString(tableName(d))
	if q.Subset != nil && q.Subset.Where != "" {
		conditions = append(conditions, q.Subset.Where)
	}
	joint := " WHERE ("
	for _, c := range conditions {
		b.WriteString(joint)
		b.WriteString(c)
		b.WriteString(")")
		joint = " AND ("
	}
	if s := q.Subset; s != nil {
		if s.OrderBy != "" {
			b.WriteString(" ORDER BY ")
			b.WriteString(s.OrderBy)
		}
		if s.Limit != nil {
			b.WriteString(" LIMIT ")
			b.WriteString(strconv.FormatInt(*s.Limit, 10))
		}
		if s.Offset != nil {
			b.WriteString(" OFFSET ")
			b.WriteString(strconv.FormatInt(*s.Offset, 10))
		}
	}
	b.WriteString(") TO STDOUT")
	return b.String()
}

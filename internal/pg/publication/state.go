package publication

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"leyden/internal/shape"
)

// DB is what a connection or a pool of ordinary connections has to offer.
type DB interface {
	Begin(ctx context.Context) (pgx.Tx, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Full is the replica identity (pg_class.relreplident) that every followed table needs.
const Full byte = 'f'

// State is how things are at one moment.
type State struct {
	Name   string
	Exists bool
	// Owned: the role that asks may alter the publication.
	Owned                            bool
	Insert, Update, Delete, Truncate bool
	// GeneratedColumns: stored generated columns are carried. False before PostgreSQL 18.
	GeneratedColumns bool
	// Members are the tables that were put into the publication one by one: of a partitioned table the root.
	Members []shape.Table
	// Tables are those of the wanted tables that still exist, as they are called now.
	Tables []Table
}

// Table is a wanted table as it is.
type Table struct {
	shape.Table
	Identity  byte // pg_class.relreplident
	Published bool // the publication carries it, for whatever reason: one by one, with its schema, or with all tables
	Leaves    []Leaf
}

// Leaf is a partition that holds rows.
type Leaf struct {
	shape.Table
	Identity byte
}

// stateSQL is one statement, so that all is of one moment. Columns that not all versions have are read through JSON. The view
// pg_publication_tables names the leaves of partitioned tables, unless the publication goes by roots.
const stateSQL = `
WITH RECURSIVE
wanted AS (
  SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relreplident
  FROM pg_catalog.pg_class c WHERE c.oid = ANY ($2::text::oid[]) AND c.relkind IN ('r', 'p')
),
parts AS (
  SELECT w.oid AS root, i.inhrelid AS oid
  FROM wanted w JOIN pg_catalog.pg_inherits i ON i.inhparent = w.oid WHERE w.relkind = 'p'
  UNION
  SELECT parts.root, i.inhrelid
  FROM parts JOIN pg_catalog.pg_class p ON p.oid = parts.oid AND p.relkind = 'p' JOIN pg_catalog.pg_inherits i ON i.inhparent = parts.oid
),
leaves AS (
  SELECT parts.root, c.oid, n.nspname, c.relname, c.relreplident
  FROM parts JOIN pg_catalog.pg_class c ON c.oid = parts.oid AND c.relkind = 'r' JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
),
publication AS (
  SELECT * FROM pg_catalog.pg_publication WHERE pubname = $1::text
),
carried AS (
  SELECT t.schemaname, t.tablename FROM pg_catalog.pg_publication_tables t WHERE t.pubname = $1::text
)
SELECT pg_catalog.json_build_object(
  'publication', (
    SELECT pg_catalog.json_build_object('owned', pg_catalog.pg_has_role(p.pubowner, 'USAGE'), 'insert', p.pubinsert, 'update', p.pubupdate,
      'delete', p.pubdelete, 'truncate', p.pubtruncate, 'generated', pg_catalog.to_jsonb(p) ->> 'pubgencols')
    FROM publication p
  ),
  'members', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object('oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname) ORDER BY c.oid)
    FROM publication p JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid
    JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  ),
  'tables', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object('oid', w.oid::int8, 'schema', n.nspname, 'name', w.relname, 'identity', w.relreplident,
      'published',
        EXISTS (SELECT FROM publication p WHERE p.puballtables)
        OR EXISTS (SELECT FROM publication p JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid WHERE r.prrelid = w.oid)
        OR EXISTS (SELECT FROM carried t WHERE t.schemaname = n.nspname AND t.tablename = w.relname)
        OR EXISTS (SELECT FROM leaves l WHERE l.root = w.oid) AND NOT EXISTS (
          SELECT FROM leaves l WHERE l.root = w.oid AND NOT EXISTS (
            SELECT FROM carried t WHERE t.schemaname = l.nspname AND t.tablename = l.relname)),
      'leaves', (
        SELECT pg_catalog.json_agg(pg_catalog.json_build_object('oid', l.oid::int8, 'schema', l.nspname, 'name', l.relname, 'identity', l.relreplident) ORDER BY l.oid)
        FROM leaves l WHERE l.root = w.oid
      )) ORDER BY w.oid)
    FROM wanted w JOIN pg_catalog.pg_namespace n ON n.oid = w.relnamespace
  )
)`

type (
	stateRow struct {
		Publication *struct {
			Owned     bool   `json:"owned"`
			Insert    bool   `json:"insert"`
			Update    bool   `json:"update"`
			Delete    bool   `json:"delete"`
			Truncate  bool   `json:"truncate"`
			Generated string `json:"generated"`
		} `json:"publication"`
		Members []tableRow `json:"members"`
		Tables  []tableRow `json:"tables"`
	}
	tableRow struct {
		OID       uint32     `json:"oid"`
		Schema    string     `json:"schema"`
		Name      string     `json:"name"`
		Identity  string     `json:"identity"`
		Published bool       `json:"published"`
		Leaves    []tableRow `json:"leaves"`
	}
)

func (r tableRow) table() shape.Table { return shape.Table{OID: r.OID, Schema: r.Schema, Name: r.Name} }

// Read says how the publication and the wanted tables are.
func Read(ctx context.Context, db DB, name string, wanted []shape.Table) (*State, error) {
	var text string
	if err := db.QueryRow(ctx, stateSQL, name, oids(wanted)).Scan(&text); err != nil {
		return nil, fmt.Errorf("read publication %q: %w", name, err)
	}
	var row stateRow
	if err := json.Unmarshal([]byte(text), &row); err != nil {
		return nil, fmt.Errorf("read publication %q: unexpected answer: %w", name, err)
	}
	s := &State{Name: name}
	if p := row.Publication; p != nil {
		s.Exists, s.Owned = true, p.Owned
		s.Insert, s.Update, s.Delete, s.Truncate = p.Insert, p.Update, p.Delete, p.Truncate
		s.GeneratedColumns = p.Generated == "s"
	}
	for _, m := range row.Members {
		s.Members = append(s.Members, m.table())
	}
	for _, t := range row.Tables {
		table := Table{Table: t.table(), Identity: t.Identity[0], Published: t.Published}
		for _, l := range t.Leaves {
			table.Leaves = append(table.Leaves, Leaf{l.table(), l.Identity[0]})
		}
		s.Tables = append(s.Tables, table)
	}
	return s, nil
}

// Check is nil, or says why nothing can be followed through the publication.
func (s *State) Check() *Error {
	switch {
	case !s.Exists:
		return &Error{Kind: PublicationMissing, Message: fmt.Sprintf("publication %q does not exist", s.Name)}
	case !s.Insert || !s.Update || !s.Delete || !s.Truncate:
		return &Error{Kind: PublicationIncomplete, Message: fmt.Sprintf("publication %q does not publish all of insert, update, delete and truncate", s.Name)}
	}
	return nil
}

// oids is the text form of an array of oids.
func oids(tables []shape.Table) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, t := range tables {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(t.OID), 10))
	}
	b.WriteByte('}')
	return b.String()
}

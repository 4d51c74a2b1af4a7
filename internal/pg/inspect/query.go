package inspect

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"leyden/internal/shape"
)

// Querier is what a connection or a pool of connections has to offer.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// tableSQL describes tables, one JSON object a row. It is a single statement, so that all of an answer is of one moment, and
// it takes no locks on what it describes: an ALTER TABLE in an open transaction must not hold up a request. Every name is
// qualified, because the search path is the user's.
const tableSQL = `
SELECT pg_catalog.json_build_object(
  'oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
  'ancestors', (
    WITH RECURSIVE up AS (
      SELECT i.inhparent AS oid, 1 AS level
      FROM pg_catalog.pg_inherits i WHERE c.relispartition AND i.inhrelid = c.oid
      UNION ALL
      SELECT i.inhparent, up.level + 1
      FROM up JOIN pg_catalog.pg_class p ON p.oid = up.oid JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.oid
      WHERE p.relispartition
    )
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object('oid', p.oid::int8, 'schema', pn.nspname, 'name', p.relname) ORDER BY up.level)
    FROM up JOIN pg_catalog.pg_class p ON p.oid = up.oid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
  ),
  'descendants', (
    WITH RECURSIVE down AS (
      SELECT i.inhrelid AS oid, i.inhparent AS parent, 1 AS level
      FROM pg_catalog.pg_inherits i WHERE c.relkind = 'p' AND i.inhparent = c.oid
      UNION ALL
      SELECT i.inhrelid, i.inhparent, down.level + 1
      FROM down JOIN pg_catalog.pg_class p ON p.oid = down.oid JOIN pg_catalog.pg_inherits i ON i.inhparent = down.oid
      WHERE p.relkind = 'p'
    )
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object('oid', p.oid::int8, 'schema', pn.nspname, 'name', p.relname,
      'parent', down.parent::int8, 'kind', p.relkind) ORDER BY down.level, p.oid)
    FROM down JOIN pg_catalog.pg_class p ON p.oid = down.oid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
  ),
  'columns', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', a.attname, 'oid', a.atttypid::int8, 'mod', a.atttypmod, 'dims', a.attndims,
      'type', t.typname, 'kind', t.typtype, 'category', t.typcategory, 'elem', e.typname, 'elem_kind', e.typtype,
      'base', b.typname, 'base_category', b.typcategory, 'base_mod', b.mod, 'base_dims', b.dims, 'base_elem', be.typname,
      'base_kind', coalesce(be.typtype, b.typtype), 'labels', (
        SELECT pg_catalog.json_agg(l.enumlabel ORDER BY l.enumsortorder)
        FROM pg_catalog.pg_enum l WHERE l.enumtypid = coalesce(be.oid, b.oid)
      ), 'base_schema', (
        SELECT bn.nspname FROM pg_catalog.pg_type bt JOIN pg_catalog.pg_namespace bn ON bn.oid = bt.typnamespace WHERE bt.oid = coalesce(be.oid, b.oid)
      ), 'collation', CASE
        WHEN co.oid IS NULL OR co.collname = 'default' THEN ''
        WHEN co.collprovider = 'c' AND co.collcollate IN ('C', 'POSIX') AND co.collctype IN ('C', 'POSIX') THEN 'C'
        ELSE co.oid::text || ' ' || co.collname
      END, 'nondeterministic', NOT coalesce(co.collisdeterministic, true),
      'formatted', pg_catalog.format_type(a.atttypid, a.atttypmod),
      'not_null', a.attnotnull, 'generated', a.attgenerated <> '', 'pk', k.pos
    ) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
    LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
    CROSS JOIN LATERAL (
      WITH RECURSIVE under AS (
        SELECT t.oid, t.typname, t.typtype, t.typcategory, t.typbasetype, t.typtypmod, t.typelem, t.typndims, a.atttypmod AS mod, a.attndims AS dims
        UNION ALL
        SELECT u.oid, u.typname, u.typtype, u.typcategory, u.typbasetype, u.typtypmod, u.typelem, u.typndims, under.typtypmod, under.typndims
        FROM under JOIN pg_catalog.pg_type u ON u.oid = under.typbasetype WHERE under.typtype = 'd'
      )
      SELECT * FROM under WHERE typtype <> 'd'
    ) b
    LEFT JOIN LATERAL (
      WITH RECURSIVE under AS (
        SELECT u.oid, u.typname, u.typtype, u.typbasetype FROM pg_catalog.pg_type u WHERE u.oid = b.typelem AND b.typcategory = 'A'
        UNION ALL
        SELECT u.oid, u.typname, u.typtype, u.typbasetype
        FROM under JOIN pg_catalog.pg_type u ON u.oid = under.typbasetype WHERE under.typtype = 'd'
      )
      SELECT oid, typname, typtype FROM under WHERE typtype <> 'd'
    ) be ON true
    LEFT JOIN LATERAL (
      SELECT pg_catalog.array_position(i.indkey::int2[], a.attnum) AS pos
      FROM pg_catalog.pg_index i
      WHERE i.indrelid = c.oid AND i.indisprimary AND pg_catalog.array_position(i.indkey::int2[], a.attnum) < i.indnkeyatts
    ) k ON true
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  )
)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND `

const (
	byName = `n.nspname = $1::text AND c.relname = $2::text`
	byOIDs = `c.oid = ANY ($1::text::oid[])`
)

// The catalogue's answer. Where a number may be absent it is a pointer.
type (
	relationRow struct {
		OID         uint32         `json:"oid"`
		Schema      string         `json:"schema"`
		Name        string         `json:"name"`
		Kind        string         `json:"kind"`
		Ancestors   []partitionRow `json:"ancestors"`
		Descendants []partitionRow `json:"descendants"`
		Columns     []columnRow    `json:"columns"`
	}
	partitionRow struct {
		OID    uint32 `json:"oid"`
		Schema string `json:"schema"`
		Name   string `json:"name"`
		Parent uint32 `json:"parent"`
		Kind   string `json:"kind"`
	}
	columnRow struct {
		Name             string   `json:"name"`
		OID              uint32   `json:"oid"`
		Mod              int32    `json:"mod"`
		Dims             int      `json:"dims"`
		Type             string   `json:"type"`
		Kind             string   `json:"kind"`
		Category         string   `json:"category"`
		Elem             string   `json:"elem"`
		ElemKind         string   `json:"elem_kind"`
		Base             string   `json:"base"`
		BaseCategory     string   `json:"base_category"`
		BaseMod          int32    `json:"base_mod"`
		BaseDims         int      `json:"base_dims"`
		BaseElem         string   `json:"base_elem"`
		BaseKind         string   `json:"base_kind"`
		BaseSchema       string   `json:"base_schema"`
		Labels           []string `json:"labels"`
		Collation        string   `json:"collation"`
		Nondeterministic bool     `json:"nondeterministic"`
		Formatted        string   `json:"formatted"`
		NotNull          bool     `json:"not_null"`
		Generated        bool     `json:"generated"`
		PK               *int     `json:"pk"`
	}
)

func loadByName(ctx context.Context, q Querier, schema, name string) (*Table, error) {
	tables, err := load(ctx, q, byName, schema, name)
	if err != nil {
		return nil, fmt.Errorf("read table %q.%q from the catalogue: %w", schema, name, err)
	}
	return only(tables)
}

func loadByOID(ctx context.Context, q Querier, oid uint32) (*Table, error) {
	tables, err := loadAll(ctx, q, []uint32{oid})
	if err != nil {
		return nil, err
	}
	return only(tables)
}

func only(tables []*Table) (*Table, error) {
	if len(tables) == 0 {
		return nil, ErrNotFound
	}
	return tables[0], nil
}

// loadAll reads those of the tables that exist.
func loadAll(ctx context.Context, q Querier, oids []uint32) ([]*Table, error) {
	var list strings.Builder
	list.WriteByte('{')
	for i, oid := range oids {
		if i > 0 {
			list.WriteByte(',')
		}
		list.WriteString(strconv.FormatUint(uint64(oid), 10))
	}
	list.WriteByte('}')
	tables, err := load(ctx, q, byOIDs, list.String())
	if err != nil {
		return nil, fmt.Errorf("read %d tables from the catalogue: %w", len(oids), err)
	}
	return tables, nil
}

// load reads the tables that a condition selects. Tables without columns are left out: there is nothing to sync.
func load(ctx context.Context, q Querier, condition string, args ...any) ([]*Table, error) {
	rows, err := q.Query(ctx, tableSQL+condition, args...)
	if err != nil {
		return nil, classified(err)
	}
	defer rows.Close()
	var tables []*Table
	for rows.Next() {
		var r relationRow
		if err := json.Unmarshal(rows.RawValues()[0], &r); err != nil {
			return nil, fmt.Errorf("unexpected description: %w", err)
		}
		if len(r.Columns) > 0 {
			tables = append(tables, r.table())
		}
	}
	if err := rows.Err(); err != nil {
		return nil, classified(err)
	}
	return tables, nil
}

func (r *relationRow) table() *Table {
	t := &Table{
		Table: shape.Table{OID: r.OID, Schema: r.Schema, Name: r.Name}, Kind: r.Kind[0],
		Columns: make([]Column, len(r.Columns)), schemas: &schemas{},
	}
	for _, a := range r.Ancestors {
		t.Ancestors = append(t.Ancestors, shape.Table{OID: a.OID, Schema: a.Schema, Name: a.Name})
	}
	for _, d := range r.Descendants {
		t.Descendants = append(t.Descendants, Partition{
			Table: shape.Table{OID: d.OID, Schema: d.Schema, Name: d.Name}, Parent: d.Parent, Kind: d.Kind[0],
		})
	}
	for i := range r.Columns {
		t.Columns[i] = r.Columns[i].column()
	}
	return t
}

func (r *columnRow) column() Column {
	c := Column{
		Name: r.Name, TypeName: r.Type, TypeOID: r.OID, TypeMod: r.Mod, Kind: r.Kind[0],
		Base:      BaseType{Name: r.Base, TypeMod: r.BaseMod, Kind: r.BaseKind[0], Schema: r.BaseSchema, Labels: strings.Join(r.Labels, "\x00")},
		Collation: r.Collation, Nondeterministic: r.Nondeterministic, Formatted: r.Formatted, NotNull: r.NotNull, PKIndex: -1, Generated: r.Generated,
	}
	// The catalogue does not count the dimensions of arrays in tables that were made from a query. A domain over an array has
	// the category of an array but no element type of its own.
	if r.Category == array && r.Elem != "" {
		c.TypeName, c.Kind, c.Dims = r.Elem, r.ElemKind[0], max(r.Dims, 1)
	}
	if r.BaseCategory == array {
		c.Base.Name, c.Base.Dims = r.BaseElem, max(r.BaseDims, 1)
	}
	if r.PK != nil {
		c.PKIndex = *r.PK
	}
	return c
}

const array = "A" // pg_type.typcategory

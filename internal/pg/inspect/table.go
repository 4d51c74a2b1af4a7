package inspect

import (
	"encoding/json"
	"hash/fnv"
	"slices"

	"leyden/internal/shape"
	"leyden/internal/where"
)

// Kinds of relations that can be the root of a shape, as pg_class.relkind has them.
const (
	Ordinary    byte = 'r'
	Partitioned byte = 'p'
)

// Table is a table as the catalogue describes it. It is immutable.
type Table struct {
	shape.Table          // the field Schema is behind the method of that name: t.Table.Schema
	Kind        byte     // Ordinary or Partitioned
	Columns     []Column // in attribute order, never empty

	// Ancestors are the partitioned tables above this one, its parent first.
	Ancestors []shape.Table
	// Descendants are the partitions below this one on all levels, every table after its parent, else by oid.
	Descendants []Partition

	schemas *schemas
}

// Partition is a partition somewhere below a table.
type Partition struct {
	shape.Table        // the field Schema is behind the method of that name: t.Table.Schema
	Parent      uint32 // oid of the table that it is a direct partition of
	Kind        byte   // as pg_class.relkind: Ordinary, Partitioned, or 'f' for a foreign table
}

// Column is a column as the catalogue describes it.
type Column struct {
	Name string
	// TypeName is pg_type.typname; of an array, that of its elements.
	TypeName string
	// TypeOID and TypeMod are those of the column itself, as relation messages have them.
	TypeOID uint32
	TypeMod int32
	// Dims is 0 but for columns that are declared as arrays. The number has no meaning to Postgres: every array column takes
	// arrays of any number of dimensions.
	Dims int
	// Kind is pg_type.typtype; of an array, that of its elements.
	Kind byte
	// Base is the type below all domains: that of the column when it is no domain.
	Base BaseType
	// Collation is the column's own: "" when it is the database's, C when it is of that order and those letters, else a name.
	Collation string
	// Nondeterministic says that the column's collation takes different texts for equal.
	Nondeterministic bool
	// Formatted is the type as one writes it in SQL, such as "character varying(10)[]".
	Formatted string
	NotNull   bool
	// PKIndex is the position in the primary key, in the order of its index; -1 when the column is not part of it.
	PKIndex   int
	Generated bool // stored or virtual
}

// BaseType is a type that is no domain, and whose elements are none.
type BaseType struct {
	Name    string // pg_type.typname; of an array, that of its elements
	Dims    int    // > 0: an array
	TypeMod int32  // the column's, or that of the domain which has one; -1 for none
	Kind    byte   // pg_type.typtype; of an array, that of its elements
	Schema  string // of the type; of an array, that of its elements
	Labels  string // of an enum, in the order of the catalogue, joined by zero bytes
}

// HasPrimaryKey reports whether the table has a primary key.
func (t *Table) HasPrimaryKey() bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.PKIndex >= 0 })
}

// Key gives the names of the columns that identify a row: those of the primary key in the order of its index, or all
// columns in attribute order when there is none.
func (t *Table) Key() (cols []string, hasPK bool) {
	var key []Column
	for _, c := range t.Columns {
		if c.PKIndex >= 0 {
			key = append(key, c)
		}
	}
	hasPK = len(key) > 0
	if hasPK {
		slices.SortFunc(key, func(a, b Column) int { return a.PKIndex - b.PKIndex })
	} else {
		key = t.Columns
	}
	cols = make([]string, len(key))
	for i, c := range key {
		cols[i] = c.Name
	}
	return cols, hasPK
}

// Column finds a column by name; nil when there is none.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// Parent is the table that this one is a direct partition of.
func (t *Table) Parent() (shape.Table, bool) {
	if len(t.Ancestors) == 0 {
		return shape.Table{}, false
	}
	return t.Ancestors[0], true
}

// Children are the direct partitions.
func (t *Table) Children() []shape.Table {
	var children []shape.Table
	for _, p := range t.Descendants {
		if p.Parent == t.OID {
			children = append(children, p.Table)
		}
	}
	return children
}

// Leaves are the tables that hold the rows: the ordinary tables at the bottom of the partitions, or the table itself.
func (t *Table) Leaves() []shape.Table {
	if t.Kind != Partitioned {
		return []shape.Table{t.Table}
	}
	var leaves []shape.Table
	for _, p := range t.Descendants {
		if p.Kind == Ordinary {
			leaves = append(leaves, p.Table)
		}
	}
	return leaves
}

// WhereColumns are the columns as the where language sees them: arrays by their elements, domains by what they are made of.
func (t *Table) WhereColumns() []where.Column {
	cols := make([]where.Column, len(t.Columns))
	for i, c := range t.Columns {
		cols[i] = where.Column{
			Name: c.Name, Type: c.Base.Name, Dims: c.Base.Dims, Kind: whereKind(c.Kind), Below: whereKind(c.Base.Kind),
			OfDomains: c.Kind == 'd' && c.Dims > 0, TypeSchema: c.Base.Schema, Labels: c.Base.Labels,
			Collation: c.Collation, Nondeterministic: c.Nondeterministic, TypeMod: c.Base.TypeMod,
		}
	}
	return cols
}

func whereKind(typtype byte) where.Kind {
	switch typtype {
	case 'e':
		return where.Enum
	case 'd':
		return where.Domain
	case 'c':
		return where.Composite
	case 'r':
		return where.Range
	case 'm':
		return where.Multirange
	case 'p':
		return where.Pseudo
	}
	return where.Base
}

// sameForShapes reports whether a shape of the one table is still right for the other: the same table with the same columns,
// but for what rows and keys do not depend on.
func (t *Table) sameForShapes(u *Table) bool {
	return t.Table == u.Table && slices.EqualFunc(t.Columns, u.Columns, func(a, b Column) bool { return a.sameForShapes(&b) })
}

func (c *Column) sameForShapes(d *Column) bool {
	a := *c
	a.NotNull, a.Formatted = d.NotNull, d.Formatted
	return a == *d
}

// Version is another number, as a rule, for tables that are not sameForShapes, and the same for those that are; never 0.
func (t *Table) Version() uint32 {
	t.schemas.versioned.Do(func() {
		columns := slices.Clone(t.Columns)
		for i := range columns {
			columns[i].NotNull, columns[i].Formatted = false, ""
		}
		h := fnv.New32a()
		_ = json.NewEncoder(h).Encode(Table{Table: t.Table, Columns: columns}) // a hash takes everything
		t.schemas.version = max(h.Sum32(), 1)
	})
	return t.schemas.version
}

// same reports whether nothing differs.
func (t *Table) same(u *Table) bool {
	return t.Table == u.Table && t.Kind == u.Kind && slices.Equal(t.Columns, u.Columns) &&
		slices.Equal(t.Ancestors, u.Ancestors) && slices.Equal(t.Descendants, u.Descendants)
}

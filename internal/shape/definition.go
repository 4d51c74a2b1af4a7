package shape

import (
	"crypto/sha256"
	"encoding/binary"

	"leyden/internal/where"
)

// Replica says how much of a row an update or delete carries.
type Replica uint8

const (
	ReplicaDefault Replica = iota // key columns, and changed columns of updates
	ReplicaFull                   // whole rows, and old values of changed columns
)

// LogMode says whether a shape starts with a snapshot of its rows.
type LogMode uint8

const (
	LogFull        LogMode = iota
	LogChangesOnly         // the snapshot has no rows
)

// Table names a root table. OID and name together are its identity: either alone can be given to another table.
type Table struct {
	OID    uint32
	Schema string
	Name   string
}

// Layout is the part of a definition that shapes over one table nearly always have in common: it is shared between them, so
// that a definition is small. It is immutable once built.
type Layout struct {
	Table Table
	// Key holds the primary key columns in index order, or every column in attribute order when the table has no primary key.
	Key          []string
	NoPrimaryKey bool
	// Selected are the columns that clients see, sorted by name. It includes the key.
	Selected []string
	// Explicit are the columns that the request listed, sorted; nil when it listed none.
	Explicit []string

	SelectsAll       bool // neither columns nor queryable_columns were given
	SelectsGenerated bool // a selected column is generated
}

// Definition is everything that makes a shape what it is. It is immutable once built and shared between goroutines.
type Definition struct {
	*Layout
	// Where is the compiled clause, nil for none.
	Where *where.Clause

	NonPrimitive bool // the clause refers to an enum, domain or composite column

	Replica Replica
	Log     LogMode

	// Compaction is not part of the identity: the request that creates the shape decides it.
	Compaction bool

	// TableVersion tells the columns of the table that this was made from from those at other times, 0 when it is not known. It
	// is no part of the identity and is not stored.
	TableVersion uint32

	// Dependencies is nil unless the clause has subqueries.
	Dependencies *Dependencies
}

// Dependencies are the inner shapes of an outer one: the definition of each subquery of its clause, in the order of the clause.
// They are no part of the identity, which has the clause, and are not stored.
type Dependencies struct{ Inner []*Definition }

// Inner are the definitions of the shapes that d depends on, in the order of the clause's subqueries.
func (d *Definition) Inner() []*Definition {
	if d.Dependencies == nil {
		return nil
	}
	return d.Dependencies.Inner
}

// Identity is a 128-bit digest of the identity of a definition: equal for two requests iff they denote one shape.
type Identity [16]byte

// Identity digests the canonical form of d (spec http-api §10.1); of the clause, its compiled form, which two clauses share iff they
// share their canonical text over columns of equal types.
func (d *Definition) Identity() Identity {
	b := make([]byte, 0, 256)
	b = binary.BigEndian.AppendUint32(b, d.Table.OID)
	b = appendText(b, d.Table.Schema)
	b = appendText(b, d.Table.Name)
	b = appendTexts(b, d.Key)
	if d.Where != nil {
		b = appendText(append(b, 1), d.Where.Encoding())
	} else {
		b = append(b, 0)
	}
	b = appendTexts(b, d.Selected)
	b = appendTexts(b, d.Explicit)
	for _, flag := range []bool{d.SelectsAll, d.SelectsGenerated, d.NonPrimitive} {
		if flag {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	b = append(b, byte(d.Replica), byte(d.Log))
	sum := sha256.Sum256(b)
	return Identity(sum[:16])
}

// Hash is the 27-bit hash that handles of this identity carry.
func (id Identity) Hash() uint32 { return binary.BigEndian.Uint32(id[:]) & (1<<27 - 1) }

func appendTexts(b []byte, texts []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(texts)))
	for _, t := range texts {
		b = appendText(b, t)
	}
	return b
}

func appendText(b []byte, t string) []byte {
	b = binary.AppendUvarint(b, uint64(len(t)))
	return append(b, t...)
}

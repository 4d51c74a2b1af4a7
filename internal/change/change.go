// Package change models what the replication stream says: relations, changes, and fragments of transactions, and how a
// change becomes log items. It is pure: no I/O, no goroutines.
//
// The one invariant: a Fragment and everything in it is immutable once it has been handed on; it is shared by all consumers.
package change

import (
	"time"

	"leyden/internal/shape"
)

// Op is the kind of a change.
type Op byte

const (
	Insert   Op = 'I'
	Update   Op = 'U'
	Delete   Op = 'D'
	Truncate Op = 'T'
)

// Column is a column as a relation message describes it.
type Column struct {
	Name    string
	TypeOID uint32
	TypeMod int32
	Key     bool // part of the replica identity
}

// Relation is a table as a relation message describes it. A new message makes a new Relation; pointers identify versions.
type Relation struct {
	OID             uint32
	Schema, Name    string
	ReplicaIdentity byte // 'd' default, 'n' nothing, 'f' full, 'i' index
	Columns         []Column
}

// Tuple is a row in text form, one value per column of its Relation. A nil value is SQL NULL; an empty non-nil value is ”.
// Unchanged TOAST values have been replaced from the old row before a Tuple leaves the decoder.
type Tuple [][]byte

// Change is one row change, or one table's truncation. Inserts have New, deletes Old, updates both.
type Change struct {
	Op       Op
	Relation *Relation
	Old, New Tuple
	// Pos is the operation position in the transaction: 0, 2, 4, … over all changes of the transaction.
	Pos int64
}

// Commit closes a transaction.
type Commit struct {
	Time    time.Time // commit time on the server
	EndLSN  uint64    // end of the commit record
	Changes int       // changes in the whole transaction
	Bytes   int64     // text bytes in the whole transaction
}

// Fragment is a part of one transaction. Its boundaries are a pure function of the stream and the batch size. A fragment
// with a commit has at least one change unless the transaction is empty.
type Fragment struct {
	XID     uint32 // without epoch
	LSN     uint64 // commit LSN, announced at begin; the Tx of all offsets of the transaction
	Begin   bool   // first fragment of the transaction
	Commit  *Commit
	Changes []Change
	// Last is the offset of the last change as received, (LSN, 0) for an empty transaction. It stays the same when
	// changes are left out for a shape.
	Last shape.Offset
	// Retained is the number of bytes of memory that the fragment holds, for flow control.
	Retained int64
	// Credit is what was taken for the fragment of the stream's credit, before it was known which shapes it concerns.
	Credit int64
}

// Offset is the log offset of a change of f.
func (f *Fragment) Offset(c *Change) shape.Offset { return shape.Offset{Tx: f.LSN, Op: c.Pos} }

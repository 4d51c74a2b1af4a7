package pgoutput

import (
	"slices"

	"leyden/internal/change"
	"leyden/internal/shape"
)

// Limits of Options.
const (
	DefaultBatchSize        = 100
	MinBatchSize            = 2
	DefaultMaxFragmentBytes = 4 << 20
)

// Options decide where fragments end. They must stay the same while a log collector lives: a fragment that is sent again must
// have the boundaries it had.
type Options struct {
	// BatchSize is the number of buffered changes at which a fragment is handed out: DefaultBatchSize if 0, at least
	// MinBatchSize.
	BatchSize int
	// MaxFragmentBytes is the number of buffered bytes of column text at which a fragment is handed out before it has its
	// changes, so that a fragment's size is bounded by it and its largest row: DefaultMaxFragmentBytes if 0.
	MaxFragmentBytes int64
	// MaxTransactionBytes ends the stream with ErrTxnTooLarge when a transaction has more column text; 0 is no limit.
	MaxTransactionBytes int64
}

// Event is what the stream says: a fragment, or a relation as it is from here on. Exactly one of Fragment and Relation is set.
type Event struct {
	Fragment *change.Fragment
	// Old is what Relation replaces, nil if the table is new to this Fragmenter. When the server repeats a definition, Old
	// and Relation are the same pointer.
	Old, Relation *change.Relation
}

// Fragmenter turns the messages of a stream into events. It is not safe for concurrent use.
type Fragmenter struct {
	options   Options
	decoder   Decoder
	relations map[uint32]*change.Relation
	events    []Event

	inTransaction bool
	begun         bool // the first fragment has been handed out
	xid           uint32
	lsn           uint64
	nextPos       int64
	changes       int
	textBytes     int64
	pending       staging
}

// NewFragmenter returns a Fragmenter at the start of a stream.
func NewFragmenter(o Options) *Fragmenter {
	if o.BatchSize == 0 {
		o.BatchSize = DefaultBatchSize
	}
	o.BatchSize = max(o.BatchSize, MinBatchSize)
	if o.MaxFragmentBytes <= 0 {
		o.MaxFragmentBytes = DefaultMaxFragmentBytes
	}
	return &Fragmenter{options: o, relations: map[uint32]*change.Relation{}}
}

// Reconnected forgets the transaction that a lost connection cut: the server sends it again from its begin. Relations are
// kept, so that a definition that has not changed keeps its pointer.
func (f *Fragmenter) Reconnected() {
	f.inTransaction = false
	f.pending.reset()
}

// InTransaction reports whether the next message belongs to a transaction that has begun.
func (f *Fragmenter) InTransaction() bool { return f.inTransaction }

// Feed takes the next message and returns the events that it completes, in order. Events do not alias data; the slice is
// valid until the next call. After an error the stream cannot go on.
func (f *Fragmenter) Feed(data []byte) ([]Event, error) {
	f.events = f.events[:0]
	m, err := f.decoder.Decode(data)
	if err != nil {
		return nil, err
	}
	switch m.Kind {
	case KindBegin:
		err = f.begin(m)
	case KindCommit:
		err = f.commit(m)
	case KindRelation:
		f.relation(m.Relation)
	case KindInsert, KindUpdate, KindDelete:
		err = f.row(m)
	case KindTruncate:
		err = f.truncate(m)
	}
	if err != nil {
		return nil, err
	}
	return f.events, nil
}

func (f *Fragmenter) begin(m *Message) error {
	if f.inTransaction {
		return malformed("transaction %d begins inside of %d", m.XID, f.xid)
	}
	if m.LSN == 0 {
		return malformed("transaction %d has no commit position", m.XID)
	}
	f.inTransaction, f.begun = true, false
	f.xid, f.lsn = m.XID, m.LSN
	f.nextPos, f.changes, f.textBytes = 0, 0, 0
	return nil
}

func (f *Fragmenter) commit(m *Message) error {
	if !f.inTransaction {
		return malformed("commit outside of a transaction")
	}
	if m.LSN != f.lsn {
		return malformed("transaction %d was announced to commit at %X and commits at %X", f.xid, f.lsn, m.LSN)
	}
	f.emit(f.pending.len(), &change.Commit{Time: m.Time, EndLSN: m.EndLSN, Changes: f.changes, Bytes: f.textBytes})
	f.inTransaction = false
	return nil
}

// relation hands a definition out at once, before changes that are buffered under the old one: those carry their own.
func (f *Fragmenter) relation(rel *change.Relation) {
	old := f.relations[rel.OID]
	if old != nil && sameRelation(old, rel) {
		rel = old
	}
	f.relations[rel.OID] = rel
	f.events = append(f.events, Event{Old: old, Relation: rel})
}

func sameRelation(a, b *change.Relation) bool {
	return a.OID == b.OID && a.Schema == b.Schema && a.Name == b.Name && a.ReplicaIdentity == b.ReplicaIdentity &&
		slices.Equal(a.Columns, b.Columns)
}

func (f *Fragmenter) row(m *Message) error {
	rel, err := f.known(m.RelationOID)
	if err != nil {
		return err
	}
	if m.Kind == KindUpdate && m.OldKind != 'O' {
		return &ErrReplicaNotFull{Schema: rel.Schema, Table: rel.Name}
	}
	columns := len(rel.Columns)
	if m.Kind != KindInsert && len(m.Old) != columns || m.Kind != KindDelete && len(m.New) != columns {
		return malformed("a row of %s.%s has %d and %d columns, its relation %d", rel.Schema, rel.Name, len(m.Old), len(m.New), columns)
	}
	if limit := f.options.MaxTransactionBytes; limit > 0 && f.textBytes+m.TextBytes > limit {
		return &ErrTxnTooLarge{XID: f.xid, LSN: f.lsn, Limit: limit}
	}
	if err := f.pending.add(rel, m, f.nextPos); err != nil {
		return err
	}
	f.added(m.TextBytes)
	return nil
}

// truncate makes one change per table: shapes know one table each.
func (f *Fragmenter) truncate(m *Message) error {
	for _, oid := range m.Truncated {
		rel, err := f.known(oid)
		if err != nil {
			return err
		}
		f.pending.addTruncate(rel, f.nextPos)
		f.added(0)
	}
	return nil
}

func (f *Fragmenter) known(oid uint32) (*change.Relation, error) {
	if !f.inTransaction {
		return nil, malformed("change outside of a transaction")
	}
	rel := f.relations[oid]
	if rel == nil {
		return nil, malformed("change of relation %d, which was not described", oid)
	}
	return rel, nil
}

// added accounts for a buffered change. It keeps the last change back, so that the fragment with the commit always has
// one, and with it a larger last offset than the fragment before.
func (f *Fragmenter) added(textBytes int64) {
	f.nextPos += 2
	f.changes++
	f.textBytes += textBytes
	n := f.pending.len()
	if n >= f.options.BatchSize || n >= MinBatchSize && f.pending.receivedBytes() >= f.options.MaxFragmentBytes {
		f.emit(n-1, nil)
	}
}

func (f *Fragmenter) emit(n int, commit *change.Commit) {
	fragment := f.pending.take(n)
	fragment.XID, fragment.LSN, fragment.Commit = f.xid, f.lsn, commit
	fragment.Begin = !f.begun
	fragment.Last = shape.Offset{Tx: f.lsn}
	if n > 0 {
		fragment.Last.Op = fragment.Changes[n-1].Pos
	}
	f.begun = true
	f.events = append(f.events, Event{Fragment: fragment})
}

package change

import (
	"errors"
	"sync"
	"sync/atomic"

	"leyden/internal/shape"
)

// Emissions holds what shapes emit for the changes of one fragment. Each item is encoded by the first shape that emits it,
// and shared with the others. The zero value holds nothing; it is safe for concurrent use.
type Emissions struct{ slots []emission }

// NewEmissions makes room for n changes.
func NewEmissions(n int) Emissions { return Emissions{slots: make([]emission, n)} }

// emission is what one emit made of one change, and the head of a list of them. A list only grows.
type emission struct {
	emit  atomic.Pointer[emit] // nil: still free, only ever at the head
	once  sync.Once
	items []Item // in space; none if the change is without effect
	space [2]Item
	err   error
	last  atomic.Pointer[[]Item]
	next  atomic.Pointer[emission]
}

// Encoded is how often something was encoded so far: for each change once for every way in which a shape emits it.
func (em *Emissions) Encoded() int {
	n := 0
	for i := range em.slots {
		for s := &em.slots[i]; s != nil && s.emit.Load() != nil; s = s.next.Load() {
			n++
		}
	}
	return n
}

// errEncoding is what shapes get that share an item whose encoding panicked.
var errEncoding = errors.New("the change could not be encoded")

// find returns the entry of an emit, which it makes if there is none.
func (s *emission) find(want *emit) *emission {
	for {
		if s.emit.Load() == nil && s.emit.CompareAndSwap(nil, want) {
			return s
		}
		if s.emit.Load() == want {
			return s
		}
		next := s.next.Load()
		if next == nil {
			fresh := &emission{}
			fresh.emit.Store(want)
			if s.next.CompareAndSwap(nil, fresh) {
				return fresh
			}
			next = s.next.Load()
		}
		s = next
	}
}

// Emit returns what a shape emits for change i of the fragment: no item, one, or two when the key changes. inOld and inNew
// say whether the rows before and after the change are in the shape; for a row that there is not, they are ignored. The
// items are shared and must not be changed. last marks the last of them as the last of the transaction.
//
// changes[i] is a row change. The error is *ErrNoColumn.
func (em *Emissions) Emit(e *Encoder, p *Projection, f *Fragment, changes []Change, i int, inOld, inNew, last bool) ([]Item, error) {
	c := &changes[i]
	var kind emitKind
	switch {
	case c.Op == Insert && inNew, c.Op == Update && inNew && !inOld:
		kind = emitInsert
	case c.Op == Delete && inOld, c.Op == Update && inOld && !inNew:
		kind = emitDelete
	case c.Op == Update && inOld && inNew:
		kind = emitUpdate
	default:
		return nil, nil
	}
	s := em.emitted(e, p, kind, f, c, i)
	if !last || len(s.items) == 0 {
		return s.items, s.err
	}
	marked := s.last.Load()
	if marked == nil {
		items := append([]Item(nil), s.items...)
		items[len(items)-1].Last = true
		marked = &items
		s.last.Store(marked) // two that are made at once are equal
	}
	return *marked, nil
}

// EmitTouched is Emit for a shape whose items say more of a row than clients see of its columns: an update in it is never without
// an item (spec where-and-subqueries §2.4). None is marked as the last.
func (em *Emissions) EmitTouched(e *Encoder, p *Projection, f *Fragment, changes []Change, i int, inOld, inNew bool) ([]Item, error) {
	items, err := em.Emit(e, p, f, changes, i, inOld, inNew, false)
	if c := &changes[i]; len(items) == 0 && err == nil && c.Op == Update && inOld && inNew {
		s := em.emitted(e, p, emitTouch, f, c, i)
		return s.items, s.err
	}
	return items, err
}

// emitted is what a projection makes of change i, which is encoded if nobody has yet.
func (em *Emissions) emitted(e *Encoder, p *Projection, kind emitKind, f *Fragment, c *Change, i int) *emission {
	s := em.slots[i].find(&p.emits[kind])
	s.once.Do(func() {
		s.err = errEncoding // what the others find if this panics
		s.items, s.err = e.emit(s.space[:0], p, kind, f, c)
	})
	return s
}

// emit encodes into dst (spec http-api §21.3, §21.4).
func (e *Encoder) emit(dst []Item, p *Projection, kind emitKind, f *Fragment, c *Change) ([]Item, error) {
	l, err := p.layout(c.Relation)
	if err != nil {
		return nil, err
	}
	at := place{xid: f.XID, lsn: f.LSN, pos: c.Pos}
	offset := f.Offset(c)
	switch {
	case kind == emitInsert:
		return append(dst, Item{Offset: offset, JSON: e.insert(p, l, at, c.New, nil)}), nil
	case kind == emitDelete:
		return append(dst, Item{Offset: offset, JSON: e.delete(p, l, at, c.Old, nil)}), nil
	case changed(c.Old, c.New, l.key):
		gone := Item{Offset: offset, JSON: e.delete(p, l, at, c.Old, c.New)}
		at.pos++
		return append(dst, gone, Item{Offset: shape.Offset{Tx: offset.Tx, Op: at.pos}, JSON: e.insert(p, l, at, c.New, c.Old)}), nil
	case kind == emitTouch, changed(c.Old, c.New, l.columns):
		return append(dst, Item{Offset: offset, JSON: e.update(p, l, at, c.Old, c.New)}), nil
	}
	return nil, nil
}

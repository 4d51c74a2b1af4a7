package status

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"leyden/internal/idtable"
	"leyden/internal/livemap"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// ErrDuplicate reports a restored shape whose handle or identity another shape already has. The caller discards it.
var ErrDuplicate = errors.New("duplicate shape")

// Authority knows which shapes exist. It is safe for concurrent use.
type Authority struct {
	now   func() time.Time
	epoch time.Time

	adding sync.Mutex // held while shapes are added or the disk is compared; before mu

	mu         sync.RWMutex
	lastID     shape.ID
	lastMicros uint64
	identities index[shape.Identity]
	handles    index[uint64] // by microseconds, which are unique among all handles
	ids        idtable.Table[*Entry]
	tombstones livemap.Map[shape.Handle, shape.ID]
	indexed    int
	defs       interner

	dependencies dependencies
}

// Counts are the numbers of shapes.
type Counts struct{ Total, Indexed, Unindexed int }

// New makes an empty authority. Its ids begin at 1.
func New(now func() time.Time) *Authority {
	return &Authority{
		now: now, epoch: now(),
		identities: index[shape.Identity]{
			key:  func(e *Entry) shape.Identity { return e.Identity },
			hash: func(id shape.Identity) uint64 { return binary.LittleEndian.Uint64(id[8:]) }, // of a digest
		},
		handles: index[uint64]{
			key:  func(e *Entry) uint64 { return e.Handle.Micros },
			hash: func(micros uint64) uint64 { return micros * 0x9e3779b97f4a7c15 >> 32 },
		},
		defs: newInterner(),
	}
}

// Add finds the shape of a definition or makes it; exactly one caller per shape is told that it made it. That caller sees
// to its snapshot; until then the entry has a Beginning. The entry's definition is equal to d and shares its layout with others.
func (a *Authority) Add(d *shape.Definition) (e *Entry, created bool) {
	identity := d.Identity()
	if e, ok := a.Lookup(identity); ok {
		return e, false
	}
	indexed := indexable(d)
	a.adding.Lock()
	defer a.adding.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if e := a.identities.get(identity); e != nil {
		return e, false
	}
	return a.mint(identity, d, indexed), true
}

// mint makes a shape that has never existed. The caller holds both locks.
func (a *Authority) mint(identity shape.Identity, d *shape.Definition, indexed bool) *Entry {
	a.lastMicros = max(a.lastMicros+1, uint64(a.now().UnixMicro()))
	e := a.insert(identity, shape.Handle{Hash: identity.Hash(), Micros: a.lastMicros}, d, indexed)
	e.begin()
	return e
}

// Restore takes in a shape that was on disk. Its snapshot is complete, so it has no Beginning, and it counts as read now.
func (a *Authority) Restore(h shape.Handle, d *shape.Definition, log *shapelog.Log) (*Entry, error) {
	identity := d.Identity()
	indexed := indexable(d)
	a.adding.Lock()
	defer a.adding.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lastMicros = max(a.lastMicros, h.Micros)
	if other := a.handles.get(h.Micros); other != nil {
		return nil, fmt.Errorf("restore %s: %w of %s", h, ErrDuplicate, other.Handle)
	}
	if other := a.identities.get(identity); other != nil {
		return nil, fmt.Errorf("restore %s: %w of %s", h, ErrDuplicate, other.Handle)
	}
	e := a.insert(identity, h, d, indexed)
	e.log.Store(log)
	a.Touch(e)
	return e, nil
}

func (a *Authority) insert(identity shape.Identity, h shape.Handle, d *shape.Definition, indexed bool) *Entry {
	a.lastID++
	e := &Entry{ID: a.lastID, Handle: h, Identity: identity, Def: a.defs.take(d), indexed: indexed}
	a.identities.put(e)
	a.handles.put(e)
	a.ids.Set(uint64(e.ID), e)
	if indexed {
		a.indexed++
	}
	return e
}

// Remove takes a shape, and all that depend on it, out of all maps at once, and leaves a tombstone handle → id of each until
// Confirm. It returns what was removed, each before what it depends on: nothing if the shape was not there.
func (a *Authority) Remove(e *Entry) (removed []*Entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ids.Get(uint64(e.ID)) != e {
		return nil
	}
	removed = a.withDependents(e)
	for _, e := range removed {
		a.drop(e)
	}
	return removed
}

// drop removes a shape that nothing depends on. The caller holds mu.
func (a *Authority) drop(e *Entry) {
	e.removed.Store(true)
	a.identities.drop(e)
	a.handles.drop(e)
	a.ids.Set(uint64(e.ID), nil)
	a.readBy(e)
	a.dependencies.remove(e.ID)
	a.defs.release(e.Def)
	if e.indexed {
		a.indexed--
	}
	a.tombstones.Set(e.Handle, e.ID)
}

// Confirm drops the tombstone of a removed shape: nothing routes to its id any more.
func (a *Authority) Confirm(h shape.Handle) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tombstones.Delete(h)
}

// Tombstone is the id that a removed shape had, while its removal is not confirmed.
func (a *Authority) Tombstone(h shape.Handle) (shape.ID, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.tombstones.Find(h)
}

// Lookup finds a shape by what it is.
func (a *Authority) Lookup(identity shape.Identity) (*Entry, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	e := a.identities.get(identity)
	return e, e != nil
}

// ByHandle finds a shape by its public name.
func (a *Authority) ByHandle(h shape.Handle) (*Entry, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	e := a.handles.get(h.Micros)
	if e == nil || e.Handle != h {
		return nil, false
	}
	return e, true
}

// ByID finds a shape by its id.
func (a *Authority) ByID(id shape.ID) (*Entry, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	e := a.ids.Get(uint64(id))
	return e, e != nil
}

// HandleForLog prints the handle of id for a log line, `unknown, id: <id>` when there is none.
func (a *Authority) HandleForLog(id shape.ID) string {
	if e, ok := a.ByID(id); ok {
		return e.Handle.String()
	}
	return fmt.Sprintf("unknown, id: %d", id)
}

// List is every shape in the order of ids.
func (a *Authority) List() []*Entry {
	a.mu.RLock()
	defer a.mu.RUnlock()
	all := make([]*Entry, 0, a.ids.Len())
	a.ids.All(func(_ uint64, e *Entry) bool { all = append(all, e); return true })
	return all
}

// ListByAge is every shape in the order in which they were made, over all processes. It is the order of dependencies too: a
// shape is made after those that it depends on, and every handle is greater in its microseconds than those before it. The ids
// of restored shapes are in another order.
func (a *Authority) ListByAge() []*Entry {
	all := a.List()
	byAge := func(a, b *Entry) int { return cmp.Compare(a.Handle.Micros, b.Handle.Micros) }
	if !slices.IsSortedFunc(all, byAge) {
		slices.SortFunc(all, byAge)
	}
	return all
}

// Counts are the numbers of shapes now.
func (a *Authority) Counts() Counts {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return Counts{Total: a.ids.Len(), Indexed: a.indexed, Unindexed: a.ids.Len() - a.indexed}
}

// Layouts is how many different tables and selections of columns the shapes have.
func (a *Authority) Layouts() int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return len(a.defs.equal)
}

// LeastRecentlyRead are up to n shapes in the order in which clients last read them, oldest first. Shapes that no client has
// read yet are left out, since they are still being made for someone, and those that others depend on: they count as read when
// one of these is, at the latest when it is removed.
func (a *Authority) LeastRecentlyRead(n int) []*Entry {
	if n <= 0 {
		return nil
	}
	return oldest(a.expirable(), n)
}

// expirable are the shapes that nothing depends on.
func (a *Authority) expirable() []*Entry {
	all := a.List()
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.dependencies.outer.Len() == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(e *Entry) bool { return len(a.dependencies.outer.Get(e.ID)) > 0 })
}

// indexable reports whether the filter finds the shape without evaluating a clause for every change of the table.
func indexable(d *shape.Definition) bool { return d.Where == nil || d.Where.Plan().Indexed() }

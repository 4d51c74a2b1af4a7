package inspect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrNotFound reports that there is no such table, or none that can be synced: views, foreign tables and tables without
	// columns are not found.
	ErrNotFound = errors.New("table not found")
	// ErrUnavailable reports that the catalogue could not be asked: no connection, no room for one, or no answer in time.
	ErrUnavailable = errors.New("database connection not available")
)

// loadTimeout bounds one question to the catalogue, waiting for a connection included.
const loadTimeout = 15 * time.Second

// Inspector answers from what it has read, and reads what it has not. It is safe for concurrent use; answers from the cache
// take no lock.
type Inspector struct {
	db      Querier
	cache   atomic.Pointer[cache]
	changed chan struct{}

	mu         sync.Mutex // guards what follows, and serialises writes of cache
	generation uint64     // counts Clean, Reset and Restore: what was being read before one of them is not kept
	flights    map[key]*flight
	// cleaned has what was known of tables before Clean, as often as it has changed, the oldest first: Diff compares with what
	// shapes were made from, however often what is answered has been read anew since.
	cleaned map[uint32][]*Table
}

// cache is immutable: a change makes a new one.
type cache struct {
	byName        map[name]*Table
	byOID         map[uint32]*Table
	serverVersion int // 0 when not known
}

type name struct{ schema, table string }

// key is what a load is for: a name, or an oid with the zero name.
type key struct {
	name
	oid uint32
}

// flight is a load that others may wait for. Its fields are read after done.
type flight struct {
	generation uint64 // when it began
	done       chan struct{}
	table      *Table
	err        error
	abandoned  bool // the loader's own context ended, which says nothing to others
}

// New makes an inspector that has read nothing yet.
func New(db Querier) *Inspector {
	i := &Inspector{db: db, changed: make(chan struct{}, 1), flights: make(map[key]*flight), cleaned: make(map[uint32][]*Table)}
	i.cache.Store(&cache{})
	return i
}

// Table describes the table of that name. Errors are ErrNotFound, ErrUnavailable, that of ctx, or what Postgres said.
func (i *Inspector) Table(ctx context.Context, schema, table string) (*Table, error) {
	n := name{schema, table}
	return i.get(ctx, key{name: n},
		func(c *cache) *Table { return c.byName[n] },
		func(ctx context.Context) (*Table, error) { return loadByName(ctx, i.db, schema, table) })
}

// ByOID describes the table with that oid. Errors are those of Table.
func (i *Inspector) ByOID(ctx context.Context, oid uint32) (*Table, error) {
	return i.get(ctx, key{oid: oid},
		func(c *cache) *Table { return c.byOID[oid] },
		func(ctx context.Context) (*Table, error) { return loadByOID(ctx, i.db, oid) })
}

// Cached describes the table with that oid if it is known without asking; nil when it is not.
func (i *Inspector) Cached(oid uint32) *Table { return i.cache.Load().byOID[oid] }

func (i *Inspector) get(ctx context.Context, k key, find func(*cache) *Table, load func(context.Context) (*Table, error)) (*Table, error) {
	for {
		if t := find(i.cache.Load()); t != nil {
			return t, nil
		}
		i.mu.Lock()
		if t := find(i.cache.Load()); t != nil {
			i.mu.Unlock()
			return t, nil
		}
		f := i.flights[k]
		if f == nil || f.generation != i.generation {
			f = &flight{generation: i.generation, done: make(chan struct{})}
			i.flights[k] = f
			i.mu.Unlock()
			i.fly(ctx, k, f, load)
			return f.table, f.err
		}
		i.mu.Unlock()
		select {
		case <-f.done:
			if !f.abandoned {
				return f.table, f.err
			}
		case <-ctx.Done():
			return nil, waitEnded(ctx)
		}
	}
}

// fly loads for everybody who waits for f.
func (i *Inspector) fly(ctx context.Context, k key, f *flight, load func(context.Context) (*Table, error)) {
	bounded, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	defer close(f.done)
	finished := false
	defer func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.flights[k] == f {
			delete(i.flights, k)
		}
		// A load that panicked, or that its caller gave up, says nothing to others.
		f.abandoned = !finished || f.err != nil && ctx.Err() != nil
		if finished && f.err == nil && f.generation == i.generation {
			i.keep(f.table)
		}
	}()
	f.table, f.err = load(bounded)
	finished = true
}

// waitEnded is the error of a caller whose context ends while somebody else loads.
func waitEnded(ctx context.Context) error {
	err := context.Cause(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// keep adds or replaces t; i.mu is held.
func (i *Inspector) keep(t *Table) {
	i.update(func(c *cache) {
		c.forget(c.byOID[t.OID])
		c.forget(c.byName[name{t.Table.Schema, t.Table.Name}])
		c.byOID[t.OID] = t
		c.byName[name{t.Table.Schema, t.Table.Name}] = t
	})
}

// update makes a changed copy of the cache the current one; i.mu is held.
func (i *Inspector) update(change func(*cache)) {
	old := i.cache.Load()
	c := &cache{byName: maps.Clone(old.byName), byOID: maps.Clone(old.byOID), serverVersion: old.serverVersion}
	if c.byOID == nil {
		c.byName, c.byOID = make(map[name]*Table), make(map[uint32]*Table)
	}
	change(c)
	i.cache.Store(c)
	select {
	case i.changed <- struct{}{}:
	default: // one is pending already
	}
}

func (c *cache) forget(t *Table) {
	if t == nil {
		return
	}
	delete(c.byOID, t.OID)
	delete(c.byName, name{t.Table.Schema, t.Table.Name})
}

// Clean has the table with that oid, whatever its name is now, read anew when somebody asks for it. Diff goes on comparing
// with what was known.
func (i *Inspector) Clean(oid uint32) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.generation++
	if t := i.cache.Load().byOID[oid]; t != nil {
		i.cleaned[oid] = version(i.cleaned[oid], t)
		i.update(func(c *cache) { c.forget(t) })
	}
}

// version adds t to what a table was, unless it was that last.
func version(was []*Table, t *Table) []*Table {
	if n := len(was); t == nil || n > 0 && was[n-1].sameForShapes(t) {
		return was
	}
	return append(was[:len(was):len(was)], t)
}

// Forget is Clean after Diff, when the caller has dealt with what it told. What has become known of the table since stays.
func (i *Inspector) Forget(d *Divergence) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.generation++
	oid := d.Old.OID
	later := slices.DeleteFunc(slices.Clone(i.cleaned[oid]), func(t *Table) bool { return t == d.Old || slices.Contains(d.Since, t) })
	delete(i.cleaned, oid)
	if len(later) > 0 {
		was := version(nil, d.New)
		for _, t := range later {
			was = version(was, t)
		}
		i.cleaned[oid] = was
	}
	if t := i.cache.Load().byOID[oid]; t != nil {
		i.update(func(c *cache) { c.forget(t) })
	}
}

// Reset forgets everything, the server's version too: the database may be another one.
func (i *Inspector) Reset() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.generation++
	clear(i.cleaned)
	i.update(func(c *cache) { *c = cache{} })
}

// Changed is signalled when there is something new to persist with Marshal. Signals that nobody took are one signal.
func (i *Inspector) Changed() <-chan struct{} { return i.changed }

// Diff reads all known tables again, in one question, and gives those for which shapes may not be right any more: dropped,
// renamed, or with other columns. They are found again until Forget, should the caller fail in between. What differs in other ways, such as a column that may be null now, is replaced in the cache.
func (i *Inspector) Diff(ctx context.Context) ([]Divergence, error) {
	i.mu.Lock()
	generation, before := i.generation, maps.Clone(i.cleaned)
	for oid, t := range i.cache.Load().byOID {
		before[oid] = version(before[oid], t)
	}
	i.mu.Unlock()
	if len(before) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	oids := slices.Sorted(maps.Keys(before))
	tables, err := loadAll(ctx, i.db, oids)
	if err != nil {
		return nil, err
	}
	now := make(map[uint32]*Table, len(tables))
	for _, t := range tables {
		now[t.OID] = t
	}
	var diverged []Divergence
	var same []*Table // but for what shapes do not depend on
	for _, oid := range oids {
		was, current := before[oid], now[oid]
		switch {
		case current == nil || slices.ContainsFunc(was, func(t *Table) bool { return !t.sameForShapes(current) }):
			diverged = append(diverged, Divergence{Old: was[0], New: current, Since: was[1:]})
		default:
			same = append(same, current)
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.generation == generation {
		cached := i.cache.Load().byOID
		for _, t := range same {
			delete(i.cleaned, t.OID)
			if c := cached[t.OID]; c == nil || !c.same(t) {
				i.keep(t)
			}
		}
	}
	return diverged, nil
}

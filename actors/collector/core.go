package collector

import (
	"errors"
	"fmt"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
)

// Core decides everything that the collector does. It is a plain value: no goroutine, no clock, no I/O.
type Core struct {
	run       *work.Run
	guard     guard
	router    *router
	flush     flush
	relations *relations
	filtering filtering
	ancestry  ancestry
	position  position

	passing *work.Work // on its way through its layers, nil if there is none
	layer   int        // of it, that has been handed out

	errors  uint64 // of the filter, as last told
	seq     uint64 // of the last work
	lsn     uint64 // commit LSN of the last fragment that was taken
	unended bool   // its transaction is open
}

// CoreConfig is what a Core starts from.
type CoreConfig struct {
	Run        *work.Run
	Filter     Filter
	Partitions int
	// Position is the store's: every transaction up to it is stored for every shape.
	Position uint64
	// Relations is what Core last gave to be stored of relations, nil for nothing.
	Relations []byte
	// Margin is work.SettleMargin, unless transactions are known to be closer together.
	Margin uint64
	// Asks says that Unresolved is asked before Fragment, and Resolve answers it.
	Asks bool
}

// NewCore returns a Core at the start of a run.
func NewCore(c CoreConfig) (*Core, error) {
	relations, err := loadRelations(c.Relations)
	if err != nil {
		return nil, err
	}
	return &Core{
		run: c.Run, guard: newGuard(c.Position), router: newRouter(c.Filter, c.Partitions), relations: relations,
		flush: flush{passed: c.Position}, filtering: newFiltering(c.Margin),
		ancestry: newAncestry(c.Asks), position: position{lsn: c.Position}, lsn: c.Position,
	}, nil
}

// ErrStream reports fragments that do not follow each other as those of a stream do.
var ErrStream = errors.New("fragments out of order")

// Taken is what became of a fragment.
type Taken struct {
	Duplicate bool       // it was processed before
	Work      *work.Work // nil: it concerns no shape
	Idle      bool       // it ends a transaction of which this fragment concerns no shape
}

// Unresolved returns a relation whose ancestors must be known before f is taken in, nil if there is none.
func (c *Core) Unresolved(f *change.Fragment) *change.Relation { return c.ancestry.unresolved(f) }

// Resolve tells the tables that a relation is a partition of, on every level.
func (c *Core) Resolve(rel *change.Relation, ancestors []shape.Table) {
	c.ancestry.resolve(rel, ancestors)
}

// Fragment takes in the next fragment. An error means that the stream cannot go on. It is not called while a work is Passing.
func (c *Core) Fragment(f *change.Fragment) (Taken, error) {
	if c.passing != nil {
		return Taken{}, fmt.Errorf("%w: fragment that ends at %s, while one before it is under way", ErrStream, f.Last)
	}
	fresh, err := c.guard.admit(f)
	if err != nil {
		return Taken{}, err
	}
	if !fresh {
		if f.Commit != nil {
			c.flush.repeated()
		}
		return Taken{Duplicate: true}, nil
	}
	if f.Begin == c.unended || c.unended && f.LSN != c.lsn {
		return Taken{}, fmt.Errorf("%w: fragment that ends at %s, begin %t, follows transaction %d, open %t", ErrStream, f.Last, f.Begin, c.lsn, c.unended)
	}
	c.lsn, c.unended = f.LSN, f.Commit == nil
	w := c.router.route(f, c.ancestry.expand(f.Changes))
	if w != nil {
		c.number(w)
	}
	if f.Commit != nil {
		c.flush.committed(f.LSN, c.seq)
		c.filtering.committed(f.XID, f.LSN)
	}
	if w != nil && w.Layers != nil {
		c.passing, c.layer = w, 0
	} else {
		c.passed(f)
	}
	return Taken{Work: w, Idle: f.Commit != nil && w == nil}, nil
}

// Share returns what a partition gets of the work that Fragment returned last: all, or what is in the layer that is due.
func (c *Core) Share(w *work.Work, partition int) []work.Delivery {
	return c.router.share(w, c.layer, partition)
}

// Passing reports whether a work is on its way through its layers. The stream waits until it has passed them.
func (c *Core) Passing() bool { return c.passing != nil }

// LayerDone takes in that the layer of w that was handed out is complete. It reports whether another one is due now.
func (c *Core) LayerDone(w *work.Work) bool {
	if w != c.passing {
		return false // of a former run
	}
	if c.layer++; c.layer < len(w.Layers) {
		return true
	}
	c.passing, c.layer = nil, 0
	c.passed(w.Fragment)
	return false
}

// passed takes in that all deliveries of a fragment have been handed out.
func (c *Core) passed(f *change.Fragment) {
	if f.Commit != nil {
		c.position.passed(max(f.LSN, f.Commit.EndLSN))
	}
}

// StreamReached takes in that outside of transactions the stream has got to lsn. It comes in the order of the stream.
func (c *Core) StreamReached(lsn uint64) {
	if !c.unended {
		c.position.passed(lsn)
	}
}

// Await takes in that a shape waits for the stream to get to lsn.
func (c *Core) Await(m *work.Await) { c.position.await(m.ID, m.LSN) }

// Reached returns a shape to be told that the stream has got to where it awaited it, once for each; nil when there is none.
func (c *Core) Reached() *work.Reached {
	if id, lsn, ok := c.position.reached(); ok {
		return &work.Reached{ID: id, LSN: lsn}
	}
	return nil
}

// Undecided returns how much more the filter could not decide since it was last asked, and why a lookup was given up, if one was.
func (c *Core) Undecided() (n uint64, fault error) {
	now := c.router.filter.Errors()
	n, c.errors = now-c.errors, now
	if n > 0 {
		fault = c.router.filter.Fault()
	}
	return n, fault
}

// Seq is the number of the last work.
func (c *Core) Seq() uint64 { return c.seq }

func (c *Core) number(w *work.Work) {
	c.seq++
	w.Run, w.Seq = c.run, c.seq
	w.Open()
}

// Described is what became of a relation.
type Described struct {
	// Known says that the message told nothing new.
	Known bool
	// Columns says that the columns of a known table differ; what was cached of it is then dropped by who is affected.
	Columns bool
	// Above are the tables that this one is known to be a partition of: what was cached of them is out of date too.
	Above []shape.Table
	// Invalid are the shapes that cannot be continued. They are no longer routed to.
	Invalid []shape.ID
	// Hold, if there are invalid shapes, is a work that keeps the position before them until they are removed.
	Hold *work.Work
	// Store is what is to be stored of relations, nil for no change.
	Store []byte
}

// Relation takes in the description of a table.
func (c *Core) Relation(rel *change.Relation) (Described, error) {
	c.ancestry.described(rel)
	old, n := c.relations.compare(rel)
	above := c.ancestry.parentsOf(rel.OID)
	if n == unchanged {
		return Described{Known: true, Above: above}, nil
	}
	d := Described{Columns: n == columnsChanged, Above: above, Invalid: c.router.filter.AffectedByRelation(old, rel, nil)}
	if n == columnsChanged {
		for _, pair := range c.ancestry.renamed(old, rel) {
			d.Invalid = c.router.filter.AffectedByRelation(pair[0], pair[1], d.Invalid)
		}
	}
	for _, id := range d.Invalid {
		c.forget(id)
	}
	if len(d.Invalid) > 0 {
		d.Hold = c.hold(d.Invalid)
	}
	c.relations.track(rel)
	var err error
	d.Store, err = c.relations.marshal()
	return d, err
}

// hold makes a work whose deliveries are the given shapes', to be completed as held: from the open transaction on, or from
// the next one.
func (c *Core) hold(ids []shape.ID) *work.Work {
	f := &change.Fragment{LSN: c.lsn}
	if !c.unended {
		f.LSN++
	}
	w := &work.Work{Fragment: f, Deliveries: make([]work.Delivery, len(ids))}
	for i, id := range ids {
		w.Deliveries[i].Work, w.Deliveries[i].ID = w, id
	}
	c.number(w)
	return w
}

// Add routes to a shape, from the next transaction on: nil, or work.ErrMissingDependencies when a shape that it depends on is not
// routed to.
func (c *Core) Add(m *work.AddShape) error {
	for _, id := range m.Dependencies {
		if !c.router.filter.Has(id) {
			return work.ErrMissingDependencies
		}
	}
	if len(m.Dependencies) > 0 {
		c.router.addOuter(m.ID, m.Def, m.Dependencies)
	} else {
		c.router.add(m.ID, m.Def)
	}
	c.router.layers.add(m.ID, m.Dependencies)
	if m.Partitioned || len(m.Children) > 0 {
		c.ancestry.add(m.ID, m.Def.Table, m.Children)
	}
	if m.Filtering {
		c.filtering.add(m.ID, m.Xmax)
	}
	return nil
}

// Members takes in what the result of a subquery is.
func (c *Core) Members(m *work.Members) {
	c.router.filter.Members(m.Inner, m.Columns, m.Number, m.Set)
}

// MembersMoved takes in how a result has changed. Fragments that wait for a work to pass its layers are routed after it.
func (c *Core) MembersMoved(m *work.MembersMoved) {
	c.router.filter.MembersMoved(m.Inner, m.Columns, m.Number, &m.Moves)
}

// MembersOver takes in that nobody tells of a result any more.
func (c *Core) MembersOver(m *work.MembersOver) { c.router.filter.MembersOver(m.Inner, m.Columns) }

// Settled takes in up to which results the views of a shape have lost what went.
func (c *Core) Settled(m *work.Settled) { c.router.filter.Settled(m.ID, m.Numbers) }

// Remove stops routing to a shape at once.
func (c *Core) Remove(id shape.ID) { c.forget(id) }

func (c *Core) forget(id shape.ID) {
	c.router.remove(id)
	c.filtering.remove(id)
	c.ancestry.remove(id)
	c.position.remove(id)
}

// Known takes in the xmax of a shape's snapshot.
func (c *Core) Known(id shape.ID, xmax uint64) { c.filtering.add(id, xmax) }

// FilteringOver returns a shape that must no longer compare transactions with its snapshot, once for each; false when there
// is none. position is the store's.
func (c *Core) FilteringOver(position uint64) (shape.ID, bool) { return c.filtering.over(position) }

// Durable takes in what the writer reports.
func (c *Core) Durable(m *work.Durable) {
	if m.Run == c.run {
		c.flush.synced(m.Seq, m.Hold)
	}
}

// Boundary returns the flush boundary if it has moved since it was last asked for.
func (c *Core) Boundary() (lsn uint64, moved bool) { return c.flush.boundary() }

package shapes

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"leyden/internal/idtable"
	"leyden/internal/pg/publication"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
)

// ensureTimeout is how long the preparation of a table may take for one shape.
const ensureTimeout = 5 * time.Second

// errUnused is told to those who wait for a table whose last shape has been removed.
var errUnused = errors.New("the table's shapes were removed before it was published")

// TrackerConfig is what a Tracker is made from.
type TrackerConfig struct {
	// Configure makes the publication contain exactly the wanted tables. See publication.Configure.
	Configure   func(ctx context.Context, wanted []shape.Table) (*publication.Result, *publication.Error)
	Publication string
	// Refresh is how long the publication is trusted without a look at it.
	Refresh time.Duration
	// Connected tells whether there is a database to ask.
	Connected func() bool
	// Broken is called for a table that cannot be followed, after those who wait for it were told. Not for trouble with the
	// connection.
	Broken func(oid uint32, err error)
	// Lost is called when the publication is gone or does not publish what it must.
	Lost   func(*publication.Error)
	Logger *slog.Logger
}

// Tracker knows which tables have shapes and keeps the publication to it. For a table that is published already a new shape
// costs a look at a map. Its methods may be called by any goroutine.
type Tracker struct {
	TrackerConfig

	mu     sync.Mutex
	tables map[uint32]*tracked
	shapes idtable.Table[uint32] // the oid of each shape's table
	dirty  bool                  // what is wanted differs from what was asked for last
	kick   chan struct{}         // capacity 1
	// lacksGenerated: the publication was seen not to carry generated columns.
	lacksGenerated bool
}

// tracked is a table that has shapes, or had some until lately.
type tracked struct {
	table     shape.Table
	shapes    int
	committed bool // it was in the publication when Postgres was last asked, and nobody has asked for less since
	relied    bool // shapes rely on its having been in the publication all the time
	waiters   []chan error
}

// NewTracker returns a tracker of no tables.
func NewTracker(c TrackerConfig) *Tracker {
	return &Tracker{TrackerConfig: c, tables: map[uint32]*tracked{}, kick: make(chan struct{}, 1)}
}

// Restore takes in a shape whose table has been published before.
func (t *Tracker) Restore(id shape.ID, table shape.Table) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.add(id, table).relied = true
	t.dirty = true
}

// Ensure returns when every change of the table from now on is published. Its errors are meant for the clients of the shape.
func (t *Tracker) Ensure(ctx context.Context, id shape.ID, d *shape.Definition) error {
	t.mu.Lock()
	tr := t.add(id, d.Table)
	if tr.committed {
		lacks := t.lacksGenerated
		t.mu.Unlock()
		if d.SelectsGenerated && lacks {
			return publication.NoGeneratedColumns(d.Table, t.Publication)
		}
		return nil
	}
	waiter := make(chan error, 1)
	tr.waiters = append(tr.waiters, waiter)
	t.dirty = true
	t.mu.Unlock()
	t.poke()
	timer := time.NewTimer(ensureTimeout)
	defer timer.Stop()
	select {
	case err := <-waiter:
		if err == nil && d.SelectsGenerated {
			return t.Ensure(ctx, id, d) // what the publication carries is known now
		}
		return err
	case <-timer.C:
		if !t.Connected() {
			return snapshot.NoConnection(nil)
		}
		return snapshot.TableLocked(nil)
	case <-ctx.Done():
		select {
		case err := <-waiter: // the removal that ends ctx follows from what is the matter with the table
			if err != nil {
				return err
			}
		default:
		}
		return ctx.Err()
	}
}

// Release takes a shape out. A table without shapes leaves the publication. It is safe to repeat.
func (t *Tracker) Release(id shape.ID) {
	t.mu.Lock()
	oid := t.shapes.Get(uint64(id))
	if oid == 0 {
		t.mu.Unlock()
		return
	}
	t.shapes.Set(uint64(id), 0)
	tr := t.tables[oid]
	tr.shapes--
	unused := tr.shapes == 0
	if unused {
		tr.answer(errUnused)
		t.dirty = true
	}
	t.mu.Unlock()
	if unused {
		t.poke()
	}
}

// Reset forgets what is known of the publication: it may be another one.
func (t *Tracker) Reset() {
	t.mu.Lock()
	for _, tr := range t.tables {
		tr.committed = false
	}
	t.dirty = true
	t.mu.Unlock()
	t.poke()
}

// Look has the publication compared with what is wanted, soon: something about its tables may have changed.
func (t *Tracker) Look() {
	t.mu.Lock()
	t.dirty = true
	t.mu.Unlock()
	t.poke()
}

func (t *Tracker) add(id shape.ID, table shape.Table) *tracked {
	tr := t.tables[table.OID]
	if tr == nil {
		tr = &tracked{table: table}
		t.tables[table.OID] = tr
	}
	if tr.table != table {
		tr.table, tr.committed, tr.relied = table, false, false
	}
	if t.shapes.Get(uint64(id)) == 0 {
		t.shapes.Set(uint64(id), table.OID)
		tr.shapes++
	}
	return tr
}

func (tr *tracked) answer(err error) {
	for _, w := range tr.waiters {
		w <- err
	}
	tr.waiters = nil
}

func (t *Tracker) poke() {
	select {
	case t.kick <- struct{}{}:
	default:
	}
}

// Run keeps the publication to what is wanted until ctx ends.
func (t *Tracker) Run(ctx context.Context, up func()) error {
	up()
	timer := time.NewTimer(t.Refresh)
	defer timer.Stop()
	for {
		due := false
		select {
		case <-ctx.Done():
			return nil
		case <-t.kick:
		case <-timer.C:
			due = true
		}
		t.settle(ctx, due)
		timer.Reset(t.Refresh)
	}
}

// settle asks until what is wanted has been asked for. With look it asks in any case.
func (t *Tracker) settle(ctx context.Context, look bool) {
	for ctx.Err() == nil {
		wanted, any := t.take(look)
		if !any {
			return
		}
		look = false
		result, err := t.Configure(ctx, wanted)
		t.missed(result)
		if ctx.Err() != nil {
			return
		}
		t.settled(wanted, result, err)
		if err != nil {
			return // those who waited know; the next who needs a table, or the refresh, asks again
		}
	}
}

// take gives the wanted tables if there is reason to ask. From then on tables that are not among them count as unpublished.
func (t *Tracker) take(look bool) (wanted []shape.Table, any bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.Connected() {
		// Whoever waits gets an answer when his time is up; the connection's return asks again.
		return nil, false
	}
	if !t.dirty && (!look || len(t.tables) == 0) {
		return nil, false
	}
	t.dirty = false
	for oid, tr := range t.tables {
		if tr.shapes == 0 {
			delete(t.tables, oid)
			continue
		}
		wanted = append(wanted, tr.table)
	}
	slices.SortFunc(wanted, func(a, b shape.Table) int { return cmp.Compare(a.OID, b.OID) })
	return wanted, true
}

// missed finds the tables that were not in the publication although shapes rely on it: what was written meanwhile is in no log.
// They may be back by now, even if the answer is that something failed, and would look as if they had been there all the time to
// whoever asks next.
func (t *Tracker) missed(result *publication.Result) {
	if result == nil || result.State == nil {
		return
	}
	var broken []*publication.Error
	t.mu.Lock()
	for _, s := range result.State.Tables {
		tr := t.tables[s.OID]
		if s.Published || tr == nil || tr.table != s.Table || !tr.relied {
			continue
		}
		problem := &publication.Error{Kind: publication.RelationMissing, Table: s.Table,
			Message: "Database table \"" + s.Table.Schema + "." + s.Name + "\" was missing from the publication"}
		tr.committed, tr.relied = false, false
		tr.answer(problem)
		broken = append(broken, problem)
	}
	t.mu.Unlock()
	for _, e := range broken {
		t.Broken(e.Table.OID, e)
	}
}

// settled takes the answer in. failed is about all tables.
func (t *Tracker) settled(wanted []shape.Table, result *publication.Result, failed *publication.Error) {
	problems := map[uint32]*publication.Error{}
	if result != nil {
		for _, e := range result.Failed {
			problems[e.Table.OID] = e
		}
	}
	var broken []*publication.Error
	t.mu.Lock()
	if result != nil && result.State != nil {
		t.lacksGenerated = !result.State.GeneratedColumns
	}
	for _, table := range wanted {
		tr := t.tables[table.OID]
		if tr == nil || tr.table != table {
			continue
		}
		problem := cmp.Or(failed, problems[table.OID])
		if problem == nil {
			tr.committed, tr.relied = true, true
			tr.answer(nil)
			continue
		}
		tr.answer(problem)
		if failed == nil && problem.Kind != publication.ConnectionNotAvailable {
			tr.committed, tr.relied = false, false
			broken = append(broken, problem)
		}
	}
	t.mu.Unlock()
	for _, e := range broken {
		t.Broken(e.Table.OID, e)
	}
	if failed == nil {
		return
	}
	t.Logger.Warn("the publication could not be configured", "publication", t.Publication, "error", failed)
	if failed.Kind == publication.PublicationMissing || failed.Kind == publication.PublicationIncomplete {
		t.Lost(failed)
	}
}

// Wake has the publication looked at if something is wanted: there is a database again.
func (t *Tracker) Wake() { t.poke() }

package consumer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/where"
	"leyden/persistence/shapelog"
)

var relation = &change.Relation{OID: 7, Schema: "public", Name: "items", Columns: []change.Column{{Name: "id"}, {Name: "tenant"}}}

func definition(t *testing.T, clause string) *shape.Definition {
	d := &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 7, Schema: "public", Name: "items"}, Key: []string{"id"}, Selected: []string{"id", "tenant"}}}
	if clause != "" {
		var err error
		d.Where, err = where.Compile(clause, nil, []where.Column{{Name: "id", Type: "int4", TypeMod: -1}, {Name: "tenant", Type: "int4", TypeMod: -1}})
		require.NoError(t, err)
	}
	return d
}

// harness drives one consumer. Deliveries are those of a router.
type harness struct {
	t    *testing.T
	core *Core
	ps   *change.Projections
	run  *work.Run
	seq  uint64
	late []*work.Late
}

func newHarness(t *testing.T, clause string, st State) *harness {
	h := &harness{t: t, ps: change.NewProjections()}
	h.run = &work.Run{Completed: func(*work.Work) {}, Late: func(l *work.Late) { h.late = append(h.late, l) }}
	h.core = New(work.Shape{ID: 1, Def: definition(t, clause), Log: new(shapelog.Log)}, st, h.ps, 0)
	return h
}

func live() State {
	return State{Latest: shape.SnapshotEnd, Known: true}
}

// fragment is a part of a transaction. pos is the position of the first change, last the position of the last one received.
type fragment struct {
	xid           uint32
	lsn           uint64
	begin, commit bool
	last          int64
	settled       uint64
	changes       []change.Change
}

func ins(pos int64, id, tenant string) change.Change {
	return change.Change{Op: change.Insert, Relation: relation, New: change.Tuple{[]byte(id), []byte(tenant)}, Pos: pos}
}

func (h *harness) delivery(f fragment) *work.Delivery {
	fr := &change.Fragment{XID: f.xid, LSN: f.lsn, Begin: f.begin, Changes: f.changes, Last: shape.Offset{Tx: f.lsn, Op: f.last}}
	if f.commit {
		fr.Commit = &change.Commit{}
	}
	h.seq++
	w := &work.Work{Run: h.run, Seq: h.seq, Fragment: fr, Changes: f.changes, Settled: f.settled, Emissions: change.NewEmissions(len(f.changes))}
	for i := range f.changes {
		w.Index = append(w.Index, int32(i))
	}
	w.Deliveries = []work.Delivery{{Work: w, ID: 1, Count: int32(len(f.changes)), Begin: f.begin}}
	w.Open()
	return &w.Deliveries[0]
}

func (h *harness) deliver(f fragment) (work.Result, error) {
	e := h.ps.Encoder()
	defer h.ps.Return(e)
	return h.core.Deliver(h.delivery(f), e)
}

func (h *harness) takes(f fragment) work.Result {
	h.t.Helper()
	r, err := h.deliver(f)
	require.NoError(h.t, err)
	return r
}

// tx is a whole transaction with one insert at position 0.
func tx(xid uint32, lsn uint64) fragment {
	return fragment{xid: xid, lsn: lsn, begin: true, commit: true, changes: []change.Change{ins(0, "1", "1")}}
}

func offsets(items []change.Item) []shape.Offset {
	var out []shape.Offset
	for i := range items {
		out = append(out, items[i].Offset)
	}
	return out
}

func TestATransactionIsWrittenAndCommitted(t *testing.T) {
	h := newHarness(t, "", live())
	r := h.takes(tx(5, 10))
	require.True(t, r.Commit)
	require.NotNil(t, r.Log)
	require.Equal(t, []shape.Offset{{Tx: 10}}, offsets(r.Items))
	require.True(t, r.Items[0].Last)
	require.True(t, h.core.Idle())
}

func TestATransactionWithNothingForTheShapeLeavesNoTrace(t *testing.T) {
	h := newHarness(t, "tenant = 2", live())
	require.Equal(t, work.Result{}, h.takes(tx(5, 10)))
	other := tx(6, 20)
	other.changes[0].Relation = &change.Relation{OID: 8, Columns: relation.Columns}
	require.Equal(t, work.Result{}, h.takes(other))
	require.Equal(t, shape.SnapshotEnd, h.core.latest)
}

func TestPartsOfATransactionAreWrittenAsTheyComeAndCommittedAtItsEnd(t *testing.T) {
	h := newHarness(t, "", live())
	r := h.takes(fragment{xid: 5, lsn: 10, begin: true, last: 2, changes: []change.Change{ins(0, "1", "1"), ins(2, "2", "1")}})
	require.False(t, r.Commit)
	require.Len(t, r.Items, 2)
	require.False(t, r.Items[1].Last)
	require.False(t, h.core.Idle(), "more is to come")
	require.Equal(t, shape.SnapshotEnd, h.core.latest)
	r = h.takes(fragment{xid: 5, lsn: 10, commit: true, last: 8})
	require.Empty(t, r.Items)
	require.True(t, r.Commit)
	require.NotNil(t, r.Log)
	require.Equal(t, shape.Offset{Tx: 10, Op: 2}, h.core.latest)
}

func TestOnlyTheLastItemOfATransactionIsMarked(t *testing.T) {
	h := newHarness(t, "tenant = 1", live())
	r := h.takes(fragment{xid: 5, lsn: 10, begin: true, commit: true, last: 4, changes: []change.Change{ins(0, "1", "1"), ins(2, "2", "1"), ins(4, "3", "2")}})
	require.Len(t, r.Items, 2)
	require.False(t, r.Items[0].Last)
	require.True(t, r.Items[1].Last)

	d := h.delivery(fragment{xid: 6, lsn: 20, begin: true, commit: true, last: 2, changes: []change.Change{ins(0, "1", "1"), ins(2, "2", "2")}})
	e := h.ps.Encoder()
	r, err := h.core.Deliver(d, e)
	require.NoError(t, err)
	require.True(t, r.Items[0].Last)
	shared, err := d.Work.Emissions.Emit(e, h.core.rows.projection, d.Work.Fragment, d.Work.Changes, 0, false, true, false)
	require.NoError(t, err)
	require.False(t, shared[0].Last, "what other shapes share is not touched")
}

func TestALaterFragmentWithoutAFirstIsAPanic(t *testing.T) {
	h := newHarness(t, "", live())
	require.Panics(t, func() { _, _ = h.deliver(fragment{xid: 5, lsn: 10, commit: true, last: 2}) })
}

// Spec engine §4.7 (2) and the hazard there: the transaction's last change is of another table, so its last offset is past
// the shape's, and nothing of it may be written or wait for being written.
func TestAReplayedTransactionThatOthersEndIsNotWrittenAgain(t *testing.T) {
	h := newHarness(t, "", State{Latest: shape.Offset{Tx: 10, Op: 2}, Known: true})
	require.Equal(t, work.Result{}, h.takes(fragment{xid: 5, lsn: 10, begin: true, commit: true, last: 8, changes: []change.Change{ins(0, "1", "1"), ins(2, "2", "1")}}))
	require.Equal(t, work.Result{}, h.takes(fragment{xid: 4, lsn: 9, begin: true, commit: true, last: 8, changes: []change.Change{ins(0, "1", "1")}}))
}

func TestAReplayedTransactionOfSeveralFragmentsIsNotWrittenAgain(t *testing.T) {
	h := newHarness(t, "", State{Latest: shape.Offset{Tx: 10, Op: 2}, Known: true})
	require.Equal(t, work.Result{}, h.takes(fragment{xid: 5, lsn: 10, begin: true, last: 2, changes: []change.Change{ins(0, "1", "1"), ins(2, "2", "1")}}))
	require.Equal(t, work.Result{}, h.takes(fragment{xid: 5, lsn: 10, commit: true, last: 6}))
	require.True(t, h.core.Idle())
}

func TestVisibilityDecidesWhatIsWritten(t *testing.T) {
	const epoch = uint64(3) << 32
	for name, c := range map[string]struct {
		snapshot pg.Snapshot
		xid      uint32
		written  bool
	}{
		"before xmin":                        {pg.Snapshot{Xmin: 100, Xmax: 110, Xip: []uint64{100, 105}}, 99, false},
		"running":                            {pg.Snapshot{Xmin: 100, Xmax: 110, Xip: []uint64{100, 105}}, 105, true},
		"ended between":                      {pg.Snapshot{Xmin: 100, Xmax: 110, Xip: []uint64{100, 105}}, 104, false},
		"at xmax":                            {pg.Snapshot{Xmin: 100, Xmax: 110, Xip: []uint64{100, 105}}, 110, true},
		"running, ids of a later epoch":      {pg.Snapshot{Xmin: epoch + 100, Xmax: epoch + 110, Xip: []uint64{epoch + 100, epoch + 105}}, 105, true},
		"ended, ids of a later epoch":        {pg.Snapshot{Xmin: epoch + 100, Xmax: epoch + 110, Xip: []uint64{epoch + 100}}, 105, false},
		"before the wrap, snapshot after it": {pg.Snapshot{Xmin: epoch + 2, Xmax: epoch + 2}, 4294967290, false},
		"after the wrap, snapshot before it": {pg.Snapshot{Xmin: epoch - 5, Xmax: epoch - 5}, 2, true},
		"running over the wrap":              {pg.Snapshot{Xmin: epoch - 5, Xmax: epoch + 5, Xip: []uint64{epoch - 5, epoch + 1}}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, "", State{Latest: shape.SnapshotEnd, Known: true, Filtering: true, Snapshot: c.snapshot})
			require.Equal(t, c.written, h.takes(tx(c.xid, 10)).Commit)

			held := newHarness(t, "", State{Latest: shape.SnapshotEnd})
			require.True(t, held.takes(tx(c.xid, 10)).Held)
			late, err := held.core.SnapshotKnown(c.snapshot)
			require.NoError(t, err)
			require.Equal(t, c.written, len(late.Parts) == 1)
		})
	}
}

func TestAVisibleTransactionIsSkippedInAllItsParts(t *testing.T) {
	h := newHarness(t, "", State{Latest: shape.SnapshotEnd, Known: true, Filtering: true, Snapshot: pg.Snapshot{Xmin: 100, Xmax: 100}})
	require.Equal(t, work.Result{}, h.takes(fragment{xid: 99, lsn: 10, begin: true, changes: []change.Change{ins(0, "1", "1")}}))
	require.Equal(t, work.Result{}, h.takes(fragment{xid: 99, lsn: 10, last: 2, changes: []change.Change{ins(2, "1", "1")}}))
	require.Equal(t, work.Result{}, h.takes(fragment{xid: 99, lsn: 10, commit: true, last: 2}))
}

func TestFilteringEndsWhenNoTransactionOfTheSnapshotCanComeAgain(t *testing.T) {
	h := newHarness(t, "", State{Latest: shape.SnapshotEnd, Known: true, Filtering: true, Snapshot: pg.Snapshot{Xmin: 100, Xmax: 100}})
	require.False(t, h.takes(tx(100, 10)).FilteringDone, "10 can still be sent again, and what is before it")
	f := tx(101, 20)
	f.settled = 9
	require.False(t, h.takes(f).FilteringDone)
	f = tx(102, 30)
	f.settled = 10
	r := h.takes(f)
	require.True(t, r.FilteringDone)
	require.NotNil(t, r.Log)
	f = tx(103, 40)
	f.settled = 40
	require.False(t, h.takes(f).FilteringDone, "once")
}

func TestTheEndOfFilteringIsStoredEvenIfNothingElseIs(t *testing.T) {
	h := newHarness(t, "tenant = 2", State{Latest: shape.SnapshotEnd, Known: true, Filtering: true, Snapshot: pg.Snapshot{Xmin: 100, Xmax: 100}})
	h.takes(tx(100, 10))
	f := tx(101, 20)
	f.settled = 10
	r := h.takes(f)
	require.True(t, r.FilteringDone)
	require.NotNil(t, r.Log)
	require.False(t, r.Commit)
}

// Hazard: a commit is in the log before others can see it. 100 was logged before 99, but 99 was visible first, so that the
// snapshot contains 99 and not 100.
func TestAVisibleTransactionAfterAnInvisibleOneIsStillSkipped(t *testing.T) {
	h := newHarness(t, "", State{Latest: shape.SnapshotEnd, Known: true, Filtering: true, Snapshot: pg.Snapshot{Xmin: 100, Xmax: 100}})
	h.core.margin = 10
	require.True(t, h.takes(tx(100, 10)).Commit)
	f := tx(99, 20)
	f.settled = 10
	require.Equal(t, work.Result{}, h.takes(f))
	h.takes(tx(110, 30))
	f = tx(111, 40)
	f.settled = 30
	require.True(t, h.takes(f).FilteringDone)
}

func TestHeldTransactionsComeInOrderWithoutThoseOfTheSnapshot(t *testing.T) {
	h := newHarness(t, "", State{Latest: shape.SnapshotEnd})
	require.True(t, h.takes(tx(99, 10)).Held)
	require.True(t, h.takes(tx(101, 20)).Held)
	require.True(t, h.takes(fragment{xid: 102, lsn: 30, begin: true, changes: []change.Change{ins(0, "1", "1")}}).Held)
	require.True(t, h.takes(fragment{xid: 102, lsn: 30, commit: true, last: 2, changes: []change.Change{ins(2, "2", "1")}}).Held)
	require.True(t, h.takes(fragment{xid: 103, lsn: 40, begin: true, changes: []change.Change{ins(0, "1", "1")}}).Held)
	require.False(t, h.core.Idle())
	require.Positive(t, h.core.heldBytes)

	late, err := h.core.SnapshotKnown(pg.Snapshot{Xmin: 100, Xmax: 100})
	require.NoError(t, err)
	require.EqualValues(t, 5, late.Seq)
	require.Same(t, h.run, late.Run)
	var got []shape.Offset
	var commits []bool
	for _, p := range late.Parts {
		got = append(got, offsets(p.Items)...)
		commits = append(commits, p.Commit)
	}
	require.Equal(t, []shape.Offset{{Tx: 20}, {Tx: 30}, {Tx: 30, Op: 2}, {Tx: 40}}, got)
	require.Equal(t, []bool{true, false, true, false}, commits)
	require.Zero(t, h.core.heldBytes)

	r := h.takes(fragment{xid: 103, lsn: 40, commit: true, last: 2, changes: []change.Change{ins(2, "2", "1")}})
	require.False(t, r.Held)
	require.True(t, r.Commit)
	require.False(t, h.core.Idle(), "the store does not know the snapshot")
	require.True(t, h.core.NeedsStored())
	h.core.Stored()
	require.True(t, h.core.Idle())

	late, err = h.core.SnapshotKnown(pg.Snapshot{Xmin: 1, Xmax: 1})
	require.NoError(t, err)
	require.Nil(t, late, "a repetition says nothing new")
}

func TestASnapshotWithoutHeldTransactionsNeedsNoLate(t *testing.T) {
	h := newHarness(t, "", State{Latest: shape.SnapshotEnd})
	late, err := h.core.SnapshotKnown(pg.Snapshot{Xmin: 100, Xmax: 100})
	require.NoError(t, err)
	require.Nil(t, late)
	require.Equal(t, work.Result{}, h.takes(tx(99, 10)))
	require.True(t, h.takes(tx(100, 20)).Commit)
}

func TestHeldTransactionsThatAreAllInTheSnapshotAreResolved(t *testing.T) {
	h := newHarness(t, "", State{Latest: shape.SnapshotEnd})
	h.takes(tx(99, 10))
	late, err := h.core.SnapshotKnown(pg.Snapshot{Xmin: 100, Xmax: 100})
	require.NoError(t, err)
	require.NotNil(t, late)
	require.Empty(t, late.Parts)
	require.EqualValues(t, 1, late.Seq)
}

func truncate() change.Change { return change.Change{Op: change.Truncate, Relation: relation, Pos: 2} }

func TestATruncationEndsTheShape(t *testing.T) {
	h := newHarness(t, "tenant = 2", live())
	r, err := h.deliver(fragment{xid: 5, lsn: 10, begin: true, commit: true, last: 2, changes: []change.Change{ins(0, "1", "1"), truncate()}})
	require.ErrorIs(t, err, work.ErrTruncated)
	require.Equal(t, work.Result{Held: true}, r)
	r, err = h.deliver(tx(6, 20))
	require.NoError(t, err, "said once")
	require.Equal(t, work.Result{Held: true}, r)
	require.False(t, h.core.Idle(), "it must not be built again")
	late, err := h.core.SnapshotKnown(pg.Snapshot{Xmin: 1, Xmax: 1})
	require.NoError(t, err)
	require.Nil(t, late)
}

func TestATruncationThatTheSnapshotContainsDoesNotEndTheShape(t *testing.T) {
	truncation := fragment{xid: 99, lsn: 10, begin: true, commit: true, last: 2, changes: []change.Change{truncate()}}
	h := newHarness(t, "", State{Latest: shape.SnapshotEnd, Known: true, Filtering: true, Snapshot: pg.Snapshot{Xmin: 100, Xmax: 100}})
	require.Equal(t, work.Result{}, h.takes(truncation))

	held := newHarness(t, "", State{Latest: shape.SnapshotEnd})
	require.True(t, held.takes(truncation).Held)
	_, err := held.core.SnapshotKnown(pg.Snapshot{Xmin: 100, Xmax: 100})
	require.NoError(t, err)

	held = newHarness(t, "", State{Latest: shape.SnapshotEnd})
	require.True(t, held.takes(truncation).Held)
	_, err = held.core.SnapshotKnown(pg.Snapshot{Xmin: 99, Xmax: 99})
	require.ErrorIs(t, err, work.ErrTruncated)
	require.True(t, held.takes(tx(101, 20)).Held)
}

func TestARelationWithoutAColumnOfTheShapeEndsIt(t *testing.T) {
	for _, clause := range []string{"", "tenant = 1"} {
		h := newHarness(t, clause, live())
		f := tx(5, 10)
		f.changes[0].Relation = &change.Relation{OID: 7, Schema: "public", Name: "items", Columns: relation.Columns[:1]}
		f.changes[0].New = f.changes[0].New[:1]
		_, err := h.deliver(f)
		require.Error(t, err)
	}
}

func TestWhereTransitions(t *testing.T) {
	update := func(from, to string) fragment {
		return fragment{xid: 5, lsn: 10, begin: true, commit: true, changes: []change.Change{{
			Op: change.Update, Relation: relation, Old: change.Tuple{[]byte("1"), []byte(from)}, New: change.Tuple{[]byte("1"), []byte(to)},
		}}}
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"comes in":       {"1", "2", `"operation":"insert"`},
		"leaves":         {"2", "1", `"operation":"delete"`},
		"stays out":      {"1", "3", ""},
		"cannot be told": {"x", "3", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newHarness(t, "tenant = 2", live()).takes(update(c.from, c.to))
			if c.want == "" {
				require.Empty(t, r.Items)
				return
			}
			require.Contains(t, string(r.Items[0].JSON), c.want)
		})
	}
	r := newHarness(t, "tenant > 1", live()).takes(update("2", "3"))
	require.Contains(t, string(r.Items[0].JSON), `"operation":"update"`)
}

func TestARowOnWhichTheClauseFailsIsNotInTheShape(t *testing.T) {
	h := newHarness(t, "tenant > 1", live())
	f := tx(5, 10)
	f.changes[0].New[1] = []byte("not a number")
	require.Empty(t, h.takes(f).Items)
}

func TestAClauseFollowsEachRelationVersion(t *testing.T) {
	h := newHarness(t, "tenant = 1", live())
	swapped := &change.Relation{OID: 7, Schema: "public", Name: "items", Columns: []change.Column{{Name: "tenant"}, {Name: "id"}}}
	for i := range uint64(6) {
		f := tx(uint32(i), 10*i+10)
		if i%2 == 1 {
			f.changes[0].Relation, f.changes[0].New = swapped, change.Tuple{[]byte("1"), []byte("9")}
		}
		require.Len(t, h.takes(f).Items, 1)
	}
	require.Len(t, h.core.rows.others, 2)
}

package consumer

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// shelf is a store with shapes whose snapshots are complete.
type shelf struct {
	t     *testing.T
	fs    vfs.FS
	store *shapelog.Store
	made  uint64
}

func newShelf(t *testing.T) *shelf {
	s := &shelf{t: t, fs: vfs.NewMem()}
	s.open()
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	return s
}

func (s *shelf) open() {
	var err error
	s.store, err = shapelog.Open(s.fs, "store", shapelog.Options{})
	require.NoError(s.t, err)
}

func (s *shelf) create(snapshot pg.Snapshot) *shapelog.Log {
	s.made++
	log, err := s.store.Create(shape.Handle{Hash: 1, Micros: s.made}, definition(s.t, ""))
	require.NoError(s.t, err)
	w := log.SnapshotWriter()
	require.NoError(s.t, w.Known(snapshot))
	require.NoError(s.t, w.Finish())
	return log
}

// restart opens the store again, and returns the log of the shape that was made as the nth.
func (s *shelf) restart(nth uint64) (log *shapelog.Log) {
	require.NoError(s.t, s.store.Close())
	s.open()
	require.NoError(s.t, s.store.Load(func(r shapelog.Record) error {
		if l := s.store.Log(r); r.Handle.Micros == nth {
			log = l
		}
		return nil
	}))
	return log
}

// take has a consumer take in a transaction with one insert, and returns how many items that makes.
func (s *shelf) take(c *Core, xid uint32, lsn uint64) int {
	d := &work.Delivery{Count: 1, Begin: true, Work: &work.Work{
		Fragment: &change.Fragment{XID: xid, LSN: lsn, Begin: true, Commit: &change.Commit{}, Last: shape.Offset{Tx: lsn}},
		Changes:  []change.Change{ins(0, "1", "1")}, Index: []int32{0}, Emissions: change.NewEmissions(1),
	}}
	require.NoError(s.t, Recall(c, c.log, d))
	r, err := c.Deliver(d, change.NewProjections().Encoder())
	require.NoError(s.t, err)
	require.Equal(s.t, len(r.Items) > 0, r.Commit)
	return len(r.Items)
}

func revive(t require.TestingT, log *shapelog.Log, def *shape.Definition) *Core {
	st, err := ReadState(log)
	require.NoError(t, err)
	return New(work.Shape{ID: 1, Def: def, Log: log}, st, change.NewProjections(), 0)
}

func TestAConsumerReadsItsSnapshotForATransactionThatASnapshotMayContain(t *testing.T) {
	s := newShelf(t)
	s.create(pg.Snapshot{Xmin: 10, Xmax: 20, Xip: []uint64{12, 15}})
	s.create(pg.Snapshot{Xmin: 40, Xmax: 40})
	for xid, want := range map[uint32]struct {
		items int
		read  bool
	}{
		9: {0, true}, 11: {0, true}, 12: {1, true}, 20: {1, true}, 39: {1, true}, 40: {1, false}, 1 << 30: {1, false},
	} {
		log := s.restart(1)
		c := revive(t, log, definition(t, ""))
		require.True(t, c.Idle())
		require.Equal(t, want.items, s.take(c, xid, 100), "transaction %d", xid)
		require.Equal(t, want.read, !c.unread, "transaction %d", xid)
	}
}

func TestAConsumerWhoseFilteringIsOverNeverReadsItsSnapshot(t *testing.T) {
	s := newShelf(t)
	log := s.create(pg.Snapshot{Xmin: 10, Xmax: 20})
	require.NoError(t, s.store.Apply([]shapelog.Batch{{Appends: []shapelog.Append{{Log: log, FilteringDone: true}}}}))
	for range 2 {
		st, err := ReadState(log)
		require.NoError(t, err)
		require.Equal(t, State{Latest: shape.SnapshotEnd, Known: true}, st)
		log = s.restart(1)
	}
}

func TestAConsumerThatHasNotReadItsSnapshotGoesByTheWordOfOthersThatItsFilteringIsOver(t *testing.T) {
	s := newShelf(t)
	c := revive(t, s.create(pg.Snapshot{Xmin: 10, Xmax: 20}), definition(t, ""))
	require.True(t, c.unread)
	require.True(t, c.FilteringOver())
	require.Equal(t, 1, s.take(c, 11, 100))
	require.True(t, c.unread)
}

func TestAnIncompleteSnapshotIsReadAtOnce(t *testing.T) {
	s := newShelf(t)
	log, err := s.store.Create(shape.Handle{Hash: 1, Micros: 1}, definition(t, ""))
	require.NoError(t, err)
	st, err := ReadState(log)
	require.NoError(t, err)
	require.Equal(t, State{Latest: shape.SnapshotEnd}, st)
	w := log.SnapshotWriter()
	require.NoError(t, w.Known(pg.Snapshot{Xmin: 10, Xmax: 20}))
	st, err = ReadState(log)
	require.NoError(t, err)
	require.Equal(t, State{Latest: shape.SnapshotEnd, Known: true, Filtering: true, Snapshot: pg.Snapshot{Xmin: 10, Xmax: 20}}, st)
	w.Abort()
}

// A revived consumer decides as one that knows its snapshot, whatever comes, also around the end of the 32-bit ids.
func TestARevivedConsumerDecidesAsOneThatKnowsItsSnapshot(t *testing.T) {
	for _, base := range []uint64{100, 1<<31 - 8, 1<<32 - 8, 5<<32 + 1<<31 - 8} {
		decidesAlike(t, base)
	}
}

func decidesAlike(t *testing.T, base uint64) {
	s, def := newShelf(t), definition(t, "")
	rapid.Check(t, func(t *rapid.T) {
		snapshot := func() pg.Snapshot {
			xmin := base + rapid.Uint64Range(0, 8).Draw(t, "xmin")
			sn := pg.Snapshot{Xmin: xmin, Xmax: xmin}
			for range rapid.IntRange(0, 6).Draw(t, "running") {
				if rapid.Bool().Draw(t, "in progress") {
					sn.Xip = append(sn.Xip, sn.Xmax)
				}
				sn.Xmax++
			}
			return sn
		}
		mine := snapshot()
		log := s.create(mine)
		s.create(snapshot())
		revived := revive(t, log, def)
		knowing := New(work.Shape{ID: 1, Def: def, Log: log}, State{Latest: shape.SnapshotEnd, Known: true, Filtering: true, Snapshot: mine}, change.NewProjections(), 0)
		for i := range rapid.Uint64Range(1, 8).Draw(t, "transactions") {
			xid := uint32(base + rapid.Uint64Range(0, 20).Draw(t, "xid"))
			lsn := 100 + 10*i
			require.Equal(t, s.take(knowing, xid, lsn), s.take(revived, xid, lsn), "transaction %d of %v", xid, mine)
		}
	})
}

// asked is an actor's context with one message.
type asked struct {
	actor.Context
	message any
}

func (a asked) Message() any { return a.message }

func TestAConsumerDoesNotSleepBeforeItsLogHasWhatItHasHandedIn(t *testing.T) {
	s := newShelf(t)
	log := s.create(pg.Snapshot{Xmin: 10, Xmax: 20})
	c := NewActor(&Host{Projections: change.NewProjections(), Metrics: &work.Metrics{}}, work.Shape{ID: 1, Def: definition(t, ""), Log: log}).(*Consumer)
	c.Receive(asked{message: &actor.Started{}})
	sleeps := func() bool {
		sleep := &Sleep{}
		c.Receive(asked{message: sleep})
		return sleep.Agreed()
	}
	require.True(t, sleeps())
	d := &work.Delivery{ID: 1, Count: 1, Begin: true, Work: &work.Work{
		Run:      &work.Run{Completed: func(*work.Work) {}},
		Fragment: &change.Fragment{XID: 30, LSN: 100, Begin: true, Commit: &change.Commit{}, Last: shape.Offset{Tx: 100}},
		Changes:  []change.Change{ins(0, "1", "1")}, Index: []int32{0}, Emissions: change.NewEmissions(1),
	}}
	c.Receive(asked{message: d})
	require.Len(t, d.Result.Items, 1)
	require.False(t, sleeps())
	require.NoError(t, s.store.Apply([]shapelog.Batch{{Appends: []shapelog.Append{{Log: log, Items: d.Result.Items, Commit: true}}}}))
	require.True(t, sleeps())
}

package materializer_test

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/actors/mailbox"
	"leyden/actors/materializer"
	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/internal/where"
	"leyden/persistence/shapelog"
)

// Protoactor counts dead letters by the second, with a goroutine that nobody can stop.
const deadLetters = "github.com/asynkron/protoactor-go/actor.NewDeadLetter.NewThrottle.func4.1"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(deadLetters)) }

var members = &change.Relation{OID: 7, Schema: "public", Name: "members", Columns: []change.Column{{Name: "id"}, {Name: "grp"}}}

// house runs one materializer over the groups of a table of members, in place of its partition.
type house struct {
	t      *testing.T
	store  *shapelog.Store
	log    *shapelog.Log
	system *actor.ActorSystem
	pid    *actor.PID
	built  chan *materializer.Built

	mu      sync.Mutex
	told    []any // what was sent, to the collector and to partitions, in order
	invalid []error
}

func newHouse(t *testing.T, from shape.Offset) *house {
	h := &house{t: t, built: make(chan *materializer.Built, 1), system: actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))}
	var err error
	h.store, err = shapelog.Open(vfs.NewMem(), "store", shapelog.Options{})
	require.NoError(t, err)
	d := &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 7, Schema: "public", Name: "members"}, Key: []string{"id"}, Selected: []string{"grp", "id"}}}
	h.log, err = h.store.Create(shape.Handle{Hash: 1, Micros: 1}, d)
	require.NoError(t, err)
	w := h.log.SnapshotWriter()
	require.NoError(t, w.Known(pg.Snapshot{Xmin: 1, Xmax: 1}))
	for id, grp := range []string{"a", "a", "b"} {
		require.NoError(t, w.Row(fmt.Appendf(nil, `{"key":"\"public\".\"members\"/\"%d\"","value":{"grp":"%s","id":"%d"},"headers":{"operation":"insert"}}`, id, grp, id)))
	}
	require.NoError(t, w.Finish())
	h.pid = h.system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor {
		return materializer.New(materializer.Config{
			Inner: work.Shape{ID: 1, Def: d, Log: h.log}, Columns: []string{"grp"}, Canon: []where.Canon{where.CanonText}, From: from,
			Post: func(id shape.ID, m any) {
				if b, ok := m.(*materializer.Built); ok {
					h.built <- b
					return
				}
				h.note(m)
			},
			Tell:       h.note,
			Invalidate: func(_ shape.ID, err error) { h.mu.Lock(); h.invalid = append(h.invalid, err); h.mu.Unlock() },
			Behind:     work.NewBehind(&work.Progress{}),
			Metrics:    &work.Metrics{}, Logger: slog.New(slog.DiscardHandler),
		})
	}, actor.WithMailbox(mailbox.Inline)))
	t.Cleanup(func() {
		require.NoError(t, h.system.Root.StopFuture(h.pid).Wait())
		require.NoError(t, h.store.Close())
		h.system.Shutdown()
	})
	return h
}

func (h *house) note(m any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, m)
}

func (h *house) send(m any) { h.system.Root.Send(h.pid, m) }

// ready waits until the log has been read.
func (h *house) ready() { h.send(<-h.built) }

// takes are what was told since it was last asked.
func (h *house) takes() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, m := range h.told {
		switch m := m.(type) {
		case *work.Members:
			out = append(out, fmt.Sprintf("result %d %v", m.Number, all(m.Set)))
		case *work.MembersMoved:
			out = append(out, fmt.Sprintf("moved %d", m.Number))
		case *work.MembersOver:
			out = append(out, "over")
		case *work.View:
			out = append(out, fmt.Sprintf("shape %d.%d: %d %v", m.ID, m.Dependency, m.Number, all(m.Set)))
		case *work.Moved:
			out = append(out, fmt.Sprintf("shape %d.%d: %d +%v -%v of %v", m.ID, m.Dependency, m.Number, texts(m.In), texts(m.Out), m.XIDs))
		}
	}
	h.told = nil
	return out
}

func all(s subquery.Set) []string { return texts(slices.Collect(s.All())) }

func texts(values []subquery.Value) []string {
	out := []string{}
	for _, v := range values {
		for text := range v.Cells() {
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return out
}

func row(id, grp string) change.Tuple { return change.Tuple{[]byte(id), []byte(grp)} }

func insert(id, grp string) materializer.Change {
	return materializer.Change{Change: &change.Change{Op: change.Insert, Relation: members, New: row(id, grp)}, InNew: true}
}

func remove(id, grp string) materializer.Change {
	return materializer.Change{Change: &change.Change{Op: change.Delete, Relation: members, Old: row(id, grp)}, InOld: true}
}

func attach(outer shape.ID, dependency int) *work.Attach {
	return &work.Attach{Inner: 1, Outer: outer, Dependency: dependency, Columns: []string{"grp"}, Canon: []where.Canon{where.CanonText}}
}

func TestTheResultIsToldBeforeAnyChangeOfIt(t *testing.T) {
	h := newHouse(t, shape.SnapshotEnd)
	h.send(attach(5, 0))
	h.send(&materializer.Feed{Changes: []materializer.Change{insert("9", "c"), remove("2", "b")}, Commit: true, XIDs: []uint64{77}}) // while the log is read
	require.Empty(t, h.takes())
	h.ready()
	require.Equal(t, []string{"result 1 [a b]", "shape 5.0: 1 [a b]", "moved 2", "shape 5.0: 2 +[c] -[b] of [77]"}, h.takes())
	h.send(attach(6, 1))
	require.Equal(t, []string{"result 2 [a c]", "shape 6.1: 2 [a c]"}, h.takes())
}

func TestOnlyAChangeOfTheResultIsTold(t *testing.T) {
	h := newHouse(t, shape.SnapshotEnd)
	h.send(attach(5, 0))
	h.ready()
	h.takes()
	h.send(&materializer.Feed{Changes: []materializer.Change{remove("0", "a")}, Commit: true, XIDs: []uint64{1}}) // there is another
	h.send(&materializer.Feed{Changes: []materializer.Change{insert("9", "c"), remove("9", "c")}, Commit: true, XIDs: []uint64{2}})
	require.Empty(t, h.takes())
	h.send(&materializer.Feed{Changes: []materializer.Change{remove("1", "a")}})
	require.Empty(t, h.takes(), "the transaction is open")
	h.send(&materializer.Feed{Commit: true, XIDs: []uint64{3}})
	require.Equal(t, []string{"moved 2", "shape 5.0: 2 +[] -[a] of [3]"}, h.takes())
}

func TestWhoLeavesIsToldNothingMore(t *testing.T) {
	h := newHouse(t, shape.SnapshotEnd)
	h.send(attach(5, 0))
	h.send(attach(5, 2))
	h.send(attach(6, 0))
	h.ready()
	h.takes()
	leave := &materializer.Leave{Outer: 5}
	h.send(leave)
	require.Equal(t, 1, leave.Left)
	h.send(&materializer.Feed{Changes: []materializer.Change{insert("9", "c")}, Commit: true, XIDs: []uint64{1}})
	require.Equal(t, []string{"moved 2", "shape 6.0: 2 +[c] -[] of [1]"}, h.takes())
	leave = &materializer.Leave{Outer: 6}
	h.send(leave)
	require.Zero(t, leave.Left)
}

func TestTheLogIsAwaitedUpToWhereTheConsumerWas(t *testing.T) {
	h := newHouse(t, shape.Offset{Tx: 50})
	h.send(attach(5, 0))
	require.NoError(t, h.store.Apply([]shapelog.Batch{{Appends: []shapelog.Append{{Log: h.log, Commit: true, Items: []change.Item{
		{Offset: shape.Offset{Tx: 50}, JSON: []byte(`{"key":"\"public\".\"members\"/\"2\"","value":{"id":"2","grp":"z"},"headers":{"operation":"update","txids":[3]}}`)},
	}}}}}))
	h.ready()
	require.Equal(t, []string{"result 1 [a z]", "shape 5.0: 1 [a z]"}, h.takes())
}

func TestAChangeThatCannotBeEndsTheShape(t *testing.T) {
	h := newHouse(t, shape.SnapshotEnd)
	h.send(attach(5, 0))
	h.ready()
	h.takes()
	h.send(&materializer.Feed{Changes: []materializer.Change{remove("8", "nobody")}, Commit: true, XIDs: []uint64{1}})
	require.Len(t, h.invalid, 1)
	require.ErrorIs(t, h.invalid[0], subquery.ErrLog)
	h.send(&materializer.Feed{Changes: []materializer.Change{insert("9", "c")}, Commit: true, XIDs: []uint64{2}})
	require.Empty(t, h.takes())
	ask := &materializer.Look{}
	h.send(ask)
	require.Error(t, ask.Ended)
}

func TestAMaterializerThatEndsWhileItReadsLeavesNothing(t *testing.T) {
	h := newHouse(t, shape.Offset{Tx: 1 << 40}) // which never comes
	h.send(attach(5, 0))
	require.Empty(t, h.takes())
}

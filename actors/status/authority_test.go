package status_test

import (
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"leyden/actors/status"
	"leyden/internal/shape"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func definition(table int) *shape.Definition {
	return &shape.Definition{Layout: &shape.Layout{
		Table: shape.Table{OID: uint32(table), Schema: "public", Name: "t" + strconv.Itoa(table)},
		Key:   []string{"id"}, Selected: []string{"id", "name"}, SelectsAll: true,
	}}
}

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func TestIdsGrowFromOneAndHandlesAreMonotonicUnderAStoppedClock(t *testing.T) {
	c := &clock{at: time.UnixMicro(1000)}
	a := status.New(c.now)
	first, created := a.Add(definition(1))
	require.True(t, created)
	second, _ := a.Add(definition(2))
	require.Equal(t, shape.ID(1), first.ID)
	require.Equal(t, shape.ID(2), second.ID)
	require.Equal(t, uint64(1000), first.Handle.Micros)
	require.Equal(t, uint64(1001), second.Handle.Micros)
	require.Equal(t, first.Identity.Hash(), first.Handle.Hash)
	c.at = time.UnixMicro(500)
	third, _ := a.Add(definition(3))
	require.Equal(t, uint64(1002), third.Handle.Micros)
}

func TestARestoredHandleIsNeverMintedAgain(t *testing.T) {
	a := status.New((&clock{at: time.UnixMicro(10)}).now)
	h := shape.Handle{Hash: 7, Micros: 5000}
	e, err := a.Restore(h, definition(1), nil)
	require.NoError(t, err)
	require.Nil(t, e.Beginning())
	require.Equal(t, []*status.Entry{e}, a.Remove(e))
	again, _ := a.Add(definition(1))
	require.Equal(t, uint64(5001), again.Handle.Micros)
	_, err = a.Restore(shape.Handle{Hash: 1, Micros: 5001}, definition(9), nil)
	require.ErrorIs(t, err, status.ErrDuplicate)
	_, err = a.Restore(shape.Handle{Hash: 1, Micros: 9}, definition(1), nil)
	require.ErrorIs(t, err, status.ErrDuplicate)
}

func TestConcurrentAddsOfOneDefinitionMakeOneShape(t *testing.T) {
	a := status.New(time.Now)
	var wg sync.WaitGroup
	var mu sync.Mutex
	makers, seen := 0, map[*status.Entry]bool{}
	for range 16 {
		wg.Go(func() {
			e, created := a.Add(definition(1))
			mu.Lock()
			defer mu.Unlock()
			seen[e] = true
			if created {
				makers++
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, makers)
	require.Len(t, seen, 1)
}

func TestConcurrentAddAndRemoveOfOneDefinitionLeaveNothing(t *testing.T) {
	a := status.New(time.Now)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				e, _ := a.Add(definition(1))
				if len(a.Remove(e)) > 0 {
					a.Confirm(e.Handle)
				}
			}
		})
	}
	wg.Wait()
	require.Zero(t, a.Counts().Total)
	require.Empty(t, a.List())
}

func TestARemovedShapeIsKnownByItsTombstoneUntilConfirmed(t *testing.T) {
	a := status.New(time.Now)
	e, _ := a.Add(definition(1))
	require.Equal(t, e.Handle.String(), a.HandleForLog(e.ID))
	require.Equal(t, []*status.Entry{e}, a.Remove(e))
	require.Empty(t, a.Remove(e))
	require.True(t, e.Removed())
	require.Equal(t, "unknown, id: 1", a.HandleForLog(e.ID))
	id, ok := a.Tombstone(e.Handle)
	require.True(t, ok)
	require.Equal(t, e.ID, id)
	a.Confirm(e.Handle)
	_, ok = a.Tombstone(e.Handle)
	require.False(t, ok)
}

func TestTheBeginningOfAShapeEndsOnce(t *testing.T) {
	a := status.New(time.Now)
	e, _ := a.Add(definition(1))
	b := e.Beginning()
	require.NotNil(t, b)
	e.Failed(status.Rotated(nil))
	e.Failed(nil)
	<-b.Done()
	require.Error(t, b.Err())
	require.Same(t, b, e.Beginning(), "a failure is told to late comers too")

	e, _ = a.Add(definition(2))
	b = e.Beginning()
	e.Started()
	e.Failed(status.Rotated(nil))
	<-b.Done()
	require.NoError(t, b.Err())
	require.Nil(t, e.Beginning())
}

func TestTheLeastRecentlyReadComeFirstAndUnreadOnesNever(t *testing.T) {
	c := &clock{at: time.Unix(100, 0)}
	a := status.New(c.now)
	var all []*status.Entry
	for i := range 6 {
		e, _ := a.Add(definition(i))
		all = append(all, e)
	}
	for _, i := range []int{3, 0, 5, 1} {
		c.at = c.at.Add(time.Second)
		a.Touch(all[i])
	}
	require.Equal(t, []*status.Entry{all[3], all[0], all[5]}, a.LeastRecentlyRead(3))
	require.Len(t, a.LeastRecentlyRead(100), 4)
	require.Empty(t, a.LeastRecentlyRead(0))
	require.Equal(t, c.at, a.LastRead(all[1]))
	require.True(t, a.LastRead(all[2]).IsZero())
}

func TestDefinitionsOverOneTableShareTheirNames(t *testing.T) {
	a := status.New(time.Now)
	one, other := definition(1), definition(1)
	other.Replica = shape.ReplicaFull
	x, _ := a.Add(one)
	y, _ := a.Add(other)
	require.NotSame(t, x, y)
	require.Same(t, &x.Def.Selected[0], &y.Def.Selected[0])
	require.Equal(t, one, x.Def)
	require.Equal(t, other, y.Def)
	require.Equal(t, one.Identity(), x.Def.Identity())
}

// The guarantees G1–G5 of spec engine §2.10 that concern the maps.
func TestTheMapsAreInverseAndIdsAreNeverReused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &clock{at: time.UnixMicro(50)}
		a := status.New(c.now)
		live := map[shape.Identity]*status.Entry{}
		used := map[shape.ID]bool{}
		handles := map[shape.Handle]bool{}
		names := map[*status.Entry]shape.ID{}
		note := func(e *status.Entry) {
			if used[e.ID] || handles[e.Handle] || e.ID == 0 {
				t.Fatalf("id %d or handle %s was used before", e.ID, e.Handle)
			}
			used[e.ID], handles[e.Handle] = true, true
			live[e.Identity], names[e] = e, e.ID
		}
		pick := func() *status.Entry {
			all := a.List()
			return all[rapid.IntRange(0, len(all)-1).Draw(t, "which")]
		}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			c.at = c.at.Add(time.Duration(rapid.IntRange(-3, 5).Draw(t, "µs")) * time.Microsecond)
			d := definition(rapid.IntRange(0, 8).Draw(t, "table"))
			switch op := rapid.SampledFrom([]string{"add", "restore", "remove", "removeAgain", "touch"}).Draw(t, "op"); {
			case op == "add":
				e, created := a.Add(d)
				if _, there := live[d.Identity()]; there == created {
					t.Fatalf("created %v, there %v", created, there)
				}
				if created {
					note(e)
				}
			case op == "restore":
				h := shape.Handle{Hash: 1, Micros: uint64(rapid.IntRange(0, 400).Draw(t, "micros"))}
				if handles[h] {
					continue // a handle on disk is there once
				}
				if e, err := a.Restore(h, d, nil); err == nil {
					note(e)
				}
			case len(live) == 0:
			case op == "touch":
				a.Touch(pick())
			default:
				e := pick()
				if len(a.Remove(e)) == 0 {
					t.Fatal("a listed shape was not there")
				}
				if op == "removeAgain" && len(a.Remove(e)) > 0 {
					t.Fatal("removed twice")
				}
				delete(live, e.Identity)
				a.Confirm(e.Handle)
			}
			if got := a.Counts(); got.Total != len(live) || got.Indexed+got.Unindexed != got.Total {
				t.Fatalf("counts %+v, want %d", got, len(live))
			}
			list := a.List()
			if len(list) != len(live) {
				t.Fatalf("%d listed, want %d", len(list), len(live))
			}
			for _, e := range list {
				byID, _ := a.ByID(e.ID)
				byHandle, _ := a.ByHandle(e.Handle)
				byIdentity, _ := a.Lookup(e.Identity)
				if live[e.Identity] != e || byID != e || byHandle != e || byIdentity != e || names[e] != e.ID {
					t.Fatalf("maps disagree on %s", e.Handle)
				}
			}
		}
	})
}

func TestCyclesOfCreationAndRemovalLeaveNoMemoryBehind(t *testing.T) {
	a := status.New(time.Now)
	cycle := func() {
		var all []*status.Entry
		for i := range 1000 {
			e, _ := a.Add(definition(i))
			all = append(all, e)
		}
		for _, e := range all {
			a.Remove(e)
			a.Confirm(e.Handle)
		}
	}
	cycle()
	before := heap()
	for range 50 {
		cycle()
	}
	require.Less(t, heap(), before+256<<10)
	runtime.KeepAlive(a)
}

func TestAShapeCostsFewBytes(t *testing.T) {
	const n = 20_000
	a := status.New(time.Now)
	before := heap()
	for i := range n {
		d := definition(1)
		d.Table.OID = 1
		d.Compaction = i%2 == 0
		if _, err := a.Restore(shape.Handle{Micros: uint64(i + 1)}, distinct(d, i), nil); err != nil {
			t.Fatal(err)
		}
	}
	each := (heap() - before) / n
	t.Logf("%d bytes a shape, with a definition of 144 and names of its own", each)
	require.Less(t, each, uint64(800))
	runtime.KeepAlive(a)
}

// distinct gives d an identity of its own by a name of its own.
func distinct(d *shape.Definition, i int) *shape.Definition {
	d.Explicit = []string{strconv.Itoa(i)}
	return d
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

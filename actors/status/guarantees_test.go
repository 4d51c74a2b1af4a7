package status

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

func of(n int) *shape.Definition {
	return &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: uint32(n), Name: strconv.Itoa(n)}, Key: []string{"id"}, Selected: []string{"id"}}}
}

// inverse checks that the maps say the same, as they are at one moment.
func (a *Authority) inverse(t require.TestingT) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	require.Equal(t, a.ids.Len(), a.handles.count)
	require.Equal(t, a.ids.Len(), a.identities.count)
	a.ids.All(func(id uint64, e *Entry) bool {
		require.EqualValues(t, id, e.ID)
		require.Same(t, e, a.handles.get(e.Handle.Micros))
		require.Same(t, e, a.identities.get(e.Identity))
		require.False(t, e.Removed())
		_, dying := a.tombstones.Find(e.Handle)
		require.False(t, dying)
		return true
	})
}

// Spec engine §2.10, G3.
func TestG3HandlesAndIDsAreInverseAtEveryMoment(t *testing.T) {
	a := New(time.Now)
	var wg, watching sync.WaitGroup
	over := make(chan struct{})
	watching.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
				a.inverse(t)
			}
		}
	})
	for worker := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(worker), 1))
			for range 2000 {
				e, _ := a.Add(of(rng.IntN(20)))
				switch rng.IntN(3) {
				case 0:
					if len(a.Remove(e)) > 0 {
						a.Confirm(e.Handle)
					}
				case 1:
					_, err := a.Refresh(nothing{})
					require.NoError(t, err)
				}
			}
		})
	}
	wg.Wait()
	close(over)
	watching.Wait()
	a.inverse(t)
}

type nothing struct{}

func (nothing) Handles(func(shape.Handle)) error { return nil }
func (nothing) Has(shape.Handle) (bool, error)   { return false, nil }

func TestTheListByAgeIsInTheOrderOfHandlesAndThatOfIDsIsNot(t *testing.T) {
	a := New(func() time.Time { return time.UnixMicro(100) })
	for n, micros := range []uint64{30, 10, 20} {
		_, err := a.Restore(shape.Handle{Hash: 1, Micros: micros}, of(n), nil)
		require.NoError(t, err)
	}
	a.Add(of(9))
	var byID, byAge []uint64
	for _, e := range a.List() {
		byID = append(byID, e.Handle.Micros)
	}
	for _, e := range a.ListByAge() {
		byAge = append(byAge, e.Handle.Micros)
	}
	require.Equal(t, []uint64{30, 10, 20, 100}, byID)
	require.Equal(t, []uint64{10, 20, 30, 100}, byAge)
}

func TestAShapeWithoutALogIsNotMissedOnDisk(t *testing.T) {
	a := New(time.Now)
	unmade, _ := a.Add(of(1))
	made, _ := a.Add(of(2))
	made.SetLog(&shapelog.Log{})
	r, err := a.Refresh(nothing{})
	require.NoError(t, err)
	require.Equal(t, Refreshed{Vanished: []*Entry{made}}, r)
	require.False(t, unmade.Removed())
}

func TestTheHandleOfARemovedShapeIsUnknownInLogs(t *testing.T) {
	a := New(time.Now)
	e, _ := a.Add(of(1))
	require.Equal(t, e.Handle.String(), a.HandleForLog(1))
	a.Remove(e)
	require.Equal(t, "unknown, id: 1", a.HandleForLog(1))
}

// during is a disk that lets something happen while it is looked at.
type during struct{ happen func() }

func (d during) Handles(func(shape.Handle)) error { d.happen(); return nil }
func (during) Has(shape.Handle) (bool, error)     { return false, nil }

// Spec engine §2.6: what is added while shapes are compared with the disk would be swept.
func TestNoShapeIsAddedWhileTheDiskIsCompared(t *testing.T) {
	a := New(time.Now)
	added := make(chan *Entry, 1)
	_, err := a.Refresh(during{func() {
		go func() {
			e, _ := a.Add(of(1))
			added <- e
		}()
		require.False(t, a.adding.TryLock())
		require.Zero(t, a.Counts().Total)
	}})
	require.NoError(t, err)
	require.False(t, (<-added).Removed())
}

// BenchmarkRefresh is the comparison of 100,000 shapes with a disk that has them all.
func BenchmarkRefresh(b *testing.B) {
	const n = 100_000
	a := New(time.Now)
	all := make(listed, n)
	for i := range n {
		e, _ := a.Add(of(i))
		e.SetLog(&shapelog.Log{})
		all[i] = e.Handle
	}
	b.ReportAllocs()
	for b.Loop() {
		if r, err := a.Refresh(all); err != nil || r.Kept != n {
			b.Fatal(r, err)
		}
	}
}

type listed []shape.Handle

func (l listed) Handles(yield func(shape.Handle)) error {
	for _, h := range l {
		yield(h)
	}
	return nil
}
func (listed) Has(shape.Handle) (bool, error) { return true, nil }

package shapes

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/internal/pg/inspect"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// drifting is a catalogue that tells what it is told to tell, once.
type drifting struct {
	mu     sync.Mutex
	online bool
	looks  int
	fail   error
	differ []inspect.Divergence
	forgot []uint32
	read   []uint32
}

func (d *drifting) Diff(context.Context) ([]inspect.Divergence, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks++
	err, differ := d.fail, d.differ
	d.fail, d.differ = nil, nil
	return differ, err
}

func (d *drifting) Forget(v *inspect.Divergence) { d.forgot = append(d.forgot, v.Old.OID) }
func (d *drifting) Clean(uint32)                 {}
func (d *drifting) Cached(uint32) *inspect.Table { return nil }
func (d *drifting) ByOID(_ context.Context, oid uint32) (*inspect.Table, error) {
	d.read = append(d.read, oid)
	return nil, inspect.ErrUnavailable
}

// limited is a manager of some shapes, of which nothing is stored.
func limited(c Catalogue, tables ...uint32) (*Manager, []*status.Entry) {
	m := NewManager(Config{Status: status.New(time.Now), Store: &hookedStore{}, Catalogue: c, Collector: func(any) {}, Metrics: NewMetrics(prometheus.NewRegistry()), Logger: slog.New(slog.DiscardHandler)})
	var all []*status.Entry
	for i, oid := range tables {
		d := definition(oid)
		d.Compaction = true
		d.Replica = shape.Replica(i % 2)
		e, _ := m.Status.Add(d)
		all = append(all, e)
	}
	return m, all
}

// Spec engine §8.5.
func TestTheReconcilerLooksAtOnceAndEveryPeriodWhateverGoesWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &drifting{}
		edit := func(f func()) {
			c.mu.Lock()
			defer c.mu.Unlock()
			f()
		}
		m, all := limited(c, 7, 7, 8)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			m.Reconcile(ctx, time.Minute, func() (online bool) { edit(func() { online = c.online }); return online })
		}()
		synctest.Wait()
		require.Zero(t, c.looks, "there is nobody to ask")
		pass := func() { time.Sleep(time.Minute); synctest.Wait() }
		edit(func() { c.online, c.fail = true, errors.New("permission denied") })
		pass()
		require.Equal(t, 1, c.looks)
		require.Equal(t, 3, m.Status.Counts().Total)
		edit(func() { c.differ = []inspect.Divergence{{Old: &inspect.Table{Table: definition(7).Table}}} })
		pass()
		require.Equal(t, []*status.Entry{all[2]}, m.Status.List(), "all shapes of a table that is gone, and no others")
		require.Equal(t, []uint32{7}, c.forgot)
		require.Empty(t, c.read)
		pass()
		require.Equal(t, 3, c.looks)
		cancel()
		<-done

		ctx, cancel = context.WithCancel(t.Context())
		done = make(chan struct{})
		go func() {
			defer close(done)
			m.Reconcile(ctx, time.Minute, func() bool { return true })
		}()
		synctest.Wait()
		require.Equal(t, 4, c.looks, "at once")
		cancel()
		<-done
	})
}

// Spec engine §7.9.
func TestExactlyTheExcessExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, all := limited(&drifting{}, 1, 2, 3, 4, 5, 6)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			m.Expire(ctx, 4, time.Minute)
		}()
		pass := func() { time.Sleep(time.Minute); synctest.Wait() }
		pass()
		require.Len(t, m.Status.List(), 6, "nobody has read any of them yet")
		for _, i := range []int{5, 1, 0, 3} {
			time.Sleep(time.Second)
			m.Status.Touch(all[i])
		}
		pass()
		require.Equal(t, []*status.Entry{all[0], all[2], all[3], all[4]}, m.Status.List())
		pass()
		require.Len(t, m.Status.List(), 4)
		cancel()
		<-done
	})
}

// Spec engine §7.8.
func TestAShapeWithoutACompleteSnapshotIsNotRestored(t *testing.T) {
	m, _ := limited(&drifting{})
	open := func(shapelog.Record) *shapelog.Log { t.Error("its log is opened"); return nil }
	r := shapelog.Record{Handle: shape.Handle{Hash: 1, Micros: 2}, Def: definition(7)}
	gone, any := m.Restore(r, open)
	require.True(t, any)
	require.Equal(t, r.Handle, gone)
	require.Zero(t, m.Status.Counts().Total)
}

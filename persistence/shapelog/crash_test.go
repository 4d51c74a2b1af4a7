package shapelog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

var errDied = errors.New("the process died here")

// crashShape is one shape of a crash run.
type crashShape struct {
	n        int
	since    uint64 // transactions up to here are in its snapshot
	complete bool
	removed  bool
	items    []change.Item // of complete transactions
	log      *shapelog.Log
}

// crashRun writes to a store on a file system that can lose what was not synced, and remembers every state that the store
// went through.
type crashRun struct {
	t      *rapid.T
	fs     *vfs.MemFS
	opts   shapelog.Options
	store  *shapelog.Store
	shapes []*crashShape

	stream   map[uint64]map[int][]change.Item // transaction → shape → items
	tx       uint64
	position uint64

	states  []string // all so far, the last one perhaps not reached
	durable int      // the first state that a crash may lead back to

	armed   int // failpoints until the crash
	crashed *vfs.MemFS
}

func (r *crashRun) clone() *vfs.MemFS {
	percent := rapid.SampledFrom([]int{0, 30, 100}).Draw(r.t, "unsynced percent kept")
	seed := rapid.Uint64().Draw(r.t, "crash seed")
	return r.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(seed, 1))})
}

func (r *crashRun) failpoint(string) error {
	if r.armed--; r.armed != 0 {
		return nil
	}
	r.crashed = r.clone()
	return errDied
}

// small makes the storage engine flush and compact during a short test.
func small(p *pebble.Options) {
	p.MemTableSize = 16 << 10
	p.L0CompactionThreshold = 2
	p.L0CompactionFileThreshold = 2
}

func (r *crashRun) state() string {
	var b strings.Builder
	fmt.Fprintf(&b, "at %d", r.position)
	for _, s := range r.shapes {
		if !s.removed {
			fmt.Fprintf(&b, "; %d complete %v: %s", s.n, s.complete, joined(s.items...))
		}
	}
	return b.String()
}

// reaches notes the state that the next call leads to.
func (r *crashRun) reaches() { r.states = append(r.states, r.state()) }

// synced notes that a crash cannot undo the last state.
func (r *crashRun) synced() { r.durable = len(r.states) - 1 }

func (r *crashRun) create() error {
	s := &crashShape{n: len(r.shapes) + 1, since: r.tx}
	r.shapes = append(r.shapes, s)
	r.reaches()
	l, err := r.store.Create(handle(s.n), definition())
	if err != nil {
		return err
	}
	s.log = l
	w := l.SnapshotWriter()
	if err := w.Known(pg.Snapshot{Xmin: uint64(s.n), Xmax: uint64(s.n)}); err != nil {
		return err
	}
	for i := range rapid.IntRange(0, 8).Draw(r.t, "rows") {
		if err := w.Row(item(1, int64(i), 3000).JSON); err != nil {
			return err
		}
	}
	s.complete = true
	r.reaches()
	return w.Finish()
}

func (r *crashRun) remove() error {
	if len(r.shapes) == 0 {
		return nil
	}
	s := r.shapes[rapid.IntRange(0, len(r.shapes)-1).Draw(r.t, "shape")]
	s.removed = true
	r.reaches()
	if err := r.store.Remove(handle(s.n)); err != nil {
		return err
	}
	r.synced()
	return nil
}

// transaction makes a transaction and applies it.
func (r *crashRun) transaction() error {
	r.tx++
	content := map[int][]change.Item{}
	for _, s := range r.shapes {
		for i := range rapid.IntRange(0, 4).Draw(r.t, "items") {
			content[s.n] = append(content[s.n], item(r.tx, int64(2*i), rapid.IntRange(30, 2000).Draw(r.t, "size")))
		}
	}
	r.stream[r.tx] = content
	return r.feed(r.tx)
}

// feed applies a transaction of the stream, cut anywhere. It may have been applied before.
func (r *crashRun) feed(tx uint64) error {
	fragments := rapid.IntRange(1, 3).Draw(r.t, "fragments")
	for f := range fragments {
		ends := f == fragments-1
		b := shapelog.Batch{}
		for _, s := range r.shapes {
			if s.removed || s.log == nil || tx <= s.since {
				continue
			}
			all := r.stream[tx][s.n]
			part := all[len(all)*f/fragments : len(all)*(f+1)/fragments]
			if ends && len(all) > 0 && s.latest().Less(all[len(all)-1].Offset) {
				s.items = append(s.items, all...)
			}
			b.Appends = append(b.Appends, shapelog.Append{Log: s.log, Items: part, Commit: ends})
		}
		if ends {
			b.Position = tx
			r.position = max(r.position, tx)
		}
		r.reaches()
		if err := r.store.Apply([]shapelog.Batch{b}); err != nil {
			return err
		}
	}
	return nil
}

func (s *crashShape) latest() shape.Offset {
	if len(s.items) == 0 {
		return shape.SnapshotEnd
	}
	return s.items[len(s.items)-1].Offset
}

func (r *crashRun) step() error {
	switch rapid.IntRange(0, 9).Draw(r.t, "step") {
	case 0:
		return r.create()
	case 1:
		return r.remove()
	case 2:
		if err := r.store.Sync(); err != nil {
			return err
		}
		r.synced()
		return nil
	case 3:
		r.reaches()
		if err := r.store.Put("k", []byte("v")); err != nil {
			return err
		}
		r.synced()
		return nil
	}
	return r.transaction()
}

// recovered opens what the crash left and says which state it is in.
func (r *crashRun) recovered(fs *vfs.MemFS) {
	s, err := shapelog.Open(fs, dir, r.opts)
	require.NoError(r.t, err)
	r.store = s
	require.NoError(r.t, s.Verify())

	r.position = s.Position()
	byHandle := map[shape.Handle]*crashShape{}
	for _, sh := range r.shapes {
		byHandle[handle(sh.n)] = sh
		sh.removed, sh.complete, sh.items, sh.log = true, false, nil, nil
	}
	require.NoError(r.t, s.Load(func(rec shapelog.Record) error {
		sh := byHandle[rec.Handle]
		sh.removed, sh.complete, sh.log = false, rec.Snapshot.Complete, s.Log(rec)
		head, err := sh.log.Head()
		require.NoError(r.t, err)
		for tx := sh.since + 1; tx <= head.Latest.Tx && !head.Latest.Virtual(); tx++ {
			sh.items = append(sh.items, r.stream[tx][sh.n]...)
		}
		require.Equal(r.t, head.Latest, sh.latest(), "the log ends with a transaction")
		got, _, err := readLog(sh.log, shape.BeforeAll, shape.Last)
		require.NoError(r.t, err)
		require.Equal(r.t, joined(sh.items...), got)
		return nil
	}))
	require.Contains(r.t, r.states[r.durable:], r.state(), "a state between the last sync and the crash")
}

// checkAll compares the logs with the stream, and their chunks with those of a store that never crashed.
func (r *crashRun) checkAll() {
	require.NoError(r.t, r.store.Verify())
	for _, s := range r.shapes {
		if s.removed || !s.complete {
			continue
		}
		_, items, err := readSnapshot(context.Background(), s.log, 0)
		require.NoError(r.t, err)
		require.Positive(r.t, items)
		m := modelShape{n: s.n, log: s.log}
		for tx := s.since + 1; tx <= r.tx; tx++ {
			m.items = append(m.items, r.stream[tx][s.n]...)
		}
		got, _, err := readLog(s.log, shape.BeforeAll, shape.Last)
		require.NoError(r.t, err)
		require.Equal(r.t, joined(m.items...), got)
		check := storeModel{opts: r.opts}
		check.checkChunkEnd(r.t, &m, shape.BeforeAll)
		for _, it := range m.items {
			check.checkChunkEnd(r.t, &m, it.Offset)
		}
	}
}

func TestCrashLeadsBackToAStateAndRedeliveryToTheSameLogs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &crashRun{t: t, fs: vfs.NewCrashableMem(), stream: map[uint64]map[int][]change.Item{}}
		// Segments of one row or more, the larger ones as tables.
		segment := rapid.SampledFrom([]int{1, 7000, 1 << 20}).Draw(t, "segment bytes")
		r.opts = shapelog.Options{ChunkBytes: 5000}.WithEngine(small).WithFailpoint(r.failpoint).WithSegments(segment, 5000)
		s, err := shapelog.Open(r.fs, dir, r.opts)
		require.NoError(t, err)
		r.store = s
		defer func() { r.store.Close() }()
		r.states = []string{r.state()}
		for range rapid.IntRange(1, 3).Draw(t, "crashes") {
			r.armed = rapid.IntRange(0, 40).Draw(t, "failpoints to survive") // 0: none is the end
			var err error
			for range rapid.IntRange(0, 40).Draw(t, "steps") {
				if err = r.step(); err != nil {
					require.ErrorIs(t, err, errDied)
					break
				}
			}
			if err == nil {
				r.crashed = r.clone()
			}
			r.store.Close() // only to end its goroutines; what it still writes is lost
			r.fs, r.armed = r.crashed, 0
			r.recovered(r.fs)

			// The stream comes again from a position that had been acknowledged, or from the very beginning.
			from := r.position
			if rapid.Bool().Draw(t, "from the beginning") {
				from = 0
			}
			r.states, r.durable = []string{r.state()}, 0
			for tx := from + 1; tx <= r.tx; tx++ {
				require.NoError(t, r.feed(tx))
			}
			r.checkAll()
		}
	})
}

package shapelog

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"

	"leyden/internal/change"
	"leyden/internal/livemap"
	"leyden/internal/shape"
	storev1 "leyden/proto/leyden/store/v1"
)

// Append is what one fragment of a transaction adds to one log.
type Append struct {
	Log *Log
	// Items ascend. Those at or before the end of the log are skipped: they were stored before a restart.
	Items []change.Item
	// Commit ends the transaction for this log: readers may see it. There need be no items.
	Commit bool
	// FilteringDone records that no later transaction can be part of the snapshot.
	FilteringDone bool
}

// Batch is what one fragment adds to all logs.
type Batch struct {
	// Position is the commit LSN of the transaction that ends with this fragment, 0 when none does. It never goes back.
	Position uint64
	Appends  []Append
}

// writer is the appending side of a Store. Its mutex comes after Store.life and before Store.gate.
type writer struct {
	mu     sync.Mutex // held by Apply, Rollback, and to mark shapes removed
	staged []staged
	open   livemap.Map[*Log, struct{}] // logs with a pending transaction
	tails  tails
}

// staged is what a log will be when the batch has been applied.
type staged struct {
	log        *Log
	before     shape.Offset // latest when the batch began
	latest     shape.Offset
	open       uint32
	pending    bool // there is a pending transaction, and a marker of it in the store
	written    shape.Offset
	growing    uint32 // open chunk bytes at written
	commits    bool
	follow     bool         // somebody reads along: keep blocks
	from       shape.Offset // kept holds all items after this
	kept       []tailBlock  // blocks of transactions that are complete, or may become so in this batch
	unfiltered bool         // no later transaction can be part of the snapshot
}

// Apply stores the batches, in their order, and the last position, as one unit. It does not wait for the disk: Sync does.
// When it returns, readers see the complete transactions, and each log's waiters have been woken once.
// Logs of removed shapes are passed over. On an *OrderError nothing is stored.
func (s *Store) Apply(batches []Batch) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	w := &s.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.reset()

	b := s.db.NewBatchWithSize(batchSize(batches))
	defer b.Close()
	position := s.position.Load()
	for i := range batches {
		position = max(position, batches[i].Position)
		for j := range batches[i].Appends {
			if err := s.stage(b, &batches[i].Appends[j]); err != nil {
				return err
			}
		}
	}
	if position != s.position.Load() {
		rec, err := proto.Marshal(&storev1.PositionRecord{CommitLsn: position})
		if err != nil {
			return fmt.Errorf("encode stream position: %w", err)
		}
		if err := b.Set(keyPosition, rec, nil); err != nil {
			return s.fail(fmt.Errorf("append: %w", classify(err)))
		}
	}
	if b.Empty() {
		return nil
	}
	if err := s.failpoint("apply.before"); err != nil {
		return err
	}
	if err := s.written(b.Commit(pebble.NoSync)); err != nil {
		return s.fail(fmt.Errorf("append: %w", err))
	}
	if err := s.failpoint("apply.after"); err != nil {
		return err
	}
	s.position.Store(position)
	for i := range w.staged {
		s.publish(&w.staged[i])
	}
	w.tails.trim(s.opts.TailBytes)
	return nil
}

// batchSize estimates the bytes of a batch, so that a large one is allocated once.
func batchSize(batches []Batch) int {
	size := 64
	for i := range batches {
		for j := range batches[i].Appends {
			size += 64
			for k := range batches[i].Appends[j].Items {
				size += batches[i].Appends[j].Items[k].Len() + 8
			}
		}
	}
	return size
}

// stage adds one append to the batch and to what its log will be.
func (s *Store) stage(b *pebble.Batch, a *Append) error {
	st, err := s.stagedLog(a.Log)
	switch {
	case errors.Is(err, ErrRemoved):
		return nil
	case err != nil:
		return err
	}
	var key keyBuf
	items := skipStored(a.Items, st.written)
	if err := checkOrder(a.Log.handle, items); err != nil {
		return err
	}
	if len(items) > 0 && !a.Commit && !st.pending {
		st.pending = true
		var marker [shape.OffsetKeySize]byte
		if err := b.Set(pendingKey(&key, a.Log.handle), st.latest.AppendKey(marker[:0]), nil); err != nil {
			return s.fail(fmt.Errorf("append: %w", classify(err)))
		}
	}
	for len(items) > 0 {
		n, open, closes := blockExtent(items, st.growing, uint32(s.opts.ChunkBytes))
		if err := s.stageBlock(b, st, items[:n], open, closes); err != nil {
			return s.fail(fmt.Errorf("append: %w", classify(err)))
		}
		st.written, st.growing = items[n-1].Offset, open
		items = items[n:]
	}
	if a.Commit && st.latest != st.written {
		if st.pending {
			st.pending = false
			if err := b.Delete(pendingKey(&key, a.Log.handle), nil); err != nil {
				return s.fail(fmt.Errorf("append: %w", classify(err)))
			}
		}
		st.latest, st.open, st.commits = st.written, st.growing, true
	}
	if a.FilteringDone {
		if err := b.Set(catalogueKey(&key, a.Log.handle, partUnfiltered), nil, nil); err != nil {
			return s.fail(fmt.Errorf("append: %w", classify(err)))
		}
		st.unfiltered = true
	}
	return nil
}

// stageBlock adds one block, and the chunk end that it makes.
func (s *Store) stageBlock(b *pebble.Batch, st *staged, items []change.Item, open uint32, closes bool) error {
	var key keyBuf
	last := items[len(items)-1].Offset
	k := offsetKey(&key, st.log.handle, kindLog, last)
	size := blockSize(items, open)
	if st.follow {
		v := appendBlock(make([]byte, 0, size), items, open, closes)
		if err := b.Set(k, v, nil); err != nil {
			return err
		}
		st.kept = append(st.kept, tailBlock{last, v})
	} else {
		op := b.SetDeferred(len(k), size)
		copy(op.Key, k)
		appendBlock(op.Value[:0], items, open, closes)
		if err := op.Finish(); err != nil {
			return err
		}
	}
	if !closes {
		return nil
	}
	return b.Set(offsetKey(&key, st.log.handle, kindChunkEnd, last), nil, nil)
}

// stagedLog returns what l will be, beginning with what it is.
func (s *Store) stagedLog(l *Log) (*staged, error) {
	w := &s.writer
	if l.stage != 0 {
		return &w.staged[l.stage-1], nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.load(); err != nil {
		return nil, err
	}
	st := staged{log: l, before: l.latest, latest: l.latest, open: l.open, written: l.latest, growing: l.open}
	if l.work != nil && l.work.pending != nil {
		st.pending, st.written, st.growing = true, l.work.pending.written, l.work.pending.open
	}
	st.follow = l.state&stateFollowed != 0 && s.opts.TailBytes > 0
	st.from = st.written
	w.staged = append(w.staged, st)
	l.stage = uint32(len(w.staged))
	return &w.staged[l.stage-1], nil
}

// publish lets readers see what has been applied.
func (s *Store) publish(st *staged) {
	w, l := &s.writer, st.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended() != nil {
		return
	}
	if st.pending {
		l.ensureWork().pending = &pending{written: st.written, open: st.growing}
		w.open.Set(l, struct{}{})
	} else if l.work != nil && l.work.pending != nil {
		l.work.pending = nil
		l.tidy()
		w.open.Delete(l)
	}
	l.latest, l.open = st.latest, st.open
	if st.unfiltered {
		l.state |= stateUnfiltered
	}
	if !st.commits {
		return
	}
	l.keepTail(st)
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// reset forgets what was staged.
func (w *writer) reset() {
	for i := range w.staged {
		w.staged[i].log.stage = 0
	}
	if cap(w.staged) > manyStaged {
		w.staged = nil
		return
	}
	clear(w.staged)
	w.staged = w.staged[:0]
}

// The array of staged is used again that has up to manyStaged places; once a shape has been removed, up to fewStaged.
const (
	manyStaged = 32_768
	fewStaged  = 64
)

// skipStored drops the items that the log already holds. It leaves items that do not ascend to checkOrder.
func skipStored(items []change.Item, written shape.Offset) []change.Item {
	for len(items) > 0 && !written.Less(items[0].Offset) {
		items = items[1:]
	}
	return items
}

// checkOrder rejects what no reader could address: offsets that do not ascend, or that are not of a change.
func checkOrder(h shape.Handle, items []change.Item) error {
	after := shape.SnapshotEnd
	for i := range items {
		o := items[i].Offset
		if !after.Less(o) || o.Op < 0 || o.Op == shape.OpInf {
			return &OrderError{Handle: h, Item: o, After: after}
		}
		after = o
	}
	return nil
}

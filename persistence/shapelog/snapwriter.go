package shapelog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"

	"leyden/internal/pg"
	storev1 "leyden/proto/leyden/store/v1"
)

const (
	// The first block is small, so that the first rows are soon visible; each is twice the one before, up to snapBlockBytes.
	snapFirstBytes = 8 << 10
	snapBlockBytes = 128 << 10
)

// errFinished is what a writer answers after Finish.
var errFinished = errors.New("snapshot is finished")

// snapshot is the snapshot of a created log until it is complete, as its readers see it. It is guarded by the log's mutex.
type snapshot struct {
	chunk   uint32        // being written; all before it are closed
	blocks  uint32        // of that chunk, that can be read
	taken   bool          // it has its writer
	aborted bool          // there will be no more
	known   bool          // info is set
	info    pg.Snapshot   // what Known was told
	changed chan struct{} // nil unless a reader waits
}

// wake tells waiting readers to look again.
func (p *snapshot) wake() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// SnapshotWriter writes the snapshot of one shape. It belongs to one goroutine, and ends with Finish or Abort.
//
// A snapshot block holds consecutive rows of one chunk: uvarint row count, then the JSON objects joined by ",".
type SnapshotWriter struct {
	log        *Log
	info       pg.Snapshot
	rows       int    // in body
	body       []byte // rows of the block to come
	target     int    // size at which the block is written
	chunkBytes int    // JSON bytes, and one for each row, in the open chunk
	chunk, seq uint32 // of the block to come
	started    bool
	err        error // of the first call that failed; every later one fails with it
}

// SnapshotWriter begins the snapshot of a created log. There is one for a log, ever: a snapshot that failed is not repeated
// under the same handle.
func (l *Log) SnapshotWriter() *SnapshotWriter {
	w := &SnapshotWriter{log: l, target: snapFirstBytes}
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.err = l.ended(); w.err != nil {
		return w
	}
	if l.work == nil || l.work.snap == nil || l.work.snap.taken {
		w.err = fmt.Errorf("snapshot of shape %s: has or had a writer", l.handle)
		return w
	}
	l.work.snap.taken = true
	return w
}

// Known tells the Postgres snapshot that the rows are read in, which Log.Snapshot knows from then on. It comes before the
// first row.
func (w *SnapshotWriter) Known(s pg.Snapshot) error {
	if w.err == nil && w.started {
		w.err = errors.New("snapshot is told after the first row")
	}
	if w.err != nil {
		return w.err
	}
	w.info = s
	l := w.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.err = l.ended(); w.err == nil {
		l.work.snap.known, l.work.snap.info = true, s
	}
	return w.err
}

// Row adds one row, a JSON object, which is copied. A row that fills a chunk closes it.
func (w *SnapshotWriter) Row(json []byte) error {
	if w.err != nil {
		return w.err
	}
	if !w.started {
		w.start()
	}
	if w.rows > 0 && len(w.body)+1+len(json) > 2*snapBlockBytes {
		if w.write(nil); w.err != nil {
			return w.err
		}
	}
	w.add(json)
	w.chunkBytes += len(json) + 1
	switch {
	case w.chunkBytes >= w.log.store.opts.ChunkBytes:
		w.write(nil)
		w.closeChunk()
	case len(w.body) >= w.target:
		w.write(nil)
	}
	return w.err
}

// Flush lets readers see all rows so far. It is for a source that is slow.
func (w *SnapshotWriter) Flush() error {
	if w.err == nil && w.rows > 0 {
		w.write(nil)
	}
	return w.err
}

// Finish ends the snapshot. When it returns, the snapshot, the shape's record and all that was applied before are durable;
// only then readers are told that it is complete.
func (w *SnapshotWriter) Finish() error {
	if w.err != nil {
		return w.err
	}
	if !w.started {
		w.start()
	}
	w.add(appendSnapshotEnd(nil, w.info))
	rec, err := proto.Marshal(&storev1.SnapshotRecord{Xmin: w.info.Xmin, Xmax: w.info.Xmax, Xip: w.info.Xip, LastChunk: w.chunk})
	if err != nil {
		w.err = fmt.Errorf("encode snapshot of shape %s: %w", w.log.handle, err)
		return w.err
	}
	if w.write(rec); w.err != nil {
		return w.err
	}
	w.err = errFinished
	w.body = nil
	return nil
}

// Abort gives the snapshot up: its readers find ErrAborted. What was written stays until the shape is removed. After Finish
// it does nothing.
func (w *SnapshotWriter) Abort() {
	if w.err == nil {
		w.err = ErrAborted
	}
	l := w.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.work != nil && l.work.snap != nil && l.state&stateComplete == 0 {
		l.work.snap.aborted = true
		l.work.snap.wake()
	}
}

func (w *SnapshotWriter) start() {
	w.started = true
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	w.log.state |= stateStarted
}

func (w *SnapshotWriter) add(json []byte) {
	if w.rows > 0 {
		w.body = append(w.body, ',')
	}
	w.body = append(w.body, json...)
	w.rows++
}

// closeChunk tells readers that the chunk has no more blocks.
func (w *SnapshotWriter) closeChunk() {
	if w.err != nil {
		return
	}
	w.chunk++
	w.seq, w.chunkBytes = 0, 0
	w.publish(false)
}

// write stores the block; with a record it is the last one, and the snapshot becomes complete.
func (w *SnapshotWriter) write(record []byte) {
	s := w.log.store
	if w.err = s.enter(); w.err != nil {
		return
	}
	defer s.leave()
	b := s.db.NewBatch()
	defer b.Close()
	if w.err = w.commit(b, record); w.err != nil {
		return
	}
	if record != nil {
		w.err = s.failpoint("snapshot.before-sync")
		// The batch must not be closed before the sync is over.
		if err := b.SyncWait(); w.err == nil && s.written(err) != nil {
			w.err = s.fail(fmt.Errorf("sync snapshot of shape %s: %w", w.log.handle, s.written(err)))
		}
		if w.err == nil {
			w.err = s.failpoint("snapshot.after-sync")
		}
		if w.err != nil {
			return
		}
	}
	w.rows, w.body = 0, w.body[:0]
	w.seq++
	w.target = min(2*w.target, snapBlockBytes)
	w.publish(record != nil)
}

// commit applies the block, unless the shape has been removed. With a record the caller has to wait for the sync.
func (w *SnapshotWriter) commit(b *pebble.Batch, record []byte) error {
	s, h := w.log.store, w.log.handle
	s.gate.RLock()
	defer s.gate.RUnlock()
	if w.log.Removed() {
		return ErrRemoved
	}
	var key keyBuf
	k := snapshotKey(&key, h, w.chunk, w.seq)
	op := b.SetDeferred(len(k), uvarintSize(uint64(w.rows))+len(w.body))
	copy(op.Key, k)
	copy(op.Value[binary.PutUvarint(op.Value, uint64(w.rows)):], w.body)
	if err := op.Finish(); err != nil {
		return s.fail(fmt.Errorf("write snapshot of shape %s: %w", h, classify(err)))
	}
	apply := func() error { return s.db.Apply(b, pebble.NoSync) }
	if record != nil {
		if err := b.Set(catalogueKey(&key, h, partSnapshot), record, nil); err != nil {
			return s.fail(fmt.Errorf("write snapshot of shape %s: %w", h, classify(err)))
		}
		// The wait is left to the caller, so that the gate is not held for as long as the disk takes.
		apply = func() error { return s.db.ApplyNoSyncWait(b, pebble.Sync) }
	}
	if err := s.written(apply()); err != nil {
		return s.fail(fmt.Errorf("write snapshot of shape %s: %w", h, err))
	}
	return nil
}

// publish lets readers see what has been written.
func (w *SnapshotWriter) publish(complete bool) {
	l := w.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.err = l.ended(); w.err != nil {
		return
	}
	p := l.work.snap
	p.chunk, p.blocks = w.chunk, w.seq
	if complete {
		l.lastChunk = w.chunk
		l.state |= stateComplete
		l.work.snap = nil
		l.tidy()
	}
	p.wake()
}

// appendSnapshotEnd appends the control message that ends a snapshot (spec http-api §18.2).
func appendSnapshotEnd(b []byte, s pg.Snapshot) []byte {
	b = append(b, `{"headers":{"control":"snapshot-end","xmin":"`...)
	b = strconv.AppendUint(b, s.Xmin, 10)
	b = append(b, `","xmax":"`...)
	b = strconv.AppendUint(b, s.Xmax, 10)
	b = append(b, `","xip_list":[`...)
	for i, x := range s.Xip {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = strconv.AppendUint(b, x, 10)
		b = append(b, '"')
	}
	return append(b, `]}}`...)
}

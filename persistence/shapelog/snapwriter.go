package shapelog

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

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
	held    []*heldBlock  // the newest of all, in order: those that are not in the store yet
	taken   bool          // it has its writer
	aborted bool          // there will be no more
	known   bool          // info is set
	info    pg.Snapshot   // what Known was told
	changed chan struct{} // nil unless a reader waits
}

// heldBlock is a snapshot block in memory. It is immutable.
type heldBlock struct {
	chunk, seq uint32
	rows       int
	body       []byte
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
// A snapshot block holds consecutive rows of one chunk: uvarint row count, then the JSON objects joined by ",". Readers get
// blocks from memory as soon as they are full. Blocks go to the store by segments, while the next segment is being filled.
type SnapshotWriter struct {
	log        *Log
	info       pg.Snapshot
	rows       int    // in body
	body       []byte // rows of the block to come
	target     int    // size at which the block is full
	chunkBytes int    // JSON bytes, and one for each row, in the open chunk
	chunk, seq uint32 // of the block to come
	started    bool
	running    bool         // counted in Store.snapshots
	segment    []*heldBlock // blocks that are not being stored yet
	bytes      int          // in segment
	storing    chan error   // gets the outcome of the segment that is being stored; nil when none is
	err        error        // of the first call that failed; every later one fails with it
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
	w.running = true
	l.store.snapshots.Add(1)
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
	l.store.raiseHorizon(s.Xmax)
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
		w.endBlock()
	}
	w.add(json)
	w.chunkBytes += len(json) + 1
	switch {
	case w.chunkBytes >= w.log.store.opts.ChunkBytes:
		w.endBlock()
		w.chunk++
		w.seq, w.chunkBytes = 0, 0
		w.publish()
	case len(w.body) >= w.target:
		w.endBlock()
	}
	if w.err == nil && w.bytes >= w.log.store.segmentBytes() {
		w.storeSegment()
	}
	return w.err
}

// Flush lets readers see all rows so far. It is for a source that is slow.
func (w *SnapshotWriter) Flush() error {
	if w.err == nil && w.rows > 0 {
		w.endBlock()
	}
	return w.err
}

// Finish ends the snapshot and tells its readers that it is complete. It does not wait for the disk: Sync does. A crash before
// that may take the shape, whose clients then fetch it again; never a part of it, nor the shape without its log.
func (w *SnapshotWriter) Finish() error {
	if w.err != nil {
		return w.err
	}
	if !w.started {
		w.start()
	}
	if len(w.segment) > 0 && w.rows > 0 {
		w.endBlock() // its readers need not wait for the disk
	}
	w.add(appendSnapshotEnd(nil, w.info))
	rec, err := proto.Marshal(&storev1.SnapshotRecord{Xmin: w.info.Xmin, Xmax: w.info.Xmax, Xip: w.info.Xip, LastChunk: w.chunk})
	if err != nil {
		w.err = fmt.Errorf("encode snapshot of shape %s: %w", w.log.handle, err)
	}
	blocks := append(w.segment, w.takeBlock())
	if w.settle(); w.err == nil {
		w.err = w.log.completeSnapshot(blocks, rec)
	}
	if w.err == nil {
		w.err = w.log.publishComplete(w.chunk)
	}
	if w.err != nil {
		return w.err
	}
	w.log.store.keepRecent(w.log, blocks)
	w.stop()
	w.err = errFinished
	return nil
}

// Abort gives the snapshot up: its readers find ErrAborted. What was written stays until the shape is removed. After Finish
// it does nothing.
func (w *SnapshotWriter) Abort() {
	if w.settle(); w.err == nil {
		w.err = ErrAborted
	}
	w.stop()
	l := w.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.work != nil && l.work.snap != nil && l.state&stateComplete == 0 {
		l.work.snap.aborted, l.work.snap.held = true, nil
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

// takeBlock makes a block of the rows so far.
func (w *SnapshotWriter) takeBlock() *heldBlock {
	b := &heldBlock{chunk: w.chunk, seq: w.seq, rows: w.rows, body: w.body}
	w.seq++
	w.rows, w.body = 0, nil
	return b
}

// endBlock lets readers see the rows so far.
func (w *SnapshotWriter) endBlock() {
	b := w.takeBlock()
	w.segment = append(w.segment, b)
	w.bytes += len(b.body)
	w.target = min(2*w.target, snapBlockBytes)
	w.body = make([]byte, 0, w.target+w.target/8) // the last row of a block may go beyond the target
	w.publish(b)
}

// publish lets readers see where the writer is, and a block.
func (w *SnapshotWriter) publish(blocks ...*heldBlock) {
	l := w.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ended(); err != nil {
		w.err = err
		return
	}
	p := l.work.snap
	p.chunk, p.blocks = w.chunk, w.seq
	p.held = append(p.held, blocks...)
	p.wake()
}

// storeSegment has the segment stored while the next one is being filled. It waits for the one before.
func (w *SnapshotWriter) storeSegment() {
	if w.settle(); w.err != nil {
		return
	}
	l, blocks, outcome := w.log, w.segment, make(chan error, 1)
	w.segment, w.bytes, w.storing = nil, 0, outcome
	go func() {
		err := l.storeBlocks(blocks)
		if err == nil {
			l.release(len(blocks))
		}
		outcome <- err
	}()
}

// settle waits for the segment that is being stored.
func (w *SnapshotWriter) settle() {
	if w.storing == nil {
		return
	}
	err := <-w.storing
	w.storing = nil
	if w.err == nil {
		w.err = err
	}
}

// stop leaves the memory for segments to other writers.
func (w *SnapshotWriter) stop() {
	if w.running {
		w.running = false
		w.log.store.snapshots.Add(-1)
	}
	w.segment, w.body = nil, nil
}

// release frees the oldest blocks in memory: they are in the store.
func (l *Log) release(blocks int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.work != nil && l.work.snap != nil {
		l.work.snap.held = slices.Delete(l.work.snap.held, 0, blocks)
	}
}

// publishComplete lets readers see a complete snapshot.
func (l *Log) publishComplete(lastChunk uint32) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ended(); err != nil {
		return err
	}
	p := l.work.snap
	l.lastChunk = lastChunk
	l.state |= stateComplete
	l.work.snap = nil
	l.tidy()
	p.wake()
	return nil
}

// SnapshotEnd is the control message that ends the rows of a database snapshot (spec http-api §18.2).
func SnapshotEnd(s pg.Snapshot) []byte { return appendSnapshotEnd(nil, s) }

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

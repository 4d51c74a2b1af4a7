package shapelog

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"leyden/internal/shape"
)

// maxProblems is how many problems Verify reports before it stops.
const maxProblems = 20

// Verify reads the whole store and checks every invariant of its layout, and that the logs in memory agree with it. It
// returns the problems, each an ErrCorrupt that names its place, joined. It is for a store in which nothing is being created,
// removed or read in; appends wait.
func (s *Store) Verify() (err error) {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	s.gate.Lock()
	it, err := s.db.NewIter(nil)
	s.gate.Unlock()
	if err != nil {
		return classify(err)
	}
	defer closeIter(it, &err)

	v := verifier{store: s, shapes: map[shape.Handle]*shapeState{}, defs: newDefinitions()}
	for ok := it.First(); ok && len(v.problems) < maxProblems; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return classify(err)
		}
		v.entry(it.Key(), value)
	}
	if err := it.Error(); err != nil {
		return classify(err)
	}
	v.endShape()
	for h, st := range v.shapes {
		v.inMemory(h, st)
	}
	return errors.Join(v.problems...)
}

// verifier walks over the keys in their order.
type verifier struct {
	store    *Store
	defs     *definitions
	shapes   map[shape.Handle]*shapeState
	problems []error

	handle shape.Handle // whose blocks are being read
	at     *shapeState
}

// shapeState is what has been seen of one shape.
type shapeState struct {
	record Record
	marker *shape.Offset // where the log really ends, when a transaction is unfinished

	ends   []shape.Offset // closed chunks, in order
	closed int            // how many of them have had their block
	last   shape.Offset   // of the last block, or SnapshotEnd
	latest shape.Offset   // end of the log
	bytes  uint64         // in the open chunk at last
	open   uint64         // in the open chunk at latest

	chunk, seq uint32 // next snapshot block
	snapTail   []byte // end of the last snapshot block
}

func (v *verifier) problem(format string, args ...any) {
	if len(v.problems) < maxProblems {
		v.problems = append(v.problems, corrupt(format, args...))
	}
}

func (v *verifier) entry(key, value []byte) {
	switch space := key[0]; {
	case space == spaceKV:
	case bytes.Equal(key, keyFormat), bytes.Equal(key, keyPosition), bytes.Equal(key, keyAcknowledged) && len(value) == 8:
	case space == spaceCatalogue && len(key) == handleEnd+1:
		st := v.shape(shape.HandleFromKey(key[1:]), true)
		if err := st.record.read(key[handleEnd], value, v.defs); err != nil {
			v.problem("catalogue entry %s: %v", st.record.Handle, err)
		}
	case space == spacePending && len(key) == handleEnd && len(value) == shape.OffsetKeySize:
		if st := v.shape(shape.HandleFromKey(key[1:]), false); st != nil {
			o := shape.OffsetFromKey(value)
			st.marker = &o
		}
	case space == spaceShape && len(key) > shapeKeyMin:
		v.block(key, value)
	default:
		v.problem("unknown key %x", key)
	}
}

// shape returns the state of h. Only the catalogue makes new ones.
func (v *verifier) shape(h shape.Handle, catalogue bool) *shapeState {
	st := v.shapes[h]
	if st == nil && catalogue {
		st = &shapeState{record: Record{Handle: h}, last: shape.SnapshotEnd, latest: shape.SnapshotEnd}
		v.shapes[h] = st
	}
	if st == nil {
		v.problem("shape %s has data but no catalogue entry", h)
	}
	return st
}

func (v *verifier) block(key, value []byte) {
	if h := shape.HandleFromKey(key[1:]); v.at == nil || h != v.handle {
		v.endShape()
		v.handle, v.at = h, v.shape(h, false)
	}
	if v.at == nil {
		return
	}
	switch kind := key[handleEnd]; {
	case kind == kindChunkEnd && len(key) == logKeySize:
		v.at.ends = append(v.at.ends, shape.OffsetFromKey(key[shapeKeyMin:]))
	case kind == kindLog && len(key) == logKeySize:
		v.logBlock(shape.OffsetFromKey(key[shapeKeyMin:]), value)
	case kind == kindSnapshot && len(key) == snapKeySize:
		v.snapshotBlock(binary.BigEndian.Uint32(key[shapeKeyMin:]), binary.BigEndian.Uint32(key[shapeKeyMin+4:]), value)
	default:
		v.problem("unknown key %x", key)
	}
}

func (v *verifier) logBlock(last shape.Offset, value []byte) {
	st, place := v.at, fmt.Sprintf("block %s of log %s", last, v.handle)
	b, err := parseBlock(last, value)
	if err != nil {
		v.problem("%s: %v", place, err)
		return
	}
	if !st.last.Less(b.first) {
		v.problem("%s: begins at %s, which is not after %s", place, b.first, st.last)
	}
	size := 0
	err = b.each(func(o shape.Offset, from, to int) bool {
		if !json.Valid(b.body[from:to]) {
			v.problem("%s: item %s is not JSON", place, o)
		}
		size += to - from
		return true
	})
	if err != nil {
		v.problem("%s: %v", place, err)
	}
	if size > maxBlockBytes && b.count > 1 {
		v.problem("%s: %d bytes in %d items", place, size, b.count)
	}
	st.bytes += uint64(size)
	if b.closes {
		st.bytes = 0
		if st.closed >= len(st.ends) || st.ends[st.closed] != last {
			v.problem("%s: closes a chunk that has no end", place)
		} else {
			st.closed++
		}
	}
	if st.bytes != uint64(b.open) {
		v.problem("%s: says %d bytes are in the open chunk, which has %d", place, b.open, st.bytes)
	}
	st.last = last
	if st.marker == nil || !st.marker.Less(last) {
		st.latest, st.open = last, st.bytes
	}
}

func (v *verifier) snapshotBlock(chunk, seq uint32, value []byte) {
	st, place := v.at, fmt.Sprintf("block %d of snapshot chunk %d of shape %s", seq, chunk, v.handle)
	if chunk == st.chunk+1 && st.seq > 0 {
		st.chunk, st.seq = chunk, 0
	}
	if chunk != st.chunk || seq != st.seq {
		v.problem("%s: block %d of chunk %d is missing", place, st.seq, st.chunk)
		st.chunk, st.seq = chunk, seq
	}
	st.seq++
	rows, body, err := parseSnapshotBlock(value)
	if err != nil {
		v.problem("%s: %v", place, err)
		return
	}
	var items []json.RawMessage
	if err := json.Unmarshal(append(append([]byte{'['}, body...), ']'), &items); err != nil {
		v.problem("%s: %v", place, err)
	} else if len(items) != rows {
		v.problem("%s: says %d rows, has %d", place, rows, len(items))
	} else {
		st.snapTail = bytes.Clone(items[rows-1])
	}
}

// endShape checks what can be said when all blocks of a shape have been seen.
func (v *verifier) endShape() {
	st := v.at
	if st == nil {
		return
	}
	if st.closed != len(st.ends) {
		v.problem("log %s: chunk end %s has no block", v.handle, st.ends[st.closed])
	}
	v.at = nil
}

// inMemory checks what can be said when everything has been seen, and compares it with the Log.
func (v *verifier) inMemory(h shape.Handle, st *shapeState) {
	if st.record.Def == nil {
		v.problem("shape %s has no definition", h)
	}
	if st.marker != nil && (*st.marker != st.latest || st.latest == st.last) {
		v.problem("log %s: marked to end at %s, has blocks up to %s and %s", h, *st.marker, st.latest, st.last)
	}
	info := st.record.Snapshot
	if info.Complete && (st.seq == 0 || int(st.chunk) != info.LastChunk || !bytes.Equal(st.snapTail, appendSnapshotEnd(nil, info.Snapshot))) {
		v.problem("snapshot of shape %s is complete but ends with %q in chunk %d", h, st.snapTail, st.chunk)
	}
	l := v.store.logs.get(h)
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state&stateLoaded != 0 && (l.latest != st.latest || uint64(l.open) != st.open) {
		v.problem("log %s: memory says it ends at %s (%d), the store %s (%d)", h, l.latest, l.open, st.latest, st.open)
	}
	pending := l.work != nil && l.work.pending != nil
	if pending != (st.marker != nil) || pending && (l.work.pending.written != st.last || uint64(l.work.pending.open) != st.bytes) {
		v.problem("log %s: memory and store disagree on an unfinished transaction", h)
	}
	if info.Complete != (l.state&stateComplete != 0) && l.state&stateRemoved == 0 {
		v.problem("shape %s: memory and store disagree on whether the snapshot is complete", h)
	}
}

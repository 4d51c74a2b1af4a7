package shapeapi

import (
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// plan is what one view of a log has for a request: all that a response says of itself follows from it.
type plan struct {
	latest shape.Offset // the last offset of the shape
	end    shape.Offset // the response holds everything up to and including this
	after  shape.Offset // log: the response holds what comes after this
	chunk  int          // snapshot chunk to serve, -1 for the log
}

// planFor chooses the chunk for a request offset (spec http-api §12).
func planFor(log *shapelog.Log, offset shape.Offset) (plan, error) {
	head, err := log.Head()
	if err == nil && log.Removed() {
		err = shapelog.ErrRemoved
	}
	if err != nil {
		return plan{}, err
	}
	p := plan{latest: head.Latest, chunk: -1}
	switch {
	case offset == shape.BeforeAll:
		p.chunk, p.end = 0, shape.FirstChunk
		return p, nil
	case offset.Virtual() && offset != shape.SnapshotEnd:
		if !head.SnapshotComplete || offset.Op < int64(head.LastSnapshotChunk) {
			p.chunk, p.end = int(offset.Op)+1, shape.Offset{Op: offset.Op + 1}
			return p, nil
		}
		p.after = shape.SnapshotEnd
	default:
		p.after = offset
	}
	p.end = p.latest
	if p.hasData() {
		end, closed, err := log.ChunkEnd(p.after)
		if err != nil {
			return plan{}, err
		}
		// A chunk may have been closed by a part of a transaction that is not complete; readers see only whole ones.
		if closed && !p.latest.Less(end) {
			p.end = end
		}
	}
	return p, nil
}

// hasData reports whether a response by this plan has items.
func (p *plan) hasData() bool { return p.chunk >= 0 || p.after.Less(p.latest) }

// upToDate reports whether a client that has the response has everything.
func (p *plan) upToDate(offset shape.Offset) bool {
	return offset != shape.BeforeAll && !p.end.Less(p.latest) && !p.end.Less(offset)
}

// outOfBounds reports whether the client is ahead of the log.
func (p *plan) outOfBounds(offset shape.Offset) bool { return p.latest.Less(offset) }

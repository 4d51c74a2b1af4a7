package shapeapi

import (
	"strconv"
	"sync"
)

const (
	unitBytes  = 64 << 10  // a unit of a streamed body: what a slow reader holds in memory
	unitItems  = 500       // elements after which a unit is sent, however small
	writeBytes = 256 << 10 // no single write, and so no deadline, covers more
)

// units are the buffers of streamed bodies. A request has one only while it writes.
var units = sync.Pool{New: func() any {
	b := make([]byte, 0, unitBytes)
	return &b
}}

// stream writes a body of unknown length in units, each with a deadline of its own. The header leaves with the first unit,
// so that until then an answer can still become an error.
type stream struct {
	x     *exchange
	buf   *[]byte
	items int   // since the last unit
	some  bool  // an element has been written
	err   error // of the connection
}

func (x *exchange) newStream() *stream { return &stream{x: x, buf: units.Get().(*[]byte)} }

// release gives the buffer back.
func (s *stream) release() {
	*s.buf = (*s.buf)[:0]
	units.Put(s.buf)
	s.buf = nil
}

// write appends p to the unit. Large pieces are sent as they are.
func (s *stream) write(p []byte) error {
	if len(*s.buf)+len(p) > unitBytes {
		if err := s.flush(); err != nil {
			return err
		}
	}
	if len(p) < unitBytes {
		*s.buf = append(*s.buf, p...)
		return nil
	}
	for len(p) > 0 {
		n := min(len(p), writeBytes)
		if err := s.send(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// element appends array elements, joined by commas as they are stored.
func (s *stream) element(block []byte, items int) error {
	if len(block) == 0 {
		return nil
	}
	if s.some {
		if err := s.write(comma); err != nil {
			return err
		}
	}
	s.some = true
	if err := s.write(block); err != nil {
		return err
	}
	return s.count(items)
}

// count sends the unit when it has enough elements.
func (s *stream) count(items int) error {
	if s.items += items; s.items >= unitItems {
		return s.flush()
	}
	return nil
}

var (
	comma   = []byte("\n,")
	opening = []byte("[")
	closing = []byte("]")
)

// flush sends the unit and pushes it to the client.
func (s *stream) flush() error {
	if len(*s.buf) == 0 {
		return s.err
	}
	err := s.send(*s.buf)
	*s.buf, s.items = (*s.buf)[:0], 0
	return err
}

func (s *stream) send(p []byte) error {
	if s.err != nil {
		return s.err
	}
	if !s.x.sent {
		s.x.commit(200)
	}
	s.x.extendDeadline()
	if _, s.err = s.x.w.Write(p); s.err == nil {
		s.err = s.x.pushBuffered()
	}
	s.x.clearDeadline()
	return s.err
}

// finish sends what is left. The server sends the end of the body after it, under the same deadline.
func (s *stream) finish() {
	if s.err != nil {
		s.x.abort()
	}
	if !s.x.sent {
		s.x.commit(200)
	}
	s.x.extendDeadline()
	if _, s.err = s.x.w.Write(*s.buf); s.err != nil {
		s.x.abort()
	}
	*s.buf = (*s.buf)[:0]
}

// check ends the request when its source failed: with an error if the header has not left, else by cutting the connection.
func (s *stream) check(err error) bool {
	switch {
	case s.err != nil:
		s.x.abort()
	case err == nil:
		return true
	case s.x.sent:
		s.x.api.opts.Logger.Warn("response cut short", "handle", s.x.entry.Handle.String(), "error", err)
		s.x.abort()
	}
	s.x.fail(s.x.reading(err))
	return false
}

// appendUpToDate appends the message that ends an up-to-date answer.
func appendUpToDate(b []byte, lsn uint64) []byte {
	b = append(b, `{"headers":{"control":"up-to-date","global_last_seen_lsn":"`...)
	b = strconv.AppendUint(b, lsn, 10)
	return append(b, `"}}`...)
}

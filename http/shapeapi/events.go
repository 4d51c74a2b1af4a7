package shapeapi

import (
	"errors"
	"net/http"
	"time"

	"leyden/internal/shape"
)

// serveEvents answers as server-sent events (spec http-api §14). Where data follows the offset already, the body is all of
// that data and ends; else it follows the log until the stream has lived its time. It ends without a word.
//
// The header names the offset of the request, because nothing more has been delivered when it is read: a client whose
// connection breaks in the body asks for the same again. Only an up-to-date message moves a client on, and clients drop
// events that none follows, so the body does not stop at the end of a chunk.
func (x *exchange) serveEvents(p plan, changed <-chan struct{}) {
	finite := p.hasData()
	exists, ok := x.awaitChunk(&p)
	if !ok {
		return
	}
	ahead := p.outOfBounds(x.req.offset)
	x.logHeaders(&p, http.StatusOK)
	h := x.w.Header()
	h.Set("Electric-Offset", x.req.offset.String())
	h.Set("Etag", `"`+x.etag(p.latest)+`"`)
	h["Electric-Up-To-Date"] = []string{""}
	h.Set("Content-Type", "text/event-stream")
	x.stayOpen()
	x.chunked()
	x.commit(http.StatusOK)
	if x.head {
		return
	}
	if !finite {
		if x.pushBuffered() == nil {
			x.clearDeadline()
			x.followEvents(changed, ahead)
		}
		return
	}
	s := x.newStream()
	defer s.release()
	if s.check(x.backlog(&p, exists, s)) {
		s.finish()
	}
}

// backlog sends the items of p and of all chunks after it, and that the client is up to date.
func (x *exchange) backlog(p *plan, exists bool, s *stream) error {
	for place := x.req.offset; ; {
		if exists {
			if err := x.read(p, s.events); err != nil {
				return err
			}
		}
		if p.upToDate(place) {
			return s.write(appendUpToDateEvent(nil, p.end.Tx))
		}
		place = p.end
		next, err := planFor(x.log, place)
		if err != nil {
			return err
		}
		*p = next
		if exists, err = x.chunkExists(p); err != nil {
			return err
		}
	}
}

// events appends stored elements as one event each.
func (s *stream) events(block []byte, items int) error {
	for object := range objects(block) {
		for _, part := range [...][]byte{eventStart, object, eventEnd} {
			if err := s.write(part); err != nil {
				return err
			}
		}
	}
	return s.count(items)
}

// followEvents sends what is committed until the stream ends.
func (x *exchange) followEvents(changed <-chan struct{}, ahead bool) {
	life := time.NewTimer(sseLifetime)
	defer life.Stop()
	idle := time.NewTimer(sseKeepAlive)
	defer idle.Stop()
	var grace <-chan time.Time
	if ahead {
		timer := time.NewTimer(x.api.cfg.LongPollTimeout / 2)
		defer timer.Stop()
		grace = timer.C
	}
	place := x.req.offset
	if place.Virtual() {
		place = shape.SnapshotEnd
	}
	group := x.api.parked.join(x.log, place)
	defer func() { x.api.parked.leave(group) }()
	for {
		select {
		case <-changed:
		case <-idle.C:
			idle.Reset(sseKeepAlive)
			if !x.push(keepAlive) {
				return
			}
			continue
		case <-life.C:
			return
		case <-grace:
			return
		case <-x.api.drain:
			return
		case <-x.r.Context().Done():
			return
		}
		for {
			p, next, err := x.follow(place)
			if err != nil {
				return // rotated: the client learns it when it connects again
			}
			changed = next
			if !p.outOfBounds(place) {
				grace = nil
			}
			if !p.hasData() {
				break
			}
			if !x.sendEvents(&p, group) {
				return
			}
			idle.Reset(sseKeepAlive)
			place = p.end
			next2 := x.api.parked.join(x.log, place)
			x.api.parked.leave(group)
			group = next2
		}
	}
}

// sendEvents sends the items of a plan and, at the end of the log, the up-to-date message. It reports whether the stream
// can go on.
func (x *exchange) sendEvents(p *plan, g *group) bool {
	frames, err := g.events(p)
	switch {
	case err == nil:
		return x.push(frames)
	case !errors.Is(err, errUnshared):
		return false
	}
	s := x.newStream()
	defer s.release()
	if err := x.log.ReadLog(p.after, p.end, s.events); err != nil {
		return false
	}
	if p.end == p.latest {
		if s.write(appendUpToDateEvent(nil, p.end.Tx)) != nil {
			return false
		}
	}
	return s.flush() == nil
}

// push sends bytes now, in writes that a deadline covers.
func (x *exchange) push(p []byte) bool {
	for len(p) > 0 {
		n := min(len(p), writeBytes)
		x.extendDeadline()
		if _, err := x.w.Write(p[:n]); err != nil {
			return false
		}
		p = p[n:]
	}
	ok := x.pushBuffered() == nil
	x.clearDeadline()
	return ok
}

var (
	eventStart = []byte("data: ")
	eventEnd   = []byte("\n\n")
	keepAlive  = []byte(": keep-alive\n\n")
)

func appendEvents(b, block []byte) []byte {
	for object := range objects(block) {
		b = append(b, eventStart...)
		b = append(b, object...)
		b = append(b, eventEnd...)
	}
	return b
}

func appendUpToDateEvent(b []byte, lsn uint64) []byte {
	b = append(b, eventStart...)
	b = appendUpToDate(b, lsn)
	return append(b, eventEnd...)
}

// objects yields the JSON objects of a block, which are joined by commas. Only strings and braces are looked at.
func objects(block []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		depth, start, quoted := 0, 0, false
		for i := 0; i < len(block); i++ {
			switch c := block[i]; {
			case quoted:
				if c == '\\' {
					i++
				} else if c == '"' {
					quoted = false
				}
			case c == '"':
				quoted = true
			case c == '{':
				if depth++; depth == 1 {
					start = i
				}
			case c == '}':
				if depth--; depth == 0 && !yield(block[start:i+1]) {
					return
				}
			}
		}
	}
}

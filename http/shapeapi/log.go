package shapeapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"leyden/actors/status"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// serveLog answers a log request (spec http-api §13). A matching tag is answered before anything is waited for.
func (x *exchange) serveLog() {
	global := x.api.engine.GlobalLSN(x.entry) // before the log is looked at: what it covers is then in the log
	if x.req.now {
		x.serveNow(global)
		return
	}
	p, changed, err := x.look()
	if err != nil {
		x.fail(x.reading(err))
		return
	}
	ahead := p.outOfBounds(x.req.offset)
	events := x.req.live && x.req.sse
	tag := x.etag(p.end)
	if events {
		tag = x.etag(p.latest)
	}
	if !ahead && x.matches(tag) {
		x.notModified(&p)
		return
	}
	if events {
		x.serveEvents(p, changed)
		return
	}
	if ahead {
		var f *failure
		if p, changed, f = x.awaitCatchUp(); f != nil {
			x.fail(f)
			return
		}
	}
	if x.req.live {
		x.serveLive(p, changed)
		return
	}
	x.answer(&p, x.position(global, p.end))
}

// look is the plan for the request. A live one follows the log from here on; others leave nothing behind in it.
func (x *exchange) look() (plan, <-chan struct{}, error) {
	if x.req.live {
		return x.follow(x.req.offset)
	}
	p, err := planFor(x.log, x.req.offset)
	return p, nil, err
}

// position is what an answer with the log up to end may claim to contain. The end of the log of a shape with subqueries says little: it
// may be a transaction, and what became of a subquery with that, or before, still be missing.
func (x *exchange) position(global uint64, end shape.Offset) uint64 {
	if x.entry.Def.Where.HasSubqueries() {
		return global
	}
	return max(global, end.Tx)
}

// serveNow answers offset=now: the end of the log, without its items.
func (x *exchange) serveNow(global uint64) {
	head, err := x.log.Head()
	if err == nil && x.log.Removed() {
		err = shapelog.ErrRemoved
	}
	if err != nil {
		x.fail(x.reading(err))
		return
	}
	p := plan{latest: head.Latest, end: head.Latest, after: head.Latest, chunk: -1}
	if x.matches(x.etag(p.end)) {
		x.notModified(&p)
		return
	}
	x.replyEmpty(&p, x.position(global, p.latest))
}

// logHeaders sets the headers of a log answer (spec http-api §15).
func (x *exchange) logHeaders(p *plan, status int) {
	x.prepared = true
	h := x.w.Header()
	h.Set("Electric-Handle", x.entry.Handle.String())
	h.Set("Electric-Offset", p.end.String())
	if x.req.now || p.upToDate(x.req.offset) {
		h["Electric-Up-To-Date"] = []string{""}
	}
	h.Set("Electric-Has-Data", "true")
	switch {
	case x.req.live:
		h.Set("Electric-Cursor", cursor(x.api.opts.Now(), x.api.cfg.LongPollTimeout, x.req.cursor, x.api.opts.Random))
	case status == http.StatusOK:
		h.Set("Electric-Schema", string(x.table.Schema(x.entry.Def.Selected)))
	}
	h.Set("Etag", `"`+x.etag(p.end)+`"`)
	x.cacheSuccess()
}

func (x *exchange) notModified(p *plan) {
	x.logHeaders(p, http.StatusNotModified)
	x.reply(http.StatusNotModified, nil)
}

// replyEmpty answers with the up-to-date message alone, under a tag that no later answer has.
func (x *exchange) replyEmpty(p *plan, lsn uint64) {
	x.logHeaders(p, http.StatusOK)
	h := x.w.Header()
	h.Set("Electric-Has-Data", "false")
	h.Set("Etag", `"`+x.uniqueEtag(p.end)+`"`)
	body := append(appendUpToDate([]byte{'['}, lsn), ']')
	x.reply(http.StatusOK, body)
}

// answer streams what the plan has.
func (x *exchange) answer(p *plan, lsn uint64) {
	exists, ok := x.awaitChunk(p)
	if !ok {
		return
	}
	x.logHeaders(p, http.StatusOK)
	x.chunked()
	if x.head {
		x.commit(http.StatusOK)
		return
	}
	s := x.newStream()
	defer s.release()
	_ = s.write(opening) // into an empty buffer
	var err error
	if exists {
		err = x.read(p, s.element)
	}
	if err == nil && p.upToDate(x.req.offset) {
		err = s.element(appendUpToDate(nil, lsn), 1)
	}
	if err == nil {
		err = s.write(closing)
	}
	if s.check(err) {
		s.finish()
	}
}

// read emits the stored blocks of the plan.
func (x *exchange) read(p *plan, emit func(block []byte, items int) error) error {
	switch {
	case p.chunk >= 0:
		return x.log.ReadSnapshotChunk(x.r.Context(), p.chunk, emit)
	case p.hasData():
		return x.log.ReadLog(p.after, p.end, emit)
	}
	return nil
}

// awaitChunk waits until the chunk of the plan exists or is known never to exist: the snapshot ended with the one before
// it. Then the answer is an empty array. ok is false when the request has been answered.
func (x *exchange) awaitChunk(p *plan) (exists, ok bool) {
	exists, err := x.chunkExists(p)
	if err != nil {
		x.fail(x.reading(err))
		return false, false
	}
	return exists, true
}

// chunkExists is awaitChunk without an answer.
func (x *exchange) chunkExists(p *plan) (bool, error) {
	if p.chunk <= 0 {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), snapshotChunkWait)
	defer cancel()
	return x.log.AwaitSnapshotChunk(ctx, p.chunk)
}

// awaitCatchUp holds a client that is ahead of the log for half the long-poll timeout: after a restart or a hand-over the
// log gets there.
func (x *exchange) awaitCatchUp() (plan, <-chan struct{}, *failure) {
	timer := time.NewTimer(x.api.cfg.LongPollTimeout / 2)
	defer timer.Stop()
	for why := woken; ; {
		p, changed, err := x.follow(x.req.offset)
		switch {
		case err != nil:
			return p, changed, x.reading(err)
		case !p.outOfBounds(x.req.offset):
			return p, changed, nil
		case why != woken:
			return p, changed, invalidParam("offset", "out of bounds for this shape")
		}
		why = x.wait(changed, timer)
	}
}

// wake is why a wait ended.
type wake uint8

const (
	woken wake = iota
	timedOut
	drained
)

// wait parks the request until the log changes, the time is up, or the server drains. A client that leaves ends it all.
func (x *exchange) wait(changed <-chan struct{}, timer *time.Timer) wake {
	select {
	case <-changed:
		return woken
	case <-timer.C:
		return timedOut
	case <-x.api.drain:
		return drained
	case <-x.r.Context().Done():
		x.abort()
		return drained
	}
}

// unhealthy is the answer to a long poll that ends while the engine cannot serve, nil when it can.
func (x *exchange) unhealthy() *failure {
	if x.api.engine.Status() == status.Active {
		return nil
	}
	ctx, cancel := context.WithCancel(x.r.Context())
	cancel() // a question, not a wait
	var notReady *status.NotReady
	if err := x.api.engine.WaitReady(ctx); errors.As(err, &notReady) {
		return message(http.StatusServiceUnavailable, notReady.Message, 10)
	}
	return nil
}

// follow is the plan for what comes after an offset, with the channel to wait on when there is nothing.
func (x *exchange) follow(offset shape.Offset) (plan, <-chan struct{}, error) {
	changed := x.log.Changed()
	p, err := planFor(x.log, offset)
	return p, changed, err
}

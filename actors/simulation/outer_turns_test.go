package simulation

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/consumer"
	"leyden/actors/materializer"
	"leyden/actors/work"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// turn is an actor's context as long as it has the turn: the message that it gets, and a way to those that run next to it.
type turn struct {
	actor.Context
	w       *world
	message any
}

func (t turn) Message() any { return t.message }

func (t turn) Send(to *actor.PID, message any) {
	for _, all := range t.w.followed {
		for _, f := range all {
			if f.pid == to {
				f.actor.Receive(turn{w: t.w, message: message})
			}
		}
	}
}

// followed is a materializer.
type followed struct {
	actor   actor.Actor
	pid     *actor.PID
	key     string
	log     *shapelog.Log
	from    shape.Offset
	started bool
	built   chan any
}

// layerDone says that a layer of a work is complete.
type layerDone struct{ work *work.Work }

// startSubqueries begins a run: outer shapes end with the one before.
func (w *world) startSubqueries() {
	w.followed = map[shape.ID][]*followed{}
	if !w.subqueries {
		return
	}
	for _, id := range w.ids() {
		if s := w.shapes[id]; len(s.inner) > 0 && !s.removing {
			w.beginRemoval(s)
		}
	}
	w.host = &consumer.Host{
		Projections: w.projections, Invalidate: w.invalidate, Metrics: &work.Metrics{}, Logger: slog.New(slog.DiscardHandler),
		Outer: consumer.OuterHost{Stack: stackName, MaxHeld: []int{3, 1000, 1000}[w.rng.IntN(3)], MoveIn: w.moveIn, Tell: w.tell, Post: w.post, Behind: work.NewBehind(&work.Progress{})},
	}
}

func (w *world) tell(message any) { w.toColl = append(w.toColl, message) }

func (w *world) moveIn(q *work.MoveIn) {
	if s := w.shapes[q.ID]; s == nil || s.removing {
		return
	}
	w.log("shape %d asks for rows, query %d", q.ID, q.Number)
	s := w.shapes[q.ID]
	if s.asking != nil && slices.Equal(s.asking.Before, q.Before) && slices.Equal(s.asking.After, q.After) {
		w.did("query made again")
	}
	s.asking = q
	w.queries[q.ID] = &moveQuery{MoveIn: q}
}

// post leaves a message for a shape.
func (w *world) post(id shape.ID, message any) {
	if m := w.mailbox(id); m != nil {
		m.queue = append(m.queue, message)
	}
}

// reach tells up to where the stream is when it has nothing more.
func (w *world) reach() bool {
	to := w.pg.lsn + 8
	if !w.subqueries || len(w.stream.fragments) > 0 || w.stream.told >= to {
		return false
	}
	w.stream.told = to
	w.collector.StreamReached(to)
	w.tellReached()
	return true
}

// tellReached tells the shapes whose awaited position the stream has got to.
func (w *world) tellReached() {
	for m := w.collector.Reached(); m != nil; m = w.collector.Reached() {
		w.post(m.ID, m)
	}
}

// collectSubqueries is what the collector does with a message that concerns subqueries.
func (w *world) collectSubqueries(m any) {
	switch m := m.(type) {
	case layerDone:
		if w.collector.LayerDone(m.work) {
			w.did("another layer")
			w.handOut(m.work)
			return
		}
		w.tellReached()
	case *work.Members:
		w.collector.Members(m)
	case *work.MembersMoved:
		w.collector.MembersMoved(m)
	case *work.MembersOver:
		w.collector.MembersOver(m)
	case *work.Settled:
		w.collector.Settled(m)
	case *work.Await:
		w.collector.Await(m)
		w.tellReached()
	case *work.Begin:
		m.Run = w.run
		w.post(m.ID, m)
	case work.ForShape:
		w.post(m.For(), m)
	default:
		panic(fmt.Sprintf("message %T", m))
	}
}

func (w *world) receive(m *mailbox, message any) { m.actor.Receive(turn{w: w, message: message}) }

// consumeActor is consume in a world with subqueries: what a partition does with a message, and the actor of the shape.
func (w *world) consumeActor(s *simShape, m *mailbox) {
	if m.actor == nil {
		m.actor = consumer.NewActor(w.host, work.Shape{ID: s.id, Def: s.def, Log: s.log})
		w.receive(m, &actor.Started{})
	}
	message := m.queue[0]
	m.queue = m.queue[1:]
	switch message := message.(type) {
	case *work.Delivery:
		if m.dead {
			message.Complete(work.Result{Held: true})
		} else {
			w.receive(m, message)
		}
		r := &message.Result
		if r.Held {
			w.did("held")
		}
		w.log("shape %d takes %s: %d items, commit %t, held %t", s.id, message.Work.Fragment.Last, len(r.Items), r.Commit, r.Held)
		waiting := m.delayed
		m.delayed = nil
		for _, a := range waiting {
			w.attach(s, m, a)
		}
	case *work.Attach:
		w.attach(s, m, message)
	case *work.Detach:
		m.delayed = slices.DeleteFunc(m.delayed, func(a *work.Attach) bool { return a.Outer == message.Outer })
		w.detach(s, m, message)
	case *materializer.Built:
		for _, f := range w.followed[s.id] {
			if f.key == message.Key() {
				f.actor.Receive(turn{w: w, message: message})
			}
		}
	default:
		if m.dead {
			return
		}
		w.log("shape %d gets %T", s.id, message)
		w.receive(m, message)
		if _, ok := message.(*work.Moved); ok {
			w.did("moved")
		}
	}
}

// attach has an outer shape told the result of an inner one, behind the transaction that is open.
func (w *world) attach(s *simShape, m *mailbox, a *work.Attach) {
	if m.dead {
		return
	}
	place := &consumer.Place{}
	w.receive(m, place)
	if !place.Known {
		w.did("attached later")
		m.delayed = append(m.delayed, a)
		return
	}
	key := materializer.Key(a.Columns, a.Canon)
	for _, f := range w.followed[s.id] {
		if f.key == key {
			f.actor.Receive(turn{w: w, message: a})
			return
		}
	}
	f := &followed{pid: &actor.PID{Id: key}, key: key, log: s.log, from: place.Latest, built: make(chan any, 1)}
	f.actor = materializer.New(materializer.Config{
		Inner: work.Shape{ID: s.id, Def: s.def, Log: s.log}, Columns: a.Columns, Canon: a.Canon, From: place.Latest, Tell: w.tell,
		Post: func(id shape.ID, message any) {
			if b, ok := message.(*materializer.Built); ok {
				f.built <- b // by a goroutine that is waited for
				return
			}
			w.post(id, message)
		},
		Behind: w.host.Outer.Behind, Invalidate: w.invalidate, Metrics: w.host.Metrics, Logger: w.host.Logger,
	})
	w.followed[s.id] = append(w.followed[s.id], f)
	w.receive(m, &consumer.Follow{By: f.pid})
	f.actor.Receive(turn{w: w, message: a})
	w.log("shape %d is followed from %s", s.id, place.Latest)
}

// buildSome has a materializer read the log of its shape, once that has all that it is to read.
func (w *world) buildSome() (bool, error) {
	var ready []*followed
	var of []shape.ID
	for _, id := range slices.Sorted(maps.Keys(w.followed)) {
		for _, f := range w.followed[id] {
			if f.started {
				continue
			}
			if head, err := f.log.Head(); err != nil || !head.Latest.Less(f.from) {
				ready, of = append(ready, f), append(of, id)
			}
		}
	}
	if len(ready) == 0 {
		return false, nil
	}
	n := w.rng.IntN(len(ready))
	f := ready[n]
	f.started = true
	f.actor.Receive(turn{w: w, message: &actor.Started{}})
	w.post(of[n], <-f.built)
	w.did("materialized")
	w.log("the values of shape %d are read", of[n])
	return true, nil
}

// detach ends what attach began.
func (w *world) detach(s *simShape, m *mailbox, d *work.Detach) {
	var left []*followed
	for _, f := range w.followed[s.id] {
		leave := &materializer.Leave{Outer: d.Outer}
		f.actor.Receive(turn{w: w, message: leave})
		if leave.Left > 0 {
			left = append(left, f)
			continue
		}
		w.end(m, f)
	}
	w.keep(s.id, left)
}

func (w *world) keep(id shape.ID, left []*followed) {
	if w.followed[id] = left; len(left) == 0 {
		delete(w.followed, id)
	}
}

func (w *world) end(m *mailbox, f *followed) {
	if m != nil && !m.dead {
		w.receive(m, &consumer.Follow{By: f.pid, End: true})
	}
	if f.started {
		f.actor.Receive(turn{w: w, message: &actor.Stopping{}})
		f.actor.Receive(turn{w: w, message: &actor.Stopped{}})
	}
}

// endFollowed ends the materializers of a shape that is removed.
func (w *world) endFollowed(id shape.ID) {
	for _, f := range w.followed[id] {
		w.end(w.consumers[id], f)
	}
	delete(w.followed, id)
}

// endActor ends a consumer.
func (w *world) endActor(m *mailbox) {
	if m.actor != nil && !m.dead {
		m.dead = true
		w.receive(m, &actor.Stopped{})
	}
}

// asleep asks a consumer to sleep.
func (w *world) asleep(m *mailbox) bool {
	sleep := &consumer.Sleep{}
	if !m.dead {
		w.receive(m, sleep)
	}
	return sleep.Agreed()
}

// expected reports whether a shape may end for a reason.
func expected(reason error) bool {
	for _, ok := range []error{errCrash, work.ErrTruncated, work.ErrRelationChanged, work.ErrMissingDependencies, work.ErrMoveUnprovable, work.ErrBufferOverflow} {
		if errors.Is(reason, ok) {
			return true
		}
	}
	return false
}

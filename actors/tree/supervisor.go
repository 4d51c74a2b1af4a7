package tree

import (
	"log/slog"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// supervisor is the actor of a group. Its children's names are elements of its own, so that a path is a PID's id.
type supervisor struct {
	link
	group  *Group
	core   *core
	pids   []*actor.PID
	asked  []*atomic.Pointer[Reason]
	timers []func()
	left   bool                 // it has told its end to its parent
	asks   map[int][]chan error // operators who wait for a restart, by child or everyone
}

type (
	stopOverdue struct {
		child int
		gen   uint64
	}
	// stopAs asks a group to end with a reason.
	stopAs       struct{ reason Reason }
	restartChild struct {
		name string // "" for all children
		done chan error
	}
)

func newSupervisor(l link, g *Group) *supervisor {
	return &supervisor{link: l, group: g, core: newCore(g), pids: make([]*actor.PID, len(g.Children)),
		asked: make([]*atomic.Pointer[Reason], len(g.Children)), timers: make([]func(), len(g.Children)), asks: map[int][]chan error{}}
}

func (s *supervisor) Receive(ctx actor.Context) {
	now := s.tree.clock.Now()
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.core.reconcile()
	case *childStarted:
		s.core.started(m.child, m.gen)
	case *childExited:
		s.gone(m)
		s.core.exited(m.child, m.gen, m.reason, m.remains, now)
	case *stopOverdue:
		s.core.overdue(m.child, m.gen)
	case *stopAs:
		s.core.stop(m.reason)
	case *restartChild:
		s.restart(m)
	case *actor.Stopped:
		if !s.left {
			s.link.exited(ctx.ActorSystem(), ctx.Self(), s.core.reason, false)
		}
		return
	}
	for effects := s.core.take(); len(effects) > 0; effects = s.core.take() {
		for _, e := range effects {
			s.perform(ctx, e)
		}
	}
	s.answer()
}

// HandleFailure is reached only by what protoactor itself cannot contain; the child goes and counts as killed.
func (s *supervisor) HandleFailure(_ *actor.ActorSystem, sup actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason any, _ any) {
	s.tree.log.Error("actor failed outside of its own code", "path", child.Id, "reason", reason)
	sup.StopChildren(child)
}

func (s *supervisor) perform(ctx actor.Context, e effect) {
	switch e.verb {
	case doStart:
		s.start(ctx, e)
	case doStop:
		s.stopChild(ctx, e)
	case doLose:
		path := s.childPath(e.child)
		s.tree.log.Error("did not stop in time and is left behind", "path", path)
		s.tree.lose(path)
	case doOpen:
		s.link.started(ctx.ActorSystem())
	case doFinish:
		if s.core.reason.Kind == Crash {
			s.tree.log.Error("supervisor gives up", "path", s.path, "reason", s.core.reason.String())
		}
		if s.core.losing() {
			s.left = true // the actor itself cannot end before what it lost has
			s.link.exited(ctx.ActorSystem(), ctx.Self(), s.core.reason, true)
		}
		ctx.Stop(ctx.Self())
	}
}

func (s *supervisor) childPath(i int) string { return s.path + "/" + s.group.Children[i].Name }

func (s *supervisor) start(ctx actor.Context, e effect) {
	spec := &s.group.Children[e.child]
	s.asked[e.child] = new(atomic.Pointer[Reason])
	l := link{tree: s.tree, path: s.childPath(e.child), parent: ctx.Self(), child: e.child, gen: e.gen, asked: s.asked[e.child]}
	var mailbox actor.Mailbox
	if spec.Props != nil {
		mailbox = actor.Unbounded()()
	}
	s.tree.note(l.path, func(n *node) {
		if n.Kind != "" {
			n.Restarts++
		}
		n.Kind, n.State, n.Since, n.mailbox = spec.kind(), "starting", s.tree.clock.Now(), mailbox
	})
	var props *actor.Props
	switch {
	case spec.Props != nil:
		i := &instance{link: l}
		props = spec.Props().Configure(actor.WithReceiverMiddleware(i.layer), actor.WithMailbox(func() actor.Mailbox { return mailbox }))
	case spec.Run != nil:
		props = actor.PropsFromProducer(func() actor.Actor { return &runner{link: l, run: spec.Run} })
	default:
		props = actor.PropsFromProducer(func() actor.Actor { return newSupervisor(l, spec.Group) })
	}
	pid, err := ctx.SpawnNamed(props, spec.Name)
	if err != nil {
		s.tree.ended(l.path, Crashed(err))
		s.core.exited(e.child, e.gen, Crashed(err), false, s.tree.clock.Now())
		return
	}
	s.pids[e.child] = pid
}

func (s *supervisor) stopChild(ctx actor.Context, e effect) {
	spec := &s.group.Children[e.child]
	s.tree.note(s.childPath(e.child), func(n *node) { n.State = "stopping"; n.Since = s.tree.clock.Now() })
	reason := Reason{Kind: Shutdown}
	if s.core.phase == closing && s.core.reason.Kind != Crash {
		reason = s.core.reason
	}
	s.asked[e.child].Store(&reason)
	switch pid := s.pids[e.child]; {
	case spec.Group != nil:
		ctx.Send(pid, &stopAs{reason: reason})
	case spec.Drain:
		ctx.Poison(pid)
	default:
		ctx.Stop(pid)
	}
	if d := spec.stopTimeout(); d != Forever {
		system, self := ctx.ActorSystem(), ctx.Self()
		s.timers[e.child] = s.tree.clock.AfterFunc(d, func() {
			system.Root.Send(self, &stopOverdue{child: e.child, gen: e.gen})
		})
	}
}

// gone completes what an instance said about its end and logs what was not asked for.
func (s *supervisor) gone(m *childExited) {
	slot := &s.core.slots[m.child]
	if slot.gen != m.gen {
		return
	}
	if cancel := s.timers[m.child]; cancel != nil {
		cancel()
		s.timers[m.child] = nil
	}
	path := s.childPath(m.child)
	if slot.state == stopping && m.reason.Orderly() {
		return
	}
	level := slog.LevelInfo
	if !m.reason.Orderly() {
		level = slog.LevelError
	}
	s.tree.log.Log(s.tree.ctx, level, "child ended", "path", path, "reason", m.reason.String())
}

// everyone is the key of those who wait for the restart of all children.
const everyone = -1

func (s *supervisor) restart(m *restartChild) {
	if m.name == "" {
		s.core.restartAll()
		s.asks[everyone] = append(s.asks[everyone], m.done)
		return
	}
	for i := range s.group.Children {
		if s.group.Children[i].Name == m.name {
			s.core.restart(i)
			s.asks[i] = append(s.asks[i], m.done)
			return
		}
	}
	m.done <- ErrNoSuchChild
}

// answer tells operators whose child is up again, with all that was restarted with it, or will not be.
func (s *supervisor) answer() {
	for i, waiting := range s.asks {
		var err error
		switch {
		case s.core.phase >= closing:
			err = reasonError(s.core.reason)
		case i != everyone && s.core.slots[i].state == down && !s.core.slots[i].want:
			err = reasonError(s.core.slots[i].last)
		case !s.core.restarted(i):
			continue
		}
		for _, done := range waiting {
			done <- err
		}
		delete(s.asks, i)
	}
}

func (s *Spec) kind() string {
	switch {
	case s.Props != nil:
		return "actor"
	case s.Run != nil:
		return "run"
	}
	return "group"
}

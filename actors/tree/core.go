package tree

import (
	"fmt"
	"time"
)

// core decides for one group. It is a plain state machine: events go in as method calls, what is to be done comes out of
// take. It knows children by their position and instances by a generation, so that what an old instance says is ignored.
type core struct {
	group     *Group
	intensity int
	period    time.Duration

	slots   []slot
	phase   phase
	ordered bool        // children are started one by one, until all are up
	reason  Reason      // why the group closes
	history []time.Time // of restarts within the period
	effects []effect
}

type phase uint8

const (
	opening phase = iota // until all children were up for the first time
	open
	closing
	closed
)

type slotState uint8

const (
	down slotState = iota
	starting
	up
	stopping
)

type slot struct {
	spec  *Spec
	state slotState
	gen   uint64
	want  bool // it is to run
	halt  bool // the present instance is to stop
	again bool // an operator wants another instance after it, even of a temporary child
	lost  bool // an instance did not stop in its time and may still live
	last  Reason
}

type verb uint8

const (
	doStart  verb = iota // start an instance of the child
	doStop               // ask it to stop
	doLose               // report that it did not
	doOpen               // all children are up for the first time
	doFinish             // all children are gone: end
)

type effect struct {
	verb  verb
	child int
	gen   uint64
}

func newCore(g *Group) *core {
	c := &core{group: g, slots: make([]slot, len(g.Children))}
	c.intensity, c.period = g.limits()
	for i := range g.Children {
		c.slots[i] = slot{spec: &g.Children[i], want: true}
	}
	return c
}

// take gives what is to be done and forgets it.
func (c *core) take() []effect {
	e := c.effects
	c.effects = nil
	return e
}

func (c *core) do(v verb, child int) {
	c.effects = append(c.effects, effect{verb: v, child: child, gen: c.slots[child].gen})
}

// started: the instance is up.
func (c *core) started(i int, gen uint64) {
	if s := &c.slots[i]; s.gen == gen && s.state == starting {
		s.state = up
	}
	c.reconcile()
}

// exited: the instance is gone, or what remains of it does nothing but occupy its name.
func (c *core) exited(i int, gen uint64, r Reason, remains bool, now time.Time) {
	s := &c.slots[i]
	if s.gen != gen {
		return
	}
	was := s.state
	s.state, s.halt, s.lost, s.last = down, false, remains, r
	switch {
	case was == down: // it was given up before
	case c.phase >= closing:
	case was == stopping:
		if s.spec.Restart == Temporary && !s.again {
			s.want = false
		}
	default:
		c.ended(i, was, r, now)
	}
	c.reconcile()
}

// ended decides about a child that nobody had asked to stop.
func (c *core) ended(i int, was slotState, r Reason, now time.Time) {
	s := &c.slots[i]
	stays := s.spec.Restart == Temporary || s.spec.Restart == Transient && r.Orderly()
	if was == starting && c.phase == opening && !(stays && r.Orderly()) {
		c.close(Crashed(fmt.Errorf("start %s: %w", s.spec.Name, reasonError(r))))
		return
	}
	if stays && !s.again {
		s.want = false
		if s.spec.Significant {
			c.close(r)
		}
		return
	}
	recent := c.history[:0]
	for _, at := range c.history {
		if now.Sub(at) < c.period {
			recent = append(recent, at)
		}
	}
	c.history = append(recent, now)
	if len(c.history) > c.intensity {
		c.close(Crashed(fmt.Errorf("%w of %s: %w", ErrTooManyRestarts, s.spec.Name, reasonError(r))))
		return
	}
	c.haltWith(i)
}

// haltWith marks those that are restarted together with child i.
func (c *core) haltWith(i int) {
	for j := range c.slots {
		if j != i && c.with(i, j) && c.slots[j].state != down {
			c.slots[j].halt = true
		}
	}
}

// with reports whether child j is restarted when child i is.
func (c *core) with(i, j int) bool {
	return j == i || i == everyone || c.group.Strategy == OneForAll || c.group.Strategy == RestForOne && j > i
}

// restarted reports whether child i and all that are restarted with it are up again. Those that are not to run do not count.
func (c *core) restarted(i int) bool {
	for j := range c.slots {
		s := &c.slots[j]
		if c.with(i, j) && (s.halt || s.want && s.state != up || s.state == stopping) {
			return false
		}
	}
	return true
}

// restart is an operator's wish; it does not count as a failure.
func (c *core) restart(i int) {
	if c.phase >= closing {
		return
	}
	s := &c.slots[i]
	s.want, s.again = true, true
	if s.state != down {
		s.halt = true
	}
	c.haltWith(i)
	c.reconcile()
}

// restartAll is an operator's wish for all children. Those that had ended for good stay down.
func (c *core) restartAll() {
	if c.phase >= closing {
		return
	}
	c.ordered = true
	for i := range c.slots {
		if s := &c.slots[i]; s.state != down {
			s.halt, s.again = true, true
		}
	}
	c.reconcile()
}

// close ends the group: all children are stopped, last first.
func (c *core) close(r Reason) {
	if c.phase >= closing {
		return
	}
	c.phase, c.reason = closing, r
	for i := range c.slots {
		c.slots[i].want = false
		c.slots[i].halt = c.slots[i].state != down
	}
}

// stop is close from outside.
func (c *core) stop(r Reason) {
	c.close(r)
	c.reconcile()
}

// overdue: the instance was asked to stop and its time is up.
func (c *core) overdue(i int, gen uint64) {
	s := &c.slots[i]
	if s.gen != gen || s.state != stopping {
		return
	}
	s.state, s.halt, s.lost, s.last = down, false, true, Reason{}
	c.do(doLose, i)
	c.reconcile()
}

// reconcile asks for the next steps towards what is wanted: first stops, then starts.
func (c *core) reconcile() {
	if c.phase == closed {
		return
	}
	if c.stopNext() {
		return
	}
	if c.phase == closing {
		c.phase = closed
		c.effects = append(c.effects, effect{verb: doFinish})
		return
	}
	c.startNext()
	if c.phase == closing {
		c.reconcile()
		return
	}
	if c.phase == opening && c.allUp() {
		c.phase = open
		c.effects = append(c.effects, effect{verb: doOpen})
	}
	if c.allUp() {
		c.ordered = false
	}
}

// stopNext reports whether something still has to stop.
func (c *core) stopNext() bool {
	for i := len(c.slots) - 1; i >= 0; i-- {
		switch s := &c.slots[i]; {
		case s.state == stopping:
			return true
		case s.halt:
			s.state = stopping
			c.do(doStop, i)
			return true
		}
	}
	return false
}

func (c *core) startNext() {
	oneByOne := c.phase == opening || c.group.Strategy != OneForOne || c.ordered
	for i := range c.slots {
		s := &c.slots[i]
		switch {
		case s.state == starting && oneByOne:
			return
		case s.state != down || !s.want:
		case s.lost:
			c.close(Crashed(fmt.Errorf("start %s: %w", s.spec.Name, ErrStillRunning)))
			return
		default:
			s.gen++
			s.state, s.again = starting, false
			c.do(doStart, i)
			if oneByOne {
				return
			}
		}
	}
}

// losing reports whether an instance that did not stop may still live.
func (c *core) losing() bool {
	for i := range c.slots {
		if c.slots[i].lost {
			return true
		}
	}
	return false
}

func (c *core) allUp() bool {
	for i := range c.slots {
		if c.slots[i].want && c.slots[i].state != up {
			return false
		}
	}
	return true
}

func reasonError(r Reason) error {
	if r.Err != nil {
		return r.Err
	}
	return &Exit{Reason: r}
}

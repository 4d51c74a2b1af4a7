package partition

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/consumer"
	"leyden/actors/mailbox"
	"leyden/actors/materializer"
	"leyden/actors/work"
	"leyden/internal/idtable"
	"leyden/internal/livemap"
	"leyden/internal/shape"
)

// Config is what a partition is made from.
type Config struct {
	// Count is the number of partitions: this one has the shapes whose ids are alike modulo Count.
	Count  int
	Shapes work.Shapes
	Host   *consumer.Host
	// RestAfter is how long a consumer without a message keeps what it can find again, roughly. 0 keeps it.
	RestAfter time.Duration
	// SleepAfter is how much longer it is kept at all, Never until its shape is removed.
	SleepAfter time.Duration
	// StallGrace is how long a consumer may take for one message; then its shape is removed and the partition fails. 0 for
	// ever. It is looked at every StallPeriod.
	StallGrace, StallPeriod time.Duration
	Now                     func() time.Time // nil: time.Now
}

// Never is a SleepAfter.
const Never time.Duration = -1

type partition struct {
	Config
	pulse    *pulse
	children idtable.Table[*child] // by id / Count
	wheel    wheel
	timer    *time.Timer
	endings  livemap.Map[*actor.PID, func()] // of consumers that are being stopped; a name may be a successor's by then
	stopping bool                            // all consumers are

	materializers materializers
}

// child is a consumer that is awake.
type child struct {
	pid   *actor.PID
	id    shape.ID
	since int64  // Unix time of its start, in nanoseconds
	last  uint32 // tick of its last message
	gone  bool   // it has been stopped
	dead  bool   // it has ended by itself, and its shape is about to be removed
}

// tick is what the timer sends.
type tick struct{}

func (p *partition) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *work.Share:
		for i := range m.Deliveries {
			p.deliver(ctx, &m.Deliveries[i])
		}
	case *work.SnapshotKnown:
		if c := p.children.Get(uint64(m.ID) / uint64(p.Count)); c != nil {
			p.send(ctx, c, m)
		} // else the shape's log tells it to the consumer when there is one
	case *work.FilteringOver:
		p.filteringOver(ctx, m)
	case *work.Verify:
		if c := p.children.Get(uint64(m.ID) / uint64(p.Count)); c != nil && !c.dead {
			p.send(ctx, c, m)
		}
	case *work.Drop:
		p.drop(ctx, m)
	case *work.Attach:
		p.attach(ctx, m)
	case *work.Detach:
		p.detach(ctx, m)
	case *materializer.Built:
		p.built(ctx, m)
	case *work.Begin:
		p.pass(ctx, m.ID, m)
	case *work.View:
		p.pass(ctx, m.ID, m)
	case *work.Moved:
		p.pass(ctx, m.ID, m)
	case *work.SnapshotRead:
		p.pass(ctx, m.ID, m)
	case *work.MoveInKnown:
		p.pass(ctx, m.ID, m)
	case *work.MoveInRows:
		p.pass(ctx, m.ID, m)
	case *work.Reached:
		p.pass(ctx, m.ID, m)
	case *Look:
		p.look(ctx, m)
	case *Renew:
		p.renew(ctx, m)
	case tick:
		p.tick(ctx)
	case *actor.Terminated:
		p.ended(m.Who)
	case *actor.Stopping, *actor.Restarting:
		p.stopping = true
		if p.timer != nil {
			p.timer.Stop()
		}
	}
}

// child finds the consumer of a shape, which it starts if there is none; nil if the shape does not exist.
func (p *partition) child(ctx actor.Context, id shape.ID) *child {
	at := uint64(id) / uint64(p.Count)
	if c := p.children.Get(at); c != nil {
		c.last = p.wheel.now
		return c
	}
	s, ok := p.Shapes.Shape(id)
	if !ok {
		return nil
	}
	c := &child{id: id, since: p.clock().UnixNano(), last: p.wheel.now, pid: p.spawn(ctx, s)}
	p.children.Set(at, c)
	if p.RestAfter > 0 {
		p.wheel.add(c)
		p.arm(ctx)
	}
	return c
}

func (p *partition) clock() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}

// spawn starts a consumer. Its name is the shape's id; one that has not quite ended may still have that name.
func (p *partition) spawn(ctx actor.Context, s work.Shape) *actor.PID {
	props := actor.PropsFromProducer(func() actor.Actor { return consumer.NewActor(p.Host, s) }, actor.WithMailbox(mailbox.Inline))
	name := strconv.FormatUint(uint64(s.ID), 10)
	p.pulse.begin(s.ID) // it reads its state
	defer p.pulse.end()
	pid, err := ctx.SpawnNamed(props, name)
	for n := 1; errors.Is(err, actor.ErrNameExists); n++ {
		pid, err = ctx.SpawnNamed(props, name+"-"+strconv.Itoa(n))
	}
	if err != nil {
		panic(err)
	}
	return pid
}

// filteringOver is passed on to the consumer. For a shape without one it is done without waking it.
func (p *partition) filteringOver(ctx actor.Context, m *work.FilteringOver) {
	if c := p.children.Get(uint64(m.ID) / uint64(p.Count)); c != nil {
		p.send(ctx, c, m)
		return
	}
	if s, ok := p.Shapes.Shape(m.ID); ok {
		m.Run.Late(&work.Late{Run: m.Run, ID: m.ID, Log: s.Log, Parts: []work.Part{{FilteringDone: true}}})
	}
}

func (p *partition) drop(ctx actor.Context, m *work.Drop) {
	open := 1
	done := func() {
		if open--; open == 0 {
			m.Done()
		}
	}
	for _, id := range m.IDs {
		if len(p.materializers.byShape) > 0 {
			p.endMaterializers(ctx, id)
		}
		c := p.children.Get(uint64(id) / uint64(p.Count))
		if c == nil {
			continue
		}
		p.forget(c)
		if !c.dead {
			open++
			p.endings.Set(c.pid, done)
			ctx.Poison(c.pid) // after the deliveries that it still has
		}
	}
	done()
}

// ended takes in the end of a consumer. One that nobody has ended cannot be followed by another, which would go on as if
// nothing had been: its shape goes.
func (p *partition) ended(pid *actor.PID) {
	if done, asked := p.endings.Find(pid); asked {
		p.endings.Delete(pid)
		if done != nil {
			done()
		}
		return
	}
	if p.stopping {
		return // an orderly end says nothing about the shape
	}
	if len(p.materializers.byShape) > 0 && p.endedMaterializer(pid) {
		return
	}
	id, _, _ := strings.Cut(pid.Id[strings.LastIndexByte(pid.Id, '/')+1:], "-")
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return
	}
	c := p.children.Get(n / uint64(p.Count))
	if c == nil || c.pid != pid {
		return // a late end of one that has been replaced
	}
	c.dead = true
	p.Host.Invalidate(c.id, errEnded)
}

// errEnded is why a shape goes whose consumer ended outside of its own code.
var errEnded = errors.New("its consumer has ended")

func (p *partition) forget(c *child) {
	c.gone = true
	p.children.Set(uint64(c.id)/uint64(p.Count), nil)
	if p.children.Len() == 0 {
		p.wheel.slots = [wheelSlots][]*child{} // no tick comes any more, which would let go what is gone
	}
}

func (p *partition) tick(ctx actor.Context) {
	p.timer = nil
	sleep := uint32(math.MaxUint32)
	if p.SleepAfter >= 0 {
		sleep = idleTicks + uint32(p.SleepAfter/p.period())
	}
	p.wheel.tick(func(c *child, ticks uint32) {
		if c.dead {
			p.Host.Invalidate(c.id, errEnded)
			return
		}
		ask := &consumer.Sleep{Rest: ticks < sleep}
		p.send(ctx, c, ask)
		if ask.Agreed() {
			p.forget(c)
			p.endings.Set(c.pid, nil)
			ctx.Stop(c.pid)
			p.Host.Metrics.Passivated.Add(1)
		}
	})
	if p.children.Len() > 0 {
		p.arm(ctx)
	}
}

func (p *partition) period() time.Duration { return max(p.RestAfter/idleTicks, time.Millisecond) }

// arm has the next tick sent. While nothing is awake there is none.
func (p *partition) arm(ctx actor.Context) {
	if p.timer != nil {
		return
	}
	self, root := ctx.Self(), ctx.ActorSystem().Root
	p.timer = time.AfterFunc(p.period(), func() { root.Send(self, tick{}) })
}

// stopChildren is the backstop of consumers, which handle their failures themselves: one that fails nevertheless is not
// restarted, and what it was handed is held.
type stopChildren struct{}

func (stopChildren) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, who *actor.PID, _ *actor.RestartStatistics, _ any, message any) {
	if d, ok := actor.UnwrapEnvelopeMessage(message).(*work.Delivery); ok {
		d.Complete(work.Result{Held: true})
	}
	s.StopChildren(who)
}

package partition

import (
	"errors"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/consumer"
	"leyden/actors/mailbox"
	"leyden/actors/work"
	"leyden/internal/idtable"
	"leyden/internal/shape"
)

// Config is what a partition is made from.
type Config struct {
	// Count is the number of partitions: this one has the shapes whose ids are alike modulo Count.
	Count  int
	Shapes work.Shapes
	Host   *consumer.Host
	// IdleAfter is how long a consumer is kept without a message, roughly. 0 keeps it until its shape is removed.
	IdleAfter time.Duration
	Now       func() time.Time // nil: time.Now
}

// Props makes partitions.
func Props(c Config, opts ...actor.PropsOption) *actor.Props {
	opts = append(opts, actor.WithSupervisor(stopChildren{}))
	return actor.PropsFromProducer(func() actor.Actor { return &partition{Config: c} }, opts...)
}

type partition struct {
	Config
	children idtable.Table[*child] // by id / Count
	wheel    wheel
	timer    *time.Timer
	endings  map[string]func() // by the name of a consumer that is being stopped
}

// child is a consumer that is awake.
type child struct {
	pid   *actor.PID
	id    shape.ID
	since int64  // Unix time of its start, in nanoseconds
	last  uint32 // tick of its last message
	gone  bool   // it has been stopped
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
			ctx.Send(c.pid, m)
		} // else the shape's log tells it to the consumer when there is one
	case *work.FilteringOver:
		p.filteringOver(ctx, m)
	case *work.Drop:
		p.drop(ctx, m)
	case *Look:
		p.look(ctx, m)
	case *Renew:
		p.renew(ctx, m)
	case tick:
		p.tick(ctx)
	case *actor.Terminated:
		if done := p.endings[m.Who.Id]; done != nil {
			delete(p.endings, m.Who.Id)
			done()
		}
	case *actor.Started:
		p.endings = map[string]func(){}
	case *actor.Stopping, *actor.Restarting:
		if p.timer != nil {
			p.timer.Stop()
		}
	}
}

func (p *partition) deliver(ctx actor.Context, d *work.Delivery) {
	c := p.child(ctx, d.ID)
	if c == nil {
		// The shape is being removed: what it does not store is held until it is.
		d.Complete(work.Result{Held: true})
		return
	}
	ctx.Send(c.pid, d)
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
	if p.IdleAfter > 0 {
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
		ctx.Send(c.pid, m)
		return
	}
	if s, ok := p.Shapes.Shape(m.ID); ok {
		m.Run.Late(&work.Late{Run: m.Run, ID: m.ID, Log: s.Log, Parts: []work.Part{{FilteringDone: true}}})
	}
}

func (p *partition) drop(ctx actor.Context, m *work.Drop) {
	c := p.children.Get(uint64(m.ID) / uint64(p.Count))
	if c == nil {
		m.Done()
		return
	}
	p.endings[c.pid.Id] = m.Done
	p.forget(c)
	ctx.Poison(c.pid) // after the deliveries that it still has
}

func (p *partition) forget(c *child) {
	c.gone = true
	p.children.Set(uint64(c.id)/uint64(p.Count), nil)
}

func (p *partition) tick(ctx actor.Context) {
	p.timer = nil
	p.wheel.tick(func(c *child) {
		ask := &consumer.Sleep{}
		ctx.Send(c.pid, ask)
		if ask.Agreed() {
			p.forget(c)
			ctx.Stop(c.pid)
			p.Host.Metrics.Passivated.Add(1)
		}
	})
	if p.children.Len() > 0 {
		p.arm(ctx)
	}
}

// arm has the next tick sent. While nothing is awake there is none.
func (p *partition) arm(ctx actor.Context) {
	if p.timer != nil {
		return
	}
	self, root := ctx.Self(), ctx.ActorSystem().Root
	p.timer = time.AfterFunc(max(p.IdleAfter/idleTicks, time.Millisecond), func() { root.Send(self, tick{}) })
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

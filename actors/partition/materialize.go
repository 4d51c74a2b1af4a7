package partition

import (
	"strconv"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/consumer"
	"leyden/actors/mailbox"
	"leyden/actors/materializer"
	"leyden/actors/work"
	"leyden/internal/shape"
)

// materialized is a materializer that runs next to the consumer of its shape.
type materialized struct {
	pid     *actor.PID
	key     string
	columns []string
	since   int64 // Unix time of its start, in nanoseconds
}

// materializers are those of a partition's shapes. There are few shapes whose rows are the result of a subquery.
type materializers struct {
	byShape map[shape.ID][]materialized
	// delayed waits for the end of an inner shape's transaction.
	delayed []*work.Attach
	started int
}

// attach has an outer shape told the result of an inner one. In the midst of a transaction it waits for the end.
func (p *partition) attach(ctx actor.Context, m *work.Attach) {
	c := p.child(ctx, m.Inner)
	if c == nil || c.dead {
		return // the inner shape is being removed, and the outer one with it
	}
	ask := &consumer.Place{}
	p.send(ctx, c, ask)
	if !ask.Known {
		p.materializers.delayed = append(p.materializers.delayed, m)
		return
	}
	key := materializer.Key(m.Columns, m.Canon)
	for _, has := range p.materializers.byShape[m.Inner] {
		if has.key == key {
			ctx.Send(has.pid, m)
			return
		}
	}
	s, ok := p.Shapes.Shape(m.Inner)
	if !ok {
		return
	}
	if p.materializers.byShape == nil {
		p.materializers.byShape = map[shape.ID][]materialized{}
	}
	p.materializers.started++
	props := actor.PropsFromProducer(func() actor.Actor {
		return materializer.New(materializer.Config{Inner: s, Columns: m.Columns, Canon: m.Canon, From: ask.Latest,
			Post: p.Host.Outer.Post, Tell: p.Host.Outer.Tell, Behind: p.Host.Outer.Behind, Invalidate: p.Host.Invalidate, Metrics: p.Host.Metrics, Logger: p.Host.Logger})
	}, actor.WithMailbox(mailbox.Inline))
	pid, err := ctx.SpawnNamed(props, "materializer-"+strconv.FormatUint(uint64(m.Inner), 10)+"-"+strconv.Itoa(p.materializers.started))
	if err != nil {
		panic(err)
	}
	p.materializers.byShape[m.Inner] = append(p.materializers.byShape[m.Inner], materialized{pid, key, m.Columns, p.clock().UnixNano()})
	p.send(ctx, c, &consumer.Follow{By: pid})
	ctx.Send(pid, m)
}

// retry attaches what waited for the end of a transaction of a shape.
func (p *partition) retry(ctx actor.Context, inner shape.ID) {
	waiting := p.materializers.delayed
	p.materializers.delayed = nil
	for _, m := range waiting {
		if m.Inner == inner {
			p.attach(ctx, m)
		} else {
			p.materializers.delayed = append(p.materializers.delayed, m)
		}
	}
}

// detach ends what attach began. A materializer that nobody follows ends.
func (p *partition) detach(ctx actor.Context, m *work.Detach) {
	kept := p.materializers.delayed[:0]
	for _, a := range p.materializers.delayed {
		if a.Inner != m.Inner || a.Outer != m.Outer {
			kept = append(kept, a)
		}
	}
	clear(p.materializers.delayed[len(kept):])
	p.materializers.delayed = kept
	var left []materialized
	for _, has := range p.materializers.byShape[m.Inner] {
		leave := &materializer.Leave{Outer: m.Outer}
		ctx.Send(has.pid, leave)
		if leave.Left > 0 {
			left = append(left, has)
			continue
		}
		p.end(ctx, m.Inner, has)
	}
	p.keep(m.Inner, left)
}

// endMaterializers ends those of a shape that is removed.
func (p *partition) endMaterializers(ctx actor.Context, inner shape.ID) {
	for _, has := range p.materializers.byShape[inner] {
		p.end(ctx, inner, has)
	}
	p.keep(inner, nil)
}

func (p *partition) end(ctx actor.Context, inner shape.ID, has materialized) {
	if c := p.children.Get(uint64(inner) / uint64(p.Count)); c != nil && !c.dead {
		p.send(ctx, c, &consumer.Follow{By: has.pid, End: true})
	}
	p.endings.Set(has.pid, nil)
	ctx.Stop(has.pid)
}

func (p *partition) keep(inner shape.ID, left []materialized) {
	if len(left) > 0 {
		p.materializers.byShape[inner] = left
		return
	}
	delete(p.materializers.byShape, inner)
}

// built passes on to a materializer what it has read.
func (p *partition) built(ctx actor.Context, m *materializer.Built) {
	for _, has := range p.materializers.byShape[m.For()] {
		if has.key == m.Key() {
			ctx.Send(has.pid, m)
		}
	}
}

// endedMaterializer takes in that one has ended that nobody has ended: the result cannot be followed any more.
func (p *partition) endedMaterializer(pid *actor.PID) bool {
	for inner, all := range p.materializers.byShape {
		for _, has := range all {
			if has.pid == pid {
				p.keep(inner, nil)
				p.Host.Invalidate(inner, errEnded)
				return true
			}
		}
	}
	return false
}

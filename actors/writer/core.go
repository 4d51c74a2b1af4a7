package writer

import (
	"leyden/actors/work"
	"leyden/persistence/shapelog"
)

// Core puts works in order and makes batches of them. It is a plain value: no goroutine, no clock, no I/O.
type Core struct {
	run     *work.Run
	next    uint64                  // the work to be written next
	waiting map[uint64]*work.Work   // complete, but a work before them is not
	behind  map[uint64][]*work.Late // by the work, not ready yet, that each is to come behind
	ready   []entry                 // to be written, in this order
	holds   holds

	commit   uint64 // last commit that is in a gathered batch
	position uint64 // of the store, with the gathered batches

	gathered Gathered
	appends  []shapelog.Append
}

// entry is a work or a late.
type entry struct {
	work *work.Work
	late *work.Late
}

// Gathered is what is to be applied at once. It is valid until Applied, or the next Gather.
type Gathered struct {
	Batches []shapelog.Batch
	Works   []*work.Work
	Lates   []*work.Late
	// Seq is the last work up to which everything is gathered or applied, Commit the last commit LSN among them.
	Seq, Commit uint64
	// Bytes is the credit that the works hold; Items and JSON are what is appended.
	Bytes       int64
	Items, JSON int
}

// NewCore returns a Core for a store with that position, which follows no run yet.
func NewCore(position uint64) *Core {
	return &Core{next: 1, waiting: map[uint64]*work.Work{}, behind: map[uint64][]*work.Late{}, commit: position, position: position}
}

// Begin makes run the one that is followed. It comes before everything of that run. What a former run has applied may not
// be durable: Durable is to be reported after a sync, with no work applied yet.
func (c *Core) Begin(run *work.Run) { c.run = run }

// Work takes in a complete work.
func (c *Core) Work(w *work.Work) {
	if w.Run != c.run {
		return
	}
	if w.Seq != c.next {
		c.waiting[w.Seq] = w
		return
	}
	for w != nil {
		c.ready = append(c.ready, entry{work: w})
		if len(c.behind) > 0 {
			for _, l := range c.behind[w.Seq] {
				c.ready = append(c.ready, entry{late: l})
			}
			delete(c.behind, w.Seq)
		}
		c.next++
		w = c.waiting[c.next]
		delete(c.waiting, c.next)
	}
}

// Late takes in what a consumer had held.
func (c *Core) Late(l *work.Late) {
	switch {
	case l.Run != c.run:
	case l.After >= c.next:
		c.behind[l.After] = append(c.behind[l.After], l)
	default:
		c.ready = append(c.ready, entry{late: l})
	}
}

// Forget takes in that a shape is removed. What was gathered before has been applied. It reports whether the lowest hold may have changed.
func (c *Core) Forget(f *work.Forget) bool {
	if f.Run != c.run {
		return false
	}
	c.empty(fewPlaces)
	before := c.holds.lowest()
	c.holds.release(f.ID, f.Seq)
	c.holds.passed(c.gathered.Seq)
	return c.holds.lowest() != before
}

// Ready reports whether there is something to gather.
func (c *Core) Ready() bool { return len(c.ready) > 0 }

// Durable is what is true once the store has been synced after what was gathered last has been applied.
func (c *Core) Durable() *work.Durable {
	return &work.Durable{Run: c.run, Seq: c.gathered.Seq, Hold: c.holds.lowest()}
}

// Waiting is how many works cannot be written because one before them is not complete.
func (c *Core) Waiting() int { return len(c.waiting) }

// Gather makes batches of all that is ready.
func (c *Core) Gather() *Gathered {
	c.Applied()
	g := &c.gathered
	for _, e := range c.ready {
		from := len(c.appends)
		if e.late != nil {
			c.late(g, e.late)
		} else {
			c.work(g, e.work)
		}
		g.Batches = append(g.Batches, shapelog.Batch{Position: c.advance(), Appends: c.appends[from:len(c.appends):len(c.appends)]})
	}
	c.ready = emptied(c.ready, manyPlaces)
	if c.holds.void.Len() > 0 {
		c.holds.passed(g.Seq)
	}
	g.Commit = c.commit
	return g
}

// Applied lets go of what was gathered: a work for very many shapes would otherwise stay until the next one comes.
func (c *Core) Applied() { c.empty(manyPlaces) }

// Arrays are used again that have up to manyPlaces; once a shape has been removed, up to fewPlaces.
const (
	manyPlaces = 32_768
	fewPlaces  = 64
)

func (c *Core) empty(kept int) {
	g := &c.gathered
	*g = Gathered{Batches: emptied(g.Batches, kept), Works: emptied(g.Works, kept), Lates: emptied(g.Lates, kept), Seq: g.Seq}
	c.appends = emptied(c.appends, kept)
}

// emptied is the array of s, to be filled again, without what is in it; nothing if it has more places than that.
func emptied[T any](s []T, kept int) []T {
	if cap(s) > kept {
		return nil
	}
	clear(s)
	return s[:0]
}

func (c *Core) work(g *Gathered, w *work.Work) {
	for i := range w.Deliveries {
		d := &w.Deliveries[i]
		if d.Result.Held {
			c.holds.add(d.ID, w.Seq, w.Fragment.LSN)
		}
		if d.Result.Log != nil {
			c.append(g, d.Result.Log, work.Part{Items: d.Result.Items, Commit: d.Result.Commit, FilteringDone: d.Result.FilteringDone})
		}
	}
	if w.Fragment.Commit != nil {
		c.commit = w.Fragment.LSN
	}
	g.Works = append(g.Works, w)
	g.Seq = w.Seq
	g.Bytes += w.Charge
}

func (c *Core) late(g *Gathered, l *work.Late) {
	for _, p := range l.Parts {
		c.append(g, l.Log, p)
	}
	if l.Seq > 0 {
		c.holds.release(l.ID, l.Seq)
	}
	g.Lates = append(g.Lates, l)
}

func (c *Core) append(g *Gathered, log *shapelog.Log, p work.Part) {
	c.appends = append(c.appends, shapelog.Append{Log: log, Items: p.Items, Commit: p.Commit, FilteringDone: p.FilteringDone})
	g.Items += len(p.Items)
	for i := range p.Items {
		g.JSON += p.Items[i].Len()
	}
}

// advance returns the position as it is when everything gathered so far is applied, 0 if it does not move.
func (c *Core) advance() uint64 {
	position := c.commit
	if hold := c.holds.lowest(); hold > 0 && hold <= position {
		position = hold - 1
	}
	if position <= c.position {
		return 0
	}
	c.position = position
	return position
}

package filter

import "leyden/internal/shape"

// listed is a shape at a place: its id, and whether it is at other places too.
type listed uint64

// severally marks a shape that several places list, so that a change may find it more than once.
const severally listed = 1 << 63

func (w listed) id() shape.ID { return shape.ID(w &^ severally) }

// cell is what is listed at one place. Nearly always that is one shape, which takes no memory but the cell.
type cell struct {
	who  listed    // 0: none
	rest *residual // of who; nil: the place decides everything
	more *postings
}

func (c *cell) empty() bool { return c.who == 0 && c.more == nil }

// load is how many residuals a change has to evaluate here, or shapes to take.
func (c *cell) load() int {
	n := 0
	if c.who != 0 {
		n++
	}
	if c.more != nil {
		n += c.more.shapes
	}
	return n
}

func (c *cell) add(who listed, rest *residual) {
	switch {
	case c.who == who && c.rest == rest:
	case c.who == 0 && c.more == nil:
		c.who, c.rest = who, rest
	default:
		if c.more == nil {
			c.more = &postings{}
		}
		c.more.add(who, rest)
	}
}

func (c *cell) remove(who listed, rest *residual) {
	switch {
	case c.who == who && c.rest == rest:
		c.who, c.rest = 0, nil
	case c.more != nil:
		c.more.remove(who, rest)
		if len(c.more.sets) == 0 {
			c.more = nil
		}
	}
}

// postings are shapes by what remains to be evaluated for them.
type postings struct {
	sets   []posting
	places map[term]int // in sets, once they are many
	shapes int
}

type posting struct {
	term
	ids set
}

// term is what shapes of one posting have in common.
type term struct {
	rest *residual
	mark listed // severally or 0
}

// manySets is the number of sets from which they are found through a map.
const manySets = 16

func (p *postings) place(t term) int {
	if p.places != nil {
		if i, ok := p.places[t]; ok {
			return i
		}
		return -1
	}
	for i := range p.sets {
		if p.sets[i].term == t {
			return i
		}
	}
	return -1
}

func (p *postings) add(who listed, rest *residual) {
	t := term{rest, who & severally}
	i := p.place(t)
	if i < 0 {
		i = len(p.sets)
		p.sets = append(p.sets, posting{term: t})
		switch {
		case p.places != nil:
			p.places[t] = i
		case len(p.sets) > manySets:
			p.places = make(map[term]int, len(p.sets))
			for i := range p.sets {
				p.places[p.sets[i].term] = i
			}
		}
	}
	if p.sets[i].ids.add(who.id()) {
		p.shapes++
	}
}

func (p *postings) remove(who listed, rest *residual) {
	t := term{rest, who & severally}
	i := p.place(t)
	if i < 0 {
		return
	}
	if p.sets[i].ids.remove(who.id()) {
		p.shapes--
	}
	if !p.sets[i].ids.empty() {
		return
	}
	last := len(p.sets) - 1
	if p.places != nil {
		delete(p.places, t)
		if i != last {
			p.places[p.sets[last].term] = i
		}
	}
	p.sets[i] = p.sets[last]
	p.sets[last] = posting{}
	p.sets = p.sets[:last]
	if cap(p.sets) > manySets && 4*len(p.sets) < cap(p.sets) {
		p.sets = append(make([]posting, 0, 2*len(p.sets)), p.sets...)
	}
	if p.places != nil && len(p.sets) <= manySets/2 {
		p.places = nil
	}
}

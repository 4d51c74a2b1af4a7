package collector

import (
	"slices"

	"leyden/internal/livemap"
	"leyden/internal/shape"
)

// layers knows which shapes must have taken in a change before others are handed it (spec engine §5.4): those that another one
// depends on. A shape without dependencies is in layer 0, another in the one after the last of its dependencies. Of a shape
// that has neither dependencies nor dependents nothing is kept.
type layers struct {
	places livemap.Map[shape.ID, *place]

	of []int32 // scratch of one fragment: the layer of each delivery
}

// place is where a shape stands among those that it depends on and those that depend on it.
type place struct {
	layer        int32
	dependencies []shape.ID
	dependents   int
}

// add places a shape after its dependencies, which are routed to. Each id comes once, whatever the number of the subqueries that
// the dependency answers.
func (l *layers) add(id shape.ID, dependencies []shape.ID) {
	if len(dependencies) == 0 || l.places.Get(id) != nil {
		return
	}
	p := &place{dependencies: slices.Compact(slices.Sorted(slices.Values(dependencies)))}
	for _, d := range p.dependencies {
		inner := l.places.Get(d)
		if inner == nil {
			inner = &place{}
			l.places.Set(d, inner)
		}
		inner.dependents++
		p.layer = max(p.layer, inner.layer+1)
	}
	l.places.Set(id, p)
}

// remove forgets a shape. What depends on it stays where it is until it is removed too.
func (l *layers) remove(id shape.ID) {
	p := l.places.Get(id)
	if p == nil {
		return
	}
	l.places.Delete(id)
	for _, d := range p.dependencies {
		inner := l.places.Get(d)
		if inner == nil {
			continue // it was removed before
		}
		if inner.dependents--; inner.dependents == 0 && len(inner.dependencies) == 0 {
			l.places.Delete(d)
		}
	}
}

// order returns the layers of the given shapes, numbered without gaps, and how many there are; none if they need not be told
// apart and nobody waits for any of them.
func (l *layers) order(ids []shape.ID) (of []int32, count int) {
	if l.places.Len() == 0 {
		return nil, 0
	}
	l.of = l.of[:0]
	lowest, highest, awaited := int32(-1), int32(0), false
	for _, id := range ids {
		layer := int32(0)
		if p := l.places.Get(id); p != nil {
			layer = p.layer
			awaited = awaited || p.dependents > 0
		}
		if l.of = append(l.of, layer); lowest < 0 || layer < lowest {
			lowest = layer
		}
		highest = max(highest, layer)
	}
	if lowest == highest && !awaited {
		return nil, 0
	}
	dense := make([]int32, highest+1)
	for _, layer := range l.of {
		dense[layer] = 1
	}
	for layer, used := range dense {
		dense[layer] = int32(count)
		count += int(used)
	}
	for i, layer := range l.of {
		l.of[i] = dense[layer]
	}
	return l.of, count
}

// tidy gives up scratch that has room for more shapes than that.
func (l *layers) tidy(kept int) {
	if cap(l.of) > kept {
		l.of = nil
	}
}

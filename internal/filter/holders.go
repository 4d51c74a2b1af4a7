package filter

import (
	"iter"
	"slices"

	"leyden/internal/livemap"
)

// holders knows which groups have a value, by the hash of it. Two values of a group may have one hash, by rare chance: that is
// counted, so that the group has the hash as long as it has one of them. Each value of a group comes once and goes once.
type holders struct {
	groups []*group // by number
	free   []uint32
	values livemap.Map[uint64, slot]
}

// slot is who has a value: nearly always one group.
type slot struct {
	first holder
	more  *[]holder // sorted by group; nil for none
}

type holder struct{ group, values uint32 }

func byGroup(h holder, group uint32) int { return int(int64(h.group) - int64(group)) }

// enter numbers a group.
func (h *holders) enter(g *group) uint32 {
	if n := len(h.free); n > 0 {
		number := h.free[n-1]
		h.free = h.free[:n-1]
		h.groups[number] = g
		return number
	}
	h.groups = append(h.groups, g)
	return uint32(len(h.groups) - 1)
}

// leave gives the number of a group back, which has no values any more.
func (h *holders) leave(number uint32) {
	h.groups[number] = nil
	h.free = append(h.free, number)
}

func (h *holders) empty() bool { return h.values.Len() == 0 }

func (h *holders) add(hash uint64, group uint32) {
	s, found := h.values.Find(hash)
	switch {
	case !found:
		s.first = holder{group, 1}
	case s.first.group == group:
		s.first.values++
	case s.more == nil:
		s.more = &[]holder{{group, 1}}
	default:
		i, found := slices.BinarySearchFunc(*s.more, group, byGroup)
		if found {
			(*s.more)[i].values++
		} else {
			*s.more = slices.Insert(*s.more, i, holder{group, 1})
		}
		return
	}
	h.values.Set(hash, s)
}

func (h *holders) remove(hash uint64, group uint32) {
	s := h.values.Get(hash)
	if s.first.group == group {
		switch s.first.values--; {
		case s.first.values > 0:
		case s.more == nil:
			h.values.Delete(hash)
			return
		default:
			last := len(*s.more) - 1
			s.first = (*s.more)[last]
			s.more = shortened(s.more, last)
		}
		h.values.Set(hash, s)
		return
	}
	i, _ := slices.BinarySearchFunc(*s.more, group, byGroup)
	if (*s.more)[i].values--; (*s.more)[i].values > 0 {
		return
	}
	if more := shortened(s.more, i); more == nil {
		s.more = nil
		h.values.Set(hash, s)
	}
}

// shortened removes the holder i, and gives memory back.
func shortened(more *[]holder, i int) *[]holder {
	left := slices.Delete(*more, i, i+1)
	if len(left) == 0 {
		return nil
	}
	if cap(left) > 8 && 4*len(left) < cap(left) {
		left = append(make([]holder, 0, 2*len(left)), left...)
	}
	*more = left
	return more
}

// of yields the groups that have a value.
func (h *holders) of(hash uint64) iter.Seq[*group] {
	return func(yield func(*group) bool) {
		s, found := h.values.Find(hash)
		if !found || !yield(h.groups[s.first.group]) || s.more == nil {
			return
		}
		for _, o := range *s.more {
			if !yield(h.groups[o.group]) {
				return
			}
		}
	}
}

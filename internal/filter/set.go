package filter

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"leyden/internal/shape"
)

// smallSet is the size from which a set is a bitmap.
const smallSet = 32

// set is a set of shape ids: a short sorted list, or a bitmap once it has grown. It stays a bitmap until it is empty.
type set struct {
	few  []shape.ID
	many *roaring64.Bitmap
}

// add reports whether the id was not there.
func (s *set) add(id shape.ID) bool {
	if s.many != nil {
		return s.many.CheckedAdd(uint64(id))
	}
	i, found := slices.BinarySearch(s.few, id)
	if found {
		return false
	}
	s.few = slices.Insert(s.few, i, id)
	if len(s.few) < smallSet {
		return true
	}
	s.many = roaring64.New()
	for _, id := range s.few {
		s.many.Add(uint64(id))
	}
	s.few = nil
	return true
}

// remove reports whether the id was there.
func (s *set) remove(id shape.ID) bool {
	if s.many != nil {
		removed := s.many.CheckedRemove(uint64(id))
		if s.many.IsEmpty() {
			s.many = nil
		}
		return removed
	}
	i, found := slices.BinarySearch(s.few, id)
	if found {
		s.few = slices.Delete(s.few, i, i+1)
	}
	if len(s.few) == 0 {
		s.few = nil
	}
	return found
}

func (s *set) empty() bool { return s.many == nil && len(s.few) == 0 }

func (s *set) len() int {
	if s.many != nil {
		return int(s.many.GetCardinality())
	}
	return len(s.few)
}

func (s *set) appendTo(dst []shape.ID) []shape.ID {
	if s.many == nil {
		return append(dst, s.few...)
	}
	dst = slices.Grow(dst, s.len())
	var buf [256]uint64
	for it := s.many.ManyIterator(); ; {
		n := it.NextMany(buf[:])
		if n == 0 {
			return dst
		}
		for _, id := range buf[:n] {
			dst = append(dst, shape.ID(id))
		}
	}
}

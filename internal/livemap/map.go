// Package livemap is a map that gives its memory back: one of Go keeps for ever what it has once grown to. It is for tables
// of things that come and go by the hundred thousand, such as shapes and those who wait for them.
//
// The one invariant: its size follows the entries that it has, not those that it ever had.
package livemap

import "iter"

// fewEntries are not worth the trouble.
const fewEntries = 64

// Map maps keys to values. The zero Map is ready; it is not safe for concurrent use.
type Map[K comparable, V any] struct {
	entries map[K]V
	most    int // entries since it was last built
}

// Len is how many entries there are.
func (m *Map[K, V]) Len() int { return len(m.entries) }

// Room is how many entries there is memory for, roughly: a few, or at most four times as many as there are.
func (m *Map[K, V]) Room() int { return m.most }

// Get returns the value of k, the zero value if it has none.
func (m *Map[K, V]) Get(k K) V { return m.entries[k] }

// Find is Get, and reports whether k has a value.
func (m *Map[K, V]) Find(k K) (V, bool) {
	v, ok := m.entries[k]
	return v, ok
}

// Set gives k a value.
func (m *Map[K, V]) Set(k K, v V) {
	if m.entries == nil {
		m.entries = map[K]V{}
	}
	m.entries[k] = v
	m.most = max(m.most, len(m.entries))
}

// Delete takes the value of k away. Now and then it costs as much as there are entries, which is a third of the deletions
// since it last did.
func (m *Map[K, V]) Delete(k K) {
	delete(m.entries, k)
	m.shrink()
}

// DeleteFunc takes away the values for which gone is true.
func (m *Map[K, V]) DeleteFunc(gone func(K, V) bool) {
	for k, v := range m.entries {
		if gone(k, v) {
			delete(m.entries, k)
		}
	}
	m.shrink()
}

// Clear takes all values away.
func (m *Map[K, V]) Clear() {
	clear(m.entries)
	m.shrink()
}

func (m *Map[K, V]) shrink() {
	if m.most <= fewEntries || 4*len(m.entries) > m.most {
		return
	}
	kept := make(map[K]V, len(m.entries))
	for k, v := range m.entries {
		kept[k] = v
	}
	m.entries, m.most = kept, len(kept)
}

// All yields every entry, in no order. The map must not be changed meanwhile.
func (m *Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for k, v := range m.entries {
			if !yield(k, v) {
				return
			}
		}
	}
}

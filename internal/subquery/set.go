package subquery

import (
	"hash/maphash"
	"iter"
	"slices"
	"unsafe"

	"leyden/internal/where"
)

// Set is a set of values, all with the same number of columns. It is immutable and shares its memory with the sets that are made
// of it, so that many shapes can have it, and what it becomes, at the cost of one.
type Set struct{ root *root }

type root struct {
	seed maphash.Seed
	tree *node
	// partial has the columns that are NULL together in members.
	partial []partial
}

// partial says that count members are NULL in the same columns. nulls has a bit for each column.
type partial struct {
	nulls string
	count int
}

// Empty is the set of nothing, as the zero value is.
var Empty Set

// Has reports whether v is a member.
func (s Set) Has(v []byte) bool {
	return s.root != nil && s.root.tree.has(maphash.Bytes(s.root.seed, v), unsafe.String(unsafe.SliceData(v), len(v)))
}

// Contains reports whether v is a member.
func (s Set) Contains(v Value) bool {
	return s.root != nil && s.root.tree.has(maphash.String(s.root.seed, string(v)), string(v))
}

// Len is the number of members.
func (s Set) Len() int {
	if s.root == nil {
		return 0
	}
	return s.root.tree.size(true)
}

// HasNull reports whether a column of a member is NULL.
func (s Set) HasNull() bool { return s.root != nil && len(s.root.partial) > 0 }

// All yields the members, in an order that lasts as long as the set. They are parts of its memory: who keeps a few of them for
// long should copy them.
func (s Set) All() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if s.root != nil {
			s.root.tree.all(yield)
		}
	}
}

// With is s without remove and then with add. It costs what is added and removed, and a few kilobytes for each.
func (s Set) With(add, remove []Value) Set {
	if s.root == nil {
		if len(add) == 0 {
			return s
		}
		s.root = &root{seed: maphash.MakeSeed()}
	}
	next := &root{seed: s.root.seed, partial: s.root.partial}
	e := editor{seed: next.seed, changed: next.count}
	next.tree = e.edit(s.root.tree, e.entries(add), e.entries(remove), topShift)
	switch next.tree {
	case nil:
		return Set{}
	case s.root.tree:
		return s // nothing has changed, or the same values have gone and come
	}
	return Set{next}
}

// count keeps partial right. It changes no slice that another set has.
func (r *root) count(v Value, by int) {
	if !v.HasNull() {
		return
	}
	nulls := string(appendNulls(nil, v))
	partials := slices.Clone(r.partial)
	i := slices.IndexFunc(partials, func(p partial) bool { return p.nulls == nulls })
	if i < 0 {
		i = len(partials)
		partials = append(partials, partial{nulls: nulls})
	}
	if partials[i].count += by; partials[i].count == 0 {
		partials = slices.Delete(partials, i, i+1)
	}
	r.partial = partials
}

func appendNulls[T ~string | ~[]byte](dst []byte, v T) []byte {
	start := len(dst)
	for i, n := 0, 0; i < len(v); n++ {
		if n%8 == 0 {
			dst = append(dst, 0)
		}
		from, to := cell(v, i)
		if from < 0 {
			dst[start+n/8] |= 1 << (n % 8)
		}
		i = to
	}
	return dst
}

// Test is what Postgres says of `v IN (the members)`: True if v is one of them and no part of it is NULL; else Null if it may be
// one for all that NULLs let know; else False. scratch is reused memory; it grows if there are members with NULL in a column of
// several.
func (s Set) Test(v []byte, scratch *[]byte) where.Truth {
	switch {
	case s.Len() == 0:
		return where.False
	case hasNull(v):
		return s.mayHave(v)
	case s.Has(v):
		return where.True
	}
	for i := range s.root.partial {
		*scratch = appendWithout((*scratch)[:0], v, s.root.partial[i].nulls)
		if s.Has(*scratch) {
			return where.Null
		}
	}
	return where.False
}

// appendWithout appends v with NULL in the columns that nulls says.
func appendWithout(dst, v []byte, nulls string) []byte {
	for i, n := 0, 0; i < len(v); n++ {
		_, to := cell(v, i)
		if nulls[n/8]>>(n%8)&1 != 0 {
			dst = append(dst, 0)
		} else {
			dst = append(dst, v[i:to]...)
		}
		i = to
	}
	return dst
}

// mayHave decides for a v with a NULL, of which no index helps to find what it could be.
func (s Set) mayHave(v []byte) where.Truth {
	if _, to := cell(v, 0); to == len(v) {
		return where.Null
	}
	found := where.False
	s.root.tree.all(func(m Value) bool {
		if alike(m, v) {
			found = where.Null
		}
		return found == where.False
	})
	return found
}

// alike reports whether no column of a and b is different without being NULL on a side.
func alike(a Value, b []byte) bool {
	for i, j := 0, 0; i < len(a); {
		from, to := cell(a, i)
		from2, to2 := cell(b, j)
		if from >= 0 && from2 >= 0 && string(a[from:to]) != string(b[from2:to2]) {
			return false
		}
		i, j = to, to2
	}
	return true
}

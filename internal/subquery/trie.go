package subquery

import (
	"bytes"
	"unsafe"
)

// A node is a leaf of values, or has children by three bits of the hash. It is immutable: an edit makes new nodes from the root to
// what it concerns, and shares the others.
type node struct {
	count, bytes int
	children     *[fan]*node // nil for a leaf

	// A leaf has its values one behind the other in data. ends[i] is where the value i ends, marks[i] is one byte of its hash: a
	// value is found by looking for that byte.
	marks []byte
	ends  []uint32
	data  []byte
	// rows belongs to a tally, which alone may change it in place; it is nil for a set.
	rows []uint32
}

const (
	fan     = 8
	fanBits = 3
	// A leaf with more than that is divided. What is copied for an edit of few values is about one leaf.
	leafValues = 256
	leafBytes  = 16 << 10
	topShift   = 64 - fanBits
	// The lowest bits of the hash are the marks.
	bottomShift = 8
)

// entry is a value with its hash, and for a tally with its count.
type entry struct {
	hash  uint64
	value Value
	rows  uint32
}

func (n *node) leaf() bool { return n.children == nil }

// at is the value i of a leaf. It is a part of the leaf's memory.
func (n *node) at(i int) Value {
	from := uint32(0)
	if i > 0 {
		from = n.ends[i-1]
	}
	b := n.data[from:n.ends[i]]
	return Value(unsafe.String(unsafe.SliceData(b), len(b)))
}

// find is the place of a value in a leaf, or -1.
func (n *node) find(hash uint64, v string) int {
	for from := 0; ; from++ {
		i := bytes.IndexByte(n.marks[from:], byte(hash))
		if i < 0 {
			return -1
		}
		from += i
		if string(n.at(from)) == v {
			return from
		}
	}
}

// where is the leaf that has a value, and its place there. The place is negative if there is none.
func (n *node) where(hash uint64, v string) (*node, int) {
	for shift := topShift; n != nil; shift -= fanBits {
		if n.leaf() {
			return n, n.find(hash, v)
		}
		n = n.children[hash>>shift&(fan-1)]
	}
	return nil, -1
}

func (n *node) has(hash uint64, v string) bool {
	_, at := n.where(hash, v)
	return at >= 0
}

func (n *node) all(yield func(Value) bool) bool {
	if n == nil {
		return true
	}
	if n.leaf() {
		for i := range n.ends {
			if !yield(n.at(i)) {
				return false
			}
		}
		return true
	}
	for _, c := range n.children {
		if !c.all(yield) {
			return false
		}
	}
	return true
}

package subquery

import (
	"cmp"
	"hash/maphash"
	"slices"
)

// editor makes nodes out of others.
type editor struct {
	seed  maphash.Seed
	tally bool // leaves have counts
	// changed is told of every value that comes (+1) or goes (-1).
	changed func(v Value, by int)
}

// entries sorts values as the tree has them, each once.
func (e *editor) entries(values []Value) []entry {
	out := make([]entry, len(values))
	for i, v := range values {
		out[i] = entry{hash: maphash.String(e.seed, string(v)), value: v}
	}
	sortEntries(out)
	return slices.CompactFunc(out, func(a, b entry) bool { return a == b })
}

func sortEntries(all []entry) {
	slices.SortFunc(all, func(a, b entry) int {
		if c := cmp.Compare(a.hash, b.hash); c != 0 {
			return c
		}
		return cmp.Compare(a.value, b.value)
	})
}

// take divides sorted entries into those under the child and those behind.
func take(all []entry, child, shift int) (of, rest []entry) {
	n := 0
	for n < len(all) && int(all[n].hash>>shift&(fan-1)) == child {
		n++
	}
	return all[:n], all[n:]
}

// build makes the node of sorted, different values.
func (e *editor) build(all []entry, shift int) *node {
	if len(all) == 0 {
		return nil
	}
	size := 0
	for i := range all {
		size += len(all[i].value)
	}
	n := &node{count: len(all), bytes: size}
	if len(all) == 1 || len(all) <= leafValues && size <= leafBytes || shift < bottomShift {
		e.room(n)
		for i := range all {
			n.push(all[i])
		}
		return n
	}
	n.children = new([fan]*node)
	for i := range n.children {
		var of []entry
		of, all = take(all, i, shift)
		n.children[i] = e.build(of, shift-fanBits)
	}
	return n
}

// room prepares a leaf for its values.
func (e *editor) room(n *node) {
	n.marks, n.ends, n.data = make([]byte, 0, n.count), make([]uint32, 0, n.count), make([]byte, 0, n.bytes)
	if e.tally {
		n.rows = make([]uint32, 0, n.count)
	}
}

func (n *node) push(e entry) {
	n.marks = append(n.marks, byte(e.hash))
	n.data = append(n.data, e.value...)
	n.ends = append(n.ends, uint32(len(n.data)))
	if n.rows != nil {
		n.rows = append(n.rows, e.rows)
	}
}

// entry is the value i of a leaf.
func (e *editor) entry(n *node, i int) entry {
	out := n.marked(i)
	out.hash = maphash.String(e.seed, string(out.value))
	return out
}

// marked is an entry of which only that byte of the hash is there that a leaf needs.
func (n *node) marked(i int) entry {
	out := entry{hash: uint64(n.marks[i]), value: n.at(i)}
	if n.rows != nil {
		out.rows = n.rows[i]
	}
	return out
}

// edit is n without remove and then with add. It is n itself if that changes nothing.
func (e *editor) edit(n *node, add, remove []entry, shift int) *node {
	switch {
	case len(add)+len(remove) == 0:
		return n
	case n == nil:
		for i := range add {
			e.changed(add[i].value, 1)
		}
		return e.build(add, shift)
	case n.leaf():
		return e.editLeaf(n, add, remove, shift)
	}
	next := node{count: n.count, bytes: n.bytes}
	for i, old := range n.children {
		var adding, removing []entry
		adding, add = take(add, i, shift)
		removing, remove = take(remove, i, shift)
		child := e.edit(old, adding, removing, shift-fanBits)
		if child == old {
			continue
		}
		if next.children == nil {
			next.children = new([fan]*node)
			*next.children = *n.children
		}
		next.children[i] = child
		next.count += child.size(true) - old.size(true)
		next.bytes += child.size(false) - old.size(false)
	}
	switch {
	case next.children == nil:
		return n
	case next.count == 0:
		return nil
	case next.count <= leafValues/4 && next.bytes <= leafBytes/4:
		all := e.gather(&next, nil)
		sortEntries(all)
		return e.build(all, shift)
	}
	return &next
}

func (n *node) size(values bool) int {
	switch {
	case n == nil:
		return 0
	case values:
		return n.count
	}
	return n.bytes
}

// gather appends the entries below n.
func (e *editor) gather(n *node, to []entry) []entry {
	switch {
	case n == nil:
	case n.leaf():
		for i := range n.ends {
			to = append(to, e.entry(n, i))
		}
	default:
		for _, c := range n.children {
			to = e.gather(c, to)
		}
	}
	return to
}

func (e *editor) editLeaf(n *node, add, remove []entry, shift int) *node {
	var gone [leafValues]bool
	dead := gone[:]
	if len(n.ends) > len(dead) {
		dead = make([]bool, len(n.ends))
	}
	count, size := n.count, n.bytes
	for i := range remove {
		if at := n.find(remove[i].hash, string(remove[i].value)); at >= 0 {
			dead[at] = true
			count--
			size -= len(remove[i].value)
			e.changed(remove[i].value, -1)
		}
	}
	fresh := make([]entry, 0, len(add))
	for i := range add {
		if at := n.find(add[i].hash, string(add[i].value)); at < 0 || dead[at] {
			fresh = append(fresh, add[i])
			size += len(add[i].value)
			e.changed(add[i].value, 1)
		}
	}
	if count == n.count && len(fresh) == 0 {
		return n
	}
	if count += len(fresh); count == 0 {
		return nil
	}
	next := &node{count: count, bytes: size}
	if count > leafValues || size > leafBytes {
		for i := range n.ends {
			if !dead[i] {
				fresh = append(fresh, e.entry(n, i))
			}
		}
		sortEntries(fresh)
		return e.build(fresh, shift)
	}
	e.room(next)
	for i := range n.ends {
		if !dead[i] {
			next.push(n.marked(i))
		}
	}
	for i := range fresh {
		next.push(fresh[i])
	}
	return next
}

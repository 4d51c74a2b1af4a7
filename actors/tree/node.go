package tree

import (
	"cmp"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Node is one child as it is at the moment of a snapshot.
type Node struct {
	Path     string
	Kind     string // actor, run or group
	State    string // starting, up, stopping or down
	Since    time.Time
	Restarts int // instances that were started after the first, for whatever reason
	Mailbox  int // messages that wait; NoMailbox for what is no actor
	// Dynamic is how many children an actor has that it started itself and that are not listed; Unknown if it does not say. The
	// tree does not fill it in.
	Dynamic int
	About   string // what the child is for, where its name does not say; the tree does not fill it in
	// LastReason is of the last instance that ended. LastCrash is of the last one that ended by a failure, at CrashedAt; the
	// zero time means that none did.
	LastReason Reason
	LastCrash  Reason
	CrashedAt  time.Time
}

// NoMailbox is the mailbox of a Node that has none, Unknown a number that could not be asked for in time.
const (
	NoMailbox = -1
	Unknown   = -1
)

// node is what the tree keeps of a child.
type node struct {
	Node
	order   int // of the first start
	mailbox actor.Mailbox
}

// Snapshot is every child that was ever started, in the order of their first starts: groups before what is in them. It stops
// nobody.
func (t *Tree) Snapshot() []Node {
	t.mu.Lock()
	all := make([]node, 0, len(t.nodes))
	for _, n := range t.nodes {
		all = append(all, *n)
	}
	t.mu.Unlock()
	slices.SortFunc(all, func(a, b node) int { return cmp.Compare(a.order, b.order) })
	out := make([]Node, len(all))
	for i, n := range all {
		out[i] = n.Node
		out[i].Mailbox = NoMailbox
		if n.mailbox != nil {
			out[i].Mailbox = n.mailbox.UserMessageCount()
		}
	}
	return out
}

func (t *Tree) knows(path string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.nodes[path] != nil
}

func (t *Tree) note(path string, edit func(*node)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.nodes[path]
	if n == nil {
		n = &node{Node: Node{Path: path}, order: len(t.nodes)}
		t.nodes[path] = n
	}
	edit(n)
}

// ended notes the end of an instance and tells who watched it.
func (t *Tree) ended(path string, r Reason) {
	now := t.clock.Now()
	t.note(path, func(n *node) {
		n.State, n.Since, n.LastReason, n.mailbox = "down", now, r, nil
		if !r.Orderly() {
			n.LastCrash, n.CrashedAt = r, now
		}
	})
	t.mu.Lock()
	watches := t.watches[path]
	delete(t.watches, path)
	t.mu.Unlock()
	for _, w := range watches {
		w.reason <- r
	}
}

// watch is one observer of one instance.
type watch struct{ reason chan Reason }

// Watch tells why the present instance of the child at path ends: its reason, once, or NoProc at once when there is none. So
// whoever sends a message and waits for an answer can wait for either of the two in place of a deadline, if he watches
// first. Cancel ends the watch; the channel is not closed.
func (t *Tree) Watch(path string) (ended <-chan Reason, cancel func()) {
	w := &watch{reason: make(chan Reason, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := t.nodes[path]; n == nil || n.State == "down" {
		w.reason <- Reason{Kind: NoProc}
		return w.reason, func() {}
	}
	t.watches[path] = append(t.watches[path], w)
	return w.reason, func() { t.unwatch(path, w) }
}

func (t *Tree) unwatch(path string, w *watch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	left := slices.DeleteFunc(t.watches[path], func(other *watch) bool { return other == w })
	if t.watches[path] = left; len(left) == 0 {
		delete(t.watches, path)
	}
}

package stack

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"leyden/actors/partition"
	"leyden/actors/status"
	"leyden/actors/tree"
	"leyden/internal/shape"
)

// lookTimeout is how long a partition may take to say what it runs.
const lookTimeout = time.Second

// Processes is the tree of supervision as it is now. A partition tells how many consumers it runs or, if each is set, has a
// node for each of them. Nobody is stopped by it; a partition that does not answer within a second tells Unknown.
func (s *Stack) Processes(ctx context.Context, each bool) []tree.Node {
	nodes := s.tree.Snapshot()
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	type question struct {
		look   *partition.Look
		answer chan partition.Awake
	}
	asked := map[string]question{}
	for _, n := range nodes {
		if isPartition(n.Path) && n.State == "up" {
			answer := make(chan partition.Awake, 1)
			look := &partition.Look{Each: each, Answer: func(a partition.Awake) { answer <- a }}
			asked[n.Path] = question{look, answer}
			s.system.Root.Send(s.tree.PID(n.Path), look)
		}
	}
	out := make([]tree.Node, 0, len(nodes))
	for _, n := range nodes {
		q, ok := asked[n.Path]
		if !ok {
			out = append(out, n)
			continue
		}
		select {
		case awake := <-q.answer:
			n.Dynamic, n.Mailbox = awake.Count, n.Mailbox+q.look.Queued()
			out = append(out, n)
			for _, c := range awake.Consumers {
				out = append(out, s.consumerNode(n.Path, c))
				for _, m := range c.Materializers {
					out = append(out, s.materializerNode(n.Path, c, m))
				}
			}
		case <-ctx.Done():
			n.Dynamic, n.Mailbox = tree.Unknown, n.Mailbox+q.look.Queued()
			out = append(out, n)
		}
	}
	return out
}

func isPartition(path string) bool { return strings.HasPrefix(path, streamingPath+"/partition-") }

// consumerNode is a consumer as a node of the tree. Its messages wait in the mailbox of its partition.
func (s *Stack) consumerNode(parent string, c partition.Seen) tree.Node {
	n := tree.Node{Path: parent + "/" + strconv.FormatUint(uint64(c.ID), 10), Kind: "consumer", State: "up", Since: c.Since,
		Mailbox: tree.NoMailbox, About: s.status.HandleForLog(c.ID)}
	switch {
	case c.Ended != nil:
		n.State, n.LastCrash, n.CrashedAt = "failed", tree.Crashed(c.Ended), c.Since
	case c.Held > 0:
		n.State = "holding"
	}
	return n
}

// materializerNode is a materializer as a node of the tree, below the consumer that feeds it.
func (s *Stack) materializerNode(parent string, c partition.Seen, m partition.SeenMaterializer) tree.Node {
	n := tree.Node{Path: parent + "/" + strconv.FormatUint(uint64(c.ID), 10) + "/" + strings.Join(m.Columns, ","), Kind: "materializer", State: "starting", Since: m.Since,
		Mailbox: tree.NoMailbox, About: s.status.HandleForLog(c.ID)}
	switch {
	case m.Ended != nil:
		n.State, n.LastCrash, n.CrashedAt = "failed", tree.Crashed(m.Ended), m.Since
	case m.Ready:
		n.State = "up"
	}
	return n
}

// RestartPath restarts the child at a path, with or without the name of the root, and waits until it is up again:
// tree.ErrNoSuchChild; for a consumer partition.ErrNoShape or partition.ErrBusy. The path in full is returned.
func (s *Stack) RestartPath(ctx context.Context, path string) (full string, err error) {
	full = strings.Trim(path, "/")
	if full != rootName && !strings.HasPrefix(full, rootName+"/") {
		full = strings.TrimSuffix(rootName+"/"+full, "/")
	}
	s.log.Info("an operator restarts a part of the tree", "path", full)
	if parent, name, ok := cutLast(full); ok && isPartition(parent) {
		return full, s.renewConsumer(ctx, parent, name)
	}
	return full, s.tree.Restart(ctx, full)
}

func cutLast(path string) (parent, name string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// renewConsumer replaces one consumer. It waits for the answer or for the end of the partition, which takes the consumer with
// it.
func (s *Stack) renewConsumer(ctx context.Context, parent, name string) error {
	id, err := strconv.ParseUint(name, 10, 64)
	if err != nil || s.partitions()[id%uint64(s.config.Partitions)].Id != parent {
		return fmt.Errorf("restart %q: %w", parent+"/"+name, tree.ErrNoSuchChild)
	}
	ended, cancel := s.tree.Watch(parent)
	defer cancel()
	done := make(chan error, 1)
	s.system.Root.Send(s.tree.PID(parent), &partition.Renew{ID: shape.ID(id), Done: func(err error) { done <- err }})
	select {
	case err = <-done:
	case reason := <-ended:
		err = fmt.Errorf("its partition has ended: %s", reason)
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("restart %q: %w", parent+"/"+name, err)
	}
	return nil
}

// Consumer is the path at which the consumer of a shape runs, or would.
func (s *Stack) Consumer(e *status.Entry) string {
	n := int(uint64(e.ID) % uint64(s.config.Partitions))
	return s.partitions()[n].Id + "/" + strconv.FormatUint(uint64(e.ID), 10)
}

// Relatives are the shapes that e depends on, and those that depend on it.
func (s *Stack) Relatives(e *status.Entry) (inner, outer []*status.Entry) {
	return s.status.Relatives(e.ID)
}

// Send sends a message to the actor at a path, for tests and drills. What is meant for a consumer goes to its partition.
func (s *Stack) Send(path string, message any) {
	if parent, _, ok := cutLast(path); ok && isPartition(parent) {
		path = parent
	}
	s.system.Root.Send(s.tree.PID(path), message)
}

// Page is up to n shapes after an id, in the order of ids: all pages together are all shapes.
func (s *Stack) Page(after shape.ID, n int) []*status.Entry { return s.status.Page(after, n) }

// LastRead is when a client last read e, the zero time if none has since the process started.
func (s *Stack) LastRead(e *status.Entry) time.Time { return s.status.LastRead(e) }

// Find finds a shape by its handle, also one that is only just being made.
func (s *Stack) Find(h shape.Handle) (*status.Entry, bool) { return s.status.ByHandle(h) }

// Report is how the engine is.
func (s *Stack) Report() status.Report {
	r := status.Report{
		Shapes: s.status.Counts(), Making: s.manager.Making(), Awake: s.plane.Awake.Load(),
		Publication: s.config.Publication, Slot: s.config.Slot,
		Position: s.progress.LSN(), Stored: s.store.Position(),
		RetainedWAL: s.metrics.retainedWAL.Load(), UnderWay: s.credit.Load().Taken(), Held: s.plane.HeldBytes.Load(),
		Disk: s.store.DiskBytes(),
	}
	s.ready.report(&r)
	return r
}

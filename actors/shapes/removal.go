package shapes

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"leyden/actors/status"
	"leyden/actors/work"
	"leyden/internal/shape"
)

// dropTimeout is how long the consumer of a removed shape may take to end. What it appends later is not stored any more.
const dropTimeout = 30 * time.Second

// Remove takes a shape away, and all that depend on it. When it returns they are unknown to everybody who asks; their consumers, their
// data and their places in the stream go after that, in this order. It is safe to repeat.
func (m *Manager) Remove(e *status.Entry) { m.remove(e) }

// remove is Remove. It reports how many shapes there were.
func (m *Manager) remove(e *status.Entry) int {
	removed := m.Status.Remove(e)
	for _, gone := range removed {
		if gone != e {
			m.Logger.Info("shape is removed", "handle", gone.Handle.String(), "reason", "a shape that it depends on is removed", "inner", e.Handle.String())
		}
		m.Metrics.Removed.Inc()
		m.discard(gone)
	}
	return len(removed)
}

// undo removes a shape whose making has ended. If it was removed meanwhile, what has been done for it since is undone.
func (m *Manager) undo(e *status.Entry) {
	if m.remove(e) == 0 {
		m.discard(e)
	}
}

// discard has the rest of a shape removed that nobody can find any more. It is safe to repeat.
func (m *Manager) discard(e *status.Entry) {
	m.mu.Lock()
	if c := m.making.Get(e.ID); c != nil {
		c.cancel()
	}
	m.discarded = append(m.discarded, e)
	m.ending.Set(uint64(e.ID), true)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Invalidate removes a shape whose log cannot be continued. It is a work.Invalidate. Should the shape be unknown, and nobody be
// about to tell the collector so, it is told here: the message of the removal has been lost.
func (m *Manager) Invalidate(id shape.ID, reason error) {
	e, ok := m.Status.ByID(id)
	if !ok {
		m.mu.Lock()
		ending := m.ending.Get(uint64(id))
		m.mu.Unlock()
		if !ending && errors.Is(reason, work.ErrStalled) {
			m.Logger.Warn("the collector still knows a removed shape; it is told again", "handle", m.Status.HandleForLog(id))
			m.registrar.remove([]shape.ID{id}, func(shape.ID) {})
		}
		return
	}
	var crashed *work.Crashed
	if errors.As(reason, &crashed) {
		m.Logger.Error("shape is removed", "handle", e.Handle.String(), "reason", reason, "stack", string(crashed.Stack))
	} else {
		m.Logger.Info("shape is removed", "handle", e.Handle.String(), "reason", reason)
	}
	m.Remove(e)
}

// RemoveTable removes all shapes over a table and reports how many there were.
func (m *Manager) RemoveTable(oid uint32) int {
	return m.removeEach(func(e *status.Entry) bool { return e.Def.Table.OID == oid })
}

func (m *Manager) removeEach(which func(*status.Entry) bool) int {
	n := 0
	for _, e := range m.Status.List() {
		if which(e) {
			n += m.remove(e)
		}
	}
	return n
}

// removeDiscarded finishes the removals that are under way, a batch at a time: one sync for each, and no message that keeps
// the collector from the stream for long.
func (m *Manager) removeDiscarded(ctx context.Context) error {
	for {
		m.mu.Lock()
		n := min(len(m.discarded), registrationBatch)
		batch := m.discarded[:n:n]
		if m.discarded = m.discarded[n:]; len(m.discarded) == 0 {
			m.discarded = nil
		}
		epoch := m.epoch
		m.mu.Unlock()
		if n == 0 {
			return nil
		}
		if err := m.finish(ctx, batch, epoch); err != nil {
			m.mu.Lock()
			m.discarded = append(batch, m.discarded...)
			m.mu.Unlock()
			return err
		}
	}
}

// finish is the rest of a removal. It may be done again from its beginning.
func (m *Manager) finish(ctx context.Context, entries []*status.Entry, epoch <-chan struct{}) error {
	handles := make([]shape.Handle, len(entries))
	ids := make([]shape.ID, len(entries))
	byID := make(map[shape.ID]shape.Handle, len(entries))
	for i, e := range entries {
		handles[i], ids[i], byID[e.ID] = e.Handle, e.ID, e.Handle
	}
	m.endConsumers(ctx, ids, epoch)
	if m.Outer != nil {
		for _, id := range ids {
			m.Outer.Detach(id)
		}
	}
	if err := m.Store.Remove(handles...); err != nil {
		return fmt.Errorf("remove %d shapes: %w", len(handles), err)
	}
	m.registrar.remove(ids, func(id shape.ID) { m.Status.Confirm(byID[id]) })
	m.mu.Lock()
	for _, id := range ids {
		m.ending.Set(uint64(id), false)
	}
	m.mu.Unlock()
	for _, id := range ids {
		m.Publication.Release(id)
	}
	return nil
}

// endConsumers waits until the consumers have ended, a while at most and no longer than ctx.
func (m *Manager) endConsumers(ctx context.Context, ids []shape.ID, epoch <-chan struct{}) {
	ended := make(chan struct{})
	m.Collector(&work.Drop{IDs: ids, Done: sync.OnceFunc(func() { close(ended) })})
	timer := time.NewTimer(dropTimeout)
	defer timer.Stop()
	select {
	case <-ended:
	case <-epoch: // all consumers of the former collector have gone with it
	case <-timer.C:
		m.Logger.Warn("consumers of removed shapes have not ended in time", "shapes", len(ids))
	case <-ctx.Done():
	}
}

package shapes

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"leyden/actors/status"
	"leyden/actors/work"
	"leyden/internal/shape"
)

// dropTimeout is how long the consumer of a removed shape may take to end. What it appends later is not stored any more.
const dropTimeout = 30 * time.Second

// Remove takes a shape away. When it returns the shape is unknown to everybody who asks; its consumer, its data and its place
// in the stream go after that, in this order. It is safe to repeat.
func (m *Manager) Remove(e *status.Entry) {
	if !m.Status.Remove(e) {
		return
	}
	m.mu.Lock()
	if c := m.making[e.ID]; c != nil {
		c.cancel()
	}
	m.discarded = append(m.discarded, e)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Invalidate removes a shape whose log cannot be continued. It is a work.Invalidate.
func (m *Manager) Invalidate(id shape.ID, reason error) {
	e, ok := m.Status.ByID(id)
	if !ok {
		return // it is being removed
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
	n := 0
	for _, e := range m.Status.List() {
		if e.Def.Table.OID == oid {
			m.Remove(e)
			n++
		}
	}
	return n
}

// removeDiscarded finishes the removals that are under way, all in one go: one sync, however many they are.
func (m *Manager) removeDiscarded(ctx context.Context) error {
	m.mu.Lock()
	entries := m.discarded
	m.discarded = nil
	epoch := m.epoch
	m.mu.Unlock()
	if len(entries) == 0 {
		return nil
	}
	m.endConsumers(ctx, entries, epoch)
	handles := make([]shape.Handle, len(entries))
	for i, e := range entries {
		handles[i] = e.Handle
	}
	if err := m.Store.Remove(handles...); err != nil {
		m.mu.Lock()
		m.discarded = append(m.discarded, entries...)
		m.mu.Unlock()
		return fmt.Errorf("remove shapes: %w", err)
	}
	for _, e := range entries {
		handle := e.Handle
		m.Collector(&work.RemoveShape{ID: e.ID, Done: func() { m.Status.Confirm(handle) }})
		m.Publication.Release(e.ID)
	}
	m.Metrics.Removed.Add(float64(len(entries)))
	return nil
}

// endConsumers waits until the consumers have ended, a while at most and no longer than ctx.
func (m *Manager) endConsumers(ctx context.Context, entries []*status.Entry, epoch <-chan struct{}) {
	var open atomic.Int64
	var once sync.Once
	ended := make(chan struct{})
	open.Store(int64(len(entries)))
	for _, e := range entries {
		m.Collector(&work.Drop{ID: e.ID, Done: func() {
			if open.Add(-1) == 0 {
				once.Do(func() { close(ended) })
			}
		}})
	}
	timer := time.NewTimer(dropTimeout)
	defer timer.Stop()
	select {
	case <-ended:
	case <-epoch: // all consumers of the former collector have gone with it
	case <-timer.C:
		m.Logger.Warn("consumers of removed shapes have not ended in time", "shapes", open.Load())
	case <-ctx.Done():
	}
}

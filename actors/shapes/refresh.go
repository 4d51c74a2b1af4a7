package shapes

import (
	"fmt"
	"time"

	"leyden/actors/status"
	"leyden/actors/work"
)

// Refresh brings what is known and what is on disk together. It is called when the lock of the slot has been acquired, before
// anything is streamed: somebody else may have been at work. Shapes keep their ids and go on being served; one that is gone
// from the disk is removed with its consumer and its place in the stream, and one that nobody here has made is taken off the
// disk, because nothing says up to where its log is complete.
//
// While a process has the store open nobody else can write to it, so that a difference is the sign of a defect or of a
// restored backup. Whether somebody else has consumed the stream meanwhile is asked of the slot.
func (m *Manager) Refresh() (status.Refreshed, error) {
	begin := time.Now()
	r, err := m.Status.Refresh(m.Store)
	if err != nil {
		return r, fmt.Errorf("refresh shapes: %w", err)
	}
	for _, e := range r.Vanished {
		m.Invalidate(e.ID, work.ErrLost)
	}
	if len(r.Foreign) > 0 {
		m.Logger.Warn("shapes on disk were not made by this process and are removed", "shapes", len(r.Foreign), "first", r.Foreign[0].String())
		if err := m.Store.Remove(r.Foreign...); err != nil {
			return r, fmt.Errorf("refresh shapes: %w", err)
		}
	}
	took := time.Since(begin)
	m.Metrics.Refreshed.Observe(took.Seconds())
	m.Logger.Info("shapes compared with the disk", "kept", r.Kept, "vanished", len(r.Vanished), "foreign", len(r.Foreign), "milliseconds", took.Milliseconds())
	return r, nil
}

package shapes

import (
	"errors"

	"leyden/actors/status"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// Restore takes in what is on disk, a record at a time, before Run and Feed. It returns what is to be taken off the disk: a
// shape whose snapshot was not completed, which nobody could read on; an outer shape, of which nobody knows which values of its
// subqueries its log ends with; and of two that are the same the older one, whose removal was under way when the process ended:
// clients have been told that it is gone.
func (m *Manager) Restore(r shapelog.Record, open func(shapelog.Record) *shapelog.Log) (gone shape.Handle, any bool) {
	if !r.Snapshot.Complete || r.Def.Where.HasSubqueries() {
		return r.Handle, true
	}
	log := open(r)
	e, err := m.Status.Restore(r.Handle, r.Def, log)
	if errors.Is(err, status.ErrDuplicate) {
		if older, ok := m.Status.Lookup(r.Def.Identity()); ok && older.Handle.Micros < r.Handle.Micros {
			gone, any = older.Handle, true
			m.Status.Remove(older) // nothing depends on what was restored
			m.Status.Confirm(older.Handle)
			m.Publication.Release(older.ID)
			delete(m.restored, older.ID)
			e, err = m.Status.Restore(r.Handle, r.Def, log)
		}
	}
	if err != nil {
		m.Logger.Error("shape cannot be restored and is removed", "handle", r.Handle.String(), "error", err)
		return r.Handle, true
	}
	m.Publication.Restore(e.ID, e.Def.Table)
	if r.Snapshot.Filtering {
		m.restored[e.ID] = r.Snapshot.Xmax
	}
	return gone, any
}

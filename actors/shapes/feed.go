package shapes

import (
	"errors"

	"leyden/actors/status"
	"leyden/actors/work"
	"leyden/internal/pg/inspect"
	"leyden/persistence/shapelog"
)

// Feed calls add for every shape that is to be routed to, and removes the outer ones: what followed the values of their subqueries has
// gone with the former collector. A collector calls it when it starts, before it handles any message; whatever its predecessor was
// asked and did not answer is settled by it.
func (m *Manager) Feed(add func(*work.AddShape)) {
	m.mu.Lock()
	close(m.epoch)
	m.epoch = make(chan struct{})
	restored := m.restored
	m.restored = nil
	m.mu.Unlock()
	m.registrar.renewed()
	outer := 0
	defer func() {
		if outer > 0 {
			m.Logger.Info("shapes with subqueries are removed: streaming has started anew", "shapes", outer)
		}
	}()
	for _, e := range m.Status.ListByAge() {
		if len(e.Def.Inner()) > 0 {
			outer += m.remove(e)
			continue
		}
		m.mu.Lock()
		c := m.making.Get(e.ID)
		asked := c == nil || c.asked
		m.mu.Unlock()
		if !asked || e.Log() == nil {
			continue // its maker will add it
		}
		message := m.addMessage(e)
		switch {
		case c != nil:
		case restored != nil: // the first collector of the process: what was read from disk holds
			message.Xmax, message.Filtering = restored[e.ID]
		default:
			m.readFiltering(e, message)
		}
		add(message)
		if c != nil {
			c.wasAdded(nil)
			if s, known := c.knownSnapshot(); known {
				m.Collector(&work.SnapshotKnown{ID: e.ID, Snapshot: s})
			}
		}
	}
}

func (m *Manager) addMessage(e *status.Entry) *work.AddShape {
	message := &work.AddShape{ID: e.ID, Def: e.Def}
	t := m.Catalogue.Cached(e.Def.Table.OID)
	if t == nil {
		message.Partitioned = true // it may be; the collector then asks of each table whether it is a partition of it
		return message
	}
	message.Partitioned = t.Kind == inspect.Partitioned
	for _, p := range t.Descendants {
		message.Children = append(message.Children, p.Table)
	}
	return message
}

// readFiltering asks the store: the shape may have been made, or its filtering may have ended, since the process started.
func (m *Manager) readFiltering(e *status.Entry, message *work.AddShape) {
	if e.Log().Unfiltered() {
		return
	}
	info, err := e.Log().Snapshot()
	if err != nil {
		if !errors.Is(err, shapelog.ErrRemoved) {
			m.Logger.Error("cannot read what is known of a snapshot; the shape is removed", "handle", e.Handle.String(), "error", err)
			m.Remove(e)
		}
		return
	}
	message.Filtering, message.Xmax = info.Filtering, info.Xmax
}

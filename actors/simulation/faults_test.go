package simulation

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

var errCrash = errors.New("crash")

// crashConsumer makes a consumer fail at its next delivery.
func (w *world) crashConsumer() bool {
	for _, id := range slices.Sorted(maps.Keys(w.consumers)) {
		m := w.consumers[id]
		if (m.core != nil || m.actor != nil && !m.dead) && len(m.queue) > 0 {
			m.core, m.built = nil, true
			w.endActor(m)
			w.invalidate(id, errCrash)
			return true
		}
	}
	return false
}

// passivate puts a consumer to sleep that has nothing to do.
func (w *world) passivate() bool {
	for _, id := range slices.Sorted(maps.Keys(w.consumers)) {
		m := w.consumers[id]
		if m.actor != nil && len(m.queue) == 0 && w.asleep(m) {
			w.endActor(m)
			delete(w.consumers, id)
			w.did("passivated")
			w.log("shape %d sleeps", id)
			return true
		}
		if m.core == nil || len(m.queue) > 0 {
			continue
		}
		if m.core.NeedsStored() && w.shapes[id].complete {
			m.core.Stored()
		}
		if m.core.Idle() {
			delete(w.consumers, id)
			w.did("passivated")
			w.log("shape %d sleeps", id)
			return true
		}
	}
	return false
}

// syncUnnoticed makes applied data survive a crash although nobody has been told.
func (w *world) syncUnnoticed() error { return w.store.Sync() }

// reconnect opens the stream again, from what Postgres has as acknowledged.
func (w *world) reconnect() {
	w.stream = w.pg.connect(w.batch, w.relations)
	w.log("reconnect at %d", w.pg.confirmed)
}

// reacquire is what a process does that has the lock of the slot again: its shapes are what they were.
func (w *world) reacquire() error {
	w.did("refresh")
	r, err := w.status.Refresh(w.store)
	if err != nil {
		return err
	}
	if len(r.Vanished) > 0 || len(r.Foreign) > 0 {
		return fmt.Errorf("refresh: %d shapes vanished, %v are nobody's", len(r.Vanished), r.Foreign)
	}
	for id, s := range w.shapes {
		if e, ok := w.status.ByHandle(s.handle); s.removing == ok || ok && (e != s.entry || e.ID != id) {
			return fmt.Errorf("shape %d, %s, removing %t, is known %t", id, s.handle, s.removing, ok)
		}
	}
	w.reconnect()
	return nil
}

// restart ends the process in order: everything that is applied is synced.
func (w *world) restart() error {
	w.did("restart")
	if err := w.store.Close(); err != nil {
		return err
	}
	w.log("restart")
	return w.startProcess()
}

// crashPostgres loses acknowledgements that the server had not stored.
func (w *world) crashPostgres() {
	w.pg.confirmed = w.pg.flushed
	w.did("postgres crash")
	w.reconnect()
}

// restartStreaming lets the streaming subtree fail and start again.
func (w *world) restartStreaming() error {
	w.did("subtree restart")
	w.log("subtree restart, position %d", w.store.Position())
	return w.startStreaming()
}

// crash kills the process and the machine: what was not synced is lost. The store's bytes decide what the next process has.
func (w *world) crash() error {
	w.did("crash")
	w.fs = w.fs.CrashClone(vfs.CrashCloneCfg{})
	if err := w.store.Close(); err != nil {
		return err
	}
	w.log("crash")
	if err := w.startProcess(); err != nil {
		return err
	}
	w.log("restarted at position %d, acknowledged %d, shapes %v", w.store.Position(), w.pg.confirmed, w.ids())
	return nil
}

package stack

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// restore takes in what is on disk, and takes off it what cannot be read on.
func (s *Stack) restore() error {
	if err := s.restoreInspector(); err != nil {
		return err
	}
	var unfinished []shape.Handle
	err := s.store.Load(func(r shapelog.Record) error {
		if gone, any := s.manager.Restore(r, s.store.Log); any {
			unfinished = append(unfinished, gone)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.store.Remove(unfinished...); err != nil {
		return fmt.Errorf("remove unfinished shapes: %w", err)
	}
	if n := s.status.Counts().Total; n > 0 || len(unfinished) > 0 {
		s.log.Info("shapes restored", "shapes", n, "removed_unfinished", len(unfinished), "position", s.store.Position())
	}
	// A slot whose set-up was under way when a former process ended may be a new one.
	_, err = s.store.Get(setupKey)
	switch {
	case err == nil:
	case errors.Is(err, shapelog.ErrNotFound):
		s.confirmed.Store(true)
	default:
		return err
	}
	s.ready.set(metadataLoaded)
	return nil
}

// manyShapes is from where on the reading of a catalogue leaves garbage that is worth giving back.
const manyShapes = 10_000

// tidyMemory gives back, once, what the start with many shapes has left in memory. Otherwise it would stay until as much again has
// been allocated, which may take an idle server for ever.
func (s *Stack) tidyMemory(ctx context.Context) {
	if s.ready.await(ctx, collectorReady) == nil && s.status.Counts().Total >= manyShapes {
		debug.FreeOSMemory()
	}
	<-ctx.Done()
}

// restoreInspector makes tables known while the database is down. What cannot be used is read from the catalogue again.
func (s *Stack) restoreInspector() error {
	b, err := s.store.Get(inspectorKey)
	if errors.Is(err, shapelog.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.inspector.Restore(b); err != nil {
		s.log.Warn("what was known of tables cannot be used", "error", err)
	}
	return nil
}

// keepInspector stores what is known of tables.
func (s *Stack) keepInspector() error {
	b, err := s.inspector.Marshal()
	if err != nil {
		return err
	}
	return s.store.Put(inspectorKey, b)
}

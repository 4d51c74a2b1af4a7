package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"leyden/actors/collector"
	"leyden/actors/replication"
	"leyden/internal/pg/publication"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// irrecoverable is a timeline that no server has: it says that the shapes belong to no stream that can be continued.
const irrecoverable = -1

// timeline says to which history of which database the shapes belong.
type timeline struct {
	SystemID string
	Timeline int32
}

// gate decides, before anything is streamed, whether the slot continues what the shapes were fed from (spec engine §3.6).
func (s *Stack) gate(ctx context.Context, r *replication.Report) error {
	stored, err := s.storedTimeline()
	if err != nil {
		return err
	}
	current := timeline{r.SystemID, r.Timeline}
	why := ""
	switch {
	case stored == nil: // the first run: there is nothing
	case *stored != current:
		why = "the database or its timeline has changed"
	case r.CreatedSlot:
		why = "the replication slot is new"
	case !s.confirmed.Load():
		why = "the process ended while the replication slot was being set up"
	case s.consumedByOthers(r):
		why = "somebody else has consumed the replication slot, or has made it anew"
	}
	if why != "" {
		s.log.Warn("all shapes are removed", "reason", why, "shapes", s.status.Counts().Total)
		if err := s.purge(); err != nil {
			s.fail(fmt.Errorf("remove all shapes: %w", err))
			return err
		}
	}
	if err := s.settleSetup(current, uint64(r.ConfirmedFlush)); err != nil {
		s.fail(fmt.Errorf("store the timeline: %w", err))
		return err
	}
	if why != "" {
		return errPurged
	}
	if _, err := s.manager.Refresh(); err != nil {
		s.fail(err)
		return err
	}
	if err := s.ready.await(ctx, snapshotPoolReady); err != nil {
		return err
	}
	features, err := s.inspector.Features(ctx)
	if err != nil {
		return err
	}
	if err := s.learnLetters(ctx); err != nil {
		return err
	}
	s.generated.Store(1)
	if features.GeneratedColumns() {
		s.generated.Store(2)
	}
	if err := s.rememberHidden(ctx); err != nil {
		return err
	}
	s.tracker.Reset()
	s.ready.set(integrityChecked)
	s.tracker.Wake()
	return nil
}

// learnLetters asks for the letters of the database, which stay as they are while the process runs, before the first clause is
// evaluated.
func (s *Stack) learnLetters(ctx context.Context) error {
	if s.lettersKnown {
		return nil
	}
	letters, err := s.inspector.CaseMap(ctx)
	if err != nil {
		return err
	}
	if letters == nil {
		s.log.Warn("the case of letters beyond ASCII is not known in this database; shapes that depend on it are removed when they meet one")
	}
	s.letters.Store(letters)
	s.projections.SetCaseMap(letters)
	s.lettersKnown = true
	return nil
}

// rememberHidden takes in the commits that were streamed before, to a former process or connection, and that nobody sees yet:
// a snapshot that is taken now does not contain them, and the stream does not bring them again.
func (s *Stack) rememberHidden(ctx context.Context) error {
	pool, err := s.admin.get()
	if err != nil {
		return err
	}
	xids, err := publication.AwaitingStandby(ctx, pool)
	if err != nil {
		return err
	}
	for _, xid := range xids {
		s.commits.Add(xid)
	}
	return nil
}

// consumedByOthers reports whether the slot is further than was ever acknowledged for the shapes of this store, by this process
// or one before: what is between is in none of their logs.
func (s *Stack) consumedByOthers(r *replication.Report) bool {
	ours := s.store.Acknowledged()
	return ours > 0 && uint64(r.ConfirmedFlush) > ours
}

func (s *Stack) storedTimeline() (*timeline, error) {
	b, err := s.store.Get(timelineKey)
	if errors.Is(err, shapelog.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var t timeline
	if err := json.Unmarshal(b, &t); err != nil {
		return &timeline{Timeline: irrecoverable}, nil
	}
	return &t, nil
}

// settleSetup stores to what the shapes belong from now on and from where the slot goes on, and then that it is set up.
func (s *Stack) settleSetup(t timeline, confirmed uint64) error {
	b, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if err := s.store.Put(timelineKey, b); err != nil {
		return err
	}
	if err := s.store.Acknowledge(confirmed); err != nil {
		return err
	}
	if err := s.store.Delete(setupKey); err != nil {
		return err
	}
	s.confirmed.Store(true)
	return nil
}

// purge removes everything that belongs to a stream that cannot be continued.
func (s *Stack) purge() error {
	for _, e := range s.status.List() {
		s.manager.Remove(e)
	}
	if err := s.store.RemoveAll(); err != nil {
		return err
	}
	if err := s.store.Delete(collector.RelationsKey); err != nil {
		return err
	}
	s.inspector.Reset()
	return s.keepInspector()
}

// dropSlot gives a slot up that cannot be read on, so that the next connection makes a new one.
func (s *Stack) dropSlot(ctx context.Context, cause error) {
	s.log.Warn("the replication slot cannot be read on; it is dropped and all shapes are removed", "slot", s.config.Slot, "error", cause)
	if stored, err := s.storedTimeline(); err == nil && stored != nil {
		stored.Timeline = irrecoverable
		if err := s.settleSetup(*stored, 0); err != nil {
			s.fail(fmt.Errorf("store the timeline: %w", err))
			return
		}
	}
	pool, err := s.admin.get()
	if err != nil {
		s.log.Warn("the replication slot could not be dropped", "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if !s.config.ManualPublishing {
		if _, err := pool.Exec(ctx, "DROP PUBLICATION IF EXISTS "+quote(s.config.Publication)); err != nil {
			s.log.Warn("the publication could not be dropped", "publication", s.config.Publication, "error", err)
		}
	}
	if _, err := pool.Exec(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT temporary", s.config.Slot); err != nil {
		s.log.Warn("the replication slot could not be dropped", "slot", s.config.Slot, "error", err)
	}
}

// configurePublication makes the publication contain the wanted tables.
func (s *Stack) configurePublication(ctx context.Context, wanted []shape.Table) (*publication.Result, *publication.Error) {
	pool, err := s.admin.get()
	if err != nil {
		return nil, &publication.Error{Kind: publication.ConnectionNotAvailable, Message: "Database connection not available", Err: err}
	}
	return publication.Configure(ctx, pool, publication.Options{Publication: s.config.Publication, Manual: s.config.ManualPublishing}, wanted)
}

// publicationLost has the connection made anew, which makes the publication and the slot anew. Not what is kept by hand.
func (s *Stack) publicationLost(e *publication.Error) {
	if s.config.ManualPublishing {
		return
	}
	s.log.Warn("the publication is lost; the replication connection is made anew", "error", e)
	if abandon := s.abandon.Load(); abandon != nil {
		(*abandon)()
	}
}

package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"leyden/actors/collector"
	"leyden/actors/replication"
	"leyden/actors/tree"
	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/pg/connect"
	"leyden/internal/pg/inspect"
	"leyden/internal/shape"
)

// replicate follows the slot over one connection after the other. It ends when its siblings have to start afresh, or with
// its context.
func (s *Stack) replicate(ctx context.Context, up func()) error {
	client := replication.NewClient(replication.Config{
		Connect: s.connectReplication, Publication: s.config.Publication, Slot: s.config.Slot, TemporarySlot: s.config.TemporarySlot,
		Fragments: s.config.fragments(), Credit: s.credit.Load(), Gate: s.gate, Notify: s.replicationState,
		Acknowledging: func(lsn pg.LSN) error { return s.store.Acknowledge(uint64(lsn)) },
	}, feed{s})
	s.client.Store(client)
	defer s.client.Store(nil)
	defer s.ready.clear(nil, lockAcquired, clientReady, integrityChecked)
	up()
	err := s.follow(ctx, client)
	if err == nil {
		return nil
	}
	if errors.Is(err, errPurged) {
		return &tree.Exit{Reason: tree.Reason{Kind: tree.Cleanup, Err: err}} // a permanent child: its group starts again
	}
	switch connect.Classify(err).Class {
	case connect.DropSlot:
		s.dropSlot(ctx, err)
		return err
	default:
		s.fail(err)
		<-ctx.Done()
		return nil
	}
}

// follow runs the client until ctx ends or the client cannot go on. It begins anew when the connection is given up.
func (s *Stack) follow(ctx context.Context, client *replication.Client) error {
	for ctx.Err() == nil {
		connected, abandon := context.WithCancel(ctx)
		s.abandon.Store(&abandon)
		err := client.Loop(connected)
		abandon()
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// connectReplication opens a connection once the way to the database is known.
func (s *Stack) connectReplication(ctx context.Context) (*pgconn.PgConn, error) {
	if err := s.ready.await(ctx, adminPoolReady); err != nil {
		return nil, err
	}
	config, err := s.route.Load().ReplicationConfig()
	if err != nil {
		return nil, err
	}
	replication.ReadAhead(config)
	replication.ReadAhead(config)
	return pgconn.ConnectConfig(ctx, config)
}

// replicationState is told how the connection gets on, by its goroutine.
func (s *Stack) replicationState(st replication.State) {
	switch st.Phase {
	case replication.WaitingForLock:
		s.ready.waitForLock(true)
	case replication.Configuring:
		s.ready.waitForLock(false)
		s.ready.set(lockAcquired)
		// If the process ends before the gate, nobody can tell whether the slot is one that has missed changes.
		if err := s.store.Put(setupKey, []byte{1}); err != nil {
			s.fail(fmt.Errorf("note that the slot is being set up: %w", err))
		}
	case replication.Ready:
		s.ready.set(clientReady)
	case replication.Streaming:
		s.log.Info("streaming", "slot", s.config.Slot, "from", st.Report.ConfirmedFlush, "server_version", st.Report.ServerVersion)
	case replication.BackingOff, replication.Failed:
		s.ready.waitForLock(false)
		problem := connect.Classify(st.Err)
		s.ready.clear(errors.New(problem.Message), lockAcquired, clientReady)
		s.ready.clear(nil, integrityChecked)
		if !errors.Is(st.Err, errPurged) {
			s.log.Warn("replication connection lost", "problem", problem.Type, "error", st.Err, "next_attempt_after", st.Wait)
		}
	case replication.Connecting, replication.Stopped:
		s.ready.clear(nil, lockAcquired, clientReady, integrityChecked)
	}
}

// feed hands what the stream says to the collector.
type feed struct{ s *Stack }

func (f feed) Fragment(fr *change.Fragment) {
	if fr.Begin {
		f.s.commits.Add(fr.XID)
	}
	if fr.Commit != nil {
		f.s.metrics.receiveLag.Observe(float64(time.Since(fr.Commit.Time).Microseconds()) / 1000)
	}
	f.s.tell(fr)
}

func (f feed) Relation(old, new *change.Relation) { f.s.tell(&work.Relation{Old: old, New: new}) }

func (f feed) Reached(lsn pg.LSN) { f.s.tell(&work.StreamReached{LSN: uint64(lsn)}) }

// flushBoundary tells Postgres, if it is there, what it may forget.
func (s *Stack) flushBoundary(lsn uint64) {
	if c := s.client.Load(); c != nil {
		c.FlushBoundary(pg.LSN(lsn))
	}
}

// relation drops what is cached of a table that the stream has described, and of those that it is a partition of, whose columns change
// with its own: who asks next sees them as they are.
func (s *Stack) relation(rel *change.Relation, d collector.Described) {
	s.inspector.Clean(rel.OID)
	if !d.Known {
		for _, t := range d.Above {
			s.inspector.Clean(t.OID)
		}
	}
	if rel.ReplicaIdentity != 'f' {
		s.tracker.Look() // a partition that was made or attached after its root was published
	}
}

// ancestors asks for the tables that rel is a partition of. What is cached of it was dropped when the stream described it.
func (s *Stack) ancestors(rel *change.Relation, answer func([]shape.Table, error)) {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		t, err := s.inspector.ByOID(ctx, rel.OID)
		switch {
		case errors.Is(err, inspect.ErrNotFound):
			answer(nil, nil)
		case err != nil:
			answer(nil, err)
		default:
			for _, above := range t.Ancestors {
				if cached := s.inspector.Cached(above.OID); cached != nil && !slices.ContainsFunc(cached.Descendants, func(p inspect.Partition) bool { return p.OID == rel.OID }) {
					s.inspector.Clean(above.OID) // it was made or attached since
				}
			}
			answer(t.Ancestors, nil)
		}
	}()
}

// errPurged ends the streaming subtree after all shapes were removed: it starts again with nothing.
var errPurged error = &purged{}

type purged struct{}

func (*purged) Error() string { return "all shapes were removed; streaming starts afresh" }

// Problem keeps the client from going on with a collector that remembers.
func (*purged) Problem() connect.Problem {
	return connect.Problem{Type: connect.ConfigError, Message: "all shapes were removed", Class: connect.Fatal}
}

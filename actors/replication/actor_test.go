package replication_test

import (
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"

	"leyden/actors/replication"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/pg/pgserver"
)

// mailbox is a sink that passes commits on.
type mailbox struct {
	credit  *replication.Credit
	commits chan pg.LSN
}

func (m *mailbox) Fragment(f *change.Fragment) {
	m.credit.Release(f.Retained)
	if f.Commit != nil {
		m.commits <- pg.LSN(f.LSN)
	}
}
func (m *mailbox) Relation(_, _ *change.Relation) {}
func (m *mailbox) Reached(pg.LSN)                 {}

func TestTheActorStreamsWhenItsOwnerSaysSo(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	db.exec("CREATE TABLE items (id int)")
	system := actor.NewActorSystem()
	t.Cleanup(func() { system.Shutdown() })
	states := make(chan replication.State, 100)
	await := func(p replication.Phase) replication.State {
		t.Helper()
		for {
			select {
			case s := <-states:
				if s.Phase == p {
					return s
				}
			case <-time.After(patience):
				t.Fatalf("never %s", p)
			}
		}
	}
	c := db.config()
	c.Credit = replication.NewCredit(1 << 20)
	c.Notify = func(s replication.State) { states <- s }
	sink := &mailbox{credit: c.Credit, commits: make(chan pg.LSN, 10)}
	pid := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return replication.NewActor(c, sink) }))

	ready := await(replication.Ready)
	system.Root.Send(pid, &replication.StartStreaming{BackendPID: ready.Report.BackendPID + 1})
	require.Never(t, func() bool { return db.active() }, 50*time.Millisecond, 10*time.Millisecond, "that was for another connection")
	system.Root.Send(pid, &replication.StartStreaming{BackendPID: ready.Report.BackendPID})
	await(replication.Streaming)

	db.publish("items")
	db.exec("INSERT INTO items VALUES (1)")
	commit := <-sink.commits
	system.Root.Send(pid, &replication.FlushBoundary{LSN: commit})
	db.confirmed(commit + 1)

	db.vacate()
	await(replication.BackingOff)
	ready = await(replication.Ready)
	system.Root.Send(pid, &replication.StartStreaming{BackendPID: ready.Report.BackendPID})
	await(replication.Streaming)

	require.NoError(t, system.Root.StopFuture(pid).Wait())
	await(replication.Stopped)
	require.Eventually(t, func() bool { return !db.active() }, patience, time.Millisecond)
}

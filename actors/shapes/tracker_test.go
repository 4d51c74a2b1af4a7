package shapes

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/internal/pg/publication"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// configurator answers when it is told to and writes down what was wanted.
type configurator struct {
	asked   chan []uint32
	answers chan answer
}

type answer struct {
	failed  *publication.Error // of all tables
	table   *publication.Error // of one
	lacking bool
	absent  bool // the tables were not in the publication
}

func (c *configurator) configure(ctx context.Context, wanted []shape.Table) (*publication.Result, *publication.Error) {
	oids := []uint32{}
	for _, t := range wanted {
		oids = append(oids, t.OID)
	}
	select {
	case c.asked <- oids:
	case <-ctx.Done():
		return nil, nil
	}
	a := <-c.answers
	r := &publication.Result{State: &publication.State{GeneratedColumns: !a.lacking}}
	for _, t := range wanted {
		r.State.Tables = append(r.State.Tables, publication.Table{Table: t, Published: !a.absent})
	}
	if a.table != nil {
		r.Failed = append(r.Failed, a.table)
	}
	return r, a.failed
}

func definition(oid uint32) *shape.Definition {
	return &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: oid, Schema: "public", Name: "t"}, Key: []string{"id"}, Selected: []string{"id"}}}
}

type bench struct {
	*Tracker
	*configurator
	broken []uint32
	lost   int
	online atomic.Bool
}

// withTracker runs test with a tracker in a bubble.
func withTracker(t *testing.T, test func(t *testing.T, b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{configurator: &configurator{asked: make(chan []uint32), answers: make(chan answer)}}
		b.online.Store(true)
		b.Tracker = NewTracker(TrackerConfig{Configure: b.configure, Publication: "p", Refresh: time.Minute, Logger: slog.New(slog.DiscardHandler),
			Connected: b.online.Load,
			Broken:    func(oid uint32, _ error) { b.broken = append(b.broken, oid) },
			Lost:      func(*publication.Error) { b.lost++ }})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = b.Run(ctx, func() {}) }()
		test(t, b)
		cancel()
		<-done
	})
}

func (b *bench) ensure(ctx context.Context, id shape.ID, d *shape.Definition) <-chan error {
	result := make(chan error, 1)
	go func() { result <- b.Ensure(ctx, id, d) }()
	return result
}

func TestATableIsPublishedOnceForAllItsShapes(t *testing.T) {
	withTracker(t, func(t *testing.T, b *bench) {
		first, second := b.ensure(t.Context(), 1, definition(10)), b.ensure(t.Context(), 2, definition(10))
		synctest.Wait()
		require.Equal(t, []uint32{10}, <-b.asked)
		b.answers <- answer{}
		require.NoError(t, <-first)
		require.NoError(t, <-second)
		synctest.Wait()
		select { // the second may have come too late for the first question, and is then the reason of one more
		case <-b.asked:
			b.answers <- answer{}
		default:
		}
		require.NoError(t, b.Ensure(t.Context(), 3, definition(10)), "without a question")
		require.NoError(t, b.Ensure(t.Context(), 3, definition(10)), "the same shape counts once")
		b.Release(1)
		b.Release(2)
		b.Release(2)
		synctest.Wait()
		b.Release(3)
		require.Empty(t, <-b.asked, "the last shape has gone")
		b.answers <- answer{}
	})
}

func TestATableThatIsBeingDroppedIsNotTakenForPublished(t *testing.T) {
	withTracker(t, func(t *testing.T, b *bench) {
		first := b.ensure(t.Context(), 1, definition(10))
		<-b.asked
		b.answers <- answer{}
		require.NoError(t, <-first)
		b.Release(1)
		require.Empty(t, <-b.asked)
		again := b.ensure(t.Context(), 2, definition(10))
		synctest.Wait()
		require.Empty(t, again)
		b.answers <- answer{}
		require.Equal(t, []uint32{10}, <-b.asked)
		b.answers <- answer{}
		require.NoError(t, <-again)
	})
}

func TestATableThatCannotBeFollowedLosesItsShapes(t *testing.T) {
	withTracker(t, func(t *testing.T, b *bench) {
		result := b.ensure(t.Context(), 1, definition(10))
		<-b.asked
		table := definition(10).Table
		b.answers <- answer{table: &publication.Error{Kind: publication.MissingPrivilege, Table: table, Message: "must be owner"}}
		require.EqualError(t, <-result, "must be owner")
		synctest.Wait()
		require.Equal(t, []uint32{10}, b.broken)
	})
}

func TestTroubleWithTheConnectionRemovesNothing(t *testing.T) {
	withTracker(t, func(t *testing.T, b *bench) {
		result := b.ensure(t.Context(), 1, definition(10))
		<-b.asked
		b.answers <- answer{failed: &publication.Error{Kind: publication.ConnectionNotAvailable, Message: "no"}}
		require.EqualError(t, <-result, "no")
		synctest.Wait()
		require.Empty(t, b.broken)
		require.Zero(t, b.lost)
		again := b.ensure(t.Context(), 2, definition(10))
		<-b.asked
		b.answers <- answer{failed: &publication.Error{Kind: publication.PublicationMissing, Message: "gone"}}
		require.EqualError(t, <-again, "gone")
		synctest.Wait()
		require.Equal(t, 1, b.lost)
	})
}

func TestATableThatTakesTooLongIsLocked(t *testing.T) {
	for kind, online := range map[snapshot.Kind]bool{snapshot.TableLockTimeout: true, snapshot.ConnectionNotAvailable: false} {
		withTracker(t, func(t *testing.T, b *bench) {
			b.online.Store(online)
			began := time.Now()
			var told *snapshot.Error
			require.ErrorAs(t, b.Ensure(t.Context(), 1, definition(10)), &told)
			require.Equal(t, kind, told.Kind)
			require.Equal(t, ensureTimeout, time.Since(began))
		})
	}
}

func TestTheRemovalOfTheLastShapeEndsTheWaitForItsTable(t *testing.T) {
	withTracker(t, func(t *testing.T, b *bench) {
		b.online.Store(false)
		result := b.ensure(t.Context(), 1, definition(10))
		synctest.Wait()
		b.Release(1)
		require.ErrorIs(t, <-result, errUnused)
	})
}

func TestThePublicationIsLookedAtEveryPeriodWhileThereAreTables(t *testing.T) {
	withTracker(t, func(t *testing.T, b *bench) {
		time.Sleep(3 * time.Minute)
		result := b.ensure(t.Context(), 1, definition(10))
		<-b.asked
		b.answers <- answer{}
		require.NoError(t, <-result)
		began := time.Now()
		require.Equal(t, []uint32{10}, <-b.asked)
		require.Equal(t, time.Minute, time.Since(began))
		b.answers <- answer{}
		b.online.Store(false)
		time.Sleep(5 * time.Minute)
	})
}

func TestGeneratedColumnsNeedAPublicationThatCarriesThem(t *testing.T) {
	withTracker(t, func(t *testing.T, b *bench) {
		d := definition(10)
		d.SelectsGenerated = true
		result := b.ensure(t.Context(), 1, d)
		<-b.asked
		b.answers <- answer{lacking: true}
		var told *publication.Error
		require.ErrorAs(t, <-result, &told)
		require.Equal(t, publication.LacksGeneratedColumns, told.Kind)
	})
}

// Somebody has taken the table out of the publication, be it while no server ran, and it was put back; that it was away is seen
// once.
func TestATableThatWasAwayLosesItsShapesWhateverElseGoesWrong(t *testing.T) {
	lost := &publication.Error{Kind: publication.ConnectionNotAvailable, Table: definition(10).Table, Message: "Database connection not available"}
	for name, first := range map[string]answer{
		"nothing goes wrong":                {absent: true},
		"the connection is lost afterwards": {absent: true, table: lost},
		"everything fails":                  {absent: true, failed: lost},
	} {
		t.Run(name, func(t *testing.T) {
			withTracker(t, func(t *testing.T, b *bench) {
				b.Restore(1, definition(10).Table)
				b.Wake()
				require.Equal(t, []uint32{10}, <-b.asked)
				b.answers <- first
				synctest.Wait()
				require.Equal(t, []uint32{10}, b.broken)
				again := b.ensure(t.Context(), 2, definition(10))
				synctest.Wait()
				select {
				case <-b.asked: // unless the first answer was good
					b.answers <- answer{}
				default:
				}
				require.NoError(t, <-again)
				b.Look()
				<-b.asked
				b.answers <- answer{}
				synctest.Wait()
				require.Equal(t, []uint32{10}, b.broken, "once")
			})
		})
	}
}

func TestATableThatIsNotThereYetBreaksNothing(t *testing.T) {
	withTracker(t, func(t *testing.T, b *bench) {
		made := b.ensure(t.Context(), 1, definition(10))
		<-b.asked
		b.answers <- answer{absent: true}
		require.NoError(t, <-made)
		require.Empty(t, b.broken)
	})
}

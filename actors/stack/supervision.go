package stack

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/collector"
	"leyden/actors/consumer"
	"leyden/actors/partition"
	"leyden/actors/replication"
	"leyden/actors/tree"
	"leyden/actors/work"
	"leyden/actors/writer"
	"leyden/internal/filter"
	"leyden/internal/shape"
)

// supervised is the tree below the root, in the order of its start.
func (s *Stack) supervised() tree.Group {
	children := []tree.Spec{
		{Name: "catalogue", Run: s.runInspector},
		{Name: "pools", Run: s.runPools},
		{Name: "shapes", Run: s.manager.Run, StopTimeout: time.Minute},
		{Name: "publication", Run: s.tracker.Run, StopTimeout: 10 * time.Second},
		{Name: "streaming", Group: s.streaming()},
		{Name: "reconciler", Run: s.loop(func(ctx context.Context) {
			s.manager.Reconcile(ctx, s.config.ReconcilePeriod, func() bool { return s.ready.isMet(integrityChecked) })
		})},
		{Name: "slot", Run: s.loop(s.watchSlot)},
		{Name: "memory", Run: s.loop(s.tidyMemory)},
	}
	if s.config.MaxShapes > 0 {
		children = append(children, tree.Spec{Name: "expiry", Run: s.loop(func(ctx context.Context) {
			s.manager.Expire(ctx, s.config.MaxShapes, s.config.ExpiryPeriod)
		})})
	}
	return tree.Group{Strategy: tree.OneForOne, Children: children}
}

// streaming is what lives and dies together: each of them knows of fragments under way that the others have to finish.
func (s *Stack) streaming() *tree.Group {
	// What was under way when the former life ended is gone with its mailboxes, and its credit with it.
	children := []tree.Spec{{Name: "credit", Run: func(ctx context.Context, up func()) error {
		s.credit.Store(s.newCredit())
		up()
		<-ctx.Done()
		return nil
	}}}
	pids := s.partitions()
	host := &consumer.Host{Projections: s.projections, Invalidate: s.manager.Invalidate, Waiting: s.manager.Waiting, Metrics: s.plane, Logger: s.log,
		Outer: consumer.OuterHost{
			Stack: s.config.StackID, MaxHeld: s.config.SubqueryBuffer, MoveIn: s.following.MoveIn, Behind: s.behind,
			Tell: func(m any) { s.tell(m) },
			Post: func(id shape.ID, m any) { s.system.Root.Send(pids[uint64(id)%uint64(len(pids))], m) },
		}}
	for i := range pids {
		children = append(children, tree.Spec{Name: strings.TrimPrefix(pids[i].Id, streamingPath+"/"), Props: func() *actor.Props {
			return partition.Props(partition.Config{Count: s.config.Partitions, Shapes: s.manager, Host: host, RestAfter: s.config.RestAfter,
				SleepAfter: s.config.SleepAfter, StallGrace: s.config.StallGrace, StallPeriod: s.config.StallPeriod})
		}})
	}
	children = append(children,
		tree.Spec{Name: "writer", Props: func() *actor.Props {
			return writer.Props(writer.Config{Store: s.store, Credit: s.credit.Load().Release, Durable: func(m *work.Durable) { s.tell(m) },
				SyncInterval: s.config.SyncInterval, Progress: s.progress, Metrics: s.plane, Logger: s.log})
		}},
		tree.Spec{Name: "collector", Props: func() *actor.Props {
			return collector.Props(collector.Config{
				Store: s.store, Filter: func() collector.Filter { return filter.New().Letters(s.letters.Load) }, Shapes: s.manager.Feed,
				Writer: actor.NewPID("nonhost", writerPath), Partitions: pids,
				Settle: s.credit.Load().Settle, Layouts: s.status.Layouts,
				Boundary: s.flushBoundary, Relation: s.relation, Ancestors: s.ancestors, Invalidate: s.manager.Invalidate,
				StallGrace: s.config.StallGrace, StallPeriod: s.config.StallPeriod,
				Progress: s.progress, Metrics: s.plane, Logger: s.log,
			})
		}},
		tree.Spec{Name: "canary", Run: func(ctx context.Context, up func()) error {
			s.ready.set(collectorReady, subtreesUp)
			defer s.ready.clear(nil, collectorReady, subtreesUp)
			up()
			<-ctx.Done()
			return nil
		}},
		tree.Spec{Name: "replication", Run: s.replicate, StopTimeout: 10 * time.Second},
	)
	return &tree.Group{Strategy: tree.OneForAll, Children: children}
}

// partitions are the addresses of the partitions: a shape belongs to the one whose number is its id modulo their number.
func (s *Stack) partitions() []*actor.PID {
	pids := make([]*actor.PID, s.config.Partitions)
	for i := range pids {
		pids[i] = actor.NewPID("nonhost", streamingPath+"/partition-"+strconv.Itoa(i))
	}
	return pids
}

// newCredit is the credit of a stream that begins. Until it shows, a change is expected to be encoded in all the ways that
// there are, and its JSON to be some times what it came as.
func (s *Stack) newCredit() *replication.Credit {
	return replication.NewCredit(s.config.CreditBytes, 3*float64(s.status.Layouts()))
}

// loop makes a child of a function that runs until its context ends.
func (s *Stack) loop(f func(ctx context.Context)) func(context.Context, func()) error {
	return func(ctx context.Context, up func()) error {
		up()
		f(ctx)
		return nil
	}
}

// runInspector stores what is known of tables whenever that has changed.
func (s *Stack) runInspector(ctx context.Context, up func()) error {
	up()
	for {
		select {
		case <-s.inspector.Changed():
			if err := s.keepInspector(); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

package tree_test

import (
	"context"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"

	"leyden/actors/tree"
)

func TestWhoeverWatchesAChildIsToldWhyItEnds(t *testing.T) {
	for _, want := range []tree.Reason{{Kind: tree.Cleanup}, {Kind: tree.Suspend}, {Kind: tree.Shutdown}, {Kind: tree.Normal}, {}, tree.Crashed(errBroken)} {
		t.Run(want.Kind.String(), func(t *testing.T) {
			j := newJournal()
			spec := j.puppet("a")
			spec.Restart = tree.Temporary
			tr, system := start(t, tree.Group{Children: []tree.Spec{spec}})
			ended, cancel := tr.Watch("root/a")
			defer cancel()
			other, cancel := tr.Watch("root/a")
			cancel()
			system.Root.Send(tr.PID("root/a"), want)
			require.Equal(t, want, <-ended)
			require.Empty(t, other, "a watch that was cancelled tells nothing")
			late, _ := tr.Watch("root/a")
			require.Equal(t, tree.NoProc, (<-late).Kind)
			never, _ := tr.Watch("root/nobody")
			require.Equal(t, tree.NoProc, (<-never).Kind)
		})
	}
}

// Exit is what a test, or a drill, kills with: actors, runs and groups end with the reason that was given.
func TestAChildThatIsMadeToEndEndsAsIfByItself(t *testing.T) {
	j := newJournal()
	tr, _ := start(t, tree.Group{Children: []tree.Spec{
		j.puppet("a"), j.run("b", nil), {Name: "g", Group: &tree.Group{Children: []tree.Spec{j.run("c", nil)}}},
	}})
	j.await(t, "+a", "+b", "+c")
	for path, words := range map[string][]string{"root/a": {"-a", "+a"}, "root/b": {"-b", "+b"}, "root/g": {"-c", "+c"}} {
		ended, _ := tr.Watch(path)
		require.NoError(t, tr.Exit(path, tree.Crashed(errBroken)))
		j.await(t, words...)
		require.ErrorIs(t, (<-ended).Err, errBroken)
	}
	require.ErrorIs(t, tr.Exit("root/x", tree.Reason{}), tree.ErrNoSuchChild)
	for _, n := range tr.Snapshot() {
		switch n.Path {
		case "root", "root/g/c":
			require.True(t, n.CrashedAt.IsZero(), n.Path)
		default:
			require.ErrorIs(t, n.LastCrash.Err, errBroken, n.Path)
			require.Equal(t, 1, n.Restarts, n.Path)
		}
	}
}

func TestTheSnapshotTellsTheLengthOfMailboxes(t *testing.T) {
	hold := make(chan struct{})
	busy := make(chan struct{})
	tr, system := start(t, tree.Group{Children: []tree.Spec{
		{Name: "a", Props: tree.Actor(func() actor.Actor {
			return actor.ReceiveFunc(func(ctx actor.Context) {
				if _, ok := ctx.Message().(string); ok {
					busy <- struct{}{}
					<-hold
				}
			})
		})},
		{Name: "b", Run: func(ctx context.Context, up func()) error { up(); <-ctx.Done(); return nil }},
	}})
	for range 3 {
		system.Root.Send(tr.PID("root/a"), "work")
	}
	<-busy
	lengths := map[string]int{}
	for _, n := range tr.Snapshot() {
		lengths[n.Path] = n.Mailbox
	}
	require.Equal(t, map[string]int{"root": tree.NoMailbox, "root/a": 2, "root/b": tree.NoMailbox}, lengths)
	for range 2 {
		hold <- struct{}{}
		<-busy
	}
	close(hold)
}

// What an actor does when it starts comes before every message, those included that reach its new instance while it starts.
func TestTheStartOfAnActorComesBeforeItsMessages(t *testing.T) {
	j := newJournal()
	starting := make(chan *actor.PID, 2)
	goOn := make(chan struct{}, 2)
	goOn <- struct{}{}
	tr, system := start(t, tree.Group{Children: []tree.Spec{{Name: "a", Props: tree.Actor(func() actor.Actor {
		return actor.ReceiveFunc(func(ctx actor.Context) {
			switch m := ctx.Message().(type) {
			case *actor.Started:
				starting <- ctx.Self()
				<-goOn
				j.write("started")
			case string:
				j.write(m)
			}
		})
	})}}})
	<-starting
	j.await(t, "started")
	require.NoError(t, tr.Exit("root/a", tree.Crashed(errBroken)))
	system.Root.Send(<-starting, "early")
	goOn <- struct{}{}
	j.await(t, "started", "early")
}

func TestATreeThatCannotRunIsRefused(t *testing.T) {
	run := func(ctx context.Context, up func()) error { return nil }
	for want, g := range map[string]tree.Group{
		`child 0 of root: "" is no name`:                      {Children: []tree.Spec{{Run: run}}},
		`child 0 of root: "a/b" is no name`:                   {Children: []tree.Spec{{Name: "a/b", Run: run}}},
		`root/g/a: the name is taken`:                         {Children: []tree.Spec{{Name: "g", Group: &tree.Group{Children: []tree.Spec{{Name: "a", Run: run}, {Name: "a", Run: run}}}}}},
		`root/a: want exactly one of Props, Run and Group`:    {Children: []tree.Spec{{Name: "a"}}},
		`root/both: want exactly one of Props, Run and Group`: {Children: []tree.Spec{{Name: "both", Run: run, Group: &tree.Group{}}}},
	} {
		_, err := tree.Start(t.Context(), nil, "root", g, tree.Options{})
		require.EqualError(t, err, want)
	}
}

package tree

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var errBroken = errors.New("broken")

// script drives a core and writes down what it asks for: +a start, -a stop, !a lose, "open", "finish".
type script struct {
	*core
	now time.Time
}

func newScript(g Group) *script { return &script{core: newCore(&g), now: time.Unix(0, 0)} }

func (s *script) said() string {
	var words []string
	for _, e := range s.take() {
		switch e.verb {
		case doStart:
			words = append(words, "+"+s.slots[e.child].spec.Name)
		case doStop:
			words = append(words, "-"+s.slots[e.child].spec.Name)
		case doLose:
			words = append(words, "!"+s.slots[e.child].spec.Name)
		case doOpen:
			words = append(words, "open")
		case doFinish:
			words = append(words, "finish")
		}
	}
	return strings.Join(words, " ")
}

func (s *script) at(name string) (int, uint64) {
	for i := range s.slots {
		if s.slots[i].spec.Name == name {
			return i, s.slots[i].gen
		}
	}
	panic(name)
}

func (s *script) up(name string) string {
	i, gen := s.at(name)
	s.started(i, gen)
	return s.said()
}

func (s *script) gone(name string, r Reason) string {
	i, gen := s.at(name)
	s.exited(i, gen, r, false, s.now)
	return s.said()
}

func children(specs ...Spec) []Spec { return specs }

func named(names string, r Restart) []Spec {
	var out []Spec
	for _, n := range strings.Fields(names) {
		out = append(out, Spec{Name: n, Restart: r})
	}
	return out
}

func opened(t *testing.T, g Group) *script {
	s := newScript(g)
	s.reconcile()
	for range g.Children {
		words := s.said()
		require.True(t, strings.HasPrefix(words, "+"), words)
		i, gen := s.at(words[1:])
		s.started(i, gen)
	}
	require.Equal(t, "open", s.said())
	return s
}

func TestChildrenStartInOrderAndStopInReverse(t *testing.T) {
	s := newScript(Group{Children: named("a b c", Permanent)})
	s.reconcile()
	require.Equal(t, "+a", s.said())
	require.Equal(t, "+b", s.up("a"))
	require.Equal(t, "+c", s.up("b"))
	require.Equal(t, "open", s.up("c"))
	s.stop(Reason{Kind: Shutdown})
	require.Equal(t, "-c", s.said())
	require.Equal(t, "-b", s.gone("c", Reason{Kind: Shutdown}))
	require.Equal(t, "-a", s.gone("b", Reason{Kind: Shutdown}))
	require.Equal(t, "finish", s.gone("a", Reason{Kind: Shutdown}))
	require.Equal(t, Shutdown, s.reason.Kind)
}

func TestWhoIsRestartedWithWhom(t *testing.T) {
	for name, c := range map[string]struct {
		strategy Strategy
		steps    []string
	}{
		"one for one":  {OneForOne, []string{"+b"}},
		"one for all":  {OneForAll, []string{"-c", "-a", "+a", "+b", "+c"}},
		"rest for one": {RestForOne, []string{"-c", "+b", "+c"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, Group{Strategy: c.strategy, Children: named("a b c", Permanent)})
			words := s.gone("b", Crashed(errBroken))
			for _, want := range c.steps {
				require.Equal(t, want, words)
				if want[0] == '-' {
					words = s.gone(want[1:], Reason{Kind: Shutdown})
				} else {
					words = s.up(want[1:])
				}
			}
			require.Empty(t, words)
			require.True(t, s.allUp())
		})
	}
}

func TestWhatAnEndMeansForEachKindOfChild(t *testing.T) {
	for _, c := range []struct {
		restart Restart
		reason  Reason
		again   bool
	}{
		{Permanent, Reason{Kind: Normal}, true},
		{Permanent, Reason{Kind: Shutdown}, true},
		{Permanent, Crashed(errBroken), true},
		{Transient, Reason{Kind: Normal}, false},
		{Transient, Reason{Kind: Cleanup}, false},
		{Transient, Reason{Kind: Suspend}, false},
		{Transient, Reason{Kind: Killed}, true},
		{Transient, Crashed(errBroken), true},
		{Temporary, Crashed(errBroken), false},
		{Temporary, Reason{Kind: Normal}, false},
	} {
		for _, significant := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %s %v", c.restart, c.reason, significant), func(t *testing.T) {
				s := opened(t, Group{Children: children(Spec{Name: "a"}, Spec{Name: "x", Restart: c.restart, Significant: significant})})
				words := s.gone("x", c.reason)
				switch {
				case c.again:
					require.Equal(t, "+x", words)
				case significant:
					require.Equal(t, "-a", words)
					require.Equal(t, "finish", s.gone("a", Reason{}))
					require.Equal(t, c.reason, s.core.reason)
				default:
					require.Empty(t, words)
				}
			})
		}
	}
}

func TestMoreRestartsThanTheIntensityEndTheGroup(t *testing.T) {
	s := opened(t, Group{Children: named("a b", Permanent)})
	for range 3 {
		require.Equal(t, "+b", s.gone("b", Crashed(errBroken)))
		require.Empty(t, s.up("b"))
		s.now = s.now.Add(time.Second)
	}
	require.Equal(t, "-a", s.gone("b", Crashed(errBroken)))
	require.Equal(t, "finish", s.gone("a", Reason{Kind: Shutdown}))
	require.ErrorIs(t, s.core.reason.Err, ErrTooManyRestarts)
	require.ErrorIs(t, s.core.reason.Err, errBroken)
}

func TestRestartsFarApartAreForgotten(t *testing.T) {
	s := opened(t, Group{Children: named("a", Permanent)})
	for range 20 {
		require.Equal(t, "+a", s.gone("a", Crashed(errBroken)))
		require.Empty(t, s.up("a"))
		s.now = s.now.Add(2 * time.Second)
	}
}

func TestAGroupWithoutRestartsEndsAtTheFirst(t *testing.T) {
	s := opened(t, Group{Intensity: -1, Children: named("a", Permanent)})
	require.Equal(t, "finish", s.gone("a", Crashed(errBroken)))
}

func TestAChildThatCannotStartEndsTheStartOfItsGroup(t *testing.T) {
	s := newScript(Group{Children: named("a b", Permanent)})
	s.reconcile()
	s.said()
	s.up("a")
	require.Equal(t, "-a", s.gone("b", Crashed(errBroken)))
	require.Equal(t, "finish", s.gone("a", Reason{}))
	require.ErrorContains(t, s.core.reason.Err, "start b: broken")
}

func TestAChildThatDoesNotStopIsLeftBehindAndNeverDoubled(t *testing.T) {
	s := opened(t, Group{Strategy: OneForAll, Children: named("a b", Permanent)})
	require.Equal(t, "-a", s.gone("b", Crashed(errBroken)))
	s.overdue(s.at("a"))
	require.Equal(t, "!a finish", s.said(), "its name cannot be used again, so the group ends")
	require.ErrorIs(t, s.core.reason.Err, ErrStillRunning)
	require.True(t, s.losing())
	require.Empty(t, s.gone("a", Reason{}))
	require.False(t, s.losing())
}

func TestAnOperatorsRestartIsNotAFailure(t *testing.T) {
	s := opened(t, Group{Strategy: RestForOne, Children: named("a b c", Permanent)})
	for range 10 {
		i, _ := s.at("b")
		s.restart(i)
		require.Equal(t, "-c", s.said())
		require.Equal(t, "-b", s.gone("c", Reason{Kind: Shutdown}))
		require.Equal(t, "+b", s.gone("b", Reason{Kind: Shutdown}))
		require.Equal(t, "+c", s.up("b"))
		require.Empty(t, s.up("c"))
	}
}

func TestAnOperatorsRestartIsOverWhenAllThatWentWithItIsUp(t *testing.T) {
	s := opened(t, Group{Strategy: OneForAll, Children: named("a b", Permanent)})
	i, _ := s.at("a")
	s.restart(i)
	require.Equal(t, "-b", s.said())
	for _, step := range []func() string{
		func() string { return s.gone("b", Reason{Kind: Shutdown}) }, func() string { return s.gone("a", Reason{Kind: Shutdown}) },
		func() string { return s.up("a") },
	} {
		require.False(t, s.restarted(i))
		step()
	}
	require.False(t, s.restarted(i), "b is starting")
	s.up("b")
	require.True(t, s.restarted(i))
}

func TestAnOperatorBringsATemporaryChildBack(t *testing.T) {
	s := opened(t, Group{Children: named("a", Temporary)})
	i, _ := s.at("a")
	s.restart(i)
	require.Equal(t, "-a", s.said())
	require.Equal(t, "+a", s.gone("a", Reason{Kind: Shutdown}))
	s.up("a")
	s.restart(i)
	s.said()
	require.Equal(t, "+a", s.gone("a", Crashed(errBroken)), "it fails while it is asked to stop")
	s.up("a")
	require.Empty(t, s.gone("a", Crashed(errBroken)), "by itself it stays down")
	s.restart(i)
	require.Equal(t, "+a", s.said())
}

func TestARestartOfAllKeepsTheOrder(t *testing.T) {
	s := opened(t, Group{Children: named("a b c", Permanent)})
	s.restartAll()
	require.Equal(t, "-c", s.said())
	require.Equal(t, "-b", s.gone("c", Reason{Kind: Shutdown}))
	require.Equal(t, "-a", s.gone("b", Reason{Kind: Shutdown}))
	require.Equal(t, "+a", s.gone("a", Reason{Kind: Shutdown}))
	require.Equal(t, "+b", s.up("a"))
	require.Equal(t, "+c", s.up("b"))
	require.False(t, s.restarted(everyone))
	require.Empty(t, s.up("c"))
	require.True(t, s.restarted(everyone))
}

func TestWhatAnOldInstanceSaysIsIgnored(t *testing.T) {
	s := opened(t, Group{Children: named("a", Permanent)})
	i, old := s.at("a")
	s.gone("a", Crashed(errBroken))
	s.exited(i, old, Crashed(errBroken), false, s.now)
	s.started(i, old)
	s.overdue(i, old)
	require.Empty(t, s.said())
	require.Equal(t, starting, s.slots[i].state)
}

// Whatever happens in whatever order: one instance at a time, nothing starts behind something that is down in an ordered
// group, nothing stops before what stands on it, and a group that is asked to stop finishes.
func TestTheOrderHoldsWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := Group{Strategy: Strategy(rapid.IntRange(0, 2).Draw(t, "strategy")), Intensity: 5}
		n := rapid.IntRange(1, 5).Draw(t, "children")
		for i := range n {
			g.Children = append(g.Children, Spec{Name: fmt.Sprint(i), Restart: Restart(rapid.IntRange(0, 2).Draw(t, "restart")),
				Significant: rapid.Bool().Draw(t, "significant")})
		}
		s := newScript(g)
		alive := make([]bool, n)
		finished, openedOnce, ended := false, false, make([]bool, n)
		perform := func() {
			for _, e := range s.take() {
				switch e.verb {
				case doStart:
					if alive[e.child] || finished {
						t.Fatalf("start of %d while it is alive", e.child)
					}
					if !openedOnce || g.Strategy != OneForOne {
						for j := range e.child {
							if s.slots[j].want && s.slots[j].state != up {
								t.Fatalf("%d starts before %d is up", e.child, j)
							}
						}
					}
					alive[e.child] = true
				case doStop:
					if !alive[e.child] {
						t.Fatalf("stop of %d, which is down", e.child)
					}
					for j := e.child + 1; j < n; j++ {
						if alive[j] && s.slots[j].halt {
							t.Fatalf("%d is stopped before %d", e.child, j)
						}
					}
				case doOpen:
					openedOnce = true
				case doFinish:
					for j := range alive {
						if alive[j] {
							t.Fatalf("finished while %d is alive", j)
						}
					}
					finished = true
				}
			}
		}
		s.reconcile()
		perform()
		reasons := []Reason{{}, {Kind: Normal}, {Kind: Shutdown}, Crashed(errBroken)}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			i := rapid.IntRange(0, n-1).Draw(t, "which")
			s.now = s.now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			switch rapid.IntRange(0, 3).Draw(t, "op") {
			case 0, 1:
				if alive[i] {
					s.started(i, s.slots[i].gen)
				}
			case 2:
				if alive[i] {
					alive[i], ended[i] = false, true
					s.exited(i, s.slots[i].gen, rapid.SampledFrom(reasons).Draw(t, "reason"), false, s.now)
				}
			case 3:
				switch rapid.IntRange(0, 9).Draw(t, "rarely") {
				case 0, 1:
					s.restart(i)
				case 2:
					s.restartAll()
				}
			}
			perform()
		}
		s.stop(Reason{Kind: Shutdown})
		perform()
		for range n {
			for i := range alive {
				if alive[i] && s.slots[i].state == stopping {
					alive[i] = false
					s.exited(i, s.slots[i].gen, Reason{Kind: Shutdown}, false, s.now)
					perform()
				}
			}
			for i := n - 1; i >= 0; i-- {
				if alive[i] && s.slots[i].state == stopping {
					alive[i] = false
					s.exited(i, s.slots[i].gen, Reason{Kind: Shutdown}, false, s.now)
					perform()
				}
			}
		}
		if !finished {
			t.Fatal("a group that was asked to stop did not finish")
		}
	})
}

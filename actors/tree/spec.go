package tree

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Restart says what happens when a child ends without having been asked to.
type Restart uint8

const (
	Permanent Restart = iota // it is started again
	Transient                // it is started again unless its reason was orderly
	Temporary                // it stays down
)

// Strategy says who else is restarted with a child.
type Strategy uint8

const (
	OneForOne  Strategy = iota // nobody
	OneForAll                  // all children of the group
	RestForOne                 // those that were started after it
)

// Forever is the StopTimeout of a child that is waited for without limit.
const Forever time.Duration = -1

// Actor is the Props of an actor that needs no options.
func Actor(producer actor.Producer) func() *actor.Props {
	return func() *actor.Props { return actor.PropsFromProducer(producer) }
}

// Spec describes one child. Exactly one of Props, Run and Group is set.
type Spec struct {
	Name string // unique in its group; the last element of its path

	// Props gives fresh props for each instance of an actor. The instance is up when it has handled actor.Started; a panic in
	// that or in any other message ends it with a crash, see also Stop. Its mailbox is the tree's, which tells its length.
	Props func() *actor.Props
	// Run is up when it calls up, which it may do once, and ends with its return: nil is Normal (Shutdown if it had been asked
	// to stop), an error is a crash unless the error is or wraps an Exit. It has to return soon after ctx is cancelled.
	Run func(ctx context.Context, up func()) error
	// Group is a group of children of its own. It is up when all of them are.
	Group *Group

	Restart Restart
	// Significant: when the child ends and is not restarted, its group ends with the same reason.
	Significant bool
	// Drain lets an actor handle the messages that are queued when it is asked to stop.
	Drain bool
	// StopTimeout is how long a stop may take. 0 is 5 s, Forever for groups.
	StopTimeout time.Duration
}

// Group describes a supervisor.
type Group struct {
	Strategy Strategy
	Children []Spec
	// More than Intensity restarts within Period end the group. Zero values mean 3 in 5 s; a negative Intensity allows none.
	Intensity int
	Period    time.Duration
}

// Exit is an error by which a Run function says a reason other than normal, shutdown or crash, and what Stop panics with.
type Exit struct{ Reason Reason }

func (e *Exit) Error() string { return e.Reason.String() }
func (e *Exit) Unwrap() error { return e.Reason.Err }

func (s *Spec) stopTimeout() time.Duration {
	switch {
	case s.StopTimeout != 0:
		return s.StopTimeout
	case s.Group != nil:
		return Forever
	}
	return 5 * time.Second
}

func (g *Group) limits() (int, time.Duration) {
	n, p := g.Intensity, g.Period
	switch {
	case n == 0:
		n = 3
	case n < 0:
		n = 0
	}
	if p == 0 {
		p = 5 * time.Second
	}
	return n, p
}

// check finds what makes a group impossible to run. path is the group's.
func (g *Group) check(path string) error {
	names := map[string]bool{}
	for i := range g.Children {
		s := &g.Children[i]
		kinds := 0
		for _, set := range []bool{s.Props != nil, s.Run != nil, s.Group != nil} {
			if set {
				kinds++
			}
		}
		switch {
		case s.Name == "" || strings.ContainsRune(s.Name, '/'):
			return fmt.Errorf("child %d of %s: %q is no name", i, path, s.Name)
		case names[s.Name]:
			return fmt.Errorf("%s/%s: the name is taken", path, s.Name)
		case kinds != 1:
			return fmt.Errorf("%s/%s: want exactly one of Props, Run and Group", path, s.Name)
		}
		names[s.Name] = true
		if s.Group != nil {
			if err := s.Group.check(path + "/" + s.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

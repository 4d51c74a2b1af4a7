package tree

import (
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
)

// Kind is the class of reasons that logic may branch on.
type Kind uint8

const (
	Killed   Kind = iota // nobody said why
	Normal               // it had done its work
	Shutdown             // its supervisor asked for it
	Cleanup              // what it stood for is to be removed
	Suspend              // it has nothing to do and can be started again from what is stored
	NoProc               // it had ended before somebody began to watch it
	Crash                // Err
)

func (k Kind) String() string {
	switch k {
	case Normal:
		return "normal"
	case Shutdown:
		return "shutdown"
	case Cleanup:
		return "cleanup"
	case Suspend:
		return "suspend"
	case NoProc:
		return "noproc"
	case Crash:
		return "crash"
	}
	return "killed"
}

// Reason says why a child ended. The child itself publishes it; the zero Reason is Killed.
type Reason struct {
	Kind Kind
	Err  error // of a crash; of others it may say more
}

// Crashed is the reason of a child that failed with err.
func Crashed(err error) Reason { return Reason{Kind: Crash, Err: err} }

// Orderly reports whether a transient child that ended so stays down.
func (r Reason) Orderly() bool { return r.Kind != Crash && r.Kind != Killed }

func (r Reason) String() string {
	if r.Err == nil {
		return r.Kind.String()
	}
	return fmt.Sprintf("%s: %v", r.Kind, r.Err)
}

var (
	// ErrTooManyRestarts is the crash of a group whose children were restarted too often.
	ErrTooManyRestarts = errors.New("too many restarts")
	// ErrStillRunning is the crash of a group that had to start a child whose earlier instance never stopped.
	ErrStillRunning = errors.New("an earlier instance has not stopped")
	// ErrNoSuchChild reports a path that names nothing.
	ErrNoSuchChild = errors.New("no such child")
)

// Exited is published on the actor system's event stream by every child when it is gone.
type Exited struct {
	Path   string
	PID    *actor.PID
	Reason Reason
}

// panicError is what a recovered panic becomes.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

func (p *panicError) Unwrap() error {
	err, _ := p.value.(error)
	return err
}

package pgserver

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is one run of the postmaster.
type process struct {
	pid   int
	ended chan struct{} // closed when it has been waited for
	err   error         // how it ended; read after ended
}

// Goroutine is the function in which one goroutine per running server waits. A test that looks for leaked goroutines while a
// shared server runs leaves it out by this name.
const Goroutine = "leyden/internal/pg/pgserver.(*process).run"

// launch starts cmd and waits for it in a goroutine of its own.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{ended: make(chan struct{})}
	started := make(chan error)
	go p.run(cmd, started)
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

func (p *process) run(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread() // the life of the server hangs on this thread, see attributes
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		started <- err
		return
	}
	release, err := guard(cmd.Process.Pid)
	if err != nil {
		cmd.Process.Signal(syscall.SIGQUIT)
		cmd.Wait()
		started <- err
		return
	}
	p.pid = cmd.Process.Pid
	started <- nil
	p.err = cmd.Wait()
	release()
	close(p.ended)
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *process) signal(s os.Signal) error {
	if !p.running() {
		return nil
	}
	proc, err := os.FindProcess(p.pid)
	if err != nil {
		return fmt.Errorf("signal Postgres: %w", err)
	}
	if err := proc.Signal(s); err != nil && p.running() {
		return fmt.Errorf("signal Postgres: %w", err)
	}
	return nil
}

// kill ends the postmaster and its children without letting any of them react, and waits until all are gone: a child that
// still holds the shared memory would keep the next start from happening.
func (p *process) kill() error {
	if !p.running() {
		return nil
	}
	offspring := children(p.pid)
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.ended
	for _, pid := range offspring {
		// Once orphaned they end by themselves too, so a failure means that one is gone already.
		syscall.Kill(pid, syscall.SIGKILL)
	}
	deadline := time.Now().Add(quitTimeout)
	for _, pid := range offspring {
		for !gone(pid) {
			if time.Now().After(deadline) {
				return fmt.Errorf("kill Postgres: process %d does not end", pid)
			}
			time.Sleep(2 * time.Millisecond) // they are nobody's children now: there is nothing to wait on
		}
	}
	return nil
}

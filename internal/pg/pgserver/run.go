package pgserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// startTries bounds how often a free port is chosen anew because somebody else was faster to take it.
	startTries   = 10
	startTimeout = 60 * time.Second
	stopTimeout  = 15 * time.Second
	quitTimeout  = 5 * time.Second
)

// start runs the postmaster until it is ready; s.mu is held.
func (s *Server) start(ctx context.Context) error {
	if err := configure(s.data, s.settings, s.hba, s.files, s.owner); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for try := 1; ; try++ {
		port := s.port
		if port == 0 {
			var err error
			if port, err = freePort(); err != nil {
				return err
			}
		}
		taken, err := s.run(ctx, port)
		if err == nil {
			s.port = port // from now on it is this server's: a restart must not move it
			return nil
		}
		if !taken || s.port != 0 || try == startTries {
			return err
		}
	}
}

// run starts the postmaster on port and waits until it is ready. taken says that it failed because the port is in use.
func (s *Server) run(ctx context.Context, port int) (taken bool, err error) {
	cmd := exec.Command(s.binaries.path("postgres"), "-D", s.data, "-p", strconv.Itoa(port))
	cmd.Dir = s.data
	cmd.SysProcAttr = attributes(s.owner.cred)
	cmd.WaitDelay = 2 * time.Second // a backend may hold the log open a little longer than the postmaster lives
	if err := s.log.attach(cmd); err != nil {
		return false, err
	}
	proc, err := launch(cmd)
	if err != nil {
		return false, fmt.Errorf("start Postgres: %w", err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-proc.ended:
			said := s.log.lastWords()
			return strings.Contains(said, "could not bind"), fmt.Errorf("start Postgres on port %d: %w\n%s", port, proc.err, said)
		case <-ctx.Done():
			err := fmt.Errorf("start Postgres on port %d: %w\n%s", port, context.Cause(ctx), s.log.lastWords())
			return false, errors.Join(err, proc.kill())
		case <-tick.C:
			if s.ready(proc.pid) {
				s.proc = proc
				return false, nil
			}
		}
	}
}

// ready asks the lock file and not the port: on the port another server might answer. Its first line is the process id, its
// eighth the status.
func (s *Server) ready(pid int) bool {
	content, err := os.ReadFile(filepath.Join(s.data, "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(content), "\n")
	return len(lines) >= 8 && lines[0] == strconv.Itoa(pid) && strings.TrimSpace(lines[7]) == "ready"
}

// Stop shuts the server down in order: open transactions are aborted, and the end is checkpointed. When that takes longer
// than ctx allows, or 15 seconds, it is ended at once, and recovers at its next start. Its directories stay, so that Restart
// can follow.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stop(ctx)
}

func (s *Server) stop(ctx context.Context) error {
	if s.proc == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	if err := s.proc.signal(syscall.SIGINT); err != nil {
		return err
	}
	select {
	case <-s.proc.ended:
		s.proc = nil
		return nil
	case <-ctx.Done(): // it waits for walsenders whose clients do not read any more
		return s.quit()
	}
}

// quit ends the server without a checkpoint, its backends included.
func (s *Server) quit() error {
	if s.proc == nil {
		return nil
	}
	if err := s.proc.signal(syscall.SIGQUIT); err != nil {
		return err
	}
	select {
	case <-s.proc.ended:
	case <-time.After(quitTimeout):
		if err := s.proc.kill(); err != nil {
			return err
		}
	}
	s.proc = nil
	return nil
}

// Kill ends all processes of the server with SIGKILL, as a crash would, and returns when they are gone.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return nil
	}
	if err := s.proc.kill(); err != nil {
		return err
	}
	s.proc = nil
	return nil
}

// Restart stops the server if it runs, and starts it on the same data and port. Settings override earlier ones.
func (s *Server) Restart(ctx context.Context, settings ...map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.stop(ctx); err != nil {
		return err
	}
	for _, m := range settings {
		maps.Copy(s.settings, m)
	}
	return s.start(ctx)
}

// SetEpoch restarts the server with transaction ids of that epoch: 64-bit ids have it above their low 32 bits, as after the
// 32-bit ids have wrapped around so many times. The server must have no replication slots: the WAL begins anew.
func (s *Server) SetEpoch(ctx context.Context, epoch uint32) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.stop(ctx); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, s.binaries.path("pg_resetwal"), "--epoch", strconv.FormatUint(uint64(epoch), 10), "-D", s.data)
	cmd.Dir = s.data
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner.cred}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("set the epoch of transaction ids: %w\n%s", err, out)
	}
	return s.start(ctx)
}

// freePort asks the system for a port that nobody listens on. Somebody else may take it before Postgres does.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

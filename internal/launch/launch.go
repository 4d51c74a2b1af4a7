// Package launch builds the leyden command and runs it as a process of its own, for tests and tools that must be able to
// restart it and to kill it. It knows the server only by its settings and its health route.
//
// The one invariant: the process never outlives the Server that runs it by more than the launching process itself.
package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	readyTimeout = 60 * time.Second
	stopTimeout  = 30 * time.Second
)

// Build compiles the leyden command into dir and returns the path of the binary. flags are passed to go build.
func Build(ctx context.Context, dir string, flags ...string) (string, error) {
	path := filepath.Join(dir, "leyden")
	args := append(append([]string{"build"}, flags...), "-o", path, "leyden/cmd/leyden")
	cmd := exec.CommandContext(ctx, "go", args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build leyden: %w\n%s", err, out)
	}
	return path, nil
}

// Options say how the server is run.
type Options struct {
	Binary      string
	DatabaseURL string
	StorageDir  string
	// Settings are environment variables, NAME=value. They win over what this package sets: a free port, insecure mode.
	Settings []string
	// Log gets the server's log too; the last of it is kept anyway, see LastWords.
	Log io.Writer
}

// Server is one configuration of a server, running or not. Its methods are not safe for concurrent use, except URL and
// LastWords.
type Server struct {
	options Options
	port    int
	admin   int // port
	words   *lastWords
	run     *process // nil when stopped
}

// Start runs a server and waits until it is active.
func Start(ctx context.Context, o Options) (*Server, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	admin, err := FreePort()
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, port: port, admin: admin, words: &lastWords{}}
	if err := s.Resume(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// FreePort gives a TCP port on 127.0.0.1 that nobody listened on a moment ago.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

// URL is where the API is served. It stays the same over restarts.
func (s *Server) URL() string { return "http://127.0.0.1:" + strconv.Itoa(s.port) }

// AdminURL is where operators are served. It stays the same over restarts.
func (s *Server) AdminURL() string { return "http://127.0.0.1:" + strconv.Itoa(s.admin) }

// LastWords are the last lines of the log, of all runs.
func (s *Server) LastWords() string { return s.words.String() }

// PID is the process id, 0 when the server is stopped.
func (s *Server) PID() int {
	if s.run == nil {
		return 0
	}
	return s.run.cmd.Process.Pid
}

// Resume starts a stopped or killed server again, on the same port and storage, and waits until it is active.
func (s *Server) Resume(ctx context.Context) error {
	if s.run != nil {
		return errors.New("start leyden: it is running")
	}
	cmd := exec.Command(s.options.Binary, "serve")
	for _, kv := range os.Environ() {
		// A developer's own settings must not change what is tested.
		if !strings.HasPrefix(kv, "ELECTRIC_") && !strings.HasPrefix(kv, "LEYDEN_ADMIN_") && !strings.HasPrefix(kv, "DATABASE_URL=") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env,
		"DATABASE_URL="+s.options.DatabaseURL, "ELECTRIC_INSECURE=true", "ELECTRIC_PORT="+strconv.Itoa(s.port),
		"ELECTRIC_STORAGE_DIR="+s.options.StorageDir, "LEYDEN_ADMIN_ADDR=127.0.0.1:"+strconv.Itoa(s.admin))
	cmd.Env = append(cmd.Env, s.options.Settings...)
	var log io.Writer = s.words
	if s.options.Log != nil {
		log = io.MultiWriter(s.words, s.options.Log)
	}
	cmd.Stdout, cmd.Stderr = log, log
	run, err := begin(cmd)
	if err != nil {
		return err
	}
	s.run = run
	if err := s.awaitActive(ctx); err != nil {
		return errors.Join(err, s.Kill())
	}
	return nil
}

func (s *Server) awaitActive(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.run.ended:
			return fmt.Errorf("start leyden: it ended: %v\n%s", s.run.err, s.LastWords())
		case <-ctx.Done():
			return fmt.Errorf("start leyden: it does not become active: %w\n%s", context.Cause(ctx), s.LastWords())
		case <-tick.C:
			if healthy(ctx, s.URL()) {
				return nil
			}
		}
	}
}

func healthy(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v1/health", nil)
	if err != nil {
		return false
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// Stop asks the server to end, waits for it, and reports an end that was not clean or took too long.
func (s *Server) Stop(ctx context.Context) error {
	if s.run == nil {
		return nil
	}
	run := s.run
	if err := run.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop leyden: %w", err)
	}
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-run.ended:
		s.run = nil
		if run.err != nil {
			return fmt.Errorf("stop leyden: %w\n%s", run.err, s.LastWords())
		}
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("stop leyden: %w", context.Cause(ctx)), s.Kill())
	case <-timeout.C:
		return errors.Join(fmt.Errorf("stop leyden: it does not end within %s\n%s", stopTimeout, s.LastWords()), s.Kill())
	}
}

// Kill ends the server without letting it react.
func (s *Server) Kill() error {
	if s.run == nil {
		return nil
	}
	run := s.run
	s.run = nil
	if err := run.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill leyden: %w", err)
	}
	<-run.ended
	return nil
}

// process is one run.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has been waited for
	err   error         // how it ended; read after ended
}

// begin starts cmd in a goroutine that stays on one thread until the process has ended: where the system can end a child
// with its parent, it is with the thread that made it.
func begin(cmd *exec.Cmd) (*process, error) {
	cmd.SysProcAttr = attributes()
	p := &process{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start leyden: %w", err)
	}
	return p, nil
}

// lastWords keeps the end of a log.
type lastWords struct {
	mu   sync.Mutex
	text []byte
}

const lastWordsMax = 16 << 10

func (w *lastWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, p...)
	if over := len(w.text) - lastWordsMax; over > 0 {
		w.text = append(w.text[:0], w.text[over:]...)
	}
	return len(p), nil
}

func (w *lastWords) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(bytes.Clone(w.text))
}

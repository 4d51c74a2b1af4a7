package pgserver

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// journal takes what a server logs, and can tell what it said last.
type journal interface {
	attach(*exec.Cmd) error // called before each run
	lastWords() string      // of the present run
	close() error
}

const (
	tailBytes = 16 << 10
	tailLines = 20
)

func lastLines(b []byte) string {
	lines := bytes.Split(bytes.TrimRight(b, "\n"), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-tailLines):], []byte("\n")))
}

// fileJournal gives the server a file to write to, without a goroutine in between.
type fileJournal struct {
	file *os.File
	from int64 // where the present run begins
}

func newFileJournal(dir string) (*fileJournal, error) {
	file, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("make the server's log: %w", err)
	}
	return &fileJournal{file: file}, nil
}

func (j *fileJournal) attach(cmd *exec.Cmd) error {
	info, err := j.file.Stat()
	if err != nil {
		return fmt.Errorf("read the server's log: %w", err)
	}
	j.from = info.Size()
	cmd.Stdout, cmd.Stderr = j.file, j.file
	return nil
}

func (j *fileJournal) lastWords() string {
	info, err := j.file.Stat()
	if err != nil {
		return ""
	}
	b := make([]byte, min(info.Size()-j.from, tailBytes))
	n, _ := j.file.ReadAt(b, info.Size()-int64(len(b)))
	return lastLines(b[:n])
}

func (j *fileJournal) close() error { return j.file.Close() }

// tail keeps the end of what is written to it and passes everything on.
type tail struct {
	next io.Writer // may be nil

	mu   sync.Mutex
	kept []byte
}

func (t *tail) attach(cmd *exec.Cmd) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = t.kept[:0]
	cmd.Stdout, cmd.Stderr = t, t
	return nil
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if len(t.kept) > 2*tailBytes {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-tailBytes:]...)
	}
	if t.next != nil {
		t.next.Write(b) // a log that cannot be written must not stop the server, which blocks on a full pipe
	}
	return len(b), nil
}

func (t *tail) lastWords() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return lastLines(t.kept)
}

func (t *tail) close() error { return nil }

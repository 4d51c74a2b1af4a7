package pgserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	temporaryPrefix = "leyden-pg-"
	lockName        = "lock"
	// A directory without a lock is being made, or was left by a process that died while making it.
	unlockedAge = 5 * time.Minute
)

// temporary is a directory for as long as a server is in use. Its lock ends with the process, so that a later process can
// tell what was left behind from what is in use.
type temporary struct {
	path string
	lock *os.File
}

func newTemporary() (_ *temporary, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("make a temporary directory: %w", err)
		}
	}()
	root := os.TempDir()
	sweep(root, time.Now())
	dir, err := os.MkdirTemp(root, temporaryPrefix)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o711); err != nil { // the server's user passes through
		return nil, err
	}
	// Locked before it gets its name: under its name an unlocked file means that the directory can go.
	lock, err := os.Create(filepath.Join(dir, lockName+".new"))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	if err := os.Rename(lock.Name(), filepath.Join(dir, lockName)); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &temporary{path: dir, lock: lock}, nil
}

func (t *temporary) discard() error { return errors.Join(os.RemoveAll(t.path), t.lock.Close()) }

// sweep removes the directories of processes that ended without closing their servers. What cannot be removed, because it
// is in use or another user's, stays.
func sweep(root string, now time.Time) {
	dirs, _ := filepath.Glob(filepath.Join(root, temporaryPrefix+"*")) // the pattern is well formed
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() {
			continue
		}
		lock, err := os.Open(filepath.Join(dir, lockName))
		if err != nil {
			if os.IsNotExist(err) && now.Sub(info.ModTime()) > unlockedAge {
				os.RemoveAll(dir)
			}
			continue
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			os.RemoveAll(dir)
		}
		lock.Close()
	}
}

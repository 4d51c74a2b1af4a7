package pgserver

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// owner is the user that a server runs as. Postgres refuses to run as root, so root runs it as somebody else; everybody
// else runs it as himself and has the zero owner.
type owner struct {
	name string
	cred *syscall.Credential
}

// serverOwner picks the user for servers of this process.
func serverOwner() (owner, error) {
	if os.Geteuid() != 0 {
		return owner{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil || uid == 0 {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return owner{name: name, cred: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return owner{}, fmt.Errorf("run Postgres as root: there is neither a user postgres nor a user nobody to run it as")
}

// give makes the owner the owner of everything below path, path included.
func (o owner) give(path string) error {
	if o.cred == nil {
		return nil
	}
	return filepath.WalkDir(path, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(p, int(o.cred.Uid), int(o.cred.Gid))
	})
}

// reach reports why the owner could not get to path: a parent that others may not traverse.
func (o owner) reach(path string) error {
	if o.cred == nil {
		return nil
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		var st syscall.Stat_t
		if err := syscall.Stat(dir, &st); err != nil {
			return fmt.Errorf("check %s: %w", dir, err)
		}
		var need uint32 = 0o001
		switch {
		case st.Uid == o.cred.Uid:
			need = 0o100
		case st.Gid == o.cred.Gid:
			need = 0o010
		}
		if uint32(st.Mode)&need == 0 {
			return fmt.Errorf("as root Postgres runs as user %s, who may not enter %s: choose another directory", o.name, dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

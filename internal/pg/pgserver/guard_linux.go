package pgserver

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// attributes makes the child of this thread end with it: SIGQUIT is Postgres' immediate shutdown, which takes the backends
// along. It is the thread that counts, so whoever starts the child must stay locked to its thread until the child is gone.
func attributes(cred *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGQUIT, Credential: cred}
}

// guard has nothing to do here: see attributes.
func guard(int) (release func(), err error) { return func() {}, nil }

// children lists the processes whose parent is pid.
func children(pid int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []int
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if _, parent, ok := status(child); ok && parent == pid {
			found = append(found, child)
		}
	}
	return found
}

// gone reports whether pid has ended. Where nobody waits for orphans they stay as zombies, which hold nothing any more.
func gone(pid int) bool {
	state, _, ok := status(pid)
	return !ok || state == "Z" || state == "X"
}

func status(pid int) (state string, parent int, ok bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", 0, false
	}
	// "pid (name) state ppid …", and the name may hold anything, parentheses too
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return "", 0, false
	}
	parent, err = strconv.Atoi(string(fields[1]))
	return string(fields[0]), parent, err == nil
}

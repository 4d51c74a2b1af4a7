//go:build unix && !linux

package pgserver

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

func attributes(cred *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: cred}
}

// guard starts a shell that ends server pid when this process ends: only this process holds the other end of its input, so
// the read returns when it is gone. release ends the guard and is called before pid can be given to another process.
func guard(pid int) (release func(), err error) {
	cmd := exec.Command("/bin/sh", "-c", `read word; [ "$word" = released ] || kill -QUIT "$1"`, "guard", strconv.Itoa(pid))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("guard Postgres: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("guard Postgres: %w", err)
	}
	return func() {
		in.Write([]byte("released\n"))
		in.Close()
		cmd.Wait()
	}, nil
}

// children lists the processes whose parent is pid.
func children(pid int) []int {
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	if err != nil {
		return nil
	}
	var found []int
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) != 2 || fields[1] != strconv.Itoa(pid) {
			continue
		}
		if child, err := strconv.Atoi(fields[0]); err == nil {
			found = append(found, child)
		}
	}
	return found
}

// gone reports whether pid has ended.
func gone(pid int) bool { return syscall.Kill(pid, 0) != nil }

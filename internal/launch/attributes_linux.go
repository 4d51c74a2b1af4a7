package launch

import "syscall"

// attributes end the server with the thread that started it, and keep a terminal's Ctrl-C from it: the launcher decides.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

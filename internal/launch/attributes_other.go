//go:build !linux

package launch

import "syscall"

// attributes keep a terminal's Ctrl-C from the server: the launcher decides.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

package connect

import (
	"context"
	"net"
	"runtime"
	"syscall"
	"time"
)

// TCP tunes how soon a dead connection is noticed. What is zero is left to the system. It has an effect on Linux only.
type TCP struct {
	KeepAliveIdle     time.Duration // idle time before the first probe; whole seconds, at least 1
	KeepAliveInterval time.Duration // between probes; whole seconds, at least 1
	KeepAliveCount    int           // unanswered probes before the connection is lost
	UserTimeout       time.Duration // how long sent data may stay unacknowledged; whole milliseconds
}

// Set reports whether anything is.
func (t TCP) Set() bool { return t != TCP{} }

// Supported reports whether TCP options have an effect on this system. When some are set and it is false, say so once.
func (TCP) Supported() bool { return runtime.GOOS == "linux" }

// tcpUserTimeout is TCP_USER_TIMEOUT of Linux, which package syscall does not name.
const tcpUserTimeout = 18

func (t TCP) dialer() *net.Dialer {
	d := &net.Dialer{KeepAlive: -1} // no probes unless somebody asks for them
	if !t.Set() || !t.Supported() {
		return d
	}
	if t.KeepAliveIdle > 0 || t.KeepAliveInterval > 0 || t.KeepAliveCount > 0 {
		d.KeepAliveConfig = net.KeepAliveConfig{Enable: true, Idle: seconds(t.KeepAliveIdle), Interval: seconds(t.KeepAliveInterval), Count: t.KeepAliveCount}
		if t.KeepAliveCount == 0 {
			d.KeepAliveConfig.Count = -1
		}
	}
	if t.UserTimeout > 0 {
		d.ControlContext = func(_ context.Context, _, _ string, c syscall.RawConn) error {
			var set error
			err := c.Control(func(fd uintptr) {
				set = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, max(1, int(t.UserTimeout.Milliseconds())))
			})
			if err != nil {
				return err
			}
			return set
		}
	}
	return d
}

// seconds rounds down to whole seconds, but not to none; -1 leaves the system's value.
func seconds(d time.Duration) time.Duration {
	if d <= 0 {
		return -1
	}
	return max(d.Truncate(time.Second), time.Second)
}

package tree

import "time"

// Clock is where the tree takes time from. Tests bring their own.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f once after d unless the returned function is called before.
	AfterFunc(d time.Duration, f func()) (cancel func())
}

// SystemClock is the machine's.
type SystemClock struct{}

func (SystemClock) Now() time.Time { return time.Now() }

func (SystemClock) AfterFunc(d time.Duration, f func()) func() {
	t := time.AfterFunc(d, f)
	return func() { t.Stop() }
}

// Package follow is a client of the shape protocol that trusts nothing: it follows one shape over HTTP, replays its
// messages and checks everything that the protocol promises about them. It is made for tests, and never repairs or skips
// what it does not expect: the first broken promise ends it.
//
// The one invariant: between two requests its rows are exactly what a correct client has after the answers so far.
package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"time"

	"leyden/internal/shape"
)

// Mode says how changes are waited for.
type Mode uint8

const (
	LongPoll Mode = iota
	SSE
	Once // ends when it is up to date
)

func (m Mode) String() string { return [...]string{"long poll", "SSE", "once"}[m] }

// Row is a row in text form; nil is NULL.
type Row map[string]*string

// Options say what is followed.
type Options struct {
	URL    string // of the server
	Params url.Values
	Mode   Mode
	Full   bool     // the shape is asked for with replica=full
	Key    []string // key columns, which every update and delete carries
	// Subqueries says that the shape's clause has some: its rows have tags, and moves come.
	Subqueries bool
	// Reconnect is after how many up-to-date messages an event stream is given up and asked for again, 0 for never.
	Reconnect int
	Client    *http.Client
	// Rotated is asked when the server says must-refetch; an error ends the follower.
	Rotated func(snapshotComplete bool) error
	// Observed is called with the rows whenever the follower is up to date. It must not keep them.
	Observed func(rows map[string]Row) error
	// Normal maps a value's text to the one form that equal values share.
	Normal func(column, text string) string
}

// Violation is a broken promise of the server.
type Violation struct {
	Request string
	Reason  string
}

func (v *Violation) Error() string { return fmt.Sprintf("%s (request %s)", v.Reason, v.Request) }

// Follower follows a shape. Run is for one goroutine; the other methods are safe for concurrent use.
type Follower struct {
	o Options

	// Owned by Run.
	handle   string
	offset   shape.Offset // what the next request asks for
	applied  shape.Offset // of the last message that was applied
	cursor   string
	live     bool // the last answer was up to date
	complete bool // the snapshot has been read to its end
	members  members
	since    []logged // what has come by events behind offset; kept for shapes with subqueries
	again    []logged // what of it is to come again first

	mu        sync.Mutex
	rows      map[string]Row // changed by Run only
	upToDate  bool
	rotations int
	retries   int
	moves     int
	movedOut  int      // rows that were gone with a move
	served    string   // handle, for others
	recent    []string // last messages, for reports
	reached   shape.Offset
	changed   chan struct{}
}

// New makes a follower that begins before everything.
func New(o Options) *Follower {
	if o.Client == nil {
		o.Client = http.DefaultClient
	}
	if o.Normal == nil {
		o.Normal = func(_, text string) string { return text }
	}
	return &Follower{o: o, offset: shape.BeforeAll, applied: shape.BeforeAll, rows: map[string]Row{}, members: newMembers(), changed: make(chan struct{})}
}

// Run follows until ctx ends, which gives nil; in mode Once until it is up to date. An unreachable or unready server is
// asked again; anything else that is not right is returned.
func (f *Follower) Run(ctx context.Context) error {
	const firstPause, longestPause = 20 * time.Millisecond, 500 * time.Millisecond
	pause := firstPause
	for {
		err := f.step(ctx)
		var again *transient
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &again):
			f.mu.Lock()
			f.retries++
			f.mu.Unlock()
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(pause):
			}
			pause = min(2*pause, longestPause)
		case err != nil:
			return err
		case f.o.Mode == Once && f.live:
			return nil
		default:
			pause = firstPause
		}
	}
}

// transient is a failure that a restarting server explains.
type transient struct{ err error }

func (t *transient) Error() string { return t.err.Error() }
func (t *transient) Unwrap() error { return t.err }

// step makes one request and applies its answer.
func (f *Follower) step(ctx context.Context) error {
	u := f.requestURL()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	resp, err := f.o.Client.Do(req)
	if err != nil {
		return &transient{err}
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusConflict:
		return f.refetch(u, resp)
	case resp.StatusCode >= 500:
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)) // only to tell what it was
		return &transient{fmt.Errorf("status %d: %s", resp.StatusCode, body)}
	case resp.StatusCode != http.StatusOK:
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return &Violation{u, fmt.Sprintf("status %d: %s", resp.StatusCode, body)}
	case f.events():
		return f.readEvents(u, resp)
	default:
		return f.readAnswer(u, resp)
	}
}

// events reports whether the next request asks for server-sent events.
func (f *Follower) events() bool { return f.live && f.o.Mode == SSE }

func (f *Follower) requestURL() string {
	q := maps.Clone(f.o.Params)
	q.Set("offset", f.offset.String())
	if f.handle != "" {
		q.Set("handle", f.handle)
	}
	if f.live {
		q.Set("live", "true")
		q.Set("cursor", f.cursor)
	}
	if f.events() {
		q.Set("live_sse", "true")
	}
	return f.o.URL + "/v1/shape?" + q.Encode()
}

// refetch starts anew, as must-refetch demands.
func (f *Follower) refetch(u string, resp *http.Response) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return &transient{err}
	}
	if want := `[{"headers":{"control":"must-refetch"}}]`; string(body) != want {
		return &Violation{u, fmt.Sprintf("a 409 with body %q", body)}
	}
	next := resp.Header.Get("electric-handle")
	// A shape with subqueries may be gone as soon as it is there, with the first that its clients hear of it.
	if gone := f.o.Subqueries && next == ""; !gone && (f.handle == "" || next == f.handle) {
		return &Violation{u, fmt.Sprintf("a 409 that names %q to a client of %q", next, f.handle)}
	}
	if f.o.Rotated != nil {
		if err := f.o.Rotated(f.complete); err != nil {
			return &Violation{u, fmt.Sprintf("must-refetch of shape %s: %v", f.handle, err)}
		}
	}
	f.handle, f.offset, f.applied, f.cursor, f.live, f.complete = next, shape.BeforeAll, shape.BeforeAll, "", false, false
	f.members, f.since, f.again = newMembers(), nil, nil
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.rows)
	f.served = next
	f.rotations++
	f.upToDate = false
	f.signal()
	return nil
}

// signal wakes whoever waits for a change; f.mu is held.
func (f *Follower) signal() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// View calls read with the rows and whether they are up to date, and returns a channel that is closed by the next change.
// The rows must not be kept.
func (f *Follower) View(read func(rows map[string]Row, upToDate bool)) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	read(f.rows, f.upToDate)
	return f.changed
}

// Handle names the shape that is followed, "" before the first answer.
func (f *Follower) Handle() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.served
}

// Stats tell how far the follower is, and what happened on the way.
type Stats struct {
	Rows, Rotations, Retries int
	Moves, MovedOut          int          // moves, and rows that were gone with one
	Reached                  shape.Offset // of the last message but one; what comes again does not move it
}

// Stats gives the counts so far.
func (f *Follower) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Stats{Rows: len(f.rows), Rotations: f.rotations, Retries: f.retries, Moves: f.moves, MovedOut: f.movedOut, Reached: f.reached}
}

// Recent are the last messages that were applied, oldest first, for reports.
func (f *Follower) Recent() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.recent...)
}

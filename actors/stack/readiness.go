package stack

import (
	"context"
	"strings"
	"sync"

	"leyden/actors/status"
)

// condition is something that must be there before requests can be served. They are in the order in which the first unmet
// one is named (spec engine §1.5).
type condition uint8

const (
	lockAcquired condition = iota
	clientReady
	adminPoolReady
	snapshotPoolReady
	metadataLoaded
	collectorReady
	subtreesUp
	integrityChecked
	conditions
)

const waiting = "Timeout waiting for "

// texts are part of the protocol, spelling included (spec http-api §28).
func (c condition) text() string {
	return waiting + [conditions]string{
		"Postgres lock acquisition",
		"replication client to be ready",
		"database connection pool (metadata) to be ready",
		"database connection pool (snapshot) to be ready",
		"shape metadata to be loaded",
		"shape data to be loaded",
		"stack restart",
		"integrety checks",
	}[c]
}

const pendingTransactions = ". Check that you don't have pending transactions in the database. " +
	"Electric has to wait for all pending transactions to commit or rollback before it can create the replication slot."

// readiness knows which conditions are met. It is safe for concurrent use.
type readiness struct {
	mu      sync.Mutex
	met     [conditions]bool
	errs    [conditions]error
	waiting bool // for the lock, and never yet active
	active  bool // was, once
	changed chan struct{}
}

func newReadiness() *readiness { return &readiness{changed: make(chan struct{})} }

// set says that conditions are met.
func (r *readiness) set(list ...condition) {
	r.edit(func() {
		for _, c := range list {
			r.met[c], r.errs[c] = true, nil
		}
	})
}

// clear says that conditions are not met any more. A nil err keeps what was the matter before.
func (r *readiness) clear(err error, list ...condition) {
	r.edit(func() {
		for _, c := range list {
			r.met[c] = false
			if err != nil {
				r.errs[c] = err
			}
		}
	})
}

// blame says why conditions are not met that are not. Those that are stay so.
func (r *readiness) blame(err error, list ...condition) {
	r.edit(func() {
		for _, c := range list {
			if !r.met[c] {
				r.errs[c] = err
			}
		}
	})
}

func (r *readiness) waitForLock(waiting bool) { r.edit(func() { r.waiting = waiting }) }

func (r *readiness) edit(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	if r.first() == conditions {
		r.active = true
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// first is the first unmet condition. The caller holds mu.
func (r *readiness) first() condition {
	for c := range conditions {
		if !r.met[c] {
			return c
		}
	}
	return conditions
}

func (r *readiness) isMet(c condition) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.met[c]
}

func (r *readiness) status() status.Service {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.service()
}

// service is status for a caller who holds mu.
func (r *readiness) service() status.Service {
	switch {
	case r.first() == conditions:
		return status.Active
	case r.waiting && !r.active && r.met[metadataLoaded]:
		return status.Waiting
	}
	return status.Starting
}

// report tells all conditions.
func (r *readiness) report(to *status.Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	to.Service = r.service()
	for c := range conditions {
		told := status.Condition{Name: strings.TrimPrefix(c.text(), waiting), Met: r.met[c]}
		if !told.Met && r.errs[c] != nil {
			told.Error = r.errs[c].Error()
		}
		to.Conditions = append(to.Conditions, told)
	}
	if c := r.first(); c < conditions {
		to.WaitsFor = strings.TrimPrefix(c.explain(r.errs[c]), waiting)
	}
}

// wait returns nil as soon as all conditions are met, and a *status.NotReady when ctx ends first.
func (r *readiness) wait(ctx context.Context) error {
	for {
		r.mu.Lock()
		c, err, changed := r.first(), error(nil), r.changed
		if c < conditions {
			err = r.errs[c]
		}
		r.mu.Unlock()
		if c == conditions {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return &status.NotReady{Message: c.explain(err)}
		}
	}
}

// await waits for one condition.
func (r *readiness) await(ctx context.Context, c condition) error {
	for {
		r.mu.Lock()
		met, changed := r.met[c], r.changed
		r.mu.Unlock()
		if met {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c condition) explain(err error) string {
	switch {
	case err != nil:
		return c.text() + ": " + err.Error()
	case c == clientReady:
		return c.text() + pendingTransactions
	}
	return c.text()
}

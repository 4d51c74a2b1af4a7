package shapeapi

import "sync/atomic"

// kind is a class of admission: requests that may make a shape, and requests for shapes that are known.
type kind uint8

const (
	noKind kind = iota
	initial
	existing
)

func (k kind) String() string {
	if k == initial {
		return "initial"
	}
	return "existing"
}

// admission bounds the requests in flight (spec http-api §27): a limit of n admits exactly n at a time.
type admission struct {
	limits  [3]int64
	current [3]atomic.Int64
	metrics *Metrics
}

func newAdmission(maxInitial, maxExisting int, m *Metrics) *admission {
	a := &admission{metrics: m}
	a.limits[initial], a.limits[existing] = int64(maxInitial), int64(maxExisting)
	m.watch(a)
	return a
}

// permit is the right to be served. The zero permit is none; release gives it back once.
type permit struct {
	from *admission
	kind kind
}

// acquire takes a permit without waiting.
func (a *admission) acquire(k kind) (permit, bool) {
	if !a.take(k) {
		a.metrics.rejected(k)
		return permit{}, false
	}
	return permit{from: a, kind: k}, true
}

// take never exceeds the limit, not even for an instant: a rejected request must not get another one rejected.
func (a *admission) take(k kind) bool {
	for {
		n := a.current[k].Load()
		if n >= a.limits[k] {
			return false
		}
		if a.current[k].CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// settle moves an initial permit to the other bucket, once the shape is known to be readable. When that bucket is full the
// request keeps what it has.
func (p *permit) settle() {
	if p.kind != initial || !p.from.take(existing) {
		return
	}
	p.from.current[initial].Add(-1)
	p.kind = existing
}

func (p *permit) release() {
	if p.from == nil {
		return
	}
	p.from.current[p.kind].Add(-1)
	*p = permit{}
}

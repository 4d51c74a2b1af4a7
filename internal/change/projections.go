package change

import (
	"encoding/binary"
	"runtime"
	"sync"
	"sync/atomic"
	"weak"

	"leyden/internal/shape"
	"leyden/internal/where"
)

// Projections hands out projections, one for all definitions that need the same, and lends encoders. A projection lives as
// long as somebody uses it. It is safe for concurrent use.
type Projections struct {
	mu    sync.Mutex
	byKey map[string]weak.Pointer[Projection]

	encoders sync.Pool
	letters  atomic.Pointer[where.CaseMap]
	// Encodings counts the items that were encoded. Items that were shared are not counted again.
	Encodings atomic.Uint64
	// Unevaluated counts the clauses that could not be evaluated over a row.
	Unevaluated atomic.Uint64
}

// NewProjections returns an empty set.
func NewProjections() *Projections {
	return &Projections{byKey: map[string]weak.Pointer[Projection]{}}
}

// For returns the projection of a definition.
func (ps *Projections) For(d *shape.Definition) *Projection {
	var space [256]byte
	key := projectionKey(space[:0], d)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p := ps.byKey[string(key)].Value(); p != nil {
		return p
	}
	p := newProjection(d)
	name := string(key)
	ps.byKey[name] = weak.Make(p)
	runtime.AddCleanup(p, ps.drop, name)
	return p
}

// Len is the number of projections in use, and of those that the collector has not found yet.
func (ps *Projections) Len() int {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return len(ps.byKey)
}

// drop forgets a projection that nobody uses. A new one may have taken its name.
func (ps *Projections) drop(name string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p, ok := ps.byKey[name]; ok && p.Value() == nil {
		delete(ps.byKey, name)
	}
}

func projectionKey(b []byte, d *shape.Definition) []byte {
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	texts := func(ss []string) {
		b = binary.AppendUvarint(b, uint64(len(ss)))
		for _, s := range ss {
			text(s)
		}
	}
	text(d.Table.Schema)
	text(d.Table.Name)
	texts(d.Key)
	texts(d.Selected)
	return append(b, byte(d.Replica))
}

// Encoder lends an encoder for one goroutine until it is given back.
func (ps *Projections) Encoder() *Encoder {
	e, ok := ps.encoders.Get().(*Encoder)
	if !ok {
		e = &Encoder{count: &ps.Encodings, fails: &ps.Unevaluated}
	}
	e.Where.CaseMap = ps.letters.Load()
	return e
}

// SetCaseMap tells the database's letters to the encoders that are lent from now on.
func (ps *Projections) SetCaseMap(m *where.CaseMap) { ps.letters.Store(m) }

// Return takes an encoder back. What it has encoded stays valid.
func (ps *Projections) Return(e *Encoder) { ps.encoders.Put(e) }

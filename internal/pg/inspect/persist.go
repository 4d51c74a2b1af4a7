package inspect

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// stateFormat changes when the meaning of what Marshal writes does.
const stateFormat = 2

// ErrBadState reports bytes that Restore cannot use. The inspector is as it was, and has to read from the catalogue.
var ErrBadState = errors.New("unusable inspector state")

type state struct {
	Format        int
	ServerVersion int
	Tables        []*Table
	Cleaned       []*Table // what was known of tables before, the oldest first
}

// Marshal is everything that has been read, for a later Restore: with it tables are known while the database is down.
func (i *Inspector) Marshal() ([]byte, error) {
	i.mu.Lock()
	c := i.cache.Load()
	var cleaned []*Table
	for _, oid := range slices.Sorted(maps.Keys(i.cleaned)) {
		cleaned = append(cleaned, i.cleaned[oid]...)
	}
	i.mu.Unlock()
	tables := slices.SortedFunc(maps.Values(c.byOID), func(a, b *Table) int { return cmp.Compare(a.OID, b.OID) })
	b, err := json.Marshal(state{Format: stateFormat, ServerVersion: c.serverVersion, Tables: tables, Cleaned: cleaned})
	if err != nil {
		return nil, fmt.Errorf("write the inspector's state: %w", err)
	}
	return b, nil
}

// Restore replaces everything by what Marshal wrote. It may be out of date: Diff finds out.
func (i *Inspector) Restore(b []byte) error {
	var s state
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("%w: %w", ErrBadState, err)
	}
	if s.Format != stateFormat {
		return fmt.Errorf("%w: format %d, not %d", ErrBadState, s.Format, stateFormat)
	}
	for _, t := range slices.Concat(s.Tables, s.Cleaned) {
		if t == nil || t.OID == 0 || len(t.Columns) == 0 {
			return fmt.Errorf("%w: incomplete table", ErrBadState)
		}
		t.schemas = &schemas{}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.generation++
	i.update(func(c *cache) { *c = cache{serverVersion: s.ServerVersion} })
	clear(i.cleaned)
	for _, t := range s.Cleaned {
		i.cleaned[t.OID] = version(i.cleaned[t.OID], t)
	}
	for _, t := range s.Tables {
		i.keep(t)
	}
	return nil
}

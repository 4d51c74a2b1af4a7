package simulation

import (
	"fmt"
	"maps"
	"slices"

	"leyden/internal/change"
)

// check reads a shape as its client does and compares it with the model.
func (w *world) check(s *simShape) error {
	if s.removing || !s.complete {
		return nil
	}
	if err := s.client.read(s.log); err != nil {
		return fmt.Errorf("shape %d (%s): %w", s.id, s.handle, err)
	}
	if len(s.inner) > 0 {
		return w.checkOuter(s)
	}
	at := uint64(0)
	if !s.client.at.Virtual() {
		at = s.client.at.Tx
	}
	return w.compare(s, w.pg.at(s.table, *s.snapshot, at), nil)
}

// compare compares what the client has with the shape's rows of a table.
func (w *world) compare(s *simShape, table rows, results []result) error {
	want := map[string]row{}
	for _, r := range table {
		if s.match(r, results) {
			values := tuple(&r, 0)
			want[string(change.AppendKey(nil, "public", s.def.Table.Name, values[:len(s.def.Key)]))] = r
		}
	}
	has := s.client.values()
	if len(want) != len(has) {
		return fmt.Errorf("shape %d at %s has %d rows, the model %d: %v and %v", s.id, s.client.at, len(has), len(want), slices.Sorted(maps.Keys(has)), slices.Sorted(maps.Keys(want)))
	}
	for key, r := range want {
		got := has[key]
		if got == nil || *got["id"] != r.id || text(got["tenant"]) != r.tenant || *got["title"] != r.title {
			return fmt.Errorf("shape %d at %s: row %s is %v, in the model %v", s.id, s.client.at, key, got, r)
		}
	}
	return nil
}

// text is a value as the model has it.
func text(v *string) string {
	if v == nil {
		return null
	}
	return *v
}

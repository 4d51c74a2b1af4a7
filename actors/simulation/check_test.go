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
	at := uint64(0)
	if !s.client.at.Virtual() {
		at = s.client.at.Tx
	}
	return w.compare(s, w.pg.at(s.table, *s.snapshot, at))
}

// compare compares what the client has with the shape's rows of a table.
func (w *world) compare(s *simShape, table rows) error {
	want := map[string]row{}
	for _, r := range table {
		if s.match(r) {
			values := change.Tuple{[]byte(r.id), []byte(r.tenant), []byte(r.title)}
			want[string(change.AppendKey(nil, "public", s.def.Table.Name, values[:len(s.def.Key)]))] = r
		}
	}
	if len(want) != len(s.client.rows) {
		return fmt.Errorf("shape %d at %s has %d rows, the model %d: %v and %v", s.id, s.client.at, len(s.client.rows), len(want), slices.Sorted(maps.Keys(s.client.rows)), slices.Sorted(maps.Keys(want)))
	}
	for key, r := range want {
		got := s.client.rows[key]
		if got == nil || *got["id"] != r.id || *got["tenant"] != r.tenant || *got["title"] != r.title {
			return fmt.Errorf("shape %d at %s: row %s is %v, in the model %v", s.id, s.client.at, key, got, r)
		}
	}
	return nil
}

package change

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/shape"
)

// touched converts one change as for a shape with subqueries, with these headers on every item, the last one marked.
func touched(t *testing.T, d *shape.Definition, c Change, inOld, inNew bool, headers string) []string {
	t.Helper()
	ps := NewProjections()
	f := &Fragment{XID: 731, LSN: 26903448, Changes: []Change{c}}
	em := NewEmissions(1)
	shared, err := em.EmitTouched(ps.Encoder(), ps.For(d), f, f.Changes, 0, inOld, inNew)
	require.NoError(t, err)
	var out []string
	for i := range shared {
		before := string(shared[i].JSON)
		item := shared[i].WithHeaders([]byte(headers))
		item.Last = i == len(shared)-1
		text := string(item.AppendTo(nil))
		require.Len(t, text, item.Len())
		require.True(t, json.Valid([]byte(text)), text)
		require.Equal(t, shared[i].Offset, item.Offset)
		require.Equal(t, before, string(shared[i].JSON), "what is shared stays as it is")
		out = append(out, text)
	}
	return out
}

func TestItemsOfAShapeWithSubqueries(t *testing.T) {
	rel := &Relation{OID: 7, Schema: "public", Name: "child", Columns: []Column{{Name: "id"}, {Name: "parent_id"}, {Name: "hidden"}}}
	d := &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 7, Schema: "public", Name: "child"}, Key: []string{"id"}, Selected: []string{"id", "parent_id"}}}
	full := *d
	full.Replica = shape.ReplicaFull
	head := func(operation, position string) string {
		return `"headers":{"operation":"` + operation + `","relation":["public","child"],"txids":[731],"lsn":"26903448","op_position":` + position
	}
	const key, tags = `{"key":"\"public\".\"child\"/\"1\"","value":`, `,"tags":["t2"],"active_conditions":[true]`
	const both = `,"tags":["t3"],"removed_tags":["t2"],"active_conditions":[true]`
	insert := Change{Op: Insert, Relation: rel, New: row("1", "2", "h")}
	remove := Change{Op: Delete, Relation: rel, Old: row("1", "2", "h")}
	update := Change{Op: Update, Relation: rel, Old: row("1", "2", "h"), New: row("1", "3", "h")}
	unseen := Change{Op: Update, Relation: rel, Old: row("1", "2", "h"), New: row("1", "2", "i")}
	rekey := Change{Op: Update, Relation: rel, Old: row("1", "2", "h"), New: row("9", "2", "h")}

	require.Equal(t, []string{key + `{"id":"1","parent_id":"2"},` + head("insert", "0") + tags + `,"last":true}}`}, touched(t, d, insert, false, true, tags))
	require.Equal(t, []string{key + `{"id":"1","parent_id":"3"},` + head("update", "0") + both + `,"last":true}}`}, touched(t, d, update, true, true, both))
	require.Equal(t, []string{key + `{"id":"1"},` + head("delete", "0") + tags + `,"last":true}}`}, touched(t, d, remove, true, false, tags))
	require.Equal(t, []string{
		key + `{"id":"1"},` + head("delete", "0") + `,"key_change_to":"\"public\".\"child\"/\"9\""` + tags + `}}`,
		`{"key":"\"public\".\"child\"/\"9\"","value":{"id":"9","parent_id":"2"},` + head("insert", "1") + `,"key_change_from":"\"public\".\"child\"/\"1\""` + tags + `,"last":true}}`,
	}, touched(t, d, rekey, true, true, tags))
	require.Equal(t, []string{key + `{"id":"1"},` + head("update", "0") + both + `,"last":true}}`}, touched(t, d, unseen, true, true, both),
		"an update of nothing that clients see has the key alone")
	require.Equal(t, []string{key + `{"id":"1","parent_id":"2"},"old_value":{},` + head("update", "0") + both + `,"last":true}}`}, touched(t, &full, unseen, true, true, both))
	require.Empty(t, touched(t, d, unseen, false, false, tags), "outside of the shape nothing is said")
	require.Len(t, touched(t, d, unseen, true, false, tags), 1)
}

func TestAnUpdateOfNothingIsEncodedOnceForAllThatAreToldOfIt(t *testing.T) {
	rel := relation("id", "hidden")
	ps := NewProjections()
	d := definition(shape.ReplicaDefault, []string{"id"}, "id")
	f := &Fragment{XID: 1, LSN: 50, Changes: []Change{{Op: Update, Relation: rel, Old: row("1", "a"), New: row("1", "b")}}}
	em := NewEmissions(1)
	one, err := em.EmitTouched(ps.Encoder(), ps.For(d), f, f.Changes, 0, true, true)
	require.NoError(t, err)
	other, err := em.EmitTouched(ps.Encoder(), ps.For(d), f, f.Changes, 0, true, true)
	require.NoError(t, err)
	require.Same(t, &one[0].JSON[0], &other[0].JSON[0])
	require.EqualValues(t, 1, ps.Encodings.Load())
	plain, err := em.Emit(ps.Encoder(), ps.For(d), f, f.Changes, 0, true, true, true)
	require.NoError(t, err)
	require.Empty(t, plain)
}

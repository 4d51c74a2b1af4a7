package change

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/shape"
)

func row(values ...any) Tuple {
	out := make(Tuple, len(values))
	for i, v := range values {
		if s, ok := v.(string); ok {
			out[i] = []byte(s)
		}
	}
	return out
}

func relation(columns ...string) *Relation {
	r := &Relation{OID: 7, Schema: "public", Name: "items"}
	for _, c := range columns {
		r.Columns = append(r.Columns, Column{Name: c})
	}
	return r
}

func definition(replica shape.Replica, key []string, selected ...string) *shape.Definition {
	return &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 7, Schema: "public", Name: "items"}, Key: key, Selected: selected}, Replica: replica}
}

// emit converts one change for one shape and returns the items as a client reads them.
func emitOne(t *testing.T, d *shape.Definition, c Change, inOld, inNew, last bool) []string {
	t.Helper()
	ps := NewProjections()
	e := ps.Encoder()
	f := &Fragment{XID: 731, LSN: 1000, Changes: []Change{c}}
	em := NewEmissions(1)
	items, err := em.Emit(e, ps.For(d), f, f.Changes, 0, inOld, inNew, last)
	require.NoError(t, err)
	var out []string
	for i := range items {
		text := string(items[i].AppendTo(nil))
		require.True(t, json.Valid([]byte(text)), text)
		require.Len(t, text, items[i].Len())
		out = append(out, text)
	}
	return out
}

func TestConversionAsTheProtocolSays(t *testing.T) {
	rel := relation("title", "id", "n", "hidden")
	insert := Change{Op: Insert, Relation: rel, New: row("a", "1", nil, "h"), Pos: 4}
	remove := Change{Op: Delete, Relation: rel, Old: row("a", "1", nil, "h"), Pos: 4}
	update := Change{Op: Update, Relation: rel, Old: row("a", "1", nil, "h"), New: row("b", "1", nil, "h"), Pos: 4}
	toNull := Change{Op: Update, Relation: rel, Old: row("a", "1", "", "h"), New: row("a", "1", nil, "h"), Pos: 4}
	unseen := Change{Op: Update, Relation: rel, Old: row("a", "1", nil, "h"), New: row("a", "1", nil, "i"), Pos: 4}
	rekey := Change{Op: Update, Relation: rel, Old: row("a", "1", nil, "h"), New: row("b", "2", nil, "h"), Pos: 4}

	normal := definition(shape.ReplicaDefault, []string{"id"}, "id", "n", "title")
	full := definition(shape.ReplicaFull, []string{"id"}, "id", "n", "title")
	keyless := definition(shape.ReplicaDefault, []string{"title", "id", "n", "hidden"}, "hidden", "id", "n", "title")

	head := func(op string) string {
		return `"headers":{"operation":"` + op + `","relation":["public","items"],"txids":[731],"lsn":"1000","op_position":4`
	}
	head5 := `"headers":{"operation":"insert","relation":["public","items"],"txids":[731],"lsn":"1000","op_position":5`
	key1, key2 := `"\"public\".\"items\"/\"1\""`, `"\"public\".\"items\"/\"2\""`

	for name, c := range map[string]struct {
		def          *shape.Definition
		change       Change
		inOld, inNew bool
		last         bool
		want         []string
	}{
		"insert": {def: normal, change: insert, inNew: true, want: []string{
			`{"key":` + key1 + `,"value":{"id":"1","n":null,"title":"a"},` + head("insert") + `}}`}},
		"last insert": {def: normal, change: insert, inNew: true, last: true, want: []string{
			`{"key":` + key1 + `,"value":{"id":"1","n":null,"title":"a"},` + head("insert") + `,"last":true}}`}},
		"insert of another shape's row": {def: normal, change: insert, want: nil},
		"insert, full":                  {def: full, change: insert, inNew: true, want: []string{`{"key":` + key1 + `,"value":{"id":"1","n":null,"title":"a"},` + head("insert") + `}}`}},
		"delete":                        {def: normal, change: remove, inOld: true, want: []string{`{"key":` + key1 + `,"value":{"id":"1"},` + head("delete") + `}}`}},
		"delete, full":                  {def: full, change: remove, inOld: true, want: []string{`{"key":` + key1 + `,"value":{"id":"1","n":null,"title":"a"},` + head("delete") + `}}`}},
		"update":                        {def: normal, change: update, inOld: true, inNew: true, want: []string{`{"key":` + key1 + `,"value":{"id":"1","title":"b"},` + head("update") + `}}`}},
		"update, full": {def: full, change: update, inOld: true, inNew: true, want: []string{
			`{"key":` + key1 + `,"value":{"id":"1","n":null,"title":"b"},"old_value":{"title":"a"},` + head("update") + `}}`}},
		"empty text becomes null":               {def: full, change: toNull, inOld: true, inNew: true, want: []string{`{"key":` + key1 + `,"value":{"id":"1","n":null,"title":"a"},"old_value":{"n":""},` + head("update") + `}}`}},
		"update of unselected columns only":     {def: normal, change: unseen, inOld: true, inNew: true, want: nil},
		"full update of unselected columns":     {def: full, change: unseen, inOld: true, inNew: true, want: nil},
		"update that leaves the shape":          {def: normal, change: rekey, inOld: true, want: []string{`{"key":` + key1 + `,"value":{"id":"1"},` + head("delete") + `}}`}},
		"update that leaves the shape, full":    {def: full, change: rekey, inOld: true, want: []string{`{"key":` + key1 + `,"value":{"id":"1","n":null,"title":"a"},` + head("delete") + `}}`}},
		"update that comes into the shape":      {def: normal, change: rekey, inNew: true, want: []string{`{"key":` + key2 + `,"value":{"id":"2","n":null,"title":"b"},` + head("insert") + `}}`}},
		"update of unselected columns comes in": {def: normal, change: unseen, inNew: true, want: []string{`{"key":` + key1 + `,"value":{"id":"1","n":null,"title":"a"},` + head("insert") + `}}`}},
		"update outside":                        {def: normal, change: rekey, want: nil},
		"key change": {def: normal, change: rekey, inOld: true, inNew: true, last: true, want: []string{
			`{"key":` + key1 + `,"value":{"id":"1"},` + head("delete") + `,"key_change_to":` + key2 + `}}`,
			`{"key":` + key2 + `,"value":{"id":"2","n":null,"title":"b"},` + head5 + `,"key_change_from":` + key1 + `,"last":true}}`}},
		"key change, full": {def: full, change: rekey, inOld: true, inNew: true, want: []string{
			`{"key":` + key1 + `,"value":{"id":"1","n":null,"title":"a"},` + head("delete") + `,"key_change_to":` + key2 + `}}`,
			`{"key":` + key2 + `,"value":{"id":"2","n":null,"title":"b"},` + head5 + `,"key_change_from":` + key1 + `}}`}},
		"delete without a primary key carries the row": {def: keyless, change: remove, inOld: true, want: []string{
			`{"key":"\"public\".\"items\"/\"a\"/\"1\"/_/\"h\"","value":{"hidden":"h","id":"1","n":null,"title":"a"},` + head("delete") + `}}`}},
		"update without a primary key splits": {def: keyless, change: update, inOld: true, inNew: true, want: []string{
			`{"key":"\"public\".\"items\"/\"a\"/\"1\"/_/\"h\"","value":{"hidden":"h","id":"1","n":null,"title":"a"},` + head("delete") + `,"key_change_to":"\"public\".\"items\"/\"b\"/\"1\"/_/\"h\""}}`,
			`{"key":"\"public\".\"items\"/\"b\"/\"1\"/_/\"h\"","value":{"hidden":"h","id":"1","n":null,"title":"b"},` + head5 + `,"key_change_from":"\"public\".\"items\"/\"a\"/\"1\"/_/\"h\""}}`}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, emitOne(t, c.def, c.change, c.inOld, c.inNew, c.last))
		})
	}
}

func TestItemsOfAKeyChangeHaveTheirOwnOffsets(t *testing.T) {
	rel := relation("id")
	ps := NewProjections()
	f := &Fragment{XID: 1, LSN: 50, Changes: []Change{{Op: Update, Relation: rel, Old: row("1"), New: row("2"), Pos: 6}}}
	em := NewEmissions(1)
	items, err := em.Emit(ps.Encoder(), ps.For(definition(shape.ReplicaDefault, []string{"id"}, "id")), f, f.Changes, 0, true, true, false)
	require.NoError(t, err)
	require.Equal(t, shape.Offset{Tx: 50, Op: 6}, items[0].Offset)
	require.Equal(t, shape.Offset{Tx: 50, Op: 7}, items[1].Offset)
}

func TestARowIsEncodedOnceForAllShapesOfAProjection(t *testing.T) {
	rel := relation("id", "title")
	ps := NewProjections()
	f := &Fragment{XID: 1, LSN: 50, Changes: []Change{{Op: Update, Relation: rel, Old: row("1", "a"), New: row("1", "b")}}}
	em := NewEmissions(1)
	narrow := ps.For(definition(shape.ReplicaDefault, []string{"id"}, "id", "title"))
	require.Same(t, narrow, ps.For(definition(shape.ReplicaDefault, []string{"id"}, "id", "title")))
	full := ps.For(definition(shape.ReplicaFull, []string{"id"}, "id", "title"))
	require.NotSame(t, narrow, full)

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			e := ps.Encoder()
			defer ps.Return(e)
			for i := range 100 {
				_, err := em.Emit(e, narrow, f, f.Changes, 0, true, true, i%2 == 0)
				require.NoError(t, err)
				_, err = em.Emit(e, full, f, f.Changes, 0, true, true, false)
				require.NoError(t, err)
				_, err = em.Emit(e, narrow, f, f.Changes, 0, i%3 == 0, i%3 != 0, true)
				require.NoError(t, err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 4, ps.Encodings.Load(), "two updates, one insert, one delete")
}

func TestItemsAreNotOverwrittenByLaterOnes(t *testing.T) {
	rel := relation("id", "title")
	ps := NewProjections()
	p := ps.For(definition(shape.ReplicaDefault, []string{"id"}, "id", "title"))
	e := ps.Encoder()
	var kept []Item
	var want []string
	for i := range 200 {
		title := make([]byte, i*37%5000)
		for j := range title {
			title[j] = byte(i*j) % 64 // control characters grow sixfold
		}
		f := &Fragment{XID: 1, LSN: uint64(i + 1), Changes: []Change{{Op: Insert, Relation: rel, New: Tuple{[]byte("1"), title}}}}
		em := NewEmissions(1)
		items, err := em.Emit(e, p, f, f.Changes, 0, false, true, false)
		require.NoError(t, err)
		require.Equal(t, len(items[0].JSON), cap(items[0].JSON))
		kept, want = append(kept, items...), append(want, string(items[0].JSON))
	}
	for i := range kept {
		require.Equal(t, want[i], string(kept[i].JSON))
		require.True(t, json.Valid(kept[i].JSON))
	}
}

func TestARelationWithoutAColumnOfTheShapeIsAnError(t *testing.T) {
	ps := NewProjections()
	f := &Fragment{LSN: 1, Changes: []Change{{Op: Insert, Relation: relation("id"), New: row("1")}}}
	em := NewEmissions(1)
	p := ps.For(definition(shape.ReplicaDefault, []string{"id"}, "id", "title"))
	_, err := em.Emit(ps.Encoder(), p, f, f.Changes, 0, false, true, false)
	var missing *ErrNoColumn
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "title", missing.Column)
}

func BenchmarkEmit(b *testing.B) {
	rel := relation("id", "title", "n", "body")
	ps := NewProjections()
	p := ps.For(definition(shape.ReplicaDefault, []string{"id"}, "body", "id", "n", "title"))
	f := &Fragment{XID: 1, LSN: 50}
	for i := range 10 {
		f.Changes = append(f.Changes, Change{Op: Insert, Relation: rel, New: row("123456", "a title of a row", "42", "some text that is a little longer than the others are"), Pos: int64(2 * i)})
	}
	e := ps.Encoder()
	b.ReportAllocs()
	for b.Loop() {
		em := NewEmissions(len(f.Changes))
		for i := range f.Changes {
			if _, err := em.Emit(e, p, f, f.Changes, i, false, true, i == 9); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*10), "ns/row")
}

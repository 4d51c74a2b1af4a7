package snapshot

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/change"
	"leyden/internal/shape"
)

func items() *shape.Definition {
	return &shape.Definition{Layout: &shape.Layout{
		Table: shape.Table{OID: 1, Schema: "public", Name: "items"}, Key: []string{"id"}, Selected: []string{"id", "title"},
	}}
}

func encoderOf(q *Query) *encoder {
	e, err := newEncoder(q)
	if err != nil {
		panic(err)
	}
	return e
}

// copyLine writes a row as COPY does.
func copyLine(cells []any) string {
	escape := strings.NewReplacer("\\", `\\`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\v", `\v`)
	texts := make([]string, len(cells))
	for i, c := range cells {
		if text, ok := c.(string); ok {
			texts[i] = escape.Replace(text)
		} else {
			texts[i] = `\N`
		}
	}
	return strings.Join(texts, "\t")
}

func TestRowsAsJSON(t *testing.T) {
	for line, want := range map[string]string{
		"1\tx":               `{"key":"\"public\".\"items\"/\"1\"","value":{"id":"1","title":"x"}`,
		"1\t":                `{"key":"\"public\".\"items\"/\"1\"","value":{"id":"1","title":""}`,
		`\N` + "\t" + `\N`:   `{"key":"\"public\".\"items\"/_","value":{"id":null,"title":null}`,
		`a/b` + "\t" + `\\N`: `{"key":"\"public\".\"items\"/\"a//b\"","value":{"id":"a/b","title":"\\N"}`,
		`\\x00` + "\t" + `\t\n\r\b\f\v"é` + "\x01": `{"key":"\"public\".\"items\"/\"\\x00\"","value":{"id":"\\x00","title":"\t\n\r\b\f\u000b\"é\u0001"}`,
	} {
		got, err := encoderOf(&Query{Def: items()}).row([]byte(line))
		require.NoError(t, err)
		require.Equal(t, want+`,"headers":{"operation":"insert","relation":["public","items"]}}`, string(got), "%q", line)
		require.True(t, json.Valid(got))
	}
}

func TestSubsetRowsCarryTheMark(t *testing.T) {
	got, err := encoderOf(&Query{Def: items(), Subset: &Subset{Mark: 2147483647}}).row([]byte("1\tx"))
	require.NoError(t, err)
	require.Contains(t, string(got), `,"headers":{"operation":"insert","relation":["public","items"],"snapshot_mark":2147483647}}`)
}

func TestTheKeyIsInKeyOrderAndDoesNotDependOnTheSelection(t *testing.T) {
	d := items()
	d.Key, d.Selected, d.NoPrimaryKey = []string{"z", "id", "title"}, []string{"id", "title"}, true
	require.Equal(t, []string{"id", "title", "z"}, columns(&Query{Def: d}))
	got, err := encoderOf(&Query{Def: d}).row([]byte("1\tx\t" + `\N`))
	require.NoError(t, err)
	require.Contains(t, string(got), `{"key":"\"public\".\"items\"/_/\"1\"/\"x\"","value":{"id":"1","title":"x"},`)
}

func TestExoticNames(t *testing.T) {
	d := &shape.Definition{Layout: &shape.Layout{Table: shape.Table{Schema: `a"b`, Name: "c\\d"}, Key: []string{`k"1`}, Selected: []string{`k"1`}}}
	got, err := encoderOf(&Query{Def: d}).row([]byte("1"))
	require.NoError(t, err)
	var message struct {
		Key     string
		Value   map[string]string
		Headers struct{ Relation []string }
	}
	require.NoError(t, json.Unmarshal(got, &message))
	require.Equal(t, string(change.AppendKey(nil, d.Table.Schema, d.Table.Name, change.Tuple{[]byte("1")})), message.Key)
	require.Equal(t, map[string]string{`k"1`: "1"}, message.Value)
	require.Equal(t, []string{`a"b`, "c\\d"}, message.Headers.Relation)
	require.Equal(t, `COPY (SELECT "k""1" FROM "a""b"."c\d") TO STDOUT`, copySQL(&Query{Def: d}))
}

func TestRowsOfAnotherWidthAreErrors(t *testing.T) {
	for _, line := range []string{"1", "1\t2\t3", ""} {
		_, err := encoderOf(&Query{Def: items()}).row([]byte(line))
		require.ErrorContains(t, err, "in place of 2", "%q", line)
	}
}

func TestAnyRowReadsBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.StringOf(rapid.OneOf(
			rapid.SampledFrom([]rune("\t\n\r\b\f\v\\N\"/_'\x00\x1f\x7f\u2028é😀")), rapid.Rune())), func(s string) any { return s }))
		cells := []any{cell.Draw(t, "id"), cell.Draw(t, "title")}
		got, err := encoderOf(&Query{Def: items()}).row([]byte(copyLine(cells)))
		require.NoError(t, err)
		var message struct {
			Key   string
			Value map[string]any
		}
		require.NoError(t, json.Unmarshal(got, &message))
		require.Equal(t, map[string]any{"id": cells[0], "title": cells[1]}, message.Value)
		var part []byte
		if s, ok := cells[0].(string); ok {
			part = append([]byte{}, s...)
		}
		require.Equal(t, string(change.AppendKey(nil, "public", "items", change.Tuple{part})), message.Key)
	})
}

func FuzzRow(f *testing.F) {
	f.Add([]byte(`1	\N\`))
	f.Add([]byte(`\\\t	\`))
	f.Fuzz(func(t *testing.T, line []byte) {
		got, err := encoderOf(&Query{Def: items()}).row(line)
		if err == nil && !json.Valid(got) {
			t.Fatalf("not JSON: %q", got)
		}
	})
}

func BenchmarkRow(b *testing.B) {
	d := items()
	d.Selected = []string{"body", "id", "tenant", "title"}
	e := encoderOf(&Query{Def: d})
	line := []byte(strings.Repeat("x", 170) + "\t1234567\t42\ta title of some length")
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, err := e.row(line); err != nil {
			b.Fatal(err)
		}
	}
}

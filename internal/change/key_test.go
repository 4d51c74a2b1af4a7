package change

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestKeysOfRows(t *testing.T) {
	for want, in := range map[string]struct {
		schema, table string
		parts         Tuple
	}{
		`"public"."items"/"42"`:        {"public", "items", Tuple{[]byte("42")}},
		`"public"."foo"/"a"/"b//c"`:    {"public", "foo", Tuple{[]byte("a"), []byte("b/c")}},
		`"public"."log"/"x"/_/""`:      {"public", "log", Tuple{[]byte("x"), nil, {}}},
		`"p/u.b"."q""t"/"a"b"/"_"`:     {"p/u.b", `q"t`, Tuple{[]byte(`a"b`), []byte("_")}},
		`"public"."t"/"////"/"//a//b"`: {"public", "t", Tuple{[]byte("//"), []byte("/a/b")}},
	} {
		require.Equal(t, want, string(AppendKey(nil, in.schema, in.table, in.parts)))
	}
}

func TestKeysInItemsAreTheKeysAsJSON(t *testing.T) {
	name := rapid.StringMatching(`[a-z"/.\\é]{1,6}`)
	value := rapid.OneOf(rapid.Just([]byte(nil)), rapid.Map(rapid.StringMatching(`[a/"\\\n_é]{0,8}`), func(s string) []byte { return []byte(s) }))
	rapid.Check(t, func(t *rapid.T) {
		schema, table := name.Draw(t, "schema"), name.Draw(t, "table")
		parts := Tuple(rapid.SliceOfN(value, 1, 3).Draw(t, "parts"))
		p := &Projection{keyPrefix: appendEscaped(nil, appendRelationName(nil, schema, table))}
		l := &layout{key: []int{0, 1, 2}[:len(parts)]}
		var got string
		if err := json.Unmarshal(p.appendKey(nil, l, parts), &got); err != nil {
			t.Fatal(err)
		}
		if want := string(AppendKey(nil, schema, table, parts)); got != want {
			t.Fatalf("item has key %q, snapshot %q", got, want)
		}
	})
}

func TestDifferentRowsHaveDifferentKeys(t *testing.T) {
	value := rapid.OneOf(rapid.Just([]byte(nil)), rapid.Map(rapid.StringMatching(`[a/_]{0,4}`), func(s string) []byte { return []byte(s) }))
	rapid.Check(t, func(t *rapid.T) {
		a := Tuple(rapid.SliceOfN(value, 2, 2).Draw(t, "a"))
		b := Tuple(rapid.SliceOfN(value, 2, 2).Draw(t, "b"))
		equal := same(a[0], b[0]) && same(a[1], b[1])
		if (string(AppendKey(nil, "s", "t", a)) == string(AppendKey(nil, "s", "t", b))) != equal {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

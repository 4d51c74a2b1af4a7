package subquery

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/where"
)

func one(canon where.Canon) *where.DNF {
	return &where.DNF{Positions: []where.Position{as(member(0, false, "a"), canon)}, Disjuncts: [][]int{{0}}}
}

func hashOf(payload string) string { return fmt.Sprintf("%x", md5.Sum([]byte("SH"+payload))) }

func TestTagsAreHashesOfCanonicalTexts(t *testing.T) {
	for _, c := range []struct {
		canon where.Canon
		text  any
		hash  string // md5 of SH, and v: with the text, or NULL
	}{
		{where.CanonText, "2", "293a96f62f0fb9cf3b5ccb2c3580747d"},
		{where.CanonText, nil, "df755ba72824cd499f188993eae97a38"},
		{where.CanonText, "NULL", "33158872c11f7ccd00012690a2ba8d68"},
		{where.CanonText, "", "43f9af5990767db958984649555f280d"},
		{where.CanonText, "550e8400-e29b-41d4-a716-446655440000", "a9c79cc6e480738bcbdaa578e19cea90"},
		{where.CanonText, "a/b", "61fcc3eb236000f603facd0b3279abfe"},
		{where.CanonText, `it's "x"`, "c8a9bbec0d4df4de0f335d912c3309dc"},
		{where.CanonText, "é😀", "612a6de5f243ee95a434355b3b0bc70b"},
		{where.CanonText, "x  ", "dbc1926f31bdd6d65cdb7ddc03f820a0"},
		{where.CanonPadded, "x  ", "05b0aa8a3e7df82534e28a13ee1c72e7"},
		{where.CanonNumeric, "1.50", "0f38516d77eeb0bf5d4cfe411d37f659"},
		{where.CanonFloat, "-0", "24d775380797846741ab54edfe78f986"},
	} {
		r, err := NewTagger("S", "H", one(c.canon)).Bind([]string{"a"})
		require.NoError(t, err)
		require.Equal(t, `["`+c.hash+`"]`, string(r.Append(nil, cells(c.text))))
	}
}

func TestSlotsOfTags(t *testing.T) {
	d := &where.DNF{
		Positions: []where.Position{member(0, false, "a"), {Subquery: -1, Leaf: leaf(t, "n IS NULL")}, member(1, false, "user_id", "team_id"), member(0, false, "a")},
		Disjuncts: [][]int{{0}, {1}, {2, 3}},
	}
	tagger := NewTagger("S", "H", d)
	r, err := tagger.Bind([]string{"a", "n", "team_id", "user_id"})
	require.NoError(t, err)
	a, b, pair := hashOf("v:1"), hashOf("v:2"), hashOf("user_id:v:5team_id:NULL")
	old, row := cells("1", nil, nil, "5"), cells("2", nil, nil, "5")
	require.Equal(t, `["`+a+`///","/1//","//`+pair+`/`+a+`"]`, string(r.Append(nil, old)))
	require.Equal(t, `["`+a+`///","//`+pair+`/`+a+`"]`, string(r.AppendRemoved(nil, old, row)))
	require.Equal(t, `["`+b+`///","/1//","//`+pair+`/`+b+`","`+a+`///","//`+pair+`/`+a+`"]`, string(r.AppendUnion(nil, old, row)))
	require.Equal(t, `[]`, string(r.AppendRemoved(nil, row, row)))

	require.Equal(t, []Pattern{{0, Hash([]byte(a))}, {0, Hash([]byte(b))}, {3, Hash([]byte(a))}, {3, Hash([]byte(b))}},
		tagger.AppendPatterns(nil, 0, []Value{value("1"), value("2"), Null}, false))
	null := Hash([]byte(hashOf("NULL")))
	require.Equal(t, []Pattern{{0, null}, {3, null}}, tagger.AppendPatterns(nil, 0, nil, true))
	require.Equal(t, []Pattern{{2, Hash([]byte("b3cf1ecc337200ee519253bd8e28db16"))}}, tagger.AppendPatterns(nil, 1, []Value{value("2", "2"), value("2", nil)}, true))
}

func TestMessagesOfMoves(t *testing.T) {
	patterns := NewTagger("S", "H", one(where.CanonText)).AppendPatterns(nil, 0, []Value{value("2"), value("3")}, false)
	require.Equal(t, `{"headers":{"event":"move-in","patterns":[{"pos":0,"value":"`+hashOf("v:2")+`"},{"pos":0,"value":"`+hashOf("v:3")+`"}],"txids":[732,733]}}`,
		string(AppendMove(nil, MoveIn, patterns, []uint64{732, 733})))
	require.Equal(t, `{"headers":{"event":"move-out","patterns":[],"txids":[]}}`, string(AppendMove(nil, MoveOut, nil, nil)))
	require.Equal(t, `[true,false]`, string(AppendConditions(nil, []bool{true, false})))
}

func TestThePatternOfAValueFindsTheRowsThatHaveIt(t *testing.T) {
	canon := []where.Canon{where.CanonNumeric, where.CanonPadded}
	d := &where.DNF{
		Positions: []where.Position{as(member(0, false, "a", "b"), canon...), as(member(0, false, "b", "a"), canon...)},
		Disjuncts: [][]int{{0}, {1}},
	}
	tagger := NewTagger("S", "H", d)
	r, err := tagger.Bind([]string{"a", "b"})
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"1", "1.0", "10", "1.50", "1.5", "1.5  ", "1 ", "0.0", "0"})
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		x, y := text.Draw(t, "x"), text.Draw(t, "y")
		v := Value(AppendValue(nil, canon, cells(a, b)))
		var tags []string
		require.NoError(t, json.Unmarshal(r.Append(nil, cells(x, y)), &tags))
		for _, p := range tagger.AppendPatterns(nil, 0, []Value{v}, false) {
			row := cells(x, y)
			if p.Position == 1 {
				row = cells(y, x)
			}
			same := v == Value(AppendValue(nil, canon, row))
			want := string(p.Hash[:]) + "/"
			if p.Position == 1 {
				want = "/" + string(p.Hash[:])
			}
			require.Equal(t, same, tags[p.Position] == want)
		}
	})
}

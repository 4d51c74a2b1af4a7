package where

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func compilerColumns() []Column {
	return []Column{
		{Name: "n", Type: "int4", TypeMod: -1}, {Name: "m", Type: "numeric", TypeMod: -1}, {Name: "t", Type: "text", TypeMod: -1},
		{Name: "d", Type: "date", TypeMod: -1}, {Name: "a1", Type: "int8", TypeMod: -1}, {Name: "b", Type: "bool", TypeMod: -1},
	}
}

// forms are clauses with # for a number and @ for a quoted text. Some are errors, some only with some constants, and in some what
// looks like a constant is none.
var forms = []string{
	"n = #", "a1 = # AND t = @", "n IN (#, #, #) OR t IN (@,@)", "n BETWEEN # AND #", "n = -#", "n=#", "m > #.#", "m = #e#", "n = #::int8",
	"t = @::varchar(#)", "t::char(#) = @", "d = @", "d = date @", "t LIKE @ || @", "t LIKE @", "t = E@", "t = @\n@", "t = @@", "n = # -- #", "n = # /* # */",
	`"n" = #`, `" # " = #`, "n = $1", "n = $# AND t = $1", "t = $$#$$", "(n, m) = (#, #)", "CASE WHEN n = # THEN b ELSE b END", "a# = #", "n = #x#", "n = 0x#",
	"n + # > #", "n = #_#", "NOT (n = # OR b)", "b AND # = #", "t IS NULL OR n <> #", "n = # LIMIT #", "n = #; n = #", "t = @::name", "n = #AND b", "interval @ > interval @",
	"t = U&@", "t = B@", "t = N@", "n = # é", "é# = #", "n.# = #", "t < @ COLLATE x", "n = ANY(@)", "n = ARRAY[#][#]", "length(t) = #", "n = .#", "n = #.",
}

func fill(form string, r *rand.Rand) string {
	numbers := []string{"0", "1", "7", "007", "123456789", "2147483647", "2147483648", "99999999999999999999", "42"}
	texts := []string{"'a'", "''", "'2024-01-01'", "'12'", "'%x_'", "'it''s'", `'a\'`, "'é 7'", "'{1,2}'", "'1 day'"}
	var b strings.Builder
	for _, c := range form {
		switch c {
		case '#':
			b.WriteString(numbers[r.IntN(len(numbers))])
		case '@':
			b.WriteString(texts[r.IntN(len(texts))])
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

func TestACompilerThatRemembersCompilesAsOneThatDoesNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := NewCompiler(rapid.IntRange(1, 40).Draw(t, "limit"))
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for range 60 {
			text := fill(forms[r.IntN(len(forms))], r)
			var params map[string]string
			if strings.Contains(text, "$1") {
				params = map[string]string{"1": []string{"5", "x", "99999999999"}[r.IntN(3)]}
			}
			want, wantErr := Compile(text, params, compilerColumns())
			got, err := c.Compile(text, params, compilerColumns())
			require.Equal(t, wantErr, err, text)
			if err == nil {
				require.Equal(t, want.Encoding(), got.Encoding(), text)
			}
			require.LessOrEqual(t, len(c.trees), c.limit)
		}
	})
}

func TestClausesThatDifferInConstantsAreParsedOnce(t *testing.T) {
	c := NewCompiler(10)
	for k := range 100 {
		_, err := c.Compile(fmt.Sprintf("n = %d AND t = 'tenant %d'", k, k), nil, compilerColumns())
		require.NoError(t, err)
	}
	require.Len(t, c.trees, 1)
}

func BenchmarkCompile(b *testing.B) {
	cols := compilerColumns()
	b.Run("parsed each time", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := Compile(fmt.Sprintf("n = %d", i), nil, cols); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parsed once", func(b *testing.B) {
		b.ReportAllocs()
		c := NewCompiler(10)
		for i := 0; b.Loop(); i++ {
			if _, err := c.Compile(fmt.Sprintf("n = %d", i), nil, cols); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func FuzzACompilerThatRemembers(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, form := range forms {
		f.Add(fill(form, r), fill(form, r))
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		c := NewCompiler(4)
		for _, text := range []string{first, second, first} {
			want, wantErr := Compile(text, nil, compilerColumns())
			got, err := c.Compile(text, nil, compilerColumns())
			require.Equal(t, wantErr, err)
			if err == nil {
				require.Equal(t, want.Encoding(), got.Encoding())
			}
		}
	})
}

package where_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

func TestTheModifierOfAnArrayIsThatOfItsElements(t *testing.T) {
	cols := []where.Column{{Name: "texts", Type: "text", Dims: 1}, {Name: "nums", Type: "numeric", Dims: 1}, {Name: "spans", Type: "interval", Dims: 1}, {Name: "times", Type: "timestamp", Dims: 1}}
	for _, c := range []struct{ clause, canonical, value string }{
		{"texts::varchar(2)[] = '{ab,é}'", `"texts"::varchar[]::varchar(2)[] = '{ab,é}'::varchar[]`, "{abc,é}"},
		{"texts::char(3)[]::text = '{\"a  \",NULL}'", `"texts"::bpchar[]::bpchar(3)[]::text = '{"a  ",NULL}'::text`, "{a,NULL}"},
		{"nums::numeric(5,1)[] = '{{1.3},{2.0}}'", `"nums"::numeric(5,1)[] = '{{1.3},{2.0}}'::numeric[]`, "{{1.25},{2}}"},
		{"spans::interval day[] = '{P1D}'", `"spans"::interval day[] = '{P1D}'::interval[]`, "{P1DT5H}"},
		{"times::timestamp(0)[] = '{2024-01-01 00:00:01}'", `"times"::timestamp(0)[] = '{"2024-01-01 00:00:01"}'::timestamp[]`, "{2024-01-01 00:00:00.5}"},
		{"ARRAY['abc', texts[1]]::varchar(2)[] = '{ab,xy}'", `ARRAY['abc'::varchar, ("texts")[1]::varchar]::varchar(2)[] = '{ab,xy}'::varchar[]`, "{xyz}"},
		{"'{abc}'::varchar(2)[] = '{ab}'", "true", ""},
	} {
		clause, err := where.Compile(c.clause, nil, cols)
		require.NoError(t, err, c.clause)
		require.Equal(t, c.canonical, clause.SQL())
		b, err := clause.MarshalBinary()
		require.NoError(t, err)
		stored, err := where.Unmarshal(b)
		require.NoError(t, err)
		p, err := stored.Bind([]string{"texts", "nums", "spans", "times"})
		require.NoError(t, err)
		v := []byte(c.value)
		got, err := p.Eval([][]byte{v, v, v, v}, &where.Scratch{})
		require.NoError(t, err)
		require.Equal(t, where.True, got, c.clause)
	}
}

// The output of a bool is a letter, as the stream has it, and its cast to text is a word.
func TestBooloutIsOneLetter(t *testing.T) {
	c := compile(t, "boolout(b) = 't'", nil)
	require.Equal(t, `pg_catalog."left"("b"::text, 1) = 't'::text`, c.SQL())
	got, err := eval(t, c, row{"b": "t"})
	require.NoError(t, err)
	require.Equal(t, where.True, got)
}

func TestThereIsOneNaNAmongElements(t *testing.T) {
	cols := []where.Column{{Name: "f", Type: "float4"}}
	made, err := where.Compile("f >= ALL ('{NaN}'::float8[]::float4[])", nil, cols)
	require.NoError(t, err)
	written, err := where.Compile(made.SQL(), nil, cols)
	require.NoError(t, err)
	require.Equal(t, written.Encoding(), made.Encoding())
}

// LIKE sees the blanks of a padded text; the function of that name is one of texts, and does not.
func TestTheFunctionLikeTakesTexts(t *testing.T) {
	for text, want := range map[string]where.Truth{"like(c, 'ab')": where.True, "c LIKE 'ab'": where.False, "notlike(c, 'ab')": where.False, "c NOT LIKE 'ab'": where.True} {
		got, err := eval(t, compile(t, text, nil), row{"c": "ab      "})
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
}

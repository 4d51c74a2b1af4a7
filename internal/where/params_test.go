package where_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

func TestParamsTakeTheTypeOfTheirFirstUse(t *testing.T) {
	for _, c := range []struct {
		text   string
		params row
		want   string // canonical text, or the error
	}{
		{"i8 = $1 AND i4 = $1", row{"1": "5"}, `"i8" = '5'::int8 AND "i4" = '5'::int8`},
		{"$1 = $1", row{"1": "x"}, "true"},
		{"t = $1 OR v = $2", row{"1": "a", "2": "b"}, `"t" = 'a'::text OR "v"::text = 'b'::text`},
		{"i4 BETWEEN $1 AND $2", row{"1": "1", "2": "2", "3": "unused"}, `"i4" >= 1 AND "i4" <= 2`},
		{"i4 = $1::int8", row{"1": "5"}, `"i4" = '5'::int8`},
		{"b = $1", row{"1": "yes"}, `"b" = true`},
		{"e = $1", row{"1": "happy"}, `"e" = 'happy'`},
		{"$1 IS NULL OR b", row{"1": "x"}, `"b"`},
		{"i4 = $1", row{"1": "five"}, "At location 5: invalid syntax for type int4: five"},
		{"$1 IN (i4, $1) AND $1 = u", row{"1": "1"}, "At location 22: Could not select an operator overload"},
		{"t = $1", row{"1": "a\x00"}, `At location 4: invalid byte sequence for encoding "UTF8" in parameter $1`},
		{"t = $1", row{"2": "a"}, "Parameters must be numbered sequentially, starting from 1"},
		{"t = $1", row{"0": "a", "1": "b"}, "Parameters must be numbered sequentially, starting from 1"},
		{"t = $1", row{"01": "a", "1": "b"}, "Parameters must be numbered sequentially, starting from 1"},
		{"b", row{"2": "a"}, "Parameters must be numbered sequentially, starting from 1"},
	} {
		t.Run(c.text, func(t *testing.T) {
			clause, err := where.Compile(c.text, c.params, columns())
			if err != nil {
				require.Equal(t, c.want, err.Error())
				return
			}
			require.Equal(t, c.want, clause.SQL())
		})
	}
}

func TestSpellingDoesNotChangeTheClause(t *testing.T) {
	for _, same := range [][]string{
		{"i4=5", " I4  =  5 ;", `"i4" = 5`, "i4 = 5::int4", "i4 = '5'", "i4 OPERATOR(pg_catalog.=) 5", "i4 = 5 -- five"},
		{"i4 IN (1, 2, 3)", "i4 in (3,2,1,1)"},
		{"i4 != 5", "i4 <> 5"},
		{"b AND i4 = 5", "(b) AND ((i4 = 5))", "b AND (i4 = 5 AND true)"},
	} {
		for _, text := range same {
			require.Equal(t, compile(t, same[0], nil).SQL(), compile(t, text, nil).SQL())
			require.Equal(t, compile(t, same[0], nil).Encoding(), compile(t, text, nil).Encoding())
		}
	}
}

func TestADateBeyondTimestampsComparesWithThem(t *testing.T) {
	c := compile(t, "ts < '5874897-12-31'::date", nil)
	require.Equal(t, `"ts" < '5874897-12-31'::date`, c.SQL())
	for text, want := range map[string]where.Truth{"294276-12-31 23:59:59.999999": where.True, "infinity": where.False} {
		got, err := eval(t, c, row{"ts": text})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestOrderBy(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"i4", `"i4"`},
		{" I4 desc nulls last,  \"Odd name\" asc , t NULLS FIRST", `"i4" DESC NULLS LAST, "Odd name" ASC, "t" NULLS FIRST`},
		{"1", "'1'::int4"},
		{"'x' DESC", "'x'::text DESC"},
		{"NULL", "NULL::text"},
		{"x", "At location 0: unknown reference x"},
		{"i4, tab.i4", "At location 4: unknown reference tab.i4"},
		{"i4, $1", "At location 4: parameter $1 is not supported in ORDER BY clauses"},
		{"i4 + 1", "At location 3: A_Expr expressions are not allowed in ORDER BY clauses"},
		{"lower(t)", "At location 0: FuncCall expressions are not allowed in ORDER BY clauses"},
		{"i4 USING <", "At location 9: USING is not allowed in ORDER BY clauses"},
		{"i4; DROP TABLE x", "Unexpected `;` in order by"},
		{"i4 LIMIT 1", "malformed query ending with SQL clauses"},
		{"", "At location 0: syntax error at end of input"},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, err := where.OrderBy(c.text, columns())
			if err != nil {
				var e *where.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, "order_by", e.Field)
				got = err.Error()
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestGrammarErrorsCountCharactersOfTheClientsText(t *testing.T) {
	_, err := where.Compile("t = 'éé' = = 1", nil, columns())
	require.EqualError(t, err, `At location 9: syntax error at or near "="`)
}

func TestColumnsAndBinding(t *testing.T) {
	c := compile(t, "t = 'x' AND i4 = 5 AND (t < 'y' OR false AND b)", nil)
	require.Equal(t, []string{"i4", "t"}, c.Columns())
	_, err := c.Bind([]string{"t"})
	require.ErrorContains(t, err, `no column "i4"`)
	p, err := c.Bind([]string{"t", "other", "i4"})
	require.NoError(t, err)
	got, err := p.Eval([][]byte{[]byte("x"), nil, []byte("5")}, &where.Scratch{})
	require.NoError(t, err)
	require.Equal(t, where.True, got)
	_, err = p.Eval([][]byte{[]byte("x")}, &where.Scratch{})
	require.Error(t, err)
}

func TestUnmarshalRefusesWhatIsNotAClause(t *testing.T) {
	b, err := compile(t, "i4 IN (1, 2, 300) AND t LIKE '%x%' AND f8 > 1 AND n = 1.5", nil).MarshalBinary()
	require.NoError(t, err)
	for i := range b {
		_, err := where.Unmarshal(b[:i])
		require.ErrorIs(t, err, where.ErrCorrupt)
	}
	_, err = where.Unmarshal(append(b, 0))
	require.ErrorIs(t, err, where.ErrCorrupt)
	b[0]++
	_, err = where.Unmarshal(b)
	require.ErrorIs(t, err, where.ErrCorrupt)
}

package where_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

// TestHostileTextsAreRejected gives the parser what could exhaust its stack. It is C: an overflow would end the process.
func TestHostileTextsAreRejected(t *testing.T) {
	for _, size := range []int{400, 800, 1500, 3000, 65_000} {
		hostile(t, size)
	}
}

func hostile(t *testing.T, size int) {
	fill := func(head, body, tail string) string {
		n := (size - len(head) - len(tail)) / len(body)
		return head + strings.Repeat(body, n) + tail
	}
	nest := func(open, middle, shut string) string {
		n := (size - len(middle)) / (len(open) + len(shut))
		return strings.Repeat(open, n) + middle + strings.Repeat(shut, n)
	}
	for name, text := range map[string]string{
		"not":          fill("", "NOT ", "b"),
		"minus":        fill("", "- ", "i4 = 1"),
		"plus chain":   fill("i4", "+1", "= 1"),
		"parentheses":  nest("(", "b", ")"),
		"casts":        fill("i4", "::int4", " = 1"),
		"is":           fill("b", " IS TRUE", ""),
		"is null":      fill("b", " IS NULL", ""),
		"functions":    nest("f(", "b", ")"),
		"in":           nest("b IN (", "b", ")"),
		"case":         nest("CASE WHEN ", "b", " THEN b END"),
		"arrays":       nest("ARRAY[", "b", "]"),
		"subscripts":   fill("i4", "[1]", " = 1"),
		"index nest":   nest("i4[", "1", "]"),
		"between":      nest("b BETWEEN b AND (", "b", ")"),
		"between not":  fill("b BETWEEN b AND ", "b BETWEEN b AND ", "b"),
		"doubling":     nest("(", "b", " BETWEEN SYMMETRIC b AND b)"),
		"spreading":    nest("(", "b", " IN (b, i4 = 1, i4 = 2, i4 = 3))"),
		"not between":  nest("NOT NOT NOT NOT b BETWEEN b AND (", "b", ")"),
		"selects":      nest("b IN (SELECT ", "b", ")"),
		"from":         fill("EXISTS (SELECT 1 FROM a", " JOIN a ON true", ")"),
		"concat":       fill("t", "||t", " = t"),
		"collate":      fill("t", ` COLLATE "C"`, " = t"),
		"rows":         nest("ROW(", "b", ")"),
		"dots":         fill("a", ".a", " = 1"),
		"unions":       fill("b", " UNION SELECT 1", ""),
		"and or":       nest("b AND (b OR ", "b", ")"),
		"at time zone": fill("ts", " AT TIME ZONE 'UTC'", " = ts"),
		"operators":    fill("i4", " ! 1", " = 1"),
		"types":        fill("i4::numeric", "(1", ""),
		"statements":   fill("b", ";b", ""),
		"dollars":      fill("", "$1 = ", "b"),
		"long":         strings.Repeat("b OR ", 14_000) + "b",
	} {
		t.Run(fmt.Sprintf("%s %d", name, size), func(t *testing.T) {
			_, err := where.Compile(text, nil, columns())
			if size < 65_000 && err == nil {
				return
			}
			var e *where.Error
			require.ErrorAs(t, err, &e)
			require.Less(t, len(e.Reason), size+200)
			_, err = where.OrderBy(text, columns())
			require.ErrorAs(t, err, &e)
		})
	}
}

func TestLongFlatClausesAreAccepted(t *testing.T) {
	var numbers, terms []string
	for i := range 5000 {
		numbers = append(numbers, fmt.Sprint(4999-i))
		terms = append(terms, fmt.Sprintf("i4 = %d", i))
	}
	for _, text := range []string{"i4 IN (" + strings.Join(numbers, ",") + ")", strings.Join(terms[:3500], " OR "), strings.Join(terms[:3500], " AND ")} {
		c := compile(t, text, nil)
		got, err := eval(t, c, row{"i4": "3333"})
		require.NoError(t, err)
		require.Equal(t, !strings.Contains(text, "AND"), got == where.True)
	}
}

func TestTextsOverTheLimitAreNotParsed(t *testing.T) {
	_, err := where.Compile("t = '"+strings.Repeat("x", 65_536)+"'", nil, columns())
	require.ErrorContains(t, err, "bigger than maximum size")
}

func TestShortLiteralsCannotMakeLargeClauses(t *testing.T) {
	_, err := where.Compile(strings.TrimSuffix(strings.Repeat("n = 1e1999 OR n = -1e1999 OR ", 2200), " OR "), nil, columns())
	require.ErrorContains(t, err, "too large")
	_, err = where.Compile("n = 1e131000", nil, columns())
	require.Error(t, err)
}

// TestConstantsThatTheirTypeDoesNotHaveAreNotDecoded has clauses whose bytes were changed.
func TestConstantsThatTheirTypeDoesNotHaveAreNotDecoded(t *testing.T) {
	_, err := where.Unmarshal([]byte("\x04\x00\x00\x01\x06\x02f8\x00\b\x02\x03\x06\x00\x01\x05\xff\xff\xfb\x00\x10\x00\xf0\xda"))
	require.Error(t, err, "a float4 of a float8's precision")
	for value, wide := range map[string]string{"2::int2": "70000::int4", "2::int4": "3000000000::int8"} {
		narrow, err := compile(t, "i8 > "+value, nil).MarshalBinary()
		require.NoError(t, err)
		other, err := compile(t, "i8 > "+wide, nil).MarshalBinary()
		require.NoError(t, err)
		i := 0
		for narrow[i] == other[i] {
			i++ // to the type of the constant
		}
		_, err = where.Unmarshal(append(append(bytes.Clone(other[:i]), narrow[i]), other[i+1:]...))
		require.Error(t, err, value)
	}
}

func FuzzCompile(f *testing.F) {
	for _, text := range []string{"i4 = 5 AND t LIKE 'a%'", "n IN (1, 2.5, NULL)", "d BETWEEN '2024-01-01' AND ts", "e = 'ok' OR u = $1", "c::varchar(3) = 'abc'", "a.b", "b;", "'",
		"arr @> '{1}' OR arr[1:2] = '[0:1]={1,2}'", "j #>> '{a,b}' = 'x' AND j ? 'a' AND j <= '1'", "array_position(arr, $1) = 2", "j || '{\"a\": [1e2]}' @> j"} {
		f.Add(text, "1", []byte("5"))
	}
	for _, text := range grammar() {
		f.Add(text, "1", []byte("5"))
	}
	f.Fuzz(func(t *testing.T, text, param string, value []byte) {
		c, err := where.Compile(text, map[string]string{"1": param}, columns())
		if err != nil {
			var e *where.Error
			require.ErrorAs(t, err, &e)
			return
		}
		exercise(t, c, value)
	})
}

func FuzzCompileWithSubqueries(f *testing.F) {
	for text := range canonicalSubqueries {
		f.Add(text, "1", []byte("5"))
	}
	for _, refused := range refusedSubqueries {
		f.Add(refused.text, "1", []byte("5"))
	}
	f.Fuzz(func(t *testing.T, text, param string, value []byte) {
		c, err := where.CompileWith(text, map[string]string{"1": param}, children(), relatives)
		if err != nil {
			var e *where.Error
			require.True(t, errors.As(err, &e) || errors.Is(err, errUnavailable))
			return
		}
		exercise(t, c, value)
		again, err := where.CompileWith(c.SQL(), nil, children(), relatives)
		if err == nil { // what only Postgres can be told makes some canonical texts no clauses
			require.Equal(t, c.HasSubqueries(), again.HasSubqueries())
		}
	})
}

func FuzzUnmarshal(f *testing.F) {
	for _, text := range grammar() {
		c, err := where.Compile(text, row{"1": "5"}, columns())
		require.NoError(f, err)
		b, err := c.MarshalBinary()
		require.NoError(f, err)
		f.Add(b, []byte("5"))
	}
	for _, text := range []string{"i4 = 5 AND t LIKE 'a%'", "n IN (1, 2.5, NULL)", "d < ts", "e IN ('sad', 'ok')", "c::varchar(3) = 'abc'", "NOT b IS TRUE", "f8 IS DISTINCT FROM 1", "co IS NULL",
		"arr @> '{1}' AND arr[1] = 2", "arr[1:i4] = '{1,NULL}' OR i4 = ANY (arr)", "array_append(arr, i4) = ARRAY[1, i4]", "arr::text[] IN ('{a}', '{}')",
		"j @> '{\"a\": 1}' AND j ->> 'a' = t", "j #>> '{a,1}' = 'x' OR (j -> 'n')::int4 > 5", "j - ARRAY['a', t] = j || '[1.50]'"} {
		c, err := where.Compile(text, nil, columns())
		require.NoError(f, err)
		b, err := c.MarshalBinary()
		require.NoError(f, err)
		f.Add(b, []byte("5"))
	}
	for text := range canonicalSubqueries {
		f.Add([]byte(subquery(f, text).Encoding()), []byte("5"))
	}
	f.Fuzz(func(t *testing.T, b, value []byte) {
		if c, err := where.Unmarshal(b); err == nil {
			exercise(t, c, value)
		}
	})
}

// exercise calls everything that a clause is for; none of it may panic.
func exercise(t *testing.T, c *where.Clause, value []byte) {
	b, err := c.MarshalBinary()
	require.NoError(t, err)
	copied, err := where.Unmarshal(b)
	require.NoError(t, err)
	require.Equal(t, c.SQL(), copied.SQL())
	plan := c.Plan()
	for _, l := range plan.Listings(plan.Choose(func(*where.Probe) int { return 0 })) {
		_, _ = l.Probe.Meets(value)
	}
	if c.HasSubqueries() {
		_, err := c.Bind(c.Columns())
		require.Error(t, err)
		exerciseParts(t, c, value)
		return
	}
	p, err := c.Bind(c.Columns())
	require.NoError(t, err)
	var s where.Scratch
	row := make([][]byte, len(c.Columns()))
	_, _ = p.Eval(row, &s)
	for i := range row {
		row[i] = value
	}
	_, _ = p.Eval(row, &s)
	_, _ = p.Eval(nil, &s)
}

// exerciseParts does the same for what a clause with subqueries consists of.
func exerciseParts(t *testing.T, c *where.Clause, value []byte) {
	for _, q := range c.Subqueries() {
		require.Len(t, q.Values, len(q.Columns))
		for _, m := range q.Values {
			m.Canon.Append(nil, value)
		}
		if q.Where != nil {
			exercise(t, q.Where, value)
		}
	}
	if s := c.Superset(); s != nil {
		require.False(t, s.HasSubqueries())
		exercise(t, s, value)
	}
	dnf := c.DNF()
	if len(dnf.Positions) > 200 {
		return
	}
	for i, p := range dnf.Positions {
		require.Equal(t, p.Leaf == nil, p.Subquery >= 0)
		require.NotEmpty(t, dnf.ConditionSQL(i, func(int) string { return "true" }))
		if p.Leaf != nil {
			exercise(t, p.Leaf, value)
		}
	}
}

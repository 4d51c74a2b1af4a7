package where_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

// TestConditionsOfEveryOrderedTypeAreFoundThroughAnIndex checks that a clause leads to one probe that decides it.
func TestConditionsOfEveryOrderedTypeAreFoundThroughAnIndex(t *testing.T) {
	column := func(name, typ string) where.Column { return where.Column{Name: name, Type: typ, TypeMod: -1} }
	columns := []where.Column{
		column("i4", "int4"), column("n", "numeric"), column("f8", "float8"), column("t", "text"), column("u", "uuid"), column("d", "date"), column("tm", "time"),
		column("ttz", "timetz"), column("ts", "timestamp"), column("tz", "timestamptz"), column("iv", "interval"), column("by", "bytea"), column("j", "jsonb"),
	}
	for _, c := range []struct {
		clause   string
		kind     where.ProbeKind
		yes, not string
	}{
		{"i4 > 5", where.ProbeRange, "6", "5"},
		{"n <= 1.50", where.ProbeRange, "1.5", "1.51"},
		{"f8 = 0", where.ProbeEqual, "-0", "1e-300"},
		{"t >= 'b'", where.ProbeRange, "ba", "a"},
		{"u < 'a0000000-0000-0000-0000-000000000000'", where.ProbeRange, "00000000-0000-0000-0000-000000000000", "b0000000-0000-0000-0000-000000000000"},
		{"d BETWEEN '2024-01-01' AND '2024-12-31'", where.ProbeRange, "2024-02-29", "2025-01-01"},
		{"tm < '12:00'", where.ProbeRange, "11:59:59.999999", "12:00:00"},
		{"ttz = '12:00+01'", where.ProbeEqual, "12:00:00+01", "11:00:00+00"},
		{"ttz > '12:00+01'", where.ProbeRange, "11:00:00+00", "13:00:00+02"},
		{"ts >= '2024-01-01'", where.ProbeRange, "infinity", "2023-12-31 23:59:59.999999"},
		{"tz = '2024-01-01 01:00+01'", where.ProbeEqual, "2024-01-01 00:00:00+00", "2024-01-01 01:00:00+00"},
		{"iv = '30 days'", where.ProbeEqual, "P1M", "P1M1D"},
		{"iv < '-1 hour'", where.ProbeRange, "P-1DT22H", "PT0S"},
		{`by = '\x00ff'`, where.ProbeEqual, `\x00ff`, `\x00`},
		{`by BETWEEN '\x00' AND '\x01'`, where.ProbeRange, `\x00ff`, `\x0100`},
		{`j = '{"b": 1.0, "a": [2]}'`, where.ProbeEqual, `{"a": [2], "b": 1}`, `{"a": [2], "b": 10}`},
		{`j IN ('1', '"x"', 'null')`, where.ProbeEqual, `1.00`, `"y"`},
	} {
		t.Run(c.clause, func(t *testing.T) {
			clause, err := where.Compile(c.clause, nil, columns)
			require.NoError(t, err)
			plan := clause.Plan()
			listings := plan.Listings(plan.Choose(func(*where.Probe) int { return 0 }))
			require.Len(t, listings, 1)
			probe := listings[0].Probe
			require.Equal(t, c.kind, probe.Kind)
			require.Nil(t, listings[0].Residual, "nothing is left to evaluate")
			for text, want := range map[string]bool{c.yes: true, c.not: false} {
				met, err := probe.Meets([]byte(text))
				require.NoError(t, err)
				require.Equal(t, want, met, "%s", text)
			}
			met, err := probe.Meets(nil)
			require.NoError(t, err)
			require.False(t, met)
			if probe.Form != where.FormText {
				_, err = probe.Meets([]byte(`\nonsense`))
				require.Error(t, err)
			}
		})
	}
}

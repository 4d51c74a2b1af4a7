package where

import (
	"bytes"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestKeysAreOrderedAsValuesAre compares the order of keys with the order by which clauses are evaluated.
func TestKeysAreOrderedAsValuesAre(t *testing.T) {
	numeric := rapid.OneOf(
		rapid.SampledFrom([]string{"NaN", "Infinity", "-Infinity", "0", "-0", "0.000", "1000", "1000.5", "0.001", "-0.001", "00.10"}),
		rapid.StringMatching(`-?[0-9]{1,6}(\.[0-9]{1,6})?`), rapid.StringMatching(`-?(0|1|10|100)\.0{0,4}[0-9]{1,3}`),
	)
	float := rapid.Map(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1, -1})),
		func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) })
	for name, c := range map[string]struct {
		form  Form
		id    typeID
		fam   family
		texts *rapid.Generator[string]
	}{
		"integers":         {FormInt, tInt8, famInt, rapid.Map(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 3)), func(n int64) string { return strconv.FormatInt(n, 10) })},
		"numerics":         {FormNumeric, tNumeric, famNumeric, numeric},
		"floats":           {FormFloat8, tFloat8, famFloat, float},
		"texts":            {FormText, tText, famBytes, rapid.StringMatching(`[ -b]{0,4}`)},
		"padded":           {FormPadded, tBpchar, famPadded, rapid.StringMatching(`[ a]{0,4}`)},
		"dates":            {FormDate, tDate, famInt, rapid.StringMatching(`[12][0-9]{3}-0[1-9]-[12][0-8]( BC)?|infinity|-infinity`)},
		"timestamps":       {FormTimestamp, tTimestamp, famInt, rapid.StringMatching(`[12][0-9]{3}-0[1-9]-[12][0-8] 0[0-9]:00:0[0-9](\.[0-9]{1,6})?( BC)?|infinity|-infinity`)},
		"times with zones": {FormTimetz, tTimetz, famTimetz, rapid.StringMatching(`0[0-3]:00:00(\.[0-9]{1,6})?[+-]0[0-3]`)},
		"intervals":        {FormInterval, tInterval, famInterval, rapid.StringMatching(`-?[0-2] mons -?[0-3][0-9] days -?[0-9][0-9]:00:0[0-9](\.[0-9]{1,6})?`)},
		"bytes":            {FormBytea, tBytea, famBytes, rapid.StringMatching(`\\x((00|01|ff){0,3})`)},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var keys [2][]byte
				var vals [2]value
				for i := range keys {
					text := []byte(c.texts.Draw(t, "text"))
					m := machine{s: &Scratch{}}
					require.NoError(t, m.columnValue(c.id, text, &vals[i]), "%q", text)
					key, err := c.form.Append(nil, text)
					require.NoError(t, err)
					again, ok := orderedKey(c.form, c.fam, &vals[i])
					require.True(t, ok)
					require.Equal(t, string(key), string(again), "a constant has the key of the column's value")
					keys[i] = key
				}
				want := c.fam.compare(&vals[0], &vals[1])
				require.Equal(t, sign(want), bytes.Compare(keys[0], keys[1]))
				if want < 0 {
					require.LessOrEqual(t, bytes.Compare(append(bytes.Clone(keys[0]), 0), keys[1]), 0, "nothing is between a key and the next")
				}
			})
		})
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

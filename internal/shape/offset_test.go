package shape_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/shape"
)

func TestOffsetsParseAsTheProtocolSays(t *testing.T) {
	for text, want := range map[string]shape.Offset{
		"-1":                       shape.BeforeAll,
		"-1_0":                     shape.BeforeAll,
		"0_0":                      shape.FirstChunk,
		"0_7":                      {Tx: 0, Op: 7},
		"0_inf":                    shape.SnapshotEnd,
		"12_4":                     {Tx: 12, Op: 4},
		"012_+4":                   {Tx: 12, Op: 4},
		"+12_004":                  {Tx: 12, Op: 4},
		"18446744073709551615_2":   {Tx: math.MaxUint64, Op: 2},
		"18446744073709551615_inf": shape.Last,
	} {
		got, err := shape.ParseOffset(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{
		"", "10", "1_2_3", "1_2 ", " 1_2", "0_-1", "10_3.1", "now", "inf", "inf_0", "_", "1_", "_1", "-2_0", "-1_1", "++1_2", "1_++2", "1_+-2",
		"18446744073709551616_0", "1_9223372036854775807", "1_99999999999999999999", "0x1_2", "1_INF", "١_2",
	} {
		_, err := shape.ParseOffset(text)
		require.ErrorIs(t, err, shape.ErrBadOffset, text)
	}
}

func TestOffsetOrderOfTheSpecialValues(t *testing.T) {
	ordered := []shape.Offset{
		shape.BeforeAll, shape.FirstChunk, {Op: 1}, {Op: math.MaxInt64 - 1}, shape.SnapshotEnd,
		{Tx: 1}, {Tx: 1, Op: 2}, {Tx: 1, Op: shape.OpInf}, {Tx: 1 << 63}, {Tx: math.MaxUint64}, shape.Last,
	}
	for i, a := range ordered {
		for j, b := range ordered {
			require.Equal(t, i < j, a.Less(b), "%s < %s", a, b)
			require.Equal(t, i < j, bytes.Compare(a.AppendKey(nil), b.AppendKey(nil)) < 0, "key of %s < key of %s", a, b)
		}
	}
	require.Equal(t, shape.Offset{Tx: 1}, shape.SnapshotEnd.Next())
	require.Equal(t, shape.Offset{Tx: 9, Op: 4}, shape.Offset{Tx: 9, Op: 3}.Next())
}

func genOffset() *rapid.Generator[shape.Offset] {
	return rapid.Custom(func(t *rapid.T) shape.Offset {
		if rapid.IntRange(0, 9).Draw(t, "before") == 0 {
			return shape.BeforeAll
		}
		op := rapid.Int64Min(0).Draw(t, "op")
		return shape.Offset{Tx: rapid.Uint64().Draw(t, "tx"), Op: op}
	})
}

func TestOffsetTextAndKeyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genOffset().Draw(t, "a"), genOffset().Draw(t, "b")
		got, err := shape.ParseOffset(a.String())
		if err != nil || got != a {
			t.Fatalf("%v printed as %q reads as %v, %v", a, a.String(), got, err)
		}
		if back := shape.OffsetFromKey(a.AppendKey(nil)); back != a {
			t.Fatalf("key of %v reads as %v", a, back)
		}
		if a.Compare(b) != bytes.Compare(a.AppendKey(nil), b.AppendKey(nil)) {
			t.Fatalf("keys of %v and %v are not in their order", a, b)
		}
	})
}

func FuzzParseOffset(f *testing.F) {
	for _, s := range []string{"-1", "0_inf", "1_2", "10", "1_2_3", "+1_+2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, err := shape.ParseOffset(s)
		if err != nil {
			return
		}
		again, err := shape.ParseOffset(o.String())
		if err != nil || again != o {
			t.Fatalf("%q reads as %v, which prints as %q", s, o, o.String())
		}
	})
}

package pg

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLSNPrintsAsPostgresDoes(t *testing.T) {
	for text, lsn := range map[string]LSN{
		"0/0":               0,
		"0/1":               1,
		"16/B374D848":       0x16_B374D848,
		"1/5":               0x1_00000005, // the low half is not padded
		"7FFFFFFF/FFFFFFFF": math.MaxInt64,
		"FFFFFFFF/FFFFFFFF": math.MaxUint64,
	} {
		require.Equal(t, text, lsn.String())
		got, err := ParseLSN(text)
		require.NoError(t, err)
		require.Equal(t, lsn, got)
	}
	got, err := ParseLSN("0/abcdef")
	require.NoError(t, err)
	require.Equal(t, LSN(0xABCDEF), got)
}

func TestParseLSNRejects(t *testing.T) {
	for _, text := range []string{"", "/", "0", "0/", "/0", "0/0/0", "-1/0", "+1/0", "0/+1", " 0/0", "0/0 ", "0x1/0", "1_0/0", "000000001/0", "0/100000000", "g/0"} {
		_, err := ParseLSN(text)
		require.ErrorIs(t, err, ErrBadLSN, "%q", text)
	}
}

func TestLSNSurvivesPrinting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lsn := LSN(rapid.Uint64().Draw(t, "lsn"))
		got, err := ParseLSN(lsn.String())
		if err != nil || got != lsn {
			t.Fatalf("%v came back as %v, %v", uint64(lsn), uint64(got), err)
		}
	})
}

func FuzzParseLSN(f *testing.F) {
	f.Add("16/B374D848")
	f.Add("FFFFFFFF/FFFFFFFF")
	f.Fuzz(func(t *testing.T, text string) {
		lsn, err := ParseLSN(text)
		if err != nil {
			return
		}
		if again, err := ParseLSN(lsn.String()); err != nil || again != lsn {
			t.Fatalf("%q: %v came back as %v, %v", text, lsn, again, err)
		}
	})
}

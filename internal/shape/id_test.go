package shape_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/shape"
)

func TestHandleRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := shape.Handle{Hash: rapid.Uint32().Draw(t, "hash"), Micros: rapid.Uint64().Draw(t, "micros")}
		got, err := shape.ParseHandle(h.String())
		if err != nil || got != h {
			t.Fatalf("%v printed as %q reads as %v, %v", h, h.String(), got, err)
		}
		if back := shape.HandleFromKey(h.AppendKey(nil)); back != h {
			t.Fatalf("key of %v reads as %v", h, back)
		}
	})
}

func TestOnlyTheCanonicalTextIsAHandle(t *testing.T) {
	for _, text := range []string{"", "-", "1", "1-", "-1", "01-2", "1-02", "+1-2", "1-+2", "1-2-3", " 1-2", "4294967296-1", "../../etc-1", "1_2"} {
		_, err := shape.ParseHandle(text)
		require.ErrorIs(t, err, shape.ErrBadHandle, text)
	}
}

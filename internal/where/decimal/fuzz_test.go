package decimal

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What any text yields is a numeric again, and the operations undo each other.
func FuzzOperationsYieldNumerics(f *testing.F) {
	for _, s := range []string{"0", "1.10", "-0.005", "NaN", "-Infinity", "99999999999999999999.9", ".", "-", "00.50", "1e5"} {
		f.Add(s, "2.5", 3)
	}
	f.Fuzz(func(t *testing.T, a, b string, scale int) {
		if len(a)+len(b) > 2000 {
			return
		}
		for _, op := range operations() {
			if op.name == "power" && len(b) > 4 {
				continue
			}
			out, err := run(op, a, b)
			if err == nil {
				_, err := view([]byte(out))
				require.NoError(t, err, "%s of %s, %s", op.name, a, b)
			}
		}
		sum, err := Add(nil, []byte(a), []byte(b))
		if x, vErr := view(sum); err != nil || vErr != nil || x.kind != finite {
			return
		}
		back, err := Sub(nil, sum, []byte(b))
		require.NoError(t, err)
		x, _ := view(back)
		y, _ := view([]byte(a))
		require.Equal(t, y.neg, x.neg)
		require.Zero(t, compareMagnitude(&x, &y))
	})
}

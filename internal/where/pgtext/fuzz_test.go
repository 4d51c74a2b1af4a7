package pgtext

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Bytes that are no UTF-8 do no harm, and what was UTF-8 stays it.
func FuzzFunctionsKeepUTF8(f *testing.F) {
	f.Add("abc", "b", "é", int32(2), int32(-1))
	f.Add("\xff\x80", "\x80", "", int32(1), int32(1))
	f.Fuzz(func(t *testing.T, a, b, c string, n, m int32) {
		if n > 1000 {
			n = 1000
		}
		valid := utf8.ValidString(a) && utf8.ValidString(b) && utf8.ValidString(c)
		for sql, call1 := range functions() {
			out, err := call1(call{a, b, c, n, m})
			if valid && err == nil {
				require.True(t, utf8.ValidString(out), sql)
			}
		}
		if valid {
			require.Equal(t, utf8.RuneCountInString(a), Length([]byte(a)))
			require.Equal(t, a, string(Reverse(nil, Reverse(nil, []byte(a)))))
			require.Equal(t, a, string(Left([]byte(a), int64(n)))+string(From([]byte(a), int64(Length(Left([]byte(a), int64(n)))+1))))
		}
	})
}

package change

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestJSONStringsEscapeWhatPostgresEscapes(t *testing.T) {
	for text, want := range map[string]string{
		"":                    `""`,
		"plain":               `"plain"`,
		"a\"b\\c":             `"a\"b\\c"`,
		"\b\f\n\r\t":          `"\b\f\n\r\t"`,
		"\x01\x1f\x7f":        "\"\\u0001\\u001f\x7f\"",
		"<a&b>":               `"<a&b>"`,
		"äöü €\u2028 😀":       "\"äöü €\u2028 😀\"",
		"\x00":                `"\u0000"`,
		"\xff":                "\"\ufffd\"",
		"ok\xc3":              "\"ok\ufffd\"",
		"12345678\"12345678x": `"12345678\"12345678x"`,
		"1234567é\n12345678":  `"1234567é\n12345678"`,
	} {
		require.Equal(t, want, string(AppendJSONString(nil, []byte(text))), "%q", text)
	}
}

func checkJSONString(t interface{ Fatalf(string, ...any) }, text []byte) {
	out := AppendJSONString([]byte("x"), text)
	var back string
	if out[0] != 'x' || json.Unmarshal(out[1:], &back) != nil {
		t.Fatalf("%q encodes to %q, which is not JSON", text, out)
	}
	if want := strings.ToValidUTF8(string(text), "\ufffd"); utf8.Valid(text) && back != want {
		t.Fatalf("%q encodes to %q, which reads %q", text, out, back)
	}
	if !utf8.Valid(out) {
		t.Fatalf("%q encodes to %q, which is not UTF-8", text, out)
	}
}

func TestJSONStringsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkJSONString(t, []byte(rapid.String().Draw(t, "text")))
		checkJSONString(t, rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	})
}

func FuzzAppendJSONString(f *testing.F) {
	for _, s := range []string{"", "a", "\"\\", "\x00\x1f 12345678\xff", "日本語 and more"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkJSONString(t, text) })
}

func BenchmarkAppendJSONString(b *testing.B) {
	for name, text := range map[string]string{
		"short": "42", "text200": strings.Repeat("plain text ", 18), "quoted200": strings.Repeat(`a "b" c `, 25), "utf8": strings.Repeat("größe ", 30),
	} {
		b.Run(name, func(b *testing.B) {
			dst := make([]byte, 0, 1024)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				dst = AppendJSONString(dst[:0], []byte(text))
			}
		})
	}
}

package pgtext

import (
	"strings"
	"testing"
)

// A title and a paragraph, of ASCII and not.
func BenchmarkFunctions(b *testing.B) {
	for name, text := range map[string]string{
		"title":           "The quick brown fox jumps over the lazy dog",
		"paragraph":       strings.Repeat("The quick brown fox jumps over the lazy dog. ", 20),
		"paragraphBeyond": strings.Repeat("Der größte Käse läßt Öl übrig, 日本語. ", 20),
	} {
		x, dst := []byte(text), make([]byte, 0, 4096)
		for op, f := range map[string]func(){
			"length":     func() { Length(x) },
			"substring":  func() { _, _ = Substring(x, 10, 20) },
			"right":      func() { Right(x, 10) },
			"reverse":    func() { Reverse(dst, x) },
			"position":   func() { Position(x, []byte("lazy")) },
			"split_part": func() { _, _ = SplitPart(x, []byte(" "), 4) },
		} {
			b.Run(name+"/"+op, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f()
				}
			})
		}
	}
}

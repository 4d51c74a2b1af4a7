package array_test

import (
	"bytes"
	"strings"
	"testing"

	"leyden/internal/where/array"
)

// BenchmarkArray reads an array of 20 texts as the stream has it, and asks what a shape would ask of it.
func BenchmarkArray(b *testing.B) {
	et := &array.Type{
		Input:   func(dst, text []byte) ([]byte, error) { return append(dst, text...), nil },
		Output:  func(dst, value []byte) []byte { return append(dst, value...) },
		Compare: bytes.Compare,
		Equal:   bytes.Equal,
		Key:     func(dst, value []byte) []byte { return append(dst, value...) },
	}
	text := []byte(`{alpha,beta,gamma,"with space","with \"quote\"",NULL` + strings.Repeat(",tag", 14) + "}")
	v, other := parse(b, string(text), et), parse(b, `{gamma,"with \"quote\""}`, et)
	search := array.Search{Value: []byte("tag")}
	var dst []byte
	for name, work := range map[string]func(){
		"input":    func() { dst, _ = array.Input(dst[:0], text, et) },
		"output":   func() { dst = array.Output(dst[:0], v, et) },
		"contains": func() { array.Contains(v, other, et) },
		"compare":  func() { array.Compare(v, v, et) },
		"position": func() { _, _, _ = array.Position(v, search, et) },
		"at":       func() { array.At(v, 12) },
		"slice":    func() { dst = array.Slice(dst[:0], v, array.Range{Lower: 2, HasLower: true}) },
		"cat":      func() { dst, _ = array.Cat(dst[:0], v, other) },
		"key":      func() { dst = array.AppendKey(dst[:0], v, et) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				work()
			}
		})
	}
}

package jsonb_test

import (
	"testing"

	"leyden/internal/where/jsonb"
)

// BenchmarkDocument asks of a document of some 500 bytes, as the stream has it, what a shape would ask of it.
func BenchmarkDocument(b *testing.B) {
	text := []byte(`{ "id": 4711, "kind": "order", "tags": ["new", "vip", "late \"again\""], "customer": {"id": 42, "name": "Jane \u00e9 Doe", "address": {"street": "Long Road 1", "zip": "12345"}},
		"lines": [{"sku": "a-1", "qty": 2, "price": 10.50}, {"sku": "b-22", "qty": 1, "price": 3.99}, {"sku": "c-333", "qty": 12, "price": 0.10}], "note": null, "paid": true,
		"history": [{"at": "2024-01-01T00:00:00Z", "what": "created"}, {"at": "2024-01-02T00:00:00Z", "what": "paid"}], "total": 26.19}`)
	doc := value(b, string(text))
	part := value(b, `{"kind": "order", "customer": {"id": 42}, "lines": [{"sku": "b-22"}]}`)
	other := value(b, string(text))
	other[len(other)-2] = '8'
	key, path := []byte("paid"), [][]byte{[]byte("customer"), []byte("address"), []byte("zip")}
	buf := make([]byte, 0, 4096)
	for name, work := range map[string]func(){
		"field":         func() { jsonb.Field(doc, key) },
		"path":          func() { jsonb.Path(doc, path) },
		"contains":      func() { jsonb.Contains(doc, part) },
		"exists":        func() { jsonb.Exists(doc, key) },
		"compare":       func() { jsonb.Compare(doc, other) },
		"input":         func() { _, _ = jsonb.Input(buf, text) },
		"validate":      func() { _ = jsonb.Validate(text) },
		"key":           func() { jsonb.AppendKey(buf, doc) },
		"concat":        func() { jsonb.Concat(buf, doc, part) },
		"json field":    func() { _, _, _ = jsonb.JSONField(text, key) },
		"json path":     func() { _, _, _ = jsonb.JSONPath(text, path) },
		"text of field": func() { v, _ := jsonb.Field(doc, key); _, _, _ = jsonb.Text(buf, v) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				work()
			}
		})
	}
}

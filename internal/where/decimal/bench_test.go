package decimal

import "testing"

func BenchmarkOperations(b *testing.B) {
	for _, w := range []struct{ name, x, y string }{
		{"prices", "1299.95", "1.19"},
		{"30digits", "123456789012345678901234567890.12", "98765432109876543210.987654321"},
	} {
		for _, op := range operations() {
			if op.two == nil || op.name == "power" {
				continue
			}
			b.Run(w.name+"/"+op.name, func(b *testing.B) {
				b.ReportAllocs()
				x, y, dst := []byte(w.x), []byte(w.y), make([]byte, 0, 256)
				for b.Loop() {
					if _, err := op.two(dst[:0], x, y); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(w.name+"/round", func(b *testing.B) {
			b.ReportAllocs()
			x, dst := []byte(w.x), make([]byte, 0, 256)
			for b.Loop() {
				if _, err := Round(dst[:0], x, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

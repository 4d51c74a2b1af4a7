package pgoutput_test

import (
	"strings"
	"testing"

	"leyden/internal/change"
	"leyden/internal/pg/pgoutput"
)

// The workload is rows of four columns and about 200 bytes of text.

func wideRelation() *change.Relation {
	return &change.Relation{OID: 300, Schema: "public", Name: "wide", ReplicaIdentity: 'f', Columns: []change.Column{
		{Name: "id"}, {Name: "tenant"}, {Name: "title"}, {Name: "body"},
	}}
}

var wideRow = row("1234567", "42", "a title of some length", strings.Repeat("x", 170))

func BenchmarkDecode(b *testing.B) {
	message := insert(300, wideRow...)
	var d pgoutput.Decoder
	b.ReportAllocs()
	b.SetBytes(int64(len(message)))
	for b.Loop() {
		if _, err := d.Decode(message); err != nil {
			b.Fatal(err)
		}
	}
}

// An operation is one row.
func BenchmarkFragments(b *testing.B) {
	for name, c := range map[string]struct {
		rows    int
		message []byte
	}{
		"insert/10-row-transactions": {10, insert(300, wideRow...)},
		"insert/1-row-transactions":  {1, insert(300, wideRow...)},
		"insert/large-transaction":   {100_000, insert(300, wideRow...)},
		"update/one-column-of-4":     {10, update(300, 'O', wideRow, row("1234567", "42", "another title of some length", wideRow[3]))},
		"delete/10-row-transactions": {10, remove(300, 'O', wideRow...)},
		"insert/short-rows":          {10, insert(300, row("1", "2", "3", nil)...)},
	} {
		b.Run(name, func(b *testing.B) {
			f := pgoutput.NewFragmenter(pgoutput.Options{})
			if _, err := f.Feed(relation(wideRelation())); err != nil {
				b.Fatal(err)
			}
			first, last := begin(80, 7), commit(80)
			b.ReportAllocs()
			b.SetBytes(int64(len(c.message)))
			feed := func(m []byte) {
				if _, err := f.Feed(m); err != nil {
					b.Fatal(err)
				}
			}
			for n := 0; b.Loop(); n++ {
				if n%c.rows == 0 {
					if n > 0 {
						feed(last)
					}
					feed(first)
				}
				feed(c.message)
			}
		})
	}
}

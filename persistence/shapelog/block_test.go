package shapelog

import (
	"bytes"
	"errors"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/change"
	"leyden/internal/shape"
)

func genItems() *rapid.Generator[[]change.Item] {
	return rapid.Custom(func(t *rapid.T) []change.Item {
		items := make([]change.Item, rapid.IntRange(1, 20).Draw(t, "items"))
		o := shape.Offset{Tx: rapid.Uint64Min(1).Draw(t, "tx"), Op: rapid.Int64Range(0, 1<<40).Draw(t, "op")}
		for i := range items {
			items[i] = change.Item{Offset: o, JSON: bytes.Repeat([]byte{'x'}, rapid.IntRange(1, 300).Draw(t, "size"))}
			o.Op += rapid.Int64Range(1, 1<<40).Draw(t, "step")
		}
		return items
	})
}

func TestBlocksRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := genItems().Draw(t, "items")
		closes := rapid.Bool().Draw(t, "closes")
		open := uint32(0)
		if !closes {
			open = rapid.Uint32().Draw(t, "open")
		}
		v := appendBlock(nil, items, open, closes)
		require.Len(t, v, blockSize(items, open))
		last := items[len(items)-1].Offset
		b, err := parseBlock(last, v)
		require.NoError(t, err)
		require.Equal(t, items[0].Offset, b.first)
		require.Equal(t, closes, b.closes)
		require.Equal(t, open, b.open)
		i := 0
		require.NoError(t, b.each(func(o shape.Offset, from, to int) bool {
			require.Equal(t, items[i].Offset, o)
			require.Equal(t, items[i].JSON, b.body[from:to])
			i++
			return true
		}))
		require.Equal(t, len(items), i)
	})
}

func FuzzBlock(f *testing.F) {
	one := []change.Item{{Offset: shape.Offset{Tx: 5, Op: 4}, JSON: []byte(`{}`)}}
	two := []change.Item{{Offset: shape.Offset{Tx: 5, Op: 2}, JSON: []byte(`{"a":1}`)}, one[0]}
	f.Add(appendBlock(nil, one, 0, true), int64(0), int64(9))
	f.Add(appendBlock(nil, two, 300, false), int64(2), int64(4))
	f.Fuzz(func(t *testing.T, v []byte, after, upTo int64) {
		last := shape.Offset{Tx: 5, Op: 4}
		b, err := parseBlock(last, v)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		n, end := 0, -1
		err = b.each(func(o shape.Offset, from, to int) bool {
			if from != end+1 || to < from || to > len(b.body) || last.Less(o) || o.Less(b.first) {
				t.Fatalf("item %s is [%d:%d] of %d", o, from, to, len(b.body))
			}
			n, end = n+1, to
			return true
		})
		if err != nil {
			return
		}
		if n != b.count || end != len(b.body) {
			t.Fatalf("%d of %d items, %d of %d bytes", n, b.count, end, len(b.body))
		}
		body, items, err := b.cut(shape.Offset{Tx: 5, Op: after}, shape.Offset{Tx: 5, Op: upTo})
		if err != nil || items > b.count || (items == 0) != (body == nil) && b.count != 0 && items == 0 {
			t.Fatalf("%d items in %q, %v", items, body, err)
		}
	})
}

func FuzzSnapshotBlock(f *testing.F) {
	f.Add([]byte("\x01{}"))
	f.Fuzz(func(t *testing.T, v []byte) {
		rows, body, err := parseSnapshotBlock(v)
		if err == nil && (rows == 0 || len(body) >= len(v)) {
			t.Fatalf("%d rows in %q", rows, body)
		}
	})
}

func TestAnIdleLogIsSmall(t *testing.T) {
	// And 8 to 16 bytes in the index.
	require.LessOrEqual(t, unsafe.Sizeof(Log{}), uintptr(96))
}

func TestTheIndexFindsWhatWasAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x logIndex
		model := map[shape.Handle]*Log{}
		gen := rapid.Custom(func(t *rapid.T) shape.Handle {
			return shape.Handle{Hash: rapid.Uint32Range(0, 3).Draw(t, "hash"), Micros: rapid.Uint64Range(0, 20).Draw(t, "micros")}
		})
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				h := gen.Draw(t, "handle")
				l := &Log{handle: h}
				got := x.add(l)
				if old := model[h]; old != nil {
					require.Same(t, old, got)
					return
				}
				require.Same(t, l, got)
				model[h] = l
			},
			"remove": func(t *rapid.T) {
				h := gen.Draw(t, "handle")
				require.Equal(t, model[h], x.remove(h))
				delete(model, h)
			},
			"take all": func(t *rapid.T) {
				if rapid.IntRange(0, 20).Draw(t, "rarely") == 0 {
					require.Len(t, x.takeAll(), len(model))
					clear(model)
				}
			},
			"": func(t *rapid.T) {
				n := 0
				x.each(func(l *Log) { n++; require.Same(t, model[l.handle], l) })
				require.Equal(t, len(model), n)
				for h, l := range model {
					require.Same(t, l, x.get(h))
				}
			},
		})
	})
}

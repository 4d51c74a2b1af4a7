package status

import (
	"testing"

	"pgregory.net/rapid"

	"leyden/internal/shape"
)

func TestIndexIsAMapWhateverItsHash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		different := rapid.Uint64Range(1, 40).Draw(t, "different hashes")
		x := index[shape.ID]{key: func(e *Entry) shape.ID { return e.ID }, hash: func(id shape.ID) uint64 { return uint64(id) % different * 7 }}
		model := map[shape.ID]*Entry{}
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			id := shape.ID(rapid.IntRange(0, 80).Draw(t, "id"))
			if e := model[id]; e != nil {
				x.drop(e)
				delete(model, id)
			} else {
				model[id] = &Entry{ID: id}
				x.put(model[id])
			}
			for probe := range shape.ID(81) {
				if x.get(probe) != model[probe] {
					t.Fatalf("after a step with %d, %d is found wrong", id, probe)
				}
			}
		}
		for _, e := range model {
			x.drop(e)
		}
		if x.count != 0 || len(x.slots) > minSlots {
			t.Fatalf("%d entries in %d slots", x.count, len(x.slots))
		}
	})
}

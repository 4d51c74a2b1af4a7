package collector

import (
	"fmt"
	"testing"

	"leyden/internal/change"
	"leyden/internal/shape"
)

// every is a filter that all changes touch all shapes of.
type every struct {
	deaf
	ids []shape.ID
}

func (*every) Add(shape.ID, *shape.Definition)                  {}
func (*every) AddOuter(shape.ID, *shape.Definition, []shape.ID) {}
func (*every) Remove(shape.ID)                                  {}
func (f *every) Has(id shape.ID) bool                           { return id > 0 && int(id) <= len(f.ids) }
func (f *every) Affected(_ *change.Change, dst []shape.ID) []shape.ID {
	return append(dst, f.ids...)
}
func (*every) AffectedByRelation(_, _ *change.Relation, dst []shape.ID) []shape.ID { return dst }
func (*every) Errors() uint64                                                      { return 0 }
func (*every) Fault() error                                                        { return nil }

// BenchmarkRoute is a transaction of ten changes for so many shapes over eight partitions.
func BenchmarkRoute(b *testing.B) {
	for _, shapes := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("shapes=%d", shapes), func(b *testing.B) {
			f := &every{}
			for i := range shapes {
				f.ids = append(f.ids, shape.ID(i+1))
			}
			r := newRouter(f, 8)
			fragment := whole(10, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7)
			b.ReportAllocs()
			for b.Loop() {
				w := r.route(fragment, fragment.Changes)
				w.Open()
				for p := range r.partitions {
					for i := range r.share(w, 0, p) {
						if r.share(w, 0, p)[i].Count != 10 {
							b.Fatal("a change is missing")
						}
					}
				}
			}
		})
	}
}

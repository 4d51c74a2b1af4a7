package filter

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/internal/where"
)

// outerWorkload is shapes with one subquery each, and rows that concern few of them or none.
type outerWorkload struct {
	name            string
	shapes, results int
	values          int // of each result
}

var outerWorkloads = []outerWorkload{
	{"one-result-of-1000000", 10_000, 1, 1_000_000},
	{"10000-results-of-10", 10_000, 10_000, 10},
}

// build adds the shapes, by their results or, for comparison, as what they are whatever these are.
func (w outerWorkload) build(b testing.TB, byResult bool) *Filter {
	f := New()
	id := []string{"id"}
	d := make([]*shape.Definition, w.results)
	for i := range d {
		text := "id IN (SELECT id FROM parents)"
		if w.results > 1 {
			text = fmt.Sprintf("id IN (SELECT id FROM parents WHERE tenant = %d)", i)
		}
		d[i] = outerDefinition(b, text)
	}
	for k := range w.shapes {
		i := k % w.results
		if byResult {
			f.AddOuter(shape.ID(k+1), d[i], []shape.ID{shape.ID(100_000 + i)})
		} else {
			f.Add(shape.ID(k+1), d[i])
		}
	}
	if !byResult {
		return f
	}
	values := make([]subquery.Value, w.values)
	for i := range w.results {
		for n := range values {
			values[n] = subquery.Value(subquery.AppendValue(nil, []where.Canon{where.CanonText}, [][]byte{fmt.Append(nil, i*w.values+n)}))
		}
		addInner(f, shape.ID(100_000+i))
		f.Members(shape.ID(100_000+i), id, 1, subquery.Empty.With(values, nil))
	}
	for k := range w.shapes {
		f.Settled(shape.ID(k+1), []uint64{1})
	}
	return f
}

// rows are 64 inserts, with values that are in a result or in none.
func (w outerWorkload) rows(hit bool) []*change.Change {
	r := itemRelation(1)
	changes := make([]*change.Change, 64)
	for i := range changes {
		n := i * w.results * w.values / 64
		if !hit {
			n = -1 - i
		}
		changes[i] = insert(r, tuple(n, 5, "title", "1.5", "a", "t", nil, "1"))
	}
	return changes
}

// BenchmarkAffectedMember routes one insert among 10,000 shapes by what is in the results of their subqueries; "superset" routes it
// as if membership were always true. x-superset is how many times faster the first is.
func BenchmarkAffectedMember(b *testing.B) {
	for _, w := range outerWorkloads {
		var superset float64
		for _, kind := range []string{"superset", "miss", "hit"} {
			b.Run(w.name+"/"+kind, func(b *testing.B) {
				f, changes := w.build(b, kind != "superset"), w.rows(kind == "hit")
				var dst []shape.ID
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					dst = f.Affected(changes[i%64], dst[:0])
				}
				per := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
				if kind == "superset" {
					superset = per
				} else if superset > 0 {
					b.ReportMetric(superset/per, "x-superset")
				}
				b.ReportMetric(float64(len(dst)), "shapes")
			})
		}
	}
}

// BenchmarkMembersMoved takes a value into a result of a million for 10,000 shapes, and out of it, with the reports of all of them.
func BenchmarkMembersMoved(b *testing.B) {
	w := outerWorkloads[0]
	f := w.build(b, true)
	id := []string{"id"}
	s := f.sourceOf(newResultOf(100_000, id))
	v := []subquery.Value{value(id, -5)}
	with := moves(s.set, v, nil)
	without := &subquery.Moves{Out: v, Before: with.After, After: s.set}
	number := uint64(1)
	b.ReportAllocs()
	for b.Loop() {
		f.MembersMoved(100_000, id, number+1, with)
		f.MembersMoved(100_000, id, number+2, without)
		number += 2
		for k := range w.shapes {
			f.Settled(shape.ID(k+1), []uint64{number})
		}
	}
	require.Empty(b, s.went)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*w.shapes), "ns/report")
}

func TestRoutingByResultsAllocatesNothing(t *testing.T) {
	w := outerWorkload{"", 300, 30, 10}
	f := w.build(t, true)
	hits, misses := w.rows(true), w.rows(false)
	column := []string{"id"}
	s := f.sourceOf(newResultOf(100_000, column))
	f.MembersMoved(100_000, column, 2, moves(s.set, nil, []subquery.Value{value(column, 0)})) // which makes every later lookup ask what has gone
	var dst []shape.ID
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for i := range hits {
			if dst = f.Affected(hits[i], dst[:0]); len(dst) != 10 {
				t.Fatal(dst)
			}
			if dst = f.Affected(misses[i], dst[:0]); len(dst) != 0 {
				t.Fatal(dst)
			}
		}
	}))
}

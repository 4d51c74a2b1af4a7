package filter

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/where"
)

// height is how far the deepest span is from the root, and verifies order, priorities and reach on the way.
func (s *span) height(t require.TestingT) int {
	if s == nil {
		return 0
	}
	reach := s.high
	for _, child := range [2]*span{s.left, s.right} {
		if child == nil {
			continue
		}
		require.LessOrEqual(t, child.priority, s.priority)
		if child.reach.compare(reach) > 0 {
			reach = child.reach
		}
	}
	require.Equal(t, reach, s.reach)
	if s.left != nil {
		require.Negative(t, s.left.compare(s.low, s.high))
	}
	if s.right != nil {
		require.Positive(t, s.right.compare(s.low, s.high))
	}
	return 1 + max(s.left.height(t), s.right.height(t))
}

func TestRangesFindWhatIsAroundAKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := New()
		f.tick = 1
		r := newRanges(subject{kind: where.ProbeRange})
		model := map[shape.ID]*where.Probe{}
		key := rapid.StringMatching("[a-d]{0,3}")
		draw := func(t *rapid.T) *where.Probe {
			p := &where.Probe{Kind: where.ProbeRange, Low: []byte(key.Draw(t, "low")), Unbounded: rapid.Bool().Draw(t, "unbounded")}
			if !p.Unbounded {
				p.High = append(slices.Clone(p.Low), key.Draw(t, "more")+"!"...)
			}
			return p
		}
		next := shape.ID(1)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				p := draw(t)
				r.at(p, nil, true).add(listed(next), nil)
				model[next] = p
				next++
			},
			"remove": func(t *rapid.T) {
				id := shape.ID(rapid.Uint64Range(1, uint64(next)).Draw(t, "id"))
				p := model[id]
				if p == nil {
					return
				}
				c := r.at(p, nil, false)
				c.remove(listed(id), nil)
				if c.empty() {
					r.drop(p, nil)
				}
				delete(model, id)
			},
			"find": func(t *rapid.T) {
				v := values{has: 3}
				for i := range v.text {
					if rapid.IntRange(0, 4).Draw(t, "null") > 0 {
						v.text[i] = []byte(key.Draw(t, "key"))
					}
				}
				l := lookup{f: f}
				require.True(t, r.find(&l, &v))
				var want []shape.ID
				for id, p := range model {
					for _, text := range v.text {
						if meets, err := p.Meets(text); err == nil && meets {
							want = append(want, id)
							break
						}
					}
				}
				slices.Sort(want)
				slices.Sort(l.dst)
				require.Equal(t, want, l.dst)
			},
			"": func(t *rapid.T) {
				r.root.height(t)
				spans := 0
				r.each(func(*cell) { spans++ })
				require.Equal(t, spans, r.count)
			},
		})
		for id, p := range model {
			if c := r.at(p, nil, false); c != nil {
				c.remove(listed(id), nil)
				if c.empty() {
					r.drop(p, nil)
				}
			}
		}
		require.True(t, r.empty())
		require.Zero(t, r.count)
	})
}

func TestRangesStayFlatWhenTheyAreAddedInOrder(t *testing.T) {
	r := newRanges(subject{kind: where.ProbeRange})
	for i := range 100_000 {
		r.at(&where.Probe{Low: fmt.Appendf(nil, "%08d", i), High: fmt.Appendf(nil, "%08d", i+10)}, nil, true).add(listed(i+1), nil)
	}
	require.Less(t, r.root.height(t), 60)
}

func TestMillionsOfKeysAroundTheRangesAreNotLookedAt(t *testing.T) {
	f, rel := New(), itemRelation(1)
	for i := range 5000 {
		f.Add(shape.ID(i+1), definition(t, fmt.Sprintf("price >= %d AND price < %d.5", i, i)))
		f.Add(shape.ID(i+10_001), definition(t, fmt.Sprintf("tenant BETWEEN %d AND %d", -i, i)))
	}
	require.Equal(t, []shape.ID{78}, affected(f, insert(rel, tuple(1, nil, nil, "77.25", nil, nil, nil, nil))))
	require.Empty(t, affected(f, insert(rel, tuple(1, nil, nil, "77.5", nil, nil, nil, nil))))
	require.Len(t, affected(f, insert(rel, tuple(1, 4998, nil, nil, nil, nil, nil, nil))), 2)
	both := &change.Change{Op: change.Update, Relation: rel, Old: tuple(1, 4998, nil, 3, nil, nil, nil, nil), New: tuple(1, -4990, nil, "3.4", nil, nil, nil, nil)}
	require.Len(t, affected(f, both), 11, "none of them twice")
}

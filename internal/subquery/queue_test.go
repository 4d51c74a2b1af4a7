package subquery

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// naiveQueue does what the spec says word for word.
type naiveQueue struct {
	ins, outs [3][]Value
	xids      [2][3][]uint64
}

func (q *naiveQueue) enqueue(dep int, m Moves, base Set) {
	type op struct {
		v  Value
		in bool
	}
	var all []op
	push := func(values []Value, in bool) {
		for _, v := range values {
			all = slices.DeleteFunc(all, func(o op) bool { return o.v == v })
			all = append(all, op{v, in})
		}
	}
	push(q.outs[dep], false)
	push(q.ins[dep], true)
	push(m.Out, false)
	push(m.In, true)
	q.outs[dep], q.ins[dep] = nil, nil
	for _, o := range all {
		switch {
		case base.Contains(o.v) == o.in:
		case o.in:
			q.ins[dep] = append(q.ins[dep], o.v)
		default:
			q.outs[dep] = append(q.outs[dep], o.v)
		}
	}
	for side, values := range [][]Value{m.Out, m.In} {
		if len(values) > 0 {
			q.xids[side][dep] = append(q.xids[side][dep], m.XIDs...)
			slices.Sort(q.xids[side][dep])
			q.xids[side][dep] = slices.Compact(q.xids[side][dep])
		}
	}
	for side, values := range [][]Value{q.outs[dep], q.ins[dep]} {
		if len(values) == 0 {
			q.xids[side][dep] = nil
		}
	}
}

func (q *naiveQueue) pop() (Batch, bool) {
	for side, of := range []*[3][]Value{&q.outs, &q.ins} {
		for dep := range of {
			if len(of[dep]) > 0 {
				b := Batch{dep, side == 1, of[dep], q.xids[side][dep]}
				of[dep], q.xids[side][dep] = nil, nil
				return b, true
			}
		}
	}
	return Batch{}, false
}

func TestTheQueueHoldsTheLastMoveOfEachValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			q     Queue
			naive naiveQueue
			bases [3]Set // the views
			final [3]Set // what they would be if every move were applied at once
		)
		some := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Value {
			return value(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "v"))
		}), 0, 4)
		apply := func(b Batch) {
			if b.In {
				bases[b.Dependency] = bases[b.Dependency].With(b.Values, nil)
			} else {
				bases[b.Dependency] = bases[b.Dependency].With(nil, b.Values)
			}
		}
		xid := uint64(100)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			if rapid.IntRange(0, 3).Draw(t, "pop") == 0 {
				want, ok := naive.pop()
				got, gotOK := q.Pop()
				require.Equal(t, ok, gotOK)
				require.Equal(t, want, got)
				apply(got)
				if s, ok := q.Settled(got.Dependency); gotOK && ok {
					require.Equal(t, slices.Sorted(bases[got.Dependency].All()), slices.Sorted(s.All()))
					bases[got.Dependency] = s
				}
				continue
			}
			dep := rapid.IntRange(0, 2).Draw(t, "dep")
			m := Moves{In: some.Draw(t, "in"), Out: some.Draw(t, "out"), XIDs: []uint64{xid - uint64(rapid.IntRange(0, 3).Draw(t, "late"))}}
			xid += 2
			after := final[dep].With(nil, m.Out).With(m.In, nil)
			if rapid.IntRange(0, 9).Draw(t, "gap") > 0 {
				m.Before, m.After = final[dep], after
			}
			final[dep] = after
			q.Enqueue(dep, m, bases[dep])
			naive.enqueue(dep, m, bases[dep])
		}
		for {
			want, _ := naive.pop()
			got, ok := q.Pop()
			require.Equal(t, want, got)
			if !ok {
				break
			}
			apply(got)
		}
		require.True(t, q.Empty())
		for i := range final {
			sorted := func(s Set) []Value { return slices.Sorted(s.All()) }
			require.Equal(t, sorted(final[i]), sorted(bases[i]))
		}
	})
}

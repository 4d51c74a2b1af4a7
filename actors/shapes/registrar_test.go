package shapes

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/actors/work"
	"leyden/internal/shape"
)

// slow is a collector that takes a batch when the test says so.
type slow struct {
	*registrar
	sent  []*work.Register
	state map[shape.ID]bool // what it routes to
	told  []string
}

func newSlow() *slow {
	s := &slow{state: map[shape.ID]bool{}}
	s.registrar = newRegistrar(func(m any) { s.sent = append(s.sent, m.(*work.Register)) },
		func(id shape.ID) string { return fmt.Sprintf("unknown, id: %d", id) })
	return s
}

func (s *slow) put(id shape.ID) {
	s.add(&work.AddShape{ID: id, Done: func(err error) {
		if err != nil {
			s.told = append(s.told, err.Error())
		} else {
			s.told = append(s.told, fmt.Sprintf("added %d", id))
		}
	}})
}

func (s *slow) take(ids ...shape.ID) {
	s.remove(ids, func(id shape.ID) { s.told = append(s.told, fmt.Sprintf("removed %d", id)) })
}

// answer has the collector do what it was sent first.
func (s *slow) answer() {
	b := s.sent[0]
	s.sent = s.sent[1:]
	for _, m := range b.Remove {
		delete(s.state, m.ID)
		m.Done()
	}
	for _, m := range b.Add {
		s.state[m.ID] = true
		m.Done(nil)
	}
	b.Done()
}

func TestOneBatchIsUnderWayAndTheRestIsTheNext(t *testing.T) {
	s := newSlow()
	s.put(1)
	s.put(2)
	s.put(3)
	require.Len(t, s.sent, 1)
	require.Len(t, s.sent[0].Add, 1, "nobody waited for company")
	s.answer()
	require.Len(t, s.sent, 1)
	require.Len(t, s.sent[0].Add, 2)
	s.take(1)
	s.answer()
	s.answer()
	require.Empty(t, s.sent)
	require.Equal(t, []string{"added 1", "added 2", "added 3", "removed 1"}, s.told)
	require.Equal(t, map[shape.ID]bool{2: true, 3: true}, s.state)
}

func TestAddRemoveAddOfOneIDEndsAdded(t *testing.T) {
	s := newSlow()
	s.put(9) // keeps the collector busy
	s.put(1)
	s.take(1)
	s.put(1)
	s.answer()
	s.answer()
	require.Equal(t, []string{"Shape unknown, id: 1 removed before registration completed", "added 9", "removed 1", "added 1"}, s.told)
	require.True(t, s.state[1])
}

func TestManyRemovalsGoInBatches(t *testing.T) {
	s := newSlow()
	ids := make([]shape.ID, 2*registrationBatch+1)
	for i := range ids {
		ids[i] = shape.ID(i + 1)
	}
	s.take(ids...)
	for n := range 3 {
		require.Len(t, s.sent, 1)
		require.LessOrEqual(t, len(s.sent[0].Remove), registrationBatch, n)
		s.answer()
	}
	require.Empty(t, s.sent)
	require.Len(t, s.told, len(ids))
}

func TestANewCollectorSettlesWhatWasAskedOfItsPredecessor(t *testing.T) {
	s := newSlow()
	s.take(1)
	s.take(2)
	s.put(3)
	late := s.sent[0]
	s.renewed()
	require.Equal(t, []string{"removed 1", "removed 2"}, s.told)
	s.take(4)
	late.Done()
	require.Len(t, s.sent, 2, "the answer of the predecessor is no answer to this batch")
	s.put(5)
	require.Len(t, s.sent, 2)
}

func TestWhatIsRegisteredIsWhatWasAskedForLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSlow()
		want := map[shape.ID]bool{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			id := shape.ID(rapid.IntRange(1, 5).Draw(t, "id"))
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				s.put(id)
				want[id] = true
			case 1:
				s.take(id)
				delete(want, id)
			case 2:
				if len(s.sent) > 0 {
					s.answer()
				}
			}
			require.LessOrEqual(t, len(s.sent), 1)
		}
		for len(s.sent) > 0 {
			s.answer()
		}
		require.Equal(t, want, s.state)
		require.Zero(t, s.pending.Len())
	})
}

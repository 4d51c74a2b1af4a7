package follow

import (
	"errors"
	"fmt"
	"strconv"

	"leyden/internal/shape"
)

// members is what a client of a shape with subqueries keeps besides the rows (spec where-and-subqueries §4.7.6). It is owned by Run.
//
// What it holds the server to: whether a place (a position and the hash of a value) is true is the same for all rows, and changes
// only by the moves that name it.
type members struct {
	form  *form // nil before the first row
	rows  map[string]*member
	truth map[place]bool
	move  *moveIn // nil unless its rows may come now
}

// member is why a row is in the shape.
type member struct {
	tags       []string
	places     []place // of tags
	conditions []bool
}

// place is what a pattern of a move names.
type place struct {
	pos  int
	hash string
}

// moveIn is a move whose rows may follow.
type moveIn struct {
	places map[place]bool
	rows   int
}

const (
	eventMoveIn  = "move-in"
	eventMoveOut = "move-out"
)

func newMembers() members {
	return members{rows: map[string]*member{}, truth: map[place]bool{}}
}

// event applies a move: it changes what is true of its places, and rows for which nothing holds any more are gone.
func (f *Follower) event(m *message) error {
	switch {
	case !f.o.Subqueries:
		return errors.New("a move in a shape without subqueries")
	case !f.complete:
		return errors.New("a move before snapshot-end")
	case m.Headers.Event != eventMoveIn && m.Headers.Event != eventMoveOut:
		return fmt.Errorf("unexpected event %q", m.Headers.Event)
	case len(m.Headers.Patterns) == 0:
		return errors.New("a move without patterns")
	case m.Headers.TxIDs == nil:
		return errors.New("a move without txids")
	case m.Headers.LSN != nil || m.Key != nil:
		return errors.New("a move with the fields of a change")
	}
	if err := f.endMove(); err != nil {
		return err
	}
	if err := f.unplaced(); err != nil {
		return err
	}
	in := m.Headers.Event == eventMoveIn
	named := map[place]bool{}
	for _, p := range m.Headers.Patterns {
		at := place{p.Pos, p.Value}
		form := f.members.form
		switch {
		case !isHash(p.Value):
			return fmt.Errorf("%q is no hash", p.Value)
		case p.Pos < 0 || form != nil && (p.Pos >= len(form.subquery) || !form.subquery[p.Pos]):
			return fmt.Errorf("a move of position %d, which tests for no subquery", p.Pos)
		case named[at]:
			return fmt.Errorf("position %d and %s twice in a move", p.Pos, p.Value)
		}
		named[at] = true
		f.members.truth[at] = in
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, row := range f.members.rows {
		touched := false
		for pos, at := range row.places {
			if named[at] {
				row.conditions[pos], touched = in, true
			}
		}
		if touched && !f.members.form.included(row.conditions) {
			delete(f.members.rows, key)
			delete(f.rows, key)
			f.movedOut++
		}
	}
	f.moves++
	if in {
		f.members.move = &moveIn{places: named}
	}
	return nil
}

// endMove checks that the rows of a move have been ended before anything else comes.
func (f *Follower) endMove() error {
	if move := f.members.move; move != nil && move.rows > 0 {
		return errors.New("the rows of a move are not followed by snapshot-end")
	}
	f.members.move = nil
	return nil
}

// moveEnds takes in the snapshot-end of a move.
func (f *Follower) moveEnds() error {
	move := f.members.move
	if move == nil || move.rows == 0 {
		return errors.New("a second snapshot-end")
	}
	f.members.move = nil
	return f.unplaced()
}

// unplaced gives a message that tells no offset the one that it has: the next after the message before it.
func (f *Follower) unplaced() error {
	at := shape.Offset{Tx: 1}
	if !f.applied.Virtual() {
		at = f.applied.Next()
	}
	if !f.offset.Less(at) {
		return fmt.Errorf("it is at %s, which a client that goes on from %s does not get", at, f.offset)
	}
	f.applied = at
	return nil
}

// logged is a message after the snapshot, as it came.
type logged struct {
	at  shape.Offset
	raw string
}

// repeated reports whether a message has been applied before: a client of events asks again from the last offset that it was
// told with up-to-date, and what came behind that comes again, byte for byte.
func (f *Follower) repeated(raw []byte) (bool, error) {
	if len(f.again) == 0 {
		return false, nil
	}
	if want := f.again[0].raw; want != string(raw) {
		return false, errors.New("where the log came to be read again there was " + strconv.Quote(want))
	}
	f.again = f.again[1:]
	return true, nil
}

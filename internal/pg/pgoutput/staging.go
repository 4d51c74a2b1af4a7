package pgoutput

import (
	"bytes"
	"unsafe"

	"leyden/internal/change"
)

// Values of staging.lengths that are not lengths.
const (
	lengthNull    = -1
	lengthSameOld = -2 // the value of the old row: unchanged TOAST, or equal to it
)

// staging buffers the changes of the open transaction in memory that it reuses, and cuts fragments off its front whose
// memory is allocated once, in the sizes needed: nothing that lives longer than a fragment shares memory with it.
type staging struct {
	rows    []stagedRow
	text    []byte
	lengths []int32 // of the cells of all rows: old before new
}

type stagedRow struct {
	op       change.Op
	relation *change.Relation
	pos      int64
	old, new bool
	textEnd  int   // where the row's text ends in staging.text
	received int64 // bytes of text that the server sent for the row
}

const (
	fragmentBytes = int64(unsafe.Sizeof(change.Fragment{}) + unsafe.Sizeof(change.Commit{}))
	changeBytes   = int64(unsafe.Sizeof(change.Change{}))
	cellBytes     = int64(unsafe.Sizeof([]byte(nil)))
)

// keepCapacity is the size above which a buffer is given up rather than kept for the next fragment.
const keepCapacity = 8 << 20

func (s *staging) len() int { return len(s.rows) }

func (s *staging) reset() {
	s.rows, s.text, s.lengths = s.rows[:0], s.text[:0], s.lengths[:0]
	if cap(s.text) > keepCapacity {
		s.text = nil
	}
}

func (s *staging) receivedBytes() (n int64) {
	if len(s.rows) == 0 {
		return 0
	}
	return s.rows[len(s.rows)-1].received
}

func (s *staging) add(rel *change.Relation, m *Message, pos int64) error {
	for i, c := range m.Old {
		if c.Kind == CellUnchanged {
			return malformed("the old row of a change of %s.%s lacks column %s", rel.Schema, rel.Name, rel.Columns[i].Name)
		}
		s.addCell(c)
	}
	for i, c := range m.New {
		switch {
		case c.Kind == CellUnchanged && m.Kind == KindInsert:
			return malformed("a row inserted into %s.%s lacks column %s", rel.Schema, rel.Name, rel.Columns[i].Name)
		case c.Kind == CellUnchanged, m.Kind == KindUpdate && sameText(c, m.Old[i]):
			s.lengths = append(s.lengths, lengthSameOld)
		default:
			s.addCell(c)
		}
	}
	s.rows = append(s.rows, stagedRow{
		op: change.Op(m.Kind), relation: rel, pos: pos,
		old: m.Kind != KindInsert, new: m.Kind != KindDelete,
		textEnd: len(s.text), received: s.receivedBytes() + m.TextBytes,
	})
	return nil
}

func sameText(a, b Cell) bool {
	return a.Kind == CellText && b.Kind == CellText && bytes.Equal(a.Text, b.Text)
}

func (s *staging) addTruncate(rel *change.Relation, pos int64) {
	s.rows = append(s.rows, stagedRow{op: change.Truncate, relation: rel, pos: pos, textEnd: len(s.text), received: s.receivedBytes()})
}

func (s *staging) addCell(c Cell) {
	if c.Kind == CellNull {
		s.lengths = append(s.lengths, lengthNull)
		return
	}
	s.lengths = append(s.lengths, int32(len(c.Text)))
	s.text = append(s.text, c.Text...)
}

// take cuts the first n changes off. Their bytes are copied into one allocation, their cells into another.
func (s *staging) take(n int) *change.Fragment {
	f := &change.Fragment{Retained: fragmentBytes}
	if n == 0 {
		return f
	}
	cells := 0
	for _, r := range s.rows[:n] {
		cells += r.cells()
	}
	textEnd, received := s.rows[n-1].textEnd, s.rows[n-1].received
	// Not a clone: the text of nothing but empty values must not be nil, which is NULL.
	t := tupler{text: make([]byte, textEnd), lengths: s.lengths[:cells], cells: make([][]byte, cells)}
	copy(t.text, s.text)
	f.Changes = make([]change.Change, n)
	for i, r := range s.rows[:n] {
		c := &f.Changes[i]
		c.Op, c.Relation, c.Pos = r.op, r.relation, r.pos
		if r.old {
			c.Old = t.next(len(r.relation.Columns), nil)
		}
		if r.new {
			c.New = t.next(len(r.relation.Columns), c.Old)
		}
	}
	f.Retained += int64(n)*changeBytes + int64(cells)*cellBytes + int64(cap(t.text))

	rows := append(s.rows[:0], s.rows[n:]...)
	text := append(s.text[:0], s.text[textEnd:]...)
	lengths := append(s.lengths[:0], s.lengths[cells:]...)
	for i := range rows {
		rows[i].textEnd -= textEnd
		rows[i].received -= received
	}
	if cap(text) > keepCapacity && len(text) < keepCapacity/2 {
		text = bytes.Clone(text)
	}
	s.rows, s.text, s.lengths = rows, text, lengths
	return f
}

func (r *stagedRow) cells() (n int) {
	if r.old {
		n += len(r.relation.Columns)
	}
	if r.new {
		n += len(r.relation.Columns)
	}
	return n
}

// tupler slices tuples off a fragment's text.
type tupler struct {
	text    []byte
	used    int
	lengths []int32
	cells   [][]byte
}

func (t *tupler) next(columns int, old change.Tuple) change.Tuple {
	tuple := change.Tuple(t.cells[:columns:columns])
	for i, length := range t.lengths[:columns] {
		switch length {
		case lengthNull:
		case lengthSameOld:
			tuple[i] = old[i]
		default:
			end := t.used + int(length)
			tuple[i] = t.text[t.used:end:end]
			t.used = end
		}
	}
	t.cells, t.lengths = t.cells[columns:], t.lengths[columns:]
	return tuple
}

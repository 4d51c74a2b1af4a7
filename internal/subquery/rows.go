package subquery

import (
	"bytes"
	"fmt"
	"slices"
)

// rows are the rows of an inner shape by their keys and by the hashes in their tags.
type rows struct {
	byKey  map[string]*row
	byHash map[slot][]place
	// forms are the ways in which tags were filled: for all rows of a shape it is one.
	forms map[string]*form
}

// row is a row of an inner shape. Without a form it has no tags, without conditions it is in the shape as long as it has.
type row struct {
	key        string
	value      Value
	form       *form
	hashes     []hashed
	conditions []bool
}

// hashed is a slot of a row and its place in the list of that slot.
type hashed struct {
	slot
	at int
}

// place is the row's slot n.
type place struct {
	row *row
	n   int
}

// form has the positions that each tag fills.
type form struct{ disjuncts [][]int }

func newRows() rows {
	return rows{byKey: map[string]*row{}, byHash: map[slot][]place{}, forms: map[string]*form{}}
}

// included says that no tags or no conditions speak against the row.
func (r *row) included() bool {
	return r.form == nil || r.conditions == nil || included(r.form.disjuncts, r.conditions)
}

// tag gives a row the tags and conditions of an item, and leaves it those that it has if the item has none.
func (s *rows) tag(r *row, it *item) error {
	if it.hasTags {
		f, hashes, err := s.parse(it.tags)
		if err != nil {
			return err
		}
		s.unlist(r)
		r.form = f
		r.hashes = hashes
		for i := range r.hashes {
			h := &r.hashes[i]
			h.at = len(s.byHash[h.slot])
			s.byHash[h.slot] = append(s.byHash[h.slot], place{r, i})
		}
	}
	if it.hasActive {
		r.conditions = append(make([]bool, 0, len(it.conditions)), it.conditions...)
	}
	if r.form != nil && r.conditions != nil {
		for _, positions := range r.form.disjuncts {
			if len(positions) > 0 && positions[len(positions)-1] >= len(r.conditions) {
				return fmt.Errorf("%w: %s has fewer conditions than its tags have slots", ErrLog, r.key)
			}
		}
	}
	return nil
}

// parse takes tags apart.
func (s *rows) parse(tags [][]byte) (*form, []hashed, error) {
	if len(tags) == 0 {
		return nil, nil, nil
	}
	var (
		name   []byte
		hashes []hashed
	)
	for _, tag := range tags {
		for position := 0; ; position++ {
			text, rest, more := bytes.Cut(tag, []byte{'/'})
			switch string(text) {
			case "":
			case "1":
				name = append(name, '1')
			default:
				h := hashed{slot: slot{position: position}}
				if err := h.slot.set(text); err != nil {
					return nil, nil, err
				}
				hashes = append(hashes, h)
				name = append(name, '1')
			}
			if !more {
				break
			}
			name = append(name, '/')
			tag = rest
		}
		name = append(name, ' ')
	}
	f := s.forms[string(name)]
	if f == nil {
		f = newForm(name, len(tags))
		s.forms[string(name)] = f
	}
	return f, slices.Clip(hashes), nil
}

// newForm reads what parse writes: 1 for a slot that is filled, and a blank at the end of a tag.
func newForm(name []byte, n int) *form {
	f := &form{disjuncts: make([][]int, n)}
	tag, position := 0, 0
	for _, c := range name {
		switch c {
		case '1':
			f.disjuncts[tag] = append(f.disjuncts[tag], position)
		case '/':
			position++
		default:
			tag++
			position = 0
		}
	}
	return f
}

func (s *rows) drop(r *row) {
	s.unlist(r)
	delete(s.byKey, r.key)
}

// unlist takes a row out of the lists of its hashes. The last of a list takes its place.
func (s *rows) unlist(r *row) {
	for _, h := range r.hashes {
		list := s.byHash[h.slot]
		last := list[len(list)-1]
		list[h.at] = last
		last.row.hashes[last.n].at = h.at
		list[len(list)-1] = place{}
		if list = list[:len(list)-1]; len(list) == 0 {
			delete(s.byHash, h.slot)
		} else {
			s.byHash[h.slot] = list
		}
	}
	r.hashes = nil
}

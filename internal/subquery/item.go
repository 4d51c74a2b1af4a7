package subquery

import (
	"encoding/hex"
	"errors"
	"fmt"
)

// item is a line of a shape's log as far as the values of the shape depend on it. Texts are parts of the line or of memory that
// the next line takes.
type item struct {
	operation []byte // none for a control message
	event     []byte // none for a row
	key       []byte
	// cells are those of the columns that were asked for, present says which the line has.
	cells   [][]byte
	present []bool

	tags       [][]byte
	conditions []bool
	hasTags    bool
	hasActive  bool
	patterns   []slot
	xids       []uint64
}

// slot is a hash at a position.
type slot struct {
	position int
	hash     [16]byte
}

// errHash reports a slot of a tag that is no hash.
var errHash = errors.New("a slot of a tag is neither empty nor 1 nor a hash")

func (s *slot) set(text []byte) error {
	if len(text) != 2*len(s.hash) {
		return errHash
	}
	if _, err := hex.Decode(s.hash[:], text); err != nil {
		return errHash
	}
	return nil
}

// read parses the item that r is at. columns are those that are asked for.
func (it *item) read(r *reader, columns []string) error {
	*it = item{cells: it.cells[:0], present: it.present[:0], tags: it.tags[:0], conditions: it.conditions[:0], patterns: it.patterns[:0], xids: it.xids[:0]}
	for range columns {
		it.cells, it.present = append(it.cells, nil), append(it.present, false)
	}
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "key":
			return r.text(&it.key)
		case "value":
			return it.readValue(r, columns)
		case "headers":
			return it.readHeaders(r)
		}
		return r.skip()
	})
	if err != nil {
		return fmt.Errorf("read an item of a log: %w", err)
	}
	return nil
}

func (it *item) readValue(r *reader, columns []string) error {
	return r.object(func(name []byte) error {
		asked := false
		for _, c := range columns {
			asked = asked || c == string(name)
		}
		if !asked {
			return r.skip()
		}
		var text []byte
		if !r.null() {
			if err := r.text(&text); err != nil {
				return err
			}
		}
		for i, c := range columns {
			if c == string(name) {
				it.cells[i], it.present[i] = text, true
			}
		}
		return nil
	})
}

func (it *item) readHeaders(r *reader) error {
	return r.object(func(name []byte) error {
		switch string(name) {
		case "operation":
			return r.text(&it.operation)
		case "event":
			return r.text(&it.event)
		case "tags":
			it.hasTags = true
			return r.array(func() error {
				var tag []byte
				err := r.text(&tag)
				it.tags = append(it.tags, tag)
				return err
			})
		case "active_conditions":
			it.hasActive = true
			return r.array(func() error {
				c, err := r.boolean()
				it.conditions = append(it.conditions, c)
				return err
			})
		case "patterns":
			return r.array(func() error { return it.readPattern(r) })
		case "txids":
			return r.array(func() error {
				n, err := r.number()
				it.xids = append(it.xids, n)
				return err
			})
		}
		return r.skip()
	})
}

func (it *item) readPattern(r *reader) error {
	var s slot
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "pos":
			n, err := r.number()
			s.position = int(n)
			return err
		case "value":
			var text []byte
			if err := r.text(&text); err != nil {
				return err
			}
			return s.set(text)
		}
		return r.skip()
	})
	it.patterns = append(it.patterns, s)
	return err
}

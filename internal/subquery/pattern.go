package subquery

import "strconv"

// Pattern finds the rows that have a hash at a position of one of their tags.
type Pattern struct {
	Position int
	Hash     Hash
}

// Event is what a message says of the rows that its patterns find: that the positions are true now, or that they are not.
type Event string

const (
	MoveIn  Event = "move-in"
	MoveOut Event = "move-out"
)

// AppendPatterns appends those of a move of values of a dependency: for every position that tests for it, every value. Values
// with a NULL have none: no row is equal to them. null adds, for a test of one column, the rows that have NULL there: they come
// and go with the first value of a negated dependency.
func (t *Tagger) AppendPatterns(dst []Pattern, dependency int, values []Value, null bool) []Pattern {
	for i := range t.dnf.Positions {
		p := &t.dnf.Positions[i]
		if p.Leaf != nil || p.Subquery != dependency {
			continue
		}
		for _, v := range values {
			if !v.HasNull() {
				dst = append(dst, Pattern{i, hash(t, p.Columns, v)})
			}
		}
		if null && len(p.Columns) == 1 {
			dst = append(dst, Pattern{i, hash(t, p.Columns, Null)})
		}
	}
	return dst
}

// AppendMove appends the control message of a move. xids are the transactions that caused it.
func AppendMove(dst []byte, event Event, patterns []Pattern, xids []uint64) []byte {
	dst = append(dst, `{"headers":{"event":"`...)
	dst = append(dst, event...)
	dst = append(dst, `","patterns":[`...)
	for i := range patterns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"pos":`...)
		dst = strconv.AppendInt(dst, int64(patterns[i].Position), 10)
		dst = append(dst, `,"value":"`...)
		dst = append(dst, patterns[i].Hash[:]...)
		dst = append(dst, '"', '}')
	}
	dst = append(dst, `],"txids":[`...)
	for i, x := range xids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, x, 10)
	}
	return append(dst, "]}}"...)
}

// AppendConditions appends the conditions of a row as a JSON array.
func AppendConditions(dst []byte, conditions []bool) []byte {
	dst = append(dst, '[')
	for i, c := range conditions {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendBool(dst, c)
	}
	return append(dst, ']')
}

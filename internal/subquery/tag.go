package subquery

import (
	"crypto/md5"
	"encoding/hex"
	"slices"

	"leyden/internal/where"
)

// Tagger makes the tags of a shape's rows, and the patterns that find them (spec where-and-subqueries §4.5). Both are hashes of
// values in their canonical form, under the stack and the handle of the shape whose log has them. It must not be used by two
// goroutines at once.
type Tagger struct {
	dnf     *where.DNF
	partial []bool // of each subquery: a row had a NULL among several columns
	start   int    // of the payload in bytes
	bytes   []byte // what is hashed: stack, handle, payload
}

// NewTagger makes the Tagger of the shape with that handle.
func NewTagger(stack, handle string, d *where.DNF) *Tagger {
	subqueries := 0
	for i := range d.Positions {
		subqueries = max(subqueries, d.Positions[i].Subquery+1)
	}
	return &Tagger{dnf: d, partial: make([]bool, subqueries), start: len(stack) + len(handle), bytes: []byte(stack + handle)}
}

// Partial reports whether a row was tagged that has a NULL among the several columns that are looked for in a subquery's result. It may
// be in, or not in, results without that a value equal to it comes or goes, so that no pattern finds it.
func (t *Tagger) Partial(subquery int) bool { return t.partial[subquery] }

// Hash is one slot of a tag in hexadecimal digits.
type Hash [2 * md5.Size]byte

// hash is the slot of a position with these columns for a row that has v in them.
func hash[T ~string | ~[]byte](t *Tagger, columns []string, v T) (h Hash) {
	t.bytes = t.bytes[:t.start]
	for i, n := 0, 0; i < len(v); n++ {
		if len(columns) > 1 {
			t.bytes = append(append(t.bytes, columns[n]...), ':')
		}
		from, to := cell(v, i)
		if from < 0 {
			t.bytes = append(t.bytes, "NULL"...)
		} else {
			t.bytes = append(append(t.bytes, "v:"...), v[from:to]...)
		}
		i = to
	}
	sum := md5.Sum(t.bytes)
	hex.Encode(h[:], sum[:])
	return h
}

// RowTags makes the tags of rows of one relation version. It is for the goroutine of its Tagger.
type RowTags struct {
	tagger *Tagger
	tests  []lhs
	of     []int // the test of each position, -1 for a condition of the row alone

	value    []byte
	old, new tags
}

// tags are those of a row, one behind the other. ends[i] is where the tag of disjunct i ends.
type tags struct {
	text   []byte
	ends   []int
	hashes []Hash
}

func (g *tags) at(i int) []byte {
	from := 0
	if i > 0 {
		from = g.ends[i-1]
	}
	return g.text[from:g.ends[i]]
}

// Bind resolves the columns: names[i] is the column at position i of a row. A missing column is an error.
func (t *Tagger) Bind(names []string) (*RowTags, error) {
	r := &RowTags{tagger: t, of: make([]int, len(t.dnf.Positions))}
	for i := range t.dnf.Positions {
		p := &t.dnf.Positions[i]
		if p.Leaf != nil {
			r.of[i] = -1
			continue
		}
		r.of[i] = slices.IndexFunc(r.tests, func(l lhs) bool { return l.same(p) })
		if r.of[i] >= 0 {
			continue
		}
		l, err := newLHS(p, names)
		if err != nil {
			return nil, err
		}
		r.of[i] = len(r.tests)
		r.tests = append(r.tests, l)
	}
	return r, nil
}

// make makes the tags of a row. A row that lacks columns, which is a defect of the caller, has NULL there.
func (r *RowTags) make(to *tags, row [][]byte) {
	to.text, to.ends, to.hashes = to.text[:0], to.ends[:0], to.hashes[:0]
	for i := range r.tests {
		r.value = r.value[:0]
		for n, at := range r.tests[i].at {
			var text []byte
			if at < len(row) {
				text = row[at]
			}
			r.value = appendCell(r.value, r.tests[i].canon[n], text)
		}
		if test := &r.tests[i]; len(test.at) > 1 && hasNull(r.value) {
			r.tagger.partial[test.dependency] = true
		}
		to.hashes = append(to.hashes, hash(r.tagger, r.tests[i].columns, r.value))
	}
	for _, positions := range r.tagger.dnf.Disjuncts {
		mine := positions
		for at, test := range r.of {
			if at > 0 {
				to.text = append(to.text, '/')
			}
			switch {
			case len(mine) == 0 || mine[0] != at:
				continue
			case test < 0:
				to.text = append(to.text, '1')
			default:
				to.text = append(to.text, to.hashes[test][:]...)
			}
			mine = mine[1:]
		}
		to.ends = append(to.ends, len(to.text))
	}
}

// Append appends the tags of a row as a JSON array: one of each disjunct, in their order.
func (r *RowTags) Append(dst []byte, row [][]byte) []byte {
	r.make(&r.new, row)
	dst = append(dst, '[')
	for i := range r.new.ends {
		dst = appendTag(dst, r.new.at(i))
	}
	return append(dst, ']')
}

// AppendRemoved appends those tags of the old row that the new one does not have, as a JSON array.
func (r *RowTags) AppendRemoved(dst []byte, old, new [][]byte) []byte {
	r.make(&r.old, old)
	r.make(&r.new, new)
	return append(r.appendRemoved(append(dst, '[')), ']')
}

// AppendUnion appends the tags of the new row and then those that AppendRemoved has, as a JSON array.
func (r *RowTags) AppendUnion(dst []byte, old, new [][]byte) []byte {
	r.make(&r.old, old)
	dst = r.Append(dst, new)
	return append(r.appendRemoved(dst[:len(dst)-1]), ']')
}

// appendRemoved compares disjunct by disjunct: tags of different ones differ in which slots are filled.
func (r *RowTags) appendRemoved(dst []byte) []byte {
	for i := range r.old.ends {
		if string(r.old.at(i)) != string(r.new.at(i)) {
			dst = appendTag(dst, r.old.at(i))
		}
	}
	return dst
}

// appendTag appends a tag, which has nothing to escape, to an array.
func appendTag(dst, tag []byte) []byte {
	if dst[len(dst)-1] != '[' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, tag...)
	return append(dst, '"')
}

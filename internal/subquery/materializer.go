package subquery

import (
	"fmt"
	"slices"

	"leyden/internal/where"
)

// Materializer knows the values of an inner shape: the selected columns of its rows, each value once (spec
// where-and-subqueries §4.3). It is first built from the shape's log, then fed with what happens to the rows.
//
// Of a shape whose rows have no tags it keeps no more than how many rows a value has. Rows with tags come and go by messages that
// name only tags, so that it keeps those too.
type Materializer struct {
	columns []string
	canon   []where.Canon
	tagged  bool
	ready   bool

	counts counts
	xids   []uint64
	rows   rows // nil maps when ready and not tagged

	reader   reader
	item     item
	old, new []byte
}

// NewMaterializer begins to build one from an empty log. columns is the select list, tagged says that the shape has
// subqueries of its own.
func NewMaterializer(columns []string, canon []where.Canon, tagged bool) *Materializer {
	return &Materializer{columns: columns, canon: canon, tagged: tagged, counts: newCounts(), rows: newRows()}
}

// Ready ends the building: what comes after it is told by Commit.
func (m *Materializer) Ready() error {
	m.ready = true
	if !m.tagged {
		m.rows = rows{}
	}
	_, _, err := m.Commit()
	return err
}

// Set is the values as of the last commit.
func (m *Materializer) Set() Set { return m.counts.set }

// Change takes the change of a row of a shape without tags, when ready: whether it was and is in the shape, and its selected
// columns before and after.
func (m *Materializer) Change(inOld, inNew bool, old, new [][]byte) {
	m.old, m.new = m.old[:0], m.new[:0]
	if inOld {
		m.old = AppendValue(m.old, m.canon, old)
	}
	if inNew {
		m.new = AppendValue(m.new, m.canon, new)
	}
	if inOld == inNew && string(m.old) == string(m.new) {
		return
	}
	if inOld {
		m.counts.add(Value(m.old), -1)
	}
	if inNew {
		m.counts.add(Value(m.new), 1)
	}
}

// Items takes a part of the log, items joined by commas: until Ready all of it, from the snapshot on, then that of a shape with
// tags. After an error, which is ErrLog or says that it is no JSON, the Materializer is of no use.
func (m *Materializer) Items(text []byte) error {
	if m.ready && !m.tagged {
		return fmt.Errorf("%w: items of a shape of which only values are known", ErrLog)
	}
	m.reader.reset(text)
	for m.reader.more() {
		if err := m.item.read(&m.reader, m.columns); err != nil {
			return err
		}
		if err := m.apply(&m.item); err != nil {
			return err
		}
	}
	return m.reader.end()
}

func (m *Materializer) apply(it *item) error {
	if m.ready {
		m.collect(it.xids)
	}
	switch string(it.operation) {
	case "insert":
		return m.insert(it)
	case "update":
		return m.update(it)
	case "delete":
		return m.delete(it)
	case "":
		switch Event(it.event) {
		case MoveIn:
			m.move(it.patterns, true)
		case MoveOut:
			m.move(it.patterns, false)
		}
		return nil // snapshot-end and the like concern readers
	}
	return fmt.Errorf("%w: operation %q", ErrLog, it.operation)
}

// collect gathers the transactions that contribute. Lines of one transaction follow each other.
func (m *Materializer) collect(xids []uint64) {
	for _, x := range xids {
		if n := len(m.xids); n == 0 || m.xids[n-1] != x {
			m.xids = append(m.xids, x)
		}
	}
}

// Commit closes what has come since the last one. It returns how the values have changed with it, and false if they have not.
func (m *Materializer) Commit(xids ...uint64) (Moves, bool, error) {
	m.collect(xids)
	contributed := m.xids
	m.xids = nil
	before := m.counts.set
	in, out, err := m.counts.commit()
	if err != nil || len(in)+len(out) == 0 {
		return Moves{}, false, err
	}
	slices.Sort(contributed)
	return Moves{In: in, Out: out, XIDs: slices.Compact(contributed), Before: before, After: m.counts.set}, true, nil
}

func (m *Materializer) insert(it *item) error {
	if m.rows.byKey[string(it.key)] != nil {
		return fmt.Errorf("%w: insert of %s, which is there", ErrLog, it.key)
	}
	if i := slices.Index(it.present, false); i >= 0 {
		return fmt.Errorf("%w: insert of %s without column %q", ErrLog, it.key, m.columns[i])
	}
	r := &row{key: string(it.key), value: Value(AppendValue(nil, m.canon, it.cells))}
	if err := m.rows.tag(r, it); err != nil {
		return err
	}
	m.rows.byKey[r.key] = r
	if r.included() {
		m.counts.add(r.value, 1)
	}
	return nil
}

func (m *Materializer) update(it *item) error {
	r := m.rows.byKey[string(it.key)]
	if r == nil {
		return fmt.Errorf("%w: update of %s, which is not there", ErrLog, it.key)
	}
	was, before := r.included(), r.value
	r.value = m.merge(r.value, it)
	if err := m.rows.tag(r, it); err != nil {
		return err
	}
	is := r.included()
	if was == is && before == r.value {
		return nil
	}
	if was {
		m.counts.add(before, -1)
	}
	if is {
		m.counts.add(r.value, 1)
	}
	return nil
}

// merge is v with the columns that an item has.
func (m *Materializer) merge(v Value, it *item) Value {
	m.new = m.new[:0]
	for i, at := 0, 0; at < len(m.columns); at++ {
		_, to := cell(v, i)
		if it.present[at] {
			m.new = appendCell(m.new, m.canon[at], it.cells[at])
		} else {
			m.new = append(m.new, v[i:to]...)
		}
		i = to
	}
	if string(m.new) == string(v) {
		return v
	}
	return Value(m.new)
}

func (m *Materializer) delete(it *item) error {
	r := m.rows.byKey[string(it.key)]
	if r == nil {
		return fmt.Errorf("%w: delete of %s, which is not there", ErrLog, it.key)
	}
	if r.included() {
		m.counts.add(r.value, -1)
	}
	m.rows.drop(r)
	return nil
}

// move applies a message that tells of conditions. A row that it takes out of the shape is gone: if it comes again, it is told
// as an insert. Rows without conditions are in the shape until one of their tags is named.
func (m *Materializer) move(patterns []slot, in bool) {
	was := map[*row]bool{}
	for _, p := range patterns {
		for _, at := range m.rows.byHash[p] {
			r := at.row
			if _, ok := was[r]; !ok {
				was[r] = r.included()
			}
			if r.conditions != nil {
				r.conditions[p.position] = in
			}
		}
	}
	for r, was := range was {
		is := r.included() && (in || r.conditions != nil)
		switch {
		case was && !is:
			m.counts.add(r.value, -1)
		case is && !was:
			m.counts.add(r.value, 1)
		}
		if !is && !in {
			m.rows.drop(r)
		}
	}
}

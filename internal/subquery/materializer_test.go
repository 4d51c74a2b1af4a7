package subquery

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/where"
)

// inner is a table with a shape of it, as the stream and the shape's log have them. The shape has the rows whose x is not "out".
type inner struct {
	rel         *change.Relation
	def         *shape.Definition
	projections *change.Projections
	rows        map[string]change.Tuple // by id
}

func newInner(replica shape.Replica) *inner {
	rel := &change.Relation{OID: 1, Schema: "public", Name: "t", Columns: []change.Column{{Name: "id"}, {Name: "x"}, {Name: "a"}, {Name: "b"}}}
	def := &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 1, Schema: "public", Name: "t"}, Key: []string{"id"}, Selected: []string{"a", "b", "id"}}, Replica: replica}
	return &inner{rel: rel, def: def, projections: change.NewProjections(), rows: map[string]change.Tuple{}}
}

func in(row change.Tuple) bool { return row != nil && string(row[1]) != "out" }

func (n *inner) emit(t require.TestingT, xid uint32, c change.Change) []byte {
	f := &change.Fragment{XID: xid, LSN: 10, Changes: []change.Change{c}}
	em := change.NewEmissions(1)
	items, err := em.Emit(n.projections.Encoder(), n.projections.For(n.def), f, f.Changes, 0, in(c.Old), in(c.New), false)
	require.NoError(t, err)
	var text []byte
	for i := range items {
		if i > 0 {
			text = append(text, ',')
		}
		text = items[i].AppendTo(text)
	}
	return text
}

// change makes a change of one row, and applies it.
func (n *inner) change(t *rapid.T) change.Change {
	text := rapid.SampledFrom([]any{"1", "1.0", "2", "2.00", `"x"` + "\n", nil})
	row := func(id string) change.Tuple {
		return cells(id, rapid.SampledFrom([]string{"in", "in", "out"}).Draw(t, "x"), text.Draw(t, "a"), text.Draw(t, "b"))
	}
	id := strconv.Itoa(rapid.IntRange(1, 6).Draw(t, "id"))
	old := n.rows[id]
	c := change.Change{Relation: n.rel, Old: old}
	switch {
	case old == nil:
		c.Op, c.New = change.Insert, row(id)
	case rapid.IntRange(0, 2).Draw(t, "op") == 0:
		c.Op = change.Delete
	default:
		c.Op = change.Update
		to := strconv.Itoa(rapid.IntRange(1, 6).Draw(t, "to"))
		if n.rows[to] != nil {
			to = id
		}
		c.New = row(to)
		if rapid.Bool().Draw(t, "keep") {
			c.New[2] = old[2]
		}
	}
	delete(n.rows, id)
	if c.New != nil {
		n.rows[string(c.New[0])] = c.New
	}
	return c
}

func (n *inner) values(canon []where.Canon) map[Value]bool {
	set := map[Value]bool{}
	for _, row := range n.rows {
		if in(row) {
			set[Value(AppendValue(nil, canon, [][]byte{row[3], row[2]}))] = true
		}
	}
	return set
}

func sortedKeys(set map[Value]bool) []Value { return slices.Sorted(maps.Keys(set)) }

func difference(a, b map[Value]bool) []Value {
	var out []Value
	for v := range a {
		if !b[v] {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return out
}

// However a materializer has come to a place of the stream, it knows the values of the rows, and tells how they change.
func TestTheValuesAreThoseOfTheRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newInner(rapid.SampledFrom([]shape.Replica{shape.ReplicaDefault, shape.ReplicaFull}).Draw(t, "replica"))
		columns, canon := []string{"b", "a"}, []where.Canon{where.CanonNumeric, where.CanonText}
		changes := func() []change.Change {
			all := make([]change.Change, rapid.IntRange(0, 6).Draw(t, "changes"))
			for i := range all {
				all[i] = n.change(t)
			}
			return all
		}
		changes() // what a snapshot has
		m := NewMaterializer(columns, canon, false)
		var snapshot []byte
		for _, row := range n.rows {
			if !in(row) {
				continue
			}
			if len(snapshot) > 0 {
				snapshot = append(snapshot, ',')
			}
			snapshot = append(snapshot, n.emit(t, 1, change.Change{Op: change.Insert, Relation: n.rel, New: row})...)
		}
		require.NoError(t, m.Items(snapshot))
		for range rapid.IntRange(0, 5).Draw(t, "logged") {
			for _, c := range changes() {
				require.NoError(t, m.Items(n.emit(t, 1, c)))
			}
		}
		require.NoError(t, m.Ready())
		require.Equal(t, sortedKeys(n.values(canon)), slices.Sorted(m.Set().All()))
		for xid := range uint64(rapid.IntRange(0, 8).Draw(t, "live")) {
			before := n.values(canon)
			for _, c := range changes() {
				var old, new [][]byte
				if c.Old != nil {
					old = [][]byte{c.Old[3], c.Old[2]}
				}
				if c.New != nil {
					new = [][]byte{c.New[3], c.New[2]}
				}
				m.Change(in(c.Old), in(c.New), old, new)
			}
			after := n.values(canon)
			moves, any, err := m.Commit(xid)
			require.NoError(t, err)
			require.Equal(t, difference(after, before), moves.In)
			require.Equal(t, difference(before, after), moves.Out)
			require.Equal(t, len(moves.In)+len(moves.Out) > 0, any)
			if any {
				require.Equal(t, []uint64{xid}, moves.XIDs)
			}
			require.Equal(t, sortedKeys(after), slices.Sorted(m.Set().All()))
		}
		require.Empty(t, m.rows.byKey)
	})
}

func TestChangesThatDoNotFitTheRowsAreErrors(t *testing.T) {
	insert := `{"key":"k","value":{"a":"1"},"headers":{"operation":"insert"}}`
	for name, text := range map[string]string{
		"insert twice":          insert + "," + insert,
		"unknown delete":        `{"key":"k","value":{"id":"1"},"headers":{"operation":"delete"}}`,
		"unknown update":        `{"key":"k","value":{"a":"1"},"headers":{"operation":"update"}}`,
		"no selected column":    `{"key":"k","value":{},"headers":{"operation":"insert"}}`,
		"operation":             `{"key":"k","value":{},"headers":{"operation":"upsert"}}`,
		"too few conditions":    `{"key":"k","value":{"a":"1"},"headers":{"operation":"insert","tags":["/1"],"active_conditions":[true]}}`,
		"no conditions for tag": insert + `,{"key":"k","value":{},"headers":{"operation":"update","tags":["/1"],"active_conditions":[]}}`,
	} {
		require.ErrorIs(t, NewMaterializer([]string{"a"}, canons(1), true).Items([]byte(text)), ErrLog, name)
	}
	m := NewMaterializer([]string{"a"}, canons(1), false)
	require.NoError(t, m.Items([]byte(insert)))
	require.NoError(t, m.Ready())
	require.ErrorIs(t, m.Items([]byte(insert)), ErrLog)
	m.Change(true, false, cells("2"), nil)
	_, _, err := m.Commit(1)
	require.ErrorIs(t, err, ErrLog)
}

func TestWhatCancelsIsNotTold(t *testing.T) {
	m := NewMaterializer([]string{"a"}, canons(1), false)
	require.NoError(t, m.Ready())
	m.Change(false, true, nil, cells("1"))
	m.Change(true, true, cells("1"), cells("2"))
	m.Change(true, false, cells("2"), nil)
	_, any, err := m.Commit(7)
	require.NoError(t, err)
	require.False(t, any)
	m.Change(false, true, nil, cells(nil))
	moves, any, err := m.Commit(9, 8, 9)
	require.NoError(t, err)
	require.True(t, any)
	require.Equal(t, Moves{In: []Value{Null}, XIDs: []uint64{8, 9}, Before: Empty, After: m.Set()}, moves)
}

// middle is an inner shape that has subqueries itself: `p IN q0 OR (q IN q1 AND n > 0)`, and a column v that another shape asks
// for.
type middle struct {
	program *Program
	tagger  *Tagger
	tags    *RowTags
	views   []Set
	rows    map[string][][]byte
	scratch where.Scratch
}

func newMiddle(t *rapid.T, leaf *where.Clause) *middle {
	d := &where.DNF{
		Positions: []where.Position{member(0, false, "p"), member(1, false, "q"), {Subquery: -1, Leaf: leaf}},
		Disjuncts: [][]int{{0}, {1, 2}},
	}
	names := []string{"id", "p", "q", "n", "v"}
	m := &middle{tagger: NewTagger("stack", "1-2", d), views: make([]Set, 2), rows: map[string][][]byte{}}
	var err error
	m.program, err = Bind(d, names)
	require.NoError(t, err)
	m.tags, err = m.tagger.Bind(names)
	require.NoError(t, err)
	return m
}

func (m *middle) conditions(t *rapid.T, row [][]byte, views []Set) []bool {
	if row == nil {
		return make([]bool, 3)
	}
	c, _, err := m.program.Conditions(row, views, &m.scratch, nil)
	require.NoError(t, err)
	return c
}

func (m *middle) values(t *rapid.T) []Value {
	set := map[Value]bool{}
	for _, row := range m.rows {
		if m.program.Included(m.conditions(t, row, m.views)) {
			set[Value(AppendValue(nil, canons(1), row[4:]))] = true
		}
	}
	return sortedKeys(set)
}

// line is what the log says of a row.
func (m *middle) line(t *rapid.T, operation string, row [][]byte, updated bool) string {
	v := "null"
	if row[4] != nil {
		v = strconv.Quote(string(row[4]))
	}
	body := `{"id":"` + string(row[0]) + `","v":` + v + `}`
	if !updated {
		body = `{"id":"` + string(row[0]) + `"}`
	}
	return fmt.Sprintf(`{"key":"%s","value":%s,"headers":{"operation":"%s","tags":%s,"active_conditions":%s,"txids":[5]}}`, row[0], body, operation,
		m.tags.Append(nil, row), AppendConditions(nil, m.conditions(t, row, m.views)))
}

// step makes what the log gets next.
func (m *middle) step(t *rapid.T) []string {
	text := rapid.SampledFrom([]any{"1", "2", "3", nil})
	if rapid.Bool().Draw(t, "change") {
		id := strconv.Itoa(rapid.IntRange(1, 5).Draw(t, "id"))
		old := m.rows[id]
		row := cells(id, text.Draw(t, "p"), text.Draw(t, "q"), rapid.SampledFrom([]string{"0", "1"}).Draw(t, "n"), text.Draw(t, "v"))
		if rapid.IntRange(0, 3).Draw(t, "delete") == 0 {
			row = nil
		}
		was, is := m.program.Included(m.conditions(t, old, m.views)), m.program.Included(m.conditions(t, row, m.views))
		delete(m.rows, id)
		if row != nil {
			m.rows[id] = row
		}
		switch {
		case was && is:
			return []string{m.line(t, "update", row, string(old[4]) != string(row[4]) || (old[4] == nil) != (row[4] == nil))}
		case was:
			return []string{m.line(t, "delete", old, false)}
		case is:
			return []string{m.line(t, "insert", row, true)}
		}
		return nil
	}
	dependency := rapid.IntRange(0, 1).Draw(t, "dependency")
	v := value(rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "value"))
	patterns := m.tagger.AppendPatterns(nil, dependency, []Value{v}, false)
	before := slices.Clone(m.views)
	if before[dependency].Contains(v) {
		m.views[dependency] = before[dependency].With(nil, []Value{v})
		return []string{string(AppendMove(nil, MoveOut, patterns, []uint64{6}))}
	}
	m.views[dependency] = before[dependency].With([]Value{v}, nil)
	lines := []string{string(AppendMove(nil, MoveIn, patterns, []uint64{6}))}
	for _, row := range m.rows {
		if m.program.Included(m.conditions(t, row, m.views)) && !m.program.Included(m.conditions(t, row, before)) {
			lines = append(lines, m.line(t, "insert", row, true))
		}
	}
	return append(lines, `{"headers":{"control":"snapshot-end","xmin":"1","xmax":"2","xip_list":[]}}`)
}

func TestTheValuesOfRowsThatComeAndGoByTheirTags(t *testing.T) {
	positive := leaf(t, "n > 0")
	rapid.Check(t, func(t *rapid.T) {
		log := newMiddle(t, positive)
		m := NewMaterializer([]string{"v"}, canons(1), true)
		for range rapid.IntRange(0, 30).Draw(t, "logged") {
			for _, line := range log.step(t) {
				require.NoError(t, m.Items([]byte(line)), line)
			}
		}
		require.NoError(t, m.Ready())
		require.Equal(t, log.values(t), slices.Sorted(m.Set().All()))
		for range rapid.IntRange(0, 30).Draw(t, "live") {
			before := m.Set()
			lines := log.step(t)
			for _, line := range lines {
				require.NoError(t, m.Items([]byte(line)), line)
			}
			moves, any, err := m.Commit()
			require.NoError(t, err)
			require.Equal(t, log.values(t), slices.Sorted(m.Set().All()))
			require.Equal(t, slices.Sorted(m.Set().All()), slices.Sorted(before.With(moves.In, moves.Out).All()))
			require.Equal(t, any, len(moves.In)+len(moves.Out) > 0)
			require.Equal(t, any, len(moves.XIDs) > 0)
			var held int
			for _, list := range m.rows.byHash {
				held += len(list)
			}
			require.Equal(t, 2*len(m.rows.byKey), held)
		}
	})
}

func BenchmarkChangesOfOneTransaction(b *testing.B) {
	m := NewMaterializer([]string{"a"}, canons(1), false)
	for _, v := range many(100_000) {
		m.counts.add(v, 1)
	}
	if err := m.Ready(); err != nil {
		b.Fatal(err)
	}
	old, new := cells("7"), cells("x")
	b.ReportAllocs()
	for b.Loop() {
		m.Change(true, true, old, new)
		if _, _, err := m.Commit(1); err != nil {
			b.Fatal(err)
		}
		old, new = new, old
	}
}

func BenchmarkReplayOfARow(b *testing.B) {
	var lines [][]byte
	for i := range 10_000 {
		lines = append(lines, []byte(fmt.Sprintf(`{"key":"\"public\".\"t\"/\"%d\"","value":{"a":"%d","b":"some text","id":"%d"},"headers":{"operation":"insert","relation":["public","t"]}}`, i, i, i)))
	}
	m := NewMaterializer([]string{"a"}, canons(1), false)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(lines) == 0 {
			m = NewMaterializer([]string{"a"}, canons(1), false)
		}
		if err := m.Items(lines[i%len(lines)]); err != nil {
			b.Fatal(err)
		}
	}
}

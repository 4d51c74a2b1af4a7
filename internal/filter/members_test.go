package filter

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/internal/where"
)

// parents is a table that subqueries read: it has the columns of items.
func parents(string, string) ([]where.Column, error) { return itemColumns(), nil }

func outerDefinition(t testing.TB, clause string) *shape.Definition {
	c, err := where.CompileWith(clause, nil, itemColumns(), parents)
	require.NoError(t, err, clause)
	d := definition(t, "")
	d.Where = c
	return d
}

// addInner registers inner shapes.
func addInner(f *Filter, ids ...shape.ID) {
	for _, id := range ids {
		f.Add(id, &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 2, Schema: "public", Name: "parents"}}})
	}
}

// value is the value of some columns' texts, by the canonical form of the columns of items.
func value(columns []string, texts ...any) subquery.Value {
	var b []byte
	for i, column := range columns {
		canon := map[string]where.Canon{"price": where.CanonNumeric, "code": where.CanonPadded, "done": where.CanonBool, "ratio": where.CanonFloat}[column]
		b = subquery.AppendValue(b, []where.Canon{canon}, tuple(texts[i]))
	}
	return subquery.Value(b)
}

func values1(column string, texts ...any) subquery.Set {
	var all []subquery.Value
	for _, text := range texts {
		all = append(all, value([]string{column}, text))
	}
	return subquery.Empty.With(all, nil)
}

func moves(before subquery.Set, in, out []subquery.Value) *subquery.Moves {
	return &subquery.Moves{In: in, Out: out, Before: before, After: before.With(in, out)}
}

func item(id, tenant any) change.Tuple { return tuple(id, tenant, "a", "1", "c", "t", nil, nil) }

func TestARowConcernsTheShapesInWhoseResultItsValueIs(t *testing.T) {
	f, r := New(), itemRelation(1)
	addInner(f, 101, 102, 103)
	tenant, pair := []string{"tenant"}, []string{"id", "title"}
	f.AddOuter(1, outerDefinition(t, "tenant IN (SELECT tenant FROM parents)"), []shape.ID{101})
	f.AddOuter(2, outerDefinition(t, "tenant IN (SELECT tenant FROM parents WHERE done)"), []shape.ID{102})
	f.AddOuter(3, outerDefinition(t, "tenant IN (SELECT tenant FROM parents WHERE done) AND id > 5"), []shape.ID{102})
	f.AddOuter(4, outerDefinition(t, "(id, title) IN (SELECT id, title FROM parents)"), []shape.ID{103})
	f.AddOuter(5, outerDefinition(t, "tenant IN (SELECT tenant FROM parents WHERE done) OR id = 9"), []shape.ID{102})
	f.AddOuter(6, outerDefinition(t, "tenant NOT IN (SELECT tenant FROM parents)"), []shape.ID{101})
	require.Equal(t, []shape.ID{1, 2, 4, 5, 6}, affected(f, insert(r, item(1, 7))), "no result is known")
	require.Equal(t, []shape.ID{6}, affected(f, insert(r, item(nil, nil))), "NULL is in no result")

	f.Members(101, tenant, 1, values1("tenant", 7))
	f.Members(102, tenant, 1, values1("tenant", 8, 9))
	f.Members(103, pair, 1, subquery.Empty.With([]subquery.Value{value(pair, 1, "a"), value(pair, 2, "b")}, nil))
	require.Equal(t, []shape.ID{1, 2, 4, 5, 6}, affected(f, insert(r, item(1, 7))), "no shape has reported")
	for id := shape.ID(1); id <= 6; id++ {
		f.Settled(id, []uint64{1})
	}
	for _, c := range []struct {
		row  change.Tuple
		want []shape.ID
	}{
		{item(1, 7), []shape.ID{1, 4, 6}},
		{item(2, 7), []shape.ID{1, 6}},
		{item(6, 8), []shape.ID{2, 3, 5, 6}},
		{item(5, 9), []shape.ID{2, 5, 6}},
		{item(9, 1), []shape.ID{5, 6}},
		{item(nil, nil), []shape.ID{6}},
	} {
		require.Equal(t, c.want, affected(f, insert(r, c.row)), "%q", c.row)
		require.Equal(t, c.want, affected(f, &change.Change{Op: change.Delete, Relation: r, Old: c.row}))
	}
	require.Equal(t, []shape.ID{1, 2, 5, 6}, affected(f, &change.Change{Op: change.Update, Relation: r, Old: item(3, 7), New: item(3, 8)}))
	require.Equal(t, []shape.ID{1, 6}, affected(f, &change.Change{Op: change.Update, Relation: r, Old: item(3, 7), New: item(3, 7)}))
	require.Len(t, f.Affected(&change.Change{Op: change.Truncate, Relation: r}, nil), 6)
	require.Zero(t, f.Errors())
	short := &change.Relation{OID: 1, Schema: "public", Name: "items", Columns: r.Columns[:1]}
	require.Equal(t, []shape.ID{1, 2, 3, 4, 5, 6}, affected(f, insert(short, tuple(9))), "what the row lacks may be anything")
	require.NotZero(t, f.Errors())
	alter := itemRelation(1)
	alter.Columns[1].TypeOID = 9
	require.ElementsMatch(t, []shape.ID{1, 2, 3, 5, 6}, exceptAll(f, r, alter))
}

// exceptAll are the shapes that a relation ends because of their clause.
func exceptAll(f *Filter, old, new *change.Relation) []shape.ID {
	for id := shape.ID(1); id <= 6; id++ {
		d := f.shapes.Get(uint64(id)).def
		d.SelectsAll, d.Selected = false, []string{"id"}
	}
	return f.AffectedByRelation(old, new, nil)
}

func TestAValueThatWentIsFoundUntilNoViewHasIt(t *testing.T) {
	f, r := New(), itemRelation(1)
	addInner(f, 101)
	tenant := []string{"tenant"}
	for id := shape.ID(1); id <= 3; id++ {
		f.AddOuter(id, outerDefinition(t, "tenant IN (SELECT tenant FROM parents)"), []shape.ID{101})
	}
	set := values1("tenant", 7, 8)
	f.Members(101, tenant, 1, set)
	f.Settled(1, []uint64{1})
	f.Settled(2, []uint64{1})
	seven := []subquery.Value{value(tenant, 7)}
	out := moves(set, nil, seven)
	f.MembersMoved(101, tenant, 2, out)
	require.Equal(t, []shape.ID{1, 2, 3}, affected(f, insert(r, item(1, 7))))
	f.Settled(1, []uint64{2})
	require.Equal(t, []shape.ID{1, 2, 3}, affected(f, insert(r, item(1, 7))), "shape 2 may have it")
	f.Settled(3, []uint64{2})
	f.Settled(3, []uint64{1})
	require.Equal(t, []shape.ID{1, 2, 3}, affected(f, insert(r, item(1, 7))))
	in := moves(out.After, seven, nil)
	f.MembersMoved(101, tenant, 3, in)
	f.Settled(2, []uint64{2})
	require.Equal(t, []shape.ID{1, 2, 3}, affected(f, insert(r, item(1, 7))), "it came back")
	again := moves(in.After, nil, seven)
	f.MembersMoved(101, tenant, 4, again)
	for id := shape.ID(1); id <= 2; id++ {
		f.Settled(id, []uint64{4})
	}
	require.Equal(t, []shape.ID{1, 2, 3}, affected(f, insert(r, item(1, 7))))
	f.Remove(3)
	require.Empty(t, affected(f, insert(r, item(1, 7))), "nobody else waits for it")
	require.Equal(t, []shape.ID{1, 2}, affected(f, insert(r, item(1, 8))))
	s := f.sourceOf(newResultOf(101, tenant))
	require.Empty(t, s.gone)
	require.Empty(t, s.went)
}

func TestAShapeThatComesLaterIsFoundByAnyValueUntilItReports(t *testing.T) {
	f, r := New(), itemRelation(1)
	addInner(f, 101)
	tenant := []string{"tenant"}
	f.AddOuter(1, outerDefinition(t, "tenant IN (SELECT tenant FROM parents)"), []shape.ID{101})
	f.Members(101, tenant, 5, values1("tenant", 7))
	f.Settled(1, []uint64{5})
	f.AddOuter(2, outerDefinition(t, "tenant IN (SELECT tenant FROM parents)"), []shape.ID{101})
	require.Equal(t, []shape.ID{2}, affected(f, insert(r, item(1, 1))))
	f.Settled(2, []uint64{6})
	require.Equal(t, []shape.ID{2}, affected(f, insert(r, item(1, 1))), "the report is of another source")
	f.Settled(2, []uint64{5})
	require.Empty(t, affected(f, insert(r, item(1, 1))))
	require.Equal(t, []shape.ID{1, 2}, affected(f, insert(r, item(1, 7))))

	f.Members(101, tenant, 1, values1("tenant", 1))
	require.Equal(t, []shape.ID{1, 2}, affected(f, insert(r, item(1, 2))), "who numbers anew knows nothing of the views")
	f.Settled(1, []uint64{1})
	require.Equal(t, []shape.ID{2}, affected(f, insert(r, item(1, 2))))
	f.MembersMoved(101, tenant, 3, moves(values1("tenant", 4), []subquery.Value{value(tenant, 3)}, nil))
	require.Equal(t, []shape.ID{1, 2}, affected(f, insert(r, item(1, 2))), "a transaction is missing")
	f.Settled(1, []uint64{2})
	require.Equal(t, []shape.ID{1, 2}, affected(f, insert(r, item(1, 2))), "it may have what went with that")
	f.MembersMoved(101, tenant, 4, &subquery.Moves{In: []subquery.Value{value(tenant, 3)}})
	f.Settled(1, []uint64{4})
	require.Equal(t, []shape.ID{1, 2}, affected(f, insert(r, item(1, 2))), "the result is not known")
}

func TestAResultIsKnownToShapesThatComeLaterAndForgottenWithWhoTellsOfIt(t *testing.T) {
	f, r := New(), itemRelation(1)
	tenant := []string{"tenant"}
	f.Members(101, tenant, 4, values1("tenant", 7))
	require.Zero(t, f.sources.Len(), "the inner shape is gone")
	addInner(f, 101)
	f.Members(101, tenant, 4, values1("tenant", 7))
	for id := shape.ID(1); id <= 2; id++ {
		f.AddOuter(id, outerDefinition(t, "tenant IN (SELECT tenant FROM parents)"), []shape.ID{101})
		f.Settled(id, []uint64{4})
	}
	require.Empty(t, affected(f, insert(r, item(1, 1))))
	f.MembersOver(101, tenant)
	require.Equal(t, []shape.ID{1, 2}, affected(f, insert(r, item(1, 1))))
	f.Remove(1)
	f.Remove(2)
	require.Zero(t, f.sources.Len())
	f.Members(101, tenant, 1, values1("tenant", 7))
	require.Equal(t, 1, f.sources.Len())
	f.Remove(101)
	require.Zero(t, f.sources.Len())
}

func TestTheBetterOfAResultAndAConstantIsTaken(t *testing.T) {
	f := New()
	for i := range 100 {
		f.AddOuter(shape.ID(i+1), outerDefinition(t, fmt.Sprintf("tenant = %d AND id IN (SELECT id FROM parents)", i)), []shape.ID{1001})
	}
	table := f.tables[name{"public", "items"}]
	require.Empty(t, table.members, "each tenant is asked for once")
	require.Empty(t, table.residuals)
	for i := range 100 {
		f.AddOuter(shape.ID(i+201), outerDefinition(t, fmt.Sprintf("tenant = 5 AND id IN (SELECT id FROM parents WHERE tenant = %d)", i)), []shape.ID{shape.ID(2000 + i)})
	}
	require.Len(t, table.members, 1)
	require.Greater(t, len(table.members[0].groups), 90, "a tenant of many shapes says less than their results")
	require.Len(t, table.residuals, 1)
}

func TestGroupsOfOneValueAreFoundThroughIt(t *testing.T) {
	var h holders
	a, b, c := &group{number: 0}, &group{number: 1}, &group{number: 2}
	for i, g := range []*group{a, b, c} {
		require.EqualValues(t, i, h.enter(g))
	}
	h.add(1, 0)
	h.add(1, 2)
	h.add(1, 1)
	h.add(1, 1) // another value with the same hash
	require.ElementsMatch(t, []*group{a, b, c}, slices.Collect(h.of(1)))
	h.remove(1, 1)
	h.remove(1, 0)
	require.ElementsMatch(t, []*group{b, c}, slices.Collect(h.of(1)))
	h.remove(1, 1)
	h.remove(1, 2)
	require.True(t, h.empty())
	h.leave(1)
	require.EqualValues(t, 1, h.enter(b))
}

// TestTheLargestResultsAreAsked has results overtake each other, and checks that the map has the values of the others.
func TestTheLargestResultsAreAsked(t *testing.T) {
	f, r := New(), itemRelation(1)
	id := []string{"id"}
	numbers := func(from, n int) (all []subquery.Value) {
		for i := range n {
			all = append(all, value(id, from+i))
		}
		return all
	}
	const results = 12
	sets := make([]subquery.Set, results)
	for i := range results {
		addInner(f, shape.ID(100+i))
		f.AddOuter(shape.ID(i+1), outerDefinition(t, fmt.Sprintf("id IN (SELECT id FROM parents WHERE tenant = %d)", i)), []shape.ID{shape.ID(100 + i)})
		sets[i] = subquery.Empty.With(numbers(1000*i, 10), nil)
		f.Members(shape.ID(100+i), id, 1, sets[i])
		f.Settled(shape.ID(i+1), []uint64{1})
	}
	m := f.tables[name{"public", "items"}].members[0]
	found := func(asked ...int) {
		t.Helper()
		for i := range results {
			g := m.groups[f.sourceOf(newResultOf(shape.ID(100+i), id))]
			require.Equal(t, slices.Contains(asked, i), g.found == foundAsking, "%d", i)
			for n, v := range map[int]bool{1000 * i: true, 1000*i + sets[i].Len() - 1: true, 1000*i + sets[i].Len(): false} {
				require.Equal(t, map[bool][]shape.ID{true: {shape.ID(i + 1)}}[v], f.Affected(insert(r, item(n, nil)), nil), "%d", n)
			}
		}
		rapid.Check(t, func(t *rapid.T) { checkHolders(t, m) })
	}
	move := func(i int, number uint64, in, out []subquery.Value) {
		moves := moves(sets[i], in, out)
		f.MembersMoved(shape.ID(100+i), id, number, moves)
		f.Settled(shape.ID(i+1), []uint64{number})
		sets[i] = moves.After
	}
	found(0, 1, 2, 3)
	for i := 4; i < 8; i++ {
		move(i, 2, numbers(1000*i+10, 100), nil)
	}
	found(4, 5, 6, 7)
	move(5, 3, nil, numbers(5001, 109))
	move(11, 2, numbers(11010, 800), nil)
	found(4, 6, 7, 11)
	f.Remove(12)
	f.AddOuter(12, outerDefinition(t, "id IN (SELECT id FROM parents WHERE tenant = 11)"), []shape.ID{111})
	f.Members(111, id, 1, sets[11])
	f.Settled(12, []uint64{1})
	found(4, 6, 7, 11)
}

// atoms are tests of membership; the same inner shape is asked for different columns of it.
var atoms = []struct {
	lhs, rhs []string
	where    string
}{
	{[]string{"id"}, []string{"id"}, ""}, {[]string{"id"}, []string{"id"}, " WHERE done"}, {[]string{"tenant"}, []string{"tenant"}, ""}, {[]string{"price"}, []string{"price"}, ""},
	{[]string{"code"}, []string{"code"}, ""}, {[]string{"ratio"}, []string{"ratio"}, ""}, {[]string{"done"}, []string{"done"}, ""}, {[]string{"id", "title"}, []string{"id", "title"}, ""},
	{[]string{"title", "id"}, []string{"title", "id"}, ""}, {[]string{"id", "id"}, []string{"id", "id"}, ""},
	{[]string{"id"}, []string{"id"}, " WHERE id = 1"}, {[]string{"id"}, []string{"id"}, " WHERE id = 2"}, {[]string{"id"}, []string{"id"}, " WHERE id = 3"},
	{[]string{"id"}, []string{"id"}, " WHERE id = 4"}, {[]string{"id"}, []string{"id"}, " WHERE id = 5"}, {[]string{"id"}, []string{"id"}, " WHERE id = 6"},
}

func outerClause(t *rapid.T, depth int) string {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		if rapid.IntRange(0, 2).Draw(t, "plain") == 0 {
			return clause(t, 1)
		}
		a := rapid.SampledFrom(atoms).Draw(t, "atom")
		not := rapid.SampledFrom([]string{"", "", "", "NOT "}).Draw(t, "not")
		return fmt.Sprintf("(%s) %sIN (SELECT %s FROM parents%s)", strings.Join(a.lhs, ", "), not, strings.Join(a.rhs, ", "), a.where)
	}
	return "(" + outerClause(t, depth-1) + rapid.SampledFrom([]string{") AND (", ") AND (", ") OR (", ") AND NOT ("}).Draw(t, "op") + outerClause(t, depth-1) + ")"
}

// follower is the model of who follows an inner shape for some columns.
type follower struct {
	inner   shape.ID
	columns []string
	number  uint64
	first   uint64 // that the filter follows without a gap
	set     subquery.Set
	alive   bool
}

// view is the model of what a shape has of a result: the values that it may have when it meets a transaction that is routed now.
type view struct {
	of       *follower
	now      subquery.Set
	coming   []subquery.Value // while rows are read, or that it was told of
	inbox    []told
	seen     uint64
	reported bool
}

type told struct {
	number uint64
	*subquery.Moves
}

type consumer struct {
	def      *shape.Definition
	dnf      *where.DNF
	views    []*view
	attached bool
}

// may reports whether the clause is true of a row with the views as they may be. Tests of membership of which nothing is known, and
// negated ones, count as true.
func (c *consumer) may(t *rapid.T, r *change.Relation, row change.Tuple) bool {
	if row == nil {
		return false
	}
	names := make([]string, len(r.Columns))
	for i, column := range r.Columns {
		names[i] = column.Name
	}
	var scratch where.Scratch
	var buffer []byte
	return slices.ContainsFunc(c.dnf.Disjuncts, func(disjunct []int) bool {
		return !slices.ContainsFunc(disjunct, func(i int) bool {
			p := &c.dnf.Positions[i]
			if p.Subquery >= 0 {
				v := c.views[p.Subquery]
				var cells [][]byte
				for _, column := range p.Columns {
					cells = append(cells, row[slices.Index(names, column)])
				}
				key := subquery.Value(subquery.AppendValue(nil, p.Canon, cells))
				if p.Negated || !v.reported && !key.HasNull() {
					return false
				}
				return v.now.With(v.coming, nil).Test([]byte(key), &buffer) != where.True
			}
			program, err := p.Leaf.Bind(names)
			require.NoError(t, err)
			truth, err := program.Eval(row, &scratch)
			return err != nil || truth != map[bool]where.Truth{false: where.True, true: where.False}[p.Negated]
		})
	})
}

// TestFilterFindsEveryShapeWhoseViewsMayHaveARow drives a filter, inner shapes and outer ones with random calls: results change, and
// shapes come to know of it late and in parts.
func TestFilterFindsEveryShapeWhoseViewsMayHaveARow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, r := New(), itemRelation(1)
		shapes := map[shape.ID]*consumer{}
		followers := map[string]*follower{}
		inner := map[string]shape.ID{}
		next := shape.ID(1)
		some := func(t *rapid.T) (shape.ID, *consumer) {
			ids := slices.Sorted(maps.Keys(shapes))
			if len(ids) == 0 {
				t.Skip("no shape")
			}
			id := rapid.SampledFrom(ids).Draw(t, "shape")
			return id, shapes[id]
		}
		subscribed := func(fo *follower) bool {
			for _, c := range shapes {
				if c.attached && slices.ContainsFunc(c.views, func(v *view) bool { return v.of == fo }) {
					return true
				}
			}
			return false
		}
		drawn := func(t *rapid.T, columns []string) subquery.Value {
			cells := make([]any, len(columns))
			for i, column := range columns {
				if text := rapid.SampledFrom(append([]string{""}, texts(column)...)).Draw(t, "cell"); text != "" {
					cells[i] = text
				}
			}
			return value(columns, cells...)
		}
		report := func(id shape.ID, c *consumer) {
			numbers := make([]uint64, len(c.views))
			for i, v := range c.views {
				if numbers[i] = v.seen; v.seen > 0 && v.seen >= v.of.first {
					v.reported = true
				}
			}
			f.Settled(id, numbers)
		}
		transaction := func(t *rapid.T, fo *follower) *subquery.Moves {
			m := &subquery.Moves{Before: fo.set}
			for range rapid.IntRange(1, 4).Draw(t, "values") {
				v := drawn(t, fo.columns)
				switch {
				case slices.Contains(m.In, v) || slices.Contains(m.Out, v):
				case fo.set.Contains(v):
					m.Out = append(m.Out, v)
				default:
					m.In = append(m.In, v)
				}
			}
			fo.number++
			fo.set = fo.set.With(m.In, m.Out)
			m.After = fo.set
			for _, c := range shapes {
				for _, v := range c.views {
					if c.attached && v.of == fo {
						v.inbox = append(v.inbox, told{fo.number, m})
						v.coming = append(v.coming, m.In...)
					}
				}
			}
			return m
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				text := outerClause(t, 2)
				clause, err := where.CompileWith(text, nil, itemColumns(), parents)
				if err != nil || !clause.HasSubqueries() {
					t.Skip("both polarities, or none")
				}
				d := &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 1, Schema: "public", Name: "items"}}, Where: clause}
				c := &consumer{def: d, dnf: clause.DNF()}
				var dependencies []shape.ID
				for _, q := range clause.Subqueries() {
					key := strings.Join(slices.Sorted(slices.Values(q.Columns)), ",")
					if q.Where != nil {
						key += " " + q.Where.SQL()
					}
					if inner[key] == 0 {
						inner[key] = shape.ID(1000 + len(inner))
						addInner(f, inner[key])
					}
					dependencies = append(dependencies, inner[key])
					result := key + " of " + strings.Join(q.Columns, ",")
					if followers[result] == nil {
						followers[result] = &follower{inner: inner[key], columns: q.Columns}
					}
					c.views = append(c.views, &view{of: followers[result]})
				}
				f.AddOuter(next, d, dependencies)
				shapes[next] = c
				next++
			},
			"remove": func(t *rapid.T) {
				id, _ := some(t)
				delete(shapes, id)
				f.Remove(id)
				for _, fo := range followers {
					if fo.alive && !subscribed(fo) {
						fo.alive = false
						f.MembersOver(fo.inner, fo.columns)
					}
				}
			},
			"attach": func(t *rapid.T) {
				_, c := some(t)
				if c.attached {
					t.Skip("attached")
				}
				c.attached = true
				for _, v := range c.views {
					if !v.of.alive {
						v.of.alive, v.of.number, v.of.first = true, 1, 1
						v.of.set = subquery.Empty.With([]subquery.Value{drawn(t, v.of.columns), drawn(t, v.of.columns)}, nil)
					}
					f.Members(v.of.inner, v.of.columns, v.of.number, v.of.set)
					v.now, v.seen = v.of.set, v.of.number
				}
			},
			"inner transaction": func(t *rapid.T) {
				keys := slices.Sorted(maps.Keys(followers))
				if len(keys) == 0 {
					t.Skip("no result")
				}
				fo := followers[rapid.SampledFrom(keys).Draw(t, "result")]
				if !fo.alive {
					t.Skip("nobody follows it")
				}
				if rapid.IntRange(0, 9).Draw(t, "lost") == 0 {
					transaction(t, fo) // of which the filter hears nothing
					for _, c := range shapes {
						for _, v := range c.views {
							v.reported = v.reported && v.of != fo
						}
					}
					fo.first = fo.number + 1
				}
				m := transaction(t, fo)
				f.MembersMoved(fo.inner, fo.columns, fo.number, m)
			},
			"take moves": func(t *rapid.T) {
				id, c := some(t)
				for _, v := range c.views {
					n := rapid.IntRange(0, len(v.inbox)).Draw(t, "moves")
					for _, m := range v.inbox[:n] {
						v.now = v.now.With(m.In, nil).With(nil, m.Out)
						v.seen = m.number
					}
					v.inbox = v.inbox[n:]
					v.coming = nil
					for _, m := range v.inbox {
						v.coming = append(v.coming, m.In...)
					}
				}
				if c.attached && rapid.Bool().Draw(t, "report") {
					report(id, c)
				}
			},
			"change": func(t *rapid.T) {
				c := &change.Change{Op: change.Op(rapid.SampledFrom([]byte("IUD")).Draw(t, "op")), Relation: r}
				if c.Op != change.Delete {
					c.New = randomRow(t)
				}
				if c.Op != change.Insert {
					c.Old = randomRow(t)
				}
				got := f.Affected(c, nil)
				slices.Sort(got)
				require.Equal(t, got, slices.Compact(slices.Clone(got)), "an id twice")
				for id, o := range shapes {
					if o.may(t, r, c.New) || o.may(t, r, c.Old) {
						require.Contains(t, got, id, "%s", o.def.Where.SQL())
					}
				}
				for _, id := range got {
					require.Contains(t, shapes, id)
				}
			},
			"": func(t *rapid.T) {
				require.NoError(t, f.Fault())
				for _, table := range f.tables {
					for _, m := range table.members {
						checkHolders(t, m)
					}
				}
			},
		})
		for id, c := range shapes {
			for _, v := range c.views {
				for _, m := range v.inbox {
					v.seen = m.number
				}
			}
			if c.attached {
				report(id, c)
			}
		}
		if !slices.ContainsFunc(slices.Collect(maps.Values(shapes)), func(c *consumer) bool { return !c.attached }) {
			for _, of := range f.sources.All() {
				for _, s := range of {
					require.Empty(t, s.went, "all have settled")
					require.Empty(t, s.gone)
				}
			}
		}
		innerFirst := rapid.Bool().Draw(t, "inner shapes go first")
		for range 2 {
			if innerFirst {
				for _, id := range inner {
					f.Remove(id)
				}
			} else {
				for id := range shapes {
					f.Remove(id)
				}
			}
			innerFirst = !innerFirst
		}
		require.Empty(t, f.tables)
		require.Zero(t, f.outers.Len())
		require.Zero(t, f.sources.Len())
	})
}

// checkHolders compares the map from values to groups with the contents of the sources.
func checkHolders(t *rapid.T, m *memberships) {
	want := map[uint64]map[uint32]uint32{}
	for _, g := range m.groups {
		require.Equal(t, g.loose > 0, g.found == foundAlways || !g.fresh.empty())
		require.Equal(t, g.found == foundAsking, slices.Contains(m.asked, g))
		require.Equal(t, g.source.known, g.found != foundAlways)
		if g.found != foundInverted {
			continue
		}
		for v := range g.source.all() {
			h := m.hash(v)
			if want[h] == nil {
				want[h] = map[uint32]uint32{}
			}
			want[h][g.number]++
		}
	}
	got := map[uint64]map[uint32]uint32{}
	for h, s := range m.holders.values.All() {
		got[h] = map[uint32]uint32{s.first.group: s.first.values}
		if s.more != nil {
			require.NotEmpty(t, *s.more)
			for _, o := range *s.more {
				require.NotContains(t, got[h], o.group)
				got[h][o.group] = o.values
			}
		}
	}
	require.Equal(t, want, got)
}

func TestAValueThatWentBeforeAFirstReportIsFoundUntilAReportSaysThatNoViewHasIt(t *testing.T) {
	f, r := New(), itemRelation(1)
	addInner(f, 101)
	tenant := []string{"tenant"}
	f.AddOuter(1, outerDefinition(t, "tenant IN (SELECT tenant FROM parents)"), []shape.ID{101})
	before := values1("tenant", 7)
	f.Members(101, tenant, 1, before)
	f.MembersMoved(101, tenant, 2, moves(before, nil, []subquery.Value{value(tenant, 7)}))
	f.Settled(1, []uint64{1}) // on its way when the value went
	require.Equal(t, []shape.ID{1}, affected(f, insert(r, item(1, 7))))
	require.Empty(t, affected(f, insert(r, item(1, 8))))
	f.Settled(1, []uint64{2})
	require.Empty(t, affected(f, insert(r, item(1, 7))))
}

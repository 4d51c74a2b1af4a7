package consumer

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/filter"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/internal/where"
	"leyden/persistence/shapelog"
)

// world is a database with one table and the results of subqueries, a stream of its transactions, and one consumer with a client of
// its log. A row is id, p, q, f; of p and q each can be NULL. The consumer gets what a filter says, which hears of the results before it
// and of its views late.
type world struct {
	t       *rapid.T
	columns []where.Column
	dnf     *where.DNF
	core    *Outer
	ps      *change.Projections
	run     *work.Run

	rel     *change.Relation
	history []worldTx
	texts   int // different ones: without NULL, or with it
	results map[[2]int]subquery.Set
	filter  *filter.Filter
	reports [][]uint64    // on their way to the filter
	sent    int           // transactions that have been delivered
	seen    worldSnapshot // the last one

	seq      uint64
	last     shape.Offset
	lastWork uint64
	client   outerClient
	query    *work.MoveIn
	floor    int            // what had been delivered when the query began
	snapshot *worldSnapshot // of query, once it is taken
	await    uint64
	begun    bool
	known    bool
	failed   error
}

type worldRow [4]*string

type worldTx struct {
	rows  map[int]*worldRow // after it, nil for gone
	moves [][2][]string     // of each dependency: in, out
	xid   uint32
}

// worldSnapshot sees the first of the history but for some of the last of them.
type worldSnapshot struct {
	count  int
	hidden map[int]bool
}

func (w *world) visible(s *worldSnapshot, i int) bool { return i < s.count && !s.hidden[i] }

func (s *worldSnapshot) pg(w *world) pg.Snapshot {
	out := pg.Snapshot{Xmin: 100, Xmax: 100 + uint64(s.count)}
	for i := range s.count {
		if s.hidden[i] {
			out.Xip = append(out.Xip, 100+uint64(i))
		}
	}
	if len(out.Xip) > 0 {
		out.Xmin = out.Xip[0]
	} else {
		out.Xmin = out.Xmax
	}
	return out
}

func (w *world) lsn(i int) uint64 { return uint64(1000 + 10*i) }

// table is the table in a snapshot.
func (w *world) table(s *worldSnapshot) map[int]worldRow {
	rows := map[int]worldRow{}
	for i := range w.history {
		if !w.visible(s, i) {
			continue
		}
		for id, r := range w.history[i].rows {
			if r == nil {
				delete(rows, id)
			} else {
				rows[id] = *r
			}
		}
	}
	return rows
}

func (w *world) all() *worldSnapshot { return &worldSnapshot{count: len(w.history)} }

// takeSnapshot sees the first floor transactions, and what any before it saw. A transaction after that may be hidden although one behind it is not, if they have
// no row in common.
func (w *world) takeSnapshot(floor int) *worldSnapshot {
	s := &worldSnapshot{count: rapid.IntRange(max(floor, w.seen.count), len(w.history)).Draw(w.t, "count"), hidden: map[int]bool{}}
	for i := s.count - 1; i >= max(floor, s.count-3); i-- {
		free := !w.visible(&w.seen, i)
		for j := i + 1; j < s.count; j++ {
			for id := range w.history[i].rows {
				if _, both := w.history[j].rows[id]; both && !s.hidden[j] {
					free = false
				}
			}
		}
		if free && rapid.IntRange(0, 3).Draw(w.t, "hide") == 0 {
			s.hidden[i] = true
		}
	}
	w.seen = *s
	return s
}

func (w *world) set(dependency int, upTo int) map[string]bool {
	out := map[string]bool{}
	for i := range upTo {
		for _, v := range w.history[i].moves[dependency][0] {
			out[v] = true
		}
		for _, v := range w.history[i].moves[dependency][1] {
			delete(out, v)
		}
	}
	return out
}

func null(s *string) []byte {
	if s == nil {
		return nil
	}
	return []byte(*s)
}

// valueOf is a value of so many columns, all with the same text; of NULL only the first.
func valueOf(text string, columns int) subquery.Value {
	cells, canon := make([][]byte, columns), make([]where.Canon, columns)
	for i := range cells {
		switch {
		case text != "NULL":
			cells[i] = []byte(text)
		case i > 0:
			cells[i] = []byte("a")
		}
	}
	return subquery.Value(subquery.AppendValue(nil, canon, cells))
}

func (w *world) values(dependency int, texts ...string) []subquery.Value {
	var out []subquery.Value
	for _, t := range texts {
		out = append(out, valueOf(t, len(w.dnf.Subqueries[dependency].Columns)))
	}
	return out
}

func (w *world) setOf(dependency int, in map[string]bool) subquery.Set {
	return subquery.Set{}.With(w.values(dependency, slices.Collect(maps.Keys(in))...), nil)
}

// result is the set after so many transactions, the same one as long as nothing changes.
func (w *world) result(dependency, upTo int) subquery.Set {
	for upTo > 0 && len(w.history[upTo-1].moves[dependency][0])+len(w.history[upTo-1].moves[dependency][1]) == 0 {
		upTo--
	}
	key := [2]int{dependency, upTo}
	if _, ok := w.results[key]; !ok {
		w.results[key] = w.setOf(dependency, w.set(dependency, upTo))
	}
	return w.results[key]
}

func (w *world) tuple(id int, r worldRow) change.Tuple {
	return change.Tuple{[]byte(strconv.Itoa(id)), null(r[1]), null(r[2]), null(r[3])}
}

// conditions evaluates the clause with views.
func (w *world) conditions(id int, r worldRow, views []subquery.Set) ([]bool, bool) {
	p, err := subquery.Bind(w.dnf, []string{"id", "p", "q", "f"})
	require.NoError(w.t, err)
	c, _, err := p.Conditions(w.tuple(id, r), views, &where.Scratch{}, nil)
	require.NoError(w.t, err)
	return c, p.Included(c)
}

// rows are the JSON of the rows of a snapshot that are in the shape with after, and were not with before.
func (w *world) rows(s *worldSnapshot, before, after []subquery.Set) (out [][]byte, partial []bool) {
	tagger := subquery.NewTagger("stack", w.core.log.Handle().String(), w.dnf)
	tags, err := tagger.Bind([]string{"id", "p", "q", "f"})
	require.NoError(w.t, err)
	for id, r := range w.table(s) {
		if before != nil {
			if _, was := w.conditions(id, r, before); was {
				continue
			}
		}
		c, is := w.conditions(id, r, after)
		if !is {
			continue
		}
		row := fmt.Appendf(nil, `{"key":"\"public\".\"items\"/\"%d\"","value":{"id":"%d"`, id, id)
		for i, name := range []string{"p", "q", "f"} {
			row = fmt.Appendf(row, `,"%s":`, name)
			if v := r[i+1]; v == nil {
				row = append(row, "null"...)
			} else {
				row = fmt.Appendf(row, "%q", *v)
			}
		}
		row = append(row, `},"headers":{"operation":"insert","tags":`...)
		row = tags.Append(row, w.tuple(id, r))
		row = subquery.AppendConditions(append(row, `,"active_conditions":`...), c)
		out = append(out, append(row, "}}"...))
	}
	for d := range w.dnf.Subqueries {
		partial = append(partial, tagger.Partial(d))
	}
	return out, partial
}

// logged takes what goes into the log.
func (w *world) logged(items []change.Item) {
	for i := range items {
		require.True(w.t, w.last.Less(items[i].Offset), "%s after %s", items[i].Offset, w.last)
		w.last = items[i].Offset
		text := items[i].AppendTo(nil)
		w.t.Logf("  log %s %s", items[i].Offset, text)
		require.NoError(w.t, w.client.apply(text))
	}
}

func (w *world) effects(out Effects) {
	if out.Err != nil {
		w.failed = out.Err
		return
	}
	if out.Late != nil {
		require.Equal(w.t, w.lastWork, out.Late.After)
		for _, p := range out.Late.Parts {
			require.True(w.t, p.Commit)
			w.logged(p.Items)
		}
	}
	if out.Query != nil {
		w.query, w.snapshot, w.floor = out.Query, nil, w.sent
	}
	if out.Await > 0 {
		w.await = out.Await
	}
	if out.Settled != nil {
		w.reports = append(w.reports, out.Settled)
	}
}

func (w *world) inner(dependency int) shape.ID { return shape.ID(100 + dependency) }

// hear takes the first of the reports to the filter.
func (w *world) hear() {
	w.filter.Settled(1, w.reports[0])
	w.reports = w.reports[1:]
}

// commit makes a transaction.
func (w *world) commit() {
	n := len(w.history)
	tx := worldTx{xid: uint32(100 + n), rows: map[int]*worldRow{}, moves: make([][2][]string, len(w.dnf.Subqueries))}
	text := rapid.SampledFrom([]string{"a", "b", "c", "NULL"}[:w.texts])
	cell := func() *string {
		if v := text.Draw(w.t, "cell"); v != "NULL" {
			return &v
		}
		return nil
	}
	for range rapid.IntRange(0, 3).Draw(w.t, "changes") {
		id := rapid.IntRange(1, 4).Draw(w.t, "id")
		if rapid.IntRange(0, 3).Draw(w.t, "delete") == 0 {
			tx.rows[id] = nil
		} else {
			tx.rows[id] = &worldRow{nil, cell(), cell(), cell()}
		}
	}
	before := w.table(w.all())
	for id, r := range tx.rows {
		if _, there := before[id]; r == nil && !there {
			delete(tx.rows, id)
		}
	}
	for d := range tx.moves {
		has := w.set(d, n)
		for range rapid.IntRange(0, 2).Draw(w.t, "moves") {
			v := text.Draw(w.t, "value")
			if slices.Contains(tx.moves[d][0], v) || slices.Contains(tx.moves[d][1], v) {
				continue
			}
			if has[v] {
				tx.moves[d][1] = append(tx.moves[d][1], v)
			} else {
				tx.moves[d][0] = append(tx.moves[d][0], v)
			}
		}
	}
	w.history = append(w.history, tx)
	w.t.Logf("commit %d: rows %s moves %v", n, describe(tx.rows), tx.moves)
}

func describe(rows map[int]*worldRow) string {
	s := ""
	for id, r := range rows {
		s += fmt.Sprintf(" %d:", id)
		if r == nil {
			s += "-"
			continue
		}
		for _, v := range r[1:] {
			s += string(null(v)) + ","
		}
	}
	return s
}

// deliver routes the next transaction and hands it to the consumer, first what became of the subqueries.
func (w *world) deliver() {
	i := w.sent
	tx := &w.history[i]
	changes, touched := w.route(i)
	w.t.Logf("deliver %d, of which %v", i, touched)
	w.sent++
	for d := range tx.moves {
		if m := tx.moves[d]; len(m[0])+len(m[1]) > 0 && w.failed == nil {
			moves := subquery.Moves{In: w.values(d, m[0]...), Out: w.values(d, m[1]...), XIDs: []uint64{uint64(tx.xid)}, Before: w.result(d, i), After: w.result(d, i+1)}
			number := uint64(i + 2)
			w.filter.MembersMoved(w.inner(d), w.dnf.Subqueries[d].Columns, number, &moves)
			w.effects(w.core.Moved(&work.Moved{ID: 1, Dependency: d, Number: number, Moves: moves}))
		}
	}
	if len(touched) == 0 || w.failed != nil {
		return
	}
	cut := rapid.IntRange(0, len(changes)-1).Draw(w.t, "cut")
	begin := true
	for _, part := range [][2]int{{0, cut}, {cut, len(changes)}} {
		var index []int32
		for _, at := range touched {
			if part[0] <= at && at < part[1] {
				index = append(index, int32(at-part[0]))
			}
		}
		commit := part[1] == len(changes)
		if len(index) > 0 || commit && !begin {
			w.fragment(i, changes[part[0]:part[1]], index, begin, commit)
			begin = false
		}
	}
}

// route makes the changes of a transaction, and says which of them are for the shape.
func (w *world) route(i int) (changes []change.Change, touched []int) {
	tx := &w.history[i]
	before := w.table(&worldSnapshot{count: i})
	for _, id := range slices.Sorted(mapKeys(tx.rows)) {
		r := tx.rows[id]
		c := change.Change{Relation: w.rel, Pos: int64(2 * len(changes))}
		old, there := before[id]
		switch {
		case r == nil:
			c.Op, c.Old = change.Delete, w.tuple(id, old)
		case there:
			c.Op, c.Old, c.New = change.Update, w.tuple(id, old), w.tuple(id, *r)
		default:
			c.Op, c.New = change.Insert, w.tuple(id, *r)
		}
		changes = append(changes, c)
		if len(w.filter.Affected(&c, nil)) > 0 {
			touched = append(touched, len(changes)-1)
		}
	}
	return changes, touched
}

func (w *world) fragment(i int, changes []change.Change, index []int32, begin, commit bool) {
	f := &change.Fragment{XID: w.history[i].xid, LSN: w.lsn(i), Begin: begin, Changes: changes, Last: shape.Offset{Tx: w.lsn(i), Op: changes[len(changes)-1].Pos}}
	if commit {
		f.Commit = &change.Commit{}
	}
	w.seq++
	wk := &work.Work{Run: w.run, Seq: w.seq, Fragment: f, Changes: changes, Emissions: change.NewEmissions(len(changes))}
	wk.Index = index
	wk.Deliveries = []work.Delivery{{Work: wk, ID: 1, Count: int32(len(index)), Begin: begin}}
	wk.Open()
	e := w.ps.Encoder()
	defer w.ps.Return(e)
	r, out := w.core.Deliver(&wk.Deliveries[0], e)
	if len(r.Items) > 0 {
		require.True(w.t, r.Commit && commit)
		w.lastWork = w.seq
		w.logged(r.Items)
	}
	w.effects(out)
}

// answer goes on with the query that is under way.
func (w *world) answer() {
	e := w.ps.Encoder()
	defer w.ps.Return(e)
	if w.snapshot == nil {
		w.snapshot = w.takeSnapshot(w.floor)
		w.t.Logf("query %d sees %v", w.query.Number, w.snapshot)
		w.effects(w.core.MoveInKnown(&work.MoveInKnown{ID: 1, Number: w.query.Number, Snapshot: w.snapshot.pg(w), LSN: w.lsn(w.snapshot.count - 1)}))
		return
	}
	q, s := w.query, w.snapshot
	w.query = nil
	rows, partial := w.rows(s, q.Before, q.After)
	w.effects(w.core.MoveInRows(&work.MoveInRows{ID: 1, Number: q.Number, Rows: rows, Partial: partial}, e))
}

func (w *world) reached() {
	e := w.ps.Encoder()
	defer w.ps.Return(e)
	lsn := w.await
	w.await = 0
	w.effects(w.core.Reached(lsn, e))
}

func (w *world) reachable() bool {
	return w.await > 0 && (w.sent > 0 && w.lsn(w.sent-1) >= w.await || w.await < w.lsn(0))
}

func mapKeys(m map[int]*worldRow) func(func(int) bool) {
	return func(yield func(int) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

var worldClauses = []string{
	"p IN (SELECT v FROM t1)",
	"p NOT IN (SELECT v FROM t1)",
	"p IN (SELECT v FROM t1) AND f = 'a'",
	"p IN (SELECT v FROM t1) OR f = 'a'",
	"p IN (SELECT v FROM t1) OR q IN (SELECT v FROM t2)",
	"p IN (SELECT v FROM t1) AND q IN (SELECT v FROM t2)",
	"p IN (SELECT v FROM t1) AND q NOT IN (SELECT v FROM t2)",
	"p IN (SELECT v FROM t1) OR q IN (SELECT v FROM t1)",
	"p IN (SELECT v FROM t1) AND (f = 'a' OR q IN (SELECT v FROM t2))",
	"NOT (p IN (SELECT v FROM t1) AND q IN (SELECT v FROM t2))",
	"p NOT IN (SELECT v FROM t1) OR f = 'b'",
	"(p, q) IN (SELECT v, w FROM t1)",
	"(p, q) NOT IN (SELECT v, w FROM t1)",
	"(p, q) NOT IN (SELECT v, w FROM t1) OR f = 'b'",
}

func newWorld(t *rapid.T) *world {
	text := func(names ...string) (out []where.Column) {
		for _, n := range names {
			out = append(out, where.Column{Name: n, Type: "text", TypeMod: -1})
		}
		return out
	}
	clause := rapid.SampledFrom(worldClauses).Draw(t, "clause")
	columns := text("id", "p", "q", "f")
	c, err := where.CompileWith(clause, nil, columns, func(_, _ string) ([]where.Column, error) { return text("v", "w"), nil })
	require.NoError(t, err)
	w := &world{t: t, columns: columns, dnf: c.DNF(), ps: change.NewProjections(), run: &work.Run{}, texts: rapid.IntRange(3, 4).Draw(t, "texts"), results: map[[2]int]subquery.Set{}}
	w.rel = &change.Relation{OID: 7, Schema: "public", Name: "items"}
	for _, col := range columns {
		w.rel.Columns = append(w.rel.Columns, change.Column{Name: col.Name})
	}
	w.client.rows = map[string]*clientRow{}
	w.last = shape.SnapshotEnd
	d := &shape.Definition{Where: c, Layout: &shape.Layout{Table: shape.Table{OID: 7, Schema: "public", Name: "items"}, Key: []string{"id"}, Selected: []string{"f", "id", "p", "q"}}}
	inner := make([]*shape.Definition, len(w.dnf.Subqueries))
	d.Dependencies = &shape.Dependencies{Inner: inner}
	w.core = NewOuter(OuterConfig{Shape: work.Shape{ID: 1, Def: d, Log: new(shapelog.Log)}, Stack: "stack", Projections: w.ps, MaxHeld: 1000})
	w.filter = filter.New()
	var dependencies []shape.ID
	for i := range w.dnf.Subqueries {
		dependencies = append(dependencies, w.inner(i))
	}
	w.filter.AddOuter(1, d, dependencies)
	return w
}

func TestAClientOfAShapeWithSubqueriesHasWhatTheQueryGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(0, 4).Draw(t, "before") {
			w.commit()
			w.sent++ // before the shape is routed to
		}
		for d := range w.dnf.Subqueries {
			w.filter.Members(w.inner(d), w.dnf.Subqueries[d].Columns, uint64(w.sent+1), w.result(d, w.sent))
			w.core.View(&work.View{ID: 1, Dependency: d, Number: uint64(w.sent + 1), Set: w.result(d, w.sent)})
		}
		views, ok := w.core.Begin(w.run)
		require.True(t, ok)
		var first *worldSnapshot
		var partial []bool
		step := func(rest bool) bool {
			switch {
			case first == nil && (rest || rapid.IntRange(0, 2).Draw(t, "snapshot") == 0):
				first = w.takeSnapshot(w.sent)
				t.Logf("first snapshot sees %v", first)
				var rows [][]byte
				rows, partial = w.rows(first, nil, views)
				for _, row := range rows {
					require.NoError(t, w.client.apply(row))
				}
			case first != nil && partial != nil && (rest || rapid.IntRange(0, 2).Draw(t, "read") == 0):
				w.core.SnapshotRead(&work.SnapshotRead{ID: 1, Partial: partial})
				partial = nil
			case first != nil && !w.known && (rest || rapid.IntRange(0, 2).Draw(t, "known") == 0):
				w.known = true
				e := w.ps.Encoder()
				w.effects(w.core.SnapshotKnown(first.pg(w), e))
				w.ps.Return(e)
			case len(w.reports) > 0 && rapid.IntRange(0, 2).Draw(t, "hear") > 0:
				w.hear()
			case w.query != nil && (rest || rapid.Bool().Draw(t, "answer")):
				w.answer()
			case w.reachable() && (rest || rapid.Bool().Draw(t, "reached")):
				w.reached()
			case w.sent < len(w.history) && (rest || rapid.Bool().Draw(t, "deliver")):
				w.deliver()
			case rest:
				return false
			case len(w.history) < 25:
				w.commit()
			}
			return w.failed == nil
		}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			if !step(false) {
				break
			}
		}
		for step(true) {
		}
		if w.failed != nil {
			require.ErrorIs(t, w.failed, work.ErrMoveUnprovable)
			return
		}
		require.Nil(t, w.core.move)
		now := make([]subquery.Set, len(views))
		for d := range now {
			now[d] = w.setOf(d, w.set(d, len(w.history)))
		}
		var want, got []string
		for id, r := range w.table(w.all()) {
			if _, in := w.conditions(id, r, now); in {
				want = append(want, fmt.Sprint(id, string(null(r[1])), string(null(r[2])), string(null(r[3]))))
			}
		}
		for _, r := range w.client.rows {
			got = append(got, fmt.Sprint(*r.value["id"], string(null(r.value["p"])), string(null(r.value["q"])), string(null(r.value["f"]))))
		}
		slices.Sort(want)
		slices.Sort(got)
		require.Equal(t, want, got)
		require.Zero(t, w.core.heldBytes)
	})
}

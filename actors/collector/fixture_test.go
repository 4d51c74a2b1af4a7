package collector

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/subquery"
)

// deaf is of a filter that does not care for the results of subqueries.
type deaf struct{}

func (deaf) Members(shape.ID, []string, uint64, subquery.Set) {}

func (deaf) MembersMoved(shape.ID, []string, uint64, *subquery.Moves) {}

func (deaf) MembersOver(shape.ID, []string) {}

func (deaf) Settled(shape.ID, []uint64) {}

// byTable is a filter that knows tables only, plus what a test says that a relation ends.
type byTable struct {
	deaf
	shapes map[shape.ID]*shape.Definition
	order  []shape.ID
	ended  func(old, new *change.Relation) []shape.ID
	errors uint64
	fault  error
}

func newByTable() *byTable { return &byTable{shapes: map[shape.ID]*shape.Definition{}} }

func (f *byTable) Add(id shape.ID, d *shape.Definition) {
	f.shapes[id] = d
	f.order = append(f.order, id)
}

func (f *byTable) AddOuter(id shape.ID, d *shape.Definition, _ []shape.ID) { f.Add(id, d) }

func (f *byTable) Remove(id shape.ID) { delete(f.shapes, id) }

func (f *byTable) Has(id shape.ID) bool { return f.shapes[id] != nil }

func (f *byTable) Affected(c *change.Change, dst []shape.ID) []shape.ID {
	for _, id := range f.order {
		if d := f.shapes[id]; d != nil && d.Table.OID == c.Relation.OID {
			dst = append(dst, id)
		}
	}
	return dst
}

func (f *byTable) AffectedByRelation(old, rel *change.Relation, dst []shape.ID) []shape.ID {
	if f.ended != nil {
		dst = append(dst, f.ended(old, rel)...)
	}
	return dst
}

func (f *byTable) Errors() uint64 { return f.errors }

func (f *byTable) Fault() error { return f.fault }

func over(oid uint32) *shape.Definition {
	return &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: oid, Schema: "public", Name: "t"}, Key: []string{"id"}, Selected: []string{"id"}}}
}

func table(oid uint32) *change.Relation {
	return &change.Relation{OID: oid, Schema: "public", Name: "t", Columns: []change.Column{{Name: "id", TypeOID: 23}}}
}

// part makes a fragment of a transaction: changes of the given tables from position from on.
func part(lsn uint64, begin, commit bool, from int64, oids ...uint32) *change.Fragment {
	f := &change.Fragment{XID: uint32(lsn), LSN: lsn, Begin: begin, Last: shape.Offset{Tx: lsn}}
	for i, oid := range oids {
		f.Changes = append(f.Changes, change.Change{Op: change.Insert, Relation: table(oid), Pos: from + int64(2*i)})
		f.Last.Op = from + int64(2*i)
	}
	if commit {
		f.Commit = &change.Commit{}
	}
	return f
}

func whole(lsn uint64, oids ...uint32) *change.Fragment { return part(lsn, true, true, 0, oids...) }

type fixture struct {
	t      *testing.T
	filter *byTable
	core   *Core
	run    *work.Run
	done   []*work.Work
}

func newFixture(t *testing.T, position uint64) *fixture {
	f := &fixture{t: t, filter: newByTable()}
	f.run = &work.Run{Completed: func(w *work.Work) { f.done = append(f.done, w) }, Late: func(*work.Late) {}}
	var err error
	f.core, err = NewCore(CoreConfig{Run: f.run, Filter: f.filter, Partitions: 4, Position: position})
	require.NoError(t, err)
	return f
}

func (f *fixture) take(fr *change.Fragment) Taken {
	f.t.Helper()
	taken, err := f.core.Fragment(fr)
	require.NoError(f.t, err)
	return taken
}

func (f *fixture) durable(seq, hold uint64) {
	f.core.Durable(&work.Durable{Run: f.run, Seq: seq, Hold: hold})
}

// boundary is the announced boundary, 0 for none.
func (f *fixture) boundary() uint64 {
	lsn, moved := f.core.Boundary()
	require.Equal(f.t, moved, lsn != 0)
	return lsn
}

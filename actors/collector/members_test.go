package collector

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/filter"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/internal/where"
)

// TestAFragmentBehindAWorkIsRoutedByTheValuesThatCameWithIt has an inner shape's work pass its layers, while what comes with it is
// told before the layer is done.
func TestAFragmentBehindAWorkIsRoutedByTheValuesThatCameWithIt(t *testing.T) {
	core, err := NewCore(CoreConfig{Run: &work.Run{Completed: func(*work.Work) {}, Late: func(*work.Late) {}, LayerDone: func(*work.Work) {}}, Filter: filter.New(), Partitions: 2})
	require.NoError(t, err)
	columns := []where.Column{{Name: "id", Type: "int4", TypeMod: -1}}
	clause, err := where.CompileWith("id IN (SELECT id FROM parents)", nil, columns, func(string, string) ([]where.Column, error) { return columns, nil })
	require.NoError(t, err)
	parents, children := over(7), over(8)
	parents.Table.Name, children.Table.Name, children.Where = "parents", "children", clause
	row := func(lsn uint64, d *shape.Definition, id string) *change.Fragment {
		f := whole(lsn, d.Table.OID)
		f.Changes[0].Relation.Name = d.Table.Name
		f.Changes[0].New = change.Tuple{[]byte(id)}
		return f
	}
	take := func(f *change.Fragment) *work.Work {
		taken, err := core.Fragment(f)
		require.NoError(t, err)
		return taken.Work
	}
	value := func(id string) subquery.Value {
		return subquery.Value(subquery.AppendValue(nil, []where.Canon{where.CanonText}, [][]byte{[]byte(id)}))
	}
	require.NoError(t, core.Add(&work.AddShape{ID: 1, Def: parents}))
	require.NoError(t, core.Add(&work.AddShape{ID: 2, Def: children, Dependencies: []shape.ID{1}}))
	require.NotNil(t, take(row(10, children, "5")), "nothing is known")
	ids := []string{"id"}
	core.Members(&work.Members{Inner: 1, Columns: ids, Number: 1, Set: subquery.Empty})
	require.NotNil(t, take(row(20, children, "5")), "the shape has not its snapshot yet")
	core.Settled(&work.Settled{ID: 2, Numbers: []uint64{1}})
	require.Nil(t, take(row(30, children, "5")))

	w := take(row(40, parents, "5"))
	require.True(t, core.Passing())
	came := []subquery.Value{value("5")}
	set := subquery.Empty.With(came, nil)
	core.MembersMoved(&work.MembersMoved{Inner: 1, Columns: ids, Number: 2, Moves: subquery.Moves{In: came, After: set}})
	require.False(t, core.LayerDone(w))
	require.NotNil(t, take(row(50, children, "5")))
	require.Nil(t, take(row(60, children, "6")))
	core.MembersMoved(&work.MembersMoved{Inner: 1, Columns: ids, Number: 3, Moves: subquery.Moves{Out: came, Before: set}})
	require.NotNil(t, take(row(70, children, "5")))
	core.Settled(&work.Settled{ID: 2, Numbers: []uint64{3}})
	require.Nil(t, take(row(80, children, "5")))
}

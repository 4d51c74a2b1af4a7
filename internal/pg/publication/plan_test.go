package publication

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/shape"
)

func named(oid uint32, name string) shape.Table {
	return shape.Table{OID: oid, Schema: "public", Name: name}
}

func TestDiff(t *testing.T) {
	a, b, c, d, e, f := named(1, "a"), named(2, "b"), named(3, "c"), named(4, "d"), named(5, "e"), named(6, "f")
	leaf1, leaf2 := named(10, "leaf1"), named(9, "leaf2")
	s := &State{
		Name: "p", Exists: true, Owned: true, Members: []shape.Table{f, a, b},
		Tables: []Table{
			{Table: a, Identity: Full, Published: true},
			{Table: b, Identity: 'd', Published: true},
			{Table: c, Identity: Full},
			{Table: named(4, "renamed"), Identity: Full},
			{Table: e, Identity: 'd', Leaves: []Leaf{{leaf1, 'd'}, {named(8, "leaf3"), Full}, {leaf2, 'n'}}},
		},
	}
	gone := named(7, "gone")
	p := Diff([]shape.Table{e, gone, d, c, b, a, a}, s)
	require.Equal(t, []shape.Table{a}, p.Keep)
	require.Equal(t, []shape.Table{gone, d}, p.Gone)
	require.Equal(t, []Step{
		{Table: b, Identity: []shape.Table{b}},
		{Table: c, Add: true},
		{Table: e, Add: true, Identity: []shape.Table{e, leaf2, leaf1}},
		{Table: f, Drop: true},
	}, p.Steps)

	var texts []string
	for _, err := range p.Verify(true) {
		texts = append(texts, string(err.Kind)+": "+err.Error())
	}
	require.Equal(t, []string{
		`misconfigured_replica_identity: Database table "public.b" does not have its replica identity set to FULL`,
		`relation_missing_from_publication: Database table "public.c" is missing from the publication "p" and the ELECTRIC_MANUAL_TABLE_PUBLISHING setting prevents Electric from adding it`,
		`relation_missing_from_publication: Database table "public.e" is missing from the publication "p" and the ELECTRIC_MANUAL_TABLE_PUBLISHING setting prevents Electric from adding it`,
	}, texts)
	require.Contains(t, p.Verify(false)[1].Error(), "no privilege")
}

func TestRootOfAHalfConfiguredPartitionNamesTheLeaf(t *testing.T) {
	root, leaf := named(1, "root"), named(2, "leaf")
	p := Diff([]shape.Table{root}, &State{Tables: []Table{{Table: root, Identity: Full, Published: true, Leaves: []Leaf{{leaf, 'd'}}}}})
	errs := p.Verify(true)
	require.Len(t, errs, 1)
	require.Equal(t, root, errs[0].Table)
	require.Contains(t, errs[0].Error(), `"public.leaf"`)
}

// apply is what the steps of a plan do, without a database.
func (s *State) apply(p Plan) {
	members := map[uint32]shape.Table{}
	for _, m := range s.Members {
		members[m.OID] = m
	}
	full := map[uint32]bool{}
	for _, step := range p.Steps {
		if step.Add {
			members[step.Table.OID] = step.Table
		}
		if step.Drop {
			delete(members, step.Table.OID)
		}
		for _, t := range step.Identity {
			full[t.OID] = true
		}
	}
	s.Members = nil
	for _, m := range members {
		s.Members = append(s.Members, m)
	}
	for i := range s.Tables {
		t := &s.Tables[i]
		_, t.Published = members[t.OID]
		if full[t.OID] {
			t.Identity = Full
		}
		for j := range t.Leaves {
			if full[t.Leaves[j].OID] {
				t.Leaves[j].Identity = Full
			}
		}
	}
}

func TestAppliedPlanLeavesNothingToDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		identity := rapid.SampledFrom([]byte{'d', 'n', 'f', 'i'})
		s := &State{Name: "p", Exists: true, Owned: true}
		var wanted []shape.Table
		for oid := range uint32(rapid.IntRange(0, 8).Draw(t, "tables")) {
			table := Table{Table: named(oid+1, "t"), Identity: identity.Draw(t, "identity"), Published: rapid.Bool().Draw(t, "published")}
			for l := range uint32(rapid.IntRange(0, 3).Draw(t, "leaves")) {
				table.Leaves = append(table.Leaves, Leaf{named(100*(oid+1)+l, "l"), identity.Draw(t, "identity")})
			}
			if table.Published {
				s.Members = append(s.Members, table.Table)
			}
			if rapid.Bool().Draw(t, "wanted") {
				wanted = append(wanted, table.Table)
				s.Tables = append(s.Tables, table)
			}
		}
		p := Diff(wanted, s)
		for i := 1; i < len(p.Steps); i++ {
			if p.Steps[i-1].Table.OID >= p.Steps[i].Table.OID {
				t.Fatalf("steps are not in the order of oids: %v", p.Steps)
			}
		}
		s.apply(p)
		again := Diff(wanted, s)
		if len(again.Steps) != 0 || len(again.Keep) != len(wanted) || len(again.Verify(true)) != 0 {
			t.Fatalf("left to do: %+v", again)
		}
	})
}

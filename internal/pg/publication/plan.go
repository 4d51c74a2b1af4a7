package publication

import (
	"cmp"
	"slices"

	"leyden/internal/shape"
)

// Plan is what has to change so that the wanted tables, and no others, are followed.
type Plan struct {
	Publication string
	Steps       []Step        // sorted by oid: whoever alters several tables does it in the same order
	Keep        []shape.Table // wanted tables that are as they should be
	Gone        []shape.Table // wanted tables that were dropped, renamed or moved
}

// Step is what has to change about one table. It is done as a whole or not at all.
type Step struct {
	Table shape.Table
	Add   bool // to the publication
	Drop  bool // from the publication
	// Identity are the tables that need REPLICA IDENTITY FULL: the table itself and the partitions that hold its rows.
	// Postgres does not hand the setting down from a partitioned table.
	Identity []shape.Table
}

// Diff compares the wanted tables with how things are.
func Diff(wanted []shape.Table, s *State) Plan {
	p := Plan{Publication: s.Name}
	actual := make(map[uint32]*Table, len(s.Tables))
	for i := range s.Tables {
		actual[s.Tables[i].OID] = &s.Tables[i]
	}
	isWanted := make(map[uint32]bool, len(wanted))
	for _, w := range wanted {
		t := actual[w.OID]
		if t == nil || t.Table != w {
			p.Gone = append(p.Gone, w)
			continue
		}
		if isWanted[w.OID] {
			continue
		}
		isWanted[w.OID] = true
		step := Step{Table: w, Add: !t.Published, Identity: t.notFull()}
		if step.Add || len(step.Identity) > 0 {
			p.Steps = append(p.Steps, step)
		} else {
			p.Keep = append(p.Keep, w)
		}
	}
	for _, m := range s.Members {
		if !isWanted[m.OID] {
			p.Steps = append(p.Steps, Step{Table: m, Drop: true})
		}
	}
	slices.SortFunc(p.Steps, func(a, b Step) int { return cmp.Compare(a.Table.OID, b.Table.OID) })
	slices.SortFunc(p.Keep, func(a, b shape.Table) int { return cmp.Compare(a.OID, b.OID) })
	return p
}

// notFull lists the table and its leaves as far as they lack the identity, by oid.
func (t *Table) notFull() []shape.Table {
	var tables []shape.Table
	if t.Identity != Full {
		tables = append(tables, t.Table)
	}
	for _, l := range t.Leaves {
		if l.Identity != Full {
			tables = append(tables, l.Table)
		}
	}
	slices.SortFunc(tables, func(a, b shape.Table) int { return cmp.Compare(a.OID, b.OID) })
	return tables
}

// Verify says what is wrong, for a publication that must not be altered: because somebody keeps it by hand (manual), or because
// it is somebody else's. Tables that are published and not wanted are none of our business then.
func (p *Plan) Verify(manual bool) []*Error {
	var errs []*Error
	for _, s := range p.Steps {
		switch {
		case s.Add:
			errs = append(errs, missing(s.Table, p.Publication, manual))
		case len(s.Identity) > 0:
			errs = append(errs, misconfigured(s.Identity[0]))
			errs[len(errs)-1].Table = s.Table
		}
	}
	return errs
}

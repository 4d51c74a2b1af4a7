package where

import "slices"

// Plan says how the rows for which a clause is true can be found through indexes: through a probe, through every one of several
// plans (OR), or through any one of several (AND), of which Choose takes the best. What the probes do not decide is left over as a
// clause to evaluate.
type Plan struct {
	op    planOp
	probe Probe
	exact bool    // whatever meets the probe satisfies nodes
	nodes []*node // the conditions that the plan stands for, joined by AND
	args  []*Plan
	cols  []typedColumn
}

type planOp uint8

const (
	planScan   planOp = iota // nothing of it is indexable
	planAlways               // it is true of every row
	planNever                // it is true of no row
	planProbe
	planAny // rows are found by one of args at least
	planAll // rows are found by each of args
)

// maxChoices bounds the conjuncts that are compared with each other: a choice is a byte.
const maxChoices = 255

// Listing is one place where a clause is to be listed.
type Listing struct {
	Probe *Probe
	// Residual is what remains to be evaluated for a row that meets the probe, nil for nothing.
	Residual *Clause
}

// Plan analyses the clause. That of a clause with subqueries is the plan of its Superset.
func (c *Clause) Plan() *Plan {
	t := c.tree()
	root := t.root
	if len(t.subqueries) > 0 {
		root = root.superset(false)
	}
	return planned(t.columns, root)
}

// MemberPlan is the plan of a clause in which tests of membership are probes, but for negated ones, which count as true.
func (c *Clause) MemberPlan() *Plan {
	t := c.tree()
	return planned(t.columns, t.root.widened(false, true))
}

func planned(cols []typedColumn, root *node) *Plan {
	p := (&planner{cols: cols}).plan(root)
	p.cols = cols
	return p
}

// Indexed reports whether the rows of the clause are found through indexes: it is no clause that must be evaluated for every row.
func (p *Plan) Indexed() bool { return p.op != planScan }

// Never reports whether the clause is true of no row.
func (p *Plan) Never() bool { return p.op == planNever }

// Always reports whether the clause is true of every row.
func (p *Plan) Always() bool { return p.op == planAlways }

// Members calls do for every probe of membership among those that Choose may take.
func (p *Plan) Members(do func(*Probe)) {
	if p.op == planProbe && p.probe.Kind == ProbeMember {
		do(&p.probe)
	}
	for _, a := range p.args {
		a.Members(do)
	}
}

// Choose takes, wherever one of several probes is enough, the one of least cost. What it returns has Listings give the same places
// again.
func (p *Plan) Choose(cost func(*Probe) int) (choice string) {
	_, choices := p.choose(cost, nil)
	return string(choices)
}

func (p *Plan) choose(cost func(*Probe) int, choices []byte) (int, []byte) {
	switch p.op {
	case planProbe:
		return cost(&p.probe), choices
	case planAny:
		sum := 0
		for _, a := range p.args {
			var n int
			n, choices = a.choose(cost, choices)
			sum += n
		}
		return sum, choices
	case planAll:
		best, at := -1, len(choices)
		var kept []byte
		for i, a := range p.args {
			n, inner := a.choose(cost, nil)
			if best < 0 || n < best {
				best, kept = n, append(append(kept[:0], byte(i)), inner...)
			}
		}
		return best, append(choices[:at], kept...)
	}
	return 0, choices
}

// Listings gives the places where a clause is to be listed after a choice; none unless the plan is Indexed.
func (p *Plan) Listings(choice string) []Listing {
	l := lister{cols: p.cols, choice: choice}
	l.list(p, nil)
	return l.out
}

type lister struct {
	cols   []typedColumn
	choice string
	out    []Listing
}

func (l *lister) list(p *Plan, rest []*node) {
	switch p.op {
	case planProbe:
		if !p.exact {
			rest = append(slices.Clone(rest), p.nodes...)
		}
		l.out = append(l.out, Listing{Probe: &p.probe, Residual: l.clause(rest)})
	case planAny:
		for _, a := range p.args {
			l.list(a, rest)
		}
	case planAll:
		a := p.args[l.choice[0]]
		l.choice = l.choice[1:]
		left := slices.Clone(rest)
		for _, n := range p.nodes {
			if !slices.Contains(a.nodes, n) {
				left = append(left, n)
			}
		}
		l.list(a, left)
	}
}

// clause joins conditions by AND, nil for none. Tests of membership count as true.
func (l *lister) clause(conditions []*node) *Clause {
	copies := make([]*node, len(conditions))
	for i, n := range conditions {
		copies[i] = n.superset(false).copied()
	}
	all := conjunction(opAnd, copies, 0)
	if all.isBool(true) {
		return nil
	}
	return plainClause(l.cols, all)
}

// plainClause makes a clause without subqueries of a tree that nobody else has.
func plainClause(cols []typedColumn, root *node) *Clause {
	t := typedTree{columns: normalize(cols, root), root: root}
	return &Clause{code: t.encode()}
}

// copied is a copy that may be renumbered.
func (n *node) copied() *node {
	c := *n
	c.args = make([]*node, len(n.args))
	for i, a := range n.args {
		c.args[i] = a.copied()
	}
	return &c
}

// planner turns conditions into plans.
type planner struct{ cols []typedColumn }

func (pl *planner) scan(n *node) *Plan { return &Plan{op: planScan, nodes: []*node{n}} }

func (pl *planner) probe(p Probe, exact bool, n *node) *Plan {
	if p.Kind == ProbeEqual || p.Kind == ProbeElement {
		p.Keys = sortedKeys(p.Keys)
		if len(p.Keys) == 0 {
			return &Plan{op: planNever, nodes: []*node{n}}
		}
	}
	return &Plan{op: planProbe, probe: p, exact: exact, nodes: []*node{n}}
}

func (pl *planner) plan(n *node) *Plan {
	switch n.op {
	case opConst:
		if n.isBool(true) {
			return &Plan{op: planAlways, nodes: []*node{n}}
		}
		return &Plan{op: planNever, nodes: []*node{n}}
	case opNull:
		return &Plan{op: planNever, nodes: []*node{n}}
	case opAnd:
		return pl.all(n.args, n)
	case opOr:
		return pl.any(n.args, n)
	case opNot:
		return pl.not(n.args[0], n)
	case opColumn:
		return pl.probe(Probe{Kind: ProbeEqual, Column: pl.cols[n.col].name, Keys: [][]byte{[]byte("t")}}, true, n)
	case opMember:
		return pl.member(n)
	case opCompare:
		return pl.comparison(n.rel, n.fam, n.args[0], n.args[1], n)
	case opIn:
		return pl.equal(n.args[0], n.fam, n.args[1:], n)
	case opLike:
		return pl.matching(n)
	case opCall:
		return pl.called(n)
	case opAny:
		return pl.anyElement(n)
	case opIsNull:
		return pl.nullTest(n.aux, n.args[0], n)
	case opIsTruth:
		switch n.aux {
		case isTrue:
			return pl.plan(n.args[0]).standingFor(n)
		case isFalse:
			return pl.not(n.args[0], n)
		}
	}
	return pl.scan(n)
}

// standingFor makes n what remains to be evaluated when p is not exact.
func (p *Plan) standingFor(n *node) *Plan {
	if p.op != planAll {
		p.nodes = []*node{n}
	}
	return p
}

// not plans that n is false. whole is the condition that says so.
func (pl *planner) not(n, whole *node) *Plan {
	switch n.op {
	case opColumn:
		return pl.probe(Probe{Kind: ProbeEqual, Column: pl.cols[n.col].name, Keys: [][]byte{[]byte("f")}}, true, whole)
	case opCompare:
		return pl.comparison(n.rel.negated(), n.fam, n.args[0], n.args[1], whole)
	case opDistinct:
		return pl.comparison(relEQ, n.fam, n.args[0], n.args[1], whole)
	case opIsNull:
		return pl.nullTest(isNull+isNotNull-n.aux, n.args[0], whole)
	case opNot:
		return pl.plan(n.args[0]).standingFor(whole)
	case opAnd, opOr:
		negated := make([]*node, len(n.args))
		for i, a := range n.args {
			negated[i] = negation(a, a.loc)
		}
		if n.op == opAnd {
			return pl.any(negated, whole)
		}
		return pl.all(negated, whole)
	}
	return pl.scan(whole)
}

func (pl *planner) nullTest(test nullTest, subject, n *node) *Plan {
	if subject.op != opColumn || subject.typ.id == tComposite {
		return pl.scan(n)
	}
	kind := ProbeNull
	if test == isNotNull {
		kind = ProbeNotNull
	}
	return pl.probe(Probe{Kind: kind, Column: pl.cols[subject.col].name}, true, n)
}

// member plans a test of membership.
func (pl *planner) member(n *node) *Plan {
	p := Probe{Kind: ProbeMember, Subquery: n.col}
	for _, arg := range n.args {
		column := arg.column()
		m, _ := membershipOf(column.typ)
		p.Columns, p.Canon = append(p.Columns, pl.cols[column.col].name), append(p.Canon, m.Canon)
	}
	return pl.probe(p, true, n)
}

// any plans a disjunction: every side must be indexable, and is listed.
func (pl *planner) any(args []*node, n *node) *Plan {
	out := &Plan{op: planAny, nodes: []*node{n}}
	for _, a := range args {
		switch p := pl.plan(a); p.op {
		case planAlways:
			return &Plan{op: planAlways, nodes: []*node{n}}
		case planScan:
			return pl.scan(n)
		case planNever:
		case planAny:
			out.args = append(out.args, p.args...)
		default:
			if !out.join(p) {
				out.args = append(out.args, p)
			}
		}
	}
	switch len(out.args) {
	case 0:
		return &Plan{op: planNever, nodes: []*node{n}}
	case 1:
		return out.args[0].standingFor(n)
	}
	return out
}

// join adds the keys of an equality to those of another of the same column.
func (p *Plan) join(q *Plan) bool {
	if q.op != planProbe || q.probe.Kind != ProbeEqual || !q.exact {
		return false
	}
	for _, a := range p.args {
		if a.op == planProbe && a.exact && a.probe.Kind == ProbeEqual && a.probe.Column == q.probe.Column && a.probe.Form == q.probe.Form {
			a.probe.Keys = sortedKeys(append(a.probe.Keys, q.probe.Keys...))
			return true
		}
	}
	return false
}

// all plans a conjunction. Ranges of one column become one.
func (pl *planner) all(conjuncts []*node, n *node) *Plan {
	out := &Plan{op: planAll}
	for _, c := range conjuncts {
		p := pl.plan(c)
		args := []*Plan{p}
		switch p.op {
		case planNever:
			return &Plan{op: planNever, nodes: []*node{n}}
		case planAll:
			args = p.args
			out.nodes = append(out.nodes, p.nodes...)
		default:
			out.nodes = append(out.nodes, c)
		}
		for _, a := range args {
			if !out.narrow(a) {
				return &Plan{op: planNever, nodes: []*node{n}}
			}
		}
	}
	if len(out.args) == 0 {
		return pl.scan(n)
	}
	return out
}

// narrow adds one more way to find the rows of a conjunction, and reports false when there can be none.
func (p *Plan) narrow(q *Plan) bool {
	if q.op == planScan || q.op == planAlways {
		return true
	}
	if q.op == planProbe && q.probe.Kind == ProbeRange {
		for _, a := range p.args {
			if a.op == planProbe && a.probe.Kind == ProbeRange && a.probe.Column == q.probe.Column && a.probe.Form == q.probe.Form {
				a.nodes = append(a.nodes, q.nodes...)
				return a.probe.intersect(&q.probe)
			}
		}
	}
	if len(p.args) < maxChoices {
		p.args = append(p.args, q)
	}
	return true
}

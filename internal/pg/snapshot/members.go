package snapshot

import (
	"slices"

	"leyden/internal/subquery"
	"leyden/internal/where"
)

// Members says how the rows of a shape with subqueries are read: which of them, and what their headers have besides.
//
// With After, values stand in place of the subqueries, so that the rows are those of one result of each, whatever the tables of
// the subqueries have meanwhile. Without, which is for subsets, the subqueries are asked.
type Members struct {
	DNF *where.DNF
	// After has the values of each subquery of the clause.
	After []subquery.Set
	// Before has what they were: rows that were in the shape with these are left out, and the others are marked as moved in. Nil if
	// there was nothing before. It differs from After in the subquery Moved only.
	Before []subquery.Set
	Moved  int
	// Tagger makes the tags of the rows. It is the query's for as long as that runs.
	Tagger *subquery.Tagger
}

// condition is what one position tests, or several.
type condition struct {
	negated  bool
	subquery int      // -1: a condition of the row alone
	lhs      []string // in SQL, what is looked for
	alone    string   // in SQL, the condition of the row alone, with its negation
}

func (c *condition) equal(d *condition) bool {
	return c.negated == d.negated && c.subquery == d.subquery && c.alone == d.alone && slices.Equal(c.lhs, d.lhs)
}

// membership is a clause as a query tests it. Positions with one condition share it: it is tested, and its values are written,
// as few times as can be.
type membership struct {
	*Members
	conditions []condition
	of         []int   // the condition of each position
	disjuncts  [][]int // conditions, ascending, each once
	values     map[valuesOf][]string
}

func newMembership(m *Members) *membership {
	out := &membership{Members: m, values: map[valuesOf][]string{}}
	for i := range m.DNF.Positions {
		p := &m.DNF.Positions[i]
		c := condition{negated: p.Negated, subquery: p.Subquery, lhs: p.LHS}
		if p.Subquery < 0 {
			c = condition{subquery: -1, alone: m.DNF.ConditionSQL(i, nil)}
		}
		at := slices.IndexFunc(out.conditions, func(d condition) bool { return d.equal(&c) })
		if at < 0 {
			at = len(out.conditions)
			out.conditions = append(out.conditions, c)
		}
		out.of = append(out.of, at)
	}
	for _, d := range m.DNF.Disjuncts {
		var terms []int
		for _, position := range d {
			terms = append(terms, out.of[position])
		}
		slices.Sort(terms)
		out.disjuncts = append(out.disjuncts, slices.Compact(terms))
	}
	return out
}

// active is what the query selects to know which conditions are true.
func (m *membership) active() []string {
	sole := m.sole()
	out := make([]string, len(m.conditions))
	for i := range m.conditions {
		if i == sole {
			out[i] = "TRUE" // or the row would not be there
			continue
		}
		out[i] = string(m.appendCondition(nil, &m.conditions[i], m.After)) + " IS TRUE"
	}
	return out
}

// where is what rows have to fulfil, all of it, with values in place of the subqueries: nothing without values.
func (m *membership) where() []string {
	switch {
	case m.After == nil:
		return nil
	case m.Before == nil:
		return []string{string(m.appendAny(nil, m.disjuncts, m.After))}
	}
	var impacted, rest [][]int
	for _, d := range m.disjuncts {
		if slices.ContainsFunc(d, m.moved) {
			impacted = append(impacted, d)
		} else {
			rest = append(rest, d)
		}
	}
	var conditions []string
	if narrow := m.appendNarrow(nil); narrow != nil {
		conditions = append(conditions, string(narrow))
	}
	// IS NOT TRUE, since a part of it may be NULL: a row for which it is not known whether it was there was not there.
	if sole := m.sole(); sole >= 0 {
		for i, d := range impacted {
			impacted[i] = without(d, sole)
		}
	} else {
		rest = m.disjuncts
	}
	conditions = append(conditions, string(m.appendAny(nil, impacted, m.After)))
	if len(rest) > 0 {
		conditions = append(conditions, "("+string(m.appendAny(nil, rest, m.Before))+") IS NOT TRUE")
	}
	return conditions
}

// moved reports whether a condition tests for the values that have changed.
func (m *membership) moved(i int) bool { return m.conditions[i].subquery == m.Moved }

// sole is the condition that tests for the values that have changed, if there is one only and the rows for which it has become
// true are known; else -1. For these rows it is true now and was not before: that needs not be asked again, and no disjunct that
// has it was true.
func (m *membership) sole() int {
	if m.Before == nil || !m.narrows() {
		return -1
	}
	found := -1
	for i := range m.conditions {
		if m.moved(i) {
			if found >= 0 {
				return -1
			}
			found = i
		}
	}
	return found
}

// narrows reports whether it is known for which rows tests for the values that have changed have become true: those that have one of the
// values, unless NOT in values with NULL is involved, which is true for no row.
func (m *membership) narrows() bool {
	before, after := m.Before[m.Moved], m.After[m.Moved]
	for i := range m.conditions {
		if c := &m.conditions[i]; m.moved(i) && c.negated && (len(c.lhs) > 1 || before.HasNull() || after.HasNull()) {
			return false
		}
	}
	return true
}

// appendNarrow appends a condition that is true for the rows for which a test for the values that have changed has become true, and
// for no others if it is the sole one: an index can find them, however many values there are. It appends nothing if there is none.
func (m *membership) appendNarrow(dst []byte) []byte {
	if !m.narrows() {
		return dst
	}
	before, after := m.Before[m.Moved], m.After[m.Moved]
	joint := ""
	for i := range m.conditions {
		c := &m.conditions[i]
		if !m.moved(i) {
			continue
		}
		dst = append(dst, joint...)
		joint = " OR "
		test := *c
		test.negated = false
		if c.negated {
			dst = m.appendMember(dst, &test, minus(before, after))
			if after.Len() == 0 && before.Len() > 0 {
				dst = append(dst, " OR "...) // NULL is not known to be in no values, but for none
				dst = append(dst, c.lhs[0]...)
				dst = append(dst, " IS NULL"...)
			}
		} else {
			dst = m.appendMember(dst, &test, minus(after, before))
		}
	}
	return dst
}

// minus is what is in a and not in b.
func minus(a, b subquery.Set) subquery.Set {
	var values []subquery.Value
	for v := range a.All() {
		if !b.Contains(v) {
			values = append(values, v)
		}
	}
	return subquery.Empty.With(values, nil)
}

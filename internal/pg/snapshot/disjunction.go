package snapshot

import "slices"

// appendAny appends the disjunction of conjunctions of conditions. What most of them test for in common is written once: NOT,
// AND and OR distribute over each other with NULL as they do without.
func (m *membership) appendAny(dst []byte, disjuncts [][]int, views views) []byte {
	if len(disjuncts) == 0 {
		return append(dst, "FALSE"...)
	}
	common := m.common(disjuncts)
	if common < 0 {
		for i, d := range disjuncts {
			if i > 0 {
				dst = append(dst, " OR "...)
			}
			dst = m.appendAll(dst, d, views)
		}
		return dst
	}
	var with, rest [][]int
	for _, d := range disjuncts {
		if slices.Contains(d, common) {
			with = append(with, without(d, common))
		} else {
			rest = append(rest, d)
		}
	}
	dst = append(dst, '(')
	dst = m.appendCondition(dst, &m.conditions[common], views)
	dst = append(dst, " AND ("...)
	dst = m.appendAny(dst, with, views)
	dst = append(dst, "))"...)
	if len(rest) > 0 {
		dst = append(dst, " OR "...)
		dst = m.appendAny(dst, rest, views)
	}
	return dst
}

// common is the test for values that most disjuncts have, -1 if none has company.
func (m *membership) common(disjuncts [][]int) int {
	counts := make([]int, len(m.conditions))
	for _, d := range disjuncts {
		for _, c := range d {
			counts[c]++
		}
	}
	common := -1
	for c, n := range counts {
		if n > 1 && m.conditions[c].subquery >= 0 && (common < 0 || n > counts[common]) {
			common = c
		}
	}
	return common
}

func (m *membership) appendAll(dst []byte, conjunct []int, views views) []byte {
	switch len(conjunct) {
	case 0:
		return append(dst, "TRUE"...)
	case 1:
		return m.appendCondition(dst, &m.conditions[conjunct[0]], views)
	}
	dst = append(dst, '(')
	for i, c := range conjunct {
		if i > 0 {
			dst = append(dst, " AND "...)
		}
		dst = m.appendCondition(dst, &m.conditions[c], views)
	}
	return append(dst, ')')
}

func without(terms []int, term int) []int {
	return slices.DeleteFunc(slices.Clone(terms), func(t int) bool { return t == term })
}

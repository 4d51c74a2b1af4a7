package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// treeClause makes clauses over level_4 as spec where-and-subqueries §5.3 has them. A move of a subquery that they contain can
// always be told to clients: no shape of theirs may be taken away while the server runs.
type treeClause struct{ *rand.Rand }

// weighed picks one of several makers by weight.
func (g treeClause) weighed(options ...weight) string {
	sum := 0
	for _, o := range options {
		sum += o.weight
	}
	at := g.IntN(sum)
	for _, o := range options {
		if at -= o.weight; at < 0 {
			return o.make()
		}
	}
	panic("weights do not add up")
}

type weight struct {
	weight int
	make   func() string
}

func randomTreeClause(r *rand.Rand) string {
	g := treeClause{r}
	return g.weighed(
		weight{4, g.atomic}, weight{3, g.subquery},
		weight{2, func() string { return g.join(" AND ", 2) }}, weight{2, func() string { return g.join(" OR ", 2) }},
		weight{1, g.complex})
}

func (g treeClause) join(op string, depth int) string {
	return "(" + g.expression(depth-1) + ")" + op + "(" + g.expression(depth-1) + ")"
}

func (g treeClause) expression(depth int) string {
	if depth <= 0 {
		return g.weighed(weight{3, g.atomic}, weight{1, g.oneLevel})
	}
	return g.weighed(weight{4, g.atomic}, weight{2, g.subquery},
		weight{1, func() string { return g.join(" AND ", depth) }}, weight{1, func() string { return g.join(" OR ", depth) }})
}

func (g treeClause) id(level int) string {
	if level == levels {
		return fmt.Sprintf("'l4-%d'", 1+g.IntN(leaves))
	}
	return fmt.Sprintf("'l%d-%d'", level, 1+g.IntN(perLevel))
}

func (g treeClause) value() string {
	return quote(pick(g.Rand, []string{"v0", "v1", "v5", "v10", "v15", "v19"}))
}

func (g treeClause) flag() string { return fmt.Sprintf("active = %t", g.IntN(2) == 0) }

func (g treeClause) atomic() string {
	return g.weighed(
		weight{3, func() string {
			return pick(g.Rand, []string{"level_3_id = " + g.id(3), "id = " + g.id(4), "value = " + g.value()})
		}},
		weight{2, func() string { return "value " + pick(g.Rand, []string{"<", ">", "<=", ">=", "<>"}) + " " + g.value() }},
		weight{2, func() string {
			return "value " + pick(g.Rand, []string{"LIKE", "NOT LIKE"}) + " " + quote(pick(g.Rand, []string{"v%", "v1%", "v_", "%5", "%1%"}))
		}},
		weight{1, func() string {
			bounds := []string{g.value(), g.value()}
			slices.Sort(bounds)
			return "value " + pick(g.Rand, []string{"BETWEEN", "NOT BETWEEN"}) + " " + bounds[0] + " AND " + bounds[1]
		}},
		weight{2, func() string {
			column, level := "level_3_id", 3
			if g.IntN(2) == 0 {
				column, level = "id", 4
			}
			var ids []string
			for range 2 + g.IntN(3) {
				ids = append(ids, g.id(level))
			}
			return column + " IN (" + strings.Join(ids, ", ") + ")"
		}})
}

func (g treeClause) subquery() string {
	return g.weighed(weight{3, g.oneLevel}, weight{2, g.twoLevels}, weight{1, g.threeLevels}, weight{2, g.tagged})
}

// ofLevel3 are the conditions that subqueries of one level have.
func (g treeClause) ofLevel3() string {
	return pick(g.Rand, []string{g.flag(), "level_2_id = " + g.id(2)})
}

func (g treeClause) oneLevel() string {
	return "level_3_id IN (SELECT id FROM level_3 WHERE " + g.ofLevel3() + ")"
}

func (g treeClause) twoLevels() string {
	if g.IntN(2) == 0 {
		return fmt.Sprintf("level_3_id IN (SELECT id FROM level_3 WHERE %s AND level_2_id IN (SELECT id FROM level_2 WHERE %s))", g.flag(), g.flag())
	}
	return "level_3_id IN (SELECT id FROM level_3 WHERE level_2_id IN (SELECT id FROM level_2 WHERE level_1_id = " + g.id(1) + "))"
}

func (g treeClause) threeLevels() string {
	return "level_3_id IN (SELECT id FROM level_3 WHERE level_2_id IN (SELECT id FROM level_2 WHERE level_1_id IN (SELECT id FROM level_1 WHERE " + g.flag() + ")))"
}

func (g treeClause) tagged() string {
	depth := 1 + g.IntN(3)
	at := levels - depth
	text := fmt.Sprintf("level_%[1]d_id IN (SELECT level_%[1]d_id FROM level_%[1]d_tags WHERE tag = %[2]s)", at, quote(pick(g.Rand, treeTags)))
	for k := at + 1; k < levels; k++ {
		text = fmt.Sprintf("level_%[1]d_id IN (SELECT id FROM level_%[1]d WHERE %[2]s)", k, text)
	}
	return text
}

func (g treeClause) either() string {
	return g.weighed(weight{2, g.oneLevel}, weight{1, g.tagged}, weight{2, g.atomic})
}

func (g treeClause) complex() string {
	return g.weighed(
		weight{2, func() string { return "(" + g.join(" OR ", 1) + ") AND (" + g.expression(1) + ")" }},
		weight{1, func() string {
			if g.IntN(2) == 0 {
				return "NOT (" + g.atomic() + ")"
			}
			return "level_3_id NOT IN (SELECT id FROM level_3 WHERE " + g.ofLevel3() + ")"
		}},
		weight{1, func() string {
			var parts []string
			for range 2 + g.IntN(2) {
				parts = append(parts, "("+g.expression(1)+")")
			}
			return strings.Join(parts, " OR ")
		}},
		weight{2, func() string { return "(" + g.subquery() + ") OR (" + g.atomic() + ")" }},
		weight{2, func() string {
			return "((" + g.either() + ") OR (" + g.either() + ")) AND ((" + g.either() + ") OR (" + g.either() + "))"
		}})
}

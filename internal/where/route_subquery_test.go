package where_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

// TestTestsOfMembershipAreProbes lists clauses under the first choice that has a probe of membership.
func TestTestsOfMembershipAreProbes(t *testing.T) {
	const s = "IN (SELECT id FROM parents)"
	for clause, want := range map[string]string{
		"x " + s:                                    "0[x]",
		"x::int4 " + s:                              "0[x]",
		"(c, x) IN (SELECT c, id FROM parents)":     "0[c x]",
		"x " + s + " AND s = 'a'":                   `0[x] "s" = 'a'::text`,
		"x " + s + " AND NOT (s = 'a' OR b)":        `0[x] NOT "s" = 'a'::text AND NOT "b"`,
		"NOT (x NOT " + s + " OR b)":                `0[x] NOT "b"`,
		"x " + s + " OR s = 'a'":                    "0[x] | s",
		"(x " + s + " OR s = 'a') AND s LIKE '%b%'": `0[x] "s" LIKE '%b%'::text | s "s" LIKE '%b%'::text`,
		"x " + s + " AND parent_id NOT IN (SELECT id FROM grandparents)":        "0[x]",
		"x " + s + " AND parent_id IN (SELECT id FROM grandparents) AND b":      `0[x] "b"`,
		"x " + s + " OR parent_id IN (SELECT id FROM grandparents)":             "0[x] | 1[parent_id]",
		"x " + s + " AND (b OR parent_id NOT IN (SELECT id FROM grandparents))": "0[x]",
		"x NOT " + s:                  "always",
		"x NOT " + s + " OR s = 'a'":  "always",
		"x " + s + " OR s LIKE '%a%'": "scan",
		"x NOT " + s + " AND s = 'a'": "s",
	} {
		c := subquery(t, clause)
		plan := c.MemberPlan()
		var got []string
		switch {
		case plan.Always():
			got = []string{"always"}
		case !plan.Indexed():
			got = []string{"scan"}
		default:
			for _, l := range plan.Listings(plan.Choose(func(p *where.Probe) int {
				if p.Kind == where.ProbeMember {
					return p.Subquery
				}
				return 100
			})) {
				text := l.Probe.Column
				if l.Probe.Kind == where.ProbeMember {
					text = fmt.Sprintf("%d%v", l.Probe.Subquery, l.Probe.Columns)
					require.Len(t, l.Probe.Canon, len(l.Probe.Columns))
					require.Equal(t, l.Probe.Columns[0] == "c", l.Probe.Canon[0] == where.CanonPadded)
				}
				if l.Residual != nil {
					require.False(t, l.Residual.HasSubqueries())
					text += " " + l.Residual.SQL()
				}
				got = append(got, text)
			}
		}
		require.Equal(t, want, strings.Join(got, " | "), clause)
		n := 0
		plan.Members(func(*where.Probe) { n++ })
		require.Equal(t, strings.Contains(want, "["), n > 0, clause)
	}
}

package where_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/where"
)

// sketch is a clause as it was drawn: the reference that its decomposition is compared with.
type sketch struct {
	op    string // AND, OR, NOT, a column of the row, a table of a subquery, or BETWEEN
	parts []*sketch
}

// drawSketch draws a clause over the columns b0..b3 and i and the tables s0..s2, of which n0.. are only negated.
func drawSketch(t *rapid.T, depth int, negated bool) *sketch {
	kind := rapid.IntRange(0, 6).Draw(t, "kind")
	if depth == 0 && kind > 3 {
		kind -= 3
	}
	switch kind {
	case 0, 1:
		return &sketch{op: fmt.Sprintf("b%d", rapid.IntRange(0, 3).Draw(t, "column"))}
	case 2:
		table := "s"
		if negated {
			table = "n"
		}
		return &sketch{op: fmt.Sprintf("%s%d", table, rapid.IntRange(0, 2).Draw(t, "table"))}
	case 3:
		return &sketch{op: "BETWEEN"}
	case 4:
		return &sketch{op: "NOT", parts: []*sketch{drawSketch(t, depth-1, !negated)}}
	}
	s := &sketch{op: []string{"AND", "OR"}[kind-5]}
	for range rapid.IntRange(2, 3).Draw(t, "parts") {
		s.parts = append(s.parts, drawSketch(t, depth-1, negated))
	}
	return s
}

func (s *sketch) text() string {
	switch s.op {
	case "AND", "OR":
		texts := make([]string, len(s.parts))
		for i, p := range s.parts {
			texts[i] = p.text()
		}
		return "(" + strings.Join(texts, " "+s.op+" ") + ")"
	case "NOT":
		return "(NOT " + s.parts[0].text() + ")"
	case "BETWEEN":
		return "i BETWEEN 2 AND 4"
	}
	if s.op[0] == 'b' {
		return s.op
	}
	return "k IN (SELECT id FROM " + s.op + ")"
}

// kleene is the value of s, given that of its leaves.
func (s *sketch) kleene(leaves map[string]where.Truth) where.Truth {
	switch s.op {
	case "NOT":
		return notTrue(s.parts[0].kleene(leaves))
	case "AND":
		return notTrue(anyTrue(s.parts, func(p *sketch) where.Truth { return notTrue(p.kleene(leaves)) }))
	case "OR":
		return anyTrue(s.parts, func(p *sketch) where.Truth { return p.kleene(leaves) })
	}
	return leaves[s.op]
}

func notTrue(v where.Truth) where.Truth {
	return map[where.Truth]where.Truth{where.True: where.False, where.False: where.True, where.Null: where.Null}[v]
}

func anyTrue[T any](parts []T, value func(T) where.Truth) where.Truth {
	out := where.False
	for _, p := range parts {
		switch value(p) {
		case where.True:
			return where.True
		case where.Null:
			out = where.Null
		}
	}
	return out
}

// holds reports whether some disjunct has all its positions true.
func holds(t require.TestingT, d *where.DNF, names []string, row [][]byte, member func(p *where.Position) where.Truth) bool {
	return slices.ContainsFunc(d.Disjuncts, func(positions []int) bool {
		return !slices.ContainsFunc(positions, func(at int) bool {
			p := &d.Positions[at]
			var v where.Truth
			if p.Subquery >= 0 {
				v = member(p)
			} else {
				v = evalOver(t, p.Leaf, names, row)
			}
			if p.Negated {
				v = notTrue(v)
			}
			return v != where.True
		})
	})
}

func evalOver(t require.TestingT, c *where.Clause, names []string, row [][]byte) where.Truth {
	p, err := c.Bind(names)
	require.NoError(t, err)
	var s where.Scratch
	v, err := p.Eval(row, &s)
	require.NoError(t, err)
	return v
}

func TestTheDecompositionIsTrueWhereTheClauseIs(t *testing.T) {
	names := []string{"b0", "b1", "b2", "b3", "i", "k"}
	cols := []where.Column{{Name: "i", Type: "int4"}, {Name: "k", Type: "int4"}}
	for _, name := range names[:4] {
		cols = append(cols, where.Column{Name: name, Type: "bool"})
	}
	rapid.Check(t, func(t *rapid.T) {
		s := drawSketch(t, 4, false)
		c, err := where.CompileWith(s.text(), nil, cols, func(string, string) ([]where.Column, error) {
			return []where.Column{{Name: "id", Type: "int4"}}, nil
		})
		if err != nil {
			require.ErrorContains(t, err, "too complex")
			return
		}
		if !c.HasSubqueries() {
			return
		}
		dnf, superset := c.DNF(), c.Superset()
		for range 20 {
			leaves, row := map[string]where.Truth{}, make([][]byte, len(names))
			for i, name := range names[:4] {
				leaves[name] = rapid.SampledFrom([]where.Truth{where.False, where.True, where.Null}).Draw(t, name)
				row[i] = map[where.Truth][]byte{where.False: []byte("f"), where.True: []byte("t")}[leaves[name]]
			}
			switch i := rapid.IntRange(0, 5).Draw(t, "i"); i {
			case 0:
				leaves["BETWEEN"] = where.Null
			case 2, 3, 4:
				leaves["BETWEEN"] = where.True
				row[4] = []byte{byte('0' + i)}
			default:
				row[4] = []byte{byte('0' + i)}
			}
			for _, table := range []string{"s0", "s1", "s2", "n0", "n1", "n2"} {
				leaves[table] = rapid.SampledFrom([]where.Truth{where.False, where.True, where.Null}).Draw(t, table)
			}
			want := s.kleene(leaves) == where.True
			got := holds(t, dnf, names, row, func(p *where.Position) where.Truth { return leaves[dnf.Subqueries[p.Subquery].Table] })
			require.Equal(t, want, got, "%s: %v", s.text(), leaves)
			if want && superset != nil {
				require.Equal(t, where.True, evalOver(t, superset, names, row), "%s: %v", s.text(), leaves)
			}
		}
	})
}

package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

func TestEveryRandomClauseIsOfTheLanguage(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 0))
		tab := randomTable(r, "t")
		c := randomClause(r, tab)
		require.NoError(t, c.compile(tab, nil), "seed %d: %s with %q", seed, c.text, c.params)
	}
}

func TestEveryRandomClauseWithSubqueriesIsOfTheLanguage(t *testing.T) {
	rotates := 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 0))
		tables := []*table{randomTable(r, "t0"), randomTable(r, "t1")}
		c := randomMemberships(r, tables[0], tables)
		require.NoError(t, c.compile(tables[0], tables), "seed %d: %s with %q", seed, c.text, c.params)
		if c.rotates {
			rotates++
		}
	}
	require.Less(t, rotates, 1000)
}

func TestEveryClauseOfTheTreeIsOfTheLanguage(t *testing.T) {
	column := func(name, kind string) where.Column { return where.Column{Name: name, Type: kind, TypeMod: -1} }
	tables := map[string][]where.Column{}
	for k := 1; k <= levels; k++ {
		name := fmt.Sprint("level_", k)
		tables[name] = []where.Column{column("id", "text"), column("active", "bool"), column("value", "text"), column(fmt.Sprintf("level_%d_id", k-1), "text")}
		tables[name+"_tags"] = []where.Column{column(name+"_id", "text"), column("tag", "text")}
	}
	for seed := range uint64(3000) {
		text := randomTreeClause(rand.New(rand.NewPCG(seed, 0)))
		_, err := where.CompileWith(text, nil, tables["level_4"], func(_, name string) ([]where.Column, error) { return tables[name], nil })
		require.NoError(t, err, "seed %d: %s", seed, text)
	}
}

func TestAClauseTravelsWithItsParameters(t *testing.T) {
	q := url.Values{}
	clause{text: "a = $1 AND b = $2", params: []string{"x", "y&z"}}.addTo(q)
	require.Equal(t, "params%5B1%5D=x&params%5B2%5D=y%26z&where=a+%3D+%241+AND+b+%3D+%242", q.Encode())
}

func TestOneSeedMakesOneRun(t *testing.T) {
	describe := func() string {
		r := rand.New(rand.NewPCG(42, 0))
		var b strings.Builder
		for i := range 20 {
			tab := randomTable(r, fmt.Sprint("t", i))
			fmt.Fprintln(&b, tab.ddl(), randomSubject(r, "s", tab, nil), randomSubject(r, "s", tab, []*table{tab}), treeSubject(r, "s"), (&writer{r: r}).insert(tab, 3))
		}
		return b.String()
	}
	require.Equal(t, describe(), describe())
}

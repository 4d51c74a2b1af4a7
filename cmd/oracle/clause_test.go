package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

// whereColumns are the columns of a table as the where language sees them.
func whereColumns(t *table) []where.Column {
	var columns []where.Column
	for name, kind := range t.types() {
		c := where.Column{Name: name, Type: kind, TypeMod: -1}
		c.Type, _, _ = strings.Cut(c.Type, "(")
		if element, array := strings.CutSuffix(c.Type, "[]"); array {
			c.Type, c.Dims = element, 1
		}
		switch kind {
		case "char(3)":
			c.Type, c.TypeMod = "bpchar", 7
		case "varchar(20)":
			c.TypeMod = 24
		case "numeric(10,2)":
			c.TypeMod = 10<<16 | 2 + 4
		}
		columns = append(columns, c)
	}
	return columns
}

func TestEveryRandomClauseIsOfTheLanguage(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 0))
		tab := randomTable(r, "t")
		c := randomClause(r, tab)
		params := map[string]string{}
		for i, p := range c.params {
			params[strconv.Itoa(i+1)] = p
		}
		_, err := where.Compile(c.text, params, whereColumns(tab))
		require.NoError(t, err, "seed %d: %s with %q", seed, c.text, c.params)
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
			fmt.Fprintln(&b, tab.ddl(), randomSubject(r, "s", tab), (&writer{r: r}).insert(tab, 3))
		}
		return b.String()
	}
	require.Equal(t, describe(), describe())
}

package judge

import (
	"context"
	"fmt"

	"leyden/internal/where"
)

// language is what the compiler takes of what Postgres has, for the columns of the judged table.
type language struct {
	types    *Types
	all      []*Production
	verdicts map[*Production]error // why a production is rejected, nil for those that are accepted
	compile  func(text string, params map[string]string) (*where.Clause, error)

	columns  map[*Type][]string
	accepted map[*Type][]*choice // by result
	sweep    []*Production       // all accepted
	rejected map[*Type][]*Production
	styles   map[*Type][]func(text string) string // the ways to write a typed literal
	printed  map[*Type]bool                       // types whose values have a text
}

// choice is one name out of which a production is picked: an operator's many overloads are no more likely than its few.
type choice struct {
	weight int
	prods  []*Production
}

// wanted is a column of text that the judge adds to a row: what Postgres said that a value is.
const wanted = "wanted"

// learn tries a minimal instance of every production.
func learn(all []*Production, ts *Types, compile func(string, map[string]string) (*where.Clause, error)) *language {
	l := &language{
		types: ts, all: all, verdicts: map[*Production]error{}, compile: compile, columns: map[*Type][]string{},
		accepted: map[*Type][]*choice{}, rejected: map[*Type][]*Production{}, styles: map[*Type][]func(string) string{}, printed: map[*Type]bool{},
	}
	for _, f := range fields() {
		if f.typ != "" {
			t := ts.Named(f.typ)
			l.columns[t] = append(l.columns[t], f.name)
		}
	}
	byName := map[*Type]map[string]*choice{}
	for _, p := range all {
		err := l.tryProduction(p)
		l.verdicts[p] = err
		if err != nil {
			l.rejected[p.Result] = append(l.rejected[p.Result], p)
			continue
		}
		l.sweep = append(l.sweep, p)
		if byName[p.Result] == nil {
			byName[p.Result] = map[string]*choice{}
		}
		c := byName[p.Result][p.Name]
		if c == nil {
			c = &choice{}
			byName[p.Result][p.Name] = c
			l.accepted[p.Result] = append(l.accepted[p.Result], c)
		}
		c.weight = max(c.weight, p.Weight)
		c.prods = append(c.prods, p)
	}
	for _, t := range ts.All {
		for _, style := range []func(string) string{
			func(text string) string { return "(" + quoteText(text) + "::" + t.Name + ")" },
			func(text string) string { return "CAST(" + quoteText(text) + " AS " + t.Name + ")" },
			func(text string) string { return "(" + t.Name + " " + quoteText(text) + ")" },
		} {
			if _, err := compile(style(sample(t))+" IS NULL", nil); err == nil {
				l.styles[t] = append(l.styles[t], style)
			}
		}
		columns := l.columns[t]
		_, err := compile("("+quoteName(columns[0])+")::text IS NOT DISTINCT FROM "+wanted, nil)
		l.printed[t] = err == nil
	}
	return l
}

// tryProduction compiles the smallest use of a production.
func (l *language) tryProduction(p *Production) error {
	e := p.minimal(l.columns)
	if p.Result.Name != "bool" {
		e = &Expr{typ: l.types.Named("bool"), parts: template("({}) IS NULL"), args: []*Expr{e}}
	}
	text, params := e.Text()
	_, err := l.compile(text, params)
	return err
}

// sample is a valid text of a type.
func sample(t *Type) string {
	if t.Elem != nil {
		return "{}"
	}
	switch t.Category {
	case 'B':
		return "t"
	case 'N':
		return "1"
	case 'D':
		if t.Name == "time" || t.Name == "timetz" {
			return "12:00:00+00"
		}
		return "2024-01-31 00:00:00+00"
	case 'T':
		return "P1D"
	case 'E':
		return "sad"
	}
	switch t.Name {
	case "uuid":
		return "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
	case "json", "jsonb":
		return "{}"
	}
	return `\x00`
}

// languages differ in what a database's locale makes of them; learnIn asks one database.
func learnIn(ctx context.Context, d *database) (*language, error) {
	ts, err := loadTypes(ctx, d.conn)
	if err != nil {
		return nil, err
	}
	all, err := catalogue(ctx, d.conn, ts)
	if err != nil {
		return nil, err
	}
	return learn(all, ts, d.compile), nil
}

// counts says how much of the catalogue is accepted.
func (l *language) counts() string {
	kinds := map[Kind][2]int{}
	for _, p := range l.all {
		n := kinds[p.Kind]
		n[1]++
		if l.verdicts[p] == nil {
			n[0]++
		}
		kinds[p.Kind] = n
	}
	return fmt.Sprintf("accepted, counting each type that a polymorphic one takes: %d of %d operators, %d of %d functions, %d of %d casts, %d of %d forms",
		kinds[Operator][0], kinds[Operator][1], kinds[Function][0], kinds[Function][1], kinds[Cast][0], kinds[Cast][1], kinds[Form][0], kinds[Form][1])
}

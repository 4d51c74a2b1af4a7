package judge

import (
	"context"
	"fmt"

	"leyden/internal/where"
)

// members finds which types of columns can be looked for in what a subquery yields. Every column is tried with every other: wrong
// are those that the language takes and whose canonical text Postgres does not.
func (l *language) members(ctx context.Context, d *database) (accepted, rejected, wrong []string, err error) {
	tables := func(string, string) ([]where.Column, error) { return d.columns, nil }
	look := func(column, among string) (*where.Clause, error) {
		return where.CompileWith(quoteName(column)+" IN (SELECT "+quoteName(among)+" FROM judged)", nil, d.columns, tables)
	}
	for _, t := range l.types.All {
		column := l.columns[t][0]
		if _, err := look(column, column); err == nil {
			accepted = append(accepted, code(t.Name))
		} else {
			rejected = append(rejected, code(t.Name))
		}
	}
	var questions []question
	for _, column := range d.names {
		for _, among := range d.names {
			if clause, err := look(column, among); err == nil && column != wanted && among != wanted {
				questions = append(questions, question{sql: "SELECT FROM judged WHERE " + clause.SQL()})
			}
		}
	}
	answers, err := d.ask(ctx, questions)
	if err != nil {
		return nil, nil, nil, err
	}
	for i, a := range answers {
		if a.err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %s", questions[i].sql, a.err.Message))
		}
	}
	return accepted, rejected, wrong, nil
}

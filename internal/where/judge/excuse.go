package judge

import (
	"context"
	"fmt"
	"slices"
)

// excuse looks for the reason of a value here for what fails in Postgres: the smallest part that fails there. When that part
// fails here too, it was only not evaluated. When it has a value, that is the difference.
func (r *run) excuse(ctx context.Context, d *database, l *language, f Difference) (Difference, bool, error) {
	var parts []*Expr
	f.trial.expr.visit(func(e *Expr) {
		if e.given == nil && len(e.args) > 0 {
			parts = append(parts, e)
		}
	})
	slices.SortStableFunc(parts, func(a, b *Expr) int { return a.size() - b.size() })
	questions := make([]question, len(parts))
	for i, e := range parts {
		questions[i] = question{sql: fmt.Sprintf("SELECT (%s)::text FROM judged WHERE row_number = %d", e.SQL(), f.row)}
	}
	answers, err := d.ask(ctx, questions)
	if err != nil {
		return f, false, err
	}
	for i, a := range answers {
		if a.err == nil {
			continue
		}
		if parts[i].ordersText() || parts[i].mapsLetters() {
			return f, true, nil // as it was written it orders by another collation, and so fails for other texts
		}
		t := &trial{expr: parts[i], valued: true}
		if !l.printed[parts[i].typ] {
			return f, true, nil
		}
		rejected, complaint := t.compile(d)
		if rejected != nil || complaint != "" {
			return f, true, nil // it is not accepted by itself: its literals have other types there
		}
		if read := len(t.clause.Columns()) - 1; read < len(parts[i].columns()) {
			return f, true, nil // folding has removed a column of it, besides the wanted text
		}
		o, complaint := t.eval(d.rows[f.row], nil, d.scratch())
		if o.err != nil || complaint != "" {
			return f, true, nil
		}
		f.trial, f.what, f.ours = t, "a value for what fails in Postgres", o
		f.written, f.canonical = result{err: a.err, asked: true}, result{}
		return f, false, nil
	}
	return f, true, nil
}

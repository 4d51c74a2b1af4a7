package judge

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// shrinkBudget bounds the questions that shrinking asks.
const shrinkBudget = 600

// shrinker looks for a smaller case of a difference.
type shrinker struct {
	d      *database
	types  *Types
	budget int
}

// shrink makes the expression smaller, then the values of the row that it refers to. The rows of the table are changed.
func (s *shrinker) shrink(ctx context.Context, found Difference) (Difference, error) {
	for improved := true; improved && s.budget > 0; {
		improved = false
		for _, e := range s.smaller(found.trial) {
			if s.budget--; s.budget < 0 {
				break
			}
			again, err := s.again(ctx, found, e)
			if err != nil {
				return found, err
			}
			if again != nil {
				found, improved = *again, true
				break
			}
		}
	}
	if found.row < 0 {
		return found, nil
	}
	return s.simplify(ctx, found)
}

// kind is what a difference is about, less what differs from case to case.
func kind(what string) string {
	head, _, _ := strings.Cut(what, ":")
	return head
}

// again judges a smaller expression over the same row; nil when there is not the same kind of difference.
func (s *shrinker) again(ctx context.Context, was Difference, e *Expr) (*Difference, error) {
	t := &trial{expr: e, valued: was.trial.valued}
	if t.valued && !t.asksWritten(s.d) {
		return nil, nil // the written text may have another value
	}
	rejected, complaint := t.compile(s.d)
	switch {
	case rejected != nil:
		return nil, nil
	case complaint != "":
		if kind(complaint) != kind(was.what) {
			return nil, nil
		}
		return &Difference{trial: t, row: -1, what: complaint}, nil
	case was.row < 0:
		return nil, nil
	}
	found, _, err := examine(ctx, s.d, []*trial{t}, []int{was.row})
	if err != nil {
		return nil, err
	}
	for i := range found {
		if kind(found[i].what) == kind(was.what) {
			return &found[i], nil
		}
	}
	return nil, nil
}

// smaller are the expressions to try in place of one, the smallest first.
func (s *shrinker) smaller(t *trial) []*Expr {
	var all []*Expr
	whole := len(t.expr.SQL())
	add := func(e *Expr) {
		if len(e.SQL()) < whole {
			all = append(all, e)
		}
	}
	n := 0
	t.expr.visit(func(e *Expr) {
		at := n
		n++
		e.visit(func(inner *Expr) {
			// Any part may stand alone where only its text is compared.
			if inner != e && (inner.typ == e.typ || at == 0 && t.valued) {
				add(t.expr.with(at, inner))
			}
		})
		if at == 0 && len(e.args) > 0 && !t.valued {
			return
		}
		for _, text := range s.plain(e.typ) {
			add(t.expr.with(at, leaf(e.typ, text)))
		}
		if e.given != nil {
			add(t.expr.with(at, leaf(e.typ, quoteText(*e.given))))
		}
		if len(e.args) == 0 && e.column == "" {
			for _, text := range shorter(e.SQL()) {
				add(t.expr.with(at, leaf(e.typ, text)))
			}
		}
	})
	slices.SortStableFunc(all, func(a, b *Expr) int { return len(a.SQL()) - len(b.SQL()) })
	return all
}

// plain are the simplest expressions of a type.
func (s *shrinker) plain(t *Type) []string {
	texts := []string{"NULL", quoteText(sample(t))}
	switch t.Category {
	case 'N':
		texts = append(texts, "0", "1", "2")
	case 'B':
		texts = append(texts, "true", "false")
	}
	return texts
}

// shorter drops characters of a quoted literal.
func shorter(literal string) []string {
	from, to := strings.Index(literal, "'"), strings.LastIndex(literal, "'")
	if from < 0 || to <= from+1 || strings.Contains(literal, `\`) {
		return nil
	}
	inside := []rune(literal[from+1 : to])
	var all []string
	for _, cut := range []int{len(inside) / 2, len(inside) / 4, 1} {
		for at := 0; cut > 0 && at+cut <= len(inside); at += cut {
			rest := string(inside[:at]) + string(inside[at+cut:])
			if strings.Count(rest, "'")%2 == 0 {
				all = append(all, literal[:from+1]+rest+literal[to:])
			}
		}
	}
	return all
}

// simplify replaces the values that the expression refers to by plainer ones as long as the difference stays.
func (s *shrinker) simplify(ctx context.Context, found Difference) (Difference, error) {
	declared := map[string]field{}
	for _, f := range fields() {
		declared[f.name] = f
	}
	for _, column := range found.trial.expr.columns() {
		f, ok := declared[column]
		if !ok || f.typ == "" {
			continue
		}
		at := slices.Index(s.d.names, column)
		was := s.d.rows[found.row][at]
		if was == nil {
			continue
		}
		values := append([]string{"NULL", quoteText(sample(s.types.Named(f.typ)))}, shorter(quoteText(string(was)))...)
		for _, value := range values {
			if s.budget--; s.budget < 0 {
				break
			}
			again, err := s.withValue(ctx, found, f, value)
			if err != nil {
				return found, err
			}
			if again != nil {
				found = *again
				if value == "NULL" {
					break
				}
				continue
			}
			if err := s.restore(ctx, found.row, f); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}

func (s *shrinker) withValue(ctx context.Context, found Difference, f field, value string) (*Difference, error) {
	rows := s.d.rows
	_, err := s.d.conn.Exec(ctx, fmt.Sprintf("CREATE TEMP TABLE IF NOT EXISTS kept (LIKE judged); TRUNCATE kept; INSERT INTO kept SELECT * FROM judged WHERE row_number = %d", found.row))
	if err != nil {
		return nil, err
	}
	_, err = s.d.conn.Exec(ctx, fmt.Sprintf("UPDATE judged SET %s = %s::%s WHERE row_number = %d", quoteName(f.name), value, f.declared, found.row))
	if err != nil {
		return nil, nil // not a value of the type
	}
	if err := s.d.reread(ctx); err != nil {
		return nil, err
	}
	again, err := s.again(ctx, found, found.trial.expr)
	if again == nil {
		s.d.rows = rows
	}
	return again, err
}

// restore takes a value back. It copies it: Postgres prints values that it does not read.
func (s *shrinker) restore(ctx context.Context, row int, f field) error {
	name := quoteName(f.name)
	_, err := s.d.conn.Exec(ctx, fmt.Sprintf("UPDATE judged SET %s = kept.%s FROM kept WHERE judged.row_number = %d", name, name, row))
	return err
}

package judge

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"leyden/internal/where"
)

// trial is an expression under judgement. One that is not boolean is judged by its text: what Postgres prints of it is given to the
// row as the wanted text, and the clause asks whether the expression has it.
type trial struct {
	expr    *Expr
	valued  bool
	clause  *where.Clause
	program [2]*where.Program // of the clause as compiled, and of its stored form
}

// panicked is a panic of the code under judgement.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

func guarded(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &panicked{r, debug.Stack()}
		}
	}()
	return do()
}

// text is the clause as a client writes it.
func (t *trial) text() (string, map[string]string) {
	text, params := t.expr.Text()
	if t.valued {
		text = "(" + text + ")::text IS NOT DISTINCT FROM " + wanted
	}
	return text, params
}

// compile makes the clause. An error is the language's; a complaint is a difference: the compiled clause is not what it must be.
func (t *trial) compile(d *database) (err error, complaint string) {
	text, params := t.text()
	err = guarded(func() error {
		t.clause, err = d.compile(text, params)
		return err
	})
	var crash *panicked
	if errors.As(err, &crash) {
		return nil, crash.Error()
	}
	var rejected *where.Error
	switch {
	case err != nil && !errors.As(err, &rejected):
		return nil, fmt.Sprintf("the compiler's error is not one that a client is told: %v", err)
	case err != nil:
		return err, ""
	}
	if err := guarded(func() error { return t.check(d) }); err != nil {
		return nil, err.Error()
	}
	return nil, ""
}

// check verifies what must hold of a compiled clause whatever the row.
func (t *trial) check(d *database) error {
	text, params := t.text()
	remembered, err := d.compileRemembering(text, params)
	if err != nil {
		return fmt.Errorf("the compiler that remembers forms rejects it: %w", err)
	}
	if remembered.Encoding() != t.clause.Encoding() {
		return fmt.Errorf("the compiler that remembers forms makes another clause of it: %s", remembered.SQL())
	}
	b, err := t.clause.MarshalBinary()
	if err != nil {
		return fmt.Errorf("the clause cannot be stored: %w", err)
	}
	stored, err := where.Unmarshal(b)
	if err != nil {
		return fmt.Errorf("the stored clause cannot be read: %w", err)
	}
	if stored.SQL() != t.clause.SQL() {
		return fmt.Errorf("the stored clause prints as %s", stored.SQL())
	}
	for i, c := range []*where.Clause{t.clause, stored} {
		if t.program[i], err = c.Bind(d.names); err != nil {
			return fmt.Errorf("the clause cannot be bound: %w", err)
		}
	}
	again, err := d.compile(t.clause.SQL(), nil)
	if err != nil {
		if strings.Contains(t.clause.SQL(), "COLLATE") && !d.collates {
			return nil
		}
		return fmt.Errorf("the canonical text is not a clause: %w", err)
	}
	if again.SQL() != t.clause.SQL() {
		return fmt.Errorf("the canonical text of the canonical text is another: %s", again.SQL())
	}
	c, err := again.MarshalBinary()
	if err != nil {
		return fmt.Errorf("the clause of the canonical text cannot be stored: %w", err)
	}
	if !bytes.Equal(b, c) {
		return fmt.Errorf("the canonical text compiles to another clause: %x, not %x", c, b)
	}
	return nil
}

// eval evaluates over a row. wantedText replaces the row's last value.
func (t *trial) eval(row [][]byte, wantedText []byte, s *where.Scratch) (o ours, complaint string) {
	row[len(row)-1] = wantedText
	var all [2]ours
	for i := range all {
		err := guarded(func() (err error) {
			all[i].truth, err = t.program[i].Eval(row, s)
			return err
		})
		var crash *panicked
		if errors.As(err, &crash) {
			return o, crash.Error()
		}
		all[i].err = err
	}
	if all[0].truth != all[1].truth && all[0].err == nil || (all[0].err == nil) != (all[1].err == nil) {
		return all[0], fmt.Sprintf("the stored clause is %s", all[1])
	}
	return all[0], ""
}

// written is the expression as Postgres is asked: an untyped literal is a boolean there too, and nothing else becomes one.
func (t *trial) written() string {
	if t.valued {
		return "(" + t.expr.SQL() + ")::text"
	}
	return "coalesce((" + t.expr.SQL() + "), NULL::bool)"
}

// asksWritten reports whether what was written must have the value of the canonical text in this database.
func (t *trial) asksWritten(d *database) bool {
	collated := slices.ContainsFunc(t.expr.columns(), func(name string) bool { return strings.HasPrefix(name, "collated_") })
	return !(collated && t.expr.mapsLetters()) && (!t.expr.ordersText() || d.locale.ByBytes && !collated)
}

// question asks for the written clause, if the database's order allows, and the canonical one over all rows that where selects.
func (t *trial) question(d *database, where string) question {
	canonical := t.clause.SQL()
	switch {
	case t.valued:
		return question{sql: "SELECT q." + wanted + ", (" + canonical + ") FROM (SELECT judged.*, " + t.written() + " AS " + wanted + " FROM judged" + where + " OFFSET 0) q ORDER BY row_number"}
	case t.asksWritten(d):
		return question{sql: "SELECT " + t.written() + ", (" + canonical + ") FROM judged" + where + " ORDER BY row_number"}
	}
	return question{sql: "SELECT NULL, (" + canonical + ") FROM judged" + where + " ORDER BY row_number"}
}

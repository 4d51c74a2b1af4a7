package filter

import "leyden/internal/where"

// residual is what has to be evaluated of a clause once an index has led to it. Shapes that differ in what the index has decided
// share it.
type residual struct {
	clause   *where.Clause
	users    int
	programs []program

	// What is known of the rows of the lookup number tick: bits of rows.
	tick       uint64
	done, true rowset
}

// program is a clause bound to one layout.
type program struct {
	epoch   uint64
	program *where.Program // nil when the clause does not fit the layout
}

// residual finds or makes the residual of a clause, and counts its user. It is nil for nil.
func (t *table) residual(c *where.Clause) *residual {
	if c == nil {
		return nil
	}
	r := t.residuals[c.Encoding()]
	if r == nil {
		r = &residual{clause: c}
		t.residuals[c.Encoding()] = r
	}
	r.users++
	return r
}

// known is the residual that a clause has already.
func (t *table) known(c *where.Clause) *residual {
	if c == nil {
		return nil
	}
	return t.residuals[c.Encoding()]
}

func (t *table) release(r *residual) {
	if r == nil {
		return
	}
	if r.users--; r.users == 0 {
		delete(t.residuals, r.clause.Encoding())
	}
}

// bound is the clause bound to b, nil when it does not fit.
func (r *residual) bound(b *binding) *where.Program {
	for len(r.programs) <= b.number {
		r.programs = append(r.programs, program{})
	}
	p := &r.programs[b.number]
	if p.epoch != b.epoch+1 {
		p.program, _ = r.clause.Bind(b.names)
		p.epoch = b.epoch + 1
	}
	return p.program
}

// holds reports whether the residual is true for one of the rows, or cannot be evaluated.
func (r *residual) holds(l *lookup, rows rowset) bool {
	if r.tick != l.f.tick {
		r.tick, r.done, r.true = l.f.tick, 0, 0
	}
	if todo := rows &^ r.done; todo != 0 {
		r.done |= todo
		p := r.bound(l.b)
		for i, row := range l.rows {
			if todo&(1<<i) == 0 {
				continue
			}
			if p == nil {
				l.f.errors++
				r.true |= 1 << i
				continue
			}
			truth, err := p.Eval(row, &l.f.scratch)
			if err != nil {
				l.f.errors++
			}
			if err != nil || truth == where.True {
				r.true |= 1 << i
			}
		}
	}
	return rows&r.true != 0
}

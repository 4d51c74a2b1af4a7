package where

import (
	"errors"
	"fmt"
	"slices"
)

// Clause is a compiled where clause. It is immutable and safe for concurrent use, and nothing but its encoding: some fifty
// bytes for a comparison of a column with a number.
type Clause struct {
	code string
}

// Unmarshal reads what MarshalBinary wrote. It parses no SQL, checks every byte and copies b.
func Unmarshal(b []byte) (*Clause, error) {
	code := string(b)
	if _, err := decode(code); err != nil {
		return nil, err
	}
	return &Clause{code: code}, nil
}

// MarshalBinary encodes the compiled form. Clauses with equal SQL over columns of equal types have equal bytes.
func (c *Clause) MarshalBinary() ([]byte, error) { return []byte(c.code), nil }

// tree reads the encoding back. It cannot fail: only checked bytes become a Clause.
func (c *Clause) tree() *typedTree {
	t, err := decode(c.code)
	if err != nil {
		panic(fmt.Sprintf("where: a clause holds malformed bytes: %x", c.code))
	}
	return t
}

// SQL is the canonical text: the clause's part of a shape's identity, and what snapshots are queried with. It has no
// parameters. In the session that spec http-api §19 asks for, Postgres evaluates it as Eval does.
func (c *Clause) SQL() string {
	return printSQL(c.tree())
}

// Columns are the referenced columns, sorted and without duplicates.
func (c *Clause) Columns() []string {
	t := c.tree()
	names := make([]string, len(t.columns))
	for i, col := range t.columns {
		names[i] = col.name
	}
	return names
}

// Bind resolves the referenced columns to tuple positions: names[i] is the column at position i. A missing column is an error,
// and so is a clause with subqueries, of which only the parts can be evaluated.
func (c *Clause) Bind(names []string) (*Program, error) {
	d := decoder{b: c.code, i: 1}
	p := &Program{code: c.code}
	if d.count() > 0 {
		return nil, errSubqueries
	}
	for range d.count() {
		d.text()
	}
	if n := d.count(); n > 0 {
		p.pos = make([]int32, n)
	}
	for i := range p.pos {
		id := typeID(d.byte())
		name := d.text()
		d.byte()
		if id.named() {
			d.uvarint()
		}
		at := slices.Index(names, name)
		if at < 0 {
			return nil, fmt.Errorf("bind where clause: no column %q", name)
		}
		p.pos[i] = int32(at)
	}
	p.root = int32(d.i)
	return p, nil
}

var errSubqueries = errors.New("bind where clause: it has subqueries, whose values it does not know")

// Encoding is the compiled form without a copy: a key under which equal clauses are equal.
func (c *Clause) Encoding() string { return c.code }

package where

import (
	"bytes"

	"leyden/internal/where/jsonb"
)

func compareJSONB(a, b []byte) int { return jsonb.Compare(a, b) }

// inputJSON is the input function of json and jsonb.
func (m *machine) inputJSON(to typeID, out *value) (err error) {
	if to == tJSON {
		return jsonb.Validate(out.b)
	}
	m.print(out, func(b []byte) []byte {
		b, err = jsonb.Input(b, out.b)
		return b
	})
	return err
}

func validJSON(id typeID, b []byte) bool {
	if id == tJSON {
		return jsonb.Validate(b) == nil
	}
	canonical, err := jsonb.Input(nil, b)
	return err == nil && bytes.Equal(canonical, b)
}

// orderedAlike reports whether the order of two jsonb values is the same in all databases. Postgres compares the strings in
// them by the collation of the database, and no COLLATE changes that; but where one side is a constant without a string, no
// strings are compared.
func orderedAlike(l, r *node) bool {
	for _, n := range [...]*node{l, r} {
		if n.op == opNull || n.op == opConst && bytes.IndexByte(n.val.b, '"') < 0 {
			return true
		}
	}
	return false
}

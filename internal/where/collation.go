package where

// collation says whose letters a text is made of, as far as upper and lower case matter.
type collation uint8

const (
	collationNone    collation = iota // no text
	collationDefault                  // the database's
	collationC                        // names have that of C, and hand it on
)

// collationOf derives the collation of what n yields, as the manual says under "Collation Concepts": that of its arguments, of
// which the default one is the weaker.
func collationOf(n *node) collation {
	if !n.typ.id.collatable() {
		return collationNone
	}
	if n.of != nil {
		return collationOf(n.of)
	}
	derived := collationNone
	for _, arg := range n.args {
		derived = max(derived, collationOf(arg))
	}
	switch {
	case derived != collationNone:
		return derived
	case n.typ.id.elem() == tName:
		return collationC
	}
	return collationDefault
}

// collatable reports whether values of the type have a collation.
func (id typeID) collatable() bool { return id.elem().info().category == catString }

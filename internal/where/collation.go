package where

// collation says whose letters a text is made of, as far as upper and lower case matter.
type collation uint8

const (
	collationNone    collation = iota // no text, or nothing to say
	collationDefault                  // the database's
	collationC                        // that of C
)

// The collations of texts, as Column.Collation names them, are derived as the manual says under "Collation Concepts". Texts are
// ordered by bytes whatever their collation is; it decides whether an operator is accepted, and whether lower and upper map the
// letters of C or those of the database.
const (
	noCollation        = "-" // no text
	ownC               = "C"
	conflictingOrigins = "?" // of two columns with different ones: no operator accepts that
)

// collationOf is the collation of what n yields: that of its arguments, of which the database's is the weaker.
func collationOf(n *node) string {
	switch {
	case !n.typ.id.collatable():
		return noCollation
	case n.of != nil:
		return collationOf(n.of)
	case n.collation != "":
		return n.collation
	}
	derived := mergedCollation(n.args)
	switch own := n.typ.ownCollation(); {
	case derived == noCollation:
		return own
	case n.op == opCast && n.aux == castArray:
		return merged(derived, own) // Postgres converts the elements of an array as if they had no collation
	}
	return derived
}

// mergedCollation is the collation of what is made of those texts.
func mergedCollation(texts []*node) string {
	all := noCollation
	for _, n := range texts {
		all = merged(all, collationOf(n))
	}
	return all
}

// merged is what comes of two collations that meet.
func merged(a, b string) string {
	switch {
	case b == noCollation || a == b:
		return a
	case a == noCollation || a == "":
		return b
	case b == "":
		return a
	}
	return conflictingOrigins
}

// collatedAs is n with the collation that it has together with what was dropped beside it.
func (n *node) collatedAs(all []*node) *node {
	c := mergedCollation(all)
	if c == noCollation || c == "" || c == collationOf(n) {
		return n
	}
	derived := *n
	derived.collation = c
	return &derived
}

// ownCollation is that of a type: names have that of C.
func (t typ) ownCollation() string {
	if t.id.elem() == tName {
		return ownC
	}
	return ""
}

// checkCollations rejects texts of which Postgres could not tell how to compare them.
func (a *analyzer) checkCollations(loc int32, texts ...*node) error {
	if mergedCollation(texts) == conflictingOrigins {
		return a.errorf(loc, "could not determine which collation to use for string comparison")
	}
	return nil
}

// lettersOf reports whether the letters of texts are those of C, or else the database's, which stand in for those of other collations.
func (a *analyzer) lettersOf(loc int32, texts ...*node) (c bool, err error) {
	return mergedCollation(texts) == ownC, a.checkCollations(loc, texts...)
}

// collatable reports whether values of the type have a collation.
func (id typeID) collatable() bool { return id.elem().info().category == catString }

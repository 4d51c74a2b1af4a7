package where

// signature is one overload of a binary operator: the types it takes and the node it becomes.
type signature struct {
	left, right typeID
	fam         family
	// lift is the conversion that the overload applies to a date so that it compares with timestamps; it cannot overflow.
	liftLeft, liftRight bool
}

// comparable lists the overloads of the comparison operators in pg_operator, for the types of the language. Enums are apart:
// an enum compares with itself only.
func comparable(rel relation) []signature {
	all := []signature{
		{left: tBool, right: tBool, fam: famInt},
		{left: tNumeric, right: tNumeric, fam: famNumeric},
		{left: tText, right: tText, fam: famBytes},
		{left: tName, right: tName, fam: famBytes},
		{left: tName, right: tText, fam: famBytes},
		{left: tText, right: tName, fam: famBytes},
		{left: tBpchar, right: tBpchar, fam: famPadded},
		{left: tUUID, right: tUUID, fam: famBytes},
		{left: tTime, right: tTime, fam: famInt},
		{left: tDate, right: tDate, fam: famInt},
	}
	for _, l := range []typeID{tInt2, tInt4, tInt8} {
		for _, r := range []typeID{tInt2, tInt4, tInt8} {
			all = append(all, signature{left: l, right: r, fam: famInt})
		}
	}
	for _, l := range []typeID{tFloat4, tFloat8} {
		for _, r := range []typeID{tFloat4, tFloat8} {
			all = append(all, signature{left: l, right: r, fam: famFloat})
		}
	}
	for _, l := range []typeID{tDate, tTimestamp, tTimestamptz} {
		for _, r := range []typeID{tDate, tTimestamp, tTimestamptz} {
			if l != tDate || r != tDate {
				all = append(all, signature{left: l, right: r, fam: famInt, liftLeft: l == tDate, liftRight: r == tDate})
			}
		}
	}
	if !rel.ordered() {
		all = append(all, signature{left: tEnum, right: tEnum, fam: famBytes})
	}
	return all
}

// matchable lists the overloads of LIKE and ILIKE.
func matchable() []signature {
	return []signature{
		{left: tText, right: tText},
		{left: tBpchar, right: tText},
		{left: tName, right: tText},
	}
}

// comparison names the comparison operators.
func comparison(name string) (relation, bool) {
	switch name {
	case "=":
		return relEQ, true
	case "<>":
		return relNE, true
	case "<":
		return relLT, true
	case "<=":
		return relLE, true
	case ">":
		return relGT, true
	case ">=":
		return relGE, true
	}
	return 0, false
}

// matching names the operators behind LIKE.
func matching(name string) (flags likeFlags, negated, ok bool) {
	switch name {
	case "~~":
		return 0, false, true
	case "!~~":
		return 0, true, true
	case "~~*":
		return likeFold, false, true
	case "!~~*":
		return likeFold, true, true
	}
	return 0, false, false
}

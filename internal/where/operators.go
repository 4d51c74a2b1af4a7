package where

import "sync"

// comparison is an overload of a comparison operator.
type comparison struct {
	function
	fam family
	// lift is the conversion that the overload applies to a date so that it compares with timestamps; it cannot overflow.
	liftLeft, liftRight bool
}

// comparisonTable are the overloads that every comparison operator has.
type comparisonTable struct {
	rows []comparison
	all  []*function // of rows, in the same order
}

// comparisons lists the overloads of the comparison operators in pg_operator, for the types of the language. It is made once and
// never changes.
var comparisons = sync.OnceValue(func() *comparisonTable {
	t := &comparisonTable{}
	add := func(left, right typeID, fam family) {
		t.rows = append(t.rows, comparison{function: function{args: in(left, right), result: tBool}, fam: fam})
	}
	add(tBool, tBool, famInt)
	add(tNumeric, tNumeric, famNumeric)
	add(tText, tText, famBytes)
	add(tName, tName, famBytes)
	add(tName, tText, famBytes)
	add(tText, tName, famBytes)
	add(tBpchar, tBpchar, famPadded)
	add(tUUID, tUUID, famBytes)
	add(tTime, tTime, famInt)
	add(tDate, tDate, famInt)
	add(tBytea, tBytea, famBytes)
	add(tChar, tChar, famBytes)
	add(tTimetz, tTimetz, famTimetz)
	add(tInterval, tInterval, famInterval)
	add(tJSONB, tJSONB, famJSONB)
	add(tAnyArray, tAnyArray, famArray)
	add(tAnyEnum, tAnyEnum, famBytes)
	for _, l := range []typeID{tInt2, tInt4, tInt8} {
		for _, r := range []typeID{tInt2, tInt4, tInt8} {
			add(l, r, famInt)
		}
	}
	for _, l := range []typeID{tFloat4, tFloat8} {
		for _, r := range []typeID{tFloat4, tFloat8} {
			add(l, r, famFloat)
		}
	}
	for _, l := range []typeID{tDate, tTimestamp, tTimestamptz} {
		for _, r := range []typeID{tDate, tTimestamp, tTimestamptz} {
			if l != tDate || r != tDate {
				add(l, r, famInt)
				last := &t.rows[len(t.rows)-1]
				last.liftLeft, last.liftRight = l == tDate, r == tDate
			}
		}
	}
	for i := range t.rows {
		t.all = append(t.all, &t.rows[i].function)
	}
	return t
})

// orderOf is how values of one type are compared with each other by default.
func orderOf(t typ) (family, bool) {
	i := choose(comparisons().all, []typ{t, t}, true)
	if i < 0 || t.id == tJSON.array() {
		return 0, false
	}
	return comparisons().rows[i].fam, true
}

// matchable lists the overloads of LIKE and ILIKE.
var matchable = sync.OnceValue(func() []*function {
	return []*function{
		{args: in(tText, tText), result: tBool},
		{args: in(tBpchar, tText), result: tBool},
		{args: in(tName, tText), result: tBool},
	}
})

// comparisonNamed names the comparison operators.
func comparisonNamed(name string) (relation, bool) {
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

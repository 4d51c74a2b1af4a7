package where

// choose picks the overload for the types of the arguments, by the rules of the Postgres manual: "Operator Type Resolution" for
// operators, else "Function Type Resolution". It gives -1 when none or several remain.
func choose(all []*function, args []typ, operator bool) int {
	if i := exact(all, args); i >= 0 {
		return i
	}
	// An operator takes an untyped literal for the type of the other side.
	if operator && len(args) == 2 && args[0].isUnknown() != args[1].isUnknown() {
		same := args[0]
		if same.isUnknown() {
			same = args[1]
		}
		if i := exact(all, []typ{same, same}); i >= 0 {
			return i
		}
	}
	left := make([]int, 0, len(all))
	for i, f := range all {
		if f.accepts(args) {
			left = append(left, i)
		}
	}
	if len(left) > 1 {
		left = best(all, left, args, func(arg, slot typeID) bool { return arg == slot })
	}
	if len(left) > 1 {
		left = best(all, left, args, func(arg, slot typeID) bool {
			in := slot.info()
			return arg == slot || in.preferred && in.category == arg.info().category
		})
	}
	if len(left) > 1 {
		left = byUnknowns(all, left, args)
	}
	if len(left) > 1 {
		left = byKnown(all, left, args)
	}
	if len(left) != 1 {
		return -1
	}
	return left[0]
}

// exact finds the overload whose slots are of exactly those types.
func exact(all []*function, args []typ) int {
next:
	for i, f := range all {
		for k := range args {
			if slot := f.slot(k); slot != args[k].id || slot == tUnknown {
				continue next
			}
		}
		return i
	}
	return -1
}

// accepts reports whether arguments of these types may stand in the slots.
func (f *function) accepts(args []typ) bool {
	for i, arg := range args {
		slot := f.slot(i)
		if slot < tAny || slot.isArray() {
			if !coercible(arg, typ{id: slot}) {
				return false
			}
		}
	}
	_, _, ok := f.unify(args)
	return ok
}

// coercible reports whether there is an implicit cast.
func coercible(from, to typ) bool {
	if from.isUnknown() || from == to {
		return true
	}
	if from.id.elem() == tEnum && to.id.elem() == tEnum {
		return false // of different names
	}
	_, ctx := castBetween(from.id, to.id)
	return ctx == castImplicit
}

// best keeps the candidates with the most slots that match a typed argument.
func best(all []*function, candidates []int, args []typ, match func(arg, slot typeID) bool) []int {
	most, kept := -1, candidates[:0:0]
	for _, c := range candidates {
		n := 0
		for i, arg := range args {
			if !arg.isUnknown() && match(arg.id, all[c].slot(i)) {
				n++
			}
		}
		if n > most {
			most, kept = n, kept[:0]
		}
		if n == most {
			kept = append(kept, c)
		}
	}
	return kept
}

// wanted is the category that the candidates have for an untyped argument: string if any takes one, else the one that all agree
// on.
type wanted struct {
	category  byte
	preferred bool // some candidate takes the preferred type of the category
}

func wantedBy(all []*function, candidates []int, arg int) (w wanted, agreed bool) {
	agreed = true
	for k, c := range candidates {
		in := all[c].slot(arg).info()
		switch {
		case k == 0:
			w = wanted{in.category, in.preferred}
		case in.category == w.category:
			w.preferred = w.preferred || in.preferred
		case in.category == catString:
			w, agreed = wanted{in.category, in.preferred}, true
		case w.category != catString:
			agreed = false
		}
	}
	return w, agreed
}

// byUnknowns keeps the candidates whose slots for untyped arguments are of the wanted categories.
func byUnknowns(all []*function, candidates []int, args []typ) []int {
	wants := make([]wanted, len(args))
	unknowns := 0
	for i, arg := range args {
		if !arg.isUnknown() {
			continue
		}
		unknowns++
		w, agreed := wantedBy(all, candidates, i)
		if !agreed {
			return candidates
		}
		wants[i] = w
	}
	kept := candidates[:0:0]
	for _, c := range candidates {
		keep := unknowns > 0
		for i, arg := range args {
			if in := all[c].slot(i).info(); arg.isUnknown() && (in.category != wants[i].category || wants[i].preferred && !in.preferred) {
				keep = false
			}
		}
		if keep {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return candidates
	}
	return kept
}

// byKnown is the last resort: untyped arguments are taken for the one type that all the others have.
func byKnown(all []*function, candidates []int, args []typ) []int {
	var known typ
	for _, arg := range args {
		switch {
		case arg.isUnknown():
		case known.isUnknown():
			known = arg
		case arg != known:
			return candidates
		}
	}
	if known.isUnknown() {
		return candidates
	}
	same := make([]typ, len(args))
	for i := range same {
		same[i] = known
	}
	kept := candidates[:0:0]
	for _, c := range candidates {
		if all[c].accepts(same) {
			kept = append(kept, c)
		}
	}
	if len(kept) != 1 {
		return candidates
	}
	return kept
}

// commonType is the type that all of types can take, by the rules for UNION. It reports false when there is none.
func commonType(types []typ) (typ, bool) {
	common := typ{}
	for _, t := range types {
		switch {
		case t.isUnknown() || t == common:
		case common.isUnknown():
			common = t
		default:
			a, b := common.id.info(), t.id.info()
			if a.category != b.category {
				return typ{}, false
			}
			if !a.preferred && coercible(common, t) && !coercible(t, common) {
				common = t
			}
		}
	}
	if common.isUnknown() {
		return typ{id: tText}, true
	}
	for _, t := range types {
		if !coercible(t, common) {
			return typ{}, false
		}
	}
	return common, true
}

package where

// resolve picks the overload for two argument types by the rules of the Postgres manual, "Operator Type Resolution". It
// reports false when none or several remain.
func resolve(all []signature, left, right typ) (signature, bool) {
	if left.id == tEnum || right.id == tEnum {
		return resolveEnum(all, left, right)
	}
	if s, ok := exact(all, left.id, right.id); ok {
		return s, true
	}
	// An untyped literal is taken for the type of the other side.
	if left.isUnknown() != right.isUnknown() {
		same := left.id
		if left.isUnknown() {
			same = right.id
		}
		if s, ok := exact(all, same, same); ok {
			return s, true
		}
	}
	args := [2]typeID{left.id, right.id}
	candidates := make([]signature, 0, len(all))
	for _, s := range all {
		if s.left != tEnum && accepts(args[0], s.left) && accepts(args[1], s.right) {
			candidates = append(candidates, s)
		}
	}
	if len(candidates) > 1 {
		candidates = best(candidates, args, func(arg, slot typeID) bool { return arg == slot })
	}
	if len(candidates) > 1 {
		candidates = best(candidates, args, func(arg, slot typeID) bool {
			in := slot.info()
			return arg == slot || in.preferred && in.category == arg.info().category
		})
	}
	if len(candidates) > 1 {
		candidates = byUnknowns(candidates, args)
	}
	if len(candidates) != 1 {
		return signature{}, false
	}
	return candidates[0], true
}

func resolveEnum(all []signature, left, right typ) (signature, bool) {
	if left != right && !left.isUnknown() && !right.isUnknown() {
		return signature{}, false
	}
	return exact(all, tEnum, tEnum)
}

func exact(all []signature, left, right typeID) (signature, bool) {
	for _, s := range all {
		if s.left == left && s.right == right {
			return s, true
		}
	}
	return signature{}, false
}

// accepts reports whether an argument may stand in a slot.
func accepts(arg, slot typeID) bool {
	if arg == tUnknown {
		return true
	}
	_, ctx := castBetween(arg, slot)
	return ctx == castImplicit
}

// best keeps the candidates with the most slots that match a typed argument.
func best(candidates []signature, args [2]typeID, match func(arg, slot typeID) bool) []signature {
	most, kept := -1, candidates[:0:0]
	for _, s := range candidates {
		n := 0
		for i, slot := range [2]typeID{s.left, s.right} {
			if args[i] != tUnknown && match(args[i], slot) {
				n++
			}
		}
		if n > most {
			most, kept = n, kept[:0]
		}
		if n == most {
			kept = append(kept, s)
		}
	}
	return kept
}

// byUnknowns decides between candidates by the category that an untyped argument would have: string if any candidate takes
// one, else the category all agree on, the preferred type of it first.
func byUnknowns(candidates []signature, args [2]typeID) []signature {
	slot := func(s signature, i int) typeInfo {
		if i == 0 {
			return s.left.info()
		}
		return s.right.info()
	}
	for i := range args {
		if args[i] != tUnknown {
			continue
		}
		category, agreed := slot(candidates[0], i).category, true
		for _, s := range candidates {
			in := slot(s, i)
			if in.category == catString {
				category, agreed = catString, true
				break
			}
			agreed = agreed && in.category == category
		}
		if !agreed {
			return candidates
		}
		kept, preferred := candidates[:0:0], false
		for _, s := range candidates {
			in := slot(s, i)
			if in.category != category || preferred && !in.preferred {
				continue
			}
			if in.preferred && !preferred {
				preferred, kept = true, kept[:0]
			}
			kept = append(kept, s)
		}
		candidates = kept
	}
	return candidates
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
			if a.category != b.category || t.id >= tEnum {
				return typ{}, false
			}
			if !a.preferred && accepts(common.id, t.id) && !accepts(t.id, common.id) {
				common = t
			}
		}
	}
	if common.isUnknown() {
		return typ{id: tText}, true
	}
	for _, t := range types {
		if t != common && !accepts(t.id, common.id) {
			return typ{}, false
		}
	}
	return common, true
}

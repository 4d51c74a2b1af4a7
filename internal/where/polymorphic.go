package where

// unify gives the polymorphic slots of f and its result the types that the arguments ask for. Slots of group A (anyelement,
// anyarray, anynonarray, anyenum) must agree exactly, those of group B (anycompatible...) find a common type. With nothing but
// untyped arguments they are texts, which is right for group B only: see undetermined.
func (f *function) unify(args []typ) (slots []typ, result typ, ok bool) {
	var element typ // of group A
	var compatible []typ
	polymorphic := f.result.isPolymorphic()
	for i, arg := range args {
		slot := f.slot(i)
		polymorphic = polymorphic || slot.isPolymorphic()
		if arg.isUnknown() || slot < tAny || slot.isArray() {
			continue
		}
		if slot == tAnyArray || slot == tAnyCompatibleArray {
			if !arg.id.isArray() {
				return nil, typ{}, false
			}
			arg = arg.elem()
		}
		switch {
		case arg.id.opaque() && slot != tAny:
			return nil, typ{}, false
		case slot >= tAnyCompatible:
			compatible = append(compatible, arg)
		case slot == tAny:
		case element.isUnknown():
			element = arg
		case element != arg:
			return nil, typ{}, false
		}
	}
	common := typ{id: tText}
	if polymorphic {
		if element.isUnknown() {
			element = typ{id: tText}
		}
		if common, ok = commonType(compatible); !ok {
			return nil, typ{}, false
		}
	}
	slots = make([]typ, len(args))
	for i, arg := range args {
		if slots[i], ok = concrete(f.slot(i), arg, element, common); !ok {
			return nil, typ{}, false
		}
	}
	result, ok = concrete(f.result, typ{id: tText}, element, common)
	return slots, result, ok
}

// undetermined reports whether nothing says what the slots of group A stand for.
func (f *function) undetermined(args []typ) bool {
	none := false
	for i, arg := range args {
		if !f.slot(i).agreesExactly() {
			continue
		}
		if !arg.isUnknown() {
			return false
		}
		none = true
	}
	return none
}

// mixesDomains reports whether slots of group A would stand for a domain and for the type below it.
func (f *function) mixesDomains(args []*node) bool {
	var first *node
	for i, n := range args {
		if !f.slot(i).agreesExactly() || n.typ.isUnknown() {
			continue
		}
		if first == nil {
			first = n
		}
		if n.domain != first.domain {
			return true
		}
	}
	return false
}

// agreesExactly reports whether a slot is of group A.
func (id typeID) agreesExactly() bool { return id >= tAnyElement && id <= tAnyEnum && !id.isArray() }

// ofDomains reports whether polymorphic slots would stand for a domain: that is so when nothing else is given for them.
func (f *function) ofDomains(args []*node) bool {
	domain := false
	for i, n := range args {
		if slot := f.slot(i); !slot.isPolymorphic() || n.typ.isUnknown() {
			continue
		}
		if !n.domain {
			return false
		}
		domain = true
	}
	return domain
}

// concrete is the type that stands in a slot.
func concrete(slot typeID, arg, element, common typ) (typ, bool) {
	switch slot {
	case tAny:
		if arg.isUnknown() {
			arg = typ{id: tText}
		}
		return arg, !arg.id.opaque()
	case tAnyElement:
		return element, true
	case tAnyNonArray:
		return element, !element.id.isArray()
	case tAnyEnum:
		return element, element.id == tEnum
	case tAnyArray:
		return element.array(), !element.id.isArray()
	case tAnyCompatible:
		return common, true
	case tAnyCompatibleNonArray:
		return common, !common.id.isArray()
	case tAnyCompatibleArray:
		return common.array(), !common.id.isArray()
	}
	return typ{id: slot}, true
}

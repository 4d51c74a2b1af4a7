package where

// The casts of dates, times and intervals that are functions of their own. The numbers are stored in compiled clauses, and begin with
// castsOfMoment.

func momentCast(from, to typeID) (castID, castContext) {
	return 0, castNone
}

func (m *machine) castMoment(id castID, from, to typeID, out *value) error {
	return ErrCorrupt
}

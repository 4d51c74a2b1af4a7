package where

// The casts of json and jsonb that are functions of their own. The numbers are stored in compiled clauses, and begin with
// castsOfJSON.

func jsonCast(from, to typeID) (castID, castContext) {
	return 0, castNone
}

func (m *machine) castJSON(id castID, from, to typeID, out *value) error {
	return ErrCorrupt
}

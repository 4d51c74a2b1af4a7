package where

// compareArrays orders arrays of elements of type id.
func compareArrays(id typeID, a, b []byte) int { return 0 }

// inputArray is the input function of arrays.
func (m *machine) inputArray(to typeID, out *value) error { return errUnsupported }

// appendArray is the output function of arrays.
func appendArray(dst []byte, from typeID, v *value) []byte { return append(dst, v.b...) }

// castArray converts the elements.
func (m *machine) castArray(from, to typeID, out *value) error { return errUnsupported }

func validArray(id typeID, b []byte) bool { return false }

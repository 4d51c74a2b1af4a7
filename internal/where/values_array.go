package where

import "leyden/internal/where/array"

// arrayType is what package array has to know of elements of type id, which element.go writes and reads.
func arrayType(id typeID) *array.Type { return nil }

// compareArrays orders arrays of elements of type id.
func compareArrays(id typeID, a, b []byte) int { return array.Compare(a, b, arrayType(id)) }

// inputArray is the input function of arrays.
func (m *machine) inputArray(to typeID, out *value) error { return errUnsupported }

// appendArray is the output function of arrays.
func appendArray(dst []byte, from typeID, v *value) []byte { return append(dst, v.b...) }

// castArray converts the elements.
func (m *machine) castArray(from, to typeID, out *value) error { return errUnsupported }

// validArray reports whether b is an array of elements of type id, as package array and element.go write it.
func validArray(id typeID, b []byte) bool { return false }

package where

import (
	"bytes"
	"encoding/binary"
	"sync"

	"leyden/internal/where/array"
	"leyden/internal/where/jsonb"
	"leyden/internal/where/moment"
)

// arrayTypes is what package array has to know of the elements, by their type. It is made once and never changes.
var arrayTypes struct {
	once sync.Once
	all  [typeCount]array.Type
}

// arrayType is what package array has to know of elements of type id, which element.go writes and reads.
func arrayType(id typeID) *array.Type {
	arrayTypes.once.Do(fillArrayTypes)
	return &arrayTypes.all[id]
}

func fillArrayTypes() {
	all := &arrayTypes.all
	for id := tBool; id < typeCount; id++ {
		fam, ok := orderOf(typ{id: id})
		all[id] = array.Type{
			Input:  func(dst, text []byte) ([]byte, error) { return inputElement(dst, id, text) },
			Output: func(dst, element []byte) []byte { return outputElement(dst, id, element) },
		}
		if ok {
			all[id].Compare = elementOrder(id, fam)
			all[id].Equal = func(a, b []byte) bool { return all[id].Compare(a, b) == 0 }
			if fam == famBytes {
				all[id].Equal = bytes.Equal
			}
			all[id].Key = func(dst, element []byte) []byte { return appendElementKey(dst, id, fam, element) }
		}
	}
}

// inputElement appends the element that text stands for. Most types need no memory for it but dst.
func inputElement(dst []byte, id typeID, text []byte) ([]byte, error) {
	v := value{b: text}
	var err error
	switch id {
	case tText, tVarchar, tBpchar, tEnum:
	case tName:
		v.b = cutName(text)
	case tInt2, tInt4, tInt8:
		v.i, err = inputInt(text, id)
	case tBool:
		var b bool
		if b, err = inputBool(text); b {
			v.i = 1
		}
	case tFloat4:
		v.f, err = inputFloat(text, 32)
	case tFloat8:
		v.f, err = inputFloat(text, 64)
	case tDate:
		v.i, err = inputDate(text)
	case tTime:
		v.i, err = inputTime(text)
	case tTimestamp, tTimestamptz:
		v.i, err = inputTimestamp(text, id == tTimestamptz)
	case tNumeric:
		if !isPlainNumeric(text) {
			v.b, err = inputNumeric(text)
		}
	case tInterval:
		i, err := moment.ParseInterval(text)
		b := i.Bytes()
		return append(dst, b[:]...), err
	case tTimetz:
		t, err := moment.ParseTimeTZ(text, nil)
		b := t.Bytes()
		return append(dst, b[:]...), err
	case tJSONB:
		return jsonb.Input(dst, text)
	default:
		m := machine{s: &Scratch{}}
		err = m.input(id, &v)
	}
	if err != nil {
		return dst, err
	}
	return appendElement(dst, id, &v), nil
}

// isPlainNumeric reports whether text is as numeric prints it, so that there is nothing to convert.
func isPlainNumeric(text []byte) bool {
	digits := bytes.TrimPrefix(text, []byte("-"))
	if len(digits) > maxPlainNumeric || len(digits) == 0 || digits[0] == '0' && len(digits) > 1 && digits[1] != '.' {
		return false
	}
	whole, frac, dot := bytes.Cut(digits, []byte("."))
	if len(whole) == 0 || dot && len(frac) == 0 || !allDigits(whole) || !allDigits(frac) {
		return false
	}
	return len(digits) == len(text) || len(bytes.Trim(digits, "0.")) > 0 // there is no negative zero
}

// maxPlainNumeric keeps what may be too long for a numeric to the input function.
const maxPlainNumeric = 1000

// outputElement appends the text that an element has inside of an array: the type's output.
func outputElement(dst []byte, id typeID, element []byte) []byte {
	var v value
	if !readElement(id, element, &v) {
		return dst
	}
	if id == tBool {
		return append(dst, "ft"[v.i])
	}
	return output(dst, id, &v)
}

// elementOrder compares elements of type id as fam does.
func elementOrder(id typeID, fam family) func(a, b []byte) int {
	switch id.rep() {
	case repInt:
		return func(a, b []byte) int {
			x, _ := binary.Varint(a)
			y, _ := binary.Varint(b)
			return fam.compare(&value{i: x}, &value{i: y})
		}
	case repFloat:
		return func(a, b []byte) int {
			var x, y value
			readElement(id, a, &x)
			readElement(id, b, &y)
			return fam.compare(&x, &y)
		}
	}
	return func(a, b []byte) int { return fam.compare(&value{b: a}, &value{b: b}) }
}

// appendElementKey appends the bytes that all elements equal to this one share, and no other.
func appendElementKey(dst []byte, id typeID, fam family, element []byte) []byte {
	var v value
	if !readElement(id, element, &v) {
		return dst
	}
	switch fam {
	case famInt:
		return appendIntKey(dst, v.i)
	case famFloat:
		return appendFloatKey(dst, v.f)
	case famNumeric:
		dst, _ = appendNumericKey(dst, v.b) // of a numeric that has been read
		return dst
	case famPadded:
		return append(dst, trimBlanks(v.b)...)
	case famInterval:
		key := intervalOf(&v).Key()
		return append(dst, key[:]...)
	case famJSONB:
		return jsonb.AppendKey(dst, v.b)
	}
	return append(dst, v.b...)
}

// compareArrays orders arrays of elements of type id.
func compareArrays(id typeID, a, b []byte) int { return array.Compare(a, b, arrayType(id)) }

// inputArray is the input function of arrays.
func (m *machine) inputArray(to typeID, out *value) (err error) {
	m.print(out, func(b []byte) []byte {
		b, err = array.Input(b, out.b, arrayType(to.elem()))
		return b
	})
	return err
}

// appendArray is the output function of arrays.
func appendArray(dst []byte, from typeID, v *value) []byte {
	return array.Output(dst, v.b, arrayType(from.elem()))
}

// castArray converts the elements.
func (m *machine) castArray(from, to typeID, out *value) error {
	from, to = from.elem(), to.elem()
	id, _ := castBetween(from, to)
	if id == castRelabel && from.rep() == to.rep() {
		return nil
	}
	return m.convertElements(id, from, to, 0, out)
}

// convertElements applies a cast to the elements of an array that are not NULL.
func (m *machine) convertElements(id castID, from, to typeID, limit int, out *value) error {
	v, base := array.Value(out.b), len(m.s.stack)
	defer func() { m.s.stack = m.s.stack[:base] }()
	var converted value // outside of the loop, where it needs no memory
	for w := v.Walk(); ; {
		element, null, ok := w.Next()
		if !ok {
			break
		}
		if converted = (value{null: null}); !null {
			if !readElement(from, element, &converted) {
				return ErrCorrupt
			}
			if err := m.convert(id, from, to, limit, &converted); err != nil {
				return err
			}
		}
		m.s.stack = append(m.s.stack, converted)
	}
	m.print(out, func(b []byte) []byte {
		return array.Map(b, v, func(dst []byte, i int) ([]byte, bool) {
			e := &m.s.stack[base+i]
			if e.null {
				return dst, true
			}
			return appendElement(dst, to, e), false
		})
	})
	return nil
}

// validArray reports whether b is an array of type id, as package array and element.go write it.
func validArray(id typeID, b []byte) bool {
	id = id.elem()
	return array.Valid(b, func(element []byte) bool {
		var v value
		return readElement(id, element, &v) && (id.rep() != repBytes || validBytes(id, element))
	})
}

// checkLabels reports whether all elements of an array may be labels of the enum.
func (a *analyzer) checkLabels(t typ, v array.Value) bool {
	for w := v.Walk(); ; {
		label, null, ok := w.Next()
		if !ok {
			return true
		}
		if !null && !a.checkLabel(t.elem(), label) {
			return false
		}
	}
}

package where

import (
	"encoding/binary"
	"math"

	"leyden/internal/where/bytea"
	"leyden/internal/where/jsonb"
	"leyden/internal/where/moment"
)

// Form is how the replicated text of a column becomes key bytes: equal values have equal bytes, others do not, and the bytes are
// ordered as the values are unless the form says otherwise. No key but a text's or a bytea's contains a zero byte after a shorter key's end, and no text contains one: between a
// key and the key followed by a zero byte there is no other.
type Form uint8

const (
	FormText        Form = iota // the text itself: strings, and equality of what has one text for a value
	FormPadded                  // bpchar: without trailing blanks
	FormInt                     // integers by their order
	FormNumeric                 // without a scale
	FormFloat4                  // of what a float4 reads, widened, one zero and one NaN
	FormFloat8                  // the same of a float8
	FormDate                    // days
	FormTime                    // microseconds
	FormTimestamp               // microseconds
	FormTimestamptz             // microseconds
	FormTimetz                  // microseconds in Greenwich, seconds west of it
	FormInterval                // days, microseconds
	FormBytea                   // the bytes
	FormJSONB                   // of equal documents, in no order
)

// Append appends the key bytes of a value's text. FormText and FormPadded cannot fail.
func (f Form) Append(dst, text []byte) ([]byte, error) {
	var v value
	var err error
	switch f {
	case FormText:
		return append(dst, text...), nil
	case FormPadded:
		return append(dst, trimBlanks(text)...), nil
	case FormInt:
		v.i, err = parseInt(text)
	case FormNumeric:
		return appendNumericKey(dst, text)
	case FormFloat4, FormFloat8:
		bits := 64
		if f == FormFloat4 {
			bits = 32
		}
		if v.f, err = inputFloat(text, bits); err != nil {
			return dst, err
		}
		return appendFloatKey(dst, v.f), nil
	case FormDate:
		v.i, err = inputDate(text)
	case FormTime:
		v.i, err = inputTime(text)
	case FormTimestamp:
		v.i, err = columnTimestamp(text, false)
	case FormTimestamptz:
		v.i, err = columnTimestamp(text, true)
	case FormTimetz:
		t, err := moment.ParseTimeTZ(text, nil)
		if err != nil {
			return dst, err
		}
		key := t.Key()
		return append(dst, key[:]...), nil
	case FormInterval:
		i, err := moment.ParseInterval(text)
		if err != nil {
			return dst, err
		}
		key := i.Key()
		return append(dst, key[:]...), nil
	case FormBytea:
		return bytea.Input(dst, text)
	case FormJSONB:
		if err := jsonb.Validate(text); err != nil {
			return dst, err
		}
		return jsonb.AppendKey(dst, text), nil
	}
	if err != nil {
		return dst, err
	}
	return appendIntKey(dst, v.i), nil
}

// Key gives the key bytes of a value's text without copying when it can, else in buf.
func (f Form) Key(buf, text []byte) ([]byte, error) {
	switch f {
	case FormText:
		return text, nil
	case FormPadded:
		return trimBlanks(text), nil
	}
	return f.Append(buf[:0], text)
}

// Copies reports whether Key writes into its buffer.
func (f Form) Copies() bool { return f != FormText && f != FormPadded }

func appendIntKey(dst []byte, i int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(i)^1<<63)
}

func appendFloatKey(dst []byte, f float64) []byte {
	switch {
	case f == 0:
		f = 0 // of either sign
	case f != f:
		f = math.NaN()
	}
	bits := math.Float64bits(f)
	if bits>>63 != 0 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(dst, bits)
}

// The first byte of a numeric's key, in the order of values.
const (
	keyNegInfinite = 1 + iota
	keyNegative
	keyZero
	keyPositive
	keyPosInfinite
	keyNaN
)

// appendNumericKey writes the one key that all numerics of the same value share: its sign, the position of its first digit before
// the point, and its digits. What a negative one has is inverted and ended by a byte that is greater than any digit's.
func appendNumericKey(dst, text []byte) ([]byte, error) {
	d, ok := viewDecimal(text)
	switch {
	case !ok:
		return dst, errSyntax
	case d.kind == negInfinite:
		return append(dst, keyNegInfinite), nil
	case d.kind == posInfinite:
		return append(dst, keyPosInfinite), nil
	case d.kind == notANumber:
		return append(dst, keyNaN), nil
	case d.zero():
		return append(dst, keyZero), nil
	}
	exponent, whole, frac := len(d.whole), d.whole, d.frac
	if exponent == 0 {
		for frac[0] == '0' {
			frac = frac[1:]
			exponent--
		}
	}
	if len(frac) == 0 {
		for whole[len(whole)-1] == '0' {
			whole = whole[:len(whole)-1]
		}
	}
	if !d.neg {
		dst = binary.BigEndian.AppendUint32(append(dst, keyPositive), uint32(int32(exponent))^1<<31)
		return append(append(dst, whole...), frac...), nil
	}
	dst = binary.BigEndian.AppendUint32(append(dst, keyNegative), ^(uint32(int32(exponent)) ^ 1<<31))
	for _, digits := range [2][]byte{whole, frac} {
		for _, c := range digits {
			dst = append(dst, ^c)
		}
	}
	return append(dst, 0xff), nil
}

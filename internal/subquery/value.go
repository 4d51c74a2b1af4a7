package subquery

import (
	"errors"
	"iter"
	"slices"
	"strings"

	"leyden/internal/where"
)

// Value is one value of a subquery: the canonical texts and NULLs of its columns, in the order of the select list. For each
// column it has a zero for NULL, or one more than the length of the text as a varint, and the text. Values of the same number of
// columns are equal iff their bytes are.
type Value string

// Null is the value of one column that is NULL.
const Null Value = "\x00"

// AppendValue appends the value that cells make, nil being NULL. canon has an entry for each of them.
func AppendValue(dst []byte, canon []where.Canon, cells [][]byte) []byte {
	for i, text := range cells {
		dst = appendCell(dst, canon[i], text)
	}
	return dst
}

func appendCell(dst []byte, canon where.Canon, text []byte) []byte {
	if text == nil {
		return append(dst, 0)
	}
	start := len(dst)
	dst = canon.Append(append(dst, 0), text)
	n := uint64(len(dst)-start-1) + 1
	for at := start; ; at++ {
		if n < 0x80 {
			dst[at] = byte(n)
			return dst
		}
		dst[at] = byte(n) | 0x80
		n >>= 7
		dst = slices.Insert(dst, at+1, 0)
	}
}

// errValue reports bytes that are no Value.
var errValue = errors.New("malformed value of a subquery")

// ParseValue checks the bytes of a value and copies them.
func ParseValue(b []byte) (Value, error) {
	for i := 0; i < len(b); {
		var n uint64
		for shift := 0; ; shift += 7 {
			if i == len(b) || shift > 56 || shift > 0 && b[i] == 0 {
				return "", errValue
			}
			c := b[i]
			i++
			n |= uint64(c&0x7f) << shift
			if c < 0x80 {
				break
			}
		}
		if n > uint64(len(b)-i)+1 {
			return "", errValue
		}
		if n > 0 {
			i += int(n - 1)
		}
	}
	return Value(b), nil
}

// cell finds the text of the column that begins at i. from is negative for NULL; to is where the next one begins.
func cell[T ~string | ~[]byte](v T, i int) (from, to int) {
	var n uint64
	for shift := 0; ; shift += 7 {
		c := v[i]
		i++
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			break
		}
	}
	if n == 0 {
		return -1, i
	}
	return i, i + int(n-1)
}

// Cells yields the canonical texts of the columns, and false for NULL. The texts are parts of v.
func (v Value) Cells() iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		for i := 0; i < len(v); {
			from, to := cell(v, i)
			text := ""
			if from >= 0 {
				text = string(v[from:to])
			}
			if !yield(text, from >= 0) {
				return
			}
			i = to
		}
	}
}

// HasNull reports whether a column is NULL.
func (v Value) HasNull() bool { return hasNull(v) }

func hasNull[T ~string | ~[]byte](v T) bool {
	for i := 0; i < len(v); {
		from, to := cell(v, i)
		if from < 0 {
			return true
		}
		i = to
	}
	return false
}

// String is for people: the texts in parentheses.
func (v Value) String() string {
	var b strings.Builder
	b.WriteByte('(')
	first := true
	for text, ok := range v.Cells() {
		if !first {
			b.WriteByte(',')
		}
		first = false
		if ok {
			b.WriteString(text)
		} else {
			b.WriteString("NULL")
		}
	}
	b.WriteByte(')')
	return b.String()
}

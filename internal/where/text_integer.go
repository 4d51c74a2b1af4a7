package where

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
)

var (
	errSyntax      = errors.New("invalid input syntax")
	errRange       = errors.New("value out of range")
	errUnsupported = errors.New("values of this type are not supported")
)

// parseInt reads a decimal integer as Postgres prints it.
func parseInt(b []byte) (int64, error) {
	digits := b
	neg := len(b) > 0 && b[0] == '-'
	if neg || len(b) > 0 && b[0] == '+' {
		digits = b[1:]
	}
	if len(digits) == 0 {
		return 0, errSyntax
	}
	var n uint64
	for _, c := range digits {
		d := c - '0'
		if d > 9 {
			return 0, errSyntax
		}
		if n > (math.MaxUint64-9)/10 {
			return 0, errRange
		}
		n = n*10 + uint64(d)
	}
	switch {
	case neg && n <= 1<<63:
		return -int64(n), nil
	case !neg && n < 1<<63:
		return int64(n), nil
	}
	return 0, errRange
}

// inputInt is the input function of the integer types.
func inputInt(text []byte, id typeID) (int64, error) {
	n, err := parseInt(trimSpace(text))
	if err != nil {
		return 0, err
	}
	return n, checkInt(n, id)
}

func isInteger(id typeID) bool { return id == tInt2 || id == tInt4 || id == tInt8 }

func checkInt(n int64, id typeID) error {
	switch {
	case id == tInt2 && (n < math.MinInt16 || n > math.MaxInt16):
		return errRange
	case id == tInt4 && (n < math.MinInt32 || n > math.MaxInt32):
		return errRange
	}
	return nil
}

// wideLiteral types a number in a clause that does not fit the parser's 32 bits: int4 or int8 if it fits, else numeric.
func wideLiteral(text string) (typ, value, error) {
	plain := strings.ReplaceAll(text, "_", "")
	digits, neg := strings.CutPrefix(plain, "-")
	if n, ok := new(big.Int).SetString(digits, literalBase(digits)); ok {
		if neg {
			n.Neg(n)
		}
		switch {
		case n.IsInt64() && checkInt(n.Int64(), tInt4) == nil:
			return typ{id: tInt4}, value{i: n.Int64()}, nil
		case n.IsInt64():
			return typ{id: tInt8}, value{i: n.Int64()}, nil
		}
		plain = n.String()
	}
	b, err := inputNumeric([]byte(plain))
	return typ{id: tNumeric}, value{b: b}, err
}

// literalBase is the base of an integer literal for big.Int: SQL's leading zeros do not mean octal.
func literalBase(digits string) int {
	if len(digits) > 2 && digits[0] == '0' {
		switch digits[1] {
		case 'x', 'X', 'o', 'O', 'b', 'B':
			return 0
		}
	}
	return 10
}

func appendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

// trimSpace drops what Postgres' input functions take for white space.
func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

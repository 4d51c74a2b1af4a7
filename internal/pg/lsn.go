package pg

import (
	"errors"
	"strconv"
	"strings"
)

// LSN is a byte position in the write-ahead log. All of its 64 bits count.
type LSN uint64

// ErrBadLSN reports text that is not a position in the form that Postgres prints.
var ErrBadLSN = errors.New("malformed LSN")

// ParseLSN reads the form that Postgres prints: two hexadecimal halves of at most 8 digits each, such as "16/B374D848".
func ParseLSN(s string) (LSN, error) {
	high, low, ok := strings.Cut(s, "/")
	if !ok || len(high) > 8 || len(low) > 8 {
		return 0, ErrBadLSN
	}
	h, err := strconv.ParseUint(high, 16, 32)
	if err != nil {
		return 0, ErrBadLSN
	}
	l, err := strconv.ParseUint(low, 16, 32)
	if err != nil {
		return 0, ErrBadLSN
	}
	return LSN(h<<32 | l), nil
}

// String prints the position as Postgres does.
func (l LSN) String() string {
	b := strconv.AppendUint(make([]byte, 0, 17), uint64(l)>>32, 16)
	b = append(b, '/')
	b = strconv.AppendUint(b, uint64(l)&0xFFFFFFFF, 16)
	return strings.ToUpper(string(b))
}

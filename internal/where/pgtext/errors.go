package pgtext

import "errors"

// MaxLength bounds, in bytes, what a function may make of its operands. Postgres goes on up to 1 GB.
const MaxLength = 16 << 20

var (
	ErrNegativeLength = errors.New("negative substring length not allowed")
	ErrTooLong        = errors.New("requested length too large")
	ErrField          = errors.New("field position must not be zero")
	ErrNullCharacter  = errors.New("null character not permitted")
	ErrCharacter      = errors.New("requested character is not valid for encoding UTF8")
)

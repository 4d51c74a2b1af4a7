package shape

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
)

// ID names a shape inside one process. It is minted once, is never reused while the process lives, and never leaves the
// process: not on disk, not on the wire, not in a tag hash. The zero ID names no shape.
type ID uint64

// Handle is the public name of a shape: a 27-bit hash of its identity and the microsecond of its creation. Printed as
// `<hash>-<µs>`. It survives restarts and is never reused.
type Handle struct {
	Hash   uint32
	Micros uint64
}

// ErrBadHandle reports text that is not of the form `<hash>-<µs>`. A request with such a handle names no known shape.
var ErrBadHandle = errors.New("malformed shape handle")

// HandleKeySize is the length in bytes of a handle's binary form.
const HandleKeySize = 12

// ParseHandle reads the printed form. Only the canonical form (no sign, no leading zeros) is a handle, so that two
// texts never name one shape.
func ParseHandle(s string) (Handle, error) {
	hash, micros, ok := strings.Cut(s, "-")
	if !ok {
		return Handle{}, ErrBadHandle
	}
	h, err := strconv.ParseUint(hash, 10, 32)
	if err != nil {
		return Handle{}, ErrBadHandle
	}
	m, err := strconv.ParseUint(micros, 10, 64)
	if err != nil {
		return Handle{}, ErrBadHandle
	}
	out := Handle{Hash: uint32(h), Micros: m}
	if out.String() != s {
		return Handle{}, ErrBadHandle
	}
	return out, nil
}

// String prints the handle as clients see it.
func (h Handle) String() string { return string(h.AppendText(make([]byte, 0, 32))) }

// AppendText appends the printed form to b.
func (h Handle) AppendText(b []byte) []byte {
	b = strconv.AppendUint(b, uint64(h.Hash), 10)
	b = append(b, '-')
	return strconv.AppendUint(b, h.Micros, 10)
}

// IsZero reports whether h names no shape.
func (h Handle) IsZero() bool { return h == Handle{} }

// AppendKey appends the binary form used in storage keys: hash and microseconds, big endian.
func (h Handle) AppendKey(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, h.Hash)
	return binary.BigEndian.AppendUint64(b, h.Micros)
}

// HandleFromKey reads the first HandleKeySize bytes of a binary form. It panics when b is shorter.
func HandleFromKey(b []byte) Handle {
	return Handle{Hash: binary.BigEndian.Uint32(b), Micros: binary.BigEndian.Uint64(b[4:])}
}

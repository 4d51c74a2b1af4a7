package pgoutput

import (
	"bytes"
	"encoding/binary"
)

// reader takes fields off the front of a message. A field that is not there sets short, and every later field is zero,
// so that callers check once, at the end of a message or before they use a count.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.short, r.b = true, nil
		return nil
	}
	field := r.b[:n:n]
	r.b = r.b[n:]
	return field
}

func (r *reader) uint8() byte {
	if f := r.take(1); f != nil {
		return f[0]
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if f := r.take(2); f != nil {
		return binary.BigEndian.Uint16(f)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if f := r.take(4); f != nil {
		return binary.BigEndian.Uint32(f)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if f := r.take(8); f != nil {
		return binary.BigEndian.Uint64(f)
	}
	return 0
}

// text reads a string that a zero byte ends.
func (r *reader) text() string {
	end := bytes.IndexByte(r.b, 0)
	if end < 0 {
		r.short, r.b = true, nil
		return ""
	}
	s := string(r.b[:end])
	r.b = r.b[end+1:]
	return s
}

package pgtext

import (
	"encoding/binary"
	"math/bits"
)

// Length is the number of characters of b: of its bytes that do not continue a character.
func Length(b []byte) int {
	n := len(b)
	for ; len(b) >= 8; b = b[8:] {
		n -= continuations(binary.LittleEndian.Uint64(b))
	}
	for _, c := range b {
		if continues(c) {
			n--
		}
	}
	return n
}

func continues(c byte) bool { return c&0xc0 == 0x80 }

// continuations counts the bytes of the word that continue a character.
func continuations(w uint64) int {
	return bits.OnesCount64(w >> 7 & ^(w >> 6) & 0x0101010101010101)
}

// skip is the number of bytes of the first n characters of b, or of all if there are fewer.
func skip(b []byte, n int) int {
	if n <= 0 {
		return 0
	}
	at := 0
	for len(b)-at >= 8 {
		starts := 8 - continuations(binary.LittleEndian.Uint64(b[at:]))
		if starts > n {
			break
		}
		n -= starts
		at += 8
	}
	for ; at < len(b); at++ {
		if continues(b[at]) {
			continue
		}
		if n == 0 {
			return at
		}
		n--
	}
	return at
}

// width is the number of bytes of the first character of b, which is not empty.
func width(b []byte) int {
	n := 1
	for n < len(b) && continues(b[n]) {
		n++
	}
	return n
}

// lastWidth is that of the last character.
func lastWidth(b []byte) int {
	n := 1
	for n < len(b) && continues(b[len(b)-n]) {
		n++
	}
	return n
}

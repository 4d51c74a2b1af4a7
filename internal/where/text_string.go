package where

import "unicode/utf8"

// maxName is the most bytes that a value of type name has.
const maxName = 63

// trimBlanks drops trailing blanks, which do not count in a bpchar.
func trimBlanks(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}

// cutName cuts a text to what a name holds, at a character's boundary.
func cutName(b []byte) []byte {
	if len(b) <= maxName {
		return b
	}
	n := maxName
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}

// inputBool is the input function of bool: any prefix of a word that is not ambiguous, in any case.
func inputBool(text []byte) (bool, error) {
	b := trimSpace(text)
	for _, w := range [...]struct {
		word  string
		least int
		is    bool
	}{{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false}, {"on", 2, true}, {"off", 2, false}, {"1", 1, true}, {"0", 1, false}} {
		if len(b) >= w.least && len(b) <= len(w.word) && foldEqual(b, w.word[:len(b)]) {
			return w.is, nil
		}
	}
	return false, errSyntax
}

// inputUUID is the input function of uuid: 32 hexadecimal digits, hyphens after any group of four, braces around.
func inputUUID(text []byte) ([]byte, error) {
	b := text
	if len(b) > 1 && b[0] == '{' && b[len(b)-1] == '}' {
		b = b[1 : len(b)-1]
	}
	out := make([]byte, 0, 36)
	digits := 0
	for i := 0; i < len(b); i++ {
		c := lowerASCII(b[i])
		switch {
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f':
			if digits == 32 {
				return nil, errSyntax
			}
			switch digits {
			case 8, 12, 16, 20:
				out = append(out, '-')
			}
			out = append(out, c)
			digits++
		case c == '-' && digits > 0 && digits < 32 && digits%4 == 0 && b[i-1] != '-':
		default:
			return nil, errSyntax
		}
	}
	if digits != 32 {
		return nil, errSyntax
	}
	return out, nil
}

package shapeapi

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// tree is a decoded query string or JSON body. Its values are string, tree and []any; bodies also have bool, nil and
// json.Number.
type tree = map[string]any

// errMalformedQuery is a query string that is not form-urlencoded UTF-8.
var errMalformedQuery = errors.New("malformed query string")

// maxKeyDepth bounds the brackets of one key; a deeper key is taken as plain text.
const maxKeyDepth = 32

// decodeQuery reads a form-urlencoded query (spec http-api §6). On an error the tree holds the pairs that could be read, so
// that credentials can be judged before anything is said about the rest.
func decodeQuery(raw string) (tree, error) {
	out := tree{}
	var bad error
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		k, v, _ := strings.Cut(pair, "=")
		key, ok := decodeForm(k)
		value, ok2 := decodeForm(v)
		if !ok || !ok2 {
			bad = errMalformedQuery
			continue
		}
		name, path := splitKey(key)
		if len(path) == 0 {
			out[name] = value
		} else {
			out[name] = grow(out[name], path, value)
		}
	}
	return out, bad
}

// splitKey reads `name[a][]` as name and the bracket contents. A key that is not of this form is plain text.
func splitKey(key string) (name string, path []string) {
	open := strings.IndexByte(key, '[')
	if open <= 0 || key[len(key)-1] != ']' {
		return key, nil
	}
	rest := key[open:]
	for rest != "" {
		end := strings.IndexByte(rest, ']')
		if rest[0] != '[' || end < 0 || len(path) == maxKeyDepth {
			return key, nil
		}
		path = append(path, rest[1:end])
		rest = rest[end+1:]
	}
	return key[:open], path
}

// grow puts v at path below cur and returns what takes cur's place. What has the wrong form is replaced: the last wins.
func grow(cur any, path []string, v string) any {
	if path[0] == "" {
		list, _ := cur.([]any)
		if len(path) == 1 {
			return append(list, v)
		}
		return append(list, grow(nil, path[1:], v))
	}
	m, ok := cur.(tree)
	if !ok {
		m = tree{}
	}
	if len(path) == 1 {
		m[path[0]] = v
	} else {
		m[path[0]] = grow(m[path[0]], path[1:], v)
	}
	return m
}

// decodeForm undoes form encoding. It reports false for a bad escape and for text that is not UTF-8.
func decodeForm(s string) (string, bool) {
	if !strings.ContainsAny(s, "%+") {
		return s, utf8.ValidString(s)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '+':
			b = append(b, ' ')
		case '%':
			if i+2 >= len(s) {
				return "", false
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi < 0 || lo < 0 {
				return "", false
			}
			b = append(b, byte(hi<<4|lo))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b), utf8.Valid(b)
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

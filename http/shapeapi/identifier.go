package shapeapi

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxIdentifier is Postgres' limit, counted in characters as the reference does.
const maxIdentifier = 63

// parseTable reads `table` or `schema.table` (spec http-api §7.1). The error is the client text.
func parseTable(text string) (schema, name string, err error) {
	parts := splitOutsideQuotes(text, '.')
	if len(parts) > 2 {
		return "", "", errors.New("Invalid relation identifier, too many delimiters: " + text)
	}
	schema = "public"
	if len(parts) == 2 {
		if schema, err = parseIdentifier(parts[0]); err != nil {
			return "", "", err
		}
	}
	if name, err = parseIdentifier(parts[len(parts)-1]); err != nil {
		return "", "", err
	}
	return schema, name, nil
}

// parseColumns reads a comma-separated list of identifiers. The error is the client text.
func parseColumns(text string) ([]string, error) {
	parts := splitOutsideQuotes(text, ',')
	for i, part := range parts {
		name, err := parseIdentifier(part)
		if err != nil {
			return nil, err
		}
		parts[i] = name
	}
	return parts, nil
}

// parseIdentifier reads one quoted or unquoted identifier. The error is the client text.
func parseIdentifier(part string) (string, error) {
	if part == "" || part == `""` {
		return "", errors.New("Invalid zero-length delimited identifier")
	}
	var name string
	if len(part) >= 2 && part[0] == '"' && part[len(part)-1] == '"' {
		inner := part[1 : len(part)-1]
		if !quotesPaired(inner) {
			return "", errors.New("Invalid identifier with unescaped quote: " + inner)
		}
		name = strings.ReplaceAll(inner, `""`, `"`)
	} else {
		if !plainIdentifier(part) {
			return "", errors.New("Invalid unquoted identifier contains special characters: " + part)
		}
		name = lowerASCII(part)
	}
	if utf8.RuneCountInString(name) > maxIdentifier {
		return "", errors.New("Identifier is too long (max length is 63)")
	}
	return name, nil
}

// splitOutsideQuotes splits at sep wherever an even number of double quotes precedes it.
func splitOutsideQuotes(text string, sep byte) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == sep && !quoted:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

// quotesPaired reports whether double quotes come in adjacent pairs only.
func quotesPaired(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 == len(s) || s[i+1] != '"' {
			return false
		}
		i++
	}
	return true
}

func plainIdentifier(s string) bool {
	for i, r := range s {
		switch {
		case unicode.IsLetter(r) || r == '_':
		case i > 0 && (unicode.IsMark(r) || unicode.IsDigit(r) || r == '$'):
		default:
			return false
		}
	}
	return true
}

// lowerASCII folds A–Z only, as Postgres does for identifiers in a multi-byte encoding.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

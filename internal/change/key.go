package change

import (
	"bytes"
	"strings"
)

// AppendKey appends the key of a row as plain text: `"schema"."table"` and for each key value `/"value"` with every slash in
// it doubled, or `/_` for NULL. Quotes in the names are doubled, as snapshots have them; quotes in values are not.
func AppendKey(dst []byte, schema, table string, parts Tuple) []byte {
	dst = appendRelationName(dst, schema, table)
	for _, v := range parts {
		if v == nil {
			dst = append(dst, '/', '_')
			continue
		}
		dst = append(dst, '/', '"')
		for {
			i := bytes.IndexByte(v, '/')
			if i < 0 {
				break
			}
			dst = append(dst, v[:i+1]...)
			dst = append(dst, '/')
			v = v[i+1:]
		}
		dst = append(dst, v...)
		dst = append(dst, '"')
	}
	return dst
}

func appendRelationName(dst []byte, schema, table string) []byte {
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(schema, `"`, `""`)...)
	dst = append(dst, '"', '.', '"')
	dst = append(dst, strings.ReplaceAll(table, `"`, `""`)...)
	return append(dst, '"')
}

// KeyPrefix is what the keys of all rows of a table begin with, as the inside of a JSON string. The key's values follow it.
func KeyPrefix(schema, table string) []byte {
	return appendEscaped(nil, appendRelationName(nil, schema, table))
}

// AppendKeyPart appends one value of a key inside a JSON string.
func AppendKeyPart(dst, v []byte) []byte {
	if v == nil {
		return append(dst, '/', '_')
	}
	dst = append(dst, `/\"`...)
	for {
		i := bytes.IndexByte(v, '/')
		if i < 0 {
			break
		}
		dst = appendEscaped(dst, v[:i+1])
		dst = append(dst, '/')
		v = v[i+1:]
	}
	dst = appendEscaped(dst, v)
	return append(dst, `\"`...)
}

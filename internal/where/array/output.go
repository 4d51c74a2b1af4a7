package array

import "strconv"

// Output appends the text of v as Postgres prints it.
func Output(dst []byte, v Value, t *Type) []byte {
	dims := v.Dims()
	if dims == 0 {
		return append(dst, "{}"...)
	}
	for i := range dims {
		if v.Dim(i).Lower != 1 {
			dst = append(AppendDims(dst, v), '=')
			break
		}
	}
	var seen [MaxDims]int32
	level := 0 // open braces
	for w := v.Walk(); ; {
		value, null, ok := w.Next()
		if !ok {
			return dst
		}
		if level > 0 {
			dst = append(dst, ',')
		}
		for ; level < dims; level++ {
			dst = append(dst, '{')
		}
		if null {
			dst = append(dst, "NULL"...)
		} else {
			start := len(dst)
			dst = quote(t.Output(dst, value), start)
		}
		for ; level > 0; level-- {
			seen[level-1]++
			if seen[level-1] < v.Dim(level-1).Length {
				break
			}
			seen[level-1] = 0
			dst = append(dst, '}')
		}
	}
}

// AppendDims appends what array_dims gives: [1:2][1:3], and nothing for the empty array, where array_dims is NULL.
func AppendDims(dst []byte, v Value) []byte {
	for i := range v.Dims() {
		d := v.Dim(i)
		dst = append(dst, '[')
		dst = strconv.AppendInt(dst, int64(d.Lower), 10)
		dst = append(dst, ':')
		dst = strconv.AppendInt(dst, int64(d.upper()), 10)
		dst = append(dst, ']')
	}
	return dst
}

// quote puts quotes around the text that starts at start if it could be read as something else.
func quote(dst []byte, start int) []byte {
	text := dst[start:]
	needed, escapes := len(text) == 0 || isNull(text), 0
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			escapes++
			needed = true
		case c == '{' || c == '}' || c == ',' || isSpace(c):
			needed = true
		}
	}
	if !needed {
		return dst
	}
	from := len(dst) - 1
	for range escapes + 2 {
		dst = append(dst, '"')
	}
	to := len(dst) - 2
	for ; from >= start; from-- {
		c := dst[from]
		dst[to] = c
		to--
		if c == '"' || c == '\\' {
			dst[to] = '\\'
			to--
		}
	}
	dst[start] = '"'
	return dst
}

package filter

import (
	"bytes"

	"leyden/internal/where"
)

// keys turns the values into the keys of an index, nil for NULL, and says which rows have one. When both rows have the same, only
// the first has it, and stands for both. It reports false when a value does not parse. What it returns is valid until the next call.
func (l *lookup) keys(form where.Form, v *values) (keys [2][]byte, of [2]rowset, ok bool) {
	for i, text := range v.text {
		if v.has&(1<<i) == 0 || text == nil {
			continue
		}
		key, err := form.Key(l.f.keys[i], text)
		if err != nil {
			return keys, of, false
		}
		if form.Copies() {
			l.f.keys[i] = key
		}
		if i == 1 && of[0] != 0 && bytes.Equal(keys[0], key) {
			of[0] |= 1 << i
			continue
		}
		keys[i], of[i] = key, 1<<i
	}
	return keys, of, true
}

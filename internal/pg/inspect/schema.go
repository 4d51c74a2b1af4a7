package inspect

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// schemas keeps the answers of Schema. Few selections are in use at a time, but clients choose them: when there are too many
// all are forgotten.
type schemas struct {
	mu   sync.RWMutex
	made map[string][]byte

	versioned sync.Once
	version   uint32 // see Table.Version
}

const maxSchemas = 64

// Schema describes the selected columns to clients: a JSON object from column name to type information (spec http-api
// §15.1). Names that are no columns of the table are left out. The bytes are shared: do not write to them.
func (t *Table) Schema(selected []string) []byte {
	id := selectionID(selected)
	t.schemas.mu.RLock()
	made, ok := t.schemas.made[id]
	t.schemas.mu.RUnlock()
	if ok {
		return made
	}
	made = t.schema(selected)
	t.schemas.mu.Lock()
	defer t.schemas.mu.Unlock()
	if t.schemas.made == nil || len(t.schemas.made) >= maxSchemas {
		t.schemas.made = make(map[string][]byte)
	}
	t.schemas.made[id] = made
	return made
}

// selectionID is different for different lists, whatever bytes the names are made of.
func selectionID(names []string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteString(strconv.Itoa(len(n)))
		b.WriteByte(' ')
		b.WriteString(n)
	}
	return b.String()
}

func (t *Table) schema(selected []string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // the text goes into a header, not into a page
	b.WriteByte('{')
	first := true
	for _, c := range t.Columns {
		if !slices.Contains(selected, c.Name) {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		appendJSON(&b, enc, c.Name)
		b.WriteByte(':')
		appendJSON(&b, enc, c.info())
	}
	b.WriteByte('}')
	return b.Bytes()
}

// appendJSON writes v without the newline that an encoder ends with. Texts and infos always encode.
func appendJSON(b *bytes.Buffer, enc *json.Encoder, v any) {
	enc.Encode(v)
	b.Truncate(b.Len() - 1)
}

// columnInfo is what clients are told of a column.
type columnInfo struct {
	Type      string `json:"type"`
	Dims      int    `json:"dims,omitempty"`
	PKIndex   *int   `json:"pk_index,omitempty"`
	NotNull   bool   `json:"not_null,omitempty"`
	MaxLength *int32 `json:"max_length,omitempty"`
	Length    *int32 `json:"length,omitempty"`
	Precision *int32 `json:"precision,omitempty"`
	Scale     *int32 `json:"scale,omitempty"`
	Fields    string `json:"fields,omitempty"`
	TypeMod   *int32 `json:"type_mod,omitempty"`
}

// lengthOverhead is what Postgres adds to the modifiers of numeric and of character types: the size of a length word.
const lengthOverhead = 4

func (c *Column) info() columnInfo {
	info := columnInfo{Type: c.TypeName, Dims: c.Dims, NotNull: c.NotNull}
	if c.PKIndex >= 0 {
		info.PKIndex = &c.PKIndex
	}
	mod := c.TypeMod
	switch c.TypeName {
	case "varbit", "bit":
		info.Length = &mod // -1, as it comes, for a varbit without limit: clients know it so
		return info
	}
	if mod < 0 {
		return info
	}
	switch c.TypeName {
	case "varchar":
		info.MaxLength = new(mod - lengthOverhead)
	case "bpchar":
		info.Length = new(mod - lengthOverhead)
	case "numeric":
		precision, scale := numericModifier(mod)
		info.Precision, info.Scale = &precision, &scale
	case "interval":
		info.Precision, info.Fields = intervalModifier(mod)
	case "time", "timetz", "timestamp", "timestamptz":
		// Precision 0 is told as a raw modifier: clients know it so.
		if mod > 0 {
			info.Precision = &mod
		} else {
			info.TypeMod = &mod
		}
	default:
		info.TypeMod = &mod
	}
	return info
}

// numericModifier splits the modifier of numeric(p,s): the precision above 16 bits, the scale in 11 bits, signed.
func numericModifier(mod int32) (precision, scale int32) {
	mod -= lengthOverhead
	return mod >> 16 & 0xFFFF, (mod&0x7FF ^ 0x400) - 0x400
}

// intervalModifier splits the modifier of an interval: a set of fields above 16 bits of precision, each with a value that
// means all of it.
func intervalModifier(mod int32) (precision *int32, fields string) {
	const (
		allFields    = 0x7FFF
		anyPrecision = 0xFFFF
	)
	if p := mod & 0xFFFF; p != anyPrecision {
		precision = &p
	}
	set := mod >> 16 & 0x7FFF
	if set == allFields {
		return precision, ""
	}
	var first, last string
	for _, f := range [...]struct {
		bit  int32
		name string
	}{{1 << 2, "YEAR"}, {1 << 1, "MONTH"}, {1 << 3, "DAY"}, {1 << 10, "HOUR"}, {1 << 11, "MINUTE"}, {1 << 12, "SECOND"}} {
		if set&f.bit == 0 {
			continue
		}
		if first == "" {
			first = f.name
		}
		last = f.name
	}
	if first == last {
		return precision, first
	}
	return precision, first + " TO " + last
}

package snapshot

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"leyden/internal/change"
)

// encoder makes JSON rows of lines of COPY's text format. It allocates only to grow its buffers.
type encoder struct {
	schema, table string
	names         [][]byte // `"name":` of each selected column, with the comma before it
	keys          []int    // positions of the key columns
	columns       int
	head          []byte   // what comes before the values of the key
	tail          []byte   // what follows the values
	headers       *headers // what stands in the middle of the tail, nil for nothing

	cells [][]byte
	json  []byte
}

func newEncoder(q *Query) (*encoder, error) {
	d, all := q.Def, columns(q)
	e := &encoder{schema: d.Table.Schema, table: d.Table.Name, columns: len(all), keys: make([]int, len(d.Key))}
	e.head = append([]byte(`{"key":"`), change.KeyPrefix(d.Table.Schema, d.Table.Name)...)
	for i, c := range d.Selected {
		name := change.AppendJSONString(nil, []byte(c))
		if i > 0 {
			name = append([]byte{','}, name...)
		}
		e.names = append(e.names, append(name, ':'))
	}
	for i, k := range d.Key {
		e.keys[i] = slices.Index(all, k)
	}
	e.tail = tail(q)
	if q.Members == nil {
		return e, nil
	}
	var err error
	e.headers, err = newHeaders(q.Members, all)
	if err == nil {
		e.columns += e.headers.conditions
	}
	return e, err
}

// beginTail begins what follows the values.
const beginTail = `},"headers":{`

func tail(q *Query) []byte {
	d := q.Def
	b := []byte(beginTail + `"operation":"insert","relation":[`)
	b = change.AppendJSONString(b, []byte(d.Table.Schema))
	b = append(b, ',')
	b = change.AppendJSONString(b, []byte(d.Table.Name))
	b = append(b, ']')
	if q.Members != nil && q.Members.Before != nil {
		b = append(b, `,"is_move_in":true`...)
	}
	if s := q.Subset; s != nil {
		b = append(b, `,"snapshot_mark":`...)
		b = strconv.AppendInt(b, s.Mark, 10)
	}
	return append(b, '}', '}')
}

// row encodes a line, given without its newline. It writes to line; the result is valid until the next call.
func (e *encoder) row(line []byte) ([]byte, error) {
	e.split(line)
	if len(e.cells) != e.columns {
		return nil, fmt.Errorf("a row of %s.%s came with %d columns in place of %d", e.schema, e.table, len(e.cells), e.columns)
	}
	b := append(e.json[:0], e.head...)
	for _, k := range e.keys {
		b = change.AppendKeyPart(b, e.cells[k])
	}
	b = append(b, `","value":{`...)
	for i, name := range e.names {
		b = append(b, name...)
		if v := e.cells[i]; v != nil {
			b = change.AppendJSONString(b, v)
		} else {
			b = append(b, "null"...)
		}
	}
	if h := e.headers; h != nil {
		b = append(b, beginTail...)
		b = h.append(b, e.cells)
		b = append(b, ',')
		b = append(b, e.tail[len(beginTail):]...)
	} else {
		b = append(b, e.tail...)
	}
	e.json = b
	return e.json, nil
}

// split cuts a line into cells, nil for NULL.
func (e *encoder) split(line []byte) {
	e.cells = e.cells[:0]
	escapes := bytes.IndexByte(line, '\\') >= 0
	for {
		end := bytes.IndexByte(line, '\t')
		cell := line
		if end >= 0 {
			cell = line[:end:end]
		}
		if escapes {
			cell = unescape(cell)
		}
		e.cells = append(e.cells, cell)
		if end < 0 {
			return
		}
		line = line[end+1:]
	}
}

// unescape undoes the escapes that COPY writes, in place: what they stand for is never longer.
func unescape(cell []byte) []byte {
	i := bytes.IndexByte(cell, '\\')
	if i < 0 {
		return cell
	}
	if len(cell) == 2 && cell[1] == 'N' {
		return nil
	}
	out := cell[:i]
	for ; i < len(cell); i++ {
		c := cell[i]
		if c == '\\' && i+1 < len(cell) {
			i++
			switch c = cell[i]; c {
			case 'b':
				c = '\b'
			case 'f':
				c = '\f'
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case 't':
				c = '\t'
			case 'v':
				c = '\v'
			}
		}
		out = append(out, c)
	}
	return out
}

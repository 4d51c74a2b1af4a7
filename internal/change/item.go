package change

import "leyden/internal/shape"

// Item is one entry of a shape's log: a complete JSON object and its place. JSON is shared between the logs of all shapes
// that emit the same bytes and must not be changed.
type Item struct {
	Offset shape.Offset
	// JSON is the whole object. It ends with the two braces that close the headers and the object, which is what lets a
	// header be added to it without encoding it again.
	JSON []byte
	// Last is set on the last operation of a transaction for a shape. AppendTo adds the header.
	Last bool
}

// lastHeader replaces the two closing braces of an item that is the last of its transaction.
const lastHeader = `,"last":true}}`

// Len is the number of bytes that AppendTo appends.
func (it *Item) Len() int {
	if it.Last {
		return len(it.JSON) - 2 + len(lastHeader)
	}
	return len(it.JSON)
}

// AppendTo appends the item as clients read it.
func (it *Item) AppendTo(dst []byte) []byte {
	if it.Last {
		dst = append(dst, it.JSON[:len(it.JSON)-2]...)
		return append(dst, lastHeader...)
	}
	return append(dst, it.JSON...)
}

// WithHeaders is the item with further headers, each written with a comma before it. It shares nothing with the one it is made of.
func (it Item) WithHeaders(headers []byte) Item {
	n := len(it.JSON) - 2
	json := make([]byte, 0, len(it.JSON)+len(headers))
	it.JSON = append(append(append(json, it.JSON[:n]...), headers...), '}', '}')
	return it
}

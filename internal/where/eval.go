package where

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"unsafe"

	"leyden/internal/where/moment"
)

// Program is a Clause bound to the column positions of one relation version. It is immutable and safe for concurrent use.
type Program struct {
	code string
	root int32
	// pos maps the clause's columns to tuple positions.
	pos []int32
}

// Scratch is the reusable memory of evaluations. The zero value is ready; it must not be used by two evaluations at once.
type Scratch struct {
	// CaseMap is the database's. Without one letters beyond ASCII cannot be mapped, which is an error.
	CaseMap *CaseMap
	// Failures counts the evaluations that ended in an error; nil for nobody who wants to know.
	Failures *atomic.Uint64

	buf     []byte
	stack   []value // the arguments of the calls under way
	types   []typeID
	element []byte   // of an array that is being built
	path    [][]byte // into the document under way
	known   *moment.Zones
}

// machine is one evaluation. It walks the encoded tree; a node leaves its value in out and the position after it.
type machine struct {
	code string
	pos  []int32
	row  [][]byte
	s    *Scratch
	// folding: at compile time, when nothing is known of the database.
	folding bool
	// operand and element are what the condition of an opAny node is about.
	operand, element value
}

// errTuple reports a row that is shorter than the relation that the program was bound to.
var errTuple = errors.New("row does not fit the bound columns")

// Eval evaluates the clause over a row in text form, where nil is NULL. An error means that Postgres would have failed too, or
// that a value is not in the output form of its type; the row is then not in the shape.
func (p *Program) Eval(row [][]byte, s *Scratch) (Truth, error) {
	s.buf, s.stack, s.types = s.buf[:0], s.stack[:0], s.types[:0]
	m := machine{code: p.code, pos: p.pos, row: row, s: s}
	var v value
	if _, err := m.eval(int(p.root), &v); err != nil {
		if s.Failures != nil {
			s.Failures.Add(1)
		}
		return Null, err
	}
	return v.truth(), nil
}

func (v *value) truth() Truth {
	switch {
	case v.null:
		return Null
	case v.i != 0:
		return True
	}
	return False
}

func (v *value) setBool(b bool) {
	v.null, v.i = false, 0
	if b {
		v.i = 1
	}
}

func (m *machine) uvarint(i int) (uint64, int) {
	var n uint64
	for shift := 0; ; shift += 7 {
		c := m.code[i]
		i++
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n, i
		}
	}
}

// bytes views a part of the code without copying. Values are never modified.
func (m *machine) bytes(from, to int) []byte {
	return unsafe.Slice(unsafe.StringData(m.code[from:to]), to-from)
}

func (m *machine) eval(i int, out *value) (int, error) {
	switch op(m.code[i]) {
	case opConst:
		out.null = false
		return m.value(typeID(m.code[i+1]), m.afterType(i+1), out), nil
	case opNull:
		out.null = true
		return m.afterType(i + 1), nil
	case opColumn:
		return m.column(i+1, out)
	case opAnd:
		return m.and(i+1, out)
	case opOr:
		return m.or(i+1, out)
	case opNot:
		next, err := m.eval(i+1, out)
		out.i ^= 1
		return next, err
	case opCompare:
		return m.compare(i+1, out)
	case opDistinct:
		return m.distinct(i+1, out)
	case opIsNull:
		return m.isNull(i+1, out)
	case opIsTruth:
		return m.isTruth(i+1, out)
	case opIn:
		return m.in(i+1, out)
	case opLike:
		return m.like(i+1, out)
	case opCast:
		return m.cast(i+1, out)
	case opCall:
		return m.call(i+1, out)
	case opRank:
		return m.rank(i+1, out)
	case opCase:
		return m.caseOf(i+1, out)
	case opMinMax:
		return m.minMax(i+1, out)
	case opAny:
		return m.any(i+1, out)
	case opOperand:
		*out = m.operand
		return i + 2, nil
	case opElement:
		*out = m.element
		return i + 2, nil
	case opIndex:
		return m.index(i+1, out)
	case opSlice:
		return m.slice(i+1, out)
	case opArray:
		return m.array(i+1, out)
	case opCoalesce:
		return m.coalesce(i+1, out)
	}
	return i, ErrCorrupt
}

// afterType is the position behind a type, and which of the names it has.
func (m *machine) afterType(i int) int {
	id := typeID(m.code[i])
	i++
	if id.named() {
		_, i = m.uvarint(i)
	}
	return i
}

// value reads a constant.
func (m *machine) value(id typeID, i int, out *value) int {
	switch id.rep() {
	case repInt:
		u, next := m.uvarint(i)
		out.i = int64(u>>1) ^ -int64(u&1)
		return next
	case repFloat:
		out.f = math.Float64frombits(binary.LittleEndian.Uint64(m.bytes(i, i+8)))
		return i + 8
	}
	n, i := m.uvarint(i)
	out.b = m.bytes(i, i+int(n))
	return i + int(n)
}

func (m *machine) column(i int, out *value) (int, error) {
	id := typeID(m.code[i])
	col, next := m.uvarint(i + 1)
	at := int(m.pos[col])
	if at >= len(m.row) {
		return next, errTuple
	}
	text := m.row[at]
	if out.null = text == nil; out.null {
		return next, nil
	}
	if err := m.columnValue(id, text, out); err != nil {
		return next, fmt.Errorf("read a value of type %s: %w", typ{id: id}, err) // without the value: errors are logged
	}
	return next, nil
}

// columnValue reads the text that the stream has for a column.
func (m *machine) columnValue(id typeID, text []byte, out *value) (err error) {
	switch id {
	case tInt2, tInt4, tInt8:
		out.i, err = parseInt(text)
	case tText, tVarchar, tBpchar, tName, tEnum, tUUID, tJSON, tJSONB:
		out.b = text
	case tBool:
		switch string(text) {
		case "t", "true":
			out.i = 1
		case "f", "false":
			out.i = 0
		default:
			return errSyntax
		}
	case tNumeric:
		out.b = text
		if _, ok := viewDecimal(text); !ok {
			return errSyntax
		}
	case tFloat4:
		out.f, err = inputFloat(text, 32)
	case tFloat8:
		out.f, err = inputFloat(text, 64)
	case tDate:
		out.i, err = inputDate(text)
	case tTime:
		out.i, err = inputTime(text)
	case tTimestamp:
		out.i, err = columnTimestamp(text, false)
	case tTimestamptz:
		out.i, err = columnTimestamp(text, true)
	case tTimetz, tInterval:
		err = m.momentColumn(id, text, out)
	default:
		// What has no quicker way.
		out.b = text
		if !id.opaque() {
			err = m.input(id, out)
		}
	}
	return err
}

// and stops at the first false, or stops with the first error: what comes before an error decides, as it does in Postgres.
func (m *machine) and(i int, out *value) (int, error) {
	n, i := m.uvarint(i)
	end := i + int(n)
	null := false
	for i < end {
		var err error
		if i, err = m.eval(i, out); err != nil {
			return end, err
		}
		switch out.truth() {
		case False:
			return end, nil
		case Null:
			null = true
		}
	}
	out.null, out.i = null, 1
	return end, nil
}

func (m *machine) or(i int, out *value) (int, error) {
	n, i := m.uvarint(i)
	end := i + int(n)
	null := false
	for i < end {
		var err error
		if i, err = m.eval(i, out); err != nil {
			return end, err
		}
		switch out.truth() {
		case True:
			return end, nil
		case Null:
			null = true
		}
	}
	out.null, out.i = null, 0
	return end, nil
}

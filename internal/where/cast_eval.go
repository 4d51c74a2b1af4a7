package where

import "unicode/utf8"

func (m *machine) cast(i int, out *value) (int, error) {
	id, to := castID(m.code[i]), typeID(m.code[i+1])
	i += 2
	limit := uint64(0)
	if id == castLimitChars || id == castTypmod {
		limit, i = m.uvarint(i)
	}
	from := m.typeAt(i)
	i, err := m.eval(i, out)
	if err != nil || out.null {
		return i, err
	}
	return i, m.convert(id, from, to, int(limit), out)
}

// convert applies a cast to a value that is not NULL. The limit is that of castLimitChars and castTypmod.
func (m *machine) convert(id castID, from, to typeID, limit int, out *value) (err error) {
	if to.isArray() && (id == castLimitChars || id == castTypmod) {
		return m.convertElements(id, from.elem(), to.elem(), limit, out)
	}
	switch id {
	case castRelabel:
	case castToInt2, castToInt4:
		err = checkInt(out.i, to)
	case castIntToFloat4:
		out.f = float64(float32(out.i))
	case castIntToFloat8:
		out.f = float64(out.i)
	case castIntToNumeric:
		m.print(out, func(b []byte) []byte { return appendInt(b, out.i) })
	case castIntToBool:
		out.setBool(out.i != 0)
	case castFloatToInt2, castFloatToInt4, castFloatToInt8:
		out.i, err = floatToInt(out.f, to)
	case castFloat8ToFloat4:
		out.f, err = narrowFloat(out.f)
	case castFloat4ToNumeric:
		m.print(out, func(b []byte) []byte { return floatToNumeric(b, out.f, 6) })
	case castFloat8ToNumeric:
		m.print(out, func(b []byte) []byte { return floatToNumeric(b, out.f, 15) })
	case castNumericToInt2, castNumericToInt4, castNumericToInt8:
		out.i, err = numericToInt(out.b, to)
	case castNumericToFloat4:
		out.f, err = inputFloat(out.b, 32)
	case castNumericToFloat8:
		out.f, err = inputFloat(out.b, 64)
	case castTrim:
		out.b = trimBlanks(out.b)
	case castToName:
		out.b = cutName(out.b)
	case castTrimToName:
		out.b = cutName(trimBlanks(out.b))
	case castDateToTimestamp:
		out.i, err = dateToTimestamp(out.i, false)
	case castDateLift:
		out.i, err = dateToTimestamp(out.i, true)
	case castTimestampToDate:
		out.i = timestampToDate(out.i)
	case castTimestampToTime:
		clock, ok := timestampToTime(out.i)
		out.i, out.null = clock, !ok
	case castOutput:
		m.print(out, func(b []byte) []byte { return output(b, from, out) })
	case castOutputToName:
		m.print(out, func(b []byte) []byte {
			if from == tBool {
				return append(b, "ft"[out.i&1]) // by the output function, where others have a function of their own
			}
			return output(b, from, out)
		})
		out.b = cutName(out.b)
	case castInput:
		err = m.input(to, out)
	case castLimitChars:
		m.limitChars(out, limit, to)
	case castTypmod:
		err = m.applyTypmod(to, int(limit), out)
	case castArray:
		err = m.castArray(from, to, out)
	default:
		switch {
		case id >= castsOfJSON:
			err = m.castJSON(id, from, to, out)
		case id >= castsOfMoment:
			err = m.castMoment(id, from, to, out)
		default:
			err = m.castText(id, out)
		}
	}
	return err
}

// typeAt is the type of what the node at i yields.
func (m *machine) typeAt(i int) typeID {
	switch op(m.code[i]) {
	case opConst, opNull, opColumn:
		return typeID(m.code[i+1])
	case opCast:
		return typeID(m.code[i+2])
	case opCall:
		return typeID(m.code[i+3])
	case opCoalesce, opCase, opMinMax, opRank, opOperand, opElement, opIndex, opSlice, opArray:
		return typeID(m.code[i+1])
	}
	return tBool
}

// print puts what write appends into the scratch memory and makes it the value.
func (m *machine) print(out *value, write func([]byte) []byte) {
	start := len(m.s.buf)
	m.s.buf = write(m.s.buf)
	out.b = m.s.buf[start:len(m.s.buf):len(m.s.buf)]
}

// output appends the text that a cast to a string type yields.
func output(dst []byte, from typeID, v *value) []byte {
	switch from {
	case tBool:
		if v.i != 0 {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case tInt2, tInt4, tInt8:
		return appendInt(dst, v.i)
	case tFloat4:
		return appendFloat(dst, v.f, 32)
	case tFloat8:
		return appendFloat(dst, v.f, 64)
	case tDate:
		return appendDate(dst, v.i)
	case tTime:
		return appendTime(dst, v.i)
	case tTimestamp:
		return appendTimestamp(dst, v.i, false)
	case tTimestamptz:
		return appendTimestamp(dst, v.i, true)
	case tTimetz, tInterval:
		return appendMoment(dst, from, v)
	case tBytea:
		return appendBytea(dst, v.b)
	case tChar:
		return appendChar(dst, v.b)
	}
	if from.isArray() {
		return appendArray(dst, from, v)
	}
	return append(dst, v.b...)
}

// input turns text into a value of a type, as the type's input function does.
func (m *machine) input(to typeID, v *value) (err error) {
	if to.isArray() {
		return m.inputArray(to, v)
	}
	switch to {
	case tBool:
		var b bool
		if b, err = inputBool(v.b); err == nil {
			v.setBool(b)
		}
	case tInt2, tInt4, tInt8:
		v.i, err = inputInt(v.b, to)
	case tFloat4:
		v.f, err = inputFloat(v.b, 32)
	case tFloat8:
		v.f, err = inputFloat(v.b, 64)
	case tNumeric:
		v.b, err = inputNumeric(v.b)
	case tName:
		v.b = cutName(v.b)
	case tUUID:
		v.b, err = inputUUID(v.b)
	case tDate, tTime, tTimestamp, tTimestamptz, tTimetz, tInterval:
		err = m.inputMoment(to, v)
	case tBytea:
		err = m.inputBytea(v)
	case tJSON, tJSONB:
		err = m.inputJSON(to, v)
	case tChar:
		m.inputChar(v)
	}
	return err
}

// limitChars is an explicit cast to varchar(n) or char(n): cut after n characters, and for char(n) filled up to n.
func (m *machine) limitChars(out *value, n int, to typeID) {
	end, chars := 0, 0
	for end < len(out.b) && chars < n {
		_, width := utf8.DecodeRune(out.b[end:])
		end += width
		chars++
	}
	out.b = out.b[:end]
	if to == tVarchar || chars == n {
		return
	}
	text := out.b
	m.print(out, func(b []byte) []byte {
		b = append(b, text...)
		for ; chars < n; chars++ {
			b = append(b, ' ')
		}
		return b
	})
}

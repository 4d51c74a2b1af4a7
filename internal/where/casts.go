package where

// castID is the function behind a cast. The numbers are stored in compiled clauses.
type castID = uint8

const (
	castRelabel         castID = 0 // the value stays as it is
	castToInt2          castID = 1 // between integers, range checked
	castToInt4          castID = 2
	castIntToFloat4     castID = 3
	castIntToFloat8     castID = 4
	castIntToNumeric    castID = 5
	castIntToBool       castID = 6
	castFloatToInt2     castID = 7
	castFloatToInt4     castID = 8
	castFloatToInt8     castID = 9
	castFloat8ToFloat4  castID = 10
	castFloat4ToNumeric castID = 11
	castFloat8ToNumeric castID = 12
	castNumericToInt2   castID = 13
	castNumericToInt4   castID = 14
	castNumericToInt8   castID = 15
	castNumericToFloat4 castID = 16
	castNumericToFloat8 castID = 17
	castTrim            castID = 18 // bpchar to text and varchar: without trailing blanks
	castToName          castID = 19 // cut to 63 bytes
	castTrimToName      castID = 20
	castDateToTimestamp castID = 21 // an error when out of range
	castDateLift        castID = 22 // only inside comparisons: out of range dates stay greater than all finite timestamps
	castTimestampToDate castID = 23
	castTimestampToTime castID = 24
	castOutput          castID = 25 // the type's output function, and "true" and "false" for bool
	castInput           castID = 26 // the type's input function over text
	castLimitChars      castID = 27
	castTypmod          castID = 28 // to the precision or fields of a type modifier
	castArray           castID = 29 // element by element
	castOutputToName    castID = 30 // the output, cut to 63 bytes

	castsOfText   castID = 40 // casts_text.go, up to the next
	castsOfMoment castID = 60 // casts_moment.go
	castsOfJSON   castID = 80 // casts_json.go
	castCount     castID = 100
)

type castContext uint8

const (
	castNone castContext = iota
	castExplicit
	castAssignment
	castImplicit
)

// castBetween finds the cast of pg_cast, or the conversion through text, that turns from into to.
func castBetween(from, to typeID) (castID, castContext) {
	if from == to {
		return castRelabel, castImplicit
	}
	if from == tUnknown || to == tUnknown || from.opaque() || to.opaque() || from >= tAny && !from.isArray() || to >= tAny && !to.isArray() {
		return 0, castNone
	}
	if from.isArray() && to.isArray() {
		_, ctx := castBetween(from.elem(), to.elem())
		return castArray, ctx
	}
	if !from.isArray() && !to.isArray() {
		if id, ctx := builtinCast(from, to); ctx != castNone {
			return id, ctx
		}
	}
	switch {
	case from == tChar && to == tBpchar:
		return 0, castNone // of bytes that are no characters Postgres makes texts that are none
	case to == tName:
		return castOutputToName, castAssignment
	case to.info().category == catString:
		return castOutput, castAssignment
	case from.info().category == catString && to.elem() != tEnum:
		return castInput, castExplicit
	}
	return 0, castNone
}

func builtinCast(from, to typeID) (castID, castContext) {
	for _, casts := range [...]func(from, to typeID) (castID, castContext){plainCast, textCast, momentCast, jsonCast} {
		if id, ctx := casts(from, to); ctx != castNone {
			return id, ctx
		}
	}
	return 0, castNone
}

func plainCast(from, to typeID) (castID, castContext) {
	switch from {
	case tBool:
		if to == tInt4 {
			return castRelabel, castExplicit
		}
	case tInt2:
		switch to {
		case tInt4, tInt8:
			return castRelabel, castImplicit
		}
		return intCast(to)
	case tInt4:
		switch to {
		case tInt2:
			return castToInt2, castAssignment
		case tInt8:
			return castRelabel, castImplicit
		case tBool:
			return castIntToBool, castExplicit
		}
		return intCast(to)
	case tInt8:
		switch to {
		case tInt2:
			return castToInt2, castAssignment
		case tInt4:
			return castToInt4, castAssignment
		}
		return intCast(to)
	case tFloat4, tFloat8:
		return floatCast(from, to)
	case tNumeric:
		switch to {
		case tInt2:
			return castNumericToInt2, castAssignment
		case tInt4:
			return castNumericToInt4, castAssignment
		case tInt8:
			return castNumericToInt8, castAssignment
		case tFloat4:
			return castNumericToFloat4, castImplicit
		case tFloat8:
			return castNumericToFloat8, castImplicit
		}
	case tText, tVarchar, tBpchar, tName:
		return stringCast(from, to)
	case tDate:
		switch to {
		case tTimestamp, tTimestamptz:
			return castDateToTimestamp, castImplicit
		}
	case tTimestamp, tTimestamptz:
		return timestampCast(from, to)
	}
	return 0, castNone
}

func intCast(to typeID) (castID, castContext) {
	switch to {
	case tFloat4:
		return castIntToFloat4, castImplicit
	case tFloat8:
		return castIntToFloat8, castImplicit
	case tNumeric:
		return castIntToNumeric, castImplicit
	}
	return 0, castNone
}

func floatCast(from, to typeID) (castID, castContext) {
	switch to {
	case tInt2:
		return castFloatToInt2, castAssignment
	case tInt4:
		return castFloatToInt4, castAssignment
	case tInt8:
		return castFloatToInt8, castAssignment
	case tFloat4:
		return castFloat8ToFloat4, castAssignment
	case tFloat8:
		return castRelabel, castImplicit
	case tNumeric:
		if from == tFloat4 {
			return castFloat4ToNumeric, castAssignment
		}
		return castFloat8ToNumeric, castAssignment
	}
	return 0, castNone
}

func stringCast(from, to typeID) (castID, castContext) {
	switch {
	case to.info().category != catString:
		return 0, castNone
	case to == tName && from == tBpchar:
		return castTrimToName, castImplicit
	case to == tName:
		return castToName, castImplicit
	case from == tBpchar:
		return castTrim, castImplicit
	case from == tName && to != tText:
		return castRelabel, castAssignment
	}
	return castRelabel, castImplicit
}

// timestampCast relies on the session's time zone being UTC: a timestamp and a timestamptz of the same text are the same
// microsecond.
func timestampCast(from, to typeID) (castID, castContext) {
	switch to {
	case tDate:
		return castTimestampToDate, castAssignment
	case tTime:
		return castTimestampToTime, castAssignment
	case tTimestamptz:
		return castRelabel, castImplicit
	case tTimestamp:
		return castRelabel, castAssignment
	}
	return 0, castNone
}

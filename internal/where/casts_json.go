package where

import "leyden/internal/where/jsonb"

// The casts of json and jsonb that are functions of their own. The numbers are stored in compiled clauses.
const (
	castJSONBToBool    castID = castsOfJSON + 0
	castJSONBToNumeric castID = castsOfJSON + 1
	castJSONBToInt     castID = castsOfJSON + 2
	castJSONBToFloat   castID = castsOfJSON + 3
)

func jsonCast(from, to typeID) (castID, castContext) {
	switch {
	case from == tJSON && to == tJSONB:
		return castInput, castAssignment
	case from == tJSONB && to == tJSON:
		return castRelabel, castAssignment
	case from != tJSONB:
		return 0, castNone
	}
	switch to {
	case tBool:
		return castJSONBToBool, castExplicit
	case tNumeric:
		return castJSONBToNumeric, castExplicit
	case tInt2, tInt4, tInt8:
		return castJSONBToInt, castExplicit
	case tFloat4, tFloat8:
		return castJSONBToFloat, castExplicit
	}
	return 0, castNone
}

func (m *machine) castJSON(id castID, from, to typeID, out *value) (err error) {
	if id == castJSONBToBool {
		b, err := jsonb.Bool(out.b)
		out.setBool(b)
		return err
	}
	number, err := jsonb.Number(out.b, sqlName(to))
	if err != nil {
		return err
	}
	switch id {
	case castJSONBToNumeric:
		out.b = number
	case castJSONBToInt:
		out.i, err = numericToInt(number, to)
	case castJSONBToFloat:
		out.f, err = inputFloat(number, floatBits(to))
	default:
		err = ErrCorrupt
	}
	return err
}

func floatBits(id typeID) int {
	if id == tFloat4 {
		return 32
	}
	return 64
}

// sqlName is what Postgres' messages call a type of numbers.
func sqlName(id typeID) string {
	switch id {
	case tInt2:
		return "smallint"
	case tInt4:
		return "integer"
	case tInt8:
		return "bigint"
	case tFloat4:
		return "real"
	case tFloat8:
		return "double precision"
	}
	return id.info().name
}

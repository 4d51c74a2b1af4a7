package jsonb

// TypeOf is jsonb_typeof(v).
func TypeOf(v Value) string { return kindOf(v).String() }

// ArrayLength is jsonb_array_length(v).
func ArrayLength(v Value) (int32, error) {
	switch k := kindOf(v); {
	case k.scalar():
		return 0, parameter("cannot get array length of a scalar")
	case k == kindObject:
		return 0, parameter("cannot get array length of a non-array")
	}
	return int32(count(v)), nil
}

// Number gives the numeric that v is, for a cast to the type that Postgres' messages call target: numeric, smallint, integer,
// bigint, real, double precision.
func Number(v Value, target string) (text []byte, err error) {
	if kindOf(v) != kindNumber {
		return nil, cannotCast(v, target)
	}
	return v, nil
}

// Bool gives the boolean that v is.
func Bool(v Value) (bool, error) {
	if kindOf(v) != kindBool {
		return false, cannotCast(v, "boolean")
	}
	return v[0] == 't', nil
}

func cannotCast(v []byte, target string) error {
	name := kindOf(v).String()
	if name == "number" {
		name = "numeric"
	}
	return parameter("cannot cast jsonb " + name + " to type " + target)
}

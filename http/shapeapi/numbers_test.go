package shapeapi

import (
	mathbig "math/big"
	"strconv"
)

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// greater compares decimal texts of any length.
func greater(a, b string) bool {
	x, _ := new(mathbig.Int).SetString(a, 10)
	y, _ := new(mathbig.Int).SetString(b, 10)
	return x.Cmp(y) > 0
}

package array

// At is v[subs[0]][subs[1]]…; it is NULL outside of the array, and when there are too few or too many subscripts.
func At(v Value, subs ...int32) (value []byte, null bool) {
	if len(subs) != v.Dims() || len(subs) == 0 {
		return nil, true
	}
	at := 0
	for i, s := range subs {
		d := v.Dim(i)
		if s < d.Lower || s > d.upper() {
			return nil, true
		}
		at = at*int(d.Length) + int(int64(s)-int64(d.Lower))
	}
	w := v.Walk()
	for range at {
		w.Next()
	}
	value, null, ok := w.Next()
	return value, null || !ok
}

// Range is one subscript of a slice. Where one of an expression's subscripts is a slice, a plain one, i, is 1:i.
type Range struct {
	Lower, Upper       int32
	HasLower, HasUpper bool
}

// Slice appends v[ranges[0]][ranges[1]]…: what of them is in the array, with lower bounds of 1. Dimensions without a range are
// taken whole.
func Slice(dst []byte, v Value, ranges ...Range) []byte {
	dims := v.Dims()
	if dims == 0 || dims < len(ranges) {
		return Empty(dst)
	}
	var cut, taken [MaxDims]Dim // cut counts from 0
	for i := range dims {
		d := v.Dim(i)
		lower, upper := d.Lower, d.upper()
		if i < len(ranges) {
			r := ranges[i]
			if r.HasLower {
				lower = max(lower, r.Lower)
			}
			if r.HasUpper {
				upper = min(upper, r.Upper)
			}
		}
		if lower > upper {
			return Empty(dst)
		}
		cut[i] = Dim{upper - lower + 1, lower - d.Lower}
		taken[i] = Dim{cut[i].Length, 1}
	}
	dst = AppendHeader(dst, taken[:dims]...)
	var at [MaxDims]int32
	for w := v.Walk(); ; {
		value, null, ok := w.Next()
		if !ok {
			return dst
		}
		inside := true
		for i := range dims {
			inside = inside && at[i] >= cut[i].Lower && at[i] <= cut[i].upper()
		}
		if inside {
			dst = appendMaybe(dst, value, null)
		}
		for i := dims - 1; i >= 0; i-- {
			if at[i]++; at[i] < v.Dim(i).Length {
				break
			}
			at[i] = 0
		}
	}
}

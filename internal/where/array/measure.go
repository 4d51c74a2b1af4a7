package array

// Length is array_length(v, dim); ok is false where it is NULL.
func Length(v Value, dim int32) (n int32, ok bool) {
	d, ok := v.nth(dim)
	return d.Length, ok
}

// Lower is array_lower(v, dim).
func Lower(v Value, dim int32) (n int32, ok bool) {
	d, ok := v.nth(dim)
	return d.Lower, ok
}

// Upper is array_upper(v, dim).
func Upper(v Value, dim int32) (n int32, ok bool) {
	d, ok := v.nth(dim)
	return d.upper(), ok
}

// nth is the dimension that SQL calls dim.
func (v Value) nth(dim int32) (Dim, bool) {
	if dim < 1 || int(dim) > v.Dims() {
		return Dim{}, false
	}
	return v.Dim(int(dim) - 1), true
}

package shapelog

// WithFailpoint lets tests outside the package end operations at the lines that decide about durability.
func (o Options) WithFailpoint(f func(point string) error) Options {
	o.failpoint = f
	return o
}

package work

const (
	// emissionBytes is what a change takes when it is encoded, beside its values: headers, names, its place in Emissions.
	emissionBytes = 400
	deliveryBytes = 160
	itemBytes     = 72
)

// Estimate sets Charge. layouts is how many different selections of columns there are among all shapes, which bounds how often
// a change is encoded: for shapes with the same columns once.
func (w *Work) Estimate(layouts int) {
	ways := int64(min(layouts, len(w.Deliveries)))
	w.Charge = w.Fragment.Retained + ways*(w.Fragment.Retained+emissionBytes*int64(len(w.Changes))) +
		deliveryBytes*int64(len(w.Deliveries)) + itemBytes*int64(len(w.Index))
}

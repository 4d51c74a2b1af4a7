package collector

import "leyden/actors/work"

const (
	// emissionBytes is what a change takes when it is encoded, beside its values: headers, names, its place in Emissions.
	emissionBytes = 400
	deliveryBytes = 160
	itemBytes     = 72
)

// charge is the memory that a work may come to with its fragment. layouts is how many different selections of columns there are
// among all shapes, which bounds how often a change is encoded: for shapes with the same columns once.
func charge(w *work.Work, layouts int) int64 {
	ways := int64(min(layouts, len(w.Deliveries)))
	return w.Fragment.Retained + ways*(w.Fragment.Retained+emissionBytes*int64(len(w.Changes))) +
		deliveryBytes*int64(len(w.Deliveries)) + itemBytes*int64(len(w.Index))
}

package where

import "strconv"

// Error says why a text of a request cannot be used. Error() is what the client reads.
type Error struct {
	Field    string // "where", "params" or "order_by"
	Location int    // character offset into the text, -1 when there is none
	Reason   string
	Subquery bool // it is about a subquery
}

func (e *Error) Error() string {
	if e.Location < 0 {
		return e.Reason
	}
	return "At location " + strconv.Itoa(e.Location) + ": " + e.Reason
}

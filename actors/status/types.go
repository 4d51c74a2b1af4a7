package status

import (
	"net/http"

	"leyden/internal/where"
)

// Service is how the engine is, as health checks report it.
type Service uint8

const (
	Starting Service = iota // something that is needed is not there yet, or was lost
	Waiting                 // another instance holds the lock; what is on disk can be read
	Active                  // everything is up
)

func (s Service) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Active:
		return "active"
	}
	return "starting"
}

// NotReady says which condition of readiness was not met in time. Message is the whole client text.
type NotReady struct{ Message string }

func (e *NotReady) Error() string { return e.Message }

// SnapshotError is why the snapshot of a shape could not be made (spec engine §6.2). The shape has been removed.
type SnapshotError struct {
	Status  int    // http.StatusConflict, StatusServiceUnavailable or StatusInternalServerError
	Message string // the client text
	Known   bool   // a classified failure: clients are told so
	Rotated bool   // the shape is gone and a new request makes a new one: the answer is a must-refetch
	Err     error  // the cause, for logs
}

func (e *SnapshotError) Error() string { return e.Message }
func (e *SnapshotError) Unwrap() error { return e.Err }

// Rotated is the SnapshotError of a shape that vanished while someone waited for it.
func Rotated(cause error) *SnapshotError {
	return &SnapshotError{Status: http.StatusConflict, Message: "shape was removed", Rotated: true, Err: cause}
}

// SubsetQuery is a one-off query over the rows of a shape (spec http-api §23).
type SubsetQuery struct {
	Where   *where.Clause // nil: none; combined with the shape's own by AND
	OrderBy string        // canonical, "" for none
	Limit   int64         // 0: none
	Offset  int64         // 0: none
	Mark    int32         // the snapshot_mark that every row carries
}

package admin

import "time"

// Status is the answer to GET /v1/status.
type Status struct {
	Service    string      `json:"service"`             // active, waiting or starting
	WaitsFor   string      `json:"waits_for,omitempty"` // what keeps it from being active
	Conditions []Condition `json:"conditions"`

	Version  string    `json:"version"`
	Instance string    `json:"instance"`
	Started  time.Time `json:"started"`
	Database string    `json:"database"` // without credentials
	Storage  string    `json:"storage"`

	Shapes        int   `json:"shapes"`
	ShapesIndexed int   `json:"shapes_indexed"` // found through an index when a row changes
	Making        int   `json:"snapshots_under_way"`
	Consumers     int64 `json:"consumers"` // awake

	Publication string `json:"publication"`
	Slot        string `json:"slot"`
	Position    string `json:"position,omitempty"` // LSN up to which the stream has been processed
	Stored      string `json:"stored,omitempty"`   // LSN up to which everything is in the store

	RetainedWAL int64  `json:"retained_wal_bytes"`
	UnderWay    int64  `json:"under_way_bytes"`
	Held        int64  `json:"held_bytes"`
	Disk        uint64 `json:"disk_bytes"`
}

// Condition is one thing that must be there before requests are served.
type Condition struct {
	Name  string `json:"name"`
	Met   bool   `json:"met"`
	Error string `json:"error,omitempty"`
}

// Tree is the answer to GET /v1/tree.
type Tree struct {
	Processes []Process `json:"processes"` // groups before what is in them, in the order of their start
}

// Process is one part of the tree.
type Process struct {
	Path      string    `json:"path"`
	Kind      string    `json:"kind"`  // group, actor, run, consumer or materializer
	State     string    `json:"state"` // starting, up, stopping, down; of consumers up, holding or failed
	Since     time.Time `json:"since"`
	Restarts  int       `json:"restarts"`
	Mailbox   *int      `json:"mailbox"`             // messages that wait; null for what has no mailbox
	Consumers *int      `json:"consumers,omitempty"` // of a partition: how many are awake
	Shape     string    `json:"shape,omitempty"`     // of a consumer or materializer: the handle
	LastEnd   string    `json:"last_end,omitempty"`  // why the last instance ended
	LastError string    `json:"last_error,omitempty"`
	FailedAt  time.Time `json:"failed_at,omitzero"` // when the last one failed
}

// Restart is the body of POST /v1/restart.
type Restart struct {
	Path string `json:"path"`
	// TimeoutMS bounds the wait until the part is up and requests are served again: 30,000 unless it is given, at most 600,000.
	TimeoutMS int64 `json:"timeout_ms,omitempty"`
}

// Restarted is the answer to POST /v1/restart.
type Restarted struct {
	Path     string  `json:"path"`
	UpMS     float64 `json:"up_ms"` // until the part was up
	MS       float64 `json:"ms"`    // until requests were served, or the time was over
	Service  string  `json:"service"`
	WaitsFor string  `json:"waits_for,omitempty"`
}

// Page is the answer to GET /v1/shapes.
type Page struct {
	Shapes []Shape `json:"shapes"`
	// Next is the value of after with which the list goes on, 0 at its end. More says that there are further shapes when the
	// order is not that of ids, which alone can be continued.
	Next uint64 `json:"next,omitempty"`
	More bool   `json:"more,omitempty"`
}

// Shape is one shape.
type Shape struct {
	ID       uint64    `json:"id"` // within this process
	Handle   string    `json:"handle"`
	Table    string    `json:"table"`
	Where    string    `json:"where,omitempty"`
	Columns  []string  `json:"columns"`
	Replica  string    `json:"replica"`          // default or full
	Log      string    `json:"log"`              // full or changes_only
	State    string    `json:"state"`            // making, snapshot, live or removed
	Offset   string    `json:"offset,omitempty"` // of the last item
	Rows     int64     `json:"rows"`             // of the snapshot
	Items    int64     `json:"items"`            // of the log
	Bytes    int64     `json:"bytes"`            // JSON of both
	Waiting  int       `json:"waiting"`          // live requests
	Made     time.Time `json:"made"`
	LastRead time.Time `json:"last_read,omitzero"` // absent when nobody has since the process started
	Consumer string    `json:"consumer,omitempty"` // path of its consumer; only of a single shape

	// Handles of the shapes that it depends on, one for each subquery of its clause but for equal ones, and of those that depend on
	// it, which may be many: only of a single shape. They are removed with it.
	Dependencies   []string `json:"dependencies,omitempty"`
	Dependents     []string `json:"dependents,omitempty"`
	DependentCount int      `json:"dependent_count,omitempty"`
}

// Problem is the body of every answer that is no success.
type Problem struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`                // unauthorized, forbidden, bad_request, not_found, method_not_allowed, busy, timeout, internal
	Message   string `json:"message"`             //
	Parameter string `json:"parameter,omitempty"` // what is wrong with the request
}

func (p *Problem) Error() string {
	if p.Parameter != "" {
		return p.Parameter + ": " + p.Message
	}
	return p.Message
}

package status

// Report is how the engine is, for operators.
type Report struct {
	Service Service
	// WaitsFor is the first condition of readiness that is not met, with what is known of it; "" when all are.
	WaitsFor   string
	Conditions []Condition // in the order in which they are named

	Shapes Counts
	Making int   // shapes whose snapshot is being made
	Awake  int64 // consumers

	Publication, Slot string
	// Position is the commit LSN of the last transaction that has been processed, Stored that up to which everything is in the
	// store. 0 means that there was none.
	Position, Stored uint64

	RetainedWAL int64 // bytes that the slot holds back, as they were at the last look
	UnderWay    int64 // bytes of fragments between the socket and the store
	Held        int64 // bytes of JSON held back by shapes that wait for their snapshot
	Disk        uint64
}

// Condition is one of the conditions of readiness.
type Condition struct {
	Name  string
	Met   bool
	Error string // what was the matter last, while it is not met
}

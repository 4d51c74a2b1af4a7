package work

import (
	"slices"
	"sync/atomic"

	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// Run is one life of the streaming subtree. Its pointer is its identity: what a former life left behind is told from what
// belongs to this one by it. The functions may be called from any goroutine and do not block.
type Run struct {
	Completed func(*Work)
	Late      func(*Late)
	// LayerDone is told of every layer of a work that is complete. A run whose works have no layers does not need it.
	LayerDone func(*Work)
}

// Work is a fragment on its way through the consumers that it concerns. The collector makes it; each consumer writes to its
// own Delivery and completes it; the writer reads everything when the last one is complete.
type Work struct {
	Run *Run
	Seq uint64 // 1, 2, 3, … in the order of the stream
	// Fragment is shared and immutable.
	Fragment *change.Fragment
	// Changes are the fragment's, and the copies that stand for partitioned parents.
	Changes []change.Change
	// Settled is a stream position: every transaction up to it has been applied for every shape.
	Settled uint64
	// Emissions are the encoded items of Changes, shared between shapes.
	Emissions change.Emissions
	// Deliveries are grouped by layer and partition.
	Deliveries []Delivery
	// Layers is where each layer of the deliveries ends, nil for a work that is handed out at once. The deliveries of a layer are
	// handed out when all before them are complete: who completes one has then done everything that those after it rely on.
	Layers []int32
	// Index holds the positions in Changes to which the deliveries refer.
	Index []int32
	// Charge is the memory that the work may come to with its fragment, in bytes: it counts against the stream's credit until
	// the work is applied.
	Charge int64

	open atomic.Int32
}

// Open sets the number of deliveries to be completed. It is called once, before the first of them is sent.
func (w *Work) Open() { w.open.Store(int32(len(w.Deliveries))) }

// Delivery is what one shape gets of a Work, and its place for the result.
type Delivery struct {
	Work *Work
	ID   shape.ID
	// First and Count are the shape's range of Work.Index. Count is 0 when only the commit concerns the shape.
	First, Count int32
	// Begin is set on the shape's first delivery of the transaction.
	Begin bool

	completed atomic.Bool
	// Result is written before Complete by whoever completes, and read by the writer.
	Result Result
}

// Changes are the positions in Work.Changes that concern the shape, ascending.
func (d *Delivery) Changes() []int32 { return d.Work.Index[d.First : d.First+d.Count] }

// Complete hands in the result. The last completion of a Work sends it to the writer. Only the first call has an effect: a
// consumer that failed may have completed before.
func (d *Delivery) Complete(r Result) {
	if d.completed.Swap(true) {
		return
	}
	d.Result = r
	w := d.Work
	left := w.open.Add(-1)
	if left == 0 {
		w.Run.Completed(w)
	}
	if w.Layers != nil && slices.Contains(w.Layers, int32(len(w.Deliveries))-left) {
		w.Run.LayerDone(w)
	}
}

// Result is what a consumer made of a delivery. The zero Result means that there is nothing to be written.
type Result struct {
	Log *shapelog.Log // nil: nothing to write
	// Items are in offset order and belong to the transaction of the fragment. They may be shared with other shapes.
	Items []change.Item
	// Commit ends the shape's part of the transaction: readers may see it.
	Commit bool
	// FilteringDone records that transactions need no longer be compared with the shape's snapshot.
	FilteringDone bool
	// Held says that the shape has not taken the delivery: it waits for its snapshot, or it is going away. The transaction
	// counts as not stored until a Late that resolves it is, or the shape has been forgotten.
	Held bool
}

// Late is what a consumer appends outside the sequence of works: the transactions that it had held. It is handed in before
// the consumer completes another delivery, and is applied before that delivery's work.
type Late struct {
	Run *Run
	ID  shape.ID
	// Seq is the last work that the shape held, 0 if it held none. From the next on, it takes its deliveries.
	Seq uint64
	// After is the last work of which the shape has handed in something, 0 if it does not matter: what is appended here comes behind
	// that.
	After uint64
	Log   *shapelog.Log
	Parts []Part // in stream order; none if all was in the snapshot
}

// Part is a part of one transaction.
type Part struct {
	Items         []change.Item
	Commit        bool
	FilteringDone bool
}

// Share is what one partition gets of a Work.
type Share struct{ Deliveries []Delivery }

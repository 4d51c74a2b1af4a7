// Package work holds what travels through the data plane: one Work for each fragment that touches shapes, and the messages
// of the collector, the partitions, the consumers and the writer. It decides nothing and owns no goroutine.
//
//	replication → collector:  *change.Fragment, *Relation, *StreamReached
//	shapes      → collector:  *Register, *AddShape, *SnapshotKnown, *Drop, *RemoveShape
//	consumer    → collector:  *Await, *Settled
//	materializer → collector: *Members, *MembersMoved, *MembersOver
//	collector   → partition:  *Share                         one per partition and layer of a fragment
//	collector   → partition:  *SnapshotKnown, *Drop, *FilteringOver, *Verify, *Reached
//	partition   → consumer:   *Delivery, *SnapshotKnown, *FilteringOver, *Verify
//	last consumer of a Work → writer: *Work;  a consumer that has drained its buffer → writer: *Late
//	collector   → writer:     *Run, *Forget, *Holders
//	writer      → collector:  *Durable
//
// The one invariant: every Delivery of a Work is completed exactly once, whatever becomes of its shape. A Work with an open
// Delivery stops the stream, at once if it has layers.
package work

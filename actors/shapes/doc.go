// Package shapes makes shapes and takes them away: it is the only one that does either. It runs the path of a new shape (its
// record, its table in the publication, its place in the filter, its snapshot) and the path of a removed one, and keeps the
// set of shapes within its limits.
//
// It never looks at a change and never serves a reader. Nothing it runs is needed by shapes that exist already: the stream
// goes on when it is at rest.
//
// Why no change is lost between stream and snapshot: the table is published before the shape is routed to, waiting out
// whoever was writing to it; the shape is routed to before its snapshot is taken; and a transaction that the stream had
// delivered before that must be visible in the snapshot. Postgres streams a commit a moment before others can see it, so the
// last of these is checked, and the snapshot taken again if it does not hold.
//
// The one invariant: for each identity at most one shape exists, exactly one goroutine makes it, and every shape that was
// routed to is, after its removal, taken out of the stream once nothing of it is on disk.
package shapes

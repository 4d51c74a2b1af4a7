// Package partition is the supervisor of one part of the shapes' consumers. It finds the consumer of a shape by the shape's
// id, starts it with its first message, hands it its deliveries, and puts it to sleep when it has had nothing to do for a
// while.
//
// It never reads a change and never waits: consumers run on its goroutine.
//
// The one invariant: every delivery that reaches a partition is handed to a consumer that completes it, or is completed.
package partition

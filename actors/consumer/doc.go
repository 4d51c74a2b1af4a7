// Package consumer is one shape's decisions about the transactions that reach it: whether its snapshot contains them, which
// of their rows it has, and what its log says of them.
//
// It never writes to the store itself and never knows whether it runs as an actor of its own.
//
// The one invariant: what a consumer makes of a transaction is a function of the shape's definition, its snapshot and the
// transaction alone, so that a transaction that is sent again gives the same items, and those that are stored are left out.
package consumer

package shapeapi

import (
	"context"

	"leyden/actors/status"
	"leyden/internal/pg/inspect"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// Engine is the rest of the server as HTTP sees it. All methods are safe for concurrent use; those with a context return
// promptly when it ends.
type Engine interface {
	// Status is what health reports.
	Status() status.Service
	// WaitReady waits until requests can be served: nil, or a *status.NotReady when ctx ended first. It returns nil at once
	// when ready, even if ctx has ended already.
	WaitReady(ctx context.Context) error
	// Table looks a table up in the catalogue: inspect.ErrNotFound, inspect.ErrUnavailable.
	Table(ctx context.Context, schema, name string) (*inspect.Table, error)
	// GeneratedColumns reports whether the server can replicate generated columns.
	GeneratedColumns() bool
	Lookup(id shape.Identity) (*status.Entry, bool)
	ByHandle(h shape.Handle) (*status.Entry, bool)
	// Create gets or makes the shape of a definition: exactly one for each identity. A *status.NotReady says that no shape
	// can be made now.
	Create(ctx context.Context, d *shape.Definition) (*status.Entry, error)
	// Log is the log of a shape. For a removed shape it gives a log that says so.
	Log(e *status.Entry) (*shapelog.Log, error)
	// AwaitSnapshotStart waits until the first chunk of the snapshot can be read: nil, a *status.SnapshotError, or the error
	// of ctx.
	AwaitSnapshotStart(ctx context.Context, e *status.Entry) error
	// Touch notes that a client has read e.
	Touch(e *status.Entry)
	// Remove makes e unknown to new requests before it returns.
	Remove(ctx context.Context, e *status.Entry) error
	// GlobalLSN is the commit LSN of the last transaction that has been processed for the whole database, 0 when unknown.
	// What it covers is readable in the logs.
	GlobalLSN(e *status.Entry) uint64
	// Subset runs a one-off query over the rows of e: nil, a *status.SnapshotError, inspect.ErrUnavailable, a *snapshot.Error
	// of kind BadValue, the error of ctx, or what a method of sink returned.
	Subset(ctx context.Context, e *status.Entry, q status.SubsetQuery, sink snapshot.Sink) error
}

package materializer

import (
	"context"
	"fmt"

	"leyden/internal/shape"
	"leyden/internal/subquery"
)

// build makes the core from the shape's log up to Config.From, for whose items it waits.
func build(ctx context.Context, c Config) (*subquery.Materializer, error) {
	log := c.Inner.Log
	var chunks int
	for {
		changed := log.Changed()
		head, err := log.Head()
		if err != nil {
			return nil, err
		}
		if !head.SnapshotComplete {
			return nil, fmt.Errorf("the snapshot of shape %s is not complete", log.Handle())
		}
		if chunks = head.LastSnapshotChunk; !head.Latest.Less(c.From) {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	core := subquery.NewMaterializer(c.Columns, c.Canon, c.Inner.Def.Where.HasSubqueries())
	take := func(block []byte, _ int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return core.Items(block)
	}
	for n := range chunks + 1 {
		if err := log.ReadSnapshotChunk(ctx, n, take); err != nil {
			return nil, err
		}
	}
	if err := log.ReadLog(shape.SnapshotEnd, c.From, take); err != nil {
		return nil, err
	}
	return core, core.Ready()
}

package shapes

import (
	"context"
	"time"

	"leyden/actors/status"
)

// Expire keeps the number of shapes at most max, looking every period: those that clients have not read for longest go. It
// runs until ctx ends.
func (m *Manager) Expire(ctx context.Context, max int, period time.Duration) {
	every(ctx, period, func() {
		excess := m.Status.Counts().Total - max
		for _, e := range m.Status.LeastRecentlyRead(excess) {
			m.Logger.Info("shape is removed", "handle", e.Handle.String(), "reason", "there are more shapes than the limit", "limit", max)
			m.Remove(e)
		}
	})
}

// Reconcile compares what is known of tables with the catalogue, at once and every period, and removes the shapes that a
// difference concerns: the stream tells of it only with the table's next change. It runs until ctx ends; connected tells
// whether there is a database to ask.
func (m *Manager) Reconcile(ctx context.Context, period time.Duration, connected func() bool) {
	look := func() {
		if !connected() {
			return
		}
		tables, err := m.Catalogue.Diff(ctx)
		if err != nil {
			if ctx.Err() == nil {
				m.Logger.Warn("tables could not be compared with the catalogue; this is tried again", "error", err, "after", period)
			}
			return
		}
		for i := range tables {
			d := &tables[i]
			n := m.removeEach(func(e *status.Entry) bool { return e.Def.Table.OID == d.Old.OID && d.Ends(e.Def) })
			m.Catalogue.Forget(d)
			if d.New != nil { // for the shapes that stay; without a database the next who asks reads it
				_, _ = m.Catalogue.ByOID(ctx, d.Old.OID)
			}
			m.Logger.Info("table has changed", "table", d.Old.Table.Schema+"."+d.Old.Table.Name, "removed_shapes", n)
		}
	}
	look()
	every(ctx, period, look)
}

func every(ctx context.Context, period time.Duration, do func()) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			do()
		case <-ctx.Done():
			return
		}
	}
}

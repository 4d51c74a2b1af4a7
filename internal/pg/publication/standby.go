package publication

import (
	"context"
	"fmt"
)

// AwaitingStandby reads the ids of transactions that are committed in the log, and may have been streamed, while their
// backends wait for a synchronous standby: nobody sees them yet. A role sees those of its own sessions, and all if it may read
// all statistics (pg_read_all_stats).
func AwaitingStandby(ctx context.Context, db DB) ([]uint32, error) {
	var ids []int64
	err := db.QueryRow(ctx, `
		SELECT coalesce(array_agg(backend_xid::text::bigint), '{}') FROM pg_catalog.pg_stat_activity
		WHERE wait_event = 'SyncRep' AND backend_xid IS NOT NULL`).Scan(&ids)
	if err != nil {
		return nil, fmt.Errorf("read the transactions that wait for a standby: %w", err)
	}
	xids := make([]uint32, len(ids))
	for i, id := range ids {
		xids[i] = uint32(id)
	}
	return xids, nil
}

package stack

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
)

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// metrics are what the engine counts under the names of the reference (spec http-api §30.1), and the data plane under ours.
type metrics struct {
	receiveLag  prometheus.Histogram
	retainedWAL atomic.Int64
	flushLag    atomic.Int64
}

func newMetrics(s *Stack) *metrics {
	m := &metrics{receiveLag: prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "electric_postgres_replication_transaction_received_receive_lag", Help: "Milliseconds between the commit of a transaction and its receipt.",
		Buckets: []float64{0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1},
	})}
	r := s.config.Registerer
	gauge := func(name, help string, f func() float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f))
	}
	counter := func(name, help string, v *atomic.Uint64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(v.Load()) }))
	}
	r.MustRegister(m.receiveLag)
	gauge("electric_shapes_total_shapes_count", "Defined shapes.", func() float64 { return float64(s.status.Counts().Total) })
	gauge("electric_shapes_total_shapes_count_indexed", "Defined shapes that the filter finds through an index.", func() float64 { return float64(s.status.Counts().Indexed) })
	gauge("electric_shapes_total_shapes_count_unindexed", "Defined shapes whose clause is evaluated for every change of their table.", func() float64 { return float64(s.status.Counts().Unindexed) })
	gauge("electric_shapes_active_shapes_count", "Shapes with a running consumer.", func() float64 { return float64(s.plane.Awake.Load()) })
	gauge("electric_postgres_replication_slot_retained_wal_size", "Bytes of WAL held back by the slot.", func() float64 { return float64(m.retainedWAL.Load()) })
	gauge("electric_postgres_replication_slot_confirmed_flush_lsn_lag", "Bytes between the current WAL position and what is confirmed.", func() float64 { return float64(m.flushLag.Load()) })
	gauge("leyden_stream_outstanding_works", "Fragments that are not yet applied.", func() float64 { return float64(s.plane.Outstanding.Load()) })
	gauge("leyden_stream_held_bytes", "Bytes of JSON held back by shapes that wait for their snapshot.", func() float64 { return float64(s.plane.HeldBytes.Load()) })
	gauge("leyden_stream_credit_taken_bytes", "Bytes of fragments between the socket and the store.", func() float64 { return float64(s.credit.Load().Taken()) })
	counter("leyden_stream_fragments_total", "Fragments taken from the stream.", &s.plane.Fragments)
	counter("leyden_stream_duplicate_fragments_total", "Fragments that were sent again and dropped.", &s.plane.Duplicates)
	counter("leyden_stream_transactions_total", "Transactions taken from the stream.", &s.plane.Transactions)
	counter("leyden_stream_changes_total", "Changes taken from the stream.", &s.plane.Changes)
	counter("leyden_filter_undecided_total", "Values that did not parse and clauses that failed while shapes were looked up; they count as touched.", &s.plane.Undecided)
	counter("leyden_stream_deliveries_total", "Pairs of a fragment and a shape.", &s.plane.Deliveries)
	counter("leyden_stream_encodings_total", "Changes encoded, each once for all shapes that have it alike.", &s.plane.Encodings)
	counter("leyden_store_items_total", "Log items applied.", &s.plane.Items)
	counter("leyden_store_bytes_total", "Bytes of JSON applied.", &s.plane.Bytes)
	counter("leyden_store_batches_total", "Writes to the store.", &s.plane.Batches)
	counter("leyden_store_syncs_total", "Syncs of the store.", &s.plane.Syncs)
	counter("leyden_consumers_spawned_total", "Consumers started.", &s.plane.Spawned)
	counter("leyden_consumers_passivated_total", "Consumers put to sleep.", &s.plane.Passivated)
	counter("leyden_where_consumer_errors_total", "Clauses that could not be evaluated over a row by the shape's consumer: the row is not in the shape.", &s.projections.Unevaluated)
	counter("leyden_subquery_moves_total", "Values of subqueries' results that came or went, for each shape that was told.", &s.plane.Moves)
	counter("leyden_subquery_queries_total", "Queries for rows that move into shapes.", &s.plane.MoveQueries)
	counter("leyden_subquery_rows_total", "Rows that moved into shapes.", &s.plane.MovedRows)
	gauge("leyden_subquery_materializers", "Results of subqueries that are followed.", func() float64 { return float64(s.plane.Materialized.Load()) })
	counter("leyden_shapes_invalidated_total", "Shapes whose log could not be continued.", &s.plane.Invalidated)
	return m
}

const slotSQL = `SELECT greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::int8, greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn), 0)::int8
FROM pg_replication_slots WHERE slot_name = $1`

// watchSlot keeps the metrics of the slot up to date while there is a database to ask.
func (s *Stack) watchSlot(ctx context.Context) {
	ticker := time.NewTicker(s.config.SlotPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if !s.ready.isMet(integrityChecked) {
			continue
		}
		if err := s.readSlot(ctx); err != nil && ctx.Err() == nil {
			s.log.Debug("the slot could not be looked at", "error", err)
		}
	}
}

func (s *Stack) readSlot(ctx context.Context) error {
	pool, err := s.admin.get()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var retained, lag *int64
	if err := pool.QueryRow(ctx, slotSQL, s.config.Slot).Scan(&retained, &lag); err != nil {
		return fmt.Errorf("read slot %q: %w", s.config.Slot, err)
	}
	if retained != nil {
		s.metrics.retainedWAL.Store(*retained)
	}
	if lag != nil {
		s.metrics.flushLag.Store(*lag)
	}
	return nil
}

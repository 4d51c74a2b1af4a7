package shapes

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leyden/internal/pg/snapshot"
)

// Metrics are what is counted of the making of shapes.
type Metrics struct {
	Snapshots prometheus.Gauge     // being read now
	Rows      prometheus.Counter   // read for snapshots
	Bytes     prometheus.Counter   // of their JSON
	Duration  prometheus.Histogram // of complete snapshot queries, in milliseconds
	Removed   prometheus.Counter
	Refreshed prometheus.Histogram // comparisons with the disk, in seconds
}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		Snapshots: prometheus.NewGauge(prometheus.GaugeOpts{Name: "leyden_snapshots_in_progress", Help: "Snapshot queries that run now."}),
		Rows:      prometheus.NewCounter(prometheus.CounterOpts{Name: "electric_storage_snapshot_stored_operations", Help: "Rows read for snapshots."}),
		Bytes:     prometheus.NewCounter(prometheus.CounterOpts{Name: "electric_storage_snapshot_stored_bytes", Help: "Bytes of JSON read for snapshots."}),
		Duration: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "electric_shape_snapshot_create_snapshot_task_stop_duration", Help: "Milliseconds that complete snapshot queries took.",
			Buckets: []float64{0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1}}),
		Refreshed: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "leyden_shapes_refresh_seconds", Help: "Seconds that it took to compare all shapes with the disk, as is due whenever the lock of the slot has been acquired.",
			Buckets: []float64{0.001, 0.01, 0.1, 0.25, 0.5, 1, 2.5, 5}}),
		Removed: prometheus.NewCounter(prometheus.CounterOpts{Name: "leyden_shapes_removed_total", Help: "Shapes removed for whatever reason."}),
	}
	r.MustRegister(m.Snapshots, m.Rows, m.Bytes, m.Duration, m.Removed, m.Refreshed)
	return m
}

func (m *Metrics) snapshotRead(_ snapshot.Stats, took time.Duration) {
	m.Duration.Observe(float64(took.Microseconds()) / 1000)
}

package shapes

import (
	"time"

	"leyden/actors/status"
	"leyden/internal/pg/snapshot"
)

// progressPeriod is how often the progress of a long snapshot is logged.
const progressPeriod = 5 * time.Second

// progress logs how a long snapshot gets on. Short ones leave no line.
type progress struct {
	m     *Manager
	e     *status.Entry
	start time.Time
	last  time.Time
	told  snapshot.Stats // what the gauges contain
}

func newProgress(m *Manager, e *status.Entry) *progress {
	now := time.Now()
	m.Metrics.Snapshots.Inc()
	return &progress{m: m, e: e, start: now, last: now}
}

// report is called by the query's goroutine.
func (p *progress) report(s snapshot.Stats) {
	p.m.Metrics.Rows.Add(float64(s.Rows - p.told.Rows))
	p.m.Metrics.Bytes.Add(float64(s.Bytes - p.told.Bytes))
	p.told = s
	now := time.Now()
	if now.Sub(p.last) < progressPeriod {
		return
	}
	p.last = now
	seconds := now.Sub(p.start).Seconds()
	p.m.Logger.Info("snapshot in progress", "handle", p.e.Handle.String(), "table", p.e.Def.Table.Schema+"."+p.e.Def.Table.Name,
		"rows", s.Rows, "bytes", s.Bytes, "rows_per_second", int64(float64(s.Rows)/seconds), "bytes_per_second", int64(float64(s.Bytes)/seconds),
		"seconds", int64(seconds))
}

func (p *progress) elapsed() time.Duration { return time.Since(p.start) }

func (p *progress) end() { p.m.Metrics.Snapshots.Dec() }

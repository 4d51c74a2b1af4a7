package shapeapi

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts what HTTP does (spec http-api §30.1).
type Metrics struct {
	requests *prometheus.CounterVec
	rejects  *prometheus.CounterVec
	registry prometheus.Registerer
	watching sync.Once
}

// NewMetrics registers the series with r, nil for none.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		registry: r,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "electric_plug_serve_shape_requests_count", Help: "Responses of the shape route by HTTP status.",
		}, []string{"status"}),
		rejects: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "electric_admission_control_reject_count", Help: "Requests rejected by admission control.",
		}, []string{"kind"}),
	}
	if r != nil {
		r.MustRegister(m.requests, m.rejects)
	}
	return m
}

// watch exports the requests in flight of an admission.
func (m *Metrics) watch(a *admission) {
	if m.registry == nil {
		return
	}
	m.watching.Do(func() {
		for _, k := range []kind{initial, existing} {
			m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "electric_admission_control_acquire_current", Help: "Requests in flight.",
				ConstLabels: prometheus.Labels{"kind": k.String()},
			}, func() float64 { return float64(a.current[k].Load()) }))
		}
	})
}

func (m *Metrics) served(status int) { m.requests.WithLabelValues(strconv.Itoa(status)).Inc() }

func (m *Metrics) rejected(k kind) { m.rejects.WithLabelValues(k.String()).Inc() }

// Package metrics serves what the process measures in the Prometheus text format (spec http-api §30.1).
//
// It measures nothing itself. It asks for no credential, so it has a listener of its own.
//
// The one invariant: a scrape never fails as a whole because one collector does.
package metrics

import (
	"log/slog"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

// Handler serves GET /metrics; everything else is not found. logger may be nil.
func Handler(g prometheus.Gatherer, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" || r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header()["Content-Type"] = nil
			w.Header().Set("Content-Length", strconv.Itoa(len(notFound)))
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(notFound))
			return
		}
		families, err := g.Gather() // what could be gathered comes with the error
		if err != nil && logger != nil {
			logger.Warn("gather metrics", "error", err)
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		enc := expfmt.NewEncoder(w, expfmt.NewFormat(expfmt.TypeTextPlain))
		for _, f := range families {
			if err := enc.Encode(f); err != nil {
				return // the scraper has gone
			}
		}
	})
}

const notFound = "Not found"

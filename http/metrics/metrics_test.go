package metrics

import (
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

func TestMetricsAreServedOnOnePathOnly(t *testing.T) {
	r := prometheus.NewRegistry()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "a_count", Help: "a"})
	r.MustRegister(c)
	c.Inc()
	h := Handler(r, nil)
	get := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	w := get("GET", "/metrics")
	require.Equal(t, 200, w.Code)
	require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	require.Equal(t, "# HELP a_count a\n# TYPE a_count counter\na_count 1\n", w.Body.String())
	for _, request := range [][2]string{{"GET", "/"}, {"GET", "/metrics/x"}, {"POST", "/metrics"}} {
		w := get(request[0], request[1])
		require.Equal(t, 404, w.Code)
		require.Equal(t, "Not found", w.Body.String())
	}
}

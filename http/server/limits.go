package server

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
)

// Limits of a request (spec http-api §1).
const (
	maxRequestLine = 10_000 // bytes
	maxHeaderLine  = 10_000 // bytes
	maxHeaders     = 50

	// maxHeaderBytes is what is read at all before the limits above can be judged.
	maxHeaderBytes = maxRequestLine + maxHeaders*maxHeaderLine
)

type connectionKey struct{}

// connection counts the requests of one.
type connection struct{ requests atomic.Int64 }

func countRequests(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, new(connection))
}

// limit rejects requests that are too large, and closes a connection with its last request.
func limit(next http.Handler, maxRequests int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if maxRequests > 0 {
			if c, ok := r.Context().Value(connectionKey{}).(*connection); ok && c.requests.Add(1) >= int64(maxRequests) {
				w.Header().Set("Connection", "close")
			}
		}
		switch {
		case len(r.Method)+len(r.RequestURI)+len(r.Proto)+2 > maxRequestLine:
			refuse(w, http.StatusRequestURITooLong)
		case !headersFit(r):
			refuse(w, http.StatusRequestHeaderFieldsTooLarge)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// headersFit judges header lines. The server has taken Host out of them.
func headersFit(r *http.Request) bool {
	n := 0
	if r.Host != "" {
		n = 1
	}
	for name, values := range r.Header {
		n += len(values)
		for _, v := range values {
			if len(name)+len(": ")+len(v) > maxHeaderLine {
				return false
			}
		}
	}
	return n <= maxHeaders && len(r.Host) <= maxHeaderLine
}

// refuse answers without a body and closes the connection.
func refuse(w http.ResponseWriter, status int) {
	h := w.Header()
	h["Content-Type"] = nil
	h.Set("Vary", "accept-encoding")
	h.Set("Content-Length", "0")
	h.Set("Connection", "close")
	w.WriteHeader(status)
}

// Package server runs the listeners of HTTP: connections, their limits and time-outs, HTTP/1.1 and HTTP/2 with prior
// knowledge, and the order of stopping. What is served is given to it.
//
// It never looks into a body and knows nothing of shapes.
//
// The one invariant: no client can hold memory or a connection for longer than a time-out without sending or taking bytes,
// except in a handler that waits on purpose.
package server

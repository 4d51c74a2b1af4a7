package shapeapi

import (
	"net/url"
	"strings"
)

// route is what a path resolves to. Every decision about a request is taken on its route, never on its raw path.
type route uint8

const (
	routeNone route = iota
	routeRoot
	routeShape
	routeHealth
)

// resolve finds the route of a raw path: segments between slashes, empty ones dropped, each percent-decoded on its own.
func resolve(raw string) route {
	var segments [2]string
	n := 0
	for part := range strings.SplitSeq(raw, "/") {
		if part == "" {
			continue
		}
		if n == len(segments) {
			return routeNone
		}
		segment, err := url.PathUnescape(part)
		if err != nil {
			return routeNone
		}
		segments[n] = segment
		n++
	}
	switch {
	case n == 0:
		return routeRoot
	case n == 2 && segments == [2]string{"v1", "shape"}:
		return routeShape
	case n == 2 && segments == [2]string{"v1", "health"}:
		return routeHealth
	}
	return routeNone
}

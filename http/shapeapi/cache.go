package shapeapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"leyden/internal/shape"
)

const (
	cacheDefault   = "max-age=0, private, must-revalidate"
	cacheNone      = "no-cache"
	cacheNoStore   = "no-store"
	cacheInitial   = "public, max-age=604800, s-maxage=3600, stale-while-revalidate=2629746"
	cacheLive      = "public, max-age=5, stale-while-revalidate=5"
	cacheConflict  = "public, max-age=60, must-revalidate"
	cacheRotated   = "public, max-age=1, must-revalidate"
	cacheHealth    = "no-cache, no-store, must-revalidate"
	cacheStreaming = "public, max-age="
)

// cachePolicies are the values of cache-control that depend on the configuration.
type cachePolicies struct{ catchUp, sse string }

func newCachePolicies(cfg *Config) cachePolicies {
	return cachePolicies{
		catchUp: "public, max-age=" + strconv.Itoa(cfg.CacheMaxAge) + ", stale-while-revalidate=" + strconv.Itoa(cfg.CacheStaleAge),
		sse:     cacheStreaming + strconv.FormatInt(max(1, int64(sseLifetime/time.Second)-1), 10),
	}
}

// cacheSuccess sets the cache-control of a log answer, 304 included (spec http-api §16.1).
func (x *exchange) cacheSuccess() {
	value := x.api.policies.catchUp
	switch {
	case !x.isGet:
		value = cacheNone
	case !x.req.now && x.req.offset == shape.BeforeAll:
		value = cacheInitial
	case x.req.live && x.req.sse:
		value = x.api.policies.sse
	case x.req.live:
		value = cacheLive
	}
	x.w.Header().Set("Cache-Control", value)
}

// cacheFailure sets the cache headers of an answer that is not a log.
func (x *exchange) cacheFailure(f *failure) {
	h := x.w.Header()
	switch {
	case f.caching == byDefault:
		h.Set("Cache-Control", cacheDefault)
	case f.caching == neverStored:
		h.Set("Cache-Control", cacheNoStore)
		h.Set("Surrogate-Control", cacheNoStore)
	case !x.isGet:
		h.Set("Cache-Control", cacheNone)
	case f.status == http.StatusConflict && !f.handle.IsZero():
		h.Set("Cache-Control", cacheConflict)
	case f.status == http.StatusConflict:
		h.Set("Cache-Control", cacheRotated)
	default:
		h.Set("Cache-Control", cacheNoStore)
		h.Set("Surrogate-Control", cacheNoStore)
	}
}

// etag is the entity tag without quotes: a pure function of handle, request offset and response offset (spec §16.2).
func (x *exchange) etag(end shape.Offset) string {
	b := x.entry.Handle.AppendText(make([]byte, 0, 80))
	b = append(b, ':')
	if x.req.now {
		b = append(b, "now"...)
	} else {
		b = x.req.offset.AppendText(b)
	}
	b = append(b, ':')
	return string(end.AppendText(b))
}

// uniqueEtag is the tag of an empty answer: no later answer has it, so a cache can never revalidate emptiness.
func (x *exchange) uniqueEtag(end shape.Offset) string {
	return x.etag(end) + ":" + strconv.FormatInt(x.api.ticks(), 10)
}

// matches reports whether the client holds the entity with this tag. Weak tags and `*` match nothing.
func (x *exchange) matches(tag string) bool {
	for _, line := range x.r.Header["If-None-Match"] {
		for candidate := range strings.SplitSeq(line, ",") {
			if strings.Trim(candidate, ` "`) == tag {
				return true
			}
		}
	}
	return false
}

package shapeapi

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/actors/status"
	"leyden/internal/pg"
	"leyden/internal/pg/snapshot"
)

func TestPathsAreResolvedBeforeAnythingIsDecided(t *testing.T) {
	for raw, want := range map[string]route{
		"/": routeRoot, "": routeRoot, "//": routeRoot, "/v1/shape": routeShape, "/v1/shape/": routeShape, "//v1/shape": routeShape, "/v1//shape": routeShape,
		"/v1/%73hape": routeShape, "/%761/shape//": routeShape, "/v1%2Fshape": routeNone, "/v1/shape/x": routeNone, "/V1/shape": routeNone, "/v1/Shape": routeNone,
		"/v1/health": routeHealth, "/v1": routeNone, "/v1/shape%20": routeNone, "/v1/%zz": routeNone, "/./v1/shape": routeNone,
	} {
		require.Equal(t, want, resolve(raw), raw)
	}
	b := setup(t, withSecret)
	for _, path := range []string{"/v1/shape", "//v1/shape", "/v1//shape/", "/v1/%73hape"} {
		for _, method := range []string{"GET", "HEAD", "POST", "DELETE", "PUT"} {
			require.Equal(t, 401, b.do(method, path+"?table=items&offset=-1", "").Code, path)
		}
		require.Equal(t, 200, b.get(path+"?table=items&offset=-1&secret=s3cret").Code, path)
	}
}

func TestRoutes(t *testing.T) {
	b := setup(t)
	for request, want := range map[string]int{
		"GET /": 200, "HEAD /": 200, "GET /v1/health": 200, "HEAD /v1/health": 200, "OPTIONS /v1/shape": 204,
		"POST /": 404, "PUT /v1/shape": 404, "PATCH /v1/shape": 404, "OPTIONS /v1/health": 404, "DELETE /v1/health": 404, "GET /v1": 404, "BREW /v1/shape": 404,
	} {
		method, path, _ := strings.Cut(request, " ")
		c := b.do(method, path, "")
		require.Equal(t, want, c.Code, request)
		methods := "GET, HEAD"
		if path == "/v1/shape" {
			methods = shapeMethods
		}
		require.Equal(t, methods, c.Header().Get("Access-Control-Allow-Methods"), request)
		if want == 404 {
			require.Equal(t, "Not found", c.Body.String())
			require.Empty(t, c.Header().Get("Content-Type"))
			require.Equal(t, cacheDefault, c.Header().Get("Cache-Control"))
		}
	}
}

func TestHeadersOfEveryResponse(t *testing.T) {
	b := setup(t, withSecret)
	for _, target := range []string{"/", "/nowhere", "/v1/health", items, items + "&secret=s3cret&offset=-1"} {
		c := b.get(target, "X-Request-Id", "12345678901234567890", "Origin", "https://a.example")
		require.Equal(t, "12345678901234567890", c.Header().Get("X-Request-Id"))
		require.Equal(t, "ElectricSQL/1.0.0", c.Header().Get("Electric-Server"))
		require.Equal(t, "accept-encoding", c.Header().Get("Vary"))
		require.NotEmpty(t, c.Header().Get("Cache-Control"))
		if c.Code == 401 {
			require.Empty(t, c.Header().Get("Access-Control-Allow-Origin"))
			require.Empty(t, c.Header().Get("Content-Type"))
			continue
		}
		require.Equal(t, "https://a.example", c.Header().Get("Access-Control-Allow-Origin"))
		require.Equal(t, exposedHeaders, c.Header().Get("Access-Control-Expose-Headers"))
		require.Equal(t, "*", b.get(target).Header().Get("Access-Control-Allow-Origin"))
		require.Equal(t, "*", b.get(target, "Origin", "a", "Origin", "b").Header().Get("Access-Control-Allow-Origin"))
	}
	for _, id := range []string{"short", strings.Repeat("x", 201), ""} {
		require.Regexp(t, `^[A-Za-z0-9_-]{20}$`, b.get("/", "X-Request-Id", id).Header().Get("X-Request-Id"))
	}
}

func TestCredentials(t *testing.T) {
	b := setup(t, withSecret)
	for query, want := range map[string]int{
		"": 401, "&secret=": 401, "&secret=wrong": 401, "&secret=s3cret": 200, "&api_secret=s3cret": 200, "&secret=wrong&api_secret=s3cret": 401,
		"&secret=&api_secret=s3cret": 401, "&secret[]=s3cret": 401, "&secret=s3cret&secret=x": 401, "&secret=x&secret=s3cret": 200, "&Secret=s3cret": 401,
		"&secret=s3cret&x=%zz": 400, "&x=%zz": 401,
	} {
		c := b.get(items + "&offset=-1" + query)
		require.Equal(t, want, c.Code, query)
		if want == 401 {
			require.Equal(t, `{"message":"Unauthorized - Invalid API secret"}`, c.Body.String())
		}
	}
	require.Equal(t, 1, b.engine.creations)
	require.Equal(t, 401, b.do("POST", items+"&offset=-1", `{"secret":"s3cret"}`).Code)
	require.Equal(t, 204, b.do("OPTIONS", items, "").Code)
	require.Equal(t, 200, b.get("/v1/health").Code)
}

func TestLogsShowNoSecrets(t *testing.T) {
	for raw, want := range map[string]string{
		"": "", "table=a&secret=x": "table=a&secret=[REDACTED]", "SECRET=x&Api_Secret=y&pass%77ord=z": "SECRET=[REDACTED]&Api_Secret=[REDACTED]&pass%77ord=[REDACTED]",
		"token[]=x&access_token[a]=1&api_key=": "token[]=[REDACTED]&access_token[a]=[REDACTED]&api_key=[REDACTED]", "%zzsecret=x&b=1": "[REDACTED]&b=1", "secret": "secret",
	} {
		require.Equal(t, want, RedactQuery(raw))
	}
	var out strings.Builder
	b := setup(t, withSecret)
	b.api.opts.Logger = slog.New(slog.NewTextHandler(&out, nil))
	b.engine.subset = func(status.SubsetQuery, snapshot.Sink) error { panic("x") }
	require.Equal(t, 500, b.get(items+"&offset=-1&secret=s3cret&subset__x=1").Code)
	require.Contains(t, out.String(), "REDACTED")
	require.NotContains(t, out.String(), "s3cret")
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t)
		e := b.open("table=items")
		b.commit(e, 100, 1)
		b.engine.subset = emptySubset
		for _, target := range []string{"/", "/x", "/v1/health", items, at(e, "-1"), at(e, "0_0"), at(e, "now"), at(e, "0_inf", "&live=true"), at(e, "-1", "&subset__x="), at(e, "0_inf", "&live&live_sse")} {
			get, head := b.get(target), b.do("HEAD", target, "")
			require.Equal(t, get.Code, head.Code, target)
			require.Zero(t, head.Body.Len(), target)
			for _, h := range []http.Header{get.Header(), head.Header()} {
				h.Del("Etag") // of empty answers
				h.Del("X-Request-Id")
			}
			require.Equal(t, get.Header(), head.Header(), target)
		}
		before := time.Now()
		require.Equal(t, "false", b.do("HEAD", at(e, "100_0", "&live=true"), "").Header().Get("Electric-Has-Data"))
		require.Equal(t, 20*time.Second, time.Since(before))
	})
}

func TestPreflight(t *testing.T) {
	b := setup(t, withSecret)
	c := b.do("OPTIONS", "/v1/shape", "", "Access-Control-Request-Headers", "Content-Type,If-None-Match", "Origin", "https://a.example")
	require.Equal(t, 204, c.Code)
	require.Equal(t, "86400", c.Header().Get("Access-Control-Max-Age"))
	require.Equal(t, "keep-alive", c.Header().Get("Connection"))
	require.Equal(t, "Content-Type,If-None-Match", c.Header().Get("Access-Control-Allow-Headers"))
	require.Equal(t, shapeMethods, c.Header().Get("Access-Control-Allow-Methods"))
	require.NotContains(t, c.Header(), "Cache-Control")
	require.NotContains(t, c.Header(), "Vary")
	require.NotContains(t, b.do("OPTIONS", "/v1/shape", "").Header(), "Access-Control-Allow-Headers")
}

func TestHealth(t *testing.T) {
	b := setup(t)
	for service, want := range map[status.Service]int{status.Active: 200, status.Waiting: 202, status.Starting: 202} {
		b.engine.service = service
		c := b.get("/v1/health")
		require.Equal(t, want, c.Code)
		require.Equal(t, `{"status":"`+service.String()+`"}`, c.Body.String())
		require.Equal(t, "no-cache, no-store, must-revalidate", c.Header().Get("Cache-Control"))
		require.Equal(t, "application/json; charset=utf-8", c.Header().Get("Content-Type"))
	}
}

func TestDeletion(t *testing.T) {
	b := setup(t, withDelete)
	handle := func() string { return b.open("table=items").Handle.String() }
	h := handle()
	for target, want := range map[string]string{
		"/v1/shape":                       `{"message":"Invalid request","errors":{"handle":["can't be blank when shape definition is missing"]}}`,
		items + "&live=banana":            `{"message":"Invalid request","errors":{"live":["is invalid"]}}`,
		items + "&handle=1-2":             `{"message":"The specified shape definition and handle do not match. Please ensure the shape definition is correct or omit the shape handle from the request to obtain a new one."}`,
		"/v1/shape?table=nope":            `{"message":"Invalid request","errors":{"table":["Table \"public\".\"nope\" does not exist. If the table name contains capitals or special characters you must quote it."]}}`,
		items + "&offset[]=1":             `{"message":"Invalid request","errors":{"offset":["is invalid"]}}`,
		"/v1/shape?handle=x&replica=some": `{"message":"Invalid request","errors":{"replica":["is invalid"]}}`,
	} {
		c := b.do("DELETE", target, "")
		require.Equal(t, 400, c.Code, target)
		require.JSONEq(t, want, c.Body.String())
		require.Equal(t, cacheNone, c.Header().Get("Cache-Control"))
		require.NotContains(t, c.Header(), "Surrogate-Control")
	}
	for _, target := range []string{"/v1/shape?handle=1-2", "/v1/shape?handle=x", items + "&log=changes_only"} {
		require.Equal(t, 404, b.do("DELETE", target, "").Code, target)
	}
	require.Equal(t, 1, b.engine.creations)
	for _, target := range []string{items + "&offset=1_1&live=true", items + "&handle=" + h, "/v1/shape?handle=" + h} {
		c := b.do("DELETE", target[:strings.LastIndex(target, "=")+1]+strings.Replace(target[strings.LastIndex(target, "=")+1:], h, handle(), 1), "")
		require.Equal(t, 202, c.Code, c.Body)
		require.Zero(t, c.Body.Len())
		require.Equal(t, cacheNone, c.Header().Get("Cache-Control"))
	}
	require.NotEqual(t, h, handle(), "handles are not used again")
}

func TestSubsetAnswers(t *testing.T) {
	b := setup(t)
	row := `{"key":"k","value":{},"headers":{"operation":"insert","relation":["public","items"],"snapshot_mark":6}}`
	b.engine.subset = func(q status.SubsetQuery, sink snapshot.Sink) error {
		require.Equal(t, int32(6), q.Mark)
		if err := sink.Known(pg.Snapshot{Xmin: 746, Xmax: 750, Xip: []uint64{747, 748}}, 26740000); err != nil {
			return err
		}
		for range 2 {
			if err := sink.Row([]byte(row)); err != nil {
				return err
			}
		}
		return nil
	}
	c := b.get(items + "&offset=now&log=changes_only&subset__limit=2&subset__order_by=id")
	require.Equal(t, 200, c.Code, c.Body)
	require.JSONEq(t, `{"metadata":{"xmin":"746","xmax":"750","xip_list":["747","748"],"database_lsn":"26740000","snapshot_mark":6},"data":[`+row+`,`+row+`]}`, c.Body.String())
	require.Equal(t, map[string]string{
		"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-cache", "Electric-Snapshot": "true", "Electric-Offset": "0_inf",
		"Electric-Schema": c.Header().Get("Electric-Schema"),
	}, told(c))
	require.NotEmpty(t, c.Header().Get("Electric-Schema"))
	require.Equal(t, "0_0", b.get(items+"&offset=-1&subset__x=").Header().Get("Electric-Offset"))
	e := b.open("table=items")
	live := b.get(at(e, "0_inf", "&live=true&live_sse=true&subset__x="))
	require.Equal(t, "application/json; charset=utf-8", live.Header().Get("Content-Type"))
	require.Empty(t, live.Header().Get("Electric-Schema"))
	require.Equal(t, 409, b.get(items+"&handle=1-2&offset=0_0&subset__x=").Code)
}

func TestASubsetThatBreaksOffIsCut(t *testing.T) {
	b := setup(t)
	b.engine.subset = func(_ status.SubsetQuery, sink snapshot.Sink) error {
		if err := sink.Known(pg.Snapshot{}, 1); err != nil {
			return err
		}
		for range 2000 {
			if err := sink.Row([]byte(strings.Repeat("x", 100))); err != nil {
				return err
			}
		}
		return &status.SnapshotError{Status: 503, Message: "gone"}
	}
	require.True(t, b.get(items+"&offset=-1&subset__x=").cut)
}

func TestAdmissionAdmitsExactlyItsLimit(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t, func(c *Config, _ *shapelogOptions) { c.MaxInitial, c.MaxExisting = 3, 2 })
		e := b.open("table=items")
		var polls []*call
		for range 5 {
			polls = append(polls, b.start("GET", at(e, "0_inf", "&live=true"), "", nil))
		}
		synctest.Wait()
		rejected := 0
		for _, p := range polls {
			if p.Code == 503 {
				rejected++
			}
		}
		require.Equal(t, 3, rejected)
		c := b.get(at(e, "0_inf"))
		require.Equal(t, `{"message":"Concurrent existing request limit exceeded (limit: 2), please retry","code":"concurrent_request_limit_exceeded"}`, c.Body.String())
		require.Equal(t, map[string]string{
			"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", "Surrogate-Control": "no-store", "Retry-After": "7", "Electric-Internal-Known-Error": "true",
		}, told(c))
		require.Equal(t, 200, b.get(items+"&offset=-1").Code, "an initial request keeps its permit when the other bucket is full")
		for _, p := range polls {
			p.wait()
		}
		require.Equal(t, 200, b.get(at(e, "0_inf")).Code)

		b.engine.held = true
		var first []*call
		for range 4 {
			first = append(first, b.start("GET", items+"&log=changes_only&offset=-1", "", nil))
		}
		synctest.Wait()
		require.Equal(t, int64(3), b.api.admission.current[initial].Load())
		for _, p := range first {
			p.cancel()
			p.wait()
		}
		require.Zero(t, b.api.admission.current[initial].Load())
		require.Zero(t, b.api.admission.current[existing].Load())
	})
}

func TestAdmissionUnderContention(t *testing.T) {
	a := newAdmission(3, 2, NewMetrics(nil))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 500 {
				p, ok := a.acquire(initial)
				if n := a.current[initial].Load(); n > 3 {
					t.Errorf("%d admitted", n)
				}
				if ok {
					p.settle()
				}
				p.release()
				p.release()
			}
		})
	}
	wg.Wait()
	require.Zero(t, a.current[initial].Load())
	require.Zero(t, a.current[existing].Load())
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	b := setup(t)
	b.api = New(b.api.cfg, b.engine, Options{Metrics: NewMetrics(registry)})
	b.get(items + "&offset=-1")
	b.get(items)
	b.get("/v1/health")
	b.api.admission.limits[initial] = 0
	b.get(items)
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP electric_admission_control_acquire_current Requests in flight.
# TYPE electric_admission_control_acquire_current gauge
electric_admission_control_acquire_current{kind="existing"} 0
electric_admission_control_acquire_current{kind="initial"} 0
# HELP electric_admission_control_reject_count Requests rejected by admission control.
# TYPE electric_admission_control_reject_count counter
electric_admission_control_reject_count{kind="initial"} 1
# HELP electric_plug_serve_shape_requests_count Responses of the shape route by HTTP status.
# TYPE electric_plug_serve_shape_requests_count counter
electric_plug_serve_shape_requests_count{status="200"} 1
electric_plug_serve_shape_requests_count{status="400"} 1
electric_plug_serve_shape_requests_count{status="503"} 1
`)))
}

func TestCursorsAlwaysGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent := rapid.Int64().Draw(t, "sent")
		now := cursorEpoch.Add(time.Duration(rapid.Int64Range(-1e18, 1e18).Draw(t, "elapsed")))
		longPoll := time.Duration(rapid.Int64Range(1, 60).Draw(t, "seconds")) * time.Second
		got := cursor(now, longPoll, decimal(sent), func(n uint64) uint64 { return rapid.Uint64Range(0, n-1).Draw(t, "random") })
		if !greater(got, decimal(sent)) {
			t.Fatalf("%s after %d", got, sent)
		}
	})
	none := func(uint64) uint64 { return 0 }
	at := func(seconds float64) time.Time { return cursorEpoch.Add(time.Duration(seconds * float64(time.Second))) }
	require.Equal(t, "1000", cursor(at(981), 20*time.Second, "", none))
	require.Equal(t, "1000", cursor(at(1000), 20*time.Second, "x", none))
	require.Equal(t, "1020", cursor(at(1000.1), 20*time.Second, "1000", none))
	require.Equal(t, "1001", cursor(at(1000), 20*time.Second, "1000", none))
	require.Equal(t, "0", cursor(at(1000), 900*time.Millisecond, "77", none))
	require.Equal(t, "99999999999999999999999", cursor(at(1000), time.Second, "99999999999999999999998", none))
}

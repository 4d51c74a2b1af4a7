package shapeapi

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/internal/pg/inspect"
	"leyden/internal/pg/snapshot"
)

// q makes a target of parameters, encoded.
func q(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return "/v1/shape?" + v.Encode()
}

// TestEveryInvalidRequestSaysWhy is the table of spec http-api §9.1.
func TestEveryInvalidRequestSaysWhy(t *testing.T) {
	b := setup(t)
	first := func(more ...string) string { return q(append([]string{"table", "items", "offset", "-1"}, more...)...) }
	long := strings.Repeat("a", 64)
	for target, want := range map[string]string{
		q("table", "items"):                                 `{"offset":["can't be blank"]}`,
		q("table", "items", "offset", " "):                  `{"offset":["can't be blank"]}`,
		q("table", "items", "offset", "10"):                 `{"offset":["has invalid format"]}`,
		q("table", "items", "offset", "1_2_3"):              `{"offset":["has invalid format"]}`,
		q("table", "items", "offset", "1_2 "):               `{"offset":["has invalid format"]}`,
		q("table", "items", "offset", "0_-1"):               `{"offset":["has invalid format"]}`,
		q("table", "items", "offset[]", "-1"):               `{"offset":["is invalid"]}`,
		q("table", "items", "offset", "0_0"):                `{"handle":["can't be blank when offset != -1"]}`,
		first("live", "true"):                               `{"live":["can't be true when offset == -1"]}`,
		first("live", "no"):                                 `{"live":["can't be true when offset == -1"]}`,
		first("live", ""):                                   `{"live":["can't be true when offset == -1"]}`,
		q("table", "items", "offset", "now", "live", "1"):   `{"live":["can't be true when offset is 'now'"]}`,
		first("live_sse", "true"):                           `{"live_sse":["can't be true unless live is also true"]}`,
		first("experimental_live_sse", "1"):                 `{"live_sse":["can't be true unless live is also true"]}`,
		first("experimental_live_sse", "yes"):               `{"live_sse":["is invalid"]}`,
		first("experimental_compaction", "yes"):             `{"experimental_compaction":["is invalid"]}`,
		first("params", `{"1":"abc"}`):                      `{"params":["is invalid"]}`,
		first("params[]", `1`):                              `{"params":["is invalid"]}`,
		first("params[1][x]", `1`):                          `{"params":["is invalid"]}`,
		first("columns[a]", "id"):                           `{"columns":["is invalid"]}`,
		first("columns[]", ""):                              `{"columns":["Invalid zero-length identifier"]}`,
		q("table[]", "items", "offset", "-1"):               `{"table":["is invalid"]}`,
		first("handle[x]", "y"):                             `{"handle":["is invalid"]}`,
		first("replica", "half"):                            `{"replica":["is invalid"]}`,
		first("log", "FULL"):                                `{"log":["is invalid"]}`,
		q("replica", "half", "log", "none", "where[]", "x"): `{"log":["is invalid"],"offset":["can't be blank"],"replica":["is invalid"],"where":["is invalid"]}`,

		q("offset", "-1"):                        `{"table":["can't be blank"]}`,
		q("offset", "0_0", "handle", "1-2"):      `{"table":["can't be blank"]}`,
		q("offset", "-1", "table", ""):           `{"table":["can't be blank"]}`,
		q("offset", "-1", "table", `""`):         `{"table":["Invalid zero-length delimited identifier"]}`,
		q("offset", "-1", "table", `public.`):    `{"table":["Invalid zero-length delimited identifier"]}`,
		q("offset", "-1", "table", `it-ems`):     `{"table":["Invalid unquoted identifier contains special characters: it-ems"]}`,
		q("offset", "-1", "table", ` items`):     `{"table":["Invalid unquoted identifier contains special characters:  items"]}`,
		q("offset", "-1", "table", `1items`):     `{"table":["Invalid unquoted identifier contains special characters: 1items"]}`,
		q("offset", "-1", "table", `"it"ems"`):   `{"table":["Invalid identifier with unescaped quote: it\"ems"]}`,
		q("offset", "-1", "table", long):         `{"table":["Identifier is too long (max length is 63)"]}`,
		q("offset", "-1", "table", `a.b.c`):      `{"table":["Invalid relation identifier, too many delimiters: a.b.c"]}`,
		q("offset", "-1", "table", `Pairs`):      `{"table":["Table \"public\".\"pairs\" does not exist. If the table name contains capitals or special characters you must quote it."]}`,
		q("offset", "-1", "table", "\"a\x00b\""): `{"table":["Table \"public\".\"a\u0000b\" does not exist. If the table name contains capitals or special characters you must quote it."]}`,

		first("columns", "id, done"):                              `{"columns":["Invalid unquoted identifier contains special characters:  done"]}`,
		first("columns", "id,,done"):                              `{"columns":["Invalid zero-length delimited identifier"]}`,
		first("columns", "done"):                                  `{"columns":["The list of columns must include all primary key columns, missing: id"]}`,
		first("columns", "id,x,done,y"):                           `{"columns":["The following columns are not found on the table: x, y"]}`,
		first("columns[]", "ID"):                                  `{"columns":["The list of columns must include all primary key columns, missing: id"]}`,
		q("offset", "-1", "table", `"Pairs"`, "columns", "n"):     `{"columns":["The list of columns must include all primary key columns, missing: a, b"]}`,
		q("offset", "-1", "table", `log`, "columns", "x"):         `{"columns":["The list of columns must include all primary key columns, missing: y"]}`,
		first("queryable_columns", "id", "columns", "id,done"):    `{"columns":["The following columns are not found on the table: done"]}`,
		first("queryable_columns", "done"):                        `{"queryable_columns":["The list of queryable columns must include all primary key columns, missing: id"]}`,
		first("queryable_columns", "id,nope"):                     `{"queryable_columns":["The following queryable columns are not found on the table: nope"]}`,
		q("offset", "-1", "table", "sums"):                        `{"columns":["The following columns are generated and cannot be included in the shape: total. You can exclude them from the shape by explicitly listing which columns to fetch in the 'columns' query param"]}`,
		q("offset", "-1", "table", "sums", "columns", "id,total"): `{"columns":["The following columns are generated and cannot be included in the shape: total"]}`,

		first("where", "id = $x"):                      "At location",
		first("where", "x = 1"):                        `{"where":["At location 0: unknown reference x"]}`,
		first("where", "id = $1"):                      `{"where":["At location 5: parameter $1 was not provided"]}`,
		first("where", "id = $1", "params[a]", "1"):    `{"params":["Parameters can only use numbers as keys"]}`,
		first("where", "id = $1", "params[2]", "1"):    `{"params":["Parameters must be numbered sequentially, starting from 1"]}`,
		first("where", "id = 1; select 2"):             `{"where":["unescaped \";\" causing statement split"]}`,
		first("where", "id = 1 order by 1"):            `{"where":["malformed query ending with SQL clauses"]}`,
		first("where", "id"):                           `{"where":["WHERE clause must return a boolean"]}`,
		first("where", "f(id) = 1"):                    `{"where":["At location 0: unknown or unsupported function f/1"]}`,
		first("where", "id = 1\x00 or true"):           `{"where":["At location 6: syntax error at or near \"\\0\""]}`,
		first("where", "id = $1", "params[1]", "\x00"): `{"params":["is invalid"]}`,

		first("subset__limit", "5"):                               `{"subset":{"order_by":["order_by is required when limit or offset is present"]}}`,
		first("subset__limit", "0", "subset__order_by", "id"):     `{"subset":{"limit":["must be greater than 0"]}}`,
		first("subset__offset", "-1", "subset__order_by", "id"):   `{"subset":{"offset":["must be greater than or equal to 0"]}}`,
		first("subset__limit", "abc", "subset__order_by", "id"):   `{"subset":{"limit":["is invalid"]}}`,
		first("subset__params", "{"):                              `{"subset":{"params":["params must be valid JSON"]}}`,
		first("subset__params", "[1]"):                            `{"subset":{"params":["params must be a JSON object"]}}`,
		first("subset__where", "x = 1"):                           `{"subset":{"where":["At location 0: unknown reference x"]}}`,
		first("subset__where", "id=$1", "subset__params[x]", "1"): `{"subset":{"params":["Parameters can only use numbers as keys"]}}`,
		first("subset__order_by", "id + 1"):                       `{"subset":{"order_by":["At location 3: A_Expr expressions are not allowed in ORDER BY clauses"]}}`,
		first("subset__where", "done", "queryable_columns", "id"): `{"subset":{"where":["At location 0: unknown reference done"]}}`,
		first("subset", "x"):                                      `{"subset":["is invalid"]}`,
	} {
		c := b.get(target)
		assert.Equal(t, http.StatusBadRequest, c.Code, target)
		if strings.HasPrefix(want, "{") {
			want = `{"message":"Invalid request","errors":` + want + `}`
			assert.JSONEq(t, want, c.Body.String(), target)
		}
		require.Contains(t, c.Body.String(), want[:11], target)
		require.Equal(t, map[string]string{
			"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", "Surrogate-Control": "no-store",
		}, told(c), target)
		require.Empty(t, c.Header().Get("Electric-Handle"))
	}
	require.Zero(t, b.engine.creations, "a 400 never creates a shape")
}

func TestSubqueriesAreNotAllowedInSubsets(t *testing.T) {
	b := setup(t)
	c := b.get(q("table", "items", "offset", "-1", "subset__where", "id IN (SELECT id FROM items)"))
	require.Equal(t, 400, c.Code)
	require.JSONEq(t, `{"message":"Invalid request","errors":{"subset":{"where":["Subqueries are not allowed in subsets"]}}}`, c.Body.String())
}

func TestParamsAreJudgedOnlyWhereAClauseUsesThem(t *testing.T) {
	b := setup(t)
	require.Equal(t, 200, b.get(q("table", "items", "offset", "-1", "params[x]", "1")).Code)
	require.Equal(t, 200, b.get(q("table", "items", "offset", "-1", "where", "id = $1", "params[1]", "1", "params[2]", "unused")).Code)
}

// TestOtherStatuses is the table of spec http-api §9.2.
func TestOtherStatuses(t *testing.T) {
	const initialRequest = items + "&offset=-1"
	for name, tt := range map[string]struct {
		method, target, body string
		options              []option
		prepare              func(*engine)
		status               int
		want                 string
		retry                string
		cache                string
		known                bool
	}{
		"no secret":         {target: initialRequest, options: []option{withSecret}, status: 401, want: `{"message":"Unauthorized - Invalid API secret"}`, cache: cacheDefault},
		"not found":         {target: "/v2/shape", status: 404, want: "Not found", cache: cacheDefault},
		"delete unknown":    {method: "DELETE", target: items, options: []option{withDelete}, status: 404, want: `{"message":"No existing shape found"}`, cache: cacheNone},
		"delete disabled":   {method: "DELETE", target: items, status: 405, want: `{"message":"DELETE not allowed"}`, cache: cacheNone},
		"not JSON":          {method: "POST", target: initialRequest, body: `{"a`, status: 400, want: `{"error":"Invalid JSON in request body","details":"unexpected end of input"}`, cache: cacheDefault},
		"trailing data":     {method: "POST", target: initialRequest, body: `{} {}`, status: 400, want: `{"error":"Invalid JSON in request body","details":"unexpected data after the JSON value"}`, cache: cacheDefault},
		"not an object":     {method: "POST", target: initialRequest, body: `[1]`, status: 400, want: `{"error":"Request body must be a JSON object"}`, cache: cacheDefault},
		"too large":         {method: "POST", target: initialRequest, body: strings.Repeat(" ", maxBody+1), status: 413, want: `{"error":"Request body too large"}`, cache: cacheDefault},
		"invalid POST":      {method: "POST", target: items, status: 400, want: `{"message":"Invalid request","errors":{"offset":["can't be blank"]}}`, cache: cacheNone},
		"malformed query":   {target: items + "&offset=%zz", status: 400, cache: cacheDefault},
		"not UTF-8":         {target: items + "&offset=%ff", status: 400, cache: cacheDefault},
		"catalogue is away": {target: initialRequest, prepare: func(e *engine) { e.tableErr = inspect.ErrUnavailable }, status: 503, want: `{"message":"Cannot connect to the database to verify the shape. Please try again later."}`, retry: "1", cache: cacheNoStore},
		"creation fails":    {target: initialRequest, prepare: func(e *engine) { e.createErr = errors.New("x") }, status: 503, want: `{"message":"Failed to create shape, please retry"}`, retry: "1", cache: cacheNoStore},
		"no shape now":      {target: initialRequest, prepare: func(e *engine) { e.createErr = &status.NotReady{Message: "Timeout waiting for stack restart"} }, status: 503, want: `{"message":"Timeout waiting for stack restart"}`, retry: "5", cache: cacheNoStore},
		"unclassified snapshot": {target: initialRequest, prepare: func(e *engine) {
			e.beginErr = &status.SnapshotError{Status: 500, Message: "Unexpected error while creating snapshot: boom"}
		}, status: 500, want: `{"message":"Unexpected error while creating snapshot: boom"}`, cache: cacheNoStore},
		"classified snapshot": {target: initialRequest, prepare: func(e *engine) {
			e.beginErr = &status.SnapshotError{Status: 503, Message: "Database connection not available", Known: true}
		}, status: 503, want: `{"message":"Database connection not available"}`, retry: "10", cache: cacheNoStore, known: true},
		"schema changed under the snapshot": {target: initialRequest, prepare: func(e *engine) { e.beginErr = status.Rotated(nil) }, status: 409, want: `[{"headers":{"control":"must-refetch"}}]`, cache: cacheRotated},
		"subset without database": {target: initialRequest + "&subset__where=", prepare: func(e *engine) {
			e.subset = func(status.SubsetQuery, snapshot.Sink) error { return inspect.ErrUnavailable }
		}, status: 503, want: `{"error":"Database is unreachable","code":"database_unreachable"}`, retry: "10", cache: cacheNoStore},
		"subset with a bad value": {target: initialRequest + "&subset__where=", prepare: func(e *engine) {
			e.subset = func(status.SubsetQuery, snapshot.Sink) error {
				return &snapshot.Error{Kind: snapshot.BadValue, Message: `invalid input value for enum mood: "x"`}
			}
		}, status: 400, want: `{"message":"Invalid request","errors":{"subset":{"where":"invalid input value for enum mood: \"x\""}}}`, cache: cacheNoStore},
		"panic": {target: initialRequest + "&subset__where=", prepare: func(e *engine) {
			e.subset = func(status.SubsetQuery, snapshot.Sink) error { panic("secret detail") }
		}, status: 500, want: `{"error":"Internal server error"}`, cache: cacheDefault},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, tt.options...)
			if tt.prepare != nil {
				tt.prepare(b.engine)
			}
			method := tt.method
			if method == "" {
				method = "GET"
			}
			c := b.do(method, tt.target, tt.body)
			require.Equal(t, tt.status, c.Code, c.Body)
			if strings.HasPrefix(tt.want, "{") {
				require.JSONEq(t, tt.want, c.Body.String())
			} else {
				require.Equal(t, tt.want, c.Body.String())
			}
			require.Equal(t, tt.retry, c.Header().Get("Retry-After"))
			require.Equal(t, tt.cache, c.Header().Get("Cache-Control"))
			require.Equal(t, tt.cache == cacheNoStore, c.Header().Get("Surrogate-Control") == cacheNoStore)
			require.Equal(t, tt.known, c.Header().Get("Electric-Internal-Known-Error") == "true")
			for _, name := range []string{"Electric-Handle", "Etag", "Electric-Has-Data", "Electric-Offset", "Electric-Snapshot"} {
				require.Empty(t, c.Header().Get(name), name)
			}
			for _, current := range []kind{initial, existing} {
				require.Zero(t, b.api.admission.current[current].Load(), "permits are given back")
			}
			bare := tt.status == 401 || tt.want == "" || tt.want == "Not found" || name == "panic"
			require.Equal(t, !bare, c.Header().Get("Content-Type") == "application/json; charset=utf-8")
		})
	}
}

func TestRequestsAreHeldUntilTheEngineIsReady(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t)
		b.engine.notReady = &status.NotReady{Message: "Timeout waiting for replication client to be ready: down"}
		before := time.Now()
		c := b.get("/v1/shape")
		require.Equal(t, 5*time.Second, time.Since(before))
		require.Equal(t, 503, c.Code)
		require.Equal(t, "5", c.Header().Get("Retry-After"))
		require.JSONEq(t, `{"message":"Timeout waiting for replication client to be ready: down"}`, c.Body.String())
	})
}

func TestASnapshotThatDoesNotStartIsAnError(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t)
		b.engine.held = true
		before := time.Now()
		c := b.get(items + "&offset=-1")
		require.Equal(t, 45*time.Second, time.Since(before))
		require.Equal(t, 500, c.Code)
		require.Contains(t, c.Body.String(), `{"message":"Unable to retrieve shape log: `)
	})
}

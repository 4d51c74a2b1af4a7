package shapeapi

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWorkedExchanges follows spec http-api §33.
func TestWorkedExchanges(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t)
		c := b.get(items + "&columns=id,done&offset=-1")
		require.Equal(t, 200, c.Code, c.Body)
		h := c.Header().Get("Electric-Handle")
		require.NotEmpty(t, h)
		require.Equal(t, map[string]string{
			"Content-Type": "application/json; charset=utf-8", "Electric-Offset": "0_0", "Electric-Has-Data": "true",
			"Etag":            `"` + h + `:-1:0_0"`,
			"Cache-Control":   "public, max-age=604800, s-maxage=3600, stale-while-revalidate=2629746",
			"Electric-Schema": `{"id":{"type":"int4","pk_index":0,"not_null":true},"done":{"type":"bool"}}`,
		}, told(c))
		require.Equal(t, `[{"key":"\"public\".\"items\"/\"1\"","value":{"done":"false","id":"1"},"headers":{"operation":"insert","relation":["public","items"]}}`+
			`,{"headers":{"control":"snapshot-end","xmin":"742","xmax":"742","xip_list":[]}}]`, c.Body.String())

		b.engine.lsn.Store(26730312)
		at := items + "&columns=id,done&handle=" + h + "&offset="
		c = b.get(at + "0_0")
		require.Equal(t, map[string]string{
			"Content-Type": "application/json; charset=utf-8", "Electric-Offset": "0_inf", "Electric-Has-Data": "true", "Electric-Up-To-Date": "",
			"Etag":            `"` + h + `:0_0:0_inf"`,
			"Cache-Control":   "public, max-age=60, stale-while-revalidate=300",
			"Electric-Schema": `{"id":{"type":"int4","pk_index":0,"not_null":true},"done":{"type":"bool"}}`,
		}, told(c))
		require.Equal(t, `[{"headers":{"control":"up-to-date","global_last_seen_lsn":"26730312"}}]`, c.Body.String())

		live := b.start("GET", at+"0_inf&live=true&cursor=", "", nil)
		synctest.Wait()
		e := b.open("table=items&columns=id,done")
		b.commit(e, 26731000, 1)
		b.engine.lsn.Store(26739944) // what live data says is its own position
		live.wait()
		require.Equal(t, map[string]string{
			"Content-Type": "application/json; charset=utf-8", "Electric-Offset": "26731000_0", "Electric-Has-Data": "true", "Electric-Up-To-Date": "",
			"Etag":            `"` + h + `:0_inf:26731000_0"`,
			"Cache-Control":   "public, max-age=5, stale-while-revalidate=5",
			"Electric-Cursor": "1000",
		}, told(live))
		require.Equal(t, `[{"key":"\"public\".\"items\"/\"1\"","value":{"done":"t","id":"1"},"headers":{"operation":"update","relation":["public","items"],"txids":[745],"lsn":"26731000","op_position":0,"last":true}}`+"\n,"+
			`{"headers":{"control":"up-to-date","global_last_seen_lsn":"26731000"}}]`, live.Body.String())

		before := time.Now()
		c = b.get(at + "26731000_0&live=true&cursor=1000")
		require.Equal(t, 20*time.Second, time.Since(before))
		require.Equal(t, "26731000_0", c.Header().Get("Electric-Offset"))
		require.Equal(t, "false", c.Header().Get("Electric-Has-Data"))
		require.Equal(t, "1007", c.Header().Get("Electric-Cursor"))
		require.Regexp(t, `^"`+h+`:26731000_0:26731000_0:-?\d+"$`, c.Header().Get("Etag"))
		require.Equal(t, `[{"headers":{"control":"up-to-date","global_last_seen_lsn":"26739944"}}]`, c.Body.String())

		c = b.get(items + "&columns=id,done&handle=stale-handle&offset=26731000_0")
		require.Equal(t, 409, c.Code)
		require.Equal(t, map[string]string{"Content-Type": "application/json; charset=utf-8", "Etag": `"` + h + `::"`, "Cache-Control": "public, max-age=60, must-revalidate"}, told(c))
		require.Equal(t, h, c.Header().Get("Electric-Handle"))
		require.Equal(t, `[{"headers":{"control":"must-refetch"}}]`, c.Body.String())
	})
}

// told is what a response says of its content, without the handle.
func told(c *call) map[string]string {
	out := map[string]string{}
	for _, name := range []string{
		"Content-Type", "Electric-Offset", "Electric-Schema", "Electric-Up-To-Date", "Electric-Has-Data", "Electric-Cursor", "Electric-Snapshot",
		"Etag", "Cache-Control", "Surrogate-Control", "Retry-After", "Electric-Internal-Known-Error", "Location",
	} {
		if v, ok := c.Header()[name]; ok {
			out[name] = v[0]
		}
	}
	return out
}

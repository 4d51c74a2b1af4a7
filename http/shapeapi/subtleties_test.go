package shapeapi

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// at is a log request for an existing shape of the items table.
func at(e *status.Entry, offset string, more ...string) string {
	return items + "&handle=" + e.Handle.String() + "&offset=" + offset + strings.Join(more, "")
}

const upToDateBody = `[{"headers":{"control":"up-to-date","global_last_seen_lsn":"%d"}}]`

// The tests of this file are the fifteen subtleties of spec http-api §34, by number, as far as HTTP decides them.

func TestSubtlety01BeginningIsNeverUpToDate(t *testing.T) {
	b := setup(t)
	c := b.get(items + "&log=changes_only&offset=-1")
	require.Equal(t, `[{"headers":{"control":"snapshot-end","xmin":"742","xmax":"742","xip_list":[]}}]`, c.Body.String())
	require.Equal(t, "0_0", c.Header().Get("Electric-Offset"))
	require.NotContains(t, c.Header(), "Electric-Up-To-Date")
	c = b.get(items + "&log=changes_only&offset=0_0&handle=" + c.Header().Get("Electric-Handle"))
	require.Equal(t, "0_inf", c.Header().Get("Electric-Offset"))
	require.Contains(t, c.Header(), "Electric-Up-To-Date")
	require.Equal(t, "true", c.Header().Get("Electric-Has-Data"))

	// Also when the log has gone on: the beginning is the first chunk alone.
	e := b.open("table=items&log=changes_only")
	b.commit(e, 100, 1)
	c = b.get(items + "&log=changes_only&offset=-1")
	require.Equal(t, "0_0", c.Header().Get("Electric-Offset"))
	require.NotContains(t, c.Header(), "Electric-Up-To-Date")
}

func TestSubtlety02LiveDataTellsItsOwnPosition(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t)
		e := b.open("table=items")
		b.commit(e, 100, 2)
		b.engine.lsn.Store(500)
		require.Contains(t, b.get(at(e, "0_inf", "&live=true")).Body.String(), `"global_last_seen_lsn":"100"}}]`)
		require.Contains(t, b.get(at(e, "0_inf")).Body.String(), `"global_last_seen_lsn":"500"}}]`)
		require.Equal(t, fmt.Sprintf(upToDateBody, 500), b.get(at(e, "100_2", "&live=true")).Body.String())
		require.Equal(t, fmt.Sprintf(upToDateBody, 500), b.get(items+"&offset=now").Body.String())
		require.Contains(t, b.get(at(e, "0_inf", "&live=true&live_sse=true")).Body.String(), `"global_last_seen_lsn":"100"}}`+"\n\n")

		// A client of an event stream comes back in the middle of the transaction.
		c := b.get(at(e, "100_0", "&live=true&live_sse=true"))
		require.Equal(t, 1, strings.Count(c.Body.String(), `"op_position":2`))
		require.NotContains(t, c.Body.String(), `"op_position":0`)
	})
}

func TestSubtlety03OffsetsAreThoseOfTheOperations(t *testing.T) {
	b := setup(t)
	e := b.open("table=items")
	b.apply(100, shapelog.Append{Log: e.Log(), Commit: true, Items: []change.Item{
		{Offset: shape.Offset{Tx: 100, Op: 4}, JSON: []byte(`{"headers":{"operation":"delete"}}`)},
		{Offset: shape.Offset{Tx: 100, Op: 5}, JSON: []byte(`{"headers":{"operation":"insert"}}`), Last: true},
	}})
	c := b.get(at(e, "0_inf"))
	require.Equal(t, "100_5", c.Header().Get("Electric-Offset"))
	require.Contains(t, b.get(at(e, "100_4")).Body.String(), `[{"headers":{"operation":"insert","last":true}}`)
}

func TestSubtlety04AConflictNamesTheReplacement(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t)
		c := b.get(items + "&offset=0_0&handle=123-456")
		require.Equal(t, 409, c.Code)
		require.Equal(t, 1, b.engine.creations)
		h := c.Header().Get("Electric-Handle")
		require.Equal(t, `"`+h+`::"`, c.Header().Get("Etag"))
		require.Equal(t, cacheConflict, c.Header().Get("Cache-Control"))
		require.Equal(t, 200, b.get(items+"&offset=-1&handle="+h).Code)
		require.Equal(t, 1, b.engine.creations)

		e := b.open("table=items")
		poll := b.start("GET", at(e, "0_inf", "&live=true"), "", nil)
		synctest.Wait()
		require.NoError(t, b.engine.Remove(t.Context(), e))
		poll.wait()
		require.Equal(t, 409, poll.Code)
		require.Equal(t, map[string]string{"Content-Type": "application/json; charset=utf-8", "Cache-Control": cacheRotated}, told(poll))
		require.Empty(t, poll.Header().Get("Electric-Handle"))
		require.Equal(t, `[{"headers":{"control":"must-refetch"}}]`, poll.Body.String())
	})
}

func TestSubtlety05TheHandleIsIgnoredAtTheBeginning(t *testing.T) {
	b := setup(t)
	for _, offset := range []string{"-1", "now", "-1_0"} {
		require.Equal(t, 200, b.get(items+"&handle=gone&offset="+offset).Code)
	}
	// Yet it decides which bucket admits the request.
	e := b.open("table=items")
	b.api.admission.limits[existing] = 0
	require.Contains(t, b.get(at(e, "-1")).Body.String(), "Concurrent existing request limit exceeded (limit: 0)")
	require.Equal(t, 200, b.get(items+"&offset=-1&handle=gone").Code)
}

func TestSubtlety06IdentityOfShapes(t *testing.T) {
	b := setup(t)
	handle := func(pairs ...string) string {
		c := b.get(q(append([]string{"offset", "now"}, pairs...)...))
		require.Equal(t, 200, c.Code, c.Body)
		return c.Header().Get("Electric-Handle")
	}
	all := handle("table", "items")
	listed := handle("table", "items", "columns", "id,done,title")
	require.NotEqual(t, all, listed)
	require.Equal(t, listed, handle("table", "items", "columns", "title,id,done"))
	require.Equal(t, all, handle("table", `public."items"`))
	require.Equal(t, all, handle("table", "PUBLIC.Items", "experimental_compaction", "true", "expired_handle", "x", "cursor", "1", "cache-buster", "2"))
	filtered := handle("table", "items", "where", "id = 7")
	require.NotEqual(t, all, filtered)
	require.Equal(t, filtered, handle("table", "items", "where", "ID  =   7"))
	require.NotEqual(t, all, handle("table", "items", "replica", "full"))
	require.Equal(t, all, handle("table", "items", "replica", "default", "log", "full"))
	require.NotEqual(t, all, handle("table", "items", "log", "changes_only"))
	require.Equal(t, handle("table", "items", "columns", "id,done"), handle("table", "items", "queryable_columns", "id,done"))
	require.Equal(t, handle("table", "items", "where", "title = $1", "params[1]", "x"), handle("table", "items", "where", "title = $1", "params[1]", "x", "params[2]", "unused"))
	require.NotEqual(t, handle("table", "items", "where", "title = $1", "params[1]", "x"), handle("table", "items", "where", "title = $1", "params[1]", "y"))
}

func TestSubtlety07LooseFlagsAndParameters(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t)
		e := b.open("table=items")
		for _, live := range []string{"&live", "&live=", "&live=0", "&live=no", "&live=FALSE", "&live[]=false"} {
			before := time.Now()
			require.Equal(t, "false", b.get(at(e, "0_inf", live)).Header().Get("Electric-Has-Data"), live)
			require.Equal(t, 20*time.Second, time.Since(before), live)
		}
		before := time.Now()
		require.Equal(t, "true", b.get(at(e, "0_inf", "&live=false")).Header().Get("Electric-Has-Data"))
		require.Zero(t, time.Since(before))

		b.engine.subset = emptySubset
		for _, key := range []string{"subset__unknown=1", "subset__=", "subset__where=", "subset__params[1]=x", "subset__params=%7B%7D"} {
			require.Equal(t, "true", b.get(items+"&offset=-1&"+key).Header().Get("Electric-Snapshot"), key)
		}
	})
}

func TestSubtlety08BodiesOfPosts(t *testing.T) {
	b := setup(t)
	var got status.SubsetQuery
	b.engine.subset = func(q status.SubsetQuery, sink snapshot.Sink) error { got = q; return emptySubset(q, sink) }

	flat := b.do("POST", items+"&offset=now&log=changes_only", `{"where":"id > $1","params":{"1":10},"order_by":"id","limit":2,"offset":3}`)
	require.Equal(t, 200, flat.Code, flat.Body)
	require.Equal(t, "id > 10", strings.NewReplacer("'", "", "::int4", "", "::integer", "", "(", "", ")", "", `"`, "").Replace(got.Where.SQL()))
	require.Equal(t, int64(2), got.Limit)
	require.Equal(t, int64(3), got.Offset)
	require.Equal(t, "no-cache", flat.Header().Get("Cache-Control"))

	nested := b.do("POST", "/v1/shape", `{"table":"items","offset":"now","where":"id = 1","subset":{"where":"done"}}`)
	require.Equal(t, 200, nested.Code, nested.Body)
	require.Equal(t, b.open("table=items&where=id%3D1").Handle.String(), nested.Header().Get("Electric-Handle"))
	require.Contains(t, got.Where.SQL(), "done")

	empty := b.do("POST", "/v1/shape", `{"table":"items","offset":"now","subset":{}}`)
	require.Equal(t, "true", empty.Header().Get("Electric-Snapshot"))
	for _, body := range []string{"", "{}", `{"log":"full"}`} {
		plain := b.do("POST", items+"&offset=-1", body)
		require.Equal(t, 200, plain.Code)
		require.NotContains(t, plain.Header(), "Electric-Snapshot", body)
		require.Equal(t, "0_0", plain.Header().Get("Electric-Offset"))
		require.Equal(t, "no-cache", plain.Header().Get("Cache-Control"))
	}
}

func TestSubtlety09TagsAndNotModified(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t)
		e := b.open("table=items")
		b.commit(e, 100, 1)
		h := e.Handle.String()
		held := func(tag string) []string { return []string{"If-None-Match", tag} }
		before := time.Now()
		for _, tag := range []string{`"` + h + `:100_0:100_0"`, `"x", "` + h + `:100_0:100_0"`, h + ":100_0:100_0"} {
			c := b.get(at(e, "100_0", "&live=true"), held(tag)...)
			require.Equal(t, 304, c.Code)
			require.Empty(t, c.Body.String())
			require.Empty(t, c.Header().Get("Electric-Schema"))
			require.Equal(t, h, c.Header().Get("Electric-Handle"))
			require.Equal(t, "100_0", c.Header().Get("Electric-Offset"))
			require.Contains(t, c.Header(), "Electric-Up-To-Date")
			require.NotEmpty(t, c.Header().Get("Electric-Cursor"))
			require.Equal(t, cacheLive, c.Header().Get("Cache-Control"))
		}
		require.Zero(t, time.Since(before), "304 never waits")
		for _, tag := range []string{"*", `W/"` + h + `:100_0:100_0"`, `"` + h + `:100_0:0_inf"`} {
			require.Equal(t, 200, b.get(at(e, "100_0"), held(tag)...).Code, tag)
		}
		c := b.get(at(e, "100_0"), held(`"`+h+`:100_0:100_0"`)...)
		require.Equal(t, 304, c.Code)
		require.Equal(t, b.api.policies.catchUp, c.Header().Get("Cache-Control"))

		empty := b.get(at(e, "100_0", "&live=true")).Header().Get("Etag")
		require.NotEqual(t, `"`+h+`:100_0:100_0"`, empty)
		require.Equal(t, 200, b.get(at(e, "100_0"), held(empty)...).Code)
		now := b.get(items + "&offset=now").Header().Get("Etag")
		require.Regexp(t, `^"`+h+`:now:100_0:-?\d+"$`, now)
		b.engine.subset = emptySubset
		require.Equal(t, 200, b.get(items+"&offset=-1&subset__where=", held(`"`+h+`:-1:0_0"`)...).Code)
	})
}

func TestSubtlety10CursorAndSchema(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t)
		e := b.open("table=items")
		live := b.get(at(e, "0_inf", "&live=true&cursor=5000"))
		require.Equal(t, "5007", live.Header().Get("Electric-Cursor"))
		require.Empty(t, live.Header().Get("Electric-Schema"))
		for _, target := range []string{at(e, "-1"), at(e, "0_0"), at(e, "0_inf"), at(e, "now")} {
			c := b.get(target)
			require.NotEmpty(t, c.Header().Get("Electric-Schema"), target)
			require.Empty(t, c.Header().Get("Electric-Cursor"), target)
		}
	})
}

func TestSubtlety11AClientAheadOfTheLogIsHeld(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t)
		e := b.open("table=items")
		for _, live := range []string{"", "&live=true"} {
			before := time.Now()
			c := b.get(at(e, "900_0", live))
			require.Equal(t, 10*time.Second, time.Since(before))
			require.Equal(t, 400, c.Code)
			require.JSONEq(t, `{"message":"Invalid request","errors":{"offset":["out of bounds for this shape"]}}`, c.Body.String())
		}
		behind := b.start("GET", at(e, "900_0"), "", nil)
		synctest.Wait()
		b.commit(e, 800, 1)
		synctest.Wait()
		b.commit(e, 900, 2)
		behind.wait()
		require.Equal(t, 200, behind.Code)
		require.Equal(t, "900_2", behind.Header().Get("Electric-Offset"))

		before := time.Now()
		stream := b.get(at(e, "9000_0", "&live=true&live_sse=true"))
		require.Equal(t, 10*time.Second, time.Since(before))
		require.Equal(t, 200, stream.Code)
		require.Empty(t, stream.text())
	})
}

func TestSubtlety12EventStreams(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t)
		e := b.open("table=items")
		sse := func(offset string) *call {
			c := b.start("GET", at(e, offset, "&live=true&live_sse=true"), "", nil)
			synctest.Wait()
			return c
		}
		stream := sse("0_inf")
		_, pushed := stream.sofar()
		require.True(t, pushed, "headers are sent at once")
		require.Equal(t, map[string]string{
			"Content-Type": "text/event-stream", "Electric-Offset": "0_inf", "Electric-Up-To-Date": "", "Electric-Has-Data": "true", "Electric-Cursor": "1000",
			"Etag": `"` + e.Handle.String() + `:0_inf:0_inf"`, "Cache-Control": "public, max-age=59",
		}, told(stream))
		require.Equal(t, "keep-alive", stream.Header().Get("Connection"))
		time.Sleep(22 * time.Second)
		synctest.Wait()
		require.Equal(t, ": keep-alive\n\n", stream.text())
		b.commit(e, 100, 2)
		b.engine.lsn.Store(999)
		synctest.Wait()
		frames := strings.SplitAfter(strings.TrimPrefix(stream.text(), ": keep-alive\n\n"), "\n\n")
		require.Len(t, frames, 4)
		for _, f := range frames[:3] {
			require.True(t, strings.HasPrefix(f, "data: {"), f)
		}
		require.Contains(t, frames[1], `"op_position":2,"last":true}}`)
		require.Equal(t, `data: {"headers":{"control":"up-to-date","global_last_seen_lsn":"100"}}`+"\n\n", frames[2])
		time.Sleep(20 * time.Second)
		synctest.Wait()
		require.Equal(t, 1, strings.Count(stream.text(), "keep-alive"), "an event starts the silence anew")
		stream.wait()
		require.False(t, stream.cut)

		finite := sse("0_inf")
		finite.wait()
		require.Equal(t, 3, strings.Count(finite.Body.String(), "data: "))
		snapshot := sse("100_2")
		require.NoError(t, b.engine.Remove(t.Context(), e))
		snapshot.wait()
		require.Empty(t, snapshot.Body.String(), "rotation is an end without a word")
	})
}

// TestSubtlety12ABacklogOfSeveralChunksEndsUpToDate: clients drop events that no up-to-date message follows, and move on only
// with one. A body that stopped at the end of a chunk would leave them asking for it forever.
func TestSubtlety12ABacklogOfSeveralChunksEndsUpToDate(t *testing.T) {
	b := setup(t, smallChunks)
	e := b.open("table=items")
	b.commit(e, 100, 3)
	b.commit(e, 300, 3)
	require.NotContains(t, b.get(at(e, "0_inf")).Header(), "Electric-Up-To-Date", "there are several chunks")
	c := b.get(at(e, "0_inf", "&live=true&live_sse=true"))
	require.Equal(t, "0_inf", c.Header().Get("Electric-Offset"), "nothing more has been delivered when the header is read")
	require.Equal(t, `"`+e.Handle.String()+`:0_inf:300_4"`, c.Header().Get("Etag"))
	require.Equal(t, 7, strings.Count(c.Body.String(), "data: "))
	require.True(t, strings.HasSuffix(c.Body.String(), `data: {"headers":{"control":"up-to-date","global_last_seen_lsn":"300"}}`+"\n\n"))
	require.Equal(t, 304, b.get(at(e, "0_inf", "&live=true&live_sse=true"), "If-None-Match", c.Header().Get("Etag")).Code)
}

func TestSubtlety12AnEventStreamLivesOneMinute(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t)
		e := b.open("table=items")
		before := time.Now()
		c := b.get(at(e, "0_inf", "&live=true&live_sse=true"))
		require.Equal(t, time.Minute, time.Since(before))
		require.Equal(t, strings.Repeat(": keep-alive\n\n", 2), c.Body.String())
	})
}

// TestSubtlety13ValuesAreSentAsStored: what a value looks like is decided before it is stored, and never here.
func TestSubtlety13ValuesAreSentAsStored(t *testing.T) {
	b := setup(t)
	odd := `{"key":"k","value":{"a":"} ,\\\"{","b":null,"c":"\u00e9\n "},"headers":{"operation":"insert"}}`
	b.engine.rows = []string{odd}
	e := b.open("table=items")
	require.Contains(t, b.get(at(e, "-1")).Body.String(), "["+odd+",")
	b.apply(100, shapelog.Append{Log: e.Log(), Commit: true, Items: []change.Item{{Offset: shape.Offset{Tx: 100}, JSON: []byte(odd)}, {Offset: shape.Offset{Tx: 100, Op: 2}, JSON: []byte(odd)}}})
	c := b.get(at(e, "0_inf", "&live=true&live_sse=true"))
	require.Equal(t, 2, strings.Count(c.Body.String(), "data: "+odd+"\n\n"))
}

// TestSubtlety14TransactionsAreNeverServedInPart: a transaction that is not whole in the log is not the end of it.
func TestSubtlety14TransactionsAreNeverServedInPart(t *testing.T) {
	b := setup(t, smallChunks)
	e := b.open("table=items")
	b.commit(e, 100, 1)
	part := shapelog.Append{Log: e.Log()}
	for i := range 5 {
		part.Items = append(part.Items, change.Item{Offset: shape.Offset{Tx: 200, Op: int64(2 * i)}, JSON: []byte(`{"key":"` + strings.Repeat("x", 100) + `","headers":{"operation":"update"}}`)})
	}
	b.apply(0, part)
	c := b.get(at(e, "0_inf"))
	require.Equal(t, "100_0", c.Header().Get("Electric-Offset"))
	require.Contains(t, c.Header(), "Electric-Up-To-Date")
	b.apply(200, shapelog.Append{Log: e.Log(), Commit: true})
	c = b.get(at(e, "100_0"))
	require.NotEqual(t, "100_0", c.Header().Get("Electric-Offset"))
	require.Contains(t, c.Body.String(), strings.Repeat("x", 100))
}

func TestSubtlety15ChunksAreFrozenAndEachAnswerAdvances(t *testing.T) {
	b := setup(t, smallChunks)
	e := b.open("table=items")
	b.commit(e, 100, 3)
	first := b.get(at(e, "0_inf"))
	require.NotContains(t, first.Header(), "Electric-Up-To-Date")
	offsets := []string{"-1"}
	for len(offsets) < 20 {
		c := b.get(at(e, offsets[len(offsets)-1]))
		require.Equal(t, 200, c.Code, c.Body)
		next := c.Header().Get("Electric-Offset")
		_, done := c.Header()["Electric-Up-To-Date"]
		if done {
			require.Contains(t, c.Body.String(), `"up-to-date"`)
			break
		}
		require.NotEqual(t, offsets[len(offsets)-1], next)
		offsets = append(offsets, next)
	}
	require.GreaterOrEqual(t, len(offsets), 3)
	b.commit(e, 300, 3)
	again := b.get(at(e, "0_inf"))
	require.Equal(t, first.Body.String(), again.Body.String())
	require.Equal(t, first.Header().Get("Etag"), again.Header().Get("Etag"))
}

func TestSubtlety15ASnapshotThatIsStillBeingWritten(t *testing.T) {
	timed(t, func(t *testing.T) {
		b := setup(t, smallChunks)
		var w *shapelog.SnapshotWriter
		row := []byte(`{"key":"` + strings.Repeat("x", 300) + `"}`)
		b.engine.writer = func(given *shapelog.SnapshotWriter) {
			w = given
			require.NoError(t, w.Row(row)) // a chunk of its own
		}
		c := b.get(items + "&offset=-1")
		require.Equal(t, "["+string(row)+"]", c.Body.String())
		e := b.open("table=items")
		waiting := b.start("GET", at(e, "0_0"), "", nil)
		beyond := b.start("GET", at(e, "0_2"), "", nil)
		synctest.Wait()
		require.Empty(t, waiting.text())
		require.NoError(t, w.Row(row))
		waiting.wait()
		require.Equal(t, "["+string(row)+"]", waiting.Body.String())
		require.Equal(t, "0_1", waiting.Header().Get("Electric-Offset"))
		require.NotContains(t, waiting.Header(), "Electric-Up-To-Date")
		require.NoError(t, w.Finish())
		beyond.wait()
		require.Equal(t, "[]", beyond.Body.String(), "the snapshot ended with chunk 2")
		require.Equal(t, "0_3", beyond.Header().Get("Electric-Offset"))
		after := b.get(at(e, "0_3"))
		require.Equal(t, "0_inf", after.Header().Get("Electric-Offset"))
		require.Contains(t, after.Header(), "Electric-Up-To-Date")
	})
}

func emptySubset(_ status.SubsetQuery, sink snapshot.Sink) error {
	return sink.Known(pg.Snapshot{Xmin: 746, Xmax: 746}, 26740000)
}

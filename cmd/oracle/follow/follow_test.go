package follow_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/cmd/oracle/follow"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"), goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"))
}

// answer is what the scripted server gives to one request.
type answer struct {
	status  int
	headers string // "name: value" lines
	body    string
}

const (
	good = "electric-handle: 1-1\nelectric-schema: {}\nelectric-cursor: %CURSOR%"
	utd  = `{"headers":{"control":"up-to-date","global_last_seen_lsn":"100"}}`
	end  = `{"headers":{"control":"snapshot-end","xmin":"1","xmax":"1","xip_list":[]}}`
)

func insert(key string, more string) string {
	return fmt.Sprintf(`{"key":%q,"value":{"id":%q,"a":"x"},"headers":{"operation":"insert","relation":["public","t"]%s}}`, key, key, more)
}

func at(lsn, op int) string {
	return fmt.Sprintf(`,"lsn":"%d","op_position":%d,"txids":[7]`, lsn, op)
}

func snapshot(rows ...string) answer {
	return answer{200, good + "\nelectric-offset: 0_0", "[" + strings.Join(append(rows, end), ",") + "]"}
}

func log(offset string, messages ...string) answer {
	return answer{200, good + "\nelectric-up-to-date: \nelectric-offset: " + offset, "[" + strings.Join(append(messages, utd), ",") + "]"}
}

// follows replays a script with a follower in the given mode; the last answer must end it.
func follows(t *testing.T, o follow.Options, script ...answer) (*follow.Follower, []url.Values, error) {
	t.Helper()
	var requests []url.Values
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := len(requests)
		requests = append(requests, r.URL.Query())
		if n >= len(script) {
			http.Error(w, "the script is over", http.StatusTeapot)
			return
		}
		a := script[n]
		for _, line := range strings.Split(strings.ReplaceAll(a.headers, "%CURSOR%", fmt.Sprint(n+1)), "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				w.Header().Set(name, value)
			}
		}
		w.WriteHeader(a.status)
		fmt.Fprint(w, a.body)
	}))
	defer server.Close()
	o.URL, o.Params = server.URL, url.Values{"table": {"t"}}
	if o.Key == nil {
		o.Key = []string{"id"}
	}
	o.Client = server.Client()
	f := follow.New(o)
	err := f.Run(t.Context())
	return f, requests, err
}

func rows(f *follow.Follower) map[string]string {
	out := map[string]string{}
	f.View(func(rows map[string]follow.Row, _ bool) {
		for key, row := range rows {
			out[key] = *row["a"]
		}
	})
	return out
}

func TestAFollowerReplaysSnapshotAndLog(t *testing.T) {
	f, requests, err := follows(t, follow.Options{},
		snapshot(insert("1", ""), insert("2", "")),
		log("0_inf"),
		log("10_4",
			insert("3", at(10, 0)),
			`{"key":"1","value":{"id":"1","a":"y"},"headers":{"operation":"update","relation":["public","t"]`+at(10, 2)+`}}`,
			`{"key":"2","value":{"id":"2"},"headers":{"operation":"delete","relation":["public","t"]`+at(10, 4)+`}}`))
	require.ErrorContains(t, err, "the script is over")
	require.Equal(t, map[string]string{"1": "y", "3": "x"}, rows(f))
	require.Equal(t, "-1", requests[0].Get("offset"))
	require.Equal(t, "0_0", requests[1].Get("offset"))
	require.False(t, requests[1].Has("live"))
	require.Equal(t, "0_inf", requests[2].Get("offset"))
	require.Equal(t, "1-1", requests[2].Get("handle"))
	require.Equal(t, "true", requests[2].Get("live"))
	require.Equal(t, "10_4", requests[3].Get("offset"))
	require.Equal(t, "3", requests[3].Get("cursor"))
}

func TestAFollowerEndsOnceItIsUpToDate(t *testing.T) {
	f, _, err := follows(t, follow.Options{Mode: follow.Once}, snapshot(insert("1", "")), log("0_inf"))
	require.NoError(t, err)
	require.Len(t, rows(f), 1)
}

func TestAnUnreadyServerIsAskedAgain(t *testing.T) {
	f, _, err := follows(t, follow.Options{Mode: follow.Once}, answer{503, "", "starting"}, snapshot(insert("1", "")), answer{502, "", ""}, log("0_inf"))
	require.NoError(t, err)
	require.Equal(t, 2, f.Stats().Retries)
}

func TestMustRefetchBeginsAnewIfItIsExplained(t *testing.T) {
	conflict := answer{409, "electric-handle: 1-2", `[{"headers":{"control":"must-refetch"}}]`}
	script := []answer{snapshot(insert("1", "")), conflict, {200, "electric-handle: 1-2\nelectric-schema: {}\nelectric-offset: 0_0", "[" + end + "]"}}
	f, requests, err := follows(t, follow.Options{}, script...)
	require.ErrorContains(t, err, "the script is over")
	require.Empty(t, rows(f))
	require.Equal(t, "-1", requests[2].Get("offset"))
	require.Equal(t, "1-2", requests[2].Get("handle"))
	_, _, err = follows(t, follow.Options{Rotated: func(complete bool) error {
		require.True(t, complete)
		return errors.New("nothing explains it")
	}}, script...)
	require.ErrorContains(t, err, "nothing explains it")
}

func TestEventsAreReplayedAndRepeatsRecognised(t *testing.T) {
	events := func(offset string, messages ...string) answer {
		return answer{200, "electric-handle: 1-1\nelectric-offset: " + offset + "\nelectric-cursor: %CURSOR%\ncontent-type: text/event-stream",
			": keep-alive\n\ndata: " + strings.Join(messages, "\n\ndata: ") + "\n\n"}
	}
	f, requests, err := follows(t, follow.Options{Mode: follow.SSE}, snapshot(), log("0_inf"),
		events("0_inf", insert("1", at(100, 0)), insert("2", at(100, 2)), utd),
		events("100_0", insert("2", at(100, 2)), insert("3", at(105, 0)), utd))
	require.ErrorContains(t, err, "the script is over")
	require.Len(t, rows(f), 3)
	require.Equal(t, "100_0", requests[3].Get("offset"))
	require.Equal(t, "true", requests[3].Get("live_sse"))
}

func TestBrokenPromisesEndAFollower(t *testing.T) {
	update := func(value, more string) string {
		return `{"key":"1","value":` + value + `,"headers":{"operation":"update","relation":["public","t"]` + at(10, 0) + `}` + more + `}`
	}
	deleted := func(value string) string {
		return `{"key":"1","value":` + value + `,"headers":{"operation":"delete","relation":["public","t"]` + at(10, 0) + `}}`
	}
	one := snapshot(insert("1", ""))
	for name, c := range map[string]struct {
		options follow.Options
		script  []answer
		says    string
	}{
		"status":                    {script: []answer{{400, "", "bad"}}, says: "status 400: bad"},
		"no handle":                 {script: []answer{{200, "electric-offset: 0_0\nelectric-schema: {}", "[]"}}, says: "no electric-handle"},
		"no schema":                 {script: []answer{{200, "electric-offset: 0_0\nelectric-handle: 1-1", "[]"}}, says: "no electric-schema"},
		"another handle":            {script: []answer{one, {200, "electric-handle: 1-2\nelectric-schema: {}\nelectric-offset: 0_inf", "[]"}}, says: "a 200 of shape 1-2"},
		"bad offset":                {script: []answer{{200, good + "\nelectric-offset: x", "[]"}}, says: "electric-offset"},
		"no array":                  {script: []answer{{200, good + "\nelectric-offset: 0_0", "{}"}}, says: "no array"},
		"no advance":                {script: []answer{one, {200, good + "\nelectric-offset: 0_0", "[]"}}, says: "neither does the offset advance"},
		"offset back":               {script: []answer{one, log("10_0", insert("2", at(10, 0))), log("9_0")}, says: "goes back"},
		"offset behind messages":    {script: []answer{one, log("0_inf", insert("2", at(10, 0)))}, says: "after a message at"},
		"header without message":    {script: []answer{{200, good + "\nelectric-up-to-date: \nelectric-offset: 0_inf", "[]"}}, says: "header says up to date"},
		"message after up-to-date":  {script: []answer{one, log("0_inf", utd)}, says: "a message after up-to-date"},
		"two snapshot ends":         {script: []answer{snapshot(end)}, says: "second snapshot-end"},
		"row after the snapshot":    {script: []answer{one, log("0_inf", insert("2", ""))}, says: "without lsn after the snapshot"},
		"insert twice":              {script: []answer{snapshot(insert("1", ""), insert("1", ""))}, says: "insert of a key that is there"},
		"logged insert twice":       {script: []answer{one, log("10_0", insert("1", at(10, 0)))}, says: "insert of a key that is there"},
		"offsets do not increase":   {script: []answer{one, log("10_0", insert("2", at(10, 0)), insert("3", at(10, 0)))}, says: "does not increase"},
		"repeated after the answer": {script: []answer{one, log("10_0", insert("2", at(10, 0))), log("10_0", insert("3", at(10, 0)))}, says: "does not increase"},
		"update of nothing":         {script: []answer{snapshot(), log("10_0", update(`{"id":"1","a":"y"}`, ""))}, says: "update of a key that is not there"},
		"update without key":        {script: []answer{one, log("10_0", update(`{"a":"y"}`, ""))}, says: `key column "id"`},
		"update without change":     {script: []answer{one, log("10_0", update(`{"id":"1","a":"x"}`, ""))}, says: "changes nothing"},
		"update of no column":       {script: []answer{one, log("10_0", update(`{"id":"1","b":"x"}`, ""))}, says: "which the row does not have"},
		"old value by default":      {script: []answer{one, log("10_0", update(`{"id":"1","a":"y"}`, `,"old_value":{"a":"x"}`))}, says: "old_value in a default replica"},
		"no old value":              {follow.Options{Full: true}, []answer{one, log("10_0", update(`{"id":"1","a":"y"}`, ""))}, "is not what it was"},
		"delete of nothing":         {script: []answer{snapshot(), log("10_0", deleted(`{"id":"1"}`))}, says: "delete of a key that is not there"},
		"delete of another row":     {script: []answer{one, log("10_0", deleted(`{"id":"1","a":"z"}`))}, says: "the deleted row had another"},
		"partial full delete":       {follow.Options{Full: true}, []answer{one, log("10_0", deleted(`{"id":"1"}`))}, "without all columns"},
		"change before the end": {script: []answer{
			{200, good + "\nelectric-offset: 0_0", "[" + insert("1", at(10, 0)) + "]"}}, says: "before snapshot-end"},
		"409 to the same handle": {script: []answer{one, {409, "electric-handle: 1-1", `[{"headers":{"control":"must-refetch"}}]`}}, says: "a 409 that names"},
		"409 with another body":  {script: []answer{one, {409, "electric-handle: 1-2", `{}`}}, says: "a 409 with body"},
		"half a transaction": {follow.Options{Observed: func(map[string]follow.Row) error { return errors.New("half a transaction") }},
			[]answer{one, log("0_inf")}, "half a transaction"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := follows(t, c.options, c.script...)
			var v *follow.Violation
			require.ErrorAs(t, err, &v)
			require.Contains(t, v.Reason, c.says)
		})
	}
}

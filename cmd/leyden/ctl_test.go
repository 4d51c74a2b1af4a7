package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/http/admin"
	"leyden/internal/pg/pgserver"
)

// runCtl runs leyden ctl in this process and returns what it prints and its exit code.
func runCtl(t *testing.T, args ...string) (out string, code int, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	root := rootCommand()
	var b bytes.Buffer
	root.SetOut(&b)
	root.SetErr(&b)
	root.SetArgs(append([]string{"ctl"}, args...))
	if err := root.ExecuteContext(ctx); err != nil {
		return b.String(), exitCode(err), err.Error()
	}
	return b.String(), 0, ""
}

func TestCtlShowsAndChangesARunningServer(t *testing.T) {
	s := newSurvivor(t, pgserver.ForTest(t).URL("postgres"), "LEYDEN_ADMIN_SECRET=swordfish")
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("swordfish\n"), 0o600))
	way := []string{"--addr", s.srv.listeners[0].Addr().String(), "--secret-file", secret}
	ctl := func(args ...string) string {
		t.Helper()
		out, code, said := runCtl(t, append(args, way...)...)
		require.Zero(t, code, said)
		return out
	}
	require.Regexp(t, `(?m)^service +active$`, ctl("status"))
	require.Regexp(t, `(?m)^shapes +3, of them 3 found through an index$`, ctl("status"))
	tree := ctl("tree")
	require.Regexp(t, `^PATH +KIND +STATE +SINCE +RESTARTS +MAILBOX +CONSUMERS +LAST FAILURE\n`, tree)
	require.Regexp(t, `(?m)^streaming/partition-1 +actor +up .* 0 +0 +\d$`, tree)
	s.write("a change wakes them")
	require.Regexp(t, `(?m)^streaming/partition-\d/\d +consumer +up`, ctl("tree", "--all"))

	shapes := ctl("shapes", "--filter", "table=items", "--sort", "where")
	require.Len(t, strings.Split(strings.TrimSpace(shapes), "\n"), 4)
	aligned(t, shapes, "TABLE")
	require.Len(t, strings.Split(strings.TrimSpace(ctl("shapes", "--filter", "where=tenant = 1", "--limit", "0", "--json")), "\n"), 1)
	require.Contains(t, ctl("shapes", "--limit", "1"), "… and more")
	one := s.clients["tenant = 1"].Handle()
	require.Regexp(t, `(?m)^state +live$`, ctl("shape", one))
	var told admin.Shape
	require.NoError(t, json.Unmarshal([]byte(ctl("shape", one, "--json")), &told))
	require.Equal(t, one, told.Handle)

	s.kill("leyden/slot")
	s.up("leyden/slot")
	require.Regexp(t, `(?m)^slot .* ago: crash: killed by the test$`, ctl("tree"))
	require.Regexp(t, `(?s)^leyden/streaming is up after .*\nthe server is active after `, ctl("restart", "streaming"))
	require.Contains(t, ctl("rm", one), "removed "+one)
	s.write("after")
	require.NotEqual(t, one, s.clients["tenant = 1"].Handle())

	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"restart", "nothing"}, exitNotFound, "no such child"},
		{[]string{"shape", one}, exitNotFound, "there is no shape " + one},
		{[]string{"rm", "x"}, exitUsage, "x is no handle"},
		{[]string{"shapes", "--sort", "size"}, exitUsage, "want one of id"},
		{[]string{"shapes", "--sort", "rows", "--limit", "0"}, exitUsage, "set --limit"},
		{[]string{"shapes", "--filter", "size=3"}, exitUsage, "want one of table"},
		{[]string{"shapes", "--limit", "-1"}, exitUsage, "below 0"},
		{[]string{"shapes", "--limti", "1"}, exitUsage, "unknown flag"},
		{[]string{"restart"}, exitUsage, "see leyden ctl restart --help"},
		{[]string{"restrat"}, exitUsage, "unknown command"},
	} {
		_, code, said := runCtl(t, append(c.args, way...)...)
		require.Equal(t, c.code, code, "%v: %s", c.args, said)
		require.Contains(t, said, c.says, c.args)
	}
	_, code, said := runCtl(t, "status", "--addr", way[1])
	require.Equal(t, exitRefused, code)
	require.Contains(t, said, "the server refuses: a secret is required")
	require.NoError(t, os.WriteFile(secret, []byte("goldfish"), 0o600))
	_, code, said = runCtl(t, append([]string{"status"}, way...)...)
	require.Equal(t, exitRefused, code)
	require.Contains(t, said, "the secret is wrong")
	require.NotContains(t, said, "goldfish")
}

// aligned fails unless a column begins at the same place in every line.
func aligned(t *testing.T, text, head string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	at := strings.Index(lines[0], head)
	for _, l := range lines[1:] {
		require.Equal(t, "  ", string([]rune(l)[at-2:at]), l)
		require.NotEqual(t, " ", string([]rune(l)[at]), l)
	}
}

func TestCtlTellsWhenNobodyIsThere(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:1", "[::1]:1", "0.0.0.0:1"} {
		_, code, said := runCtl(t, "status", "--addr", addr)
		require.Equal(t, exitNotThere, code, said)
		require.Contains(t, said, "no server answers at http://")
		require.Contains(t, said, "Is the server running")
	}
	for _, addr := range []string{"none", "3100", "localhost:"} {
		_, code, said := runCtl(t, "status", "--addr", addr)
		require.Equal(t, exitUsage, code, said)
	}
}

func TestCtlSaysThatTheServerIsNotActive(t *testing.T) {
	pg := pgserver.ForTest(t)
	url := pg.URL("postgres")
	require.NoError(t, pg.Stop(t.Context()))
	s := &survivor{t: t, url: url, storage: t.TempDir(), clients: map[string]*client{}}
	require.NoError(t, s.launch())
	t.Cleanup(s.end)
	s.eventually(func() bool { return strings.Contains(s.srv.engine.Report().WaitsFor, "refused") })
	out, code, said := runCtl(t, "status", "--addr", s.srv.listeners[0].Addr().String())
	require.Equal(t, exitNotActive, code)
	require.Regexp(t, `(?m)^waits for +Postgres lock acquisition: .*refused`, out)
	require.Contains(t, said, "the server is starting: it waits for Postgres lock acquisition")
	_, code, _ = runCtl(t, "restart", "slot", "--timeout", "300ms", "--addr", s.srv.listeners[0].Addr().String())
	require.Equal(t, exitNotActive, code)
}

// A second server on the machine takes another port for its operators, and says which. One that was told where to listen
// does not start elsewhere.
func TestTheDefaultPortForOperatorsMayBeInUse(t *testing.T) {
	first := newSurvivor(t, pgserver.ForTest(t).URL("postgres"))
	taken := first.srv.listeners[0].Addr().String()
	second := &survivor{t: t, url: first.url, storage: t.TempDir(), more: []string{"LEYDEN_ADMIN_ADDR=" + taken}}
	err := second.launch()
	require.ErrorContains(t, err, "LEYDEN_ADMIN_ADDR: listen on port")
	var said bytes.Buffer
	third := &survivor{t: t, url: first.url, storage: t.TempDir(), clients: map[string]*client{}, defaultAdmin: taken, log: &said}
	require.NoError(t, third.launch())
	t.Cleanup(third.end)
	require.Contains(t, said.String(), "the port for operators is in use, a free one is taken")
	at := regexp.MustCompile(`"serving operators" address=(\S+)`).FindStringSubmatch(said.String())
	require.NotNil(t, at, said.String())
	require.NotEqual(t, taken, at[1])
	_, code, _ := runCtl(t, "tree", "--addr", at[1])
	require.Zero(t, code)
}

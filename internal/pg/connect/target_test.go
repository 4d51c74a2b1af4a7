package connect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for url, want := range map[string]Target{
		"postgresql://app@db":                              {Host: "db", Port: 5432, User: "app", Database: "app"},
		"postgres://app:pw@db:6543/shop":                   {Host: "db", Port: 6543, User: "app", Database: "shop"},
		"postgres://app:p%40s%3As@db/shop?sslmode=require": {Host: "db", Port: 5432, User: "app", Database: "shop", SSLMode: SSLRequire},
		"postgres://a%2Fb@[::1]:5433/d%20b?sslmode=prefer": {Host: "::1", Port: 5433, User: "a/b", Database: "d b", SSLMode: SSLPrefer},
		"postgres://u@h/?sslmode=disable":                  {Host: "h", Port: 5432, User: "u", Database: "u", SSLMode: SSLDisable},
		"postgres://u@h/d?sslmode=allow&options=-c&foo=1":  {Host: "h", Port: 5432, User: "u", Database: "d", SSLMode: SSLAllow},
	} {
		got, err := Parse(url)
		require.NoError(t, err, url)
		got.password = nil
		require.Equal(t, want, got, url)
	}
	got, err := Parse("postgres://app:p%40s%3As@db")
	require.NoError(t, err)
	require.Equal(t, "p@s:s", got.secret())
}

func TestParseRejectsWithoutQuoting(t *testing.T) {
	for url, reason := range map[string]string{
		"":                                     "must begin with",
		"hunter2":                              "must begin with",
		"mysql://u:hunter2@h/d":                "must begin with",
		"postgresql:u:hunter2@h":               "must begin with",
		"postgres://h/d":                       "has no user",
		"postgres://:hunter2@h/d":              "has no user",
		"postgres://u:hunter2@/d":              "has no host",
		"postgres://u:hunter2@:5432/d":         "has no host",
		"postgres://u:hunter2@a,b/d":           "more than one host",
		"postgres://u:hunter2@h:0/d":           "port",
		"postgres://u:hunter2@h:65536/d":       "port",
		"postgres://u:hunter2@:0:":             "colon",
		"postgres://u:hunter2@h:x/d":           "is not a URL",
		"postgres://u:hunter2%zz@h/d":          "is not a URL",
		"postgres://u:hun#ter2@h/d":            "",
		"postgres://u:hunter2@h/d#f":           "fragment",
		"postgres://u:hunter2%00@h/d":          "NUL",
		"postgres://u:hunter2@h/d?%zz":         "malformed options",
		"postgres://u@h/d?replication=1":       "replication",
		"postgres://u@h/d?sslmode=":            "sslmode",
		"postgres://u@h/d?sslmode=hunter2":     "sslmode",
		"postgres://u@h/d?sslmode=verify-full": "ELECTRIC_DATABASE_CA_CERTIFICATE_FILE",
		"postgres://u@h/d?sslmode=verify-ca":   "ELECTRIC_DATABASE_CA_CERTIFICATE_FILE",
	} {
		_, err := Parse(url)
		var bad *URLError
		require.ErrorAs(t, err, &bad, url)
		require.ErrorContains(t, err, reason, url)
		require.NotContains(t, err.Error(), "hunter2", url)
	}
}

func TestPasswordIsShownNowhere(t *testing.T) {
	target, err := Parse("postgres://app:hunter2@db/shop?sslmode=require")
	require.NoError(t, err)
	require.Equal(t, "postgresql://app:xxxxx@db:5432/shop?sslmode=require", target.String())
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("connect", "target", target, "route", Route{Target: target})
	}
	encoded, err := json.Marshal(map[string]any{"target": target, "route": Route{Target: target}})
	require.NoError(t, err)
	type holder struct{ hidden Target }
	all := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		all += fmt.Sprintf(verb, target) + fmt.Sprintf(verb, &target) + fmt.Sprintf(verb, Route{Target: target}) + fmt.Sprintf(verb, holder{target})
	}
	require.NotContains(t, all, "hunter2")
	require.NotContains(t, all, fmt.Sprintf("%x", "hunter2"))
	require.Contains(t, all, "xxxxx")
}

func TestEqualLooksAtPasswords(t *testing.T) {
	parse := func(url string) Target {
		target, err := Parse(url)
		require.NoError(t, err)
		return target
	}
	require.True(t, parse("postgres://u:a@h").Equal(parse("postgresql://u:a@h:5432/u")))
	require.False(t, parse("postgres://u:a@h").Equal(parse("postgres://u:b@h")))
	require.False(t, parse("postgres://u:a@h").Equal(parse("postgres://u:a@h/x")))
}

func FuzzParse(f *testing.F) {
	f.Add("postgres://u:hunter2@h:5432/d?sslmode=prefer")
	f.Add("postgresql://u:p%40@[::1]/?a=b")
	f.Fuzz(func(t *testing.T, url string) {
		target, err := Parse(url)
		if err != nil {
			return
		}
		again, err := Parse(target.String())
		if err != nil {
			t.Fatalf("%q: cannot read %q back: %v", url, target.String(), err)
		}
		again.password = target.password
		if !again.Equal(target) {
			t.Fatalf("%q: %v came back as %v", url, target, again)
		}
	})
}

func TestPoolSizes(t *testing.T) {
	for total, want := range map[int][2]int{0: {1, 1}, 1: {1, 1}, 2: {1, 1}, 3: {1, 2}, 4: {1, 3}, 8: {2, 6}, 11: {2, 9}, 16: {4, 12}, 20: {4, 16}, 100: {4, 96}} {
		admin, snapshot := PoolSizes(total)
		require.Equal(t, want, [2]int{admin, snapshot}, "%d", total)
	}
}

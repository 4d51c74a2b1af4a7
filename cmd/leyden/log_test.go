package main

import (
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/cmd/leyden/settings"
)

func TestLogsAreReadableOnATerminal(t *testing.T) {
	var out strings.Builder
	l := slog.New(newConsole(&out, slog.LevelInfo, false))
	l.Debug("not shown")
	l.With("shape", "1-2").WithGroup("snapshot").Info("snapshot done", "rows", 3, "text", "two words", slog.Group("in", "a", 1))
	l.Warn("careful")
	l.Error("bad", "error", errors.New("it broke"))
	lines := strings.Split(strings.TrimSpace(regexp.MustCompile(`(?m)^[0-9:.]{12} `).ReplaceAllString(out.String(), "")), "\n")
	require.Equal(t, []string{
		`INFO  snapshot done shape=1-2 snapshot.rows=3 snapshot.text="two words" snapshot.in.a=1`,
		`WARN  careful`,
		`ERROR bad error="it broke"`,
	}, lines)
}

func TestLogsAreJSONElsewhere(t *testing.T) {
	var out strings.Builder
	newLogger(&out, settings.Logging{Level: slog.LevelInfo}).Info("ready", "port", 3000)
	require.Regexp(t, `^\{"time":"[^"]+","level":"INFO","msg":"ready","port":3000\}\n$`, out.String())
}

func TestLogsShowNoSecret(t *testing.T) {
	for name, handler := range map[string]func(*strings.Builder) slog.Handler{
		"console": func(out *strings.Builder) slog.Handler { return newConsole(out, slog.LevelInfo, true) },
		"JSON": func(out *strings.Builder) slog.Handler {
			return newLogger(out, settings.Logging{}).Handler()
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			l := slog.New(handler(&out))
			l.Info("request /v1/shape?table=a&secret=swordfish", "url", "/v1/shape?table=items&API_SECRET=swordfish&offset=-1",
				"encoded", "/?%73ecret=swordfish", "password", "swordfish", "Token", "swordfish")
			l.With("dsn", "postgresql://app:swordfish@db/app").WithGroup("g").Error("connect", "error", errors.New(`dial "postgres://u:swordfish@h": refused`),
				slog.Group("inner", "access_token", "swordfish"), "dsn", "host=h password=swordfish")
			require.NotContains(t, out.String(), "swordfish")
			require.Contains(t, out.String(), "table=items")
			require.Contains(t, out.String(), "offset=-1")
			require.Contains(t, out.String(), "refused")
		})
	}
}

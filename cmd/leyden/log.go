package main

import (
	"io"
	"log/slog"
	"os"

	"leyden/cmd/leyden/settings"
)

// newLogger logs for people on a terminal and as JSON elsewhere.
func newLogger(out io.Writer, s settings.Logging) *slog.Logger {
	if f, ok := out.(*os.File); ok && terminal(f) {
		return slog.New(newConsole(out, s.Level, s.Colors && os.Getenv("NO_COLOR") == ""))
	}
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: s.Level, ReplaceAttr: newRedactor().attr}))
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

package shapelog

import (
	"fmt"
	"log/slog"
)

// engineLogger passes on what the storage engine says. What it calls information are details of flushes and compactions.
type engineLogger struct {
	log   *slog.Logger
	fatal func(error)
}

func (l engineLogger) Infof(format string, args ...any) {
	l.log.Debug("storage engine", "detail", lazy{format, args})
}

func (l engineLogger) Errorf(format string, args ...any) {
	l.log.Error("storage engine", "error", lazy{format, args})
}

func (l engineLogger) Fatalf(format string, args ...any) {
	err := fmt.Errorf("storage engine: "+format, args...)
	l.log.Error("storage engine cannot go on", "error", err)
	l.fatal(err)
}

// lazy formats only when a handler wants the text.
type lazy struct {
	format string
	args   []any
}

func (l lazy) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf(l.format, l.args...)) }

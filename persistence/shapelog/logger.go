package shapelog

import (
	"fmt"
	"log/slog"
)

// engineLogger passes on what the storage engine says. What it calls information are details of flushes and compactions.
type engineLogger struct {
	log   *slog.Logger
	fatal func(error) error
}

func (l engineLogger) Infof(format string, args ...any) {
	l.log.Debug("storage engine", "detail", lazy{format, args})
}

func (l engineLogger) Errorf(format string, args ...any) {
	l.log.Error("storage engine", "error", lazy{format, args})
}

func (l engineLogger) Fatalf(format string, args ...any) {
	err := fatalError{text: fmt.Sprintf("storage engine: "+format, args...)}
	for _, a := range args {
		if cause, ok := a.(error); ok {
			err.cause = cause
		}
	}
	l.log.Error("storage engine cannot go on", "error", err)
	_ = l.fatal(err) // it is the error of whatever is using the store
}

// fatalError is what the engine says last, with the error that its text is about.
type fatalError struct {
	text  string
	cause error
}

func (e fatalError) Error() string { return e.text }
func (e fatalError) Unwrap() error { return e.cause }

// lazy formats only when a handler wants the text.
type lazy struct {
	format string
	args   []any
}

func (l lazy) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf(l.format, l.args...)) }

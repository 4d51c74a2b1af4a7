package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
)

// console is a slog.Handler for people: the time, the level, the message, and what belongs to it.
type console struct {
	mu     *sync.Mutex // of out, shared by all handlers that write there
	out    io.Writer
	level  slog.Leveler
	colors bool
	redact *redactor
	prefix string // of attribute names: the open groups
	given  []byte // attributes of WithAttrs, as they are printed
}

func newConsole(out io.Writer, level slog.Leveler, colors bool) *console {
	return &console{mu: new(sync.Mutex), out: out, level: level, colors: colors, redact: newRedactor()}
}

func (c *console) Enabled(_ context.Context, level slog.Level) bool { return level >= c.level.Level() }

func (c *console) Handle(_ context.Context, r slog.Record) error {
	var b bytes.Buffer
	b.WriteString(c.paint(faint, r.Time.Format("15:04:05.000")))
	b.WriteByte(' ')
	b.WriteString(c.label(r.Level))
	b.WriteByte(' ')
	b.WriteString(c.redact.text(r.Message))
	b.Write(c.given)
	r.Attrs(func(a slog.Attr) bool {
		c.append(&b, c.prefix, a)
		return true
	})
	b.WriteByte('\n')
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.out.Write(b.Bytes())
	return err
}

func (c *console) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *c
	b := bytes.NewBuffer(bytes.Clone(c.given))
	for _, a := range attrs {
		c.append(b, c.prefix, a)
	}
	with.given = b.Bytes()
	return &with
}

func (c *console) WithGroup(name string) slog.Handler {
	with := *c
	if name != "" {
		with.prefix += name + "."
	}
	return &with
}

func (c *console) append(b *bytes.Buffer, prefix string, a slog.Attr) {
	a.Value = a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return
	}
	if a.Value.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, inner := range a.Value.Group() {
			c.append(b, prefix, inner)
		}
		return
	}
	a = c.redact.attr(nil, a)
	b.WriteByte(' ')
	b.WriteString(c.paint(faint, prefix+a.Key+"="))
	text := a.Value.String()
	if a.Value.Kind() == slog.KindTime {
		text = a.Value.Time().Format(time.RFC3339Nano)
	}
	if text == "" || strings.ContainsAny(text, " \"\n\t=") {
		text = strconv.Quote(text)
	}
	b.WriteString(text)
}

const (
	faint  = 2
	red    = 31
	yellow = 33
	green  = 32
)

func (c *console) label(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return c.paint(red, "ERROR")
	case l >= slog.LevelWarn:
		return c.paint(yellow, "WARN ")
	case l >= slog.LevelInfo:
		return c.paint(green, "INFO ")
	}
	return c.paint(faint, "DEBUG")
}

func (c *console) paint(color int, text string) string {
	if !c.colors {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", color, text)
}

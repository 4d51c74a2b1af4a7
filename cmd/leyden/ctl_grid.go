package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// grid is a table of texts in aligned columns. It can be filled and printed again: the head is printed once, and columns that
// were printed keep their widths.
type grid struct {
	heads   []string
	right   []bool
	widths  []int
	rows    [][]string
	printed bool
}

// newGrid makes a grid of these columns; those whose names begin with > are set to the right.
func newGrid(heads ...string) *grid {
	g := &grid{}
	for _, h := range heads {
		g.column(h)
	}
	return g
}

func (g *grid) column(head string) {
	head, right := strings.CutPrefix(head, ">")
	g.heads, g.right, g.widths = append(g.heads, head), append(g.right, right), append(g.widths, utf8.RuneCountInString(head))
}

func (g *grid) row(cells ...string) {
	g.rows = append(g.rows, cells)
	for i, c := range cells {
		g.widths[i] = max(g.widths[i], utf8.RuneCountInString(c))
	}
}

func (g *grid) print(w io.Writer) {
	if !g.printed {
		g.line(w, g.heads)
		g.printed = true
	}
	for _, r := range g.rows {
		g.line(w, r)
	}
	g.rows = nil
}

func (g *grid) line(w io.Writer, cells []string) {
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		pad := strings.Repeat(" ", max(0, g.widths[i]-utf8.RuneCountInString(c)))
		if g.right[i] {
			b.WriteString(pad + c)
		} else {
			b.WriteString(c + pad)
		}
	}
	fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
}

// when prints a time, and how long ago it is.
func (c *ctl) when(t time.Time) string {
	layout := "15:04:05"
	if now := c.now(); now.Sub(t) > 12*time.Hour {
		layout = "2006-01-02 15:04:05"
	}
	return t.Local().Format(layout) + " (" + c.ago(t) + ")"
}

// ago prints how long ago a time is, in two units at most.
func (c *ctl) ago(t time.Time) string {
	d := max(0, c.now().Sub(t))
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}

// size prints bytes with three digits at most.
func size(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	f, i := float64(n), 0
	for f >= 999.5 && i < len(units)-1 {
		f /= 1000
		i++
	}
	if i > 0 && f < 99.95 {
		return fmt.Sprintf("%.1f %s", f, units[i])
	}
	return fmt.Sprintf("%.0f %s", f, units[i])
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// firstLine is what a table has room for of an error; --json has the rest.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	const longest = 100
	if utf8.RuneCountInString(line) > longest {
		line = string([]rune(line)[:longest-1]) + "…"
	}
	return line
}

// printLine writes a value as one line of JSON.
func printLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

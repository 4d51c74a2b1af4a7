package settings

import (
	"fmt"
	"strings"
)

// Markdown is the page docs/settings.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Settings

Leyden is configured by environment variables. Names, types and defaults are those of Electric, so that a deployment can be
moved by changing the image. A value that cannot be used ends the start with one line that names the setting.

Types: *bool*: ` + "`false`, `0`" + ` and the empty text are false, anything else is true. *int*: leading digits count, the empty text is 0.
*duration*: a number greater than 0 with a unit of ` + "`ms`, `msec`, `s`, `sec`, `m` or `min`" + `; none means milliseconds.

This page is made from the table in cmd/leyden/settings (` + "`go test ./cmd/leyden/settings -update`" + `).
`)
	last := ""
	for _, r := range Table() {
		if r.section != last {
			last = r.section
			fmt.Fprintf(&b, "\n## %s\n\n| Name | Type | Default | Meaning |\n|---|---|---|---|\n", last)
		}
		meaning := r.Meaning
		if r.Use == NoEffect && r.section != "Accepted without effect" {
			meaning += " Accepted; has no effect in this version."
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Name, r.Type, r.Default, strings.ReplaceAll(meaning, "|", `\|`))
	}
	return b.String()
}

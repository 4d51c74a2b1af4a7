package connect

import "strings"

// Setting is a run-time parameter of a session.
type Setting struct{ Name, Value string }

// SessionSettings fix the text forms of values. Replication connections and snapshot transactions have the same ones, or a
// value would have one text in a snapshot and another in the log.
func SessionSettings() []Setting {
	return []Setting{
		{"bytea_output", "hex"},
		{"DateStyle", "ISO, DMY"},
		{"TimeZone", "UTC"},
		{"extra_float_digits", "1"},
		{"IntervalStyle", "iso_8601"},
	}
}

// SessionSQL is SessionSettings as statements for the simple protocol, for the rest of the session.
func SessionSQL() string { return settingsSQL("SET ") }

// LocalSQL is SessionSettings as statements for the simple protocol, for the rest of the transaction. Behind a pooler that
// hands sessions around it is the only form that does not reach others.
func LocalSQL() string { return settingsSQL("SET LOCAL ") }

func settingsSQL(set string) string {
	var b strings.Builder
	for _, s := range SessionSettings() {
		b.WriteString(set + s.Name + " = '" + s.Value + "';")
	}
	return b.String()
}

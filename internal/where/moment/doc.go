// Package moment is the date and time arithmetic of Postgres 15: the text forms, the order, the operators and the functions of
// date, time, timetz, timestamp, timestamptz and interval, for a session with DateStyle ISO, DMY, time zone UTC, IntervalStyle
// iso_8601. A timestamptz is a Timestamp too: the session's zone is UTC, so both have the same text but for the offset.
//
// It never asks what time it is: texts such as 'now' and 'today' are errors. It knows no time zone abbreviation but those of UTC,
// because the others are the configuration of a server.
//
// The one invariant: whatever is not an error here has, in Postgres, exactly this result.
//
// The one thing that this package and a server can disagree about is the rules of a time zone: those here are the system's, or
// the ones that came with the Go toolchain where a system has none; those there are the server's system's or its own. They differ
// where one is older than a change of the law, and in the offsets of the time before 1970 that the packagers of the data chose.
package moment

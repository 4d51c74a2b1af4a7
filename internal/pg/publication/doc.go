// Package publication keeps a publication and the tables in it as shapes need them: it reads how things are, says what would
// have to change, and changes it. It also looks at replication slots and drops them.
//
// It never decides when: it has no timers, no retries and no memory of earlier calls. It never creates the publication or the
// slot, which is part of setting up the replication connection and tied to its lock.
//
// The one invariant: a table is reported as configured only if the publication carries it and every table that holds its rows
// has REPLICA IDENTITY FULL. An update of a row without its old values cannot be recovered from later.
package publication

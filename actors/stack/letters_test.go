package stack_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Letters beyond ASCII have the case that they have in the database, in the snapshot and in the log.
func TestTheCaseOfLettersIsThatOfTheDatabase(t *testing.T) {
	db := newDatabase(t)
	db.exec(t, `INSERT INTO items VALUES (1, 7, 'É'), (2, 7, 'x')`)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	entry := e.create("upper(title) = 'É' OR title ILIKE 'ä%'")
	require.Contains(t, e.snapshot(entry), `"É"`)
	var cased bool
	require.NoError(t, db.conn.QueryRow(t.Context(), `SELECT upper('é') = 'É'`).Scan(&cased))
	db.exec(t, `INSERT INTO items VALUES (3, 7, 'é'), (4, 7, 'Ä!'), (5, 7, 'É')`)
	log := e.logged(entry, `\"5\"`)
	if cased {
		require.Contains(t, log, `"é"`)
		require.Contains(t, log, `"Ä!"`)
	} else {
		require.NotContains(t, log, `"é"`)
		require.NotContains(t, log, `"Ä!"`)
	}
}

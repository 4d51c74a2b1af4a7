package main

import (
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/inspect"
	"leyden/internal/pg/pgserver"
	"leyden/internal/where"
)

const guide = "../../docs/where.md"

// blocks are the lines of the guide's blocks that begin with the fence.
func blocks(t *testing.T, fence string) (lines []string) {
	text, err := os.ReadFile(guide)
	require.NoError(t, err)
	in := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == fence:
			in = true
		case strings.HasPrefix(line, "```"):
			in = false
		case in:
			lines = append(lines, line)
		}
	}
	require.NotEmpty(t, lines)
	return lines
}

func TestTheGuideSaysWhatIsAcceptedAndWhatIsNot(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), pgserver.Shared(t).NewDatabase(t))
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), strings.Join(blocks(t, "```sql schema"), "\n"))
	require.NoError(t, err)
	orders, err := inspect.New(conn).Table(t.Context(), "public", "orders")
	require.NoError(t, err)

	tables := func(schema, name string) ([]where.Column, error) {
		table, err := inspect.New(conn).Table(t.Context(), schema, name)
		if err != nil {
			return nil, err
		}
		return table.WhereColumns(), nil
	}
	for _, clause := range blocks(t, "```sql") {
		_, err := where.CompileWith(clause, nil, orders.WhereColumns(), tables)
		require.NoError(t, err, clause)
		_, err = conn.Exec(t.Context(), "SELECT FROM orders WHERE "+clause)
		require.NoError(t, err, clause)
	}
	for _, clause := range blocks(t, "```sql refused") {
		_, err := where.CompileWith(clause, nil, orders.WhereColumns(), tables)
		var refused *where.Error
		require.ErrorAs(t, err, &refused, clause)
	}
}

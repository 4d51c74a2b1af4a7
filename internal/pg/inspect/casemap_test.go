package inspect_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/inspect"
	"leyden/internal/pg/pgserver"
	"leyden/internal/where"
)

// The letters of a database are those that its own lower() has, whichever library is behind it.
func TestLettersAreThoseOfTheDatabase(t *testing.T) {
	server := pgserver.Shared(t)
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, server.URL("postgres"))
	require.NoError(t, err)
	defer admin.Close(ctx)
	for i, c := range []struct {
		options string
		unknown bool // of letters beyond ASCII
	}{
		{"LOCALE 'C' ENCODING 'UTF8'", false},
		{"LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' ENCODING 'UTF8'", false},
		{"LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8' ENCODING 'UTF8'", false},
		{"LOCALE_PROVIDER icu ICU_LOCALE 'lt' LOCALE 'C.UTF-8' ENCODING 'UTF8'", true},
		{"LOCALE_PROVIDER icu ICU_LOCALE 'el' LOCALE 'C.UTF-8' ENCODING 'UTF8'", true},
		{"LOCALE 'C' ENCODING 'LATIN1'", true},
	} {
		t.Run(c.options, func(t *testing.T) {
			name := fmt.Sprintf("letters_%d", i)
			_, err := admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0 "+c.options)
			require.NoError(t, err)
			defer admin.Exec(ctx, "DROP DATABASE "+name)
			conn, err := pgx.Connect(ctx, server.URL(name))
			require.NoError(t, err)
			defer conn.Close(ctx)
			letters, err := inspect.New(conn).CaseMap(ctx)
			require.NoError(t, err)
			require.Equal(t, c.unknown, letters == nil)
			if c.unknown {
				return
			}
			clause, err := where.Compile("lower(t) = l AND upper(t) = u", nil, []where.Column{{Name: "t", Type: "text"}, {Name: "l", Type: "text"}, {Name: "u", Type: "text"}})
			require.NoError(t, err)
			program, err := clause.Bind([]string{"t", "l", "u"})
			require.NoError(t, err)
			for _, text := range []string{"abcXYZ", "ÉéßẞKİıiI", "ДдЖж", "ǅǆ", "ﬁ", "日本", "ⴀႠ", "Ωω"} {
				row := [][]byte{[]byte(text), nil, nil}
				require.NoError(t, conn.QueryRow(ctx, "SELECT lower($1::text)::bytea, upper($1::text)::bytea", text).Scan(&row[1], &row[2]))
				got, err := program.Eval(row, &where.Scratch{CaseMap: letters})
				require.NoError(t, err)
				require.Equal(t, where.True, got, "%q: %q, %q", text, row[1], row[2])
			}
		})
	}
}

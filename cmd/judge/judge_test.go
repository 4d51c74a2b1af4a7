package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
	"leyden/internal/where/judge"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

// seed is the same for every run, so that one change is judged as another: new ones are for the command, which runs as long as told.
// LEYDEN_JUDGE_SEED repeats one of its.
func seed(t *testing.T) uint64 {
	if text := os.Getenv("LEYDEN_JUDGE_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		return n
	}
	return 1
}

func TestPostgresAgrees(t *testing.T) {
	p := judge.Plan{URL: pgserver.Shared(t).URL, Out: t.Output(), Seed: seed(t), Pairs: 200_000, Replay: -1, Differences: 1}
	fmt.Fprintf(p.Out, "LEYDEN_JUDGE_SEED=%d\n", p.Seed)
	begin := time.Now()
	s, err := judge.Run(t.Context(), p)
	require.NoError(t, err)
	fmt.Fprintln(p.Out, s.Accepted)
	fmt.Fprintln(p.Out, s.Line(time.Since(begin)))
	require.Empty(t, s.Differences)
	require.GreaterOrEqual(t, s.Pairs, p.Pairs)
}

const table = "../../docs/where-coverage.md"

func TestTheCoverageTableIsThatOfTheLanguage(t *testing.T) {
	c, err := judge.Cover(t.Context(), pgserver.Shared(t).URL)
	require.NoError(t, err)
	require.Empty(t, c.Wrong, "accepted here, and not by Postgres")
	kept, err := os.ReadFile(table)
	require.NoError(t, err)
	if version(string(kept)) != version(c.Markdown) {
		t.Skipf("the table is that of Postgres %s, the server is of %s", version(string(kept)), version(c.Markdown))
	}
	require.Equal(t, string(kept), c.Markdown, "run - go tool task judge -- --coverage docs/where-coverage.md")
}

func version(table string) string {
	_, rest, _ := strings.Cut(table, "against Postgres ")
	number, _, _ := strings.Cut(rest, ":")
	return number
}

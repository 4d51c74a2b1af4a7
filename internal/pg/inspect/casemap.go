package inspect

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"leyden/internal/where"
)

// caseTimeout bounds the question for the letters: the server looks at every character that may have a case.
const caseTimeout = 30 * time.Second

// caseSQL gives the characters that lower() or upper() change. Scripts with letters of two cases are in the first two planes of
// Unicode; D800 to DFFF are no characters. Without UTF-8 chr() takes other numbers.
const caseSQL = `
SELECT c, l, u
FROM (
  SELECT c, pg_catalog.chr(c) AS ch, pg_catalog.lower(pg_catalog.chr(c) COLLATE "default") AS l, pg_catalog.upper(pg_catalog.chr(c) COLLATE "default") AS u
  FROM pg_catalog.generate_series(1, 131071) c
  WHERE c NOT BETWEEN 55296 AND 57343
) letters
WHERE l COLLATE "C" <> ch OR u COLLATE "C" <> ch`

// contextSQL tries what libraries are known to map by what stands beside a letter. The first text is about the sigma at the end
// of a word, which all of them have that have any; the others are those of single languages.
const contextSQL = `
SELECT
  pg_catalog.lower(E'\u0391\u03A3' COLLATE "default") <> pg_catalog.lower(E'\u0391' COLLATE "default") || pg_catalog.lower(E'\u03A3' COLLATE "default"),
  pg_catalog.lower(E'I\u0307' COLLATE "default") <> pg_catalog.lower('I' COLLATE "default") || pg_catalog.lower(E'\u0307' COLLATE "default")
  OR pg_catalog.lower(E'I\u0300' COLLATE "default") <> pg_catalog.lower('I' COLLATE "default") || pg_catalog.lower(E'\u0300' COLLATE "default")
  OR pg_catalog.lower(E'J\u0301' COLLATE "default") <> pg_catalog.lower('J' COLLATE "default") || pg_catalog.lower(E'\u0301' COLLATE "default")
  OR pg_catalog.upper(E'i\u0307' COLLATE "default") <> pg_catalog.upper('i' COLLATE "default") || pg_catalog.upper(E'\u0307' COLLATE "default")
  OR pg_catalog.upper(E'\u03AC\u03C5' COLLATE "default") <> pg_catalog.upper(E'\u03AC' COLLATE "default") || pg_catalog.upper(E'\u03C5' COLLATE "default")
  OR pg_catalog.upper(E'\u03B1\u0301' COLLATE "default") <> pg_catalog.upper(E'\u03B1' COLLATE "default") || pg_catalog.upper(E'\u0301' COLLATE "default")`

const finalSigma = 'Σ'

// CaseMap reads how the database maps letters to lower and upper case. It gives nil for a database whose mapping cannot be told
// letter by letter: then nothing is known of letters beyond ASCII. Errors are those of Table, without ErrNotFound.
func (i *Inspector) CaseMap(ctx context.Context) (*where.CaseMap, error) {
	ctx, cancel := context.WithTimeout(ctx, caseTimeout)
	defer cancel()
	m, err := LoadCaseMap(ctx, i.db)
	if err != nil {
		return nil, fmt.Errorf("read the database's letters: %w", classified(err))
	}
	return m, nil
}

// LoadCaseMap is CaseMap without a limit of time.
func LoadCaseMap(ctx context.Context, q Querier) (*where.CaseMap, error) {
	rows, err := q.Query(ctx, "SELECT pg_catalog.getdatabaseencoding()")
	if err != nil {
		return nil, err
	}
	if encoding, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[string]); err != nil || encoding != "UTF8" {
		return nil, err
	}
	if rows, err = q.Query(ctx, contextSQL); err != nil {
		return nil, err
	}
	type context struct{ Sigma, Language bool }
	about, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[context])
	if err != nil || about.Language {
		return nil, err
	}
	if rows, err = q.Query(ctx, caseSQL); err != nil {
		return nil, err
	}
	letters, err := pgx.CollectRows(rows, pgx.RowToStructByPos[where.Letter])
	if err != nil {
		return nil, err
	}
	var contextual []rune
	if about.Sigma {
		contextual = append(contextual, finalSigma)
	}
	return where.NewCaseMap(letters, contextual), nil
}

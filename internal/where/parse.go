package where

import (
	"errors"
	"strconv"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"
)

// maxText is the most bytes that a clause may have.
const maxText = 65_536

// wherePrefix makes a statement of a clause.
const wherePrefix = "SELECT 1 WHERE "

// Compile types and folds a where clause over a table's columns. The error is an *Error.
func Compile(text string, params map[string]string, cols []Column) (*Clause, error) {
	return CompileWith(text, params, cols, nil)
}

// CompileWith compiles a clause that may have subqueries over tables; without tables it may not. The error is an *Error unless it
// comes from tables, whose errors are returned as they are.
func CompileWith(text string, params map[string]string, cols []Column, tables Tables) (*Clause, error) {
	given, err := readParams(params)
	if err != nil {
		return nil, err
	}
	stmt, err := parseWhere(text)
	if err != nil {
		return nil, err
	}
	a := newAnalyzer("where", len(wherePrefix), text, given, cols)
	a.catalog = newCatalog(tables)
	return compileStatement(a, stmt)
}

// parseWhere parses a clause as the only one of a statement.
func parseWhere(text string) (*pg.SelectStmt, error) {
	stmt, err := parseStatement("where", wherePrefix, text)
	if err != nil {
		return nil, err
	}
	if stmt.WhereClause == nil || hasMore(stmt, false) {
		return nil, &Error{Field: "where", Location: -1, Reason: "malformed query ending with SQL clauses"}
	}
	return stmt, nil
}

// compileStatement does not change stmt.
func compileStatement(a *analyzer, stmt *pg.SelectStmt) (*Clause, error) {
	root, err := a.condition(stmt.WhereClause)
	if err != nil {
		return nil, err
	}
	code, err := a.encoded(root)
	if err != nil {
		return nil, err
	}
	// What could not be read back must not be kept.
	if _, err := decode(code); err != nil {
		return nil, &Error{Field: "where", Location: -1, Reason: "the clause is nested too deeply, or has a value that cannot be stored"}
	}
	return &Clause{code: code}, nil
}

// encoded is the compiled form of a complete tree, which is the clause itself or that of a subquery.
func (a *analyzer) encoded(root *node) (string, error) {
	t := typedTree{columns: normalize(a.used, root), subqueries: numbered(a.subqueries, root), root: root}
	if err := t.checkMemberships(); err != nil {
		return "", err
	}
	code := t.encode()
	if len(code) > maxEncoded {
		return "", &Error{Field: "where", Location: -1, Reason: "the clause is too large"}
	}
	return code, nil
}

// readParams checks that params are numbered 1..n.
func readParams(params map[string]string) (map[int32]string, error) {
	given := make(map[int32]string, len(params))
	for key, text := range params {
		n, err := strconv.ParseInt(key, 10, 32)
		if err != nil {
			return nil, &Error{Field: "params", Location: -1, Reason: "Parameters can only use numbers as keys"}
		}
		given[int32(n)] = text
	}
	for n := range len(params) {
		if _, ok := given[int32(n+1)]; !ok {
			return nil, &Error{Field: "params", Location: -1, Reason: "Parameters must be numbered sequentially, starting from 1"}
		}
	}
	return given, nil
}

// parseStatement parses prefix and text as one SELECT. It keeps from the parser, which is C, what could harm it.
func parseStatement(field, prefix, text string) (*pg.SelectStmt, error) {
	if len(text) > maxText {
		return nil, &Error{Field: field, Location: -1, Reason: "query of " + strconv.Itoa(len(text)) +
			" bytes is bigger than maximum size of " + strconv.Itoa(maxText) + " bytes"}
	}
	if at := badCharacter(text); at >= 0 {
		return nil, &Error{Field: field, Location: at, Reason: `invalid byte sequence for encoding "UTF8"`}
	}
	if err := checkNesting(field, text); err != nil {
		return nil, err
	}
	tree, err := pg.Parse(prefix + text)
	if err != nil {
		return nil, grammarError(field, len(prefix), err)
	}
	if len(tree.Stmts) != 1 {
		return nil, &Error{Field: field, Location: -1, Reason: `unescaped ";" causing statement split`}
	}
	stmt := tree.Stmts[0].GetStmt().GetSelectStmt()
	if stmt == nil {
		return nil, &Error{Field: field, Location: -1, Reason: "malformed query ending with SQL clauses"}
	}
	return stmt, nil
}

// grammarError places the parser's complaint in the client's text. The parser counts characters from 1.
func grammarError(field string, prefix int, err error) error {
	at := 0
	if pe := (*parser.Error)(nil); errors.As(err, &pe) {
		at = max(pe.Cursorpos-1-prefix, 0)
	}
	return &Error{Field: field, Location: at, Reason: err.Error()}
}

// hasMore reports whether stmt has a clause besides its target list, its WHERE and, if it may, its ORDER BY.
func hasMore(s *pg.SelectStmt, ordered bool) bool {
	return len(s.TargetList) != 1 || len(s.FromClause) > 0 || len(s.SortClause) > 0 && !ordered || hasClauses(s)
}

// hasClauses reports whether stmt has a clause besides its target list, FROM, WHERE and ORDER BY.
func hasClauses(s *pg.SelectStmt) bool {
	return len(s.DistinctClause) > 0 || s.IntoClause != nil ||
		len(s.GroupClause) > 0 || s.GroupDistinct || s.HavingClause != nil || len(s.WindowClause) > 0 || len(s.ValuesLists) > 0 ||
		s.LimitOffset != nil || s.LimitCount != nil || len(s.LockingClause) > 0 || s.WithClause != nil ||
		s.Larg != nil || s.Rarg != nil || s.All || s.Op > pg.SetOperation_SETOP_NONE
}

// badCharacter is the character offset of a zero byte or of bytes that are not UTF-8, -1 when there is none. C would end the
// text at the former.
func badCharacter(text string) int {
	at := 0
	for i := 0; i < len(text); at++ {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == 0 || r == utf8.RuneError && size == 1 {
			return at
		}
		i += size
	}
	return -1
}

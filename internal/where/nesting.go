package where

import pg "github.com/pganalyze/pg_query_go/v6"

// maxPlain is the length up to which a text cannot nest deeply enough to hurt the parser: every level takes a byte.
const maxPlain = 400

// maxNesting bounds what checkNesting counts. It is above what the analyzer lets through later and far below what overflows the
// stack of the C code, also where threads have small stacks.
const maxNesting = 600

// checkNesting bounds the depth of the tree that the parser would build, by the tokens alone: its C code walks the tree by
// recursion without a limit. Lists and chains of AND and OR are flat, everything else is counted as if it nested.
func checkNesting(field, text string) error {
	if len(text) <= maxPlain {
		return nil
	}
	scan, err := pg.Scan(text)
	if err != nil {
		return grammarError(field, 0, err)
	}
	levels := []int{0} // tokens since the last separator, for each open parenthesis
	depth := 0
	between := []int{0} // BETWEENs whose AND is still to come
	for _, t := range scan.Tokens {
		top := len(levels) - 1
		switch t.Token {
		case pg.Token_ASCII_40, pg.Token_ASCII_91: // ( [
			levels, between = append(levels, 1), append(between, 0)
			depth++
		case pg.Token_ASCII_41, pg.Token_ASCII_93: // ) ]
			if top > 0 {
				depth -= levels[top]
				levels, between = levels[:top], between[:top]
				top--
			}
			levels[top]++
			depth++
		case pg.Token_ASCII_44: // ,
			depth -= levels[top] - 1
			levels[top] = 1
		case pg.Token_BETWEEN:
			between[top]++
			levels[top]++
			depth++
		case pg.Token_AND, pg.Token_OR:
			if t.Token == pg.Token_AND && between[top] > 0 {
				between[top]--
				levels[top]++
				depth++
				break
			}
			depth -= levels[top] - 1
			levels[top], between[top] = 1, 0
		default:
			levels[top]++
			depth++
		}
		if depth > maxNesting {
			return &Error{Field: field, Location: -1, Reason: "the expression is nested too deeply"}
		}
	}
	return nil
}

package where

import (
	"strings"
	"sync"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// Compiler compiles clauses and remembers how the grammar read the last ones: clauses that differ only in their constants and
// params are parsed once. It is safe for concurrent use.
type Compiler struct {
	limit int

	mu    sync.Mutex
	trees map[string]*parsed
	keys  []string // of trees, as a ring: the oldest gives way
	next  int
}

// parsed is a statement of the grammar, with the places that its literals have in the text it was made from.
type parsed struct {
	stmt *pg.SelectStmt
	locs []int32
}

// NewCompiler makes a Compiler that remembers up to limit statements.
func NewCompiler(limit int) *Compiler { return &Compiler{limit: limit, trees: map[string]*parsed{}} }

// Compile does what the function of that name does.
func (c *Compiler) Compile(text string, params map[string]string, cols []Column) (*Clause, error) {
	return c.CompileWith(text, params, cols, nil)
}

// CompileWith does what the function of that name does. Clauses with subqueries are parsed each time.
func (c *Compiler) CompileWith(text string, params map[string]string, cols []Column, tables Tables) (*Clause, error) {
	key, literals, ok := template(text)
	if !ok {
		return CompileWith(text, params, cols, tables)
	}
	if clause := c.again(key, literals, text, params, cols); clause != nil {
		return clause, nil
	}
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
	clause, err := compileStatement(a, stmt)
	if err == nil && len(a.subqueries) == 0 {
		c.keep(key, stmt, literals)
	}
	return clause, err
}

// again compiles a clause of a known form. It gives up on whatever is not plain, errors too, whose places would be those of
// another text.
func (c *Compiler) again(key string, literals []literalText, text string, params map[string]string, cols []Column) *Clause {
	c.mu.Lock()
	p := c.trees[key]
	c.mu.Unlock()
	if p == nil {
		return nil
	}
	given, err := readParams(params)
	if err != nil {
		return nil
	}
	a := newAnalyzer("where", len(wherePrefix), text, given, cols)
	a.literals = make(map[int32]*literalText, len(literals))
	for i := range literals {
		a.literals[p.locs[i]] = &literals[i]
	}
	clause, err := compileStatement(a, p.stmt)
	if err != nil {
		return nil
	}
	for i := range literals {
		if !literals[i].used {
			return nil // it means something else than a constant where it stands
		}
	}
	return clause
}

func (c *Compiler) keep(key string, stmt *pg.SelectStmt, literals []literalText) {
	locs := make([]int32, len(literals))
	for i := range literals {
		locs[i] = int32(len(wherePrefix) + literals[i].at)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.trees[key]; !ok {
		if len(c.keys) < c.limit {
			c.keys = append(c.keys, key)
		} else {
			delete(c.trees, c.keys[c.next])
			c.keys[c.next] = key
			c.next = (c.next + 1) % c.limit
		}
	}
	c.trees[key] = &parsed{stmt: stmt, locs: locs}
}

// literalText is a constant as it is written: digits that fit an int4, or what is between quotes.
type literalText struct {
	at     int // in the text
	text   string
	quoted bool
	used   bool // the analyzer has come to it
}

// maxDigits is the most digits that always fit an int4.
const maxDigits = 9

// template is the text with its plain literals left out, and these. ok is false for texts in which a literal could be inside of
// something else, a comment or a name, and for long ones, whose nesting is to be checked.
func template(text string) (key string, literals []literalText, ok bool) {
	if len(text) > maxPlain || strings.ContainsAny(text, "\"\\") || strings.Contains(text, "--") || strings.Contains(text, "/*") || badCharacter(text) >= 0 {
		return "", nil, false
	}
	var b strings.Builder
	b.Grow(len(text))
	before := byte(' ')
	for i := 0; i < len(text); {
		ch := text[i]
		switch {
		case ch == '$' && (i+1 == len(text) || text[i+1] < '0' || text[i+1] > '9'):
			return "", nil, false // a quote of the other kind
		case ch == '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 || wordByte(before) || before == '&' {
				return "", nil, false
			}
			end += i + 1
			if end+1 < len(text) && text[end+1] == '\'' {
				return "", nil, false
			}
			literals = append(literals, literalText{at: i, text: text[i+1 : end], quoted: true})
			b.WriteString("''")
			i = end + 1
			before = '\''
			continue
		case ch >= '0' && ch <= '9' && !wordByte(before) && before != '.':
			end := i + 1
			for end < len(text) && text[end] >= '0' && text[end] <= '9' {
				end++
			}
			if plain := end == len(text) || !wordByte(text[end]) && text[end] != '.'; plain && end-i <= maxDigits {
				literals = append(literals, literalText{at: i, text: text[i:end]})
				b.WriteByte('0')
			} else {
				b.WriteString(text[i:end])
			}
			i = end
			before = '0'
			continue
		}
		b.WriteByte(ch)
		before = ch
		i++
	}
	return b.String(), literals, true
}

// wordByte reports whether c can be part of a name, a number or a param.
func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

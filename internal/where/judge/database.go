package judge

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"leyden/internal/change"
	"leyden/internal/pg/inspect"
	"leyden/internal/where"
)

// Locale is how a database orders text and maps cases.
type Locale struct {
	Name    string
	Options string // of CREATE DATABASE
	// ByBytes: the database orders text as the language does, so that a clause as it was written has the value of its canonical
	// text. In others only the canonical text of clauses that order text is compared.
	ByBytes bool
}

// Locales are those that the judge tries.
func Locales() []Locale {
	return []Locale{
		{"C.UTF-8", "LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' ENCODING 'UTF8'", true},
		{"C", "LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'", true},
		{"icu", "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8' ENCODING 'UTF8'", false},
	}
}

// database is a connection to a database with the judged table, and the table's rows as the replication stream has them.
type database struct {
	locale   Locale
	conn     *pgx.Conn
	columns  []where.Column // with the wanted text at the end
	names    []string
	relation *change.Relation
	rows     [][][]byte
	compiler *where.Compiler
	letters  *where.CaseMap
	// collates: the language has COLLATE "C", so that canonical texts with it are clauses.
	collates bool
}

// session are the settings that the spec asks for wherever rows are read, and those that keep the judge quick.
const session = `
	SET TimeZone = 'UTC'; SET DateStyle = 'ISO, DMY'; SET IntervalStyle = iso_8601; SET extra_float_digits = 1; SET bytea_output = hex;
	SET client_min_messages = error; SET jit = off; SET plan_cache_mode = force_generic_plan`

// patience is how long a statement may take once rows are judged; impatience, how long one for a single row: many may be slow.
const (
	patience   = "SET statement_timeout = '2s'"
	impatience = "SET statement_timeout = '300ms'"
)

// openDatabase makes the database called name on the server that url leads to; drop removes it.
func openDatabase(ctx context.Context, url func(database string) string, name string, l Locale) (d *database, drop func() error, err error) {
	admin := func(sql string) error {
		conn, err := pgx.Connect(ctx, url("postgres"))
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, sql)
		return err
	}
	if err := admin("CREATE DATABASE " + name + " TEMPLATE template0 " + l.Options); err != nil {
		return nil, nil, fmt.Errorf("create database %s: %w", name, err)
	}
	drop = func() error {
		ctx = context.WithoutCancel(ctx)
		if d != nil {
			d.conn.Close(ctx)
		}
		return admin("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)")
	}
	if d, err = connect(ctx, url(name), l); err != nil {
		return nil, drop, err
	}
	return d, drop, nil
}

func connect(ctx context.Context, url string, l Locale) (*database, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	d := &database{locale: l, conn: conn, compiler: where.NewCompiler(1000)}
	var table strings.Builder
	for _, f := range fields() {
		fmt.Fprintf(&table, ", %s %s", quoteName(f.name), f.declared)
	}
	if _, err := conn.Exec(ctx, session+";"+schema+"; CREATE TABLE judged (row_number int PRIMARY KEY"+table.String()+")"); err != nil {
		return nil, fmt.Errorf("create the judged table: %w", err)
	}
	t, err := inspect.New(conn).Table(ctx, "public", "judged")
	if err != nil {
		return nil, fmt.Errorf("read the judged table: %w", err)
	}
	if d.letters, err = inspect.LoadCaseMap(ctx, conn); err != nil {
		return nil, fmt.Errorf("read the letters of the database: %w", err)
	}
	d.columns = append(t.WhereColumns(), where.Column{Name: wanted, Type: "text", TypeMod: -1})
	d.relation = &change.Relation{OID: t.OID, Schema: "public", Name: "judged"}
	for _, c := range d.columns {
		d.names = append(d.names, c.Name)
		d.relation.Columns = append(d.relation.Columns, change.Column{Name: c.Name, TypeOID: 25, TypeMod: -1})
	}
	if _, err := conn.Exec(ctx, patience); err != nil {
		return nil, fmt.Errorf("bound the time of statements: %w", err)
	}
	_, err = d.compile(`c_text COLLATE "C" < 'a'`, nil)
	d.collates = err == nil
	return d, nil
}

func (d *database) compile(text string, params map[string]string) (*where.Clause, error) {
	return where.Compile(text, params, d.columns)
}

// compileRemembering compiles with what is remembered of clauses of the same form.
func (d *database) compileRemembering(text string, params map[string]string) (*where.Clause, error) {
	return d.compiler.Compile(text, params, d.columns)
}

// scratch is the memory of evaluations over the rows of this database.
func (d *database) scratch() *where.Scratch { return &where.Scratch{CaseMap: d.letters} }

func (d *database) ask(ctx context.Context, questions []question) ([]answer, error) {
	return ask(ctx, d.conn.PgConn(), questions)
}

// declarations are the column types by which values are checked: each once.
func declarations() []field {
	var all []field
	seen := map[string]bool{}
	for _, f := range fields() {
		if !seen[f.declared] && f.typ != "" {
			seen[f.declared] = true
			all = append(all, f)
		}
	}
	return all
}

// fill replaces the rows. The values of a column are out of the pool of its declared type.
func (d *database) fill(ctx context.Context, g *generator, pool map[string][]string, rows int) error {
	var b strings.Builder
	b.WriteString("TRUNCATE judged; INSERT INTO judged VALUES ")
	for n := range rows {
		if n > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "(%d", n)
		for _, f := range fields() {
			b.WriteString(", ")
			texts := pool[f.declared]
			switch f.declared {
			case "pair":
				texts = []string{"(,)", "(1,)", "(1,a)", `(1,"")`, `(,"a,b""c")`}
			case "int4range":
				texts = []string{"empty", "[1,5)", "(,)"}
			}
			if len(texts) == 0 || g.IntN(8) == 0 {
				b.WriteString("NULL")
				continue
			}
			b.WriteString(quoteText(g.pick(texts...)) + "::" + f.declared)
		}
		b.WriteString(")")
	}
	if _, err := d.conn.Exec(ctx, b.String()); err != nil {
		return fmt.Errorf("fill the judged table: %w", err)
	}
	return d.reread(ctx)
}

// reread reads the rows as they are now.
func (d *database) reread(ctx context.Context) error {
	var list []string
	for _, name := range d.names[:len(d.names)-1] {
		list = append(list, quoteName(name))
	}
	answers, err := d.ask(ctx, []question{{sql: "SELECT " + strings.Join(list, ", ") + ", NULL FROM judged ORDER BY row_number"}})
	if err != nil {
		return err
	}
	if answers[0].err != nil {
		return fmt.Errorf("read the judged table: %w", answers[0].err)
	}
	d.rows = answers[0].rows
	return nil
}

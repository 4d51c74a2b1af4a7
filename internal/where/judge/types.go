package judge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Type is a type that expressions have, as the catalogue describes it.
type Type struct {
	OID      uint32
	Name     string // as it is written in a cast: int4, text[]
	Elem     *Type  // of an array
	Array    *Type  // the array of it
	Category byte   // pg_type.typcategory
}

func (t *Type) String() string { return t.Name }

// scalars are the types that the judge knows values of. Arrays of them come on top.
func scalars() []string {
	return []string{
		"bool", "int2", "int4", "int8", "float4", "float8", "numeric", "text", "varchar", "bpchar", "name", "uuid",
		"date", "time", "timetz", "timestamp", "timestamptz", "interval", "bytea", "json", "jsonb", byteType, enumType,
	}
}

// enumDomain is a domain over an enum.
const enumDomain = "feeling"

// byteType is a single byte, whose name SQL has for another type.
const byteType = `"char"`

// Types are the types by name and by oid.
type Types struct {
	All      []*Type           // scalars in the order of scalars(), then their arrays
	Implicit map[*Type][]*Type // by target, the types that Postgres converts to it without being told
	byName   map[string]*Type
	byOID    map[uint32]*Type
}

// Named finds a type; it panics for a name that is not one of them, which would be a mistake in this package.
func (ts *Types) Named(name string) *Type {
	t := ts.byName[name]
	if t == nil {
		panic(fmt.Sprintf("judge: no type %s", name))
	}
	return t
}

func loadTypes(ctx context.Context, conn *pgx.Conn) (*Types, error) {
	rows, err := conn.Query(ctx, `
		SELECT t.oid, CASE t.typname WHEN 'char' THEN '"char"' ELSE t.typname END, t.typcategory, a.oid, a.typcategory FROM pg_type t JOIN pg_type a ON a.oid = t.typarray
		WHERE (t.typname = ANY ($1) OR t.typname = 'char') AND t.typnamespace IN ('pg_catalog'::regnamespace, 'public'::regnamespace)`, scalars())
	if err != nil {
		return nil, fmt.Errorf("read the types: %w", err)
	}
	ts := &Types{byName: map[string]*Type{}, byOID: map[uint32]*Type{}}
	found := map[string]*Type{}
	var oid, arrayOID uint32
	var name string
	var category, arrayCategory rune
	_, err = pgx.ForEachRow(rows, []any{&oid, &name, &category, &arrayOID, &arrayCategory}, func() error {
		t := &Type{OID: oid, Name: name, Category: byte(category)}
		t.Array = &Type{OID: arrayOID, Name: name + "[]", Elem: t, Category: byte(arrayCategory)}
		found[name] = t
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the types: %w", err)
	}
	for _, name := range scalars() {
		if found[name] == nil {
			return nil, fmt.Errorf("read the types: there is no %s", name)
		}
		ts.All = append(ts.All, found[name])
	}
	for _, t := range slices.Clone(ts.All) {
		ts.All = append(ts.All, t.Array)
	}
	for _, t := range ts.All {
		ts.byName[t.Name], ts.byOID[t.OID] = t, t
	}
	return ts, ts.loadImplicit(ctx, conn)
}

func (ts *Types) loadImplicit(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, "SELECT castsource, casttarget FROM pg_cast WHERE castcontext = 'i' AND castsource <> casttarget ORDER BY castsource, casttarget")
	if err != nil {
		return fmt.Errorf("read the implicit casts: %w", err)
	}
	ts.Implicit = map[*Type][]*Type{}
	var from, to uint32
	_, err = pgx.ForEachRow(rows, []any{&from, &to}, func() error {
		if source, target := ts.byOID[from], ts.byOID[to]; source != nil && target != nil {
			ts.Implicit[target] = append(ts.Implicit[target], source)
			ts.Implicit[target.Array] = append(ts.Implicit[target.Array], source.Array)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the implicit casts: %w", err)
	}
	return nil
}

const enumType = "mood"

// schema makes the types that a judged table needs besides those of Postgres.
const schema = `
	CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'Very Happy', '');
	CREATE DOMAIN whole AS int4 CHECK (VALUE > -1000000);
	CREATE DOMAIN word AS text;
	CREATE DOMAIN shortword AS word CHECK (length(VALUE) < 100);
	CREATE DOMAIN price AS numeric(8,2);
	CREATE DOMAIN wholes AS int4[];
	CREATE DOMAIN flag AS bool;
	CREATE DOMAIN day AS date;
	CREATE DOMAIN short AS varchar(5);
	CREATE DOMAIN padded AS char(6);
	CREATE DOMAIN document AS jsonb;
	CREATE DOMAIN ` + enumDomain + ` AS mood;
	CREATE DOMAIN german AS text COLLATE "de-x-icu";
	CREATE TYPE color AS ENUM ('sad', 'red', '');
	CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
	CREATE TYPE pair AS (x int, y text)`

// field is a column of the judged table.
type field struct {
	name     string
	declared string // the type in CREATE TABLE
	typ      string // the type that the language gives it, "" for one that is only tested for NULL
}

// fields are the columns of the judged table: two of each type, with modifiers where there are any, one of each array, domains.
func fields() []field {
	second := map[string]string{"numeric": "numeric(10,2)", "varchar": "varchar(5)", "bpchar": "bpchar", "time": "time(3)", "timestamp": "timestamp(0)"}
	var all []field
	for _, t := range scalars() {
		name, declared := columnOf(t), t
		if t == "bpchar" {
			declared = "char(8)"
		}
		all = append(all, field{"c_" + name, declared, t})
		if again, ok := second[t]; ok {
			declared = again
		} else {
			declared = t
		}
		all = append(all, field{"d_" + name, declared, t})
	}
	for _, t := range scalars() {
		all = append(all, field{"a_" + columnOf(t), t + "[]", t + "[]"})
	}
	return append(all,
		field{"a2_int4", "int4[]", "int4[]"}, field{"a2_text", "text[]", "text[]"}, field{"a_price", "numeric(8,2)[]", "numeric[]"}, field{"a_char", "char(4)[]", "bpchar[]"},
		field{"whole", "whole", "int4"}, field{"word", "shortword", "text"}, field{"price", "price", "numeric"}, field{"wholes", "wholes", "int4[]"},
		field{"pair", "pair", ""}, field{"range", "int4range", ""}, field{`Odd "name"`, "int4", "int4"},
		field{"collated_c", `text COLLATE "C"`, "text"}, field{"collated_de", `text COLLATE "de-x-icu"`, "text"}, field{"collated_tr", `varchar COLLATE "tr-x-icu"`, "varchar"},
		field{"loose", "text COLLATE loose", "text"},
		field{"flag", "flag", "bool"}, field{"day", "day", "date"}, field{"short", "short", "varchar"}, field{"padded", "padded", "bpchar"}, field{"document", "document", "jsonb"},
		field{"c_" + enumDomain, enumDomain, enumType}, field{"color", "color", enumType}, field{"a_whole", "whole[]", "int4[]"}, field{"a_varchar3", "varchar(3)[]", "varchar[]"},
		field{"collated_domain", "german", "text"}, field{"collated_array", `text[] COLLATE "de-x-icu"`, "text[]"}, field{"collated_char", `char(6) COLLATE "tr-x-icu"`, "bpchar"},
		field{"collated_name", `name COLLATE "de-x-icu"`, "name"})
}

// columnOf is what the columns of a type are called, after a letter.
func columnOf(typ string) string {
	if typ == byteType {
		return "byte"
	}
	return typ
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// quoteText writes a string literal that means the same whatever standard_conforming_strings is.
func quoteText(text string) string {
	quoted := `'` + strings.ReplaceAll(text, `'`, `''`) + `'`
	if strings.Contains(quoted, `\`) {
		return `E` + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

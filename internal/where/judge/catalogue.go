package judge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// catalogue reads every production over the types that Postgres has: its operators, functions and casts.
func catalogue(ctx context.Context, conn *pgx.Conn, ts *Types) ([]*Production, error) {
	var all []*Production
	for _, load := range []func(context.Context, *pgx.Conn, *Types) ([]*Production, error){operators, functions, casts} {
		some, err := load(ctx, conn, ts)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return append(all, forms(ts)...), nil
}

func operators(ctx context.Context, conn *pgx.Conn, ts *Types) ([]*Production, error) {
	rows, err := conn.Query(ctx, `
		SELECT o.oprname, o.oprleft, o.oprright, o.oprresult, p.provolatile = 's',
			coalesce(regexp_replace(l.typname, '^_(.*)', '\1[]') || ' ', '') || o.oprname || ' ' || regexp_replace(r.typname, '^_(.*)', '\1[]')
		FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode LEFT JOIN pg_type l ON l.oid = o.oprleft JOIN pg_type r ON r.oid = o.oprright
		WHERE p.provolatile <> 'v' AND o.oprright <> 0 AND o.oprnamespace = 'pg_catalog'::regnamespace
		ORDER BY o.oprname, 6`)
	if err != nil {
		return nil, fmt.Errorf("read the operators: %w", err)
	}
	var all []*Production
	var name, signature string
	var left, right, result uint32
	var stable bool
	_, err = pgx.ForEachRow(rows, []any{&name, &left, &right, &result, &stable, &signature}, func() error {
		oids, parts := []uint32{left, right}, []string{"(", " " + name + " ", ")"}
		if left == 0 {
			oids, parts = []uint32{right}, []string{"(" + name + " ", ")"}
		}
		for _, s := range ts.instances(oids, result) {
			p := &Production{Kind: Operator, Name: name, Signature: signature, Stable: stable, Result: s.result, Args: s.args, Parts: parts, Weight: 4}
			if left == 0 {
				p.Name = "prefix " + name
			}
			p.Choices = operatorChoices(name, s.args)
			all = append(all, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the operators: %w", err)
	}
	return all, nil
}

// functions reads the functions that are called by their names: those behind operators, casts, input, output, indexes and
// aggregates are left out, as their descriptions tell them apart.
func functions(ctx context.Context, conn *pgx.Conn, ts *Types) ([]*Production, error) {
	rows, err := conn.Query(ctx, `
		SELECT p.proname, p.proargtypes::oid[], p.prorettype, p.provolatile = 's', p.provariadic <> 0,
			p.proname || '(' || array_to_string(ARRAY(
				SELECT CASE WHEN p.provariadic <> 0 AND a.n = p.pronargs THEN 'VARIADIC ' ELSE '' END || regexp_replace(t.typname, '^_(.*)', '\1[]')
				FROM unnest(p.proargtypes) WITH ORDINALITY a (oid, n) JOIN pg_type t ON t.oid = a.oid ORDER BY a.n), ', ') || ')',
			EXISTS (SELECT FROM pg_get_keywords() k WHERE k.word = p.proname AND k.catcode IN ('C', 'R'))
		FROM pg_proc p LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass
		WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset AND p.provolatile <> 'v' AND p.pronargs > 0
			AND p.proname !~ '^(pg_|binary_upgrade|has_|bool_accum|hash|to_reg|cash_|txid_|inet_|xml|row_security|gen_random|col_description|obj_description|shobj_|getdatabase|current_|format_type|oid|int(4|8)(inc|dec)|numeric_inc|d(exp|log1|log10|round|trunc|pow|sqrt|cbrt)$|numeric_(exp|ln|log|sqrt)$|.*_subdiff$)'
			AND (p.proname ~ '^(array(contains|contained|overlap)|array_cat|starts_with|jsonb?_(array_element|object_field)(_text)?|jsonb_(concat|contained|contains|delete|delete_path|exists|exists_all|exists_any))$' OR coalesce(d.description, '') !~ '^(implementation of|I/O|internal|aggregate|less-equal-greater|hash|sort support|transition|restriction|join selectivity|planner support|equal image|window RANGE|convert .* typmod|xid|get identifier|SP-GiST|GIN|BRIN|btree|larger of two|smaller of two)')
			AND p.oid NOT IN (SELECT amproc FROM pg_amproc) AND p.oid NOT IN (SELECT aggtransfn FROM pg_aggregate UNION SELECT aggfinalfn FROM pg_aggregate)
		ORDER BY p.proname, 6`)
	if err != nil {
		return nil, fmt.Errorf("read the functions: %w", err)
	}
	var all []*Production
	var name, signature string
	var args []uint32
	var result uint32
	var stable, variadic, reserved bool
	_, err = pgx.ForEachRow(rows, []any{&name, &args, &result, &stable, &variadic, &signature, &reserved}, func() error {
		called := name
		if reserved {
			called = quoteName(name)
		}
		lists := [][]uint32{slices.Clone(args)}
		if variadic {
			lists = ts.spread(args)
		}
		for _, list := range lists {
			for _, s := range ts.instances(list, result) {
				p := &Production{Kind: Function, Name: name, Signature: signature, Stable: stable, Result: s.result, Args: s.args, Parts: callParts(called, len(s.args)), Weight: 2}
				p.Choices = functionChoices(name, s.args)
				all = append(all, p)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the functions: %w", err)
	}
	return all, nil
}

func callParts(name string, n int) []string {
	parts := []string{name + "("}
	for range n - 1 {
		parts = append(parts, ", ")
	}
	return append(parts, ")")
}

const (
	oidAny              = 2276
	oidAnyElement       = 2283
	oidAnyArray         = 2277
	oidAnyNonArray      = 2776
	oidAnyEnum          = 3500
	oidAnyCompatible    = 5077
	oidAnyCompatArray   = 5078
	oidAnyCompatNonArry = 5079
)

// spread gives the argument lists of calls with one to three variadic arguments.
func (ts *Types) spread(args []uint32) [][]uint32 {
	fixed, last := args[:len(args)-1], args[len(args)-1]
	switch last {
	case oidAny:
	case oidAnyArray:
		last = oidAnyElement
	case oidAnyCompatArray:
		last = oidAnyCompatible
	default:
		t := ts.byOID[last]
		if t == nil || t.Elem == nil {
			return nil
		}
		last = t.Elem.OID
	}
	var lists [][]uint32
	for n := 1; n <= 3; n++ {
		list := slices.Clone(fixed)
		for range n {
			list = append(list, last)
		}
		lists = append(lists, list)
	}
	return lists
}

type instance struct {
	args   []*Type
	result *Type
}

// instances are the ways to give the polymorphic slots of a signature types; none when a slot is of a type that is not known.
func (ts *Types) instances(args []uint32, result uint32) []instance {
	polymorphic := slices.ContainsFunc(args, func(oid uint32) bool { return ts.polymorph(oid, ts.All[0]) != nil })
	if !polymorphic {
		if s, ok := ts.instance(args, result, nil); ok {
			return []instance{s}
		}
		return nil
	}
	var all []instance
	for _, name := range scalars() {
		if s, ok := ts.instance(args, result, ts.Named(name)); ok {
			all = append(all, s)
		}
	}
	return all
}

func (ts *Types) instance(args []uint32, result uint32, elem *Type) (instance, bool) {
	var s instance
	slot := func(oid uint32) *Type {
		if elem != nil {
			if t := ts.polymorph(oid, elem); t != nil {
				return t
			}
		}
		return ts.byOID[oid]
	}
	for _, oid := range args {
		t := slot(oid)
		if t == nil || oid == oidAnyEnum && elem.Name != enumType {
			return s, false
		}
		s.args = append(s.args, t)
	}
	s.result = slot(result)
	return s, s.result != nil
}

// polymorph is the type of a polymorphic slot when elements are of type elem, nil when the slot is not polymorphic.
func (ts *Types) polymorph(oid uint32, elem *Type) *Type {
	switch oid {
	case oidAny, oidAnyElement, oidAnyNonArray, oidAnyEnum, oidAnyCompatible, oidAnyCompatNonArry:
		return elem
	case oidAnyArray, oidAnyCompatArray:
		return elem.Array
	}
	return nil
}

// casts reads pg_cast, and adds the conversions through text that need no entry there.
func casts(ctx context.Context, conn *pgx.Conn, ts *Types) ([]*Production, error) {
	rows, err := conn.Query(ctx, `
		SELECT c.castsource, c.casttarget, coalesce(p.provolatile = 's', false) FROM pg_cast c LEFT JOIN pg_proc p ON p.oid = c.castfunc
		WHERE c.castsource <> c.casttarget ORDER BY c.castsource, c.casttarget`)
	if err != nil {
		return nil, fmt.Errorf("read the casts: %w", err)
	}
	known := map[[2]*Type]bool{}
	var all []*Production
	add := func(from, to *Type, stable bool) {
		if from == nil || to == nil || known[[2]*Type{from, to}] {
			return
		}
		known[[2]*Type{from, to}] = true
		all = append(all, &Production{
			Kind: Cast, Name: "cast to " + to.Name, Signature: from.Name + "::" + to.Name, Stable: stable,
			Result: to, Args: []*Type{from}, Parts: []string{"(", ")::" + to.Name}, Weight: 3,
		})
	}
	var from, to uint32
	var stable bool
	_, err = pgx.ForEachRow(rows, []any{&from, &to, &stable}, func() error {
		add(ts.byOID[from], ts.byOID[to], stable)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the casts: %w", err)
	}
	direct := slices.Clone(all)
	for _, p := range direct {
		add(p.Args[0].Array, p.Result.Array, p.Stable)
	}
	for _, t := range ts.All {
		for _, s := range []string{"text", "varchar", "bpchar", "name"} {
			if text := ts.Named(s); text != t && (s != "name" || t.Category == 'S') {
				add(t, text, false)
				add(text, t, false)
			}
		}
	}
	return all, nil
}

// operatorChoices are arguments that give an operator something to do.
func operatorChoices(name string, args []*Type) map[int][]string {
	last := len(args) - 1
	switch {
	case slices.Contains([]string{"~~", "!~~", "~~*", "!~~*"}, name) && args[last].Name == "text":
		return map[int][]string{last: patterns()}
	case slices.Contains([]string{"~", "!~", "~*", "!~*"}, name) && args[last].Name == "text":
		return map[int][]string{last: {"a", "^a", "b$", "a.*b", "[ab]+", "(a|b)", `\d`, "É", "^$", "a{2,3}"}}
	case strings.HasPrefix(name, "#") && args[last].Name == "text[]":
		return map[int][]string{last: {"{a}", "{a,b}", "{0}", "{-1}", "{a,0}", "{}", "{1,a}", "{a,NULL}", "{b,1,c}"}}
	case slices.Contains([]string{"->", "->>", "?", "-"}, name) && args[last].Name == "text":
		return map[int][]string{last: {"a", "b", "c", "", "é", "0", "1"}}
	case slices.Contains([]string{"?|", "?&", "-"}, name) && args[last].Name == "text[]":
		return map[int][]string{last: {"{a}", "{a,b}", "{}", "{b,NULL}", "{x,y,z}", "{c,a}"}}
	case name == "^" && last > 0:
		return map[int][]string{1: {"0", "1", "2", "-1", "3", "0.5", "-2", "2.5", "10"}}
	case slices.Contains([]string{"<<", ">>"}, name):
		return map[int][]string{1: {"0", "1", "5", "15", "31", "32", "63", "64", "-1"}}
	}
	return nil
}

// functionChoices are arguments without which a function only fails, or takes too long.
func functionChoices(name string, args []*Type) map[int][]string {
	text := func(i int) bool { return i < len(args) && args[i].Name == "text" }
	small := []string{"0", "1", "2", "3", "5", "-1", "-2", "10", "40"}
	switch name {
	case "date_part", "extract", "date_trunc":
		if text(0) {
			choices := map[int][]string{0: units()}
			if len(args) == 3 {
				choices[2] = zones()
			}
			return choices
		}
	case "timezone":
		if text(0) {
			return map[int][]string{0: zones()}
		}
	case "repeat", "lpad", "rpad", "left", "right":
		return map[int][]string{1: small}
	case "split_part":
		return map[int][]string{1: {"a", ",", " ", "", "ab", "é"}, 2: small}
	case "substr", "substring", "overlay", "get_byte", "get_bit", "set_byte", "set_bit":
		choices := map[int][]string{}
		for i := 1; i < len(args); i++ {
			if args[i].Category == 'N' {
				choices[i] = small
			} else if i == 1 && text(1) {
				choices[i] = []string{"a", "a.b", "(a)b", "[a-z]+", "É"}
			}
		}
		return choices
	case "encode":
		return map[int][]string{1: {"hex", "base64", "escape"}}
	case "decode":
		return map[int][]string{0: {"", "ab", "YWI=", `\\001`, "00ff", "é"}, 1: {"hex", "base64", "escape"}}
	case "convert_from", "convert_to":
		return map[int][]string{1: {"UTF8", "LATIN1", "SQL_ASCII"}}
	case "factorial":
		return map[int][]string{0: {"0", "1", "5", "20", "21", "30", "-1"}}
	case "power", "pow", "exp", "dexp", "dpow":
		last := len(args) - 1
		return map[int][]string{last: {"0", "1", "2", "-1", "0.5", "-2.5", "10", "3"}}
	case "round", "trunc":
		if len(args) == 2 {
			return map[int][]string{1: {"0", "1", "2", "-1", "-2", "5", "20", "-20"}}
		}
	case "normalize", "is_normalized":
		if len(args) == 2 {
			return map[int][]string{1: {"NFC", "NFD", "NFKC", "NFKD"}}
		}
	case "array_fill":
		return map[int][]string{1: {"{2}", "{0}", "{2,2}", "{3}"}}
	case "trim_array", "array_length", "array_lower", "array_upper":
		return map[int][]string{1: {"1", "2", "0", "-1", "3"}}
	case "translate":
		return map[int][]string{1: {"ab", "é", "a", ""}, 2: {"xy", "", "E"}}
	case "to_char", "to_number", "to_date", "to_timestamp", "format":
		return map[int][]string{len(args) - 1: {"YYYY-MM-DD", "999", "FM990.00", "HH24:MI:SS", "%s"}}
	case "jsonb_extract_path", "jsonb_extract_path_text", "json_extract_path", "json_extract_path_text":
		choices := map[int][]string{}
		for i := 1; i < len(args); i++ {
			choices[i] = []string{"a", "b", "0", "1", "-1", "c"}
		}
		return choices
	case "jsonb_set", "jsonb_insert", "jsonb_set_lax":
		return map[int][]string{1: {"{a}", "{a,b}", "{0}", "{}", "{b,1}"}}
	}
	return nil
}

func units() []string {
	return []string{
		"year", "month", "day", "hour", "minute", "second", "epoch", "dow", "isodow", "doy", "week", "isoyear", "quarter", "decade", "century", "millennium",
		"microseconds", "milliseconds", "julian", "timezone", "timezone_hour", "timezone_minute", "Years", "HOUR", "nonsense", "",
	}
}

func zones() []string {
	return []string{
		"UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Europe/Dublin", "Australia/Lord_Howe", "Africa/Monrovia", "America/St_Johns", "Asia/Tehran",
		"Pacific/Apia", "Europe/Amsterdam", "Pacific/Kiritimati", "America/Sao_Paulo", "+02", "-05:30", "EST5EDT", "PST8PDT", "Z", "GMT", "europe/paris", "CET", "EST", "UTC+3", "<+0330>-3:30",
	}
}

func patterns() []string {
	return []string{"%", "a%", "%a", "%b%", "_", "__", "a_b", `\%`, `a\_b`, "", "É%", "%é%", "A%", "%5%", "ab", "%a%b%", "_a%", "%ß%", " %", "%日_", `%\\%`}
}

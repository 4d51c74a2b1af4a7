package judge

import (
	"slices"
	"strings"
)

// forms are the productions of the grammar itself. Each is made for every type that it can have.
func forms(ts *Types) []*Production {
	f := formList{ts: ts}
	f.logic()
	f.comparisons()
	f.choices()
	f.arrays()
	f.keywords()
	f.modifiers()
	f.mixed()
	f.lists()
	f.rows()
	f.tested()
	f.literals()
	return f.all
}

type formList struct {
	ts  *Types
	all []*Production
}

// add makes a form. Types are named; "T", "T[]" stand for every type and its array, or for the types of only.
func (f *formList) add(weight int, name, text, result string, args ...string) *Production {
	p := f.form(name, text, f.ts.Named(result), f.types(args, nil))
	p.Weight = weight
	return p
}

func (f *formList) each(weight int, name, text, result string, args ...string) {
	for _, t := range f.ts.All {
		if t.Array == nil && slices.Contains(append(args, result), "T[]") {
			continue
		}
		p := f.form(name, text, f.types([]string{result}, t)[0], f.types(args, t))
		p.Weight = weight
	}
}

func (f *formList) types(names []string, t *Type) []*Type {
	all := make([]*Type, len(names))
	for i, name := range names {
		switch name {
		case "T":
			all[i] = t
		case "T[]":
			all[i] = t.Array
		default:
			all[i] = f.ts.Named(name)
		}
	}
	return all
}

func (f *formList) form(name, text string, result *Type, args []*Type) *Production {
	p := &Production{Kind: Form, Name: name, Signature: name, Result: result, Args: args, Parts: template("(" + text + ")")}
	f.all = append(f.all, p)
	return p
}

func (f *formList) logic() {
	f.add(14, "AND", "{} AND {}", "bool", "bool", "bool")
	f.add(14, "OR", "{} OR {}", "bool", "bool", "bool")
	f.add(5, "AND", "{} AND {} AND {}", "bool", "bool", "bool", "bool")
	f.add(5, "OR", "{} OR {} OR {}", "bool", "bool", "bool", "bool")
	f.add(8, "NOT", "NOT {}", "bool", "bool")
	for _, test := range []string{"TRUE", "FALSE", "UNKNOWN"} {
		f.add(4, "IS "+test, "{} IS "+test, "bool", "bool")
		f.add(4, "IS NOT "+test, "{} IS NOT "+test, "bool", "bool")
	}
	f.each(4, "IS NULL", "{} IS NULL", "bool", "T")
	f.each(4, "IS NOT NULL", "{} IS NOT NULL", "bool", "T")
	f.add(1, "row IS NULL", "({}, {}) IS NULL", "bool", "int4", "text")
	f.add(1, "row IS NOT NULL", "({}, {}) IS NOT NULL", "bool", "int4", "text")
}

func (f *formList) comparisons() {
	for _, operator := range []string{"=", "<>", "<", "<=", ">", ">="} {
		f.each(6, "comparison "+operator, "{} "+operator+" {}", "bool", "T", "T")
	}
	f.each(6, "IS DISTINCT FROM", "{} IS DISTINCT FROM {}", "bool", "T", "T")
	f.each(6, "IS NOT DISTINCT FROM", "{} IS NOT DISTINCT FROM {}", "bool", "T", "T")
	for _, form := range []string{"BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"} {
		f.each(4, form, "{} "+form+" {} AND {}", "bool", "T", "T", "T")
	}
	f.each(6, "IN", "{} IN ({}, {}, {})", "bool", "T", "T", "T", "T")
	f.each(4, "NOT IN", "{} NOT IN ({}, {})", "bool", "T", "T", "T")
	f.each(2, "IN", "{} IN ({})", "bool", "T", "T")
	for _, operator := range []string{"=", "<>", "<", ">="} {
		f.each(4, operator+" ANY", "{} "+operator+" ANY ({})", "bool", "T", "T[]")
		f.each(4, operator+" ALL", "{} "+operator+" ALL ({})", "bool", "T", "T[]")
	}
	for _, t := range []string{"text", "varchar", "bpchar", "name"} {
		for _, form := range []string{"LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE"} {
			f.add(4, form, "{} "+form+" {}", "bool", t, "text").Choices = map[int][]string{1: patterns()}
			p := f.add(1, form+" ESCAPE", "{} "+form+" {} ESCAPE {}", "bool", t, "text", "text")
			p.Choices = map[int][]string{1: append(patterns(), "a!%", "!_", "!!", "a!", "é%"), 2: {"!", `\`, "", "%", "é", "!!"}}
		}
	}
	f.add(1, "SIMILAR TO", "{} SIMILAR TO {}", "bool", "text", "text").Choices = map[int][]string{1: {"a%", "(a|b)%", "_", "a+", "[ab]*"}}
	for _, operator := range []string{"=", "<>", "<", "<=", ">", ">="} {
		f.add(2, "row "+operator, "({}, {}) "+operator+" ({}, {})", "bool", "int4", "text", "int4", "text")
		f.add(2, "row "+operator, "({}, {}, {}) "+operator+" ROW({}, {}, {})", "bool", "numeric", "date", "bool", "numeric", "date", "bool")
	}
	f.add(2, "row IS DISTINCT FROM", "({}, {}) IS DISTINCT FROM ({}, {})", "bool", "int4", "text", "int4", "text")
	f.add(2, "row IS NOT DISTINCT FROM", "({}, {}) IS NOT DISTINCT FROM ({}, {})", "bool", "int4", "text", "int4", "text")
	f.add(2, "row IN", "({}, {}) IN (({}, {}), ({}, {}))", "bool", "int4", "bool", "int4", "bool", "int4", "bool")
	f.add(2, "row NOT IN", "({}, {}) NOT IN (({}, {}), ({}, {}))", "bool", "int8", "text", "int8", "text", "int8", "text")
	f.add(1, "row BETWEEN", "({}, {}) BETWEEN ({}, {}) AND ({}, {})", "bool", "int4", "bool", "int4", "bool", "int4", "bool")
	f.add(1, "OVERLAPS", "({}, {}) OVERLAPS ({}, {})", "bool", "date", "date", "date", "date")
	f.add(1, "OVERLAPS", "({}, {}) OVERLAPS ({}, {})", "bool", "timestamp", "interval", "timestamp", "timestamp")
}

func (f *formList) choices() {
	f.each(3, "CASE WHEN", "CASE WHEN {} THEN {} ELSE {} END", "T", "bool", "T", "T")
	f.each(2, "CASE WHEN", "CASE WHEN {} THEN {} WHEN {} THEN {} END", "T", "bool", "T", "bool", "T")
	f.each(2, "CASE value", "CASE {} WHEN {} THEN {} ELSE {} END", "T", "T", "T", "T", "T")
	f.add(2, "CASE value", "CASE {} WHEN {} THEN {} WHEN {} THEN {} END", "text", "int4", "int4", "text", "int8", "text")
	f.each(3, "COALESCE", "COALESCE({}, {})", "T", "T", "T")
	f.each(1, "COALESCE", "COALESCE({}, {}, {})", "T", "T", "T", "T")
	f.each(3, "NULLIF", "NULLIF({}, {})", "T", "T", "T")
	f.each(3, "GREATEST", "GREATEST({}, {}, {})", "T", "T", "T", "T")
	f.each(3, "LEAST", "LEAST({}, {})", "T", "T", "T")
}

func (f *formList) arrays() {
	f.each(3, "ARRAY", "ARRAY[{}, {}, {}]", "T[]", "T", "T", "T")
	f.each(1, "ARRAY", "ARRAY[{}]", "T[]", "T")
	f.each(1, "ARRAY of ARRAY", "ARRAY[[{}, {}], [{}, {}]]", "T[]", "T", "T", "T", "T")
	f.each(3, "a[i]", "({})[{}]", "T", "T[]", "int4")
	f.each(1, "a[i][j]", "({})[{}][{}]", "T", "T[]", "int4", "int4")
	f.each(2, "a[i:j]", "({})[{}:{}]", "T[]", "T[]", "int4", "int4")
	f.each(1, "a[:j]", "({})[:{}]", "T[]", "T[]", "int4")
	f.each(1, "a[i:]", "({})[{}:]", "T[]", "T[]", "int4")
	f.each(1, "a[:]", "({})[:]", "T[]", "T[]")
	f.each(1, "a[i:j][k]", "({})[{}:{}][{}]", "T[]", "T[]", "int4", "int4", "int4")
	for _, p := range f.all {
		if !strings.HasPrefix(p.Name, "a[") {
			continue
		}
		p.Choices = map[int][]string{}
		for i := 1; i < len(p.Args); i++ {
			p.Choices[i] = []string{"1", "2", "0", "3", "-1", "4"}
		}
	}
	f.add(2, "jsonb[...]", "({})['a']", "jsonb", "jsonb")
	f.add(1, "jsonb[...]", "({})[0]['b']", "jsonb", "jsonb")
}

func (f *formList) keywords() {
	for _, t := range []string{"date", "time", "timetz", "timestamp", "timestamptz", "interval"} {
		for _, unit := range units() {
			if unit == "" || unit == "nonsense" {
				continue
			}
			f.add(3, "EXTRACT from "+t, "EXTRACT("+unit+" FROM {})", "numeric", t)
		}
	}
	for _, z := range zones() {
		zone := quoteText(z)
		f.add(3, "timestamp AT TIME ZONE", "{} AT TIME ZONE "+zone, "timestamptz", "timestamp")
		f.add(3, "timestamptz AT TIME ZONE", "{} AT TIME ZONE "+zone, "timestamp", "timestamptz")
		f.add(1, "timetz AT TIME ZONE", "{} AT TIME ZONE "+zone, "timetz", "timetz")
	}
	f.add(2, "AT TIME ZONE interval", "{} AT TIME ZONE INTERVAL '-02:30'", "timestamp", "timestamptz")
	f.add(2, "AT TIME ZONE interval", "{} AT TIME ZONE INTERVAL '05:45'", "timestamptz", "timestamp")
	f.add(3, "POSITION", "POSITION({} IN {})", "int4", "text", "text")
	f.add(2, "SUBSTRING FROM FOR", "SUBSTRING({} FROM {} FOR {})", "text", "text", "int4", "int4").Choices = map[int][]string{1: {"1", "2", "0", "-1", "5"}, 2: {"1", "2", "0", "-1", "5"}}
	f.add(2, "SUBSTRING FROM", "SUBSTRING({} FROM {})", "text", "text", "int4").Choices = map[int][]string{1: {"1", "2", "0", "-1", "5"}}
	f.add(1, "SUBSTRING FOR", "SUBSTRING({} FOR {})", "text", "text", "int4").Choices = map[int][]string{1: {"1", "2", "0", "-1", "5"}}
	f.add(1, "SUBSTRING pattern", "SUBSTRING({} FROM {})", "text", "text", "text").Choices = map[int][]string{1: {"a", "a.b", "(a)b", "[a-z]+"}}
	f.add(1, "SUBSTRING SIMILAR", "SUBSTRING({} SIMILAR 'a%' ESCAPE '#')", "text", "text")
	for _, side := range []string{"BOTH", "LEADING", "TRAILING"} {
		f.add(2, "TRIM", "TRIM("+side+" {} FROM {})", "text", "text", "text").Choices = map[int][]string{0: {" ", "a", "ab", "", "é", " a"}}
		f.add(1, "TRIM", "TRIM("+side+" FROM {})", "text", "text")
	}
	f.add(1, "TRIM", "TRIM({})", "text", "text")
	f.add(1, "TRIM bytea", "TRIM(BOTH {} FROM {})", "bytea", "bytea", "bytea")
	f.add(2, "OVERLAY", "OVERLAY({} PLACING {} FROM {} FOR {})", "text", "text", "text", "int4", "int4").Choices = map[int][]string{2: {"1", "2", "5"}, 3: {"0", "1", "3"}}
	f.add(1, "NORMALIZE", "NORMALIZE({}, NFD)", "text", "text")
	f.add(1, "IS NORMALIZED", "{} IS NFC NORMALIZED", "bool", "text")
	for _, t := range []string{"text", "varchar", "bpchar"} {
		f.add(2, "COLLATE", `{} COLLATE "C"`, t, t)
		f.add(3, "COLLATE", `{} COLLATE "C" < {}`, "bool", t, t)
	}
	f.add(1, "OPERATOR()", "{} OPERATOR(pg_catalog.=) {}", "bool", "int4", "int8")
}

// modifiers are casts to types with a length, a scale or a precision.
func (f *formList) modifiers() {
	for _, m := range []struct {
		text, result string
		from         []string
	}{
		{"varchar(3)", "varchar", []string{"text", "varchar", "bpchar", "int4", "numeric"}},
		{"char(3)", "bpchar", []string{"text", "varchar", "bpchar", "int4", "name"}},
		{"char", "bpchar", []string{"text", "bool"}},
		{"numeric(6,2)", "numeric", []string{"numeric", "float8", "int4", "text", "int8"}},
		{"numeric(3)", "numeric", []string{"numeric", "float4", "int8"}},
		{"numeric(4,-2)", "numeric", []string{"numeric", "int4"}},
		{"numeric(3,5)", "numeric", []string{"numeric"}},
		{"timestamp(0)", "timestamp", []string{"timestamp", "date", "text"}},
		{"timestamp(3)", "timestamp", []string{"timestamp"}},
		{"timestamptz(2)", "timestamptz", []string{"timestamptz"}},
		{"time(1)", "time", []string{"time", "timestamp"}},
		{"timetz(1)", "timetz", []string{"timetz"}},
		{"interval(2)", "interval", []string{"interval", "text"}},
		{"interval day", "interval", []string{"interval"}},
		{"interval year to month", "interval", []string{"interval"}},
		{"interval hour to second(1)", "interval", []string{"interval"}},
		{"varchar(2)[]", "varchar[]", []string{"text[]", "varchar[]"}},
		{"numeric(5,1)[]", "numeric[]", []string{"numeric[]", "int4[]"}},
		{"double precision", "float8", []string{"int4", "numeric"}},
		{"bigint", "int8", []string{"int4", "numeric"}},
	} {
		for _, from := range m.from {
			f.add(1, "::"+m.text, "{}::"+m.text, m.result, from).Signature = from + "::" + m.text
		}
	}
	f.add(1, "CAST", "CAST({} AS text)", "text", "int4")
	f.add(1, "CAST", "CAST({} AS int8)", "int8", "int4")
}

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
)

// tree is the schema of spec where-and-subqueries §5.2: four levels of text ids, of which each row but those of the first has a
// parent, and tags on the first three. Rows of all levels come and go, and in some runs rows may be without a parent.
type tree struct {
	orphans bool // parents may be NULL
	next    atomic.Int64
}

const (
	levels    = 4
	perLevel  = 5 // rows of each level but the last, to begin with
	leaves    = 20
	mostRows  = 10 // of a level but the last
	mostLeafs = 60
)

var treeTags = []string{"alpha", "beta", "gamma", "delta"}

// ddl creates the tables, with the first rows.
func (t *tree) ddl() string {
	t.next.Store(100)
	null := " NOT NULL"
	if t.orphans {
		null = ""
	}
	var b strings.Builder
	for k := 1; k <= levels; k++ {
		parent, rest, rows := "", "active bool NOT NULL DEFAULT true", perLevel
		if k > 1 {
			parent = fmt.Sprintf("level_%[1]d_id text%[2]s REFERENCES level_%[1]d ON DELETE CASCADE, ", k-1, null)
		}
		if k == levels {
			rest, rows = "value text NOT NULL", leaves
		}
		fmt.Fprintf(&b, "CREATE TABLE level_%d (id text PRIMARY KEY, %s%s);", k, parent, rest)
		for i := range rows {
			values := []string{fmt.Sprintf("'l%d-%d'", k, i+1)}
			if k > 1 {
				values = append(values, fmt.Sprintf("'l%d-%d'", k-1, i%perLevel+1))
			}
			if k == levels {
				values = append(values, fmt.Sprintf("'v%d'", i))
			} else {
				values = append(values, fmt.Sprint(i%2 == 0))
			}
			fmt.Fprintf(&b, "INSERT INTO level_%d VALUES (%s);", k, strings.Join(values, ", "))
		}
		if k == levels {
			continue
		}
		fmt.Fprintf(&b, "CREATE TABLE level_%[1]d_tags (level_%[1]d_id text REFERENCES level_%[1]d ON DELETE CASCADE, tag text, PRIMARY KEY (level_%[1]d_id, tag));", k)
		for i := range rows {
			for _, tag := range treeTags[:i%len(treeTags)+1] {
				fmt.Fprintf(&b, "INSERT INTO level_%d_tags VALUES ('l%d-%d', '%s');", k, k, i+1, tag)
			}
		}
	}
	return b.String()
}

// change is a random change of one level: those of §5.4, and rows that come, go and get another id.
func (t *tree) change(r *rand.Rand) string {
	some := func(table, what string) string {
		return fmt.Sprintf("(SELECT %s FROM %s ORDER BY random() LIMIT 1)", what, table)
	}
	switch r.IntN(11) {
	case 0, 1, 2:
		k := 1 + r.IntN(levels-1)
		return fmt.Sprintf("UPDATE level_%[1]d SET active = NOT active WHERE id = %[2]s", k, some(fmt.Sprint("level_", k), "id"))
	case 3, 4:
		k := 2 + r.IntN(levels-1)
		child := some(fmt.Sprint("level_", k), "id")
		if t.orphans && r.IntN(4) == 0 {
			return fmt.Sprintf("UPDATE level_%d SET level_%d_id = NULL WHERE id = %s", k, k-1, child)
		}
		return fmt.Sprintf("UPDATE level_%[1]d SET level_%[2]d_id = p.id FROM (SELECT id FROM level_%[2]d ORDER BY random() LIMIT 1) p WHERE level_%[1]d.id = %[3]s", k, k-1, child)
	case 5:
		k := 1 + r.IntN(levels-1)
		return fmt.Sprintf("INSERT INTO level_%[1]d_tags SELECT id, '%[2]s' FROM level_%[1]d ORDER BY random() LIMIT 1 ON CONFLICT DO NOTHING", k, pick(r, treeTags))
	case 6:
		k := 1 + r.IntN(levels-1)
		return fmt.Sprintf("DELETE FROM level_%[1]d_tags WHERE (level_%[1]d_id, tag) = %[2]s", k, some(fmt.Sprintf("level_%d_tags", k), fmt.Sprintf("level_%d_id, tag", k)))
	case 7:
		return fmt.Sprintf("UPDATE level_4 SET value = 'v%d' WHERE id = %s", 1+r.IntN(1000), some("level_4", "id"))
	case 8:
		return t.insert(r, 1+r.IntN(levels), some)
	case 9:
		k, most := 1+r.IntN(levels), mostRows
		if k == levels {
			most = mostLeafs
		}
		// A level that is full loses rows more often than one that is not gets some.
		return fmt.Sprintf("DELETE FROM level_%[1]d WHERE id = (SELECT id FROM level_%[1]d WHERE (SELECT count(*) FROM level_%[1]d) > %[2]d ORDER BY random() LIMIT 1)", k, r.IntN(most))
	}
	return fmt.Sprintf("UPDATE level_4 SET id = 'l4-%d' WHERE id = %s", t.next.Add(1), some("level_4", "id"))
}

// insert adds a row to a level, with some below it, so that levels that were emptied fill again.
func (t *tree) insert(r *rand.Rand, level int, some func(table, what string) string) string {
	var statements []string
	parent := ""
	for k := level; k <= levels; k++ {
		id := fmt.Sprintf("l%d-%d", k, t.next.Add(1))
		rest := fmt.Sprint(r.IntN(2) == 0)
		if k == levels {
			rest = fmt.Sprintf("'v%d'", r.IntN(20))
		}
		switch {
		case k == 1:
			statements = append(statements, fmt.Sprintf("INSERT INTO level_1 VALUES ('%s', %s)", id, rest))
		case parent != "":
			statements = append(statements, fmt.Sprintf("INSERT INTO level_%d VALUES ('%s', '%s', %s)", k, id, parent, rest))
		default:
			statements = append(statements, fmt.Sprintf("INSERT INTO level_%d SELECT '%s', id, %s FROM level_%d ORDER BY random() LIMIT 1", k, id, rest, k-1))
			return strings.Join(statements, ";") // with no row above there was nothing to add, nor anything below
		}
		parent = id
	}
	return strings.Join(statements, ";")
}

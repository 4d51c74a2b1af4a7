package judge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"leyden/internal/change"
	"leyden/internal/filter"
	"leyden/internal/shape"
	"leyden/internal/where"
	"leyden/internal/where/moment"
)

// Difference is where the language and Postgres, or two forms of one clause, disagree.
type Difference struct {
	trial *trial
	row   int // -1 when it does not depend on a row
	what  string

	ours               ours
	written, canonical result
}

// Counts are what came of pairs of an expression and a row.
type Counts struct {
	Pairs, Fail, FoldedOut int
	Routed, Held           int // shapes that the filter names for a row, and those of them that the row is in
	Slow                   int // pairs that took Postgres too long to judge
	Lenient                int // pairs that Postgres does not judge as written, because it asks for the type of a literal, or for a collation
	Letters                int // pairs that fail here because the case of a letter depends on its neighbours
	Settings               int // pairs that fail here because a text names a zone of the server's settings, or the clock

	examples []Difference // of values of what is folded out, one for a trial
}

func (c *Counts) add(o Counts) {
	c.Pairs += o.Pairs
	c.Fail += o.Fail
	c.FoldedOut += o.FoldedOut
	c.Routed += o.Routed
	c.Held += o.Held
	c.Slow += o.Slow
	c.Letters += o.Letters
	c.Lenient += o.Lenient
	c.Settings += o.Settings
}

// answers are what Postgres says of one trial: of the clause as written and of its canonical text, by row.
type verdicts struct{ written, canonical []result }

// examine judges the trials over the rows of the numbers given, nil for all. It finds at most one difference for each trial.
func examine(ctx context.Context, d *database, trials []*trial, rows []int) (found []Difference, counts Counts, err error) {
	selection := ""
	if rows == nil {
		for n := range d.rows {
			rows = append(rows, n)
		}
	} else {
		var list []string
		for _, n := range rows {
			list = append(list, strconv.Itoa(n))
		}
		selection = " WHERE row_number IN (" + strings.Join(list, ", ") + ")"
	}
	said, err := d.hear(ctx, trials, rows, selection)
	if err != nil {
		return nil, counts, err
	}
	truths := make([][]where.Truth, len(trials))
	scratch := d.scratch()
	for i, t := range trials {
		truths[i] = make([]where.Truth, len(rows))
		for k, n := range rows {
			written, canonical := said[i].written[k], said[i].canonical[k]
			if slow(written) || slow(canonical) {
				counts.Slow++
				continue
			}
			counts.Pairs++
			if ambiguous(written) {
				if counts.Lenient++; t.valued {
					continue // there is nothing to compare with
				}
				written = result{}
			}
			var text []byte
			if t.valued && written.err == nil {
				text = written.text
				written.text = []byte("t") // the clause asks for just this text
			}
			o, complaint := t.eval(d.rows[n], text, scratch)
			if o.err == nil {
				truths[i][k] = o.truth
			}
			verdict := judge(o, written, canonical)
			switch {
			case complaint != "":
			case errors.Is(o.err, where.ErrCaseUnknown):
				counts.Letters++
			case o.err != nil && strings.Contains(o.err.Error(), tooLarge):
				counts.Slow++
			case errors.Is(o.err, moment.ErrZone) || errors.Is(o.err, moment.ErrClock):
				counts.Settings++
			case unacceptable(written) || unacceptable(canonical):
				complaint = "Postgres does not accept it"
			case verdict == Differ:
				complaint = "another value"
			case verdict == BothFail:
				counts.Fail++
			case verdict == FoldedOut:
				if counts.FoldedOut++; len(counts.examples) == 0 || counts.examples[len(counts.examples)-1].trial != t {
					counts.examples = append(counts.examples, Difference{t, n, "not a difference: what fails is folded out", o, written, canonical})
				}
			}
			if complaint != "" {
				if t.valued && said[i].written[k].err == nil {
					written.text = said[i].written[k].text
				}
				found = append(found, Difference{t, n, complaint, o, written, canonical})
				break
			}
		}
	}
	missed, routed, held := d.route(trials, rows, truths)
	counts.Routed, counts.Held = routed, held
	return append(found, missed...), counts, nil
}

// tooLarge is the error of an evaluation that would write more than there is room for here, though not in Postgres.
const tooLarge = "the result is larger than an evaluation may write"

// unacceptable reports an error that says something of the statement and nothing of the row.
func unacceptable(r result) bool {
	// Which collation to use is asked by the functions that compare, and only when they are called.
	return r.err != nil && (strings.HasPrefix(r.err.Code, "42") && r.err.Code != "42P22" || strings.HasPrefix(r.err.Code, "26"))
}

// slow reports a statement that Postgres gave up for its time or memory.
func slow(r result) bool {
	return r.err != nil && (r.err.Code == "57014" || strings.HasPrefix(r.err.Code, "53"))
}

// ambiguous reports that Postgres asks for the type of a literal, or which collation to use. The language takes the likeliest type,
// as the older system did, and its canonical text says a collation where one matters. A domain over an enum is that enum here, while
// Postgres has no operators for it.
func ambiguous(r result) bool {
	return r.err != nil && (r.err.Code == "42883" && strings.Contains(r.err.Message, enumDomain) || r.err.Code == "42725" || r.err.Code == "42P22" || r.err.Code == "42804" && strings.Contains(r.err.Message, "because input has type unknown"))
}

// hear asks Postgres for all trials at once, and row by row for those that fail for some row.
func (d *database) hear(ctx context.Context, trials []*trial, rows []int, selection string) ([]verdicts, error) {
	questions := make([]question, len(trials))
	for i, t := range trials {
		questions[i] = t.question(d, selection)
	}
	answers, err := d.ask(ctx, questions)
	if err != nil {
		return nil, err
	}
	said := make([]verdicts, len(trials))
	var failed []int
	for i, a := range answers {
		if r := (result{err: a.err, asked: true}); slow(r) {
			for range rows { // to ask for each row would take as long again for each
				said[i].written, said[i].canonical = append(said[i].written, r), append(said[i].canonical, r)
			}
			continue
		}
		if a.err != nil {
			failed = append(failed, i)
			continue
		}
		if len(a.rows) != len(rows) {
			return nil, fmt.Errorf("%d rows of %d for %s", len(a.rows), len(rows), questions[i].sql)
		}
		t := trials[i]
		for _, row := range a.rows {
			said[i].written = append(said[i].written, result{text: row[0], asked: t.asksWritten(d)})
			said[i].canonical = append(said[i].canonical, result{text: row[1], asked: true})
		}
	}
	return said, d.hearEach(ctx, trials, failed, rows, said)
}

// hearEach asks for each row of the trials that failed: first for what was written, then for the canonical text, which may need it.
func (d *database) hearEach(ctx context.Context, trials []*trial, failed, rows []int, said []verdicts) error {
	if len(failed) == 0 {
		return nil
	}
	written := map[int]string{}
	canonical := map[int]string{}
	for _, i := range failed {
		t := trials[i]
		canonical[i] = "(int4, text) AS SELECT (" + t.clause.SQL() + ") FROM (SELECT judged.*, $2 AS " + wanted + " FROM judged WHERE row_number = $1) q"
		if t.valued || t.asksWritten(d) {
			written[i] = "(int4, text) AS SELECT " + t.written() + " FROM judged WHERE row_number = $1 AND ($2 IS NULL OR true)"
		}
	}
	results, err := d.each(ctx, written, failed, rows, func(int, int) []byte { return nil })
	if err != nil {
		return err
	}
	for _, i := range failed {
		said[i].written = results[i]
		if results[i] == nil {
			said[i].written = make([]result, len(rows))
		}
	}
	results, err = d.each(ctx, canonical, failed, rows, func(i, k int) []byte {
		if trials[i].valued {
			return said[i].written[k].text
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, i := range failed {
		said[i].canonical = results[i]
	}
	return nil
}

// each runs a prepared statement of each number for each row.
func (d *database) each(ctx context.Context, statements map[int]string, numbers, rows []int, text func(i, k int) []byte) (map[int][]result, error) {
	questions := []question{{sql: impatience}}
	for _, i := range numbers {
		sql, ok := statements[i]
		if !ok {
			continue
		}
		name := "judge_" + strconv.Itoa(i)
		questions = append(questions, question{sql: "PREPARE " + name + sql})
		for k, n := range rows {
			questions = append(questions, question{prepared: name, args: [][]byte{strconv.AppendInt(nil, int64(n), 10), text(i, k)}})
		}
	}
	questions = append(questions, question{sql: "DEALLOCATE ALL"}, question{sql: patience})
	answers, err := d.ask(ctx, questions)
	if err != nil {
		return nil, err
	}
	results := map[int][]result{}
	at := 1
	for _, i := range numbers {
		if _, ok := statements[i]; !ok {
			continue
		}
		refused := answers[at].err
		at++
		for range rows {
			r := result{err: answers[at].err, asked: true}
			switch {
			case refused != nil:
				r.err = refused
			case r.err == nil && len(answers[at].rows) != 1:
				return nil, fmt.Errorf("%d rows in place of one for %s", len(answers[at].rows), statements[i])
			case r.err == nil:
				r.text = answers[at].rows[0][0]
			}
			results[i] = append(results[i], r)
			at++
		}
	}
	return results, nil
}

// route drives the filter: a row, or one of the two rows of an update, for which a clause is true must be found by it.
func (d *database) route(trials []*trial, rows []int, truths [][]where.Truth) (missed []Difference, routed, held int) {
	f := d.filter(trials)
	reported := make([]bool, len(trials))
	var ids []shape.ID
	affected := make([]bool, len(trials)+1)
	for k, n := range rows {
		before := rows[(k+1)%len(rows)]
		for _, c := range []*change.Change{
			{Op: change.Insert, Relation: d.relation, New: d.rows[n]},
			{Op: change.Delete, Relation: d.relation, Old: d.rows[n]},
			{Op: change.Update, Relation: d.relation, Old: d.rows[before], New: d.rows[n]},
		} {
			ids = f.Affected(c, ids[:0])
			clear(affected)
			for _, id := range ids {
				affected[id] = true
			}
			for i, t := range trials {
				if t.valued {
					continue
				}
				in := truths[i][k] == where.True
				if c.Op == change.Insert {
					if affected[i+1] {
						routed++
					}
					if in {
						held++
					}
				}
				if in && !affected[i+1] && !reported[i] {
					reported[i] = true
					missed = append(missed, Difference{trial: t, row: n, what: "the filter misses the row, in a change " + string(c.Op), ours: ours{truth: where.True}})
				}
			}
		}
	}
	if err := f.Fault(); err != nil {
		missed = append(missed, d.culprit(trials, rows, err))
	}
	return missed, routed, held
}

// filter holds a shape for each trial whose clause does not depend on the wanted text.
func (d *database) filter(trials []*trial) *filter.Filter {
	f := filter.New().Letters(func() *where.CaseMap { return d.letters })
	layout := &shape.Layout{Table: shape.Table{OID: d.relation.OID, Schema: d.relation.Schema, Name: d.relation.Name}, Selected: d.names, SelectsAll: true}
	for i, t := range trials {
		if !t.valued {
			f.Add(shape.ID(i+1), &shape.Definition{Layout: layout, Where: t.clause})
		}
	}
	return f
}

// culprit finds the trial at which a filter fails, the first one if none does alone.
func (d *database) culprit(trials []*trial, rows []int, fault error) Difference {
	found := Difference{trial: trials[0], row: -1, what: "the filter failed: " + fault.Error()}
	for _, t := range trials {
		f := d.filter([]*trial{t})
		for _, n := range rows {
			if f.Affected(&change.Change{Op: change.Insert, Relation: d.relation, New: d.rows[n]}, nil); f.Fault() != nil {
				found.trial, found.row = t, n
				return found
			}
		}
	}
	return found
}

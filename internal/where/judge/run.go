package judge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"leyden/internal/where"
)

const (
	batchRows        = 48
	batchExpressions = 64
	maxDepth         = 4
	poolSize         = 8
)

// Run judges until the plan ends or the context does. Differences are in the summary; an error means that nothing could be judged.
func Run(ctx context.Context, p Plan) (s Summary, err error) {
	s.Stricter, s.Example = map[string]int{}, map[string]string{}
	r := &run{Plan: p, Summary: &s, seen: map[string]bool{}, tried: map[string]bool{}}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.open(ctx); err != nil {
		return s, err
	}
	begin := time.Now()
	told := begin
	defer func() { s.Untried = r.untried() }()
	for n := p.First; ; n += max(p.Step, 1) {
		if p.Replay >= 0 {
			n = p.Replay
		}
		if err := r.batch(ctx, n); err != nil {
			if ctx.Err() != nil {
				return s, nil
			}
			return s, fmt.Errorf("batch %d of seed %d: %w", n, p.Seed, err)
		}
		if p.Every > 0 && time.Since(told) >= p.Every {
			told = time.Now()
			fmt.Fprintf(p.Out, "judge: %s\n", s.Line(time.Since(begin)))
		}
		if p.Replay >= 0 || ctx.Err() != nil || p.Pairs > 0 && s.Pairs >= p.Pairs || p.Duration > 0 && time.Since(begin) >= p.Duration || len(s.Differences) >= p.Differences {
			return s, nil
		}
	}
}

type run struct {
	Plan
	*Summary
	databases []*database
	languages []*language
	drops     []func() error
	seen      map[string]bool
	shown     int             // examples
	tried     map[string]bool // productions, in any of the databases
}

func (r *run) open(ctx context.Context) error {
	for i, l := range Locales() {
		name := fmt.Sprintf("judge_%d_%d_%d", r.Seed, r.First, i)
		d, drop, err := openDatabase(ctx, r.URL, name, l)
		if drop != nil {
			r.drops = append(r.drops, drop)
		}
		if err != nil {
			return err
		}
		language, err := learnIn(ctx, d)
		if err != nil {
			return err
		}
		r.databases, r.languages = append(r.databases, d), append(r.languages, language)
	}
	r.Accepted = r.languages[0].counts()
	return nil
}

// untried lists the productions that are accepted and have not been used.
func (r *run) untried() []string {
	var all []string
	for _, p := range r.languages[0].sweep {
		if !r.tried[p.Signature+"\x00"+p.Result.Name] {
			all = append(all, p.Signature)
		}
	}
	return slices.Compact(all)
}

func (r *run) close() error {
	var errs []error
	for _, drop := range r.drops {
		errs = append(errs, drop())
	}
	return errors.Join(errs...)
}

// batch judges the n-th batch of the seed: rows and expressions of its own.
func (r *run) batch(ctx context.Context, n int) error {
	random := rand.New(rand.NewPCG(r.Seed, uint64(n)))
	at := 0
	if random.IntN(3) == 0 {
		at = 1 + random.IntN(len(r.databases)-1)
	}
	d, l := r.databases[at], r.languages[at]
	g := newGenerator(random, l)
	pool, found, err := r.literals(ctx, d, g)
	if err != nil {
		return err
	}
	if err := d.fill(ctx, g, pool, batchRows); err != nil {
		return err
	}
	trials, complaints, err := r.trials(ctx, d, g)
	if err != nil {
		return err
	}
	found = append(found, complaints...)
	differing, counts, err := examine(ctx, d, trials, nil)
	if err != nil {
		return err
	}
	r.Counts.add(counts)
	r.Batches++
	for _, f := range counts.examples {
		f, excused, err := r.excuse(ctx, d, l, f)
		if err != nil {
			return err
		}
		if !excused {
			differing = append(differing, f)
			continue
		}
		if r.shown < r.Examples {
			r.shown++
			fmt.Fprintln(r.Out, describe(d, r.Seed, n, f))
		}
	}
	r.Expressions += len(trials)
	for _, f := range append(found, differing...) {
		if err := r.report(ctx, d, l, n, f); err != nil {
			return err
		}
	}
	return nil
}

// trials generates expressions until enough compile. Of those that do not it asks whether Postgres would take them.
func (r *run) trials(ctx context.Context, d *database, g *generator) (trials []*trial, complaints []Difference, err error) {
	var questions []question
	var reasons []string
	var last *trial
	for tries := 0; len(trials) < batchExpressions && tries < 4*batchExpressions; tries++ {
		t := g.trial(d)
		if last != nil && g.chance(10) {
			if s := (&trial{expr: g.sibling(last.expr), valued: last.valued}); !s.valued || s.asksWritten(d) {
				t = s
			}
		}
		last = t
		rejected, complaint := t.compile(d)
		switch {
		case complaint != "":
			complaints = append(complaints, Difference{trial: t, row: -1, what: complaint})
		case rejected != nil:
			reasons = append(reasons, reason(rejected.Error()))
			questions = append(questions, question{sql: "SELECT " + t.written() + " FROM judged LIMIT 0"})
		default:
			trials = append(trials, t)
			t.expr.visit(func(e *Expr) {
				if e.prod != nil {
					r.tried[e.prod.Signature+"\x00"+e.prod.Result.Name] = true
				}
			})
		}
	}
	answers, err := d.ask(ctx, questions)
	if err != nil {
		return nil, nil, err
	}
	for i, a := range answers {
		if a.err != nil {
			r.Rejected++
			continue
		}
		r.Undecided++
		r.Stricter[reasons[i]]++
		r.Example[reasons[i]] = questions[i].sql
	}
	return trials, complaints, nil
}

// reason is a rejection without what differs from case to case.
func reason(text string) string {
	if head, rest, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(head, "At location") {
		text = rest
	}
	if head, _, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(text, "invalid syntax") {
		return head
	}
	if strings.HasPrefix(text, "could not cast value") {
		return "could not cast value" + text[strings.LastIndex(text, " from "):]
	}
	return text
}

// trial generates one expression: now and then an even pick of all that is accepted, else of any type where the database's order allows to compare what was written.
func (g *generator) trial(d *database) *trial {
	if len(g.sweep) > 0 && g.chance(30) {
		p := g.sweep[g.IntN(len(g.sweep))]
		switch boolean := p.Result == g.types.Named("bool"); {
		case boolean && g.chance(50):
			return &trial{expr: g.apply(p, 1)}
		case g.printed[p.Result]:
			if t := (&trial{expr: g.apply(p, 1), valued: true}); t.asksWritten(d) {
				return t
			}
		}
	}
	depth := g.IntN(maxDepth + 1)
	if g.chance(45) {
		if typ := g.typ(); g.printed[typ] {
			if t := (&trial{expr: g.expr(typ, depth), valued: true}); t.asksWritten(d) {
				return t
			}
		}
	}
	return &trial{expr: g.expr(g.types.Named("bool"), max(depth, 1))}
}

// literals makes the pools of values out of texts that Postgres accepts, and judges what the language makes of the texts.
func (r *run) literals(ctx context.Context, d *database, g *generator) (pool map[string][]string, found []Difference, err error) {
	type candidate struct {
		field
		text string
	}
	var all []candidate
	var questions []question
	for _, f := range declarations() {
		for range poolSize {
			text := g.of(g.types.Named(f.typ))
			all = append(all, candidate{f, text})
			questions = append(questions, question{sql: "SELECT (" + quoteText(text) + "::" + f.declared + ")::text"})
		}
	}
	answers, err := d.ask(ctx, questions)
	if err != nil {
		return nil, nil, err
	}
	pool = map[string][]string{}
	row := make([][]byte, len(d.names))
	for i, c := range all {
		t := g.types.Named(c.typ)
		valid := answers[i].err == nil
		// Rounding makes a timestamp after the last one, which Postgres prints, and fails on elsewhere.
		if valid && !strings.Contains(c.text, "now") && !strings.Contains(c.text, "today") && !strings.HasPrefix(string(answers[i].rows[0][0]), "294277-01-01 00:00:00") {
			pool[c.declared] = append(pool[c.declared], c.text)
			g.pool[t] = append(g.pool[t], c.text)
		}
		if c.declared != c.typ || len(g.styles[t]) == 0 {
			continue
		}
		r.Literals++
		tr := &trial{expr: leaf(t, g.styles[t][0](c.text)), valued: true}
		rejected, complaint := tr.compile(d)
		switch {
		case complaint != "":
			found = append(found, Difference{trial: tr, row: -1, what: complaint})
		case rejected != nil && valid:
			reason := "a literal of type " + t.Name
			r.Stricter[reason]++
			r.Example[reason] += " " + quoteText(c.text)
		case rejected == nil && !valid:
			found = append(found, Difference{trial: tr, row: 0, what: "Postgres rejects the literal", written: result{err: answers[i].err, asked: true}})
		case rejected == nil:
			text := answers[i].rows[0][0]
			if o, complaint := tr.eval(row, text, d.scratch()); complaint != "" || o.err != nil || o.truth != where.True {
				found = append(found, Difference{trial: tr, row: 0, what: cmp.Or(complaint, "the literal has another text"), ours: o, written: result{text: text, asked: true}})
			}
		}
	}
	return pool, found, nil
}

// report shrinks a difference and keeps it, unless one like it is known.
func (r *run) report(ctx context.Context, d *database, l *language, n int, f Difference) error {
	original := f
	if r.Ignore != nil && r.Ignore.MatchString(describe(d, r.Seed, n, f)) {
		return nil
	}
	if !strings.Contains(f.what, "the literal") && !strings.Contains(f.what, "a value for") && len(r.Summary.Differences) < r.Plan.Differences {
		s := &shrinker{d: d, types: l.types, budget: shrinkBudget}
		var err error
		if f, err = s.shrink(ctx, f); err != nil {
			return fmt.Errorf("shrink: %w", err)
		}
	}
	shape := d.locale.Name + kind(f.what) + skeleton(f.trial.expr)
	if r.seen[shape] || len(r.Summary.Differences) >= r.Plan.Differences {
		return nil
	}
	r.seen[shape] = true
	text := describe(d, r.Seed, n, f)
	if original.trial != f.trial {
		text += "\n  found as   " + original.trial.expr.SQL()
	}
	r.Summary.Differences = append(r.Summary.Differences, text)
	fmt.Fprintln(r.Out, text)
	return nil
}

// skeleton is what two like expressions have in common: their productions.
func skeleton(e *Expr) string {
	if len(e.args) == 0 {
		return "." + e.typ.Name
	}
	var b strings.Builder
	b.WriteString(strings.Join(e.parts, "_"))
	for _, a := range e.args {
		b.WriteString(skeleton(a))
	}
	return b.String()
}

func describe(d *database, seed uint64, n int, f Difference) string {
	var b strings.Builder
	text, params := f.trial.text()
	fmt.Fprintf(&b, "DIFFERENCE (--seed %d --replay %d, locale %s): %s\n", seed, n, d.locale.Name, f.what)
	fmt.Fprintf(&b, "  clause     %s\n", text)
	if len(params) > 0 {
		fmt.Fprintf(&b, "  params     %q\n", params)
	}
	if c := f.trial.clause; c != nil {
		canonical := ""
		if err := guarded(func() error { canonical = c.SQL(); return nil }); err != nil {
			canonical = "cannot be printed"
		}
		fmt.Fprintf(&b, "  canonical  %s\n", canonical)
	}
	if f.row >= 0 && f.row < len(d.rows) {
		for _, name := range f.trial.expr.columns() {
			value := "NULL"
			if v := d.rows[f.row][slices.Index(d.names, name)]; v != nil {
				value = fmt.Sprintf("%q", v)
			}
			fmt.Fprintf(&b, "  row        %s = %s\n", quoteName(name), value)
		}
		fmt.Fprintf(&b, "  ours       %s\n", f.ours)
		fmt.Fprintf(&b, "  Postgres   %s\n  canonical  %s", f.written, f.canonical)
	}
	return strings.TrimRight(b.String(), "\n")
}

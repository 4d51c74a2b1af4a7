package simulation

import (
	"flag"
	"fmt"
	"iter"
	"math"
	"slices"
	"testing"
	"time"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "the only seed to be run")
	seedsFlag = flag.Uint64("seeds", 0, "how many seeds are run")
	firstFlag = flag.Uint64("first", 1, "the first of them")
	forFlag   = flag.Duration("for", 0, "run as many seeds as take this long")
	linesFlag = flag.Int("lines", 80, "how many lines are shown of what came before a failure")
)

const steps = 700

// seeds are those of a run: a few that are always the same, so that a failure is somebody's change and not bad luck.
func seeds() iter.Seq[uint64] {
	first, n := *firstFlag, *seedsFlag
	switch {
	case *seedFlag != 0:
		first, n = *seedFlag, 1
	case n > 0:
	case *forFlag > 0:
		n = math.MaxUint64
	case testing.Short():
		n = 10
	default:
		n = 60
	}
	begin := time.Now()
	return func(yield func(uint64) bool) {
		for i := range n {
			if *forFlag > 0 && time.Since(begin) >= *forFlag || !yield(first+i) {
				return
			}
		}
	}
}

func TestSimulation(t *testing.T) {
	total := map[string]int{}
	ran := 0
	for seed := range seeds() {
		ran++
		w, err := simulate(seed)
		for what, n := range w.count {
			total[what] += n
		}
		if err != nil {
			for _, line := range w.trace[max(0, len(w.trace)-*linesFlag):] {
				t.Log(line)
			}
			t.Fatalf("seed %d: %v\nreplay with: go test ./actors/simulation -run TestSimulation -seed %d", seed, err, seed)
		}
	}
	if ran >= 60 {
		for _, what := range []string{"outer shape", "checked outer shape", "another layer", "attached later", "materialized", "moved", "rows moved in", "query made again", "hidden transaction of a move", "late behind a work", "removed with an inner shape", "late", "held", "filtering done", "filtering over", "passivated", "duplicate fragment", "crash", "restart", "refresh", "found shape", "postgres crash", "subtree restart", "checked shape", "grown shape", "hidden transaction"} {
			if total[what] == 0 {
				t.Errorf("%q never happened", what)
			}
		}
	}
	t.Log(ran, "seeds:", total)
}

type action struct {
	weight int
	do     func() (bool, error)
}

// simulate runs one seed to its end, where everything is at rest.
func simulate(seed uint64) (w *world, err error) {
	w, err = newWorld(seed)
	if err != nil {
		return w, err
	}
	defer func() {
		if v := recover(); v != nil {
			panic(fmt.Sprintf("seed %d: %v", seed, v))
		}
		if cerr := w.store.Close(); err == nil {
			err = cerr
		}
	}()
	always := func(do func() error) func() (bool, error) {
		return func() (bool, error) { return true, do() }
	}
	plain := func(do func() bool) func() (bool, error) {
		return func() (bool, error) { return do(), nil }
	}
	engine := []action{
		{60, w.feed},
		{60, w.collect},
		{160, plain(w.consumeAny)},
		{160, w.write},
		{20, w.sync},
		{30, w.advanceSnapshot},
		{10, w.advanceRemoval},
	}
	if w.subqueries {
		engine = append(engine, action{60, w.buildSome}, action{60, w.advanceMove})
	}
	all := slices.Clone(engine)
	if w.subqueries {
		all = append(all, action{25, w.createOuter})
	}
	all = append(all, []action{
		{30, plain(w.pg.begin)},
		{90, plain(w.pg.statement)},
		{30, plain(w.pg.end)},
		{15, plain(w.pg.appear)},
		{1, plain(w.pg.addColumn)},
		{8, w.createShape},
		{10, plain(w.passivate)},
		{10, w.checkSome},
		{1, always(w.syncUnnoticed)},
		{5, always(func() error { w.pg.flushed = w.pg.confirmed; return nil })},
		{2, always(func() error { w.reconnect(); return nil })},
		{1, always(func() error { w.crashPostgres(); return nil })},
		{1, plain(w.crashConsumer)},
		{2, w.removeSome},
		{2, always(w.restartStreaming)},
		{2, always(w.reacquire)},
		{2, always(w.restart)},
		{2, always(w.crash)},
	}...)
	if n := w.rng.IntN(3); n == 0 || w.subqueries && n == 1 { // a quiet run: shapes grow old
		all = all[:len(all)-9]
	}
	for i := range all { // each run has other habits
		all[i].weight = all[i].weight * []int{1, 2, 4, 4, 8, 20}[w.rng.IntN(6)]
	}
	n := steps
	if w.subqueries { // there is more to be done before anything can be seen
		n *= 8
	}
	for range n {
		if _, err := w.step(all); err != nil {
			return w, err
		}
	}
	// At rest: transactions end, everything is taken in, snapshots are completed.
	for len(w.pg.open) > 0 {
		w.pg.end()
	}
	for w.pg.appear() {
	}
	if err := w.rest(engine); err != nil {
		return w, err
	}
	if err := w.atRest(); err != nil || !w.subqueries {
		return w, err
	}
	return w, w.removeAll(engine)
}

// rest does what is left to do.
func (w *world) rest(engine []action) error {
	for busy := true; busy; {
		busy = false
		for _, a := range engine {
			did, err := a.do()
			if err == nil {
				err = w.fault
			}
			if err != nil {
				return err
			}
			busy = busy || did
		}
	}
	return nil
}

func (w *world) step(actions []action) (bool, error) {
	sum := 0
	for _, a := range actions {
		sum += a.weight
	}
	n := w.rng.IntN(sum)
	for _, a := range actions {
		if n -= a.weight; n < 0 {
			did, err := a.do()
			if err == nil {
				err = w.fault
			}
			return did, err
		}
	}
	return false, nil
}

func (w *world) checkSome() (bool, error) {
	s := w.pick(func(s *simShape) bool { return s.complete })
	if s == nil {
		return false, nil
	}
	w.did("checked shape")
	return true, w.check(s)
}

func (w *world) removeSome() (bool, error) {
	s := w.pick(func(s *simShape) bool { return !s.removing })
	if s == nil {
		return false, nil
	}
	w.beginRemoval(s)
	w.log("remove %d", s.id)
	return true, nil
}

// atRest checks what must be true when nothing is left to do.
func (w *world) atRest() error {
	if n := len(w.pg.log); n > 0 && w.pg.confirmed != w.pg.log[n-1].lsn {
		return fmt.Errorf("acknowledged up to %d, the last commit is %d: holds up to %d, in flight %d, shapes %v", w.pg.confirmed, w.pg.log[n-1].lsn, w.writer.Durable().Hold, w.inFlight, w.ids())
	}
	for _, id := range w.ids() {
		s := w.shapes[id]
		if !s.complete {
			return fmt.Errorf("shape %d never became complete", id)
		}
		if err := w.check(s); err != nil {
			return err
		}
		// What the client has read over all crashes is what the log has.
		again := newClient(len(s.inner) > 0)
		if err := again.read(s.log); err != nil {
			return err
		}
		if !slices.Equal(again.items, s.client.items) {
			return fmt.Errorf("shape %d: the client read %q, the log is %q", id, s.client.items, again.items)
		}
		if len(again.items) > 0 {
			w.did("grown shape")
		}
		// It is the whole state, not only up to the log's end.
		if err := w.compare(s, w.pg.now[s.table], w.results(s, func(in *simShape) rows { return w.pg.now[in.table] })); err != nil {
			return fmt.Errorf("at rest: %w", err)
		}
	}
	return nil
}

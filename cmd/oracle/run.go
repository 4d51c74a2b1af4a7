package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"leyden/cmd/oracle/follow"
	"leyden/internal/launch"
	"leyden/internal/pg/pgserver"
)

// plan is what a run does; with the seed it is all that decides it, except for the interleaving of concurrent parts.
type plan struct {
	Seed      uint64
	Duration  time.Duration
	KillEvery time.Duration // 0: never; one in three is a graceful restart
	// RestartSubtrees is the mean time between restarts of a random part of the server through its admin API, 0 for never.
	RestartSubtrees time.Duration
	Tables          int
	Shapes          int
	Subqueries      int // percentage of the shapes that have subqueries, or are of the tree
	Writers         int
	Truncates       bool
	Settings        []string
	Out             io.Writer
}

// totals are what a run has done.
type totals struct {
	rounds, comparisons, committed, rolledBack, conflicts, kills, restarts, parts, rotations, retries int
	onPurpose, moves, movedOut                                                                        int // of shapes with subqueries
}

func (t totals) String() string {
	return fmt.Sprintf("%d rounds, %d comparisons, %d transactions committed, %d rolled back, %d refused, %d kills, %d restarts, %d restarts of parts, %d rotations, %d of them for what moves cannot tell, %d requests repeated, %d moves that took %d rows",
		t.rounds, t.comparisons, t.committed, t.rolledBack, t.conflicts, t.kills, t.restarts, t.parts, t.rotations, t.onPurpose, t.retries, t.moves, t.movedOut)
}

// Once nothing changes any more a client may take so long to the next message that it has not had, and to the rows of its query.
// The second is long: a server that is killed every few seconds makes clients with much to read begin again.
const (
	patience        = 30 * time.Second
	patienceAtWhole = 3 * time.Minute
)

// oracle is a run.
type oracle struct {
	plan   plan
	r      *rand.Rand
	client *http.Client
	url    string    // of the database
	conn   *pgx.Conn // the judge's
	tables []*table
	tree   *tree
	totals totals

	disturbed atomic.Int64 // Unix nanoseconds of the last end of the server or of a part of it, and of the last start

	serverMu sync.Mutex // one start or stop at a time
	server   *launch.Server

	subjects  []*subject
	followers sync.WaitGroup
	failed    context.CancelCauseFunc
}

// run executes p. The error says how the server was wrong, or what kept the oracle from finding out.
func run(ctx context.Context, p plan) (totals, error) {
	fmt.Fprintf(p.Out, "oracle: seed %d, %s, %d tables, %d shapes, %d%% of them with subqueries, %d writers, a kill or restart every %s, a restart of a part every %s\n",
		p.Seed, p.Duration, p.Tables, p.Shapes, p.Subqueries, p.Writers, p.KillEvery, p.RestartSubtrees)
	return judge(ctx, p, (*oracle).prepare, (*oracle).rounds)
}

// judge has prepare make tables, starts a server on them, and has do try it.
func judge(ctx context.Context, p plan, prepare, do func(*oracle, context.Context) error) (t totals, err error) {
	ctx, failed := context.WithCancelCause(ctx)
	defer failed(nil)
	o := &oracle{plan: p, r: rand.New(rand.NewPCG(p.Seed, 0)), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}, failed: failed}
	dir, err := os.MkdirTemp("", "leyden-oracle-")
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	pg, err := pgserver.Start(ctx, pgserver.Options{Settings: map[string]string{"fsync": "off", "full_page_writes": "off", "lock_timeout": "10s", "deadlock_timeout": "10ms"}})
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, pg.Close()) }()
	o.url = pg.URL("postgres")
	if o.conn, err = connect(ctx, o.url); err != nil {
		return t, err
	}
	defer o.conn.Close(context.WithoutCancel(ctx))
	if err := prepare(o, ctx); err != nil {
		return t, err
	}
	binary, err := launch.Build(ctx, dir)
	if err != nil {
		return t, err
	}
	settings := append([]string{manyHeld}, p.Settings...)
	o.server, err = launch.Start(ctx, launch.Options{Binary: binary, DatabaseURL: o.url, StorageDir: dir + "/storage", Settings: settings})
	if err != nil {
		return t, err
	}
	defer func() {
		o.client.CloseIdleConnections()
		err = errors.Join(err, o.server.Stop(context.WithoutCancel(ctx)))
		if err != nil {
			fmt.Fprintf(p.Out, "%v\nthe server's last words:\n%s\n", err, o.server.LastWords())
		}
	}()
	err = do(o, ctx)
	if cause := context.Cause(ctx); cause != nil && err != nil && !errors.Is(cause, context.Canceled) {
		err = cause // what went wrong first
	}
	failed(nil)
	for _, s := range o.subjects {
		s.stop()
		o.account(s)
	}
	o.followers.Wait()
	return o.totals, err
}

// manyHeld keeps shapes from being taken away for having to hold too much: the writers are faster than others.
const manyHeld = "ELECTRIC_SUBQUERY_BUFFER_MAX_TRANSACTIONS=1000000"

// prepare makes the tables, with some rows.
func (o *oracle) prepare(ctx context.Context) error {
	if _, err := o.conn.Exec(ctx, ledger); err != nil {
		return fmt.Errorf("create the ledger: %w", err)
	}
	filler := writer{r: o.r}
	for i := range o.plan.Tables {
		t := randomTable(o.r, fmt.Sprintf("t%d", i))
		if _, err := o.conn.Exec(ctx, t.ddl()+filler.insert(t, o.r.IntN(200)+1)); err != nil {
			return fmt.Errorf("%s: %w", t.ddl(), err)
		}
		o.tables = append(o.tables, t)
	}
	if o.plan.Subqueries > 0 {
		o.tree = &tree{orphans: o.r.IntN(2) == 0}
		if _, err := o.conn.Exec(ctx, o.tree.ddl()); err != nil {
			return fmt.Errorf("create the tree: %w", err)
		}
	}
	return nil
}

// recentlyDisturbed reports whether the server may just now be getting over an end.
func (o *oracle) recentlyDisturbed() bool {
	const lag = 30 * time.Second // between a start and the moment that a client learns what it has cost
	return o.disturbed.Load() > time.Now().Add(-lag).UnixNano()
}

// disturbing notes that the server or a part of it ends or has started.
func (o *oracle) disturbing() { o.disturbed.Store(time.Now().UnixNano()) }

// connect opens a connection whose texts are those of shapes.
func connect(ctx context.Context, url string) (*pgx.Conn, error) {
	c, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // several statements in one text
	for name, value := range map[string]string{
		"bytea_output": "hex", "DateStyle": "ISO, DMY", "TimeZone": "UTC", "extra_float_digits": "1", "IntervalStyle": "iso_8601",
	} {
		c.RuntimeParams[name] = value
	}
	return pgx.ConnectConfig(ctx, c)
}

func (o *oracle) rounds(ctx context.Context) error {
	end := time.Now().Add(o.plan.Duration)
	chaos := o.startChaos(ctx, o.plan.KillEvery, 1, o.disturb)
	defer chaos()
	parts := o.startChaos(ctx, o.plan.RestartSubtrees, 2, o.restartPart)
	defer parts()
	for time.Now().Before(end) && ctx.Err() == nil {
		o.recruit(ctx)
		if err := o.load(ctx, time.Second+time.Duration(o.r.IntN(4000))*time.Millisecond); err != nil {
			return err
		}
		if err := o.compare(ctx); err != nil {
			return err
		}
		o.totals.rounds++
		o.dismiss()
	}
	return ctx.Err()
}

// recruit starts clients of new shapes until there are as many as planned.
func (o *oracle) recruit(ctx context.Context) {
	var fresh []*subject
	for len(o.subjects)+len(fresh) < o.plan.Shapes+2 {
		n := len(o.subjects) + len(fresh)
		var s *subject
		switch n {
		case 0:
			s = ledgerSubject(follow.LongPoll)
		case 1:
			s = ledgerSubject(follow.SSE)
		default:
			s = o.anySubject(fmt.Sprintf("shape %d of round %d", n, o.totals.rounds))
		}
		fresh = append(fresh, s)
	}
	for _, s := range fresh {
		o.begin(ctx, s, time.Duration(o.r.IntN(1000))*time.Millisecond) // some begin while their table is written
	}
}

// begin starts a client of a subject after a moment.
func (o *oracle) begin(ctx context.Context, s *subject, delay time.Duration) {
	s.follower = s.newFollower(o.server.URL(), o.client, s.mode, o.recentlyDisturbed)
	var follows context.Context
	follows, s.stop = context.WithCancel(ctx)
	o.followers.Go(func() {
		select {
		case <-follows.Done():
			return
		case <-time.After(delay):
		}
		if err := s.follower.Run(follows); err != nil {
			o.failed(fmt.Errorf("%s\n  %w\n  last messages:\n    %s", s, err, strings.Join(s.follower.Recent(), "\n    ")))
		}
	})
	o.subjects = append(o.subjects, s)
}

// anySubject is a shape without subqueries or, as often as planned, one of the tree or with subqueries over the random tables.
func (o *oracle) anySubject(name string) *subject {
	if o.r.IntN(100) >= o.plan.Subqueries {
		return randomSubject(o.r, name, pick(o.r, o.tables), nil)
	}
	if o.r.IntN(2) == 0 {
		return treeSubject(o.r, name)
	}
	return randomSubject(o.r, name, pick(o.r, o.tables), o.tables)
}

// dismiss ends some clients, so that the next round has new shapes; the ledger's stay.
func (o *oracle) dismiss() {
	for range o.plan.Shapes / 5 {
		i := 2 + o.r.IntN(len(o.subjects)-2)
		s := o.subjects[i]
		s.stop()
		o.account(s)
		o.subjects = append(o.subjects[:i], o.subjects[i+1:]...)
	}
}

func (o *oracle) account(s *subject) {
	st := s.follower.Stats()
	o.totals.rotations += st.Rotations
	o.totals.retries += st.Retries
	o.totals.onPurpose += int(s.onPurpose.Load())
	o.totals.moves += st.Moves
	o.totals.movedOut += st.MovedOut
}

// load lets the writers write for a while.
func (o *oracle) load(ctx context.Context, while time.Duration) error {
	writing, cancel := context.WithTimeout(ctx, while)
	defer cancel()
	errs := make([]error, o.plan.Writers)
	writers := make([]*writer, o.plan.Writers)
	var group sync.WaitGroup
	for i := range writers {
		w := &writer{r: rand.New(rand.NewPCG(o.r.Uint64(), uint64(i))), tables: o.tables, tree: o.tree, rotate: o.plan.Truncates}
		writers[i] = w
		group.Go(func() {
			if w.conn, errs[i] = connect(ctx, o.url); errs[i] != nil {
				return
			}
			errs[i] = errors.Join(w.run(writing), w.conn.Close(context.WithoutCancel(ctx)))
		})
	}
	group.Wait()
	for _, w := range writers {
		o.totals.committed += w.committed
		o.totals.rolledBack += w.rolledBack
		o.totals.conflicts += w.failed
	}
	return errors.Join(errs...)
}

// compare waits until every shape equals its query, for the client that has followed it and for one that begins now.
func (o *oracle) compare(ctx context.Context) error {
	for _, s := range o.subjects {
		want, err := s.want(ctx, o.conn)
		if err != nil {
			return err
		}
		if err := s.await(ctx, want); err != nil {
			return fmt.Errorf("%s\n  %w\n  last messages:\n    %s", s, err, strings.Join(s.follower.Recent(), "\n    "))
		}
		newcomer := s.newFollower(o.server.URL(), o.client, follow.Once, o.recentlyDisturbed)
		if err := newcomer.Run(ctx); err != nil {
			return fmt.Errorf("a new client of %s\n  %w\n  last messages:\n    %s", s, err, strings.Join(newcomer.Recent(), "\n    "))
		}
		var differs string
		newcomer.View(func(rows map[string]follow.Row, _ bool) { differs = difference(want, rows) })
		if differs != "" && ctx.Err() == nil {
			return fmt.Errorf("a new client of %s\n  reads something else:\n    %s", s, differs)
		}
		o.totals.comparisons += 2
	}
	return ctx.Err()
}

// startChaos does something with a mean time in between, until the returned function has been called.
func (o *oracle) startChaos(ctx context.Context, every time.Duration, seed uint64, do func(context.Context, *rand.Rand) error) (stop func()) {
	if every == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	r := rand.New(rand.NewPCG(o.plan.Seed, seed))
	var group sync.WaitGroup
	group.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(every/2 + time.Duration(r.Int64N(int64(every)))):
			}
			if err := do(context.WithoutCancel(ctx), r); err != nil {
				o.failed(err)
				return
			}
		}
	})
	return func() {
		cancel()
		group.Wait()
	}
}

// disturb ends the server in one way or the other and starts it again after a moment.
func (o *oracle) disturb(ctx context.Context, r *rand.Rand) error {
	o.serverMu.Lock()
	defer o.serverMu.Unlock()
	o.disturbing()
	defer o.disturbing()
	if r.IntN(3) == 0 {
		o.totals.restarts++
		if err := o.server.Stop(ctx); err != nil {
			return err
		}
	} else {
		o.totals.kills++
		if err := o.server.Kill(); err != nil {
			return err
		}
	}
	time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond) // the down time is part of what is tried
	return o.server.Resume(ctx)
}

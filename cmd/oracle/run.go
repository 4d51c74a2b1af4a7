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
	Writers         int
	Truncates       bool
	Settings        []string
	Out             io.Writer
}

// totals are what a run has done.
type totals struct {
	rounds, comparisons, committed, rolledBack, conflicts, kills, restarts, parts, rotations, retries int
}

func (t totals) String() string {
	return fmt.Sprintf("%d rounds, %d comparisons, %d transactions committed, %d rolled back, %d refused, %d kills, %d restarts, %d restarts of parts, %d rotations, %d requests repeated",
		t.rounds, t.comparisons, t.committed, t.rolledBack, t.conflicts, t.kills, t.restarts, t.parts, t.rotations, t.retries)
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
	conn   *pgx.Conn // the judge's
	tables []*table
	totals totals

	serverMu sync.Mutex // one start or stop at a time
	server   *launch.Server

	subjects  []*subject
	followers sync.WaitGroup
	failed    context.CancelCauseFunc
}

// run executes p. The error says how the server was wrong, or what kept the oracle from finding out.
func run(ctx context.Context, p plan) (t totals, err error) {
	fmt.Fprintf(p.Out, "oracle: seed %d, %s, %d tables, %d shapes, %d writers, a kill or restart every %s, a restart of a part every %s\n", p.Seed, p.Duration, p.Tables, p.Shapes, p.Writers, p.KillEvery, p.RestartSubtrees)
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
	if err := o.prepare(ctx, pg.URL("postgres")); err != nil {
		return t, err
	}
	defer o.conn.Close(context.WithoutCancel(ctx))
	binary, err := launch.Build(ctx, dir)
	if err != nil {
		return t, err
	}
	o.server, err = launch.Start(ctx, launch.Options{Binary: binary, DatabaseURL: pg.URL("postgres"), StorageDir: dir + "/storage", Settings: p.Settings})
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
	err = o.rounds(ctx, pg.URL("postgres"))
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

// prepare makes the tables, with some rows.
func (o *oracle) prepare(ctx context.Context, url string) (err error) {
	if o.conn, err = connect(ctx, url); err != nil {
		return err
	}
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
	return nil
}

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

func (o *oracle) rounds(ctx context.Context, url string) error {
	end := time.Now().Add(o.plan.Duration)
	chaos := o.startChaos(ctx, o.plan.KillEvery, 1, o.disturb)
	defer chaos()
	parts := o.startChaos(ctx, o.plan.RestartSubtrees, 2, o.restartPart)
	defer parts()
	for time.Now().Before(end) && ctx.Err() == nil {
		o.recruit(ctx)
		if err := o.load(ctx, url, time.Second+time.Duration(o.r.IntN(4000))*time.Millisecond); err != nil {
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
			s = randomSubject(o.r, fmt.Sprintf("shape %d of round %d", n, o.totals.rounds), pick(o.r, o.tables))
		}
		fresh = append(fresh, s)
	}
	for _, s := range fresh {
		s.follower = s.newFollower(o.server.URL(), o.client, s.mode)
		var follows context.Context
		follows, s.stop = context.WithCancel(ctx)
		delay := time.Duration(o.r.IntN(1000)) * time.Millisecond // some begin while their table is written
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
}

// load lets the writers write for a while.
func (o *oracle) load(ctx context.Context, url string, while time.Duration) error {
	writing, cancel := context.WithTimeout(ctx, while)
	defer cancel()
	errs := make([]error, o.plan.Writers)
	writers := make([]*writer, o.plan.Writers)
	var group sync.WaitGroup
	for i := range writers {
		w := &writer{r: rand.New(rand.NewPCG(o.r.Uint64(), uint64(i))), tables: o.tables, rotate: o.plan.Truncates}
		writers[i] = w
		group.Go(func() {
			if w.conn, errs[i] = connect(ctx, url); errs[i] != nil {
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
		newcomer := s.newFollower(o.server.URL(), o.client, follow.Once)
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

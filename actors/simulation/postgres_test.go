package simulation

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"

	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
)

// row is a row of a model table: id, tenant, title. Rows of wider versions of the table are NULL in the rest.
type row struct{ id, tenant, title string }

// null is the tenant of a row that has none.
const null = "\x00"

type table struct {
	oid     uint32
	name    string
	version int // columns added
}

// rows are the rows of a table by id.
type rows map[string]row

// maxRunning is how many transactions can be under way, and so how close together their ids are.
const maxRunning = 5

// postgres is a model of a server: transactions that overlap, a log in commit order, snapshots, a replication slot.
type postgres struct {
	rng    *rand.Rand
	nulls  bool // some rows have no tenant, commits are often hidden for a while, one table is small
	tables []*table
	now    []rows // committed, by table
	seen   []rows // of them, what queries see

	nextXID uint64
	maxDone uint64 // highest xid that has ended
	open    []*transaction
	hidden  []*transaction // in the log, but not yet visible to queries; they keep their locks
	lsn     uint64

	log []*transaction // committed, in order

	confirmed uint64 // acknowledged by the client
	flushed   uint64 // of it, what survives a crash of the server
}

type transaction struct {
	xid     uint64
	lsn     uint64
	changes []modelChange
	locked  map[lock]bool
	alone   bool // truncates: no other may be open
}

type lock struct {
	table int
	id    string
}

type modelChange struct {
	op       change.Op
	table    int
	version  int
	old, new *row
}

func newPostgres(rng *rand.Rand) *postgres {
	p := &postgres{
		rng:    rng,
		tables: []*table{{oid: 100, name: "items"}, {oid: 200, name: "notes"}},
		now:    []rows{{}, {}},
		seen:   []rows{{}, {}},
		lsn:    []uint64{1 << 20, 1<<63 - 500, 1<<64 - 1<<20}[rng.IntN(3)],
	}
	// Often just before the 32-bit ids wrap around.
	p.nextXID = []uint64{1000, 1<<32 - 5, 1<<32 - 40, 7<<32 + 1<<31 - 20}[rng.IntN(4)]
	p.maxDone = p.nextXID - 1
	p.confirmed, p.flushed = p.lsn, p.lsn
	return p
}

func (p *postgres) begin() bool {
	if len(p.open)+len(p.hidden) >= maxRunning || slices.ContainsFunc(p.open, func(t *transaction) bool { return t.alone }) {
		return false
	}
	p.open = append(p.open, &transaction{xid: p.nextXID, locked: map[lock]bool{}})
	p.nextXID++
	return true
}

// view is the table as t sees it: rows that others have locked are left out, so that nothing waits.
func (p *postgres) view(t *transaction, n int) rows {
	v := maps.Clone(p.now[n])
	t.apply(v, n)
	return v
}

// apply does to the rows of a table what t does.
func (t *transaction) apply(v rows, n int) {
	for _, c := range t.changes {
		if c.table != n {
			continue
		}
		if c.op == change.Truncate {
			clear(v)
		}
		if c.old != nil {
			delete(v, c.old.id)
		}
		if c.new != nil {
			v[c.new.id] = *c.new
		}
	}
}

func (p *postgres) lock(t *transaction, n int, id string) bool {
	l := lock{n, id}
	for _, other := range append(slices.Clone(p.open), p.hidden...) {
		if other != t && (other.locked[l] || other.alone) {
			return false
		}
	}
	t.locked[l] = true
	return true
}

// statement runs one random statement in one of the open transactions.
func (p *postgres) statement() bool {
	if len(p.open) == 0 {
		return false
	}
	t := p.open[p.rng.IntN(len(p.open))]
	n := p.rng.IntN(len(p.tables)+1) / 2 // items twice as often
	if p.nulls {
		n = p.rng.IntN(len(p.tables))
	}
	c := modelChange{table: n, version: p.tables[n].version}
	v := p.view(t, n)
	fresh := row{id: strconv.Itoa(p.rng.IntN(12)), tenant: strconv.Itoa(p.rng.IntN(3)), title: p.title()}
	if p.nulls && p.rng.IntN(12) == 0 {
		fresh.tenant = null
	}
	if p.nulls && n == 1 {
		fresh.id = strconv.Itoa(p.rng.IntN(4)) // few rows, so that values come and go
	}
	ids := slices.Sorted(maps.Keys(v))
	if p.rng.IntN(150) == 0 && len(p.open) == 1 && len(p.hidden) == 0 {
		t.alone = true
		c.op = change.Truncate
		t.changes = append(t.changes, c)
		return true
	}
	switch kind := p.rng.IntN(10); {
	case kind < 4 || len(ids) == 0:
		if _, exists := v[fresh.id]; exists || !p.lock(t, n, fresh.id) {
			return false
		}
		c.op, c.new = change.Insert, &fresh
	default:
		old := v[ids[p.rng.IntN(len(ids))]]
		if !p.lock(t, n, old.id) {
			return false
		}
		c.old = &old
		switch {
		case kind < 6:
			c.op = change.Delete
		case kind < 7: // to another key
			if _, exists := v[fresh.id]; exists || !p.lock(t, n, fresh.id) {
				return false
			}
			c.op, c.new = change.Update, &fresh
		case kind < 8: // without effect
			same := old
			c.op, c.new = change.Update, &same
		default:
			fresh.id = old.id
			if p.rng.IntN(2) == 0 {
				fresh.tenant = old.tenant
			}
			c.op, c.new = change.Update, &fresh
		}
	}
	t.changes = append(t.changes, c)
	return true
}

func (p *postgres) title() string {
	return []string{"", "a", `b"/\`, "größe", fmt.Sprint(p.rng.IntN(1000))}[p.rng.IntN(5)]
}

// end commits one of the open transactions, or rolls it back.
func (p *postgres) end() bool {
	if len(p.open) == 0 {
		return false
	}
	i := p.rng.IntN(len(p.open))
	t := p.open[i]
	p.open = slices.Delete(p.open, i, i+1)
	if p.rng.IntN(12) == 0 {
		p.maxDone = max(p.maxDone, t.xid)
		return true
	}
	for n := range p.now {
		p.now[n] = p.view(t, n)
	}
	p.lsn += 8 + p.rng.Uint64N(90)
	t.lsn = p.lsn
	p.log = append(p.log, t)
	p.hidden = append(p.hidden, t)
	if n := p.rng.IntN(3); n > 1 || n > 0 && !p.nulls {
		p.show(len(p.hidden) - 1)
	}
	return true
}

// appear makes one of the hidden transactions visible.
func (p *postgres) appear() bool {
	if len(p.hidden) == 0 {
		return false
	}
	p.show(p.rng.IntN(len(p.hidden)))
	return true
}

func (p *postgres) show(i int) {
	t := p.hidden[i]
	p.hidden = slices.Delete(p.hidden, i, i+1)
	p.maxDone = max(p.maxDone, t.xid)
	for n := range p.seen {
		t.apply(p.seen[n], n)
	}
}

// addColumn makes a new version of a table, while nobody uses it.
func (p *postgres) addColumn() bool {
	if len(p.open)+len(p.hidden) > 0 {
		return false
	}
	p.tables[p.rng.IntN(len(p.tables))].version++
	return true
}

// snapshot is what a query that begins now sees.
func (p *postgres) snapshot(n int) (pg.Snapshot, rows) {
	s := pg.Snapshot{Xmax: p.maxDone + 1}
	s.Xmin = s.Xmax
	for _, t := range append(slices.Clone(p.open), p.hidden...) {
		if t.xid < s.Xmax {
			s.Xip = append(s.Xip, t.xid)
			s.Xmin = min(s.Xmin, t.xid)
		}
	}
	slices.Sort(s.Xip)
	return s, maps.Clone(p.seen[n])
}

// at is a table with the transactions that a snapshot contains, and all others up to lsn.
func (p *postgres) at(n int, s pg.Snapshot, lsn uint64) rows {
	v := rows{}
	for _, t := range p.log {
		if t.lsn <= lsn || s.Visible(uint32(t.xid)) {
			t.apply(v, n)
		}
	}
	return v
}

// stream is a replication connection: it sends the log from where the slot is.
type stream struct {
	pg        *postgres
	next      int // in pg.log
	fragments []any
	relations map[[2]int]*change.Relation // by table and version; one connection to the next keeps them
	described map[int]*change.Relation
	batch     int
	told      uint64 // the last position that was told without a transaction
}

func (p *postgres) connect(batch int, relations map[[2]int]*change.Relation) *stream {
	s := &stream{pg: p, batch: batch, relations: relations, described: map[int]*change.Relation{}}
	for s.next < len(p.log) && p.log[s.next].lsn <= p.confirmed {
		s.next++
	}
	return s
}

func (s *stream) relation(n, version int) *change.Relation {
	key := [2]int{n, version}
	if r := s.relations[key]; r != nil {
		return r
	}
	t := s.pg.tables[n]
	r := &change.Relation{OID: t.oid, Schema: "public", Name: t.name, ReplicaIdentity: 'f'}
	for _, name := range []string{"id", "tenant", "title"} {
		r.Columns = append(r.Columns, change.Column{Name: name, TypeOID: 25})
	}
	for i := range version {
		r.Columns = append(r.Columns, change.Column{Name: fmt.Sprint("extra", i), TypeOID: 25})
	}
	s.relations[key] = r
	return r
}

func tuple(r *row, version int) change.Tuple {
	if r == nil {
		return nil
	}
	t := append(change.Tuple{[]byte(r.id), []byte(r.tenant), []byte(r.title)}, make(change.Tuple, version)...)
	if r.tenant == null {
		t[1] = nil
	}
	return t
}

// receive returns the next event of the stream, a *change.Fragment or a *change.Relation; nil if there is none.
func (s *stream) receive() any {
	if len(s.fragments) == 0 {
		if s.next == len(s.pg.log) {
			return nil
		}
		s.cut(s.pg.log[s.next])
		s.next++
	}
	e := s.fragments[0]
	s.fragments = s.fragments[1:]
	return e
}

// cut makes the events of a transaction. The last change is kept for the fragment with the commit.
func (s *stream) cut(t *transaction) {
	f := &change.Fragment{XID: uint32(t.xid), LSN: t.lsn, Begin: true}
	emit := func() {
		f.Last = shape.Offset{Tx: t.lsn}
		if n := len(f.Changes); n > 0 {
			f.Last.Op = f.Changes[n-1].Pos
		}
		f.Retained = 1
		s.fragments = append(s.fragments, f)
		f = &change.Fragment{XID: uint32(t.xid), LSN: t.lsn}
	}
	for i, c := range t.changes {
		rel := s.relation(c.table, c.version)
		if s.described[c.table] != rel {
			s.described[c.table] = rel
			s.fragments = append(s.fragments, rel)
		}
		if len(f.Changes) == s.batch-1 {
			emit()
		}
		f.Changes = append(f.Changes, change.Change{Op: c.op, Relation: rel, Old: tuple(c.old, c.version), New: tuple(c.new, c.version), Pos: int64(2 * i)})
	}
	f.Commit = &change.Commit{Changes: len(t.changes), EndLSN: t.lsn + 8}
	emit()
}

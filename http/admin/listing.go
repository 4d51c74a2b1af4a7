package admin

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"leyden/actors/status"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// listing is what GET /v1/shapes is asked for.
type listing struct {
	after shape.ID
	limit int
	order order

	table, state, where, handle string // "" for any
	waiting                     *bool
}

// order is by one property; the ids decide between equals.
type order struct {
	by      string
	reverse bool
}

var orders = []string{"id", "handle", "table", "where", "waiting", "last_read", "rows", "items", "bytes"}

// id reports whether the order is the one in which shapes are kept, which alone can be continued.
func (o order) id() bool { return o.by == "id" && !o.reverse }

func parseListing(q url.Values) (*listing, error) {
	if err := only(q, "after", "limit", "sort", "table", "state", "where", "handle", "waiting"); err != nil {
		return nil, err
	}
	l := &listing{limit: defaultLimit, table: q.Get("table"), state: q.Get("state"), where: q.Get("where"), handle: q.Get("handle")}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxLimit {
			return nil, bad("limit", "want a number from 1 to "+strconv.Itoa(maxLimit))
		}
		l.limit = n
	}
	l.order.by = cmp.Or(q.Get("sort"), "id")
	l.order.by, l.order.reverse = strings.CutPrefix(l.order.by, "-")
	if !slices.Contains(orders, l.order.by) {
		return nil, bad("sort", "want one of "+strings.Join(orders, ", ")+", with a - before it for the reverse")
	}
	if text := q.Get("after"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		switch {
		case err != nil:
			return nil, bad("after", "want the value of next in the page before")
		case !l.order.id():
			return nil, bad("after", "only the order of ids can be continued")
		}
		l.after = shape.ID(n)
	}
	if l.state != "" && !slices.Contains([]string{"making", "snapshot", "live", "removed"}, l.state) {
		return nil, bad("state", "want making, snapshot, live or removed")
	}
	if text := q.Get("waiting"); text != "" {
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, bad("waiting", "want true or false")
		}
		l.waiting = &b
	}
	return l, nil
}

// wants reports whether e is to be listed. A table is given with its schema or without.
func (l *listing) wants(a *API, e *status.Entry) bool {
	switch {
	case l.table != "" && l.table != e.Def.Table.Name && l.table != table(e):
	case l.handle != "" && !strings.HasPrefix(e.Handle.String(), l.handle):
	case l.where != "" && !strings.Contains(strings.ToLower(clause(e)), strings.ToLower(l.where)):
	case l.waiting != nil && *l.waiting != (e.Log() != nil && a.clients.Waiting(e.Log()) > 0):
	case l.state != "" && l.state != state(e):
	default:
		return true
	}
	return false
}

// key is a shape with what it is sorted by: a text or a number.
type key struct {
	entry  *status.Entry
	text   string
	number int64
}

func (a *API) key(ctx context.Context, o order, e *status.Entry) (key, error) {
	k := key{entry: e}
	log := e.Log()
	switch o.by {
	case "handle":
		k.text = e.Handle.String()
	case "table":
		k.text = table(e)
	case "where":
		k.text = clause(e)
	case "last_read":
		if at := a.engine.LastRead(e); !at.IsZero() {
			k.number = at.UnixNano()
		}
	case "waiting":
		if log != nil {
			k.number = int64(a.clients.Waiting(log))
		}
	case "rows", "items", "bytes":
		if log == nil {
			break
		}
		size, err := log.Size(ctx)
		if err != nil && !errors.Is(err, shapelog.ErrRemoved) {
			return k, err
		}
		k.number = map[string]int64{"rows": size.Rows, "items": size.Items, "bytes": size.Bytes}[o.by]
	}
	return k, nil
}

func (o order) compare(a, b key) int {
	c := cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.number, b.number), cmp.Compare(a.entry.ID, b.entry.ID))
	if o.reverse {
		return -c
	}
	return c
}

// selection keeps the first keys of an order: a heap whose top is the last of them.
type selection struct {
	order order
	limit int
	seen  int
	kept  []key
}

func (s *selection) Len() int           { return len(s.kept) }
func (s *selection) Less(i, j int) bool { return s.order.compare(s.kept[i], s.kept[j]) > 0 }
func (s *selection) Swap(i, j int)      { s.kept[i], s.kept[j] = s.kept[j], s.kept[i] }
func (s *selection) Push(x any)         { s.kept = append(s.kept, x.(key)) }
func (s *selection) Pop() any {
	last := s.kept[len(s.kept)-1]
	s.kept = s.kept[:len(s.kept)-1]
	return last
}

func (s *selection) offer(k key) {
	s.seen++
	switch {
	case len(s.kept) < s.limit:
		heap.Push(s, k)
	case s.order.compare(k, s.kept[0]) < 0:
		s.kept[0] = k
		heap.Fix(s, 0)
	}
}

// take gives what was kept, in order.
func (s *selection) take() []key {
	slices.SortFunc(s.kept, s.order.compare)
	return s.kept
}

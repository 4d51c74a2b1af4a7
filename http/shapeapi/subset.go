package shapeapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"leyden/actors/status"
	"leyden/internal/pg"
	"leyden/internal/pg/inspect"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
	"leyden/internal/where"
)

// compileSubset checks the subset of a request, nil when it is none (spec http-api §23.1). It runs once the table is known.
func (x *exchange) compileSubset() (*status.SubsetQuery, *failure) {
	if x.req.subset == nil {
		return nil, nil
	}
	fields := subsetCaster{tree: x.req.subset, problems: problems{}}
	text := fields.text("where")
	params := fields.params()
	order := fields.text("order_by")
	limit, hasLimit := fields.integer("limit", 1, "must be greater than 0")
	offset, hasOffset := fields.integer("offset", 0, "must be greater than or equal to 0")
	if (hasLimit || hasOffset) && order == "" && fields.problems["order_by"] == nil {
		fields.problems.add("order_by", "order_by is required when limit or offset is present")
	}
	if len(fields.problems) > 0 {
		return nil, invalid(problems{"subset": fields.problems})
	}
	q := &status.SubsetQuery{Limit: limit, Offset: offset, Mark: int32(x.api.opts.Random(math.MaxInt32 + 1))}
	cols := x.table.WhereColumns()
	if allowed := x.req.definition.queryable; allowed != nil {
		cols = slices.DeleteFunc(slices.Clone(cols), func(c where.Column) bool { return !slices.Contains(allowed, c.Name) })
	}
	if text != "" {
		clause, f := x.api.compile(text, params, cols, nil)
		if f != nil {
			return nil, f
		}
		q.Where = clause
	}
	if order != "" {
		if f := checkNUL("order_by", order, invalidSubset); f != nil {
			return nil, f
		}
		canonical, err := where.OrderBy(order, cols)
		if err != nil {
			return nil, whereFailure("order_by", err, invalidSubset)
		}
		q.OrderBy = canonical
	}
	return q, nil
}

// subsetCaster reads the fields of a subset.
type subsetCaster struct {
	tree     tree
	problems problems
}

func (c *subsetCaster) text(name string) string {
	inner := caster{tree: c.tree, problems: c.problems}
	return inner.text(name)
}

// params reads a map, or the text of a JSON object. Numbers and booleans count as their text.
func (c *subsetCaster) params() map[string]string {
	given := c.tree["params"]
	if text, ok := given.(string); ok {
		if blank(text) {
			return nil
		}
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil || dec.More() {
			c.problems.add("params", "params must be valid JSON")
			return nil
		}
		given = v
	} else if given == nil {
		return nil
	}
	object, ok := given.(tree)
	if !ok {
		c.problems.add("params", "params must be a JSON object")
		return nil
	}
	out := make(map[string]string, len(object))
	for k, v := range object {
		switch v := v.(type) {
		case string:
			out[k] = v
		case json.Number:
			out[k] = v.String()
		case bool:
			out[k] = strconv.FormatBool(v)
		default:
			c.problems.add("params", isInvalid)
			return nil
		}
	}
	return out
}

// integer reads an integer of at least least. given reports that the field is there.
func (c *subsetCaster) integer(name string, least int64, tooSmall string) (n int64, given bool) {
	var text string
	switch v := c.tree[name].(type) {
	case nil:
		return 0, false
	case json.Number:
		text = v.String()
	case string:
		if blank(v) {
			return 0, false
		}
		text = v
	default:
		c.problems.add(name, isInvalid)
		return 0, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		c.problems.add(name, isInvalid)
	case n < least:
		c.problems.add(name, tooSmall)
	}
	return n, true
}

// serveSubset answers with the rows of a one-off query (spec http-api §23.3).
func (x *exchange) serveSubset() {
	end, err := x.subsetOffset()
	if err != nil {
		x.fail(x.reading(err))
		return
	}
	s := x.newStream()
	defer s.release()
	x.prepared = true
	h := x.w.Header()
	h.Set("Cache-Control", cacheNone)
	h.Set("Electric-Snapshot", "true")
	h.Set("Electric-Handle", x.entry.Handle.String())
	h.Set("Electric-Offset", end.String())
	if !x.req.live {
		h.Set("Electric-Schema", string(x.table.Schema(x.entry.Def.Selected)))
	}
	x.chunked()
	rows := &subsetRows{s: s, mark: x.subset.Mark}
	err = x.api.engine.Subset(x.r.Context(), x.entry, *x.subset, rows)
	switch {
	case s.err != nil:
		x.abort()
	case err == nil:
		if !rows.known {
			err = errors.New("subset query ended without a snapshot")
			break
		}
		if err = s.write(subsetClosing); err != nil {
			x.abort()
		}
		if x.head {
			*s.buf = (*s.buf)[:0]
		}
		s.finish()
		return
	}
	if x.sent {
		x.api.opts.Logger.Warn("subset cut short", "handle", x.entry.Handle.String(), "error", err)
		x.abort()
	}
	x.fail(x.subsetFailure(err))
}

// subsetOffset is the end of the log for offset=now, and else what has been delivered of it, which a subset does not change:
// clients go on from what they are told here, and would miss what they skipped.
func (x *exchange) subsetOffset() (shape.Offset, error) {
	switch {
	case x.req.now:
		head, err := x.log.Head()
		return head.Latest, err
	case x.req.offset == shape.BeforeAll:
		return shape.FirstChunk, nil
	}
	return x.req.offset, nil
}

func (x *exchange) subsetFailure(err error) *failure {
	var value *snapshot.Error
	var failed *status.SnapshotError
	switch {
	case errors.As(err, &value) && value.Kind == snapshot.BadValue:
		// The reference gives a plain text here, and a list everywhere else.
		return invalid(problems{"subset": map[string]string{"where": value.Message}})
	case errors.As(err, &failed):
		return snapshotFailure(failed)
	case errors.Is(err, inspect.ErrUnavailable):
		return databaseUnreachable()
	}
	return x.reading(err)
}

var subsetClosing = []byte("]}")

// subsetRows writes the body of a subset answer as rows arrive. It is the sink of one query.
type subsetRows struct {
	s     *stream
	mark  int32
	known bool
}

// Known begins the body with what the query can see.
func (r *subsetRows) Known(s pg.Snapshot, lsn pg.LSN) error {
	if r.known {
		return errors.New("snapshot of a subset announced twice")
	}
	r.known = true
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"metadata":{"xmin":"%d","xmax":"%d","xip_list":[`, s.Xmin, s.Xmax)
	for i, xid := range s.Xip {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%d"`, xid)
	}
	fmt.Fprintf(&b, `],"database_lsn":"%d","snapshot_mark":%d}, "data":[`, uint64(lsn), r.mark)
	return r.s.write(b.Bytes())
}

// Row appends one row.
func (r *subsetRows) Row(row []byte) error {
	if r.s.x.head {
		return nil
	}
	return r.s.element(row, 1)
}

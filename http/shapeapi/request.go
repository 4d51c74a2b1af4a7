package shapeapi

import (
	"encoding/json"
	"strings"

	"leyden/internal/shape"
)

// request is what the parameters of a GET or POST mean once their types and their relations have been checked (spec http-api
// §7). The table, the clause and the subset are judged later.
type request struct {
	now    bool
	offset shape.Offset // without meaning when now
	handle string
	live   bool
	sse    bool
	cursor string

	definition definitionParams
	subset     tree // nil: not a subset request
}

// definitionParams are the parameters that make a shape's definition.
type definitionParams struct {
	table      string
	where      string
	params     map[string]string
	columns    []string // nil: not given
	queryable  []string // nil: not given
	replica    shape.Replica
	log        shape.LogMode
	compaction bool
}

// readRequest casts and checks parameters up to the point where the catalogue is needed. Errors of types and a missing
// offset are told together; then the first failing rule.
func readRequest(q tree) (request, *failure) {
	c := caster{tree: q, problems: problems{}}
	var req request
	req.definition = c.definition()
	offset := c.text("offset")
	req.handle = c.text("handle")
	req.live = flag(q, "live")
	if _, given := q["live_sse"]; given {
		req.sse = flag(q, "live_sse")
	} else {
		req.sse = c.boolean("experimental_live_sse", "live_sse")
	}
	req.cursor = cursorText(q["cursor"])
	req.subset = c.subset()
	if offset == "" && c.problems["offset"] == nil {
		c.problems.add("offset", "can't be blank")
	}
	if len(c.problems) > 0 {
		return request{}, invalid(c.problems)
	}

	if req.now = offset == "now"; !req.now {
		var err error
		if req.offset, err = shape.ParseOffset(offset); err != nil {
			return request{}, invalidParam("offset", "has invalid format")
		}
	}
	fresh := req.fresh()
	switch {
	case fresh:
		req.handle = ""
	case req.handle == "":
		return request{}, invalidParam("handle", "can't be blank when offset != -1")
	}
	switch {
	case req.live && req.now:
		return request{}, invalidParam("live", "can't be true when offset is 'now'")
	case req.live && fresh:
		return request{}, invalidParam("live", "can't be true when offset == -1")
	case req.sse && !req.live:
		return request{}, invalidParam("live_sse", "can't be true unless live is also true")
	}
	return req, nil
}

// caster reads typed parameters and collects what is wrong with them. Text of nothing but spaces is an absent parameter.
type caster struct {
	tree     tree
	problems problems
}

const isInvalid = "is invalid"

func (c *caster) definition() definitionParams {
	d := definitionParams{
		table:     c.text("table"),
		where:     c.text("where"),
		params:    c.params("params"),
		columns:   c.columns("columns"),
		queryable: c.columns("queryable_columns"),
	}
	switch c.text("replica") {
	case "", "default":
	case "full":
		d.replica = shape.ReplicaFull
	default:
		c.problems.add("replica", isInvalid)
	}
	switch c.text("log") {
	case "", "full":
	case "changes_only":
		d.log = shape.LogChangesOnly
	default:
		c.problems.add("log", isInvalid)
	}
	d.compaction = c.boolean("experimental_compaction", "experimental_compaction")
	return d
}

// text reads a text parameter, "" when it is absent.
func (c *caster) text(name string) string {
	switch v := c.tree[name].(type) {
	case nil:
	case string:
		if !blank(v) {
			return v
		}
	default:
		c.problems.add(name, isInvalid)
	}
	return ""
}

// boolean reads a strict boolean and reports what is wrong under the name told.
func (c *caster) boolean(name, told string) bool {
	switch v := c.tree[name].(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		switch {
		case v == "true" || v == "1":
			return true
		case v == "false" || v == "0" || blank(v):
			return false
		}
	}
	c.problems.add(told, isInvalid)
	return false
}

// params reads a flat map of texts. Its keys are judged where a clause uses them.
func (c *caster) params(name string) map[string]string {
	switch v := c.tree[name].(type) {
	case nil:
		return nil
	case string:
		if blank(v) {
			return nil
		}
	case tree:
		out := make(map[string]string, len(v))
		for k, value := range v {
			text, ok := value.(string)
			if !ok {
				c.problems.add(name, isInvalid)
				return nil
			}
			out[k] = text
		}
		return out
	}
	c.problems.add(name, isInvalid)
	return nil
}

// columns reads a column list: identifiers in text form, names taken as they are in list form. nil: not given.
func (c *caster) columns(name string) []string {
	switch v := c.tree[name].(type) {
	case nil:
		return nil
	case string:
		if blank(v) {
			return nil
		}
		names, err := parseColumns(v)
		if err != nil {
			c.problems.add(name, err.Error())
		}
		return names
	case []any:
		names := make([]string, 0, len(v))
		for _, item := range v {
			text, ok := item.(string)
			switch {
			case !ok:
				c.problems.add(name, isInvalid)
				return nil
			case text == "":
				c.problems.add(name, "Invalid zero-length identifier")
				return nil
			}
			names = append(names, text)
		}
		return names
	}
	c.problems.add(name, isInvalid)
	return nil
}

func (c *caster) subset() tree {
	switch v := c.tree["subset"].(type) {
	case nil:
		return nil
	case tree:
		return v
	case string:
		if blank(v) {
			return nil
		}
	}
	c.problems.add("subset", isInvalid)
	return nil
}

// flag reads the loose booleans of the protocol: any text but `false` is true. In a JSON body false is false.
func flag(q tree, name string) bool {
	v, given := q[name]
	return given && v != nil && v != false && v != "false"
}

// cursorText is the cursor as sent. It is never an error.
func cursorText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

const subsetPrefix = "subset__"

// foldSubset moves subset__x to subset.x. Any such key, even an unknown or empty one, makes a subset request.
func foldSubset(q tree) {
	var folded tree
	for k, v := range q {
		if name, ok := strings.CutPrefix(k, subsetPrefix); ok {
			if folded == nil {
				folded = tree{}
			}
			folded[name] = v
			delete(q, k)
		}
	}
	if folded == nil {
		return
	}
	given, _ := q["subset"].(tree)
	q["subset"] = overlay(given, folded)
}

// overlay returns a map with what is in over, and what is in under besides.
func overlay(under, over tree) tree {
	out := make(tree, len(under)+len(over))
	for k, v := range under {
		out[k] = v
	}
	for k, v := range over {
		out[k] = v
	}
	return out
}

// fresh reports whether the request begins before everything, or now: it may have a handle, which does not matter.
func (r *request) fresh() bool { return r.now || r.offset == shape.BeforeAll }

package shapeapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// readBody reads the JSON object of a POST (spec http-api §8). An empty body is an empty object.
func (x *exchange) readBody() (tree, *failure) {
	x.extendDeadline() // a client may be waiting for 100 Continue
	_ = x.rc.SetReadDeadline(time.Now().Add(x.api.cfg.ReadTimeout))
	raw, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	_ = x.rc.SetReadDeadline(time.Time{})
	x.clearDeadline()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, plumbing(http.StatusRequestEntityTooLarge, "Request body too large", "")
	case err != nil:
		return nil, plumbing(http.StatusBadRequest, "Failed to read request body", "")
	case len(raw) == 0:
		return tree{}, nil
	}
	return decodeBody(raw)
}

func decodeBody(raw []byte) (tree, *failure) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	if err == nil {
		if _, extra := dec.Token(); extra != io.EOF {
			err = errors.New("unexpected data after the JSON value")
		}
	}
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("unexpected end of input")
		}
		return nil, plumbing(http.StatusBadRequest, "Invalid JSON in request body", err.Error())
	}
	object, ok := v.(tree)
	if !ok {
		return nil, plumbing(http.StatusBadRequest, "Request body must be a JSON object", "")
	}
	return object, nil
}

// subsetKeys are the keys that a flat body gives to the subset. The shape's own go into the query string then.
var subsetKeys = [...]string{"where", "order_by", "limit", "offset", "params", "where_expr", "order_by_expr"}

// mergeBody lays a body over the folded query.
func mergeBody(q, body tree) tree {
	if len(body) == 0 {
		return q
	}
	main := overlay(nil, body)
	var subset tree
	if nested, ok := body["subset"].(tree); ok {
		subset = nested
		delete(main, "subset")
	} else {
		for _, key := range subsetKeys {
			v, ok := main[key]
			if !ok {
				continue
			}
			if subset == nil {
				subset = tree{}
			}
			subset[key] = v
			delete(main, key)
		}
	}
	out := overlay(q, main)
	if subset != nil {
		given, _ := q["subset"].(tree)
		out["subset"] = overlay(given, subset)
	}
	return out
}

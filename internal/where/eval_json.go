package where

import (
	"errors"

	"leyden/internal/where/array"
	"leyden/internal/where/jsonb"
)

var errKeyDims = errors.New("wrong number of array subscripts")

func (m *machine) callJSON(c *call, out *value) error {
	switch c.id {
	case fnJSONField, fnJSONFieldText, fnJSONElement, fnJSONElementText, fnJSONPath, fnJSONPathText, fnJSONExtract, fnJSONExtractText:
		return m.lookInto(c, out)
	case fnJSONTypeOf:
		name := ""
		if c.types[0] == tJSON {
			name = jsonb.JSONTypeOf(c.args[0].b)
		} else {
			name = jsonb.TypeOf(c.args[0].b)
		}
		m.print(out, func(b []byte) []byte { return append(b, name...) })
		return nil
	case fnJSONArrayLength:
		length := jsonb.JSONArrayLength
		if c.types[0] == tJSONB {
			length = func(b []byte) (int32, error) { return jsonb.ArrayLength(b) }
		}
		n, err := length(c.args[0].b)
		out.i = int64(n)
		return err
	case fnJSONBContains:
		out.setBool(jsonb.Contains(c.args[0].b, c.args[1].b))
		return nil
	case fnJSONBContained:
		out.setBool(jsonb.Contains(c.args[1].b, c.args[0].b))
		return nil
	case fnJSONBExists:
		out.setBool(jsonb.Exists(c.args[0].b, c.args[1].b))
		return nil
	case fnJSONBExistsAny, fnJSONBExistsAll:
		out.setBool(existsAmong(c))
		return nil
	}
	return m.changeJSON(c, out)
}

// existsAmong is ?| and ?&. NULL keys do not count.
func existsAmong(c *call) bool {
	all := c.id == fnJSONBExistsAll
	for w := array.Value(c.args[1].b).Walk(); ; {
		key, null, ok := w.Next()
		if !ok {
			return all
		}
		if !null && jsonb.Exists(c.args[0].b, key) != all {
			return !all
		}
	}
}

// pathOf is the steps of an operator's text[], or the texts of a function, nil for NULL. It lasts until the next call.
func (m *machine) pathOf(c *call) [][]byte {
	m.s.path = m.s.path[:0]
	if !c.types[1].isArray() {
		for i := range c.args[1:] {
			m.s.path = append(m.s.path, c.optionalText(i+1))
		}
		return m.s.path
	}
	for w := array.Value(c.args[1].b).Walk(); ; {
		step, null, ok := w.Next()
		if !ok {
			return m.s.path
		}
		if null {
			step = nil
		}
		m.s.path = append(m.s.path, step)
	}
}

// lookInto is -> and #>, and ->> and #>>, which give the text of what those find.
func (m *machine) lookInto(c *call, out *value) (err error) {
	doc, found, ok := c.args[0].b, []byte(nil), false
	if c.types[0] == tJSON {
		switch c.id {
		case fnJSONField, fnJSONFieldText:
			found, ok, err = jsonb.JSONField(doc, c.args[1].b)
		case fnJSONElement, fnJSONElementText:
			found, ok, err = jsonb.JSONElement(doc, int32(c.args[1].i))
		default:
			found, ok, err = jsonb.JSONPath(doc, m.pathOf(c))
		}
	} else {
		switch c.id {
		case fnJSONField, fnJSONFieldText:
			found, ok = jsonb.Field(doc, c.args[1].b)
		case fnJSONElement, fnJSONElementText:
			found, ok = jsonb.Element(doc, int32(c.args[1].i))
		default:
			found, ok = jsonb.Path(doc, m.pathOf(c))
		}
	}
	out.b, out.null = found, !ok
	if err != nil || !ok {
		return err
	}
	switch c.id {
	case fnJSONFieldText, fnJSONElementText, fnJSONPathText, fnJSONExtractText:
		if c.types[0] == tJSON {
			out.b, m.s.buf, out.null, err = jsonb.JSONText(m.s.buf, found)
		} else {
			out.b, m.s.buf, out.null = jsonb.Text(m.s.buf, found)
		}
	}
	return err
}

// changeJSON are the functions that make a new jsonb.
func (m *machine) changeJSON(c *call, out *value) (err error) {
	doc := jsonb.Value(c.args[0].b)
	if (c.id == fnJSONBDeleteKeys || c.id == fnJSONBDeletePath) && array.Value(c.args[1].b).Dims() > 1 {
		return errKeyDims
	}
	m.print(out, func(b []byte) []byte {
		switch c.id {
		case fnJSONBConcat:
			b = jsonb.Concat(b, doc, c.args[1].b)
		case fnJSONBDelete:
			b, err = jsonb.Delete(b, doc, m.pathOf(c)...)
		case fnJSONBDeleteKeys:
			b, err = jsonb.Delete(b, doc, m.pathOf(c)...)
		case fnJSONBDeleteAt:
			b, err = jsonb.DeleteElement(b, doc, int32(c.args[1].i))
		case fnJSONBDeletePath:
			b, err = jsonb.DeletePath(b, doc, m.pathOf(c))
		case fnJSONBStripNulls:
			b = jsonb.StripNulls(b, doc)
		default:
			err = ErrCorrupt
		}
		return b
	})
	return err
}

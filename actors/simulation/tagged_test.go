package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tagged replays the log of a shape with subqueries as clients do (spec where-and-subqueries §4.7.6), and takes nothing that a
// correct log does not have.
type tagged struct{ rows map[string]*taggedRow }

type taggedRow struct {
	value      map[string]*string
	tags       []string
	conditions []bool
}

type taggedMessage struct {
	Key     string             `json:"key"`
	Value   map[string]*string `json:"value"`
	Headers struct {
		Operation  string    `json:"operation"`
		Event      string    `json:"event"`
		Control    string    `json:"control"`
		Tags       []string  `json:"tags"`
		Removed    *[]string `json:"removed_tags"`
		Conditions []bool    `json:"active_conditions"`
		Patterns   []struct {
			Pos   int    `json:"pos"`
			Value string `json:"value"`
		} `json:"patterns"`
	} `json:"headers"`
}

func (c *tagged) values() map[string]map[string]*string {
	out := map[string]map[string]*string{}
	for key, r := range c.rows {
		out[key] = r.value
	}
	return out
}

func (c *tagged) apply(text string) error {
	var m taggedMessage
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	if m.Headers.Event != "" {
		return c.event(&m)
	}
	if m.Headers.Control != "" {
		return nil
	}
	if err := c.change(&m); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}

func (c *tagged) change(m *taggedMessage) error {
	r, exists := c.rows[m.Key]
	switch m.Headers.Operation {
	case "insert":
		if exists {
			return fmt.Errorf("insert of a row that exists")
		}
		r = &taggedRow{m.Value, m.Headers.Tags, m.Headers.Conditions}
		c.rows[m.Key] = r
	case "update":
		if !exists {
			return fmt.Errorf("update of a row that does not exist")
		}
		if m.Headers.Removed == nil {
			return fmt.Errorf("update without removed_tags")
		}
		maps.Copy(r.value, m.Value)
		left := slices.DeleteFunc(slices.Clone(r.tags), func(t string) bool { return slices.Contains(*m.Headers.Removed, t) })
		left = append(left, m.Headers.Tags...)
		if !slices.Equal(distinct(left), distinct(m.Headers.Tags)) {
			return fmt.Errorf("the tags that a client keeps are %q", left)
		}
		r.tags, r.conditions = m.Headers.Tags, m.Headers.Conditions
	case "delete":
		if !exists {
			return fmt.Errorf("delete of a row that does not exist")
		}
		delete(c.rows, m.Key)
		return nil
	default:
		return fmt.Errorf("operation %q", m.Headers.Operation)
	}
	if !r.included() {
		return fmt.Errorf("a row whose conditions do not hold")
	}
	return nil
}

func distinct(all []string) []string { return slices.Compact(slices.Sorted(slices.Values(all))) }

func (c *tagged) event(m *taggedMessage) error {
	in := m.Headers.Event == "move-in"
	if !in && m.Headers.Event != "move-out" {
		return fmt.Errorf("event %q", m.Headers.Event)
	}
	for key, r := range c.rows {
		touched := false
		for _, p := range m.Headers.Patterns {
			for _, tag := range r.tags {
				if slots := strings.Split(tag, "/"); p.Pos < len(slots) && slots[p.Pos] == p.Value {
					r.conditions[p.Pos], touched = in, true
				}
			}
		}
		if touched && !r.included() {
			delete(c.rows, key)
		}
	}
	return nil
}

func (r *taggedRow) included() bool {
	for _, tag := range r.tags {
		holds := true
		for pos, slot := range strings.Split(tag, "/") {
			holds = holds && (slot == "" || r.conditions[pos])
		}
		if holds {
			return true
		}
	}
	return false
}

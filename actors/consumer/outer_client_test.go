package consumer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// outerClient replays the log of a shape with subqueries as clients do (spec where-and-subqueries §4.7.6), and takes nothing that a
// correct log does not have.
type outerClient struct {
	rows map[string]*clientRow
}

type clientRow struct {
	value      map[string]*string
	tags       []string
	conditions []bool
}

type outerMessage struct {
	Key     *string            `json:"key"`
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

func (c *outerClient) apply(text []byte) error {
	var m outerMessage
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	if err := c.take(&m); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}

func (c *outerClient) take(m *outerMessage) error {
	switch {
	case m.Headers.Control != "":
		return nil
	case m.Headers.Event != "":
		c.event(m)
		return nil
	}
	row, there := c.rows[*m.Key]
	switch m.Headers.Operation {
	case "insert":
		if there {
			return fmt.Errorf("insert of a key that is there")
		}
		row = &clientRow{value: m.Value, tags: m.Headers.Tags, conditions: m.Headers.Conditions}
		c.rows[*m.Key] = row
	case "update":
		if !there {
			return fmt.Errorf("update of a key that is not there")
		}
		if m.Headers.Removed == nil {
			return fmt.Errorf("update without removed_tags")
		}
		maps.Copy(row.value, m.Value)
		left := slices.DeleteFunc(slices.Clone(row.tags), func(t string) bool { return slices.Contains(*m.Headers.Removed, t) })
		for _, t := range m.Headers.Tags {
			if !slices.Contains(left, t) {
				left = append(left, t)
			}
		}
		if !equalSets(left, m.Headers.Tags) {
			return fmt.Errorf("the tags that a client keeps are %q", left)
		}
		row.tags, row.conditions = m.Headers.Tags, m.Headers.Conditions
	case "delete":
		if !there {
			return fmt.Errorf("delete of a key that is not there")
		}
		delete(c.rows, *m.Key)
		return nil
	}
	if !row.included() {
		return fmt.Errorf("a row whose conditions do not hold")
	}
	return nil
}

func equalSets(a, b []string) bool {
	a, b = slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b)))
	return slices.Equal(a, b)
}

func (c *outerClient) event(m *outerMessage) {
	for key, row := range c.rows {
		touched := false
		for _, p := range m.Headers.Patterns {
			for _, tag := range row.tags {
				if slots := strings.Split(tag, "/"); p.Pos < len(slots) && slots[p.Pos] == p.Value {
					row.conditions[p.Pos] = m.Headers.Event == "move-in"
					touched = true
				}
			}
		}
		if touched && !row.included() {
			delete(c.rows, key)
		}
	}
}

func (r *clientRow) included() bool {
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

package simulation

import (
	"context"
	"encoding/json"
	"fmt"

	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// client follows one shape as a client of the server does: the snapshot, then the log from where it stands.
type client struct {
	synced bool // has the snapshot
	rows   map[string]map[string]*string
	at     shape.Offset
	items  []string // of the log, as read
	tagged *tagged  // in place of rows, of a shape with subqueries
}

// newClient returns a client that has nothing yet.
func newClient(outer bool) *client {
	if outer {
		return &client{tagged: &tagged{}}
	}
	return &client{}
}

// values are the rows that the client has.
func (c *client) values() map[string]map[string]*string {
	if c.tagged != nil {
		return c.tagged.values()
	}
	return c.rows
}

type message struct {
	Key      string             `json:"key"`
	Value    map[string]*string `json:"value"`
	OldValue map[string]*string `json:"old_value"`
	Headers  struct {
		Control    string   `json:"control"`
		Operation  string   `json:"operation"`
		LSN        string   `json:"lsn"`
		OpPosition int64    `json:"op_position"`
		TxIDs      []uint32 `json:"txids"`
		Last       bool     `json:"last"`
	} `json:"headers"`
}

// read brings the client up to the end of the log.
func (c *client) read(log *shapelog.Log) error {
	head, err := log.Head()
	if err != nil {
		return err
	}
	if !c.synced {
		if !head.SnapshotComplete {
			return nil
		}
		if err := c.snapshot(log, head); err != nil {
			return err
		}
	}
	if head.Latest.Less(c.at) {
		return nil // the server lost what was not synced; it will come again
	}
	err = log.ReadLog(c.at, head.Latest, func(block []byte, n int) error {
		items, err := split(block, n)
		if err != nil {
			return err
		}
		for _, text := range items {
			if err := c.apply(text); err != nil {
				return fmt.Errorf("item %s: %w", text, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if c.tagged != nil {
		c.at = head.Latest // its items do not all tell
	}
	if !head.Latest.Virtual() && c.at != head.Latest {
		return fmt.Errorf("the log ends at %s, its last item is at %s", head.Latest, c.at)
	}
	return nil
}

func split(block []byte, n int) ([]string, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(append(append([]byte{'['}, block...), ']'), &raw); err != nil {
		return nil, err
	}
	if len(raw) != n {
		return nil, fmt.Errorf("block of %d items has %d", n, len(raw))
	}
	out := make([]string, n)
	for i := range raw {
		out[i] = string(raw[i])
	}
	return out, nil
}

func (c *client) snapshot(log *shapelog.Log, head shapelog.Head) error {
	c.synced, c.rows, c.at = true, map[string]map[string]*string{}, shape.SnapshotEnd
	if c.tagged != nil {
		c.tagged.rows = map[string]*taggedRow{}
	}
	for n := range head.LastSnapshotChunk + 1 {
		err := log.ReadSnapshotChunk(context.Background(), n, func(block []byte, count int) error {
			items, err := split(block, count)
			if err != nil {
				return err
			}
			for _, text := range items {
				if c.tagged != nil {
					if err := c.tagged.apply(text); err != nil {
						return err
					}
					continue
				}
				var m message
				if err := json.Unmarshal([]byte(text), &m); err != nil {
					return err
				}
				if m.Headers.Control == "" {
					c.rows[m.Key] = m.Value
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *client) apply(text string) error {
	if c.tagged != nil {
		c.items = append(c.items, text)
		return c.tagged.apply(text)
	}
	var m message
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return err
	}
	var tx uint64
	if _, err := fmt.Sscan(m.Headers.LSN, &tx); err != nil {
		return err
	}
	offset := shape.Offset{Tx: tx, Op: m.Headers.OpPosition}
	if !c.at.Less(offset) {
		return fmt.Errorf("offset %s does not come after %s", offset, c.at)
	}
	c.at = offset
	c.items = append(c.items, text)
	old, exists := c.rows[m.Key]
	switch m.Headers.Operation {
	case "insert":
		if exists {
			return fmt.Errorf("insert of a row that exists")
		}
		c.rows[m.Key] = m.Value
	case "delete":
		if !exists {
			return fmt.Errorf("delete of a row that does not exist")
		}
		delete(c.rows, m.Key)
	case "update":
		if !exists {
			return fmt.Errorf("update of a row that does not exist")
		}
		for column, was := range m.OldValue {
			if old[column] == nil != (was == nil) || was != nil && *old[column] != *was {
				return fmt.Errorf("old value of %s is not what it was", column)
			}
		}
		merged := map[string]*string{}
		for column, v := range old {
			merged[column] = v
		}
		for column, v := range m.Value {
			merged[column] = v
		}
		c.rows[m.Key] = merged
	default:
		return fmt.Errorf("operation %q", m.Headers.Operation)
	}
	return nil
}

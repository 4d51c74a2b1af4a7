package follow

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"leyden/internal/shape"
)

type message struct {
	Key     *string `json:"key"`
	Value   Row     `json:"value"`
	Old     Row     `json:"old_value"`
	Headers struct {
		Operation     string   `json:"operation"`
		Control       string   `json:"control"`
		Relation      []string `json:"relation"`
		LSN           *string  `json:"lsn"`
		Position      *int64   `json:"op_position"`
		TxIDs         []uint32 `json:"txids"`
		KeyChangeTo   *string  `json:"key_change_to"`
		KeyChangeFrom *string  `json:"key_change_from"`
		GlobalLSN     *string  `json:"global_last_seen_lsn"`
		Xmin          string   `json:"xmin"`
		Xmax          string   `json:"xmax"`

		// Of shapes with subqueries.
		Event      string    `json:"event"`
		Tags       *[]string `json:"tags"`
		Removed    *[]string `json:"removed_tags"`
		Conditions *[]bool   `json:"active_conditions"`
		MoveIn     bool      `json:"is_move_in"`
		Patterns   []struct {
			Pos   int    `json:"pos"`
			Value string `json:"value"`
		} `json:"patterns"`
	} `json:"headers"`
}

const (
	controlUpToDate    = "up-to-date"
	controlSnapshotEnd = "snapshot-end"
	recentMax          = 40
)

// apply replays one message and returns its control word, if it is one.
func (f *Follower) apply(raw json.RawMessage) (control string, err error) {
	var m message
	if err := json.Unmarshal(raw, &m); err != nil {
		return "", fmt.Errorf("%s: %w", raw, err)
	}
	if m.Headers.Control != controlUpToDate && f.o.Subqueries && f.complete {
		switch again, err := f.repeated(raw); {
		case err != nil:
			return "", fmt.Errorf("%w: %s", err, raw)
		case again:
			return m.Headers.Control, nil
		}
		defer func() {
			if f.events() {
				f.since = append(f.since, logged{f.applied, string(raw)})
			}
		}()
	}
	f.remember(raw)
	switch {
	case m.Headers.Control != "":
		return m.Headers.Control, f.control(&m)
	case m.Headers.Event != "":
		if err = f.event(&m); err != nil {
			err = fmt.Errorf("%w: %s", err, raw)
		}
		return "", err
	case m.Key == nil || len(m.Headers.Relation) != 2:
		return "", fmt.Errorf("%s is neither a change nor a control message", raw)
	}
	switch {
	case !f.o.Subqueries && (m.Headers.Tags != nil || m.Headers.Removed != nil || m.Headers.Conditions != nil):
		err = errors.New("tags or active_conditions in a shape without subqueries")
	case m.Headers.MoveIn:
		err = f.movedRow(&m)
	case m.Headers.LSN == nil:
		err = f.snapshotRow(&m)
	default:
		err = f.change(&m)
	}
	if err != nil {
		err = fmt.Errorf("%w: %s", err, raw)
	}
	return "", err
}

func (f *Follower) control(m *message) error {
	switch m.Headers.Control {
	case controlUpToDate:
		if m.Headers.GlobalLSN == nil {
			return errors.New("up-to-date without global_last_seen_lsn")
		}
		lsn, err := strconv.ParseUint(*m.Headers.GlobalLSN, 10, 64)
		if err != nil {
			return fmt.Errorf("global_last_seen_lsn %q", *m.Headers.GlobalLSN)
		}
		if next := (shape.Offset{Tx: lsn}); f.events() && f.offset.Less(next) {
			f.offset = next
			f.since = slices.DeleteFunc(f.since, func(m logged) bool { return !next.Less(m.at) })
		}
		return f.endMove()
	case controlSnapshotEnd:
		if m.Headers.Xmin == "" || m.Headers.Xmax == "" {
			return errors.New("snapshot-end without xmin and xmax")
		}
		if f.complete {
			return f.moveEnds()
		}
		f.complete = true
	default:
		return fmt.Errorf("unexpected control message %s", m.Headers.Control)
	}
	return nil
}

func (f *Follower) snapshotRow(m *message) error {
	if f.complete || m.Headers.Operation != "insert" {
		return errors.New("a change without lsn after the snapshot")
	}
	return f.insert(m)
}

// movedRow is a row that comes with a move.
func (f *Follower) movedRow(m *message) error {
	switch {
	case f.members.move == nil:
		return errors.New("is_move_in without a move")
	case m.Headers.Operation != "insert" || m.Headers.LSN != nil || m.Headers.Position != nil || m.Headers.TxIDs != nil:
		return errors.New("a row of a move with the fields of a change")
	}
	f.members.move.rows++
	if err := f.unplaced(); err != nil {
		return err
	}
	return f.insert(m)
}

func (f *Follower) change(m *message) error {
	if err := f.endMove(); err != nil {
		return err
	}
	lsn, err := strconv.ParseUint(*m.Headers.LSN, 10, 64)
	if err != nil || m.Headers.Position == nil || *m.Headers.Position < 0 || len(m.Headers.TxIDs) != 1 {
		return errors.New("malformed lsn, op_position or txids")
	}
	if !f.complete {
		return errors.New("a logged change before snapshot-end")
	}
	at := shape.Offset{Tx: lsn, Op: *m.Headers.Position}
	if !f.applied.Less(at) {
		if f.events() && !f.o.Subqueries {
			return nil // after a reconnect the last transaction may come again
		}
		return fmt.Errorf("offset %s does not increase, last was %s", at, f.applied)
	}
	if (!f.events() || f.o.Subqueries) && !f.offset.Less(at) {
		return fmt.Errorf("offset %s was not asked for", at)
	}
	f.applied = at
	switch m.Headers.Operation {
	case "insert":
		return f.insert(m)
	case "update":
		return f.update(m)
	case "delete":
		return f.delete(m)
	}
	return fmt.Errorf("unexpected operation %q", m.Headers.Operation)
}

func (f *Follower) insert(m *message) error {
	f.normalise(m.Value)
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, there := f.rows[*m.Key]; there {
		return errors.New("insert of a key that is there")
	}
	if f.o.Subqueries {
		if err := f.joins(m); err != nil {
			return err
		}
	}
	f.rows[*m.Key] = m.Value
	return nil
}

func (f *Follower) update(m *message) error {
	f.normalise(m.Value)
	f.normalise(m.Old)
	f.mu.Lock()
	defer f.mu.Unlock()
	row, there := f.rows[*m.Key]
	if !there {
		return errors.New("update of a key that is not there")
	}
	if err := f.carriesKey(m, row); err != nil {
		return err
	}
	changes := 0
	for column, value := range m.Value {
		before, known := row[column]
		if !known {
			return fmt.Errorf("update of column %q, which the row does not have", column)
		}
		if !same(before, value) {
			changes++
			if old, told := m.Old[column]; f.o.Full && (!told || !same(old, before)) {
				return fmt.Errorf("old_value of %q is not what it was", column)
			}
		}
	}
	switch {
	case changes == 0 && !f.o.Subqueries: // else its conditions may have changed
		return errors.New("an update that changes nothing")
	case f.o.Full && len(m.Value) != len(row):
		return errors.New("an update of a full replica without all columns")
	case f.o.Full && len(m.Old) != changes:
		return errors.New("old_value has columns that did not change")
	case !f.o.Full && len(m.Old) != 0:
		return errors.New("old_value in a default replica")
	}
	maps.Copy(row, m.Value)
	if f.o.Subqueries {
		return f.stays(m)
	}
	return nil
}

func (f *Follower) delete(m *message) error {
	f.normalise(m.Value)
	f.mu.Lock()
	defer f.mu.Unlock()
	row, there := f.rows[*m.Key]
	if !there {
		return errors.New("delete of a key that is not there")
	}
	if err := f.carriesKey(m, row); err != nil {
		return err
	}
	for column, value := range m.Value {
		if !same(row[column], value) {
			return fmt.Errorf("the deleted row had another %q", column)
		}
	}
	if f.o.Full && len(m.Value) != len(row) {
		return errors.New("a delete of a full replica without all columns")
	}
	delete(f.rows, *m.Key)
	if f.o.Subqueries {
		return f.leaves(m)
	}
	return nil
}

// carriesKey checks that a change of a row has the row's key columns.
func (f *Follower) carriesKey(m *message, row Row) error {
	for _, column := range f.o.Key {
		if value, there := m.Value[column]; !there || !same(value, row[column]) {
			return fmt.Errorf("key column %q is missing or wrong", column)
		}
	}
	return nil
}

func (f *Follower) normalise(row Row) {
	for column, value := range row {
		if value != nil {
			text := f.o.Normal(column, *value)
			row[column] = &text
		}
	}
}

func (f *Follower) remember(raw json.RawMessage) {
	const longest = 600
	text := string(raw)
	if len(text) > longest {
		text = text[:longest] + "…"
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.recent) == recentMax {
		f.recent = append(f.recent[:0], f.recent[1:]...)
	}
	f.recent = append(f.recent, text)
	f.reached = f.applied
}

func same(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// writer runs random transactions, one after the other, on a connection of its own.
type writer struct {
	r      *rand.Rand
	conn   *pgx.Conn
	tables []*table
	tree   *tree // nil for none
	rotate bool  // may TRUNCATE

	committed, rolledBack, failed int
}

// run writes until ctx ends. Failures that concurrent writers cause each other are part of the plan.
func (w *writer) run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := w.transaction(context.WithoutCancel(ctx))
		var refused *pgconn.PgError
		switch {
		case errors.As(err, &refused):
			switch refused.Code {
			case "40P01", "40001", "23505", "23503", "55P03": // deadlock, serialization, unique, foreign key, lock timeout
				w.failed++
				continue
			}
			return fmt.Errorf("write: %w", err)
		case err != nil:
			return fmt.Errorf("write: %w", err)
		}
		if w.r.IntN(3) == 0 {
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(w.r.IntN(20)) * time.Millisecond):
			}
		}
	}
	return nil
}

func (w *writer) transaction(ctx context.Context) error {
	tx, err := w.conn.Begin(ctx)
	if err != nil {
		return err
	}
	if err := w.statements(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback(ctx))
	}
	if w.r.IntN(10) == 0 {
		w.rolledBack++
		return tx.Rollback(ctx)
	}
	w.committed++
	return tx.Commit(ctx)
}

func (w *writer) statements(ctx context.Context, tx pgx.Tx) error {
	if w.rotate && w.r.IntN(1500) == 0 {
		t := pick(w.r, w.tables)
		t.truncated.Store(time.Now().UnixNano())
		_, err := tx.Exec(ctx, "TRUNCATE "+t.name)
		return err
	}
	amount := w.r.IntN(100)
	if amount < 30 {
		if err := w.transfer(ctx, tx, 1+w.r.IntN(accounts), -amount); err != nil {
			return err
		}
	}
	if w.tree != nil && w.r.IntN(2) == 0 {
		for range 1 + w.r.IntN(5) {
			if _, err := tx.Exec(ctx, w.tree.change(w.r)); err != nil {
				return err
			}
		}
	}
	for range 1 + w.r.IntN(6) {
		t := pick(w.r, w.tables)
		if w.r.IntN(8) != 0 {
			if _, err := tx.Exec(ctx, w.statement(t)); err != nil {
				return err
			}
			continue
		}
		// A part of the transaction that does not happen.
		inner, err := tx.Begin(ctx)
		if err != nil {
			return err
		}
		if _, err := inner.Exec(ctx, w.statement(t)); err != nil {
			return errors.Join(err, inner.Rollback(ctx))
		}
		if err := inner.Rollback(ctx); err != nil {
			return err
		}
	}
	if amount < 30 {
		return w.transfer(ctx, tx, 1+w.r.IntN(accounts), amount)
	}
	return nil
}

// accounts is the number of rows of the ledger, whose balances add up to zero after every transaction.
const accounts = 20

const ledger = "CREATE TABLE ledger (id int PRIMARY KEY, balance int NOT NULL); INSERT INTO ledger SELECT i, 0 FROM generate_series(1, 20) i"

func (w *writer) transfer(ctx context.Context, tx pgx.Tx, account, amount int) error {
	_, err := tx.Exec(ctx, fmt.Sprintf("UPDATE ledger SET balance = balance + %d WHERE id = %d", amount, account))
	return err
}

// statement is a random change of a table.
func (w *writer) statement(t *table) string {
	some := fmt.Sprintf("id IN (SELECT id FROM %s ORDER BY random() LIMIT %d)", t.name, 1+w.r.IntN(5))
	switch w.r.IntN(13) {
	case 0, 1, 2, 3:
		return w.insert(t, 1+w.r.IntN(4))
	case 4, 5, 6:
		return fmt.Sprintf("UPDATE %s SET %s WHERE %s", t.name, w.assignments(t), some)
	case 7:
		return fmt.Sprintf("UPDATE %s SET id = id + %d WHERE id = (SELECT min(id) FROM %s)", t.name, t.nextID.Add(1)<<20, t.name)
	case 8:
		return fmt.Sprintf("UPDATE %s SET part = %s WHERE %s", t.name, quote(pick(w.r, []string{"p", "q", "r"})), some)
	case 9, 10:
		return fmt.Sprintf("DELETE FROM %s WHERE %s", t.name, some)
	case 11: // keeps the table small
		prune := fmt.Sprintf("DELETE FROM %[1]s WHERE id NOT IN (SELECT id FROM %[1]s ORDER BY id DESC LIMIT 250)", t.name)
		if w.r.IntN(6) != 0 {
			return prune
		}
		// Everybody waits for who changes every row, so it does not happen often.
		return prune + fmt.Sprintf(`; UPDATE %s SET "Odd ""Name" = %d`, t.name, w.r.IntN(4))
	}
	many, most := 100, 1000
	if t.toast != "" {
		many, most = 20, 100 // as many bytes: every client reads all of them
	}
	if w.r.IntN(8) == 0 {
		return w.insert(t, most)
	}
	return fmt.Sprintf("%s; UPDATE %s SET %s WHERE %s", w.insert(t, many), t.name, w.assignments(t), some)
}

func (w *writer) insert(t *table, rows int) string {
	names := []string{"id", "part", `"Odd ""Name"`}
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	if t.toast != "" {
		names = append(names, t.toast)
	}
	var tuples []string
	for range rows {
		values := []string{fmt.Sprint(t.nextID.Add(1)), quote(pick(w.r, []string{"p", "q", "r"})), fmt.Sprint(w.r.IntN(4))}
		for _, c := range t.columns {
			values = append(values, c.literal(w.r))
		}
		if t.toast != "" {
			values = append(values, w.large())
		}
		tuples = append(tuples, "("+strings.Join(values, ", ")+")")
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", t.name, strings.Join(names, ", "), strings.Join(tuples, ", "))
}

// large is a value that Postgres stores out of line, most of the time.
func (w *writer) large() string {
	if w.r.IntN(4) == 0 {
		return "'small'"
	}
	return fmt.Sprintf("repeat('%c', %d)", 'a'+rune(w.r.IntN(26)), 2500+w.r.IntN(2000))
}

func (w *writer) assignments(t *table) string {
	c := pick(w.r, t.columns)
	text := c.name + " = " + c.literal(w.r)
	if w.r.IntN(3) == 0 {
		text += fmt.Sprintf(`, "Odd ""Name" = %d`, w.r.IntN(4))
	}
	if t.toast != "" && w.r.IntN(4) == 0 {
		text += ", " + t.toast + " = " + w.large()
	}
	return text
}

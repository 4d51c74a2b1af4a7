package judge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// question is a statement, and its parameters if it has been prepared.
type question struct {
	sql      string
	prepared string // the name of a prepared statement, in place of sql
	args     [][]byte
}

// answer is the rows of a statement in text form, nil values being NULL, or the error that Postgres gives.
type answer struct {
	rows [][][]byte
	err  *pgconn.PgError
}

// askTimeout bounds one round of questions.
const askTimeout = 2 * time.Minute

// ask sends all questions at once. Each is a transaction of its own, so that an error is the error of one.
func ask(ctx context.Context, conn *pgconn.PgConn, questions []question) ([]answer, error) {
	if len(questions) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	p := conn.StartPipeline(ctx)
	for _, q := range questions {
		if q.prepared != "" {
			p.SendQueryPrepared(q.prepared, q.args, nil, nil)
		} else {
			p.SendQueryParams(q.sql, nil, nil, nil, nil)
		}
		p.SendPipelineSync()
	}
	answers, err := receive(p, len(questions))
	if closed := p.Close(); err == nil && closed != nil {
		err = closed
	}
	if err != nil {
		return nil, fmt.Errorf("ask Postgres: %w", err)
	}
	return answers, nil
}

func receive(p *pgconn.Pipeline, n int) ([]answer, error) {
	if err := p.Flush(); err != nil {
		return nil, err
	}
	answers := make([]answer, n)
	for i := range answers {
		for done := false; !done; {
			results, err := p.GetResults()
			if err != nil {
				if !errors.As(err, &answers[i].err) {
					return nil, err
				}
				continue
			}
			switch r := results.(type) {
			case *pgconn.ResultReader:
				for r.NextRow() {
					row := make([][]byte, len(r.Values()))
					for k, v := range r.Values() {
						row[k] = bytes.Clone(v)
					}
					answers[i].rows = append(answers[i].rows, row)
				}
				if _, err := r.Close(); err != nil && !errors.As(err, &answers[i].err) {
					return nil, err
				}
			case *pgconn.PipelineSync:
				done = true
			}
		}
	}
	return answers, nil
}

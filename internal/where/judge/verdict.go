package judge

import (
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"leyden/internal/where"
)

// Verdict is what comes of comparing one expression over one row.
//
// The rule: where Postgres has a value for the clause as it was written, ours is the same, and so is that of the canonical text.
// Where Postgres fails, ours fails. There is one exception: what folding has removed cannot fail, nor can what is not evaluated
// because the rest decides. So ours may have a value for a row for which the written clause fails, provided that the canonical text
// has that value in Postgres too, and that the part of the clause which fails there, when it stands alone, fails here as well.
// Two things are counted apart: a row with a letter whose case nobody can tell fails here alone, and where Postgres asks for the
// type of an untyped literal or for a collation, only the canonical text is compared.
type Verdict uint8

const (
	Agree     Verdict = iota // the same value
	BothFail                 // an error here and there
	FoldedOut                // a value here and for the canonical text, an error for what was written
	Differ
)

// result is what Postgres says of an expression for a row.
type result struct {
	text  []byte // nil for NULL
	err   *pgconn.PgError
	asked bool
}

func (r result) String() string {
	switch {
	case !r.asked:
		return "not asked"
	case r.err != nil:
		return fmt.Sprintf("error %s: %s", r.err.Code, r.err.Message)
	case r.text == nil:
		return "NULL"
	}
	return fmt.Sprintf("%q", r.text)
}

// ours is the value of a clause here.
type ours struct {
	truth where.Truth
	err   error
}

func (o ours) String() string {
	if o.err != nil {
		return "error: " + o.err.Error()
	}
	return [...]string{where.False: "false", where.True: "true", where.Null: "NULL"}[o.truth]
}

func (o ours) equals(r result) bool {
	if r.text == nil {
		return o.truth == where.Null
	}
	return o.truth != where.Null && (string(r.text) == "t") == (o.truth == where.True)
}

// judge compares ours with the clause as written, when that was asked, and with its canonical text.
func judge(o ours, written, canonical result) Verdict {
	switch {
	case o.err != nil:
		if canonical.err != nil && (!written.asked || written.err != nil) {
			return BothFail
		}
		return Differ
	case canonical.err != nil || !o.equals(canonical):
		return Differ
	case !written.asked:
		return Agree
	case written.err != nil:
		return FoldedOut
	case !o.equals(written):
		return Differ
	}
	return Agree
}

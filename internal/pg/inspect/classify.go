package inspect

import (
	"context"
	"errors"
	"fmt"

	"leyden/internal/pg/connect"
)

// classified tells trouble with the connection from what Postgres says to a question.
func classified(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	if connect.IsConnectionTrouble(err) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

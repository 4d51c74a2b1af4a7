package inspect

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Features is what the server can do.
type Features struct {
	// ServerVersion is server_version_num, such as 150006 for 15.6.
	ServerVersion int
}

// generatedColumnsSince is the first version whose publications can carry generated columns.
const generatedColumnsSince = 180000

// GeneratedColumns reports whether the server can replicate generated columns.
func (f Features) GeneratedColumns() bool { return f.ServerVersion >= generatedColumnsSince }

// Features asks the server once. Errors are those of Table, without ErrNotFound.
func (i *Inspector) Features(ctx context.Context) (Features, error) {
	if v := i.cache.Load().serverVersion; v != 0 {
		return Features{v}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	i.mu.Lock()
	generation := i.generation
	i.mu.Unlock()
	rows, err := i.db.Query(ctx, "SELECT pg_catalog.current_setting('server_version_num')::int4")
	if err != nil {
		return Features{}, fmt.Errorf("read the server's version: %w", classified(err))
	}
	version, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
	if err != nil {
		return Features{}, fmt.Errorf("read the server's version: %w", classified(err))
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.generation == generation {
		i.update(func(c *cache) { c.serverVersion = version })
	}
	return Features{version}, nil
}

package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// fromTemplate makes a database cluster in dir by copying one that is kept in the user's cache, which takes a fraction of
// the time of initdb. All clusters made so have the same system identifier.
func fromTemplate(ctx context.Context, b Binaries, o owner, dir, locale string) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return initCluster(ctx, b, o, dir, locale) // no home, no cache
	}
	cache = filepath.Join(cache, "leyden", "postgres")
	template := filepath.Join(cache, fmt.Sprintf("template-%s-%s", b.Version, locale))
	if _, err := os.Stat(template); err != nil {
		if err := makeTemplate(ctx, b, o, dir, locale, cache, template); err != nil {
			return err
		}
		return nil // the cluster in dir is what the template was copied from
	}
	if err := copyTree(template, dir); err != nil {
		return fmt.Errorf("copy the database template: %w", err)
	}
	return o.give(dir)
}

// makeTemplate makes a cluster in dir and keeps a copy of it. A template appears under its name only when it is whole.
func makeTemplate(ctx context.Context, b Binaries, o owner, dir, locale, cache, template string) error {
	if err := initCluster(ctx, b, o, dir, locale); err != nil {
		return err
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return nil // a cache that cannot be written is a slower start, not an error
	}
	part, err := os.MkdirTemp(cache, "part-")
	if err != nil {
		return nil
	}
	defer os.RemoveAll(part)
	if err := copyTree(dir, part); err != nil {
		return nil
	}
	// Somebody else may have been faster; theirs is as good.
	if err := os.Rename(part, template); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil
	}
	return nil
}

package pgserver

import (
	"context"
	"fmt"
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
		return makeTemplate(ctx, b, o, dir, locale, cache, template)
	}
	if err := copyTree(template, dir); err != nil {
		return fmt.Errorf("copy the database template: %w", err)
	}
	return o.give(dir)
}

// makeTemplate makes the cluster in dir and keeps a copy of it. A template appears under its name only when it is whole.
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
	os.Rename(part, template) // fails when somebody else was faster, and theirs is as good
	return nil
}

package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

const (
	fetchedVersion = embeddedpostgres.V17
	repository     = "https://repo1.maven.org/maven2"
)

// FindOrFetch is Find, and when nothing is installed a download that is kept for the next time. A download may take minutes.
func FindOrFetch(ctx context.Context) (Binaries, error) {
	b, err := Find()
	if err == nil || !errors.Is(err, ErrNoBinaries) || os.Getenv(BinEnv) != "" {
		return b, err
	}
	dir, err := fetchDir()
	if err != nil {
		return Binaries{}, err
	}
	if b, err := FindIn(dir); err == nil {
		return b, nil
	}
	type result struct {
		b   Binaries
		err error
	}
	done := make(chan result, 1)
	go func() { // the library takes no context: when ours ends the download is left alone, and ends with the process
		b, err := fetch(repository, dir)
		done <- result{b, err}
	}()
	select {
	case r := <-done:
		return r.b, r.err
	case <-ctx.Done():
		return Binaries{}, fmt.Errorf("download Postgres: %w", context.Cause(ctx))
	}
}

// fetchDir is where downloaded binaries are kept. Root's own cache cannot be entered by the user that root's servers run as.
func fetchDir() (string, error) {
	cache := "/var/cache"
	if os.Geteuid() != 0 {
		var err error
		if cache, err = os.UserCacheDir(); err != nil {
			return "", fmt.Errorf("download Postgres: %w", err)
		}
	}
	return filepath.Join(cache, "leyden", "postgres-"+string(fetchedVersion)), nil
}

// fetch downloads and unpacks binaries to dir. The library only does that on the way to a running server, so it is made to
// start one of no use; whether that works (it does not as root) is of no interest if the binaries are there afterwards.
func fetch(repository, dir string) (Binaries, error) {
	scratch, err := os.MkdirTemp("", "leyden-fetch-")
	if err != nil {
		return Binaries{}, fmt.Errorf("download Postgres: %w", err)
	}
	defer os.RemoveAll(scratch)
	port, err := freePort()
	if err != nil {
		return Binaries{}, err
	}
	server := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(fetchedVersion).
		BinaryRepositoryURL(repository).
		Port(uint32(port)).
		CachePath(filepath.Join(scratch, "archive")).
		RuntimePath(filepath.Join(scratch, "run")).
		DataPath(filepath.Join(scratch, "data")).
		BinariesPath(dir).
		Logger(io.Discard))
	started := server.Start()
	if started == nil {
		if err := server.Stop(); err != nil {
			return Binaries{}, fmt.Errorf("download Postgres: %w", err)
		}
	}
	b, err := FindIn(dir)
	if err != nil {
		return Binaries{}, fmt.Errorf("download Postgres: %w", errors.Join(started, err))
	}
	return b, nil
}

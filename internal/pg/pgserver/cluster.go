package pgserver

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// initCluster makes a database cluster in dir, which exists, is empty, and belongs to o.
func initCluster(ctx context.Context, b Binaries, o owner, dir, locale string) error {
	cmd := exec.CommandContext(ctx, b.path("initdb"), "-D", dir, "-U", superuser, "-A", "trust", "-E", "UTF8",
		"--locale="+locale, "--no-sync", "--no-instructions")
	if b.Major < 14 {
		cmd.Args = cmd.Args[:len(cmd.Args)-1] // --no-instructions came with 14
	}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: o.cred}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb in %s: %w\n%s", dir, err, out)
	}
	return nil
}

// defaultLocale compares text by code point and knows the letters of all scripts where the system has such a locale.
func defaultLocale() string {
	if runtime.GOOS == "linux" {
		return "C.UTF-8"
	}
	return "C"
}

// configure writes the configuration files of the cluster in dir. ALTER SYSTEM still overrides them.
func configure(dir string, settings map[string]string, hba []string, files map[string][]byte, o owner) error {
	var conf strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		value := strings.ReplaceAll(strings.ReplaceAll(settings[name], `\`, `\\`), `'`, `''`)
		fmt.Fprintf(&conf, "%s = '%s'\n", name, value)
	}
	access := strings.Join(append(slices.Clone(hba),
		"local all all trust",
		"local replication all trust",
		"host all all 127.0.0.1/32 trust",
		"host replication all 127.0.0.1/32 trust"), "\n") + "\n"
	all := map[string][]byte{"postgresql.conf": []byte(conf.String()), "pg_hba.conf": []byte(access)}
	maps.Copy(all, files)
	for name, content := range all {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return fmt.Errorf("configure Postgres: %w", err)
		}
		if err := o.give(path); err != nil {
			return fmt.Errorf("configure Postgres: %w", err)
		}
	}
	return nil
}

// isCluster reports whether dir holds a database cluster; an empty or absent directory does not.
func isCluster(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return false, fmt.Errorf("read %s: %w", dir, err)
	}
	if len(entries) == 0 {
		return false, nil
	}
	if _, err := os.Stat(filepath.Join(dir, "PG_VERSION")); err != nil {
		return false, fmt.Errorf("%s is neither empty nor a Postgres data directory", dir)
	}
	return true, nil
}

// copyTree copies the directories and regular files below from to the existing directory to.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == from {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.Mkdir(target, 0o700)
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := out.Close(); err == nil {
			err = cerr
		}
	}()
	_, err = io.Copy(out, in)
	return err
}

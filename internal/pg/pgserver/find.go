package pgserver

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// BinEnv names the environment variable that overrides the search for server binaries: a directory with initdb and postgres.
const BinEnv = "LEYDEN_POSTGRES_BIN"

// ErrNoBinaries reports that no server binaries are installed in a place that Find knows.
var ErrNoBinaries = errors.New("no Postgres server binaries found (set " + BinEnv + " to the directory with initdb and postgres)")

// Binaries is an installation of the Postgres server.
type Binaries struct {
	Dir     string // absolute, holds initdb and postgres
	Version string // as the server prints it, such as "15.6"
	Major   int    // such as 15
}

// Find looks for server binaries: in the directory that LEYDEN_POSTGRES_BIN names (then nowhere else), in PATH, and in the
// places where packages put them, newest major version first.
func Find() (Binaries, error) {
	if dir := os.Getenv(BinEnv); dir != "" {
		return FindIn(dir)
	}
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), installed()...) {
		if b, err := FindIn(dir); err == nil {
			return b, nil
		}
	}
	return Binaries{}, ErrNoBinaries
}

// FindIn reads the installation in dir, or in dir/bin.
func FindIn(dir string) (Binaries, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Binaries{}, fmt.Errorf("look for Postgres binaries: %w", err)
	}
	for _, d := range []string{dir, filepath.Join(dir, "bin")} {
		if executable(filepath.Join(d, "postgres")) && executable(filepath.Join(d, "initdb")) {
			return read(home(d))
		}
	}
	return Binaries{}, fmt.Errorf("%w: not in %s", ErrNoBinaries, dir)
}

// home is where the postgres of dir really is: a directory of the PATH may hold links to some programs of an installation only.
func home(dir string) string {
	if real, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres")); err == nil && executable(filepath.Join(filepath.Dir(real), "initdb")) {
		return filepath.Dir(real)
	}
	return dir
}

// installed lists the directories of known packages, newest major version first within each family.
func installed() []string {
	var dirs []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/usr/local/pgsql/bin",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
		"/usr/libexec/postgresql*",
	} {
		found, _ := filepath.Glob(pattern) // the patterns are well formed, which is the only error there is
		slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(number(b), number(a)) })
		dirs = append(dirs, found...)
	}
	return dirs
}

var digits = regexp.MustCompile(`[0-9]+`)

// number is the first number in a path, which is the major version in all patterns of installed.
func number(path string) int {
	n, _ := strconv.Atoi(digits.FindString(path))
	return n
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

func read(dir string) (Binaries, error) {
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return Binaries{}, fmt.Errorf("ask %s for its version: %w", filepath.Join(dir, "postgres"), err)
	}
	// "postgres (PostgreSQL) 15.6 (Debian 15.6-0+deb12u1)"
	_, rest, ok := strings.Cut(string(out), "(PostgreSQL) ")
	version := strings.FieldsFunc(rest, func(r rune) bool { return r == ' ' || r == '\n' })
	if !ok || len(version) == 0 {
		return Binaries{}, fmt.Errorf("ask %s for its version: unexpected answer %q", filepath.Join(dir, "postgres"), out)
	}
	return Binaries{Dir: dir, Version: version[0], Major: number(version[0])}, nil
}

func (b Binaries) path(program string) string { return filepath.Join(b.Dir, program) }

package pgserver

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// jar is what the repository serves: an archive of the installation in an archive. The programs call those of real.
func jar(t *testing.T, real Binaries) []byte {
	t.Helper()
	var archive bytes.Buffer
	tw := tar.NewWriter(&archive)
	for _, program := range []string{"initdb", "pg_ctl", "postgres"} {
		script := "#!/bin/sh\nexec " + filepath.Join(real.Dir, program) + ` "$@"` + "\n"
		require.NoError(t, tw.WriteHeader(&tar.Header{Name: "bin/" + program, Mode: 0o755, Size: int64(len(script))}))
		_, err := tw.Write([]byte(script))
		require.NoError(t, err)
	}
	require.NoError(t, tw.Close())
	xz := exec.Command("xz", "--stdout")
	xz.Stdin = &archive
	compressed, err := xz.Output()
	require.NoError(t, err)
	var out bytes.Buffer
	zw := zip.NewWriter(&out)
	w, err := zw.Create("postgres.txz")
	require.NoError(t, err)
	_, err = w.Write(compressed)
	require.NoError(t, err)
	require.NoError(t, zw.Close())
	return out.Bytes()
}

func TestFetchUnpacksWhatTheRepositoryHas(t *testing.T) {
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip("there is no xz to make an archive with")
	}
	real := Shared(t).Binaries()
	served := jar(t, real)
	repository := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, ".jar") {
			http.NotFound(w, r)
			return
		}
		w.Write(served)
	}))
	defer repository.Close()
	dir := filepath.Join(shortTemp(t), "fetched")
	b, err := fetch(repository.URL, dir)
	require.NoError(t, err)
	require.Equal(t, Binaries{Dir: filepath.Join(dir, "bin"), Version: real.Version, Major: real.Major}, b)

	s, err := Start(t.Context(), Options{Binaries: b, Settings: testSettings()})
	require.NoError(t, err)
	require.Equal(t, 1, value[int](t, connect(t, s.URL("postgres")), "SELECT 1"))
	require.NoError(t, s.Close())
}

func TestFetchWithoutARepositorySaysSo(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	_, err := fetch(gone.URL, filepath.Join(shortTemp(t), "fetched"))
	require.ErrorContains(t, err, "download Postgres")
}

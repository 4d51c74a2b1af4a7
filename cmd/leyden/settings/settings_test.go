package settings_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/cmd/leyden/settings"
	"leyden/internal/pg/connect"
)

var update = flag.Bool("update", false, "write docs/settings.md anew")

const databaseURL = "DATABASE_URL=postgresql://app:hunter2@db:5432/app"

// read reads the least environment that starts, and more.
func read(t *testing.T, more ...string) (*settings.Settings, settings.Remarks, error) {
	t.Helper()
	return settings.Read(append([]string{databaseURL, "ELECTRIC_INSECURE=true"}, more...))
}

func target(t *testing.T, url string) connect.Target {
	t.Helper()
	parsed, err := connect.Parse(url)
	require.NoError(t, err)
	return parsed
}

func TestDefaultsAreTheOnesOfTheReference(t *testing.T) {
	s, remarks, err := read(t)
	require.NoError(t, err)
	require.Zero(t, remarks)
	require.Equal(t, target(t, "postgresql://app:hunter2@db:5432/app"), s.Database.PooledURL)
	require.Equal(t, 20, s.Database.PoolSize)
	require.Equal(t, settings.Replication{
		StreamID: "default", PublicationRefresh: time.Minute, SchemaReconcile: time.Minute, FragmentChanges: 100,
	}, s.Replication)
	require.Equal(t, settings.HTTP{
		Port: 3000, LongPoll: 20 * time.Second, CacheMaxAge: 60, CacheStale: 300, Limits: settings.Limits{Initial: 300, Existing: 10000},
		SendTimeout: 30 * time.Second, ReadTimeout: 60 * time.Second, ConnRequests: 50,
	}, s.HTTP)
	require.Equal(t, settings.Shapes{
		ChunkBytes: 10 << 20, HibernateAfter: 30 * time.Second, Suspend: true, StallGrace: time.Minute, StackID: "single_stack", SubqueryBuffer: 1000,
	}, s.Shapes)
	require.Equal(t, settings.Storage{Dir: "./persistent"}, s.Storage)
	require.Equal(t, settings.Logging{Level: slog.LevelInfo, Colors: true}, s.Logging)
	require.Equal(t, -1, s.PrometheusPort)
}

func TestValuesAreReadAsTheReferenceReadsThem(t *testing.T) {
	for _, c := range []struct {
		env  string
		got  func(*settings.Settings) any
		want any
	}{
		{"ELECTRIC_PORT=8080", func(s *settings.Settings) any { return s.HTTP.Port }, 8080},
		{"ELECTRIC_PORT=8080abc", func(s *settings.Settings) any { return s.HTTP.Port }, 8080},
		{"ELECTRIC_PORT=", func(s *settings.Settings) any { return s.HTTP.Port }, 0},
		{"ELECTRIC_PROMETHEUS_PORT=9090", func(s *settings.Settings) any { return s.PrometheusPort }, 9090},
		{"ELECTRIC_PROMETHEUS_PORT=", func(s *settings.Settings) any { return s.PrometheusPort }, -1},
		{"ELECTRIC_LISTEN_ON_IPV6=yes", func(s *settings.Settings) any { return s.HTTP.IPv6 }, true},
		{"ELECTRIC_LISTEN_ON_IPV6=FALSE", func(s *settings.Settings) any { return s.HTTP.IPv6 }, true},
		{"ELECTRIC_LISTEN_ON_IPV6=false", func(s *settings.Settings) any { return s.HTTP.IPv6 }, false},
		{"ELECTRIC_LISTEN_ON_IPV6=0", func(s *settings.Settings) any { return s.HTTP.IPv6 }, false},
		{"ELECTRIC_LISTEN_ON_IPV6=", func(s *settings.Settings) any { return s.HTTP.IPv6 }, false},
		{"ELECTRIC_TCP_SEND_TIMEOUT=1500", func(s *settings.Settings) any { return s.HTTP.SendTimeout }, 1500 * time.Millisecond},
		{"ELECTRIC_TCP_SEND_TIMEOUT=1.5 sec", func(s *settings.Settings) any { return s.HTTP.SendTimeout }, 1500 * time.Millisecond},
		{"ELECTRIC_TCP_SEND_TIMEOUT=2m", func(s *settings.Settings) any { return s.HTTP.SendTimeout }, 2 * time.Minute},
		{"ELECTRIC_TCP_SEND_TIMEOUT=3min", func(s *settings.Settings) any { return s.HTTP.SendTimeout }, 3 * time.Minute},
		{"ELECTRIC_TCP_SEND_TIMEOUT=70msec", func(s *settings.Settings) any { return s.HTTP.SendTimeout }, 70 * time.Millisecond},
		{"ELECTRIC_LONG_POLL_TIMEOUT=500", func(s *settings.Settings) any { return s.HTTP.LongPoll }, 500 * time.Millisecond},
		{"ELECTRIC_REPLICATION_STREAM_ID=My_App", func(s *settings.Settings) any { return s.Replication.StreamID }, "my_app"},
		{"ELECTRIC_STORAGE=memory", func(s *settings.Settings) any { return s.Storage.Memory }, true},
		{"ELECTRIC_STORAGE=fast_file", func(s *settings.Settings) any { return s.Storage.Memory }, false},
		{"ELECTRIC_LOG_LEVEL=warn", func(s *settings.Settings) any { return s.Logging.Level }, slog.LevelWarn},
		{"ELECTRIC_LOG_COLORS=false", func(s *settings.Settings) any { return s.Logging.Colors }, false},
		{"ELECTRIC_QUERY_DATABASE_URL=postgres://q@q", func(s *settings.Settings) any { return s.Database.PooledURL }, target(t, "postgres://q@q")},
		{"ELECTRIC_POOLED_DATABASE_URL=", func(s *settings.Settings) any { return s.Database.PooledURL }, target(t, "postgresql://app:hunter2@db:5432/app")},
		{"ELECTRIC_EXPERIMENTAL_MAX_SHAPES=7", func(s *settings.Settings) any { return s.Shapes.Max }, 7},
		{`ELECTRIC_MAX_CONCURRENT_REQUESTS={"initial":0,"existing":1,"x":2}`, func(s *settings.Settings) any { return s.HTTP.Limits }, settings.Limits{Existing: 1}},
	} {
		s, _, err := read(t, c.env)
		require.NoError(t, err, c.env)
		require.Equal(t, c.want, c.got(s), c.env)
	}
}

func TestTheNewNameWinsOverItsAlias(t *testing.T) {
	s, _, err := read(t, "ELECTRIC_EXPERIMENTAL_MAX_SHAPES=7", "ELECTRIC_MAX_SHAPES=9",
		"ELECTRIC_QUERY_DATABASE_URL=postgres://old@q", "ELECTRIC_POOLED_DATABASE_URL=postgres://new@q")
	require.NoError(t, err)
	require.Equal(t, 9, s.Shapes.Max)
	require.Equal(t, target(t, "postgres://new@q"), s.Database.PooledURL)
}

func TestABadValueIsOneLineThatNamesTheSetting(t *testing.T) {
	for _, env := range []string{
		"DATABASE_URL=", "DATABASE_URL=mysql://u:hunter2@h/d", "DATABASE_URL=postgresql://h/d", "DATABASE_URL=postgresql://u:hunter2@/d",
		"DATABASE_URL=postgresql://u:hunter2%zz@h/d", "DATABASE_URL=postgresql://u:hunter2@h/d?sslmode=verify-full",
		"DATABASE_URL=postgresql://u:hunter2@h/d?replication=database", "DATABASE_URL=postgresql://u:hunter2@h:port/d",
		"ELECTRIC_POOLED_DATABASE_URL=hunter2", "ELECTRIC_QUERY_DATABASE_URL=hunter2",
		"ELECTRIC_DB_POOL_SIZE=0", "ELECTRIC_DB_POOL_SIZE=many", "ELECTRIC_DATABASE_TCP_KEEPALIVE_IDLE=0",
		"ELECTRIC_DATABASE_CA_CERTIFICATE_FILE=", "ELECTRIC_DATABASE_TCP_KEEPALIVE_COUNT=-1", "ELECTRIC_DATABASE_TCP_USER_TIMEOUT=-5s",
		"ELECTRIC_REPLICATION_STREAM_ID=my-app", "ELECTRIC_REPLICATION_STREAM_ID=", "ELECTRIC_REPLICATION_STREAM_ID=1a",
		"ELECTRIC_REPLICATION_STREAM_ID=" + strings.Repeat("x", 43), "ELECTRIC_REPLICATION_STREAM_ID=bücher",
		"ELECTRIC_PUBLICATION_ALTER_DEBOUNCE_TIME=x", "ELECTRIC_TWEAKS_PUBLICATION_REFRESH_PERIOD=1h",
		"ELECTRIC_TWEAKS_SCHEMA_RECONCILER_PERIOD=", "ELECTRIC_EXPERIMENTAL_MAX_TXN_SIZE=-1", "ELECTRIC_EXPERIMENTAL_MAX_BATCH_SIZE=0",
		"ELECTRIC_REPLICATION_IDLE_TIMEOUT=29s", "ELECTRIC_PORT=65536", "ELECTRIC_PORT=-1", "ELECTRIC_PORT=http", "ELECTRIC_PORT=99999999999999999999",
		"ELECTRIC_LONG_POLL_TIMEOUT=x", "ELECTRIC_CACHE_MAX_AGE=-1", "ELECTRIC_CACHE_STALE_AGE=x",
		"ELECTRIC_MAX_CONCURRENT_REQUESTS={}", `ELECTRIC_MAX_CONCURRENT_REQUESTS={"initial":1}`, `ELECTRIC_MAX_CONCURRENT_REQUESTS={"initial":1,"existing":-1}`,
		"ELECTRIC_MAX_CONCURRENT_REQUESTS=300", "ELECTRIC_TCP_SEND_TIMEOUT=0", "ELECTRIC_TCP_READ_TIMEOUT=1e400s", "ELECTRIC_TCP_READ_TIMEOUT=1..2s",
		"ELECTRIC_TWEAKS_CONN_MAX_REQUESTS=-1", "ELECTRIC_SHAPE_CHUNK_BYTES_THRESHOLD=0", "ELECTRIC_MAX_SHAPES=0", "ELECTRIC_EXPERIMENTAL_MAX_SHAPES=x",
		"ELECTRIC_CONSUMER_PARTITIONS=0", "ELECTRIC_SHAPE_SUSPEND_AFTER=x", "ELECTRIC_DATABASE_ID=../x",
		"ELECTRIC_SUBQUERY_BUFFER_MAX_TRANSACTIONS=x", "ELECTRIC_STORAGE=FILE", "ELECTRIC_STORAGE=legacy_file", "ELECTRIC_STORAGE=s3", "ELECTRIC_STORAGE_DIR=",
		"ELECTRIC_LOG_LEVEL=loud", "ELECTRIC_LOG_COLORS=", "ELECTRIC_PROMETHEUS_PORT=x", "ELECTRIC_OTEL_SAMPLING_RATIO=2", "ELECTRIC_OTEL_EXPORT_PERIOD=0",
		"ELECTRIC_SECRET=hunter2", "LEYDEN_ADMIN_ADDR=", "LEYDEN_ADMIN_ADDR=3100", "LEYDEN_ADMIN_ADDR=:3100", "LEYDEN_ADMIN_ADDR=localhost:", "LEYDEN_ADMIN_ADDR=localhost:http",
		"LEYDEN_ADMIN_ADDR=localhost:65536",
	} {
		_, _, err := read(t, env)
		require.Error(t, err, env)
		name, _, _ := strings.Cut(env, "=")
		line := settings.Line(err)
		require.True(t, strings.HasPrefix(line, "bad setting "+name+": "), "%s gives %q", env, line)
		require.NotContains(t, line, "\n", env)
		require.NotContains(t, line, "hunter2", env)
	}
}

func TestASecretOrItsAbsenceMustBeChosen(t *testing.T) {
	_, _, err := settings.Read([]string{databaseURL})
	require.EqualError(t, err, "ELECTRIC_SECRET: is required; to serve without a secret set ELECTRIC_INSECURE=true")
	_, _, err = settings.Read([]string{databaseURL, "ELECTRIC_SECRET="})
	require.Error(t, err)
	_, _, err = settings.Read([]string{"ELECTRIC_INSECURE=true"})
	require.ErrorContains(t, err, "DATABASE_URL: is required")
	s, _, err := settings.Read([]string{databaseURL, "ELECTRIC_SECRET=swordfish", "ELECTRIC_INSECURE=false"})
	require.NoError(t, err)
	require.Equal(t, "swordfish", s.HTTP.Secret.Reveal())
}

func TestOperatorsAreServedOnThisMachineOrWithASecret(t *testing.T) {
	s, _, err := read(t)
	require.NoError(t, err)
	require.Equal(t, settings.Admin{Host: "127.0.0.1", Port: 3100}, s.Admin)
	for _, addr := range []string{"localhost:0", "127.0.0.2:3100", "[::1]:3100", "none", "NONE"} {
		s, _, err := read(t, "LEYDEN_ADMIN_ADDR="+addr)
		require.NoError(t, err, addr)
		require.Equal(t, strings.EqualFold(addr, "none"), s.Admin.Off, addr)
	}
	for _, addr := range []string{"0.0.0.0:3100", "[::]:3100", "10.0.0.1:3100", "example.org:3100"} {
		_, _, err := read(t, "LEYDEN_ADMIN_ADDR="+addr)
		require.EqualError(t, err, "LEYDEN_ADMIN_SECRET: is required when LEYDEN_ADMIN_ADDR is not a loopback address: who reaches it can remove shapes", addr)
		s, _, err := read(t, "LEYDEN_ADMIN_ADDR="+addr, "LEYDEN_ADMIN_SECRET=swordfish")
		require.NoError(t, err, addr)
		require.Equal(t, "swordfish", s.Admin.Secret.Reveal())
		require.True(t, s.Admin.Given)
	}
}

func TestVerifyingTheServerNeedsTLS(t *testing.T) {
	_, _, err := settings.Read([]string{"DATABASE_URL=postgresql://u@h?sslmode=disable", "ELECTRIC_INSECURE=1", "ELECTRIC_DATABASE_CA_CERTIFICATE_FILE=ca.pem"})
	require.ErrorContains(t, err, "DATABASE_URL: sslmode=disable cannot be combined")
}

func TestWhatChangesNothingIsRemarked(t *testing.T) {
	_, remarks, err := read(t, "ELECTRIC_SHAPE_DB_SYNCHRONOUS=OFF", "ELECTRIC_PROCESS_SPAWN_OPTS={}", "ELECTRIC_STATSD_HOST=stats",
		"ELECTRIC_PROT=3000", "LEYDEN_NOTHING=1", "PATH=/bin", "ELECTRIC_EXPERIMENTAL_MAX_TXN_SIZE=1000")
	require.NoError(t, err)
	require.Equal(t, settings.Remarks{
		Ignored:  []string{"ELECTRIC_PROCESS_SPAWN_OPTS", "ELECTRIC_SHAPE_DB_SYNCHRONOUS"},
		NoEffect: []string{"ELECTRIC_STATSD_HOST"},
		Unknown:  []string{"ELECTRIC_PROT", "LEYDEN_NOTHING"},
	}, remarks)
}

func TestSecretsNeverPrint(t *testing.T) {
	s, _, err := settings.Read([]string{databaseURL, "ELECTRIC_SECRET=swordfish"})
	require.NoError(t, err)
	var printed strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&printed, verb, s)
		fmt.Fprintf(&printed, verb, s.HTTP.Secret)
		fmt.Fprintf(&printed, verb, &s.Database.URL)
	}
	slog.New(slog.NewTextHandler(&printed, nil)).Info("text", "settings", s, "secret", s.HTTP.Secret)
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("json", "settings", s, "secret", s.HTTP.Secret)
	asJSON, err := json.Marshal(s)
	require.NoError(t, err)
	printed.Write(asJSON)
	for _, word := range []string{"swordfish", "hunter2", fmt.Sprintf("%x", "swordfish")} {
		require.NotContains(t, printed.String(), word)
	}
	require.Contains(t, printed.String(), "[REDACTED]")
}

func TestThePageOfSettingsIsTheTable(t *testing.T) {
	const page = "../../../docs/settings.md"
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(settings.Markdown()), 0o644))
	}
	written, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, settings.Markdown(), string(written), "write it anew: go test ./cmd/leyden/settings -update")
}

func TestEverySettingStandsOnceAndIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range settings.Table() {
		require.False(t, seen[r.Name], r.Name)
		seen[r.Name] = true
		require.NotEmpty(t, r.Type, r.Name)
		require.NotEmpty(t, r.Default, r.Name)
		require.NotEmpty(t, r.Meaning, r.Name)
	}
}

func FuzzReadNeverPanicsNorLeaks(f *testing.F) {
	f.Add("ELECTRIC_TCP_SEND_TIMEOUT", "1.5s")
	f.Add("DATABASE_URL", "postgres://u:p@h")
	f.Fuzz(func(t *testing.T, name, value string) {
		_, _, err := settings.Read([]string{databaseURL, "ELECTRIC_INSECURE=true", name + "=" + value})
		if err != nil && strings.Contains(settings.Line(err), "\n") {
			t.Fatalf("%q is not one line", settings.Line(err))
		}
	})
}

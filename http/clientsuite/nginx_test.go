package clientsuite

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/internal/launch"
)

// nginxConf is a proxy as one would put it before the server: it caches what the server allows, lets one request through
// for all that ask the same at a time, and asks with the etag when an answer has become stale. Server-sent events go
// through unbuffered: nginx passes on a buffered answer only in full pieces.
const nginxConf = `
daemon off;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log warn;
events { worker_connections 1024; }
http {
  log_format suite escape=json '{"cache":"$upstream_cache_status","upstream":"$upstream_status","status":$status,"uri":"$request_uri"}';
  access_log %[1]s/access.log suite;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  proxy_cache_path %[1]s/cache keys_zone=shapes:10m;
  upstream leyden { server %[3]s; keepalive 64; }
  server {
    listen 127.0.0.1:%[2]d;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_read_timeout 90s;
    location / {
      error_page 418 = @events;
      if ($arg_live_sse = "true") { return 418; }
      proxy_pass http://leyden;
      proxy_cache shapes;
      proxy_cache_key $request_uri;
      proxy_cache_lock on;
      proxy_cache_lock_timeout 30s;
      proxy_cache_lock_age 30s;
      proxy_cache_revalidate on;
      proxy_cache_background_update on;
    }
    location @events {
      proxy_pass http://leyden;
      proxy_buffering off;
    }
  }
}
`

type nginx struct {
	url       string
	accessLog string
}

// startNginx runs nginx before the server at upstream until the test ends.
func startNginx(t *testing.T, upstream string) nginx {
	t.Helper()
	binary := findNginx(t)
	// Workers of an nginx started by root run as another user, who must be able to reach the directories.
	dir, err := os.MkdirTemp("", "leyden-nginx-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	port, err := launch.FreePort()
	require.NoError(t, err)
	conf := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, nginxConf, dir, port, strings.TrimPrefix(upstream, "http://")), 0o644))

	cmd := exec.Command(binary, "-c", conf, "-p", dir, "-e", filepath.Join(dir, "error.log"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		if t.Failed() {
			complaints, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Logf("nginx:\n%s%s", out.String(), complaints)
		}
		_ = cmd.Process.Signal(os.Interrupt) // fast shutdown; it has ended if this fails
		<-ended
	})
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) { // nginx tells nobody when it listens
		if c, err := net.Dial("tcp", address); err == nil {
			require.NoError(t, c.Close())
			return nginx{url: "http://" + address, accessLog: filepath.Join(dir, "access.log")}
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("nginx ended: %v\n%s", err, out.String())
		default:
		}
		require.Less(t, time.Since(begin), 10*time.Second, "nginx does not listen\n%s", out.String())
	}
}

func findNginx(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("the client suite needs nginx, and it is not in PATH: install it (Debian: apt-get install nginx-light)")
	return ""
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"leyden/internal/launch"
)

// firstSync: 200,000 rows of 200 bytes, for the client that causes the snapshot and for the ones after it.
func firstSync(ctx context.Context, s *stand) (figures []figure, err error) {
	p, err := s.open(ctx, `CREATE TABLE items (id int PRIMARY KEY, filler text NOT NULL);
		INSERT INTO items SELECT i, repeat(md5(i::text), 6) FROM generate_series(1, 200000) i; ANALYZE items`)
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, p.close(ctx)) }()
	var bare, cold, warm, file time.Duration
	var size int
	body := filepath.Join(s.dir, "body")
	for i := range 5 { // the best of each: noise only ever adds
		begin := time.Now()
		if _, err := p.conn.PgConn().CopyTo(ctx, io.Discard, "COPY (SELECT * FROM items) TO STDOUT"); err != nil {
			return nil, err
		}
		bare = least(bare, time.Since(begin))

		out, err := os.Create(body)
		if err != nil {
			return nil, err
		}
		params := url.Values{"table": {"items"}, "where": {fmt.Sprintf("id > %d", -i)}} // a new shape each time
		begin = time.Now()
		c := newClient(p, params)
		total, err := c.catchUp(ctx, nil)
		c.close()
		if err != nil {
			return nil, err
		}
		cold = least(cold, time.Since(begin))
		if total.inserts != 200_000 {
			return nil, fmt.Errorf("%d rows in place of 200,000", total.inserts)
		}
		size = total.bytes

		c = newClient(p, params)
		if _, err := c.catchUp(ctx, out); err != nil {
			return nil, err
		}
		c.close()
		if err := out.Close(); err != nil {
			return nil, err
		}
		for range 3 {
			begin = time.Now()
			if err := discardShape(ctx, p, params); err != nil {
				return nil, err
			}
			warm = least(warm, time.Since(begin))
		}
	}
	if file, err = serveAndRead(ctx, body); err != nil {
		return nil, err
	}
	mb := func(d time.Duration) float64 { return float64(size) / 1e6 / d.Seconds() }
	return []figure{
		{
			workload: "first sync of 200,000 rows × 200 bytes, cold", baseline: fmt.Sprintf("COPY TO STDOUT %s", bare.Round(time.Millisecond)),
			leyden: cold.Round(time.Millisecond).String(), ratio: fmt.Sprintf("%.2f ×", cold.Seconds()/bare.Seconds()), reach: "≤ 2 ×", met: cold <= 2*bare, electric: "6 ×",
		},
		{
			workload: "the same, warm", baseline: fmt.Sprintf("net/http with a file %s MB/s", thousands(mb(file))),
			leyden: thousands(mb(warm)) + " MB/s", ratio: fmt.Sprintf("%.2f", file.Seconds()/warm.Seconds()), reach: "≥ 0.4", met: warm.Seconds() <= file.Seconds()/0.4, electric: "150 MB/s",
		},
	}, nil
}

// discardShape reads a shape until it is up to date as cheaply as a client can, so that the server is what is measured.
func discardShape(ctx context.Context, p *place, params url.Values) error {
	q := url.Values{"table": params["table"], "where": params["where"], "offset": {"-1"}}
	for {
		h, _, err := discard(ctx, p.server.URL()+"/v1/shape?"+q.Encode())
		if err != nil {
			return err
		}
		if h["Electric-Up-To-Date"] != nil {
			return nil
		}
		q.Set("offset", h.Get("electric-offset"))
		q.Set("handle", h.Get("electric-handle"))
	}
}

func discard(ctx context.Context, url string) (http.Header, int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	n, err := io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusOK {
		err = errors.Join(err, errors.New(resp.Status))
	}
	return resp.Header, n, errors.Join(err, resp.Body.Close())
}

// serveAndRead times reading a file from a net/http server in a process of its own.
func serveAndRead(ctx context.Context, path string) (best time.Duration, err error) {
	port, err := launch.FreePort()
	if err != nil {
		return 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	cmd := exec.CommandContext(ctx, self, "-serve-file", address+"="+path)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() {
		err = closing(err, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
	}()
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			if err := c.Close(); err != nil {
				return 0, err
			}
			break
		}
		if time.Since(begin) > 10*time.Second {
			return 0, err
		}
	}
	for range 5 {
		begin := time.Now()
		if _, _, err := discard(ctx, "http://"+address+"/"); err != nil {
			return 0, err
		}
		best = least(best, time.Since(begin))
	}
	return best, nil
}

// fileServer serves one file at an address, given as address=path, until the process is killed.
func fileServer(what string) error {
	if what == "" {
		return nil
	}
	address, path, _ := strings.Cut(what, "=")
	return http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }))
}

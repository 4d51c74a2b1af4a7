package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// client follows a shape on one connection with as little work as possible: it counts inserts and decodes nothing.
type client struct {
	host   string
	query  string // table and where, encoded
	conn   net.Conn
	in     *bufio.Reader
	body   counter   // of the last answer
	out    io.Writer // gets every body, if there is one
	handle string
	offset string
	cursor string
	live   bool
}

// answer is what came for one request.
type answer struct {
	bytes    int
	inserts  int
	upToDate bool
}

func newClient(p *place, params url.Values) *client {
	return &client{host: strings.TrimPrefix(p.server.URL(), "http://"), query: params.Encode(), offset: "-1"}
}

// restart turns the client to the beginning of another shape.
func (c *client) restart(params url.Values) {
	c.query, c.handle, c.offset, c.cursor, c.live = params.Encode(), "", "-1", "", false
}

func (c *client) connect(ctx context.Context) (err error) {
	if c.conn, err = new(net.Dialer).DialContext(ctx, "tcp", c.host); err != nil {
		return err
	}
	c.in = bufio.NewReaderSize(c.conn, 4<<10)
	return nil
}

// twin is another client at the same place of the same shape, connected.
func (c *client) twin(ctx context.Context) (*client, error) {
	t := &client{host: c.host, query: c.query, handle: c.handle, offset: c.offset, cursor: c.cursor, live: c.live}
	return t, t.connect(ctx)
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close() // nothing depends on how it ends
	}
}

// send writes the next request.
func (c *client) send() error {
	var b strings.Builder
	b.WriteString("GET /v1/shape?" + c.query + "&offset=" + c.offset)
	if c.handle != "" {
		b.WriteString("&handle=" + c.handle)
	}
	if c.live {
		b.WriteString("&live=true&cursor=" + c.cursor)
	}
	b.WriteString(" HTTP/1.1\r\nHost: " + c.host + "\r\n\r\n")
	_, err := io.WriteString(c.conn, b.String())
	return err
}

// receive reads the answer to a request.
func (c *client) receive() (a answer, err error) {
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return a, err
	}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body) // what there is of it
		return a, fmt.Errorf("%s: %s", resp.Status, text)
	}
	c.body.reset(c.out)
	if _, err := c.body.ReadFrom(resp.Body); err != nil {
		return a, err
	}
	h := resp.Header
	c.handle, c.offset, c.cursor = h.Get("electric-handle"), h.Get("electric-offset"), h.Get("electric-cursor")
	c.live = h["Electric-Up-To-Date"] != nil
	return answer{bytes: c.body.bytes, inserts: c.body.inserts, upToDate: c.live}, nil
}

func (c *client) next() (answer, error) {
	if err := c.send(); err != nil {
		return answer{}, err
	}
	return c.receive()
}

// catchUp connects and reads until up to date; every body goes to out, if there is one.
func (c *client) catchUp(ctx context.Context, out io.Writer) (total answer, err error) {
	if err := c.connect(ctx); err != nil {
		return total, err
	}
	c.out = out
	defer func() { c.out = nil }()
	for !c.live {
		a, err := c.next()
		if err != nil {
			return total, err
		}
		total.bytes += a.bytes
		total.inserts += a.inserts
	}
	return total, nil
}

// await reads live until inserts inserts have come and the client is up to date.
func (c *client) await(ctx context.Context, inserts int) error {
	stop := context.AfterFunc(ctx, func() { _ = c.conn.SetDeadline(time.Unix(1, 0)) }) // the connection is not used further
	defer stop()
	for got := 0; got < inserts || !c.live; {
		a, err := c.next()
		if err != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		got += a.inserts
	}
	return nil
}

var insertion = []byte(`"operation":"insert"`)

// counter counts the inserts of a body while it passes: nothing is kept of it, so that what a client pays for memory is not
// taken for what the server does.
type counter struct {
	bytes, inserts int
	out            io.Writer
	buf            []byte
}

func (c *counter) reset(out io.Writer) { c.bytes, c.inserts, c.out = 0, 0, out }

// ReadFrom reads a whole body.
func (c *counter) ReadFrom(r io.Reader) (int64, error) {
	if c.buf == nil {
		c.buf = make([]byte, 4<<10)
	}
	kept := 0 // bytes before the next ones that may begin a match
	for {
		n, err := r.Read(c.buf[kept:])
		seen := c.buf[:kept+n]
		if c.out != nil {
			if _, err := c.out.Write(c.buf[kept : kept+n]); err != nil {
				return int64(c.bytes), err
			}
		}
		c.bytes += n
		if n > 0 {
			c.inserts += bytes.Count(seen, insertion)
			tail := seen[max(0, len(seen)-len(insertion)+1):]
			if at := bytes.LastIndex(seen, insertion); at >= 0 {
				tail = tail[min(len(tail), max(0, at+len(insertion)-(len(seen)-len(tail)))):]
			}
			full := kept+n == len(c.buf)
			kept = copy(c.buf, tail)
			if full && len(c.buf) < 256<<10 {
				c.buf = append(make([]byte, 0, 4*len(c.buf)), c.buf[:kept]...)
				c.buf = c.buf[:cap(c.buf)]
			}
		}
		if err == io.EOF {
			return int64(c.bytes), nil
		}
		if err != nil {
			return int64(c.bytes), err
		}
	}
}

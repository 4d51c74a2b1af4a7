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
	body   bytes.Buffer // of the last answer
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
	c.body.Reset()
	if _, err := c.body.ReadFrom(resp.Body); err != nil {
		return a, err
	}
	if resp.StatusCode != http.StatusOK {
		return a, fmt.Errorf("%s: %s", resp.Status, c.body.String())
	}
	h := resp.Header
	c.handle, c.offset, c.cursor = h.Get("electric-handle"), h.Get("electric-offset"), h.Get("electric-cursor")
	c.live = h["Electric-Up-To-Date"] != nil
	return answer{bytes: c.body.Len(), inserts: bytes.Count(c.body.Bytes(), []byte(`"operation":"insert"`)), upToDate: c.live}, nil
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
	for !c.live {
		a, err := c.next()
		if err != nil {
			return total, err
		}
		total.bytes += a.bytes
		total.inserts += a.inserts
		if out != nil {
			if _, err := out.Write(c.body.Bytes()); err != nil {
				return total, err
			}
		}
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

package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Client asks the API of a server. The zero value of HTTP is http.DefaultClient.
type Client struct {
	URL    string // http://host:port
	Secret string // "" for none
	HTTP   *http.Client
}

// ErrNotThere says that nothing answers at the address.
var ErrNotThere = errors.New("no server answers")

// Status asks how the server is.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	return ask[Status](ctx, c, http.MethodGet, "/v1/status", nil)
}

// Tree asks for the tree of supervision, with each consumer or only their numbers.
func (c *Client) Tree(ctx context.Context, consumers bool) (*Tree, error) {
	return ask[Tree](ctx, c, http.MethodGet, "/v1/tree?consumers="+strconv.FormatBool(consumers), nil)
}

// Restart restarts a part of the tree and waits until it is up and requests are served, no longer than timeout.
func (c *Client) Restart(ctx context.Context, path string, timeout time.Duration) (*Restarted, error) {
	return ask[Restarted](ctx, c, http.MethodPost, "/v1/restart", Restart{Path: path, TimeoutMS: timeout.Milliseconds()})
}

// Shapes asks for one page of shapes. The parameters are those of GET /v1/shapes.
func (c *Client) Shapes(ctx context.Context, q url.Values) (*Page, error) {
	return ask[Page](ctx, c, http.MethodGet, "/v1/shapes?"+q.Encode(), nil)
}

// Shape asks for one shape.
func (c *Client) Shape(ctx context.Context, handle string) (*Shape, error) {
	return ask[Shape](ctx, c, http.MethodGet, "/v1/shapes/"+url.PathEscape(handle), nil)
}

// Remove removes a shape. Its clients are told to fetch it anew.
func (c *Client) Remove(ctx context.Context, handle string) (*Shape, error) {
	return ask[Shape](ctx, c, http.MethodDelete, "/v1/shapes/"+url.PathEscape(handle), nil)
}

// ask makes one request. The error is or wraps ErrNotThere, a *Problem, or the error of ctx.
func ask[T any](ctx context.Context, c *Client, method, path string, body any) (*T, error) {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, content)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	if c.Secret != "" {
		req.Header.Set("Authorization", "Bearer "+c.Secret)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w at %s: %w", ErrNotThere, c.URL, errors.Unwrap(err))
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		p := &Problem{}
		if json.Unmarshal(answer, p) != nil || p.Code == "" {
			return nil, fmt.Errorf("%w at %s: what does is no admin API of Leyden (status %d)", ErrNotThere, c.URL, resp.StatusCode)
		}
		return nil, p
	}
	out := new(T)
	if err := json.Unmarshal(answer, out); err != nil {
		return nil, fmt.Errorf("%w at %s: what does is no admin API of Leyden: %w", ErrNotThere, c.URL, err)
	}
	return out, nil
}

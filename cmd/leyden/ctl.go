package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leyden/cmd/leyden/settings"
	"leyden/http/admin"
)

// Exit codes of ctl, beside 0 and the 1 of every other failure.
const (
	exitUsage     = 2 // the command line, or the server says that the request makes no sense
	exitNotThere  = 3 // no server answers
	exitRefused   = 4 // the secret is wrong or missing
	exitNotFound  = 5 // no such path or shape
	exitNotActive = 6 // the server is there and does not serve requests now
)

// exitError is an error that decides about the exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func exitCode(err error) int {
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	return 1
}

// ctl is what the subcommands have in common.
type ctl struct {
	addr       string
	secretFile string
	json       bool
	timeout    time.Duration
	now        func() time.Time
}

func ctlCommand() *cobra.Command {
	c := &ctl{now: time.Now}
	cmd := &cobra.Command{
		Use:   "ctl",
		Short: "Look into a running server, restart its parts, remove shapes",
		Long: `Speaks to the admin API of a running server. The server and this command find each other by the same variables:

  LEYDEN_ADMIN_ADDR     host:port, ` + settings.DefaultAdminAddr + ` unless it is set; or --addr
  LEYDEN_ADMIN_SECRET   needed if the server has one; or --secret-file

A server whose default port was in use has taken another one. It says so in its log, in the line "serving operators".

Exit codes: 0 it is done; 1 it failed; 2 the command line makes no sense; 3 no server answers; 4 the secret is wrong or
missing; 5 there is no such path or shape; 6 the server does not serve requests now (status, restart).`,
		Example: `  leyden ctl status
  leyden ctl tree
  leyden ctl restart streaming
  leyden ctl shapes --filter table=items --sort -bytes --limit 20
  leyden ctl rm 12345678-1700000000000000`,
	}
	flags := cmd.PersistentFlags()
	flags.StringVar(&c.addr, "addr", "", "host:port of the server's admin API (default $LEYDEN_ADMIN_ADDR, or "+settings.DefaultAdminAddr+")")
	flags.StringVar(&c.secretFile, "secret-file", "", "file with the secret (default $LEYDEN_ADMIN_SECRET)")
	flags.BoolVar(&c.json, "json", false, "print JSON as the server gives it; see docs/admin.md")
	flags.DurationVar(&c.timeout, "timeout", 30*time.Second, "how long to wait for an answer")
	cmd.AddCommand(c.statusCommand(), c.treeCommand(), c.restartCommand(), c.shapesCommand(), c.shapeCommand(), c.rmCommand())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.Args = usage(cobra.NoArgs)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{exitUsage, err} })
	for _, sub := range cmd.Commands() {
		sub.Args = usage(sub.Args)
	}
	return cmd
}

// usage gives errors of arguments their exit code.
func usage(args cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if err := args(cmd, given); err != nil {
			return &exitError{exitUsage, fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
		}
		return nil
	}
}

// client is the way to the server.
func (c *ctl) client() (*admin.Client, error) {
	addr := c.addr
	if addr == "" {
		addr = os.Getenv("LEYDEN_ADMIN_ADDR")
	}
	if addr == "" {
		addr = settings.DefaultAdminAddr
	}
	host, port, err := net.SplitHostPort(addr)
	switch {
	case strings.EqualFold(addr, "none"):
		return nil, &exitError{exitUsage, errors.New("LEYDEN_ADMIN_ADDR is none: such a server cannot be asked; name another by --addr")}
	case err != nil || port == "":
		return nil, &exitError{exitUsage, fmt.Errorf("%q is no address: want host:port", addr)}
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() || host == "" {
		host = "127.0.0.1" // what listens everywhere listens there
	}
	secret := os.Getenv("LEYDEN_ADMIN_SECRET")
	if c.secretFile != "" {
		b, err := os.ReadFile(c.secretFile)
		if err != nil {
			return nil, &exitError{exitUsage, fmt.Errorf("read the secret: %w", err)}
		}
		secret = strings.TrimSpace(string(b))
	}
	return &admin.Client{URL: "http://" + net.JoinHostPort(host, port), Secret: secret, HTTP: &http.Client{}}, nil
}

// ask calls f with a client, within the time.
func (c *ctl) ask(cmd *cobra.Command, f func(context.Context, *admin.Client) error) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), c.timeout)
	defer cancel()
	defer client.HTTP.CloseIdleConnections()
	return explain(f(ctx, client), c.timeout)
}

// explain says what can be done about an error, and gives it its exit code.
func explain(err error, timeout time.Duration) error {
	var p *admin.Problem
	var explained *exitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &explained):
		return err
	case errors.Is(err, admin.ErrNotThere):
		return &exitError{exitNotThere, fmt.Errorf("%w\nIs the server running, and is this its LEYDEN_ADMIN_ADDR? Its log has it in the line \"serving operators\"", err)}
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s (--timeout)", timeout)
	case !errors.As(err, &p):
		return err
	}
	switch p.Code {
	case "unauthorized", "forbidden":
		return &exitError{exitRefused, fmt.Errorf("the server refuses: %w", err)}
	case "bad_request":
		return &exitError{exitUsage, err}
	case "not_found":
		return &exitError{exitNotFound, errors.New(p.Message)}
	}
	return err
}

// print writes v as JSON, or as text.
func (c *ctl) print(out io.Writer, v any, text func(io.Writer)) error {
	if !c.json {
		text(out)
		return nil
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

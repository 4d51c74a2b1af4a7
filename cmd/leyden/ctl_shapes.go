package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"leyden/http/admin"
)

// pageSize is how many shapes are asked for at a time.
const pageSize = 1000

var filters = []string{"table", "state", "where", "handle", "waiting"}

func (c *ctl) shapesCommand() *cobra.Command {
	var given []string
	var sort string
	var limit int
	cmd := &cobra.Command{
		Use:     "shapes",
		Aliases: []string{"ls"},
		Short:   "List shapes",
		Long: `Lists shapes: id (within this process), handle, state, rows of the snapshot, items and bytes of the log, live requests that
wait, how many shapes it depends on, by the subqueries of its clause, and how many depend on it, when a client last read it, table and
where clause.

Filters, of which all must hold:
  table=items, table=public.items   its table
  state=making|snapshot|live        no snapshot to read yet; one that is not complete; all is there
  where=text                        the clause has the text in it, in whatever case
  handle=123                        the handle begins so
  waiting=true                      a client waits for its next change

Orders: id, handle, table, where, waiting, last_read, rows, items, bytes; a - before it reverses. An order by rows, items or
bytes measures every shape that is wanted, which takes a while with very many.`,
		Example: `  leyden ctl shapes
  leyden ctl shapes --filter table=items --filter waiting=true
  leyden ctl shapes --sort -bytes --limit 10
  leyden ctl shapes --limit 0 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := url.Values{"sort": {sort}}
			for _, f := range given {
				name, value, ok := strings.Cut(f, "=")
				if !ok || value == "" || !slices.Contains(filters, name) {
					return &exitError{exitUsage, fmt.Errorf("--filter %s: want one of %s, as name=value", f, strings.Join(filters, ", "))}
				}
				if q.Has(name) {
					return &exitError{exitUsage, fmt.Errorf("--filter %s is there more than once", name)}
				}
				q.Set(name, value)
			}
			if limit < 0 {
				return &exitError{exitUsage, errors.New("--limit is below 0")}
			}
			return c.ask(cmd, func(ctx context.Context, a *admin.Client) error { return c.list(ctx, a, cmd.OutOrStdout(), q, limit) })
		},
	}
	cmd.Flags().StringArrayVar(&given, "filter", nil, "name=value; may be repeated")
	cmd.Flags().StringVar(&sort, "sort", "id", "order of the list")
	cmd.Flags().IntVar(&limit, "limit", 100, "list no more than this many; 0 for all, which needs the order of ids")
	return cmd
}

// list prints pages as they come. The widths are those of the first page.
func (c *ctl) list(ctx context.Context, a *admin.Client, out io.Writer, q url.Values, limit int) error {
	if sort := q.Get("sort"); (limit == 0 || limit > pageSize) && sort != "id" {
		return &exitError{exitUsage, fmt.Errorf("--sort %s gives %d shapes at most; set --limit", sort, pageSize)}
	}
	var g *grid
	listed := 0
	for {
		n := pageSize
		if limit > 0 {
			n = min(n, limit-listed)
		}
		q.Set("limit", strconv.Itoa(n))
		page, err := a.Shapes(ctx, q)
		if err != nil {
			return err
		}
		listed += len(page.Shapes)
		if c.json {
			for _, s := range page.Shapes {
				if err := printLine(out, s); err != nil {
					return err
				}
			}
		} else {
			g = c.shapes(g, page.Shapes)
			g.print(out)
		}
		more := page.Next != 0 || page.More
		if page.Next == 0 || limit > 0 && listed >= limit {
			if more && !c.json {
				fmt.Fprintf(out, "… and more; --limit %d was reached\n", limit)
			}
			return nil
		}
		q.Set("after", strconv.FormatUint(page.Next, 10))
	}
}

// shapes fills a grid, a new one if there is none yet.
func (c *ctl) shapes(g *grid, list []admin.Shape) *grid {
	if g == nil {
		g = newGrid(">ID", "HANDLE", "STATE", ">ROWS", ">ITEMS", ">BYTES", ">WAITING", ">INNER", ">OUTER", "LAST READ", "TABLE", "WHERE")
	}
	for _, s := range list {
		read := "–"
		if !s.LastRead.IsZero() {
			read = c.ago(s.LastRead) + " ago"
		}
		g.row(strconv.FormatUint(s.ID, 10), s.Handle, s.State, strconv.FormatInt(s.Rows, 10), strconv.FormatInt(s.Items, 10), size(s.Bytes),
			strconv.Itoa(s.Waiting), strconv.Itoa(len(s.Dependencies)), strconv.Itoa(s.DependentCount), read, s.Table, s.Where)
	}
	return g
}

func (c *ctl) shapeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "shape HANDLE",
		Short: "Print all that is known of one shape",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.ask(cmd, func(ctx context.Context, a *admin.Client) error {
				s, err := a.Shape(ctx, args[0])
				if err != nil {
					return err
				}
				return c.print(cmd.OutOrStdout(), s, func(w io.Writer) { c.shape(w, s) })
			})
		},
	}
}

func (c *ctl) shape(w io.Writer, s *admin.Shape) {
	read := "not since the server started"
	if !s.LastRead.IsZero() {
		read = c.when(s.LastRead)
	}
	for _, r := range [][2]string{
		{"handle", s.Handle}, {"id", strconv.FormatUint(s.ID, 10)}, {"state", s.State},
		{"table", s.Table}, {"where", orDash(s.Where)}, {"columns", strings.Join(s.Columns, ", ")}, {"replica", s.Replica}, {"log", s.Log},
		{"made", c.when(s.Made)}, {"last read", read}, {"waiting", strconv.Itoa(s.Waiting)},
		{"end of the log", orDash(s.Offset)}, {"rows of the snapshot", strconv.FormatInt(s.Rows, 10)}, {"items of the log", strconv.FormatInt(s.Items, 10)},
		{"bytes of both", size(s.Bytes)}, {"consumer", orDash(s.Consumer)},
		{"depends on", orDash(strings.Join(s.Dependencies, ", "))}, {"removed with it", orDash(strings.Join(s.Dependents, ", "))},
	} {
		fmt.Fprintf(w, "%-21s %s\n", r[0], r[1])
	}
}

func (c *ctl) rmCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rm HANDLE…",
		Short: "Remove shapes; their clients fetch them anew",
		Long: `Removes shapes with their logs, and the shapes that depend on them by subqueries of their clauses. Whoever reads or waits for
one is told to fetch it anew, which makes it again under another handle. The rows in the database are not touched. When the command
returns the shape is gone, also over a crash of the server.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.ask(cmd, func(ctx context.Context, a *admin.Client) error {
				var errs []error
				for _, handle := range args {
					s, err := a.Remove(ctx, handle)
					if err != nil {
						errs = append(errs, explain(err, c.timeout))
						continue
					}
					if err := c.print(cmd.OutOrStdout(), s, func(w io.Writer) {
						fmt.Fprintln(w, strings.TrimSpace(fmt.Sprintf("removed %s: %s %s", s.Handle, s.Table, s.Where)))
					}); err != nil {
						return err
					}
				}
				return errors.Join(errs...)
			})
		},
	}
}

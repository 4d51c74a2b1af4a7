package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leyden/http/admin"
)

func (c *ctl) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Print how the server is, and what it waits for",
		Long: `Prints whether requests are served (active), and if not, what the server waits for; the version, the database and the
storage; how many shapes there are; and how far the stream has been processed. Exits with 6 if it is not active.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.ask(cmd, func(ctx context.Context, a *admin.Client) error {
				s, err := a.Status(ctx)
				if err != nil {
					return err
				}
				if err := c.print(cmd.OutOrStdout(), s, func(w io.Writer) { c.status(w, s) }); err != nil {
					return err
				}
				return unlessActive(s.Service, s.WaitsFor)
			})
		},
	}
}

func unlessActive(service, waitsFor string) error {
	if admin.Active(service) {
		return nil
	}
	return &exitError{exitNotActive, fmt.Errorf("the server is %s: it waits for %s", service, waitsFor)}
}

func (c *ctl) status(w io.Writer, s *admin.Status) {
	rows := [][2]string{
		{"service", s.Service},
		{"version", s.Version},
		{"instance", s.Instance},
		{"started", c.when(s.Started)},
		{"database", s.Database},
		{"storage", s.Storage + ", " + size(int64(s.Disk))},
		{"shapes", fmt.Sprintf("%d, of them %d found through an index", s.Shapes, s.ShapesIndexed)},
		{"snapshots under way", strconv.Itoa(s.Making)},
		{"consumers awake", strconv.FormatInt(s.Consumers, 10)},
		{"publication", s.Publication},
		{"replication slot", s.Slot + ", holds back " + size(s.RetainedWAL)},
		{"processed up to", orDash(s.Position)},
		{"stored up to", orDash(s.Stored)},
		{"under way", size(s.UnderWay) + " between socket and store"},
		{"held back", size(s.Held) + " until snapshots are complete"},
	}
	for _, r := range rows {
		fmt.Fprintf(w, "%-20s %s\n", r[0], r[1])
	}
	for _, p := range s.Conditions {
		if !p.Met {
			fmt.Fprintf(w, "%-20s %s", "waits for", p.Name)
			if p.Error != "" {
				fmt.Fprintf(w, ": %s", p.Error)
			}
			fmt.Fprintln(w)
		}
	}
}

func (c *ctl) treeCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "tree",
		Short: "Print the tree of supervision as it is now",
		Long: `Prints every part of the server in the order of its start: its path (for ctl restart), its kind, its state and since when
it has been in it, how many times it was started again, how many messages wait in its mailbox, and its last failure.

Kinds are group (of others), actor, run (a loop), consumer (of one shape) and materializer (of the values of a
shape that others depend on). Consumers come and go with the changes of
their shapes; they are counted for each partition unless --all is given. docs/supervision.md says what restarts with what.`,
		Example: `  leyden ctl tree
  leyden ctl tree --all | grep failed`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.ask(cmd, func(ctx context.Context, a *admin.Client) error {
				t, err := a.Tree(ctx, all)
				if err != nil {
					return err
				}
				return c.print(cmd.OutOrStdout(), t, func(w io.Writer) { c.tree(w, t, all) })
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "list each consumer that is awake")
	return cmd
}

func (c *ctl) tree(w io.Writer, t *admin.Tree, all bool) {
	g := newGrid("PATH", "KIND", "STATE", "SINCE", ">RESTARTS", ">MAILBOX")
	if !all {
		g.column(">CONSUMERS")
	} else {
		g.column("SHAPE")
	}
	g.column("LAST FAILURE")
	root := ""
	for i, p := range t.Processes {
		if i == 0 {
			root = p.Path + "/"
		}
		mailbox, last := "–", ""
		if p.Mailbox != nil {
			mailbox = strconv.Itoa(*p.Mailbox)
		}
		if p.LastError != "" {
			last = c.ago(p.FailedAt) + " ago: " + firstLine(p.LastError)
		}
		about := p.Shape
		if !all {
			about = "–"
			switch {
			case p.Consumers == nil && !strings.Contains(p.Path, "/partition-"):
			case p.Consumers == nil:
				about = "0"
			case *p.Consumers < 0:
				about = "busy"
			default:
				about = strconv.Itoa(*p.Consumers)
			}
		}
		g.row(strings.TrimPrefix(p.Path, root), p.Kind, p.State, c.when(p.Since), strconv.Itoa(p.Restarts), mailbox, about, last)
	}
	g.print(w)
}

func (c *ctl) restartCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restart PATH",
		Short: "Restart a part of the tree and wait until it is ready",
		Long: `Stops the part at PATH, as ctl tree prints it, and whatever its group restarts with it, starts it again, and waits until it
is up and the server is active again, no longer than --timeout. The rest goes on meanwhile: clients that wait stay
connected, shapes keep their handles, and no change is lost. Exits with 6 if the part is up and the server is not active in time.

  streaming                 replication, collector, partitions and writer, which live and die as one
  streaming/partition-3/17  one consumer; refused while it holds what is not stored yet
  shapes                    snapshots under way are given up, and their clients ask again
  publication, pools, …     any other line of ctl tree
  leyden                    all of them, in their order`,
		Example: `  leyden ctl restart streaming`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.ask(cmd, func(ctx context.Context, a *admin.Client) error {
				r, err := a.Restart(ctx, args[0], c.timeout*9/10) // so that the server gives up first and tells how far it has come
				if err != nil {
					return err
				}
				err = c.print(cmd.OutOrStdout(), r, func(w io.Writer) {
					fmt.Fprintf(w, "%s is up after %s\n", r.Path, milliseconds(r.UpMS))
					if admin.Active(r.Service) {
						fmt.Fprintf(w, "the server is active after %s\n", milliseconds(r.MS))
					}
				})
				return errors.Join(err, unlessActive(r.Service, r.WaitsFor))
			})
		},
	}
}

func milliseconds(ms float64) string {
	return time.Duration(ms * float64(time.Millisecond)).Round(time.Millisecond).String()
}

// Command leyden serves shapes of a Postgres database over HTTP. It reads the settings, wires the parts together, and stops
// them in the right order; it decides nothing about shapes.
//
// The one invariant: when it ends by itself or is asked to, whatever it started has ended before it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	os.Exit(execute(os.Args[1:]))
}

func execute(args []string) int {
	ctx, stop := untilAsked(context.Background())
	defer stop()
	root := rootCommand()
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "leyden:", newRedactor().text(err.Error()))
		return exitCode(err)
	}
	return 0
}

// untilAsked is a context that ends with the first SIGINT or SIGTERM. The second one ends the process at once.
func untilAsked(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, cancel) // from now on signals do what they do by default
	return ctx, cancel
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "leyden",
		Short: "Sync parts of a Postgres database to clients over HTTP",
		Long: `Leyden follows a Postgres database by logical replication and serves parts of it, called shapes, over HTTP: a table, a
where clause, a list of columns. A client reads a shape once and then is sent every change. It speaks the protocol of
Electric, so that Electric's clients work with it.

To see it work, with a Postgres of its own:   leyden dev
To serve your database:                       leyden serve
To look into a running server:                leyden ctl status`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(serveCommand(), devCommand(), ctlCommand(), versionCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"leyden/cmd/leyden/settings"
	"leyden/internal/pg/pgserver"
)

type devOptions struct {
	data   string
	port   int
	pgPort int
}

func devCommand() *cobra.Command {
	var o devOptions
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Try it: a private Postgres with changing demo rows, and the server on top",
		Long: `Starts a Postgres of its own with a few demo tables whose rows keep changing, starts the server on top of it, and prints
what to try. Ctrl-C stops everything; nothing is left running.

Postgres' server binaries are taken from $LEYDEN_POSTGRES_BIN, from PATH or from where packages put them, and downloaded
when there are none. The rows are kept in the data directory, and the next start goes on with them. Whoever can reach the
port can read them: there is no secret unless ELECTRIC_SECRET is set. Other settings are those of serve.`,
		Example: `  leyden dev
  leyden dev --data /tmp/demo --port 3001`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("port") {
				if text := os.Getenv("ELECTRIC_PORT"); text != "" {
					o.port = -1 // the setting decides
				}
			}
			return dev(cmd.Context(), o, cmd.OutOrStdout(), os.Stderr)
		},
	}
	cmd.Flags().StringVar(&o.data, "data", "./.leyden-dev", "directory that keeps the demo database and the shapes")
	cmd.Flags().IntVar(&o.port, "port", 3000, "port of the API (0: a free one)")
	cmd.Flags().IntVar(&o.pgPort, "postgres-port", 0, "port of the private Postgres (0: a free one)")
	return cmd
}

// dev runs the demo until ctx ends.
func dev(ctx context.Context, o devOptions, out, logs io.Writer) (err error) {
	data, err := filepath.Abs(o.data)
	if err != nil {
		return fmt.Errorf("find the data directory: %w", err)
	}
	fmt.Fprintf(out, "Starting Postgres in %s …\n", data)
	pg, err := pgserver.Start(ctx, pgserver.Options{Dir: filepath.Join(data, "postgres"), Port: o.pgPort})
	if err != nil {
		return fmt.Errorf("%w (the directory can be chosen by --data)", err)
	}
	defer func() {
		fmt.Fprintln(out, "Stopping Postgres …")
		stopping, cancel := afterwards(ctx, 20*time.Second)
		defer cancel()
		err = errors.Join(err, pg.Stop(stopping), pg.Close())
	}()
	if err := createDemo(ctx, pg.URL("postgres"), pg.URL(demoDatabase)); err != nil {
		return err
	}
	s, remarks, err := settings.Read(devEnvironment(os.Environ(), pg.URL(demoDatabase), data, o.port))
	if err != nil {
		return errors.New(settings.Line(err))
	}
	log := newLogger(logs, s.Logging)
	remark(log, remarks)
	// A slot that outlives the demo would make the private Postgres keep WAL for nobody, and a temporary one would throw all
	// shapes away with every lost connection. So the slot is an ordinary one while the demo runs, and is dropped at its end.
	// Shapes cannot go on without it; the next start makes them anew from the rows, which are what is worth keeping.
	defer func() { err = errors.Join(err, dropReplication(ctx, pg.URL(demoDatabase), s.Replication.StreamID)) }()
	server, err := start(ctx, s, log)
	if err != nil {
		return err
	}
	defer func() {
		fmt.Fprintln(out, "\nStopping the server …")
		err = errors.Join(err, server.stop(ctx))
	}()
	if err := server.awaitActive(ctx); err != nil {
		return err
	}
	writing, stopWriting := context.WithCancel(ctx)
	written := make(chan error, 1)
	go func() { written <- keepWriting(writing, pg.URL(demoDatabase), time.Second) }()
	fmt.Fprint(out, whatToTry(server.url(), pg.URL(demoDatabase), s.HTTP.Secret.IsSet()))
	select {
	case err = <-server.failed():
		stopWriting()
		return errors.Join(err, <-written)
	case err = <-written: // before ctx ends only when it cannot go on
		stopWriting()
		return err
	}
}

// devEnvironment is the environment with what the demo decides itself.
func devEnvironment(environ []string, databaseURL, data string, port int) []string {
	const pooled, query = "ELECTRIC_POOLED_DATABASE_URL=", "ELECTRIC_QUERY_DATABASE_URL="
	env := append(append([]string(nil), environ...),
		"DATABASE_URL="+databaseURL, pooled, query, "ELECTRIC_STORAGE_DIR="+filepath.Join(data, "shapes"))
	if port >= 0 {
		env = append(env, "ELECTRIC_PORT="+strconv.Itoa(port))
	}
	if os.Getenv("ELECTRIC_SECRET") == "" {
		env = append(env, "ELECTRIC_INSECURE=true")
	}
	return env
}

// dropReplication removes what the server made in Postgres. The slot stays in use for a moment after its reader has gone.
func dropReplication(ctx context.Context, url, stream string) error {
	ctx, cancel := afterwards(ctx, 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("drop the replication slot: %w", err)
	}
	defer conn.Close(ctx)
	for {
		var left int
		_, err := conn.Exec(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active", "electric_slot_"+stream)
		if err == nil {
			err = conn.QueryRow(ctx, "SELECT count(*) FROM pg_replication_slots WHERE slot_name = $1", "electric_slot_"+stream).Scan(&left)
		}
		if err != nil {
			return fmt.Errorf("drop the replication slot: %w", err)
		}
		if left == 0 {
			break
		}
		if _, err := conn.Exec(ctx, "SELECT pg_sleep(0.02)"); err != nil {
			return fmt.Errorf("drop the replication slot: %w", err)
		}
	}
	if _, err := conn.Exec(ctx, "DROP PUBLICATION IF EXISTS "+pgx.Identifier{"electric_publication_" + stream}.Sanitize()); err != nil {
		return fmt.Errorf("drop the publication: %w", err)
	}
	return nil
}

// whatToTry are lines that work when they are pasted into a shell.
func whatToTry(base, databaseURL string, secret bool) string {
	_, port, _ := net.SplitHostPort(base[len("http://"):])
	base = "http://localhost:" + port + "/v1/shape"
	var credential, note string
	if secret {
		credential, note = "&secret=$ELECTRIC_SECRET", "\n(The secret is taken from ELECTRIC_SECRET.)\n"
	}
	return fmt.Sprintf(`
Ready. Try, in another shell:%[4]s

  # All todos, as they are now
  curl -i "%[1]s?table=todos&offset=-1%[3]s"

  # Only the urgent ones that are open, two columns
  curl -i "%[1]s?table=todos&where=done=false%%20AND%%20priority%%3E=3&columns=id,title&offset=-1%[3]s"

  # Those of one project: they come and go with the project's name
  curl -i "%[1]s?table=todos&where=project_id%%20IN%%20(SELECT%%20id%%20FROM%%20projects%%20WHERE%%20name='Boat')&offset=-1%[3]s"

  # The next change: take the shape's handle and end, and wait there
  AT=$(curl -s -D - -o /dev/null "%[1]s?table=todos&offset=now%[3]s" | tr -d '\r' | awk 'tolower($1)=="electric-handle:"{h=$2} tolower($1)=="electric-offset:"{o=$2} END{print "handle=" h "&offset=" o}')
  curl -s "%[1]s?table=todos&live=true&$AT%[3]s"

  # Every change for a minute, as server-sent events
  curl -s -N "%[1]s?table=todos&live=true&live_sse=true&$AT%[3]s"

  # Change something yourself
  psql "%[2]s" -c "UPDATE todos SET title = 'hello' WHERE id = (SELECT max(id) FROM todos)"

Ctrl-C stops everything.

`, base, databaseURL, credential, note)
}

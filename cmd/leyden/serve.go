package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"leyden/cmd/leyden/settings"
)

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve shapes of the database that DATABASE_URL names",
		Long: `Follows the database and serves its shapes until SIGTERM or SIGINT. All settings are environment variables, those of
Electric; docs/settings.md lists them. The ones to begin with:

  DATABASE_URL               postgresql://user:password@host:5432/database. The server needs wal_level=logical; the user
                             needs REPLICATION, and must own the tables that are synced
  ELECTRIC_SECRET            what requests must carry as the parameter secret; or ELECTRIC_INSECURE=true for none
  ELECTRIC_PORT              3000
  ELECTRIC_STORAGE_DIR       ./persistent, where shapes are kept; one server at a time
  ELECTRIC_PROMETHEUS_PORT   where /metrics is served, off by default

GET /v1/health says how it is: 200 when active, 202 while starting or waiting.`,
		Example: `  DATABASE_URL=postgresql://app:pw@localhost/app ELECTRIC_INSECURE=true leyden serve
  curl -i "http://localhost:3000/v1/shape?table=items&offset=-1"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, remarks, err := settings.Read(os.Environ())
			if err != nil {
				return errors.New(settings.Line(err))
			}
			log := newLogger(os.Stderr, s.Logging)
			remark(log, remarks)
			return serve(cmd.Context(), s, log)
		},
	}
}

// remark tells, once, which variables change nothing.
func remark(log *slog.Logger, r settings.Remarks) {
	if len(r.Ignored) > 0 {
		log.Info("settings without a meaning here are ignored", "names", strings.Join(r.Ignored, " "))
	}
	if len(r.NoEffect) > 0 {
		log.Warn("settings have no effect in this version", "names", strings.Join(r.NoEffect, " "))
	}
	if len(r.Unknown) > 0 {
		log.Warn("variables look like settings and are none", "names", strings.Join(r.Unknown, " "))
	}
}

// serve runs the server until ctx ends or it cannot go on.
func serve(ctx context.Context, s *settings.Settings, log *slog.Logger) error {
	srv, err := start(ctx, s, log)
	if err != nil {
		return errors.New(settings.Line(err))
	}
	select {
	case <-ctx.Done():
		log.Info("stopping")
		return srv.stop(ctx)
	case err := <-srv.failed():
		return errors.Join(err, srv.stop(ctx))
	}
}

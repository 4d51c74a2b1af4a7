// Command oracle compares shapes with queries. It makes random tables and shapes, lets concurrent transactions change the
// rows, follows the shapes over HTTP while it restarts and kills the server or parts of it, and checks that at rest every shape equals
// `SELECT … WHERE …`, for its clients and for new ones. It judges only by Postgres and by what a client sees: it never
// looks into the server.
//
// A run is named by its seed, which is printed first:
//
//	go tool task oracle -- --seed 7 --duration 10m --kill-every 10s
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	p := plan{Out: os.Stdout}
	flag.Uint64Var(&p.Seed, "seed", uint64(time.Now().UnixNano()), "what decides tables, shapes and transactions; by default the time")
	flag.DurationVar(&p.Duration, "duration", time.Minute, "how long rounds are begun")
	flag.DurationVar(&p.KillEvery, "kill-every", 10*time.Second, "mean time between kills and restarts of the server, 0 for none")
	flag.DurationVar(&p.RestartSubtrees, "restart-subtrees", 0, "mean time between restarts of a random part of the running server, 0 for none")
	flag.IntVar(&p.Tables, "tables", 4, "number of tables")
	flag.IntVar(&p.Shapes, "shapes", 40, "number of shapes that are followed at a time, besides the ledger's")
	flag.IntVar(&p.Subqueries, "subqueries", 40, "percentage of the shapes that have subqueries")
	flag.IntVar(&p.Writers, "writers", 4, "number of concurrent writers")
	flag.BoolVar(&p.Truncates, "truncates", true, "whether tables are truncated now and then")
	flag.Func("setting", "NAME=VALUE of a setting of the server; may be given again", func(s string) error {
		p.Settings = append(p.Settings, s)
		return nil
	})
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	begin := time.Now()
	t, err := run(ctx, p)
	fmt.Printf("oracle: %s in %s\n", t, time.Since(begin).Round(time.Second))
	if err != nil {
		fmt.Printf("oracle: seed %d FAILED\n%v\n", p.Seed, err)
		os.Exit(1)
	}
	fmt.Printf("oracle: seed %d: no difference\n", p.Seed)
}

// Command bench prints the figures of the server, each beside what the machine can do: for every workload it runs, in the
// same run, the physical baseline (a bare reader of the stream, a bare COPY, net/http with a file) and prints the ratio. It
// runs the real binary against a private Postgres and looks at it only over HTTP and /proc.
//
// Postgres runs with fsync off: with it every workload would wait for the disk, and the server's share would not show.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// figure is one line of the table.
type figure struct {
	workload string
	baseline string
	leyden   string
	ratio    string
	reach    string
	met      bool
	electric string // what Electric 1.7.12 did on 2 cores of such a machine
}

// workload makes figures.
type workload struct {
	name string
	run  func(context.Context, *stand) ([]figure, error)
}

func workloads() []workload {
	return []workload{
		{"idle", idle},
		{"transactions", transactions},
		{"large-transaction", largeTransaction},
		{"first-sync", firstSync},
		{"create", createShapes},
		{"latency", latency},
		{"fan-out", fanOut},
		{"matching-shapes", matchingShapes},
		{"shape-cycles", shapeCycles},
		{"waiting-clients", waitingClients},
		{"idle-shapes", idleShapes},
		{"peak-memory", peakMemory},
		{"known-shapes", knownShapes(100_000, "tenant = %d", 2*time.Second)},
		{"known-million", knownShapes(1_000_000, "tenant = %d", 20*time.Second)},
		{"known-million-and", knownShapes(1_000_000, "tenant = %d AND title = 'x'", 20*time.Second)},
		{"unindexed", unindexed},
		{"restart", restartSubtrees},
		{"refresh", refresh},
	}
}

func main() {
	only := flag.String("only", "", "run only the workloads whose names contain this")
	serveFile := flag.String("serve-file", "", "serve a file until killed: the baseline of first-sync, run by the bench itself")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := fileServer(*serveFile)
	if *serveFile == "" {
		err = run(ctx, *only)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string) error {
	s, err := newStand(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	machine, err := describeMachine(ctx, s)
	if err != nil {
		return err
	}
	fmt.Println(machine)
	fmt.Println("| workload | baseline | Leyden | ratio | reach | met | Electric 1.7.12 |\n|---|---|---|---|---|---|---|")
	for _, w := range workloads() {
		if !strings.Contains(w.name, only) {
			continue
		}
		begin := time.Now()
		figures, err := w.run(ctx, s)
		if err != nil {
			return fmt.Errorf("workload %s: %w", w.name, err)
		}
		for _, f := range figures {
			met := "yes"
			if !f.met {
				met = "**no**"
			}
			fmt.Printf("| %s | %s | %s | %s | %s | %s | %s |\n", f.workload, f.baseline, f.leyden, f.ratio, f.reach, met, f.electric)
		}
		fmt.Fprintf(os.Stderr, "(%s took %s)\n", w.name, time.Since(begin).Round(100*time.Millisecond))
	}
	return nil
}

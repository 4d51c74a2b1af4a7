// Command judge compares the where language with Postgres. It makes expressions and rows out of a seed, on a server that it
// starts itself, and ends with an error at the first difference, shrunk to a small case:
//
//	go tool task judge -- --seed 7 --duration 10m
//	go tool task judge -- --seed 7 --replay 1234
//	go tool task judge -- --coverage docs/where-coverage.md
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"leyden/internal/where/judge"
)

func main() {
	p := judge.Plan{Out: os.Stdout, Every: 5 * time.Second}
	flag.Uint64Var(&p.Seed, "seed", uint64(time.Now().UnixNano()%1_000_000_000), "what decides rows and expressions; by default the time")
	flag.IntVar(&p.Pairs, "pairs", 0, "how many pairs of an expression and a row to judge, 0 for no limit")
	flag.DurationVar(&p.Duration, "duration", time.Minute, "for how long, 0 for no limit")
	flag.IntVar(&p.Replay, "replay", -1, "judge only this batch of the seed")
	flag.IntVar(&p.Differences, "differences", 1, "after how many different differences to stop")
	coverage := flag.String("coverage", "", "write what of Postgres the language has to this file, and judge nothing")
	flag.IntVar(&p.Examples, "examples", 0, "how many clauses to show that have a value because what fails in Postgres is folded out")
	flag.Func("ignore", "a regular expression: differences whose description matches are not told", func(text string) (err error) {
		p.Ignore, err = regexp.Compile(text)
		return err
	})
	stricter := flag.Int("stricter", 0, "how many reasons to list for which the language rejects what Postgres accepts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *coverage != "" {
		if err := writeCoverage(ctx, *coverage); err != nil {
			fmt.Fprintf(os.Stderr, "judge: %v\n", err)
			os.Exit(1)
		}
		return
	}
	fmt.Printf("judge: seed %d\n", p.Seed)
	s, err := serve(ctx, p)
	for _, line := range s.StricterReasons(*stricter) {
		fmt.Println(line)
	}
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "judge: %v\n", err)
		os.Exit(2)
	case len(s.Differences) > 0:
		fmt.Printf("judge: seed %d: %d differences\n", p.Seed, len(s.Differences))
		os.Exit(1)
	}
	fmt.Printf("judge: seed %d: no difference\n", p.Seed)
}

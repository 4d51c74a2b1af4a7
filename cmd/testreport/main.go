// Command testreport runs `go test -json` with the given arguments and prints what a reader of a build wants: one line for
// each test that ran, in full what failed, and at the end the counts. It decides nothing: its exit code is go test's.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

func main() {
	cmd := exec.Command("go", append([]string{"test", "-json"}, os.Args[1:]...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
	r := newReport(os.Stdout)
	reading := r.read(out)
	ended := cmd.Wait()
	r.summary()
	var exit *exec.ExitError
	switch {
	case errors.As(ended, &exit):
		os.Exit(exit.ExitCode())
	case ended != nil || reading != nil:
		fmt.Fprintln(os.Stderr, "testreport:", errors.Join(ended, reading))
		os.Exit(1)
	}
}

// event is a line of go test -json.
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Elapsed    float64
	Output     string
}

// report gathers events.
type report struct {
	out                     io.Writer
	output                  map[string][]string // of tests that have not passed yet
	passed, failed, skipped int
	failures                []string
}

func newReport(out io.Writer) *report { return &report{out: out, output: map[string][]string{}} }

func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil {
				r.event(&e)
			} else {
				fmt.Fprint(r.out, line)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the output of go test: %w", err)
		}
	}
}

func (r *report) event(e *event) {
	name := e.Package
	if e.Test != "" {
		name += " " + e.Test
	}
	switch e.Action {
	case "output":
		r.output[name] = append(r.output[name], e.Output)
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "pass":
		if e.Test != "" {
			r.passed++
			// A subtest of a table is part of its test; the ones of the client suite are tests of their own.
			if !strings.Contains(e.Test, "/") || strings.HasSuffix(e.Package, "/clientsuite") {
				fmt.Fprintf(r.out, "pass  %6.2fs  %s\n", e.Elapsed, name)
			}
		}
		delete(r.output, name)
	case "skip":
		if e.Test != "" {
			r.skipped++
			fmt.Fprintf(r.out, "skip           %s\n", name)
		}
		delete(r.output, name)
	case "fail":
		r.failures = append(r.failures, name)
		if e.Test != "" {
			r.failed++
		}
		fmt.Fprintf(r.out, "FAIL  %6.2fs  %s\n", e.Elapsed, name)
		for _, line := range r.output[name] {
			fmt.Fprint(r.out, "    ", line)
		}
		delete(r.output, name)
	}
}

func (r *report) summary() {
	for _, name := range r.failures {
		fmt.Fprintf(r.out, "FAILED: %s\n", name)
	}
	failed := r.failed
	if failed == 0 && len(r.failures) > 0 {
		failed = len(r.failures) // packages that did not build, or ended without a test to blame
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, failed, r.skipped)
}

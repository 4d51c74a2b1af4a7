package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// describeMachine names what the figures were made on.
func describeMachine(ctx context.Context, s *stand) (string, error) {
	sync, err := syncTime(s.dir)
	if err != nil {
		return "", err
	}
	trip, err := roundTrip(ctx, s)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, %d cores, %s, Postgres %s. A write with fsync takes %s, an empty query on one connection %s (medians).\n",
		processor(), runtime.NumCPU(), runtime.Version(), s.pg.Binaries().Version, sync.Round(time.Microsecond), trip.Round(time.Microsecond)), nil
}

func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if name, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return runtime.GOARCH
}

func syncTime(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	block := make([]byte, 4096)
	return median(50, func() error {
		if _, err := f.Write(block); err != nil {
			return err
		}
		return f.Sync()
	})
}

func roundTrip(ctx context.Context, s *stand) (time.Duration, error) {
	conn, err := connect(ctx, s.pg.URL("postgres"))
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	return median(200, func() error {
		_, err := conn.Exec(ctx, "SELECT 1")
		return err
	})
}

// median is the median time that do takes.
func median(times int, do func() error) (time.Duration, error) {
	all := make([]time.Duration, times)
	for i := range all {
		begin := time.Now()
		if err := do(); err != nil {
			return 0, err
		}
		all[i] = time.Since(begin)
	}
	return middle(all), nil
}

func middle(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// resident is the memory of a process in bytes, mostResident the most that it has had.
func resident(pid int) (int64, error)     { return statusBytes(pid, "VmRSS:") }
func mostResident(pid int) (int64, error) { return statusBytes(pid, "VmHWM:") }

// statusBytes reads a size that the kernel tells of a process.
func statusBytes(pid int, field string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no %s of process %d", field, pid)
}

// cpuTime is what a process has used, in all its threads.
func cpuTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	return time.Duration(user+system) * tick, err
}

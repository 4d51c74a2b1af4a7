package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// metric reads one number from the Prometheus port of a server.
func metric(ctx context.Context, port int, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/metrics", port), nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, errors.Join(fmt.Errorf("the server has no metric %s", name), lines.Err())
}

// reaches waits until a metric has a value.
func reaches(ctx context.Context, port int, name string, value float64) error {
	const patience = 2 * time.Minute
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		is, err := metric(ctx, port, name)
		switch {
		case err != nil || is == value:
			return err
		case time.Since(begin) > patience:
			return fmt.Errorf("%s is %g and not %g", name, is, value)
		}
	}
}

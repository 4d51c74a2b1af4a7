package settings

import (
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"time"

	"leyden/internal/pg/connect"
)

func section(name string, rows ...Row) []Row {
	for i := range rows {
		rows[i].section = name
	}
	return rows
}

// into sets dst to what parse makes of the text.
func into[T any](dst *T, parse func(string) (T, error)) func(string) error {
	return func(text string) error {
		v, err := parse(text)
		if err == nil {
			*dst = v
		}
		return err
	}
}

// alias is into for a deprecated name: its row stands after the row of the name that replaces it, which wins.
func alias[T comparable](dst *T, parse func(string) (T, error)) func(string) error {
	return func(text string) error {
		var unset T
		v, err := parse(text)
		if err == nil && *dst == unset {
			*dst = v
		}
		return err
	}
}

func checked[T any](parse func(string) (T, error)) func(string) error { return into(new(T), parse) }

func boolean(dst *bool) func(string) error {
	return into(dst, func(text string) (bool, error) { return parseBool(text), nil })
}

func integer[T int | int64](dst *T, low, high T) func(string) error {
	return into(dst, intBetween(low, high))
}

func intBetween[T int | int64](low, high T) func(string) (T, error) {
	return func(text string) (T, error) {
		n, err := parseInt(text)
		switch {
		case err != nil:
			return 0, err
		case n < int64(low):
			return 0, fmt.Errorf("must be at least %d", low)
		case n > int64(high):
			return 0, fmt.Errorf("must be at most %d", high)
		}
		return T(n), nil
	}
}

func milliseconds(dst *time.Duration) func(string) error {
	parse := intBetween[int64](0, math.MaxInt32)
	return func(text string) error {
		n, err := parse(text)
		*dst = time.Duration(n) * time.Millisecond
		return err
	}
}

func zeroOr(parse func(string) (time.Duration, error)) func(string) (time.Duration, error) {
	return func(text string) (time.Duration, error) {
		if text == "0" {
			return 0, nil
		}
		return parse(text)
	}
}

func atLeast(least time.Duration) func(string) error {
	return func(text string) error {
		d, err := parseDuration(text)
		if err == nil && d < least {
			err = fmt.Errorf("must be at least %s", least)
		}
		return err
	}
}

func path(dst *string) func(string) error {
	return into(dst, func(text string) (string, error) {
		if text == "" {
			return "", errors.New("the path is empty")
		}
		return text, nil
	})
}

// pathSegment refuses what would leave the storage directory.
func pathSegment(text string) (string, error) {
	if text == "" || text == "." || text == ".." || strings.ContainsAny(text, "/\\\x00") {
		return "", errors.New("want a text without slashes")
	}
	return text, nil
}

func storageKind(text string) (memory bool, err error) {
	if strings.EqualFold(text, "FILE") || strings.EqualFold(text, "LEGACY_FILE") {
		return false, errors.New("this storage is no longer supported, use FAST_FILE")
	}
	kind, err := parseChoice(text, "MEMORY", "FAST_FILE")
	return kind == "MEMORY", err
}

// DefaultAdminAddr is where operators are served unless it is set.
const DefaultAdminAddr = "127.0.0.1:3100"

// adminAddr reads where operators are served: host:port, or none.
func adminAddr(a *Admin) func(string) error {
	return func(text string) error {
		if strings.EqualFold(text, "none") {
			*a = Admin{Off: true, Secret: a.Secret}
			return nil
		}
		host, port, err := net.SplitHostPort(text)
		if err != nil || host == "" {
			return errors.New("want host:port, for example " + DefaultAdminAddr + ", or none")
		}
		n, err := intBetween(0, 65535)(port)
		if err != nil || port == "" {
			return errors.New("want host:port with a port from 0 to 65535, or none")
		}
		a.Off, a.Host, a.Port, a.Given = false, host, n, true
		return nil
	}
}

// optionalURL takes an empty text, which deployment files make of a missing value, for none.
func optionalURL(text string) (connect.Target, error) {
	if text == "" {
		return connect.Target{}, nil
	}
	return connect.Parse(text)
}

// optionalPort reads a port, or nothing for no listener.
func optionalPort(text string) (int, error) {
	if text == "" || text == "-1" {
		return -1, nil
	}
	return intBetween(0, 65535)(text)
}

func colors(text string) (bool, error) {
	if text == "" {
		return false, errors.New("want true or false")
	}
	return parseBool(text), nil
}

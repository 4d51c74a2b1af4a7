package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseBool never fails: `false`, `0` and the empty text are false, anything else is true.
func parseBool(text string) bool { return text != "" && text != "false" && text != "0" }

// parseInt reads an optional sign and leading digits and leaves what follows them; the empty text is 0.
func parseInt(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	end := 0
	if text[0] == '-' || text[0] == '+' {
		end = 1
	}
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(text[:end], 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, errors.New("the number is out of range")
	case err != nil:
		return 0, errors.New("want a whole number")
	}
	return n, nil
}

const durationUnits = "ms, msec, s, sec, m or min"

// parseDuration reads a positive number with an optional unit; a bare number is in milliseconds.
func parseDuration(text string) (time.Duration, error) {
	unit := map[string]time.Duration{
		"": time.Millisecond, "ms": time.Millisecond, "msec": time.Millisecond,
		"s": time.Second, "sec": time.Second, "m": time.Minute, "min": time.Minute,
	}
	number, suffix := splitNumber(text)
	scale, ok := unit[suffix]
	if !ok || number == "" {
		return 0, errors.New("want a duration: a number with a unit of " + durationUnits + " (none means ms)")
	}
	n, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil:
		return 0, errors.New("want a duration: a number with a unit of " + durationUnits + " (none means ms)")
	case n <= 0:
		return 0, errors.New("a duration must be greater than 0")
	case n*float64(scale) >= math.MaxInt64:
		return 0, errors.New("the duration is out of range")
	}
	return time.Duration(n * float64(scale)), nil
}

// splitNumber cuts text into a decimal number without sign or exponent and what follows it, trimmed.
func splitNumber(text string) (number, suffix string) {
	text = strings.TrimSpace(text)
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || text[end] == '.' || end == 0 && (text[end] == '-' || text[end] == '+')) {
		end++
	}
	return text[:end], strings.TrimSpace(text[end:])
}

func parseRatio(text string) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n > 1 {
		return 0, errors.New("want a number from 0 to 1")
	}
	return n, nil
}

func parseChoice(text string, choices ...string) (string, error) {
	for _, c := range choices {
		if strings.EqualFold(text, c) {
			return c, nil
		}
	}
	return "", fmt.Errorf("want one of %s", strings.Join(choices, ", "))
}

// parseLevel maps the names of the reference onto slog. slog has no names above ERROR, so those print as ERROR+4.
func parseLevel(text string) (slog.Level, error) {
	levels := []struct {
		name  string
		level slog.Level
	}{
		{"error", slog.LevelError}, {"warning", slog.LevelWarn}, {"info", slog.LevelInfo}, {"debug", slog.LevelDebug},
		{"warn", slog.LevelWarn}, {"notice", slog.LevelInfo + 2},
		{"emergency", slog.LevelError + 4}, {"alert", slog.LevelError + 4}, {"critical", slog.LevelError + 4},
	}
	names := make([]string, len(levels))
	for i, l := range levels {
		if l.name == text {
			return l.level, nil
		}
		names[i] = l.name
	}
	return 0, fmt.Errorf("want one of %s", strings.Join(names, ", "))
}

// parseStreamID reads the suffix of the slot's and the publication's name. It is an unquoted identifier, folded to lower
// case; what Postgres would refuse in a slot's name is refused here, where the setting can be named.
func parseStreamID(text string) (string, error) {
	const longest = 63 - len("electric_publication_")
	id := strings.ToLower(text)
	for i := range len(id) {
		c := id[i]
		if !(c >= 'a' && c <= 'z' || c == '_' || i > 0 && c >= '0' && c <= '9') {
			return "", errors.New("want letters, digits and underscores, beginning with a letter or underscore")
		}
	}
	if id == "" || len(id) > longest {
		return "", fmt.Errorf("want 1 to %d characters", longest)
	}
	return id, nil
}

// parseLimits reads {"initial":n,"existing":n}; both are needed.
func parseLimits(text string) (Limits, error) {
	var in struct{ Initial, Existing *int }
	if err := json.Unmarshal([]byte(text), &in); err != nil || in.Initial == nil || in.Existing == nil || *in.Initial < 0 || *in.Existing < 0 {
		return Limits{}, errors.New(`want JSON like {"initial":300,"existing":10000}, both numbers 0 or greater`)
	}
	return Limits{Initial: *in.Initial, Existing: *in.Existing}, nil
}

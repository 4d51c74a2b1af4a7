package moment

import (
	"fmt"
	"strings"
	"sync"
	"time"

	_ "time/tzdata" // the rules of the zones where the system has none
)

// Zone is what a time zone name stands for. The zero Zone is UTC.
type Zone struct {
	loc  *time.Location // nil when the offset is always the same
	west int64          // then: seconds west of Greenwich
}

// Zones finds zones by name and remembers those it has found. It is safe for concurrent use; a nil *Zones finds zones without
// remembering them.
type Zones struct {
	mu    sync.RWMutex
	known map[string]Zone // by the name as it was given
}

const (
	maxZoneName   = 255  // the longest name that Postgres looks up
	maxKnownZones = 4096 // spellings: there are some 600 names, in any case, and any number of offsets
)

// Find yields the zone of a name of the tz database in any case, of UTC's abbreviations, or of a POSIX specification with a
// constant offset, in which positive is west: "UTC+3", "<+05>-5", "-5:30".
func (z *Zones) Find(name []byte) (Zone, error) {
	if z == nil {
		return findZone(string(name))
	}
	z.mu.RLock()
	zone, ok := z.known[string(name)]
	z.mu.RUnlock()
	if ok {
		return zone, nil
	}
	zone, err := findZone(string(name))
	if err != nil {
		return Zone{}, err
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.known == nil {
		z.known = make(map[string]Zone)
	}
	if len(z.known) < maxKnownZones {
		z.known[string(name)] = zone
	}
	return zone, nil
}

func findZone(name string) (Zone, error) {
	unknown := fmt.Errorf("%w: %q", ErrZone, name)
	if len(name) == 0 || len(name) > maxZoneName {
		return Zone{}, unknown
	}
	switch strings.ToLower(name) {
	case "utc", "gmt", "ut", "uct", "z", "zulu":
		return Zone{}, nil
	case "cet", "eet", "met", "wet", "est", "mst", "hst":
		// Zones of the tz database and abbreviations of Postgres' tables: which of them it is, the server's configuration says.
		return Zone{}, unknown
	}
	for exact := range strings.FieldsSeq(zoneNames) {
		if !strings.EqualFold(exact, name) {
			continue
		}
		loc, err := time.LoadLocation(exact)
		if err != nil {
			return Zone{}, fmt.Errorf("%w: %w", unknown, err)
		}
		return Zone{loc: loc}, nil
	}
	if west, ok := posixOffset(name); ok {
		return Zone{west: west}, nil
	}
	return Zone{}, unknown
}

// posixOffset reads the name and the offset of a POSIX specification. The name may be empty; what follows would be rules of
// summer time, which are for the tz database to know.
func posixOffset(spec string) (west int64, ok bool) {
	i := 0
	if spec[0] == '<' {
		for i < len(spec) && spec[i] != '>' {
			i++
		}
		i++
	} else {
		for i < len(spec) && !isDigit(spec[i]) && spec[i] != ',' && spec[i] != '-' && spec[i] != '+' {
			i++
		}
	}
	if i >= len(spec) || spec[0] == ':' {
		return 0, false
	}
	neg := spec[i] == '-'
	if neg || spec[i] == '+' {
		i++
	}
	seconds := int64(0)
	for n, part := range []struct{ most, scale int64 }{{167, 3600}, {59, 60}, {60, 1}} {
		if n > 0 {
			if i == len(spec) || spec[i] != ':' {
				break
			}
			i++
		}
		start, v := i, int64(0)
		for ; i < len(spec) && isDigit(spec[i]) && v <= part.most; i++ {
			v = v*10 + int64(spec[i]-'0')
		}
		if i == start || v > part.most {
			return 0, false
		}
		seconds += v * part.scale
	}
	if neg {
		seconds = -seconds
	}
	return seconds, i == len(spec)
}

// constant reports whether the zone has had one offset at all times, and that offset.
func (z Zone) constant() (west int64, ok bool) {
	if z.loc == nil {
		return z.west, true
	}
	t := time.Unix(0, 0).In(z.loc)
	start, end := t.ZoneBounds()
	_, east := t.Zone()
	return -int64(east), start.IsZero() && end.IsZero()
}

// westOf is the offset at a moment in seconds since 1970.
func (z Zone) westOf(unix int64) int64 {
	if z.loc == nil {
		return z.west
	}
	_, east := time.Unix(unix, 0).In(z.loc).Zone()
	return -int64(east)
}

// westAt is the offset in force when the clocks of the zone show local, in seconds since 1970 as if they were in Greenwich. A time
// that the clocks skip is read with the offset before the gap, one that they show twice with the offset after the change.
func (z Zone) westAt(local int64) int64 {
	if z.loc == nil {
		return z.west
	}
	before := time.Unix(local-secondsPerDay, 0).In(z.loc)
	_, eastBefore := before.Zone()
	_, change := before.ZoneBounds()
	if change.IsZero() {
		return -int64(eastBefore)
	}
	_, eastAfter := change.Zone()
	boundary := change.Unix()
	early, late := local-int64(eastBefore), local-int64(eastAfter)
	switch {
	case early < boundary && late < boundary:
		return -int64(eastBefore)
	case early > boundary && late >= boundary:
		return -int64(eastAfter)
	case early > late:
		return -int64(eastBefore)
	}
	return -int64(eastAfter)
}

// unix is a finite t in whole seconds since 1970.
func (t Timestamp) unix() int64 {
	days, clock := t.split()
	return (days-int64(unixEpoch)/usPerDay)*secondsPerDay + clock/usPerSecond
}

// ToZone is timezone(zone, timestamptz): what the clocks of the zone show at t.
func (t Timestamp) ToZone(z Zone) (Timestamp, error) {
	if !t.Finite() {
		return t, nil
	}
	return (t - Timestamp(z.westOf(t.unix())*usPerSecond)).checked()
}

// FromZone is timezone(zone, timestamp): the moment at which the clocks of the zone show t.
func (t Timestamp) FromZone(z Zone) (Timestamp, error) {
	if !t.Finite() {
		return t, nil
	}
	return (t + Timestamp(z.westAt(t.unix())*usPerSecond)).checked()
}

// ToOffset is timezone(interval, timestamptz): the interval is the offset, positive to the east.
func (t Timestamp) ToOffset(east Interval) (Timestamp, error) {
	if !t.Finite() {
		return t, nil
	}
	if east.Months != 0 || east.Days != 0 {
		return 0, ErrRange
	}
	return (t + Timestamp(east.offset()*usPerSecond)).checked()
}

// FromOffset is timezone(interval, timestamp).
func (t Timestamp) FromOffset(east Interval) (Timestamp, error) {
	if !t.Finite() {
		return t, nil
	}
	if east.Months != 0 || east.Days != 0 {
		return 0, ErrRange
	}
	return (t - Timestamp(east.offset()*usPerSecond)).checked()
}

// offset is in seconds, of which Postgres keeps 32 bits.
func (i Interval) offset() int64 { return int64(int32(i.Micros / usPerSecond)) }

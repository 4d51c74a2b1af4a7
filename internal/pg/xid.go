package pg

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Snapshot says which transactions a query saw: all below Xmin, none from Xmax on, and of those between all that are not
// in Xip. Its ids have 64 bits: the epoch counts how often the 32-bit ids have wrapped around.
type Snapshot struct {
	Xmin, Xmax uint64
	Xip        []uint64 // ascending, Xmin ≤ each < Xmax
}

// ErrBadSnapshot reports text that is not a snapshot.
var ErrBadSnapshot = errors.New("malformed snapshot")

// ParseSnapshot reads what pg_current_snapshot() prints: "xmin:xmax:xip,…", the list possibly empty.
func ParseSnapshot(text string) (Snapshot, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return Snapshot{}, ErrBadSnapshot
	}
	var s Snapshot
	var err error
	if s.Xmin, err = strconv.ParseUint(parts[0], 10, 64); err != nil {
		return Snapshot{}, ErrBadSnapshot
	}
	if s.Xmax, err = strconv.ParseUint(parts[1], 10, 64); err != nil {
		return Snapshot{}, ErrBadSnapshot
	}
	if s.Xmin == 0 || s.Xmin > s.Xmax {
		return Snapshot{}, ErrBadSnapshot
	}
	if parts[2] == "" {
		return s, nil
	}
	for item := range strings.SplitSeq(parts[2], ",") {
		xid, err := strconv.ParseUint(item, 10, 64)
		if err != nil || xid < s.Xmin || xid >= s.Xmax {
			return Snapshot{}, ErrBadSnapshot
		}
		if n := len(s.Xip); n > 0 && xid <= s.Xip[n-1] {
			return Snapshot{}, ErrBadSnapshot
		}
		s.Xip = append(s.Xip, xid)
	}
	return s, nil
}

// String prints the snapshot as Postgres does.
func (s Snapshot) String() string {
	b := strconv.AppendUint(nil, s.Xmin, 10)
	b = append(b, ':')
	b = strconv.AppendUint(b, s.Xmax, 10)
	b = append(b, ':')
	for i, xid := range s.Xip {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, xid, 10)
	}
	return string(b)
}

// Visible reports whether the snapshot saw transaction xid of the replication stream. The answer is right for every
// transaction less than 2^31 away from the snapshot, which is as far as Postgres itself lets ids of one time be apart.
func (s Snapshot) Visible(xid uint32) bool {
	if before(xid, s.Xmin) {
		return true
	}
	if !before(xid, s.Xmax) {
		return false
	}
	return !slices.ContainsFunc(s.Xip, func(running uint64) bool { return uint32(running) == xid })
}

// XidAtLeast reports whether transaction xid of the replication stream comes at or after limit.
func XidAtLeast(xid uint32, limit uint64) bool { return !before(xid, limit) }

// before compares on the circle of 32-bit ids: the half of it behind limit is before it.
func before(xid uint32, limit uint64) bool { return int32(xid-uint32(limit)) < 0 }

package shapeapi

import (
	"math/big"
	"strconv"
	"time"
)

// cursorEpoch is 2024-10-09T00:00:00Z, from which cursors count.
var cursorEpoch = time.Date(2024, 10, 9, 0, 0, 0, 0, time.UTC)

// maxCursorDigits bounds the cursor that is taken for a number: what is longer is no cursor of ours.
const maxCursorDigits = 64

// cursor is the value of electric-cursor (spec http-api §17): the end of the current interval of the long-poll timeout, or,
// where that is not beyond the cursor sent, a random step beyond it. It is always greater than the cursor sent.
func cursor(now time.Time, longPoll time.Duration, sent string, random func(n uint64) uint64) string {
	t := int64(longPoll / time.Second)
	if t <= 0 {
		return "0"
	}
	elapsed := now.Sub(cursorEpoch)
	interval := time.Duration(t) * time.Second
	n := int64(elapsed / interval)
	if elapsed > 0 && elapsed%interval != 0 {
		n++
	}
	n *= t
	p, err := strconv.ParseInt(sent, 10, 64)
	if err != nil || p > 1<<62 {
		if big := bigCursor(sent, random); big != "" {
			return big
		}
		p = 0
	}
	if n > p {
		return strconv.FormatInt(n, 10)
	}
	return strconv.FormatInt(p+1+int64(random(3600)), 10)
}

// bigCursor steps beyond a cursor that does not fit a machine word. It returns "" for text that is no such number.
func bigCursor(sent string, random func(n uint64) uint64) string {
	if len(sent) > maxCursorDigits {
		return ""
	}
	p, ok := new(big.Int).SetString(sent, 10)
	if !ok || p.Sign() < 0 || p.IsInt64() && p.Int64() <= 1<<62 {
		return ""
	}
	return p.Add(p, new(big.Int).SetUint64(1+random(3600))).String()
}

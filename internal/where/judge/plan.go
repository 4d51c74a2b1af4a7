package judge

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Plan says what to judge and for how long.
type Plan struct {
	URL func(database string) string // of a server on which databases may be made
	Out io.Writer

	Seed        uint64
	Pairs       int            // stop after as many, 0 for no limit
	Duration    time.Duration  // stop after as long, 0 for no limit
	Replay      int            // judge this batch of the seed only, -1 for all
	First       int            // the number of the first batch
	Step        int            // between the numbers of batches: several judges share a seed
	Differences int            // stop after as many different ones, at least 1
	Every       time.Duration  // between lines of progress, 0 for none
	Ignore      *regexp.Regexp // differences whose description matches are not told
	Examples    int            // how many values of what is folded out to show
}

// Summary is what a run came to.
type Summary struct {
	Counts
	Batches             int
	Expressions         int
	Literals            int
	Stricter            map[string]int // what Postgres accepts and the language rejects, by reason
	Example             map[string]string
	Rejected, Undecided int      // expressions that both reject, and that only the language does
	Differences         []string // reports
	Accepted            string   // how much of the catalogue the language has
	Untried             []string // what it has and no expression used
}

// Line tells how far a run has come.
func (s *Summary) Line(took time.Duration) string {
	return fmt.Sprintf("%d pairs in %s (%d/s), %d expressions, %d literals; %.1f%% fail here and there, %d values of what is folded out, %d for letters, %d for settings, %d of types and collations that Postgres asks for, %d too slow; %d expressions rejected by both, %d here alone; the filter names %.2f shapes for each that a row is in",
		s.Pairs, took.Round(time.Second), int(float64(s.Pairs)/max(took.Seconds(), 0.001)), s.Expressions, s.Literals, 100*float64(s.Fail)/float64(max(s.Pairs, 1)), s.FoldedOut, s.Letters, s.Settings, s.Lenient, s.Slow,
		s.Rejected, s.Undecided, float64(s.Routed)/float64(max(s.Held, 1)))
}

// StricterReasons lists the n most frequent reasons for which the language rejects what Postgres accepts.
func (s *Summary) StricterReasons(n int) []string {
	var all []string
	for reason := range s.Stricter {
		all = append(all, reason)
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Stricter[b], s.Stricter[a]), strings.Compare(a, b))
	})
	for i, reason := range all {
		all[i] = fmt.Sprintf("%6d  %s, such as %.300s", s.Stricter[reason], reason, s.Example[reason])
	}
	return all[:min(n, len(all))]
}

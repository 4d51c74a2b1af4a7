package pgoutput_test

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/change"
	"leyden/internal/pg/pgoutput"
	"leyden/internal/shape"
)

func feed(t require.TestingT, f *pgoutput.Fragmenter, messages ...[]byte) (events []pgoutput.Event) {
	for _, m := range messages {
		wire := append([]byte(nil), m...)
		got, err := f.Feed(wire)
		require.NoError(t, err)
		events = append(events, got...)
		clear(wire) // the receive buffer is used again
	}
	return events
}

func started(t require.TestingT, o pgoutput.Options) *pgoutput.Fragmenter {
	f := pgoutput.NewFragmenter(o)
	feed(t, f, relation(items()), relation(tags()))
	return f
}

// show prints events in one line each, as the golden streams below have them.
func show(events []pgoutput.Event) (lines []string) {
	text := func(t change.Tuple) string {
		if t == nil {
			return ""
		}
		cells := make([]string, len(t))
		for i, v := range t {
			cells[i] = fmt.Sprintf("%q", v)
			if v == nil {
				cells[i] = "null"
			}
		}
		return "(" + strings.Join(cells, ",") + ")"
	}
	for _, e := range events {
		if r := e.Relation; r != nil {
			lines = append(lines, "relation "+r.Name)
			continue
		}
		var b strings.Builder
		fmt.Fprintf(&b, "%d:", e.Fragment.XID)
		if e.Fragment.Begin {
			b.WriteString(" begin")
		}
		for _, c := range e.Fragment.Changes {
			fmt.Fprintf(&b, " %d%c%s%s%s", c.Pos, c.Op, c.Relation.Name, text(c.Old), text(c.New))
		}
		if c := e.Fragment.Commit; c != nil {
			fmt.Fprintf(&b, " commit(%d changes, %d bytes)", c.Changes, c.Bytes)
		}
		fmt.Fprintf(&b, " last %s", e.Fragment.Last)
		lines = append(lines, b.String())
	}
	return lines
}

func TestGoldenStreams(t *testing.T) {
	for name, c := range map[string]struct {
		batch  int
		stream [][]byte
		want   []string
	}{
		"one row": {100, [][]byte{begin(80, 7), insert(100, "1", "a"), commit(80)},
			[]string{`7: begin 0Iitems("1","a") commit(1 changes, 2 bytes) last 80_0`}},
		"empty transaction": {100, [][]byte{begin(80, 7), commit(80)},
			[]string{`7: begin commit(0 changes, 0 bytes) last 80_0`}},
		"all kinds of changes": {100, [][]byte{begin(80, 7), insert(100, "1", nil), update(100, 'O', row("1", nil), row("1", "")),
			remove(100, 'O', "1", ""), remove(100, 'K', "2", nil), truncate(100, 200), commit(80)},
			[]string{`7: begin 0Iitems("1",null) 2Uitems("1",null)("1","") 4Ditems("1","") 6Ditems("2",null) 8Titems 10Ttags commit(6 changes, 5 bytes) last 80_10`}},
		"unchanged TOAST comes from the old row": {100, [][]byte{begin(80, 7), update(100, 'O', row("1", "long"), row("2", unchanged)),
			update(100, 'O', row("1", nil), row("2", unchanged)), commit(80)},
			[]string{`7: begin 0Uitems("1","long")("2","long") 2Uitems("1",null)("2",null) commit(2 changes, 8 bytes) last 80_2`}},
		"exactly a batch: the last change is kept for the commit": {3, [][]byte{begin(80, 7), insert(200, "a"), insert(200, "b"), insert(200, "c"), commit(80)},
			[]string{`7: begin 0Itags("a") 2Itags("b") last 80_2`, `7: 4Itags("c") commit(3 changes, 3 bytes) last 80_4`}},
		"smallest batch": {2, [][]byte{begin(80, 7), insert(200, "a"), insert(200, "b"), insert(200, "c"), commit(80)},
			[]string{`7: begin 0Itags("a") last 80_0`, `7: 2Itags("b") last 80_2`, `7: 4Itags("c") commit(3 changes, 3 bytes) last 80_4`}},
		"a batch of one is a batch of two": {1, [][]byte{begin(80, 7), insert(200, "a"), commit(80)},
			[]string{`7: begin 0Itags("a") commit(1 changes, 1 bytes) last 80_0`}},
		"a relation overtakes the buffered changes": {100, [][]byte{begin(80, 7), insert(100, "1", "a"), relation(tags()), insert(200, "x"), commit(80)},
			[]string{`relation tags`, `7: begin 0Iitems("1","a") 2Itags("x") commit(2 changes, 3 bytes) last 80_2`}},
		"truncate of many tables fills batches": {2, [][]byte{begin(80, 7), truncate(100, 200, 100), commit(80)},
			[]string{`7: begin 0Titems last 80_0`, `7: 2Ttags last 80_2`, `7: 4Titems commit(3 changes, 0 bytes) last 80_4`}},
		"origin, type and message are nothing": {100, [][]byte{begin(80, 7), {'O', 1}, {'Y', 2}, insert(200, "a"), {'M', 3}, commit(80)},
			[]string{`7: begin 0Itags("a") commit(1 changes, 1 bytes) last 80_0`}},
		"positions beyond 2^63": {100, [][]byte{begin(1<<63+8, 1<<32-1), insert(200, "a"), commit(1<<63 + 8)},
			[]string{`4294967295: begin 0Itags("a") commit(1 changes, 1 bytes) last 9223372036854775816_0`}},
		"values that look like markers": {100, [][]byte{begin(80, 7), insert(100, "", "n"), insert(100, "\\N", "null"), commit(80)},
			[]string{`7: begin 0Iitems("","n") 2Iitems("\\N","null") commit(2 changes, 7 bytes) last 80_2`}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, show(feed(t, started(t, pgoutput.Options{BatchSize: c.batch}), c.stream...)))
		})
	}
}

func TestARowOfEmptyValuesIsNotNull(t *testing.T) {
	events := feed(t, started(t, pgoutput.Options{}), begin(80, 7), insert(200, ""), commit(80))
	require.NotNil(t, events[0].Fragment.Changes[0].New[0])
}

func TestTableWithoutColumns(t *testing.T) {
	f := started(t, pgoutput.Options{})
	events := feed(t, f, relation(&change.Relation{OID: 9, Schema: "public", Name: "none"}), begin(80, 7), insert(9), update(9, 'O', row(), row()), commit(80))
	require.Equal(t, []string{"relation none", "7: begin 0Inone() 2Unone()() commit(2 changes, 0 bytes) last 80_2"}, show(events))
}

func TestChangesKeepTheRelationTheyWereMadeUnder(t *testing.T) {
	f := started(t, pgoutput.Options{})
	wider := items()
	wider.Columns = append(wider.Columns, change.Column{Name: "extra", TypeOID: 25})
	events := feed(t, f, begin(80, 7), insert(100, "1", "a"), relation(wider), insert(100, "2", "b", "c"), commit(80))
	require.Len(t, events, 2)
	require.Equal(t, items(), events[0].Old)
	require.Equal(t, wider, events[0].Relation)
	changes := events[1].Fragment.Changes
	require.Same(t, events[0].Old, changes[0].Relation)
	require.Same(t, events[0].Relation, changes[1].Relation)
	require.Len(t, changes[0].New, 2)
	require.Len(t, changes[1].New, 3)
}

func TestARepeatedDefinitionKeepsItsPointer(t *testing.T) {
	f := pgoutput.NewFragmenter(pgoutput.Options{})
	first := feed(t, f, relation(items()))
	require.Nil(t, first[0].Old)
	f.Reconnected()
	again := feed(t, f, relation(items()))
	require.Same(t, first[0].Relation, again[0].Relation)
	require.Same(t, first[0].Relation, again[0].Old)
}

func TestALostConnectionCutsItsTransaction(t *testing.T) {
	f := started(t, pgoutput.Options{BatchSize: 2})
	whole := [][]byte{begin(80, 7), insert(200, "a"), insert(200, "b"), insert(200, "c"), commit(80)}
	want := show(feed(t, started(t, pgoutput.Options{BatchSize: 2}), whole...))
	for n := range whole {
		feed(t, f, whole[:n]...)
		require.Equal(t, n > 0, f.InTransaction())
		f.Reconnected()
		require.False(t, f.InTransaction())
		require.Equal(t, want, show(feed(t, f, whole...)), "cut after %d messages", n)
	}
}

func TestUpdateWithoutOldRow(t *testing.T) {
	for _, tag := range []byte{0, 'K'} {
		f := started(t, pgoutput.Options{})
		feed(t, f, begin(80, 7))
		_, err := f.Feed(update(100, tag, row("1", nil), row("2", "a")))
		var notFull *pgoutput.ErrReplicaNotFull
		require.ErrorAs(t, err, &notFull)
		require.Equal(t, "items", notFull.Table)
		require.ErrorContains(t, err, `ALTER TABLE "public"."items" REPLICA IDENTITY FULL`)
	}
}

func TestTransactionSizeLimit(t *testing.T) {
	f := started(t, pgoutput.Options{MaxTransactionBytes: 3})
	for range 2 { // the count starts again with each transaction
		feed(t, f, begin(80, 7), insert(200, "abc"), commit(80))
	}
	feed(t, f, begin(80, 7), insert(200, "ab"), insert(200, "c"))
	_, err := f.Feed(insert(200, "d"))
	var tooLarge *pgoutput.ErrTxnTooLarge
	require.ErrorAs(t, err, &tooLarge)
	require.Equal(t, int64(3), tooLarge.Limit)
}

func TestLargeRowsEndFragmentsEarly(t *testing.T) {
	f := started(t, pgoutput.Options{MaxFragmentBytes: 10})
	events := feed(t, f, begin(80, 7), insert(200, "0123456789"), insert(200, "x"), insert(200, "y"), insert(200, "0123456789"), commit(80))
	require.Equal(t, []string{
		`7: begin 0Itags("0123456789") last 80_0`,
		`7: 2Itags("x") 4Itags("y") last 80_4`,
		`7: 6Itags("0123456789") commit(4 changes, 22 bytes) last 80_6`,
	}, show(events))
}

func TestStreamsThatCannotBe(t *testing.T) {
	for name, stream := range map[string][][]byte{
		"change outside of a transaction": {insert(200, "a")},
		"commit outside of a transaction": {commit(80)},
		"begin in a transaction":          {begin(80, 7), begin(90, 8)},
		"commit elsewhere":                {begin(80, 7), commit(88)},
		"begin at zero":                   {begin(0, 7)},
		"unknown relation":                {begin(80, 7), insert(300, "a")},
		"truncate of unknown relation":    {begin(80, 7), truncate(300)},
		"too few columns":                 {begin(80, 7), insert(100, "a")},
		"too many old columns":            {begin(80, 7), update(200, 'O', row("a", "b"), row("a"))},
		"inserted row with a hole":        {begin(80, 7), insert(200, unchanged)},
		"old row with a hole":             {begin(80, 7), remove(200, 'O', unchanged)},
	} {
		f := started(t, pgoutput.Options{})
		var err error
		for _, m := range stream {
			_, err = f.Feed(m)
		}
		require.ErrorIs(t, err, pgoutput.ErrMalformed, name)
	}
}

func TestRetainedIsTheMemoryOfTheFragment(t *testing.T) {
	f := started(t, pgoutput.Options{})
	fragment := feed(t, f, begin(80, 7), insert(100, "12345", "6789"), update(100, 'O', row("1", "same"), row("2", "same")), commit(80))[0].Fragment
	const texts = 9 + 5 + 1 // an equal value is not held twice
	want := unsafe.Sizeof(change.Fragment{}) + unsafe.Sizeof(change.Commit{}) + 2*unsafe.Sizeof(change.Change{}) + 6*unsafe.Sizeof([]byte{}) + texts
	require.Equal(t, int64(want), fragment.Retained)
	old, new := fragment.Changes[1].Old[1], fragment.Changes[1].New[1]
	require.Same(t, &old[0], &new[0])
}

// genTransaction draws a transaction as messages.
func genTransaction(t *rapid.T, lsn uint64) (messages [][]byte, changes int) {
	value := rapid.SampledFrom([]any{nil, "", "1", "ab", "0123456789"})
	messages = append(messages, begin(lsn, uint32(lsn)))
	for range rapid.IntRange(0, 20).Draw(t, "messages") {
		draw := func(label string) []any { return row(value.Draw(t, label), value.Draw(t, label)) }
		switch rapid.SampledFrom([]string{"insert", "update", "delete", "truncate", "relation"}).Draw(t, "kind") {
		case "insert":
			messages = append(messages, insert(100, draw("new")...))
		case "update":
			new := draw("new")
			if rapid.Bool().Draw(t, "unchanged") {
				new[1] = unchanged
			}
			messages = append(messages, update(100, 'O', draw("old"), new))
		case "delete":
			messages = append(messages, remove(100, 'O', draw("old")...))
		case "truncate":
			messages = append(messages, truncate(100, 200))
			changes++
		case "relation":
			messages = append(messages, relation(items()))
			changes--
		}
		changes++
	}
	return append(messages, commit(lsn)), changes
}

func TestFragmentsAreTheTransaction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		options := pgoutput.Options{
			BatchSize:        rapid.IntRange(2, 9).Draw(t, "batch"),
			MaxFragmentBytes: rapid.Int64Range(1, 60).Draw(t, "fragment bytes"),
		}
		split, whole := started(t, options), started(t, pgoutput.Options{BatchSize: 1 << 20, MaxFragmentBytes: 1 << 40})
		lsn := uint64(8)
		for range rapid.IntRange(1, 4).Draw(t, "transactions") {
			lsn += 80
			messages, changes := genTransaction(t, lsn)
			want := fragments(feed(t, whole, messages...))
			if len(want) != 1 || len(want[0].Changes) != changes {
				t.Fatalf("a fragmenter without limits made %d fragments", len(want))
			}
			got := fragments(feed(t, split, messages...))
			checkTransaction(t, options, got, want[0])

			// Sent again to a fresh fragmenter, or after a cut at any message, it has the same boundaries.
			fresh := started(t, options)
			feed(t, fresh, messages[:rapid.IntRange(0, len(messages)-1).Draw(t, "cut")]...)
			fresh.Reconnected()
			require.Equal(t, got, fragments(feed(t, fresh, messages...)))
		}
	})
}

func fragments(events []pgoutput.Event) (fs []*change.Fragment) {
	for _, e := range events {
		if e.Fragment != nil {
			fs = append(fs, e.Fragment)
		}
	}
	return fs
}

func checkTransaction(t *rapid.T, o pgoutput.Options, got []*change.Fragment, want *change.Fragment) {
	var all []change.Change
	previous := shape.Offset{}
	for i, f := range got {
		all = append(all, f.Changes...)
		require.Equal(t, i == 0, f.Begin)
		require.Equal(t, i == len(got)-1, f.Commit != nil)
		require.LessOrEqual(t, len(f.Changes), o.BatchSize-1)
		require.True(t, len(f.Changes) > 0 || len(want.Changes) == 0, "only an empty transaction has a fragment without changes")
		require.True(t, previous.Less(f.Last))
		previous = f.Last
		for j := range f.Changes {
			require.Equal(t, int64(2*(len(all)-len(f.Changes)+j)), f.Changes[j].Pos)
		}
	}
	require.Equal(t, append([]change.Change{}, want.Changes...), append([]change.Change{}, all...))
	require.Equal(t, want.Last, previous)
	require.Equal(t, want.Commit, got[len(got)-1].Commit)
}

func FuzzFeed(f *testing.F) {
	for _, b := range whole() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fragmenter := started(t, pgoutput.Options{BatchSize: 2})
		feed(t, fragmenter, begin(80, 7), insert(200, "a"))
		_, _ = fragmenter.Feed(b)
	})
}

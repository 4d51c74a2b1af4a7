package follow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/cmd/oracle/follow"
)

// Hashes of values.
var (
	h1 = strings.Repeat("1a", 16)
	h2 = strings.Repeat("2b", 16)
)

// The texts are of a shape with the clause `x IN q OR a = 'x'`, of which position 0 tests for the subquery.
func tags(hash string) string { return fmt.Sprintf(`,"tags":["%s/","/1"]`, hash) }

const (
	neither    = `,"active_conditions":[false,false]`
	subqueried = `,"active_conditions":[true,false]`
	plain      = `,"active_conditions":[false,true]`
	both       = `,"active_conditions":[true,true]`
	moved      = `,"is_move_in":true`
)

func moves(event string, hashes ...string) string {
	var patterns []string
	for _, h := range hashes {
		patterns = append(patterns, fmt.Sprintf(`{"pos":0,"value":"%s"}`, h))
	}
	return fmt.Sprintf(`{"headers":{"event":"%s","patterns":[%s],"txids":[733]}}`, event, strings.Join(patterns, ","))
}

func updated(key, more string) string {
	return fmt.Sprintf(`{"key":%q,"value":{"id":%q,"a":"y"},"headers":{"operation":"update","relation":["public","t"]%s}}`, key, key, more)
}

func deletes(key, more string) string {
	return fmt.Sprintf(`{"key":%q,"value":{"id":%q},"headers":{"operation":"delete","relation":["public","t"]%s}}`, key, key, more)
}

var (
	subqueries = follow.Options{Subqueries: true}
	start      = snapshot(insert("1", tags(h1)+subqueried), insert("2", tags(h1)+both), insert("3", tags(h2)+plain))
)

func TestAMoveOutTakesTheRowsForWhichNothingHoldsAnyMore(t *testing.T) {
	f, _, err := follows(t, subqueries, start, log("0_inf"), log("1_0", moves("move-out", h1)))
	require.ErrorContains(t, err, "the script is over")
	require.Equal(t, map[string]string{"2": "x", "3": "x"}, rows(f))
	require.Equal(t, 1, f.Stats().MovedOut)
	require.Equal(t, 1, f.Stats().Moves)
}

func TestAMoveInBringsItsRows(t *testing.T) {
	f, _, err := follows(t, subqueries, start, log("0_inf"),
		log("10_0", updated("1", at(10, 0)+tags(h1)+`,"removed_tags":[]`+both)),
		log("10_4", moves("move-in", h2), insert("4", tags(h2)+both+moved), insert("5", tags(h2)+subqueried+moved), end),
		log("12_3",
			insert("6", at(12, 0)+tags(h2)+both),
			updated("3", at(12, 1)+tags(h1)+fmt.Sprintf(`,"removed_tags":["%s/"]`, h2)+both), // the move has made its first condition true
			deletes("4", at(12, 2)+tags(h2)+both),
			moves("move-out", h2)))
	require.ErrorContains(t, err, "the script is over")
	require.Equal(t, map[string]string{"1": "y", "2": "x", "3": "y", "6": "x"}, rows(f))
}

func TestAMoveInWithoutRowsHasNoEnd(t *testing.T) {
	f, _, err := follows(t, subqueries, start, log("0_inf"), log("1_0", moves("move-in", h2)), log("1_1", moves("move-out", h1, h2)))
	require.ErrorContains(t, err, "the script is over")
	require.Equal(t, map[string]string{"2": "x", "3": "x"}, rows(f))
}

func TestAKeyChangeCarriesTheTagsOfBothRows(t *testing.T) {
	_, _, err := follows(t, subqueries, start, log("0_inf"), log("10_1",
		deletes("1", at(10, 0)+fmt.Sprintf(`,"key_change_to":"7","tags":["%s/","/1","%s/"]`, h2, h1)+plain),
		insert("7", at(10, 1)+`,"key_change_from":"1"`+tags(h2)+plain)))
	require.ErrorContains(t, err, "the script is over")
}

func TestMovesComeAgainByEvents(t *testing.T) {
	events := func(offset string, messages ...string) answer {
		return answer{200, "electric-handle: 1-1\nelectric-offset: " + offset + "\nelectric-cursor: %CURSOR%\ncontent-type: text/event-stream",
			"data: " + strings.Join(messages, "\n\ndata: ") + "\n\n"}
	}
	told := func(lsn int) string {
		return fmt.Sprintf(`{"headers":{"control":"up-to-date","global_last_seen_lsn":"%d"}}`, lsn)
	}
	change := insert("4", at(100, 0)+tags(h1)+subqueried)
	move := []string{moves("move-in", h2), insert("5", tags(h2)+subqueried+moved), end}
	o := follow.Options{Mode: follow.SSE, Subqueries: true}
	again := append([]string{change}, move...)
	f, requests, err := follows(t, o, start, log("0_inf"),
		events("0_inf", append([]string{change, told(100)}, move...)...),
		events("100_0", append(move, told(100), moves("move-out", h1))...),
		events("100_0", append(append(move, moves("move-out", h1)), told(101))...),
		events("101_0", moves("move-out", h2)))
	require.ErrorContains(t, err, "it is at 100_5, which a client that goes on from 101_0 does not get")
	require.Equal(t, "100_0", requests[3].Get("offset"))
	require.Equal(t, "101_0", requests[5].Get("offset"))
	require.Contains(t, rows(f), "5")
	_, _, err = follows(t, o, start, log("0_inf"), events("0_inf", again...), events("0_inf", change, told(100)))
	require.ErrorContains(t, err, "up to date without")
	_, _, err = follows(t, o, start, log("0_inf"), events("0_inf", again...), events("0_inf", change, moves("move-in", h1)))
	require.ErrorContains(t, err, "where the log came to be read again")
	o.Reconnect = 2
	_, requests, err = follows(t, o, start, log("0_inf"), events("0_inf", told(5), told(6), "not read"), log("6_0"))
	require.ErrorContains(t, err, "content-type")
	require.Equal(t, "6_0", requests[3].Get("offset"))
}

func TestAShapeWithoutSubqueriesHasNoTagsAndNoMoves(t *testing.T) {
	_, _, err := follows(t, follow.Options{}, start)
	require.ErrorContains(t, err, "tags or active_conditions in a shape without subqueries")
	_, _, err = follows(t, follow.Options{}, snapshot(), log("0_inf"), log("1_0", moves("move-out", h1)))
	require.ErrorContains(t, err, "a move in a shape without subqueries")
}

func TestBrokenPromisesOfSubqueriesEndAFollower(t *testing.T) {
	row := insert("4", tags(h2)+subqueried+moved)
	for name, c := range map[string]struct {
		messages []string
		says     string
	}{
		"insert of a row that a move left":    {[]string{moves("move-in", h2), insert("3", tags(h2)+both+moved), end}, "insert of a key that is there"},
		"update of a row that a move took":    {[]string{moves("move-out", h1), updated("1", at(10, 0)+tags(h2)+`,"removed_tags":[]`+plain)}, "update of a key that is not there"},
		"delete of a row that a move took":    {[]string{moves("move-out", h1), deletes("1", at(10, 0)+tags(h1)+subqueried)}, "delete of a key that is not there"},
		"no tags":                             {[]string{insert("4", at(10, 0)+subqueried)}, "without tags"},
		"no conditions":                       {[]string{insert("4", at(10, 0)+tags(h1))}, "without tags or active_conditions"},
		"no removed_tags":                     {[]string{updated("1", at(10, 0)+tags(h1)+both)}, "without removed_tags"},
		"a kept tag among removed_tags":       {[]string{updated("1", at(10, 0)+tags(h1)+fmt.Sprintf(`,"removed_tags":["%s/"]`, h1)+both)}, "removed_tags are"},
		"a lost tag not among removed_tags":   {[]string{updated("1", at(10, 0)+tags(h2)+`,"removed_tags":[]`+plain)}, "removed_tags are"},
		"removed_tags of an insert":           {[]string{insert("4", at(10, 0)+tags(h1)+subqueried+`,"removed_tags":[]`)}, "an insert with removed_tags"},
		"conditions do not hold":              {[]string{insert("4", at(10, 0)+tags(h2)+neither)}, "conditions do not hold"},
		"an update after which nothing holds": {[]string{updated("3", at(10, 0)+tags(h2)+`,"removed_tags":[]`+neither)}, "conditions do not hold"},
		"a condition unlike another row's":    {[]string{insert("4", at(10, 0)+tags(h2)+both)}, "condition 0 is true and must be false"},
		"a condition unlike a move":           {[]string{moves("move-out", h1), insert("4", at(10, 0)+tags(h1)+both)}, "condition 0 is true and must be false"},
		"too few conditions":                  {[]string{insert("4", at(10, 0)+tags(h1)+`,"active_conditions":[true]`)}, "1 active_conditions for 2 positions"},
		"other structure":                     {[]string{insert("4", at(10, 0)+fmt.Sprintf(`,"tags":["%s"],"active_conditions":[true]`, h1))}, "another structure"},
		"no structure":                        {[]string{insert("4", at(10, 0)+fmt.Sprintf(`,"tags":["/%s","1/"]`, h1)+both)}, "position 1 is in tag 0"},
		"a position of no tag":                {[]string{insert("4", at(10, 0)+fmt.Sprintf(`,"tags":["%s/"]`, h1)+both)}, "1 of 2 positions are in no tag"},
		"tags of different widths":            {[]string{insert("4", at(10, 0)+fmt.Sprintf(`,"tags":["%s/","1"]`, h1)+both)}, "tags of 2 and of 1 positions"},
		"a hash that is none":                 {[]string{insert("4", at(10, 0)+tags("abc")+both)}, "is no hash"},
		"a delete with other tags":            {[]string{deletes("1", at(10, 0)+tags(h2)+subqueried)}, "the deleted row had the tags"},
		"a delete with other conditions":      {[]string{deletes("1", at(10, 0)+tags(h1)+both)}, "the deleted row had the conditions"},
		"a key change without old tags":       {[]string{deletes("1", at(10, 0)+`,"key_change_to":"7"`+tags(h2)+both)}, "lack"},
		"a row of no move":                    {[]string{row}, "is_move_in without a move"},
		"a row of a move that is over":        {[]string{moves("move-in", h2), row, end, insert("5", tags(h2)+subqueried+moved)}, "is_move_in without a move"},
		"a row that the move does not name":   {[]string{moves("move-in", h2), insert("4", tags(h1)+subqueried+moved), end}, "the move does not name the row"},
		"a row of a move with an lsn":         {[]string{moves("move-in", h2), insert("4", at(10, 0)+tags(h2)+subqueried+moved)}, "with the fields of a change"},
		"rows of a move without their end":    {[]string{moves("move-in", h2), row, insert("5", at(10, 0)+tags(h2)+both)}, "not followed by snapshot-end"},
		"rows of a move, and up to date":      {[]string{moves("move-in", h2), row}, "not followed by snapshot-end"},
		"rows of a move, and a move":          {[]string{moves("move-in", h2), row, moves("move-out", h1)}, "not followed by snapshot-end"},
		"the end of a move without rows":      {[]string{moves("move-in", h2), end}, "second snapshot-end"},
		"a move of no subquery":               {[]string{`{"headers":{"event":"move-out","patterns":[{"pos":1,"value":"` + h1 + `"}],"txids":[]}}`}, "tests for no subquery"},
		"a move of no position":               {[]string{`{"headers":{"event":"move-out","patterns":[{"pos":2,"value":"` + h1 + `"}],"txids":[]}}`}, "tests for no subquery"},
		"a move of nothing":                   {[]string{moves("move-out")}, "without patterns"},
		"a move of a value twice":             {[]string{moves("move-out", h1, h1)}, "twice in a move"},
		"a move without txids":                {[]string{`{"headers":{"event":"move-out","patterns":[{"pos":0,"value":"` + h1 + `"}]}}`}, "without txids"},
		"another event":                       {[]string{moves("move", h1)}, `unexpected event "move"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := follows(t, subqueries, start, log("0_inf"), log("20_0", c.messages...))
			var v *follow.Violation
			require.ErrorAs(t, err, &v)
			require.Contains(t, v.Reason, c.says)
		})
	}
	_, _, err := follows(t, subqueries, start, log("0_inf"), log("1_0", moves("move-out", h1), moves("move-out", h2)))
	require.ErrorContains(t, err, "electric-offset is 1_0 after a message at 1_1")
	_, _, err = follows(t, subqueries, snapshot(insert("1", tags(h1)+subqueried), moves("move-out", h1)))
	require.ErrorContains(t, err, "a move before snapshot-end")
}

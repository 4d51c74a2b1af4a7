package replication

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/pg"
)

func TestAcknowledgement(t *testing.T) {
	commit := func(lsn pg.LSN) func(*positions) { return func(p *positions) { p.committed(lsn) } }
	boundary := func(lsn pg.LSN) func(*positions) { return func(p *positions) { p.boundary(lsn) } }
	keepalive := func(lsn pg.LSN) func(*positions) { return func(p *positions) { p.keepalive(lsn, false) } }
	inTransaction := func(lsn pg.LSN) func(*positions) { return func(p *positions) { p.keepalive(lsn, true) } }
	type steps []func(*positions)
	for name, c := range map[string]struct {
		steps             steps
		received, flushed pg.LSN
	}{
		"at the start":                                         {nil, 100, 100},
		"keepalive with nothing outstanding":                   {steps{keepalive(150)}, 150, 150},
		"keepalive behind":                                     {steps{keepalive(50)}, 100, 100},
		"keepalive inside of a transaction":                    {steps{inTransaction(150)}, 100, 100},
		"commit is received, not flushed":                      {steps{commit(200)}, 201, 100},
		"keepalive while a commit is outstanding":              {steps{commit(200), keepalive(250)}, 250, 100},
		"boundary of the commit":                               {steps{commit(200), boundary(200)}, 201, 201},
		"boundary before the hand-over returns":                {steps{commit(200), boundary(200), keepalive(300)}, 300, 300},
		"boundary makes good what keepalives told":             {steps{commit(200), keepalive(250), boundary(200)}, 250, 250},
		"boundary of an earlier commit":                        {steps{commit(200), commit(300), keepalive(350), boundary(200)}, 350, 201},
		"boundary just below a commit":                         {steps{commit(200), keepalive(250), boundary(199)}, 250, 200},
		"boundaries in the wrong order":                        {steps{commit(200), commit(300), boundary(300), boundary(200)}, 301, 301},
		"late boundary of a lost connection, then keepalive":   {steps{boundary(90), keepalive(150)}, 150, 150},
		"late boundary of a lost connection ahead of the slot": {steps{boundary(180), keepalive(250)}, 250, 250},
	} {
		t.Run(name, func(t *testing.T) {
			p := startAt(100)
			for _, step := range c.steps {
				step(&p)
			}
			require.Equal(t, c.received, p.received, "received")
			require.Equal(t, c.flushed, p.flushed, "flushed")
		})
	}
}

// After a restart the server skips what commits below the acknowledged position, so no such transaction may be unconfirmed.
func TestNothingUnconfirmedIsEverAcknowledged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := startAt(8)
		log := pg.LSN(8)         // how far the stream has come
		var outstanding []pg.LSN // commits handed on and not confirmed
		t.Repeat(map[string]func(*rapid.T){
			"commit": func(t *rapid.T) {
				log += 8 * pg.LSN(rapid.IntRange(0, 3).Draw(t, "records"))
				p.committed(log)
				outstanding = append(outstanding, log)
				log += 8
			},
			"keepalive": func(t *rapid.T) {
				log += 8 * pg.LSN(rapid.IntRange(0, 3).Draw(t, "records"))
				p.keepalive(log, false)
			},
			"boundary": func(t *rapid.T) {
				if n := len(outstanding); n > 0 {
					i := rapid.IntRange(0, n-1).Draw(t, "confirmed")
					p.boundary(outstanding[i])
					outstanding = outstanding[i+1:]
				}
			},
			"": func(t *rapid.T) {
				if len(outstanding) > 0 && p.flushed > outstanding[0] {
					t.Fatalf("%d is acknowledged, and the transaction that commits at %d not confirmed", p.flushed, outstanding[0])
				}
				if p.flushed > log || p.received > log {
					t.Fatalf("%d is received and %d acknowledged of a log of %d: the next commit may start there", p.received, p.flushed, log)
				}
				if len(outstanding) == 0 && p.flushed != p.received {
					t.Fatalf("nothing is outstanding, and %d of %d acknowledged", p.flushed, p.received)
				}
			},
		})
	})
}

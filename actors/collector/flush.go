package collector

// flush is the account of what may be acknowledged (spec engine §5.6, adapted: shapes do not report, the store is synced as a
// whole). A transaction is done when the last work of it and all before are durable, and no shape holds it or an earlier
// one back.
type flush struct {
	commits []commit // in stream order, not yet durable
	durable uint64   // last work that is durable
	hold    uint64   // lowest commit LSN that some shape holds back, 0 for none
	passed  uint64   // last commit that is durable
	told    uint64   // boundary as last announced
	// reported: until the first report of a run, even what the store had at its start may not be durable.
	reported bool
}

// commit is a transaction and the last work that was made up to its end. A transaction that concerns no shape has no work
// of its own.
type commit struct{ lsn, seq uint64 }

// committed takes in a transaction.
func (f *flush) committed(lsn, seq uint64) {
	if n := len(f.commits); n > 0 && f.commits[n-1].seq == seq {
		f.commits[n-1].lsn = lsn // the two become durable together
		return
	}
	f.commits = append(f.commits, commit{lsn, seq})
}

// synced takes in what the writer reports.
func (f *flush) synced(seq, hold uint64) { f.durable, f.hold, f.reported = seq, hold, true }

// repeated takes in that a transaction was sent again: whoever sends it may not know the boundary any more.
func (f *flush) repeated() { f.told = 0 }

// boundary returns the flush boundary if it has moved since it was last asked for.
func (f *flush) boundary() (lsn uint64, moved bool) {
	if !f.reported {
		return 0, false
	}
	n := 0
	for n < len(f.commits) && f.commits[n].seq <= f.durable {
		f.passed = f.commits[n].lsn
		n++
	}
	f.commits = f.commits[n:]
	if len(f.commits) == 0 {
		f.commits = nil
	}
	lsn = f.passed
	if f.hold > 0 && f.hold <= lsn {
		lsn = f.hold - 1 // everything before it
	}
	if lsn <= f.told {
		return 0, false
	}
	f.told = lsn
	return lsn, true
}

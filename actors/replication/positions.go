package replication

import "leyden/internal/pg"

// positions is the acknowledgement state of one stream. Each position is exclusive: everything below it is done. That is
// how Postgres reads them: after a restart it skips exactly the transactions whose commit record starts below the
// acknowledged position.
//
// So a transaction that commits at l is acknowledged with l+1, but the end of the log that a keepalive names is
// acknowledged as it is: the record that comes to stand there may be the commit of a transaction that is still open, and
// acknowledging one byte of it would lose that transaction.
type positions struct {
	received pg.LSN // taken off the connection
	flushed  pg.LSN // durable, or of no concern to any shape

	seen      pg.LSN // commit of the last transaction handed on
	confirmed pg.LSN // highest flush boundary
}

// startAt gives the state of a stream that begins at the slot's confirmed position.
func startAt(confirmedFlush pg.LSN) positions {
	return positions{received: confirmedFlush, flushed: confirmedFlush}
}

// upToDate reports whether nothing that was handed on waits for its flush boundary.
func (p *positions) upToDate() bool { return p.confirmed >= p.seen }

// committed takes the commit position of a transaction whose last fragment is about to be handed on. It is called
// before, since the boundary of a transaction that concerns no shape comes at once.
func (p *positions) committed(lsn pg.LSN) {
	p.seen = lsn
	p.received = max(p.received, lsn+1)
}

// boundary takes a flush boundary: all transactions that commit at or below lsn are durable. Once nothing is left to
// wait for, what keepalives have told is acknowledged too.
func (p *positions) boundary(lsn pg.LSN) {
	p.confirmed = max(p.confirmed, lsn)
	p.received = max(p.received, lsn+1)
	if p.upToDate() {
		p.flushed = max(p.flushed, p.received)
	} else {
		p.flushed = max(p.flushed, lsn+1)
	}
}

// keepalive takes the end of the log that the server has read. It counts only between transactions.
func (p *positions) keepalive(walEnd pg.LSN, inTransaction bool) {
	if inTransaction {
		return
	}
	p.received = max(p.received, walEnd)
	if p.upToDate() {
		p.flushed = max(p.flushed, walEnd)
	}
}

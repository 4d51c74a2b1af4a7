package replication

import (
	"bufio"
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

const (
	readBuffer = 256 << 10
	// pace is the pause between reads of a dense stream, dense how many reads in a row show one: each
	// had something within pace.
	pace  = 200 * time.Microsecond
	dense = 8
)

// ReadAhead makes connections of c take the stream in large pieces. A walsender sends each row by itself; a reader that
// waits for every one of them makes it wake somebody up a hundred thousand times a second, which halves what it can send. So
// once rows come faster than one can look, the reader lets the socket fill for a moment. What comes now and then, such as a
// single transaction, is read at once.
func ReadAhead(c *pgconn.Config) {
	c.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		return pgproto3.NewFrontend(bufio.NewReaderSize(&pacedReader{r: r, now: time.Now, sleep: time.Sleep}, readBuffer), w)
	}
}

// pacedReader pauses between the reads of a dense stream. One goroutine reads.
type pacedReader struct {
	r     io.Reader
	now   func() time.Time
	sleep func(time.Duration)

	run int // of reads that had something within pace
}

func (p *pacedReader) Read(b []byte) (int, error) {
	if p.run >= dense {
		p.sleep(pace)
	}
	begin := p.now()
	n, err := p.r.Read(b)
	// A full buffer is no sign of a reader that is ahead of its server.
	if n < len(b) && p.now().Sub(begin) < pace {
		p.run++
	} else {
		p.run = 0
	}
	return n, err
}

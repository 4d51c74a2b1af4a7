package replication

import (
	"encoding/binary"
	"fmt"
	"time"
)

// report sends status messages: at once when the server asks, soon after positions have moved, and at every interval
// whether or not the reader is paused. It ends with a last one, so that a clean stop leaves the slot where the store is.
func (s *stream) report() error {
	ticker := time.NewTicker(s.interval)
	defer ticker.Stop()
	var silence silence
	var last time.Time
	for {
		ask := false
		select {
		case <-s.stop:
			return s.sendLast()
		case <-s.urgent:
		case <-ticker.C:
			quiet := silence.tick(s.heard.Load(), s.paused.Load(), s.interval)
			if quiet >= s.silenceLimit() {
				return fmt.Errorf("%w for %s", ErrSilent, quiet)
			}
			ask = quiet > 0
		case <-s.due:
			if !s.rest(statusGap - time.Since(last)) {
				return s.sendLast()
			}
		}
		if err := s.sendStatus(ask, longestKeepalive); err != nil {
			return err
		}
		last = time.Now()
	}
}

// rest waits unless something is urgent; false means stop.
func (s *stream) rest(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.urgent:
	case <-s.stop:
		return false
	}
	return true
}

func (s *stream) silenceLimit() time.Duration {
	if s.config.SilenceLimit > 0 {
		return s.config.SilenceLimit
	}
	return defaultSilenceLimit
}

// sendLast acknowledges all that may be.
func (s *stream) sendLast() error {
	if s.config.Acknowledging != nil {
		if err := s.rememberNow(); err != nil {
			return err
		}
	}
	return s.sendStatus(false, closeGrace)
}

// sendStatus acknowledges what may be and is remembered. It writes to the socket itself: the buffer of the connection belongs to the reader, which may
// be closing it at this moment.
func (s *stream) sendStatus(replyRequested bool, patience time.Duration) error {
	s.mu.Lock()
	p := s.positions
	p.flushed = s.remembered(p.flushed)
	s.mu.Unlock()
	conn := s.conn.Conn()
	if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	if _, err := conn.Write(statusMessage(&p, time.Now(), replyRequested)); err != nil {
		return fmt.Errorf("acknowledge %s: %w", p.flushed, err)
	}
	return nil
}

// postgresEpoch is 2000-01-01 00:00:00 UTC, where the server's clock starts, in microseconds of the Unix epoch.
const postgresEpoch = 946684800 * 1e6

// statusMessage is a standby status update in a CopyData message, as the manual's chapter on the streaming replication
// protocol has it.
func statusMessage(p *positions, now time.Time, replyRequested bool) []byte {
	const length = 4 + 1 + 3*8 + 8 + 1
	b := make([]byte, 0, 1+length)
	b = append(b, 'd')
	b = binary.BigEndian.AppendUint32(b, length)
	b = append(b, 'r')
	b = binary.BigEndian.AppendUint64(b, uint64(p.received)) // written
	b = binary.BigEndian.AppendUint64(b, uint64(p.flushed))
	b = binary.BigEndian.AppendUint64(b, uint64(p.flushed)) // applied
	b = binary.BigEndian.AppendUint64(b, uint64(now.UnixMicro()-postgresEpoch))
	if replyRequested {
		return append(b, 1)
	}
	return append(b, 0)
}

// silence measures how long the server has said nothing, in whole intervals. A paused reader does not listen, so its
// silence does not count.
type silence struct {
	heard uint64
	quiet time.Duration
}

func (q *silence) tick(heard uint64, paused bool, interval time.Duration) time.Duration {
	if heard != q.heard || paused {
		q.heard, q.quiet = heard, 0
		return 0
	}
	q.quiet += interval
	return q.quiet
}

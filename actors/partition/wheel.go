package partition

const (
	// idleTicks is after how many ticks without a message a consumer rests.
	idleTicks  = 8
	wheelSlots = 2 * idleTicks
)

// wheel finds the consumers that have been idle, a few at each tick. A consumer is in one slot; a message to it costs only
// the note of the time.
type wheel struct {
	now   uint32
	slots [wheelSlots][]*child
}

// add files a child for idleTicks after its last message, or after now if that is past.
func (w *wheel) add(c *child) {
	due := c.last + idleTicks
	if w.now-c.last >= idleTicks {
		due = w.now + idleTicks
	}
	w.slots[due%wheelSlots] = append(w.slots[due%wheelSlots], c)
}

// tick advances the time and calls idle for each child that has had no message for idleTicks, and again every idleTicks as
// long as it has none. A child that idle does not want to see again is one that is gone by then.
func (w *wheel) tick(idle func(c *child, ticks uint32)) {
	w.now++
	due := w.slots[w.now%wheelSlots]
	w.slots[w.now%wheelSlots] = nil
	for _, c := range due {
		if c.gone {
			continue
		}
		if ticks := w.now - c.last; ticks >= idleTicks {
			if idle(c, ticks); c.gone {
				continue
			}
		}
		w.add(c)
	}
}

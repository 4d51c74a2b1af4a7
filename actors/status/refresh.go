package status

import "leyden/internal/shape"

// Catalogue is what is on disk, as Refresh needs it.
type Catalogue interface {
	// Handles yields the handle of every shape, complete or not.
	Handles(yield func(shape.Handle)) error
	Has(h shape.Handle) (bool, error)
}

// Refreshed is how the authority and the disk differ.
type Refreshed struct {
	Kept     int
	Vanished []*Entry       // known, and not on disk any more; the caller removes them
	Foreign  []shape.Handle // on disk, and made by nobody of this process; nothing is known of their logs
}

// Refresh compares the shapes with the disk, as it is due whenever the lock of the slot has been acquired (spec engine §2.6).
// It changes nothing: every id stays what it is, and readers see every shape all the time. No shape is added while it runs.
//
// A shape without a log is not looked for, since its maker has not put it on the disk yet; one whose snapshot is being made
// is looked for like any other and is not at fault for being incomplete. One that is being removed is neither vanished nor
// foreign.
func (a *Authority) Refresh(disk Catalogue) (Refreshed, error) {
	a.adding.Lock()
	defer a.adding.Unlock()
	var expected []*Entry // on disk from before now until they are removed
	for _, e := range a.List() {
		if e.Log() != nil {
			expected = append(expected, e)
		}
	}
	seen := newBits(expected)
	var strangers []shape.Handle
	err := disk.Handles(func(h shape.Handle) {
		if e, ok := a.ByHandle(h); ok {
			seen.set(e.ID)
		} else {
			strangers = append(strangers, h)
		}
	})
	if err != nil {
		return Refreshed{}, err
	}
	var r Refreshed
	for _, e := range expected {
		switch {
		case e.Removed():
		case seen.has(e.ID):
			r.Kept++
		default:
			r.Vanished = append(r.Vanished, e)
		}
	}
	for _, h := range strangers {
		// A removal takes the shape from the maps, then from the disk, then takes the tombstone away.
		if _, known := a.ByHandle(h); known {
			continue
		}
		if _, removing := a.Tombstone(h); removing {
			continue
		}
		there, err := disk.Has(h)
		if err != nil {
			return Refreshed{}, err
		}
		if there {
			r.Foreign = append(r.Foreign, h)
		}
	}
	return r, nil
}

// bits is a set of ids within the range of some entries in the order of ids.
type bits struct {
	first, last shape.ID
	words       []uint64
}

func newBits(entries []*Entry) bits {
	if len(entries) == 0 {
		return bits{first: 1}
	}
	b := bits{first: entries[0].ID, last: entries[len(entries)-1].ID}
	b.words = make([]uint64, (b.last-b.first)/64+1)
	return b
}

func (b *bits) set(id shape.ID) {
	if id >= b.first && id <= b.last {
		b.words[(id-b.first)/64] |= 1 << ((id - b.first) % 64)
	}
}

func (b *bits) has(id shape.ID) bool {
	return b.words[(id-b.first)/64]&(1<<((id-b.first)%64)) != 0
}

package status

// index finds entries by something that they carry: an open-addressed table of pointers, because a map would repeat the key
// of each of a million shapes.
type index[K comparable] struct {
	key   func(*Entry) K
	hash  func(K) uint64
	slots []*Entry // a power of two, or none; at most three quarters are taken
	count int
}

const minSlots = 16

func (x *index[K]) get(k K) *Entry {
	if x.count == 0 {
		return nil
	}
	for at := x.home(k); ; at = x.next(at) {
		if e := x.slots[at]; e == nil || x.key(e) == k {
			return e
		}
	}
}

// put files e, whose key no other entry has.
func (x *index[K]) put(e *Entry) {
	if 4*(x.count+1) > 3*len(x.slots) {
		x.resize(max(minSlots, 2*len(x.slots)))
	}
	x.place(e)
	x.count++
}

// drop takes e out. What probed past it moves up, so that no search ends early.
func (x *index[K]) drop(e *Entry) {
	at := x.home(x.key(e))
	for x.slots[at] != e {
		at = x.next(at)
	}
	x.slots[at] = nil
	for hole, i := at, x.next(at); x.slots[i] != nil; i = x.next(i) {
		home := x.home(x.key(x.slots[i]))
		if x.distance(home, i) >= x.distance(hole, i) {
			x.slots[hole], x.slots[i] = x.slots[i], nil
			hole = i
		}
	}
	if x.count--; len(x.slots) > minSlots && 8*x.count < len(x.slots) {
		x.resize(len(x.slots) / 2)
	}
}

func (x *index[K]) resize(n int) {
	old := x.slots
	x.slots = make([]*Entry, n)
	for _, e := range old {
		if e != nil {
			x.place(e)
		}
	}
}

func (x *index[K]) place(e *Entry) {
	at := x.home(x.key(e))
	for x.slots[at] != nil {
		at = x.next(at)
	}
	x.slots[at] = e
}

func (x *index[K]) home(k K) int { return int(x.hash(k) & uint64(len(x.slots)-1)) }

func (x *index[K]) next(at int) int { return (at + 1) & (len(x.slots) - 1) }

// distance is how many steps lead from one slot to another.
func (x *index[K]) distance(from, to int) int { return (to - from) & (len(x.slots) - 1) }

package shapes

import (
	"sync"

	"leyden/internal/shape"
)

// mostDoubtful bounds what is remembered of failures.
const mostDoubtful = 1024

// doubtful are shapes whose last snapshot failed when it could be read already. Whoever was reading it was told to begin anew,
// and would be told so again and again where the failure lies in the data. So the next snapshot of such a shape can be read only
// when it is complete: who waits for it then learns why it failed.
type doubtful struct {
	mu     sync.Mutex
	shapes map[shape.Identity]struct{}
}

func (d *doubtful) has(id shape.Identity) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.shapes[id]
	return ok
}

func (d *doubtful) add(id shape.Identity) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shapes == nil {
		d.shapes = map[shape.Identity]struct{}{}
	}
	if len(d.shapes) >= mostDoubtful { // any: the one that is forgotten fails in its readers' hands once more
		for other := range d.shapes {
			delete(d.shapes, other)
			break
		}
	}
	d.shapes[id] = struct{}{}
}

func (d *doubtful) drop(id shape.Identity) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if delete(d.shapes, id); len(d.shapes) == 0 {
		d.shapes = nil
	}
}

package stack_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestIdleShapesAreSmall makes many shapes and waits until their consumers sleep.
func TestIdleShapesAreSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	const shapes, clients = 6000, 8
	db := newDatabase(t)
	db.exec(t, `CREATE INDEX ON items (tenant)`)
	c := config(t, db.url, t.TempDir())
	c.RestAfter = 200 * time.Millisecond
	e := start(t, c).ready()
	defer e.stop()
	e.create("tenant = -1")
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() {
			for i := n; i < shapes; i += clients {
				e.snapshot(e.create(fmt.Sprintf("tenant = %d", i)))
			}
		})
	}
	wg.Wait()
	// A commit past the snapshots ends the comparing with them; then the consumers go to sleep.
	db.exec(t, `INSERT INTO items VALUES (1, -1, 'x')`)
	time.Sleep(3 * time.Second)
	after := heap()
	each := (after - before) / shapes
	t.Logf("%d bytes a shape, of which some 250 are protoactor's registry, which keeps its size once all were awake", each)
	if each > 2000 {
		t.Error("that is too much")
	}
}

package main

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// quietPeriod is how long the process has to be quiet.
	quietPeriod = time.Second
	// quietShare is the part of the heap that is allocated in a quiet period at most, and in any case quietBytes.
	quietShare = 64
	quietBytes = 256 << 10
	// burstShare is the part of the heap that must have been allocated for a look at what is left of it.
	burstShare = 4
)

// giveMemoryBack returns to the system what a burst of work has left, such as the loading of a million shapes or their
// making. The runtime keeps a heap of twice what was alive, for work that is as large again; a process that has become quiet
// needs less. It costs a collection after each burst, and none while there is steady work.
func (s *service) giveMemoryBack() {
	tick := time.NewTicker(quietPeriod)
	defer tick.Stop()
	var returned, last uint64 // what had been allocated when memory was last returned, and when it was last looked at
	for {
		select {
		case <-tick.C:
		case <-s.stopping:
			return
		}
		now, heap := allocated()
		if now-returned > heap/burstShare && now-last <= max(heap/quietShare, quietBytes) {
			debug.FreeOSMemory()
			freeForeignMemory()
			now, _ = allocated()
			returned = now
		}
		last = now
	}
}

// allocated is what has been allocated so far, and how large the heap is, in bytes.
func allocated() (total, heap uint64) {
	samples := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}

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
	// settlePeriods is after how many quiet periods there is a second look: the storage engine lets go of what was removed some
	// ten seconds later, and allocates little for it.
	settlePeriods = 12
)

// giveMemoryBack returns to the system what a burst of work has left, such as the loading of a million shapes or their
// making. The runtime keeps a heap of twice what was alive, for work that is as large again; a process that has become quiet
// needs less. It costs two collections after each burst, and none while there is steady work.
func (s *service) giveMemoryBack() {
	tick := time.NewTicker(quietPeriod)
	defer tick.Stop()
	var b bursts
	for {
		select {
		case <-tick.C:
		case <-s.stopping:
			return
		}
		if b.over(allocated()) {
			debug.FreeOSMemory()
			freeForeignMemory()
			b.returned, _ = allocated()
		}
	}
}

// bursts finds the ends of bursts of work, by looking once a period at what has been allocated so far, in bytes.
type bursts struct {
	returned uint64 // when memory was last returned
	last     uint64 // a period ago
	calm     int    // quiet periods in a row, since memory was last returned
	settling bool   // the second look is still to come
}

// over reports whether memory is to be returned now.
func (b *bursts) over(total, heap uint64) bool {
	quiet := total-b.last <= max(heap/quietShare, quietBytes)
	b.last = total
	if !quiet {
		b.calm = 0
		return false
	}
	b.calm++
	burst := total-b.returned > heap/burstShare
	if !burst && (!b.settling || b.calm < settlePeriods) {
		return false
	}
	b.settling, b.calm = burst, 0
	return true
}

// allocated is what has been allocated so far, and how large the heap is, in bytes.
func allocated() (total, heap uint64) {
	samples := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}

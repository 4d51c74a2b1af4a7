package shapes

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Spec engine §6.7: a consumer may leave memory although what it has said is not on the disk yet. Nothing is lost by that and nothing
// comes twice. It stays as long as its log does not have it, which its successor would begin with.
func TestAConsumerThatLeftBeforeItsWordsWereOnTheDiskIsRevivedByTheNextChange(t *testing.T) {
	for name, hold := range map[string]func(*hooks, *stop){
		"nothing is pending":     func(*hooks, *stop) {},
		"the writer is behind":   func(k *hooks, s *stop) { k.beforeApply = s.hold },
		"the disk is behind":     func(k *hooks, s *stop) { k.beforeSync = s.hold },
		"the writer and a crash": func(k *hooks, s *stop) { k.beforeApply = s.hold },
	} {
		stays := strings.HasPrefix(name, "the writer")
		t.Run(name, func(t *testing.T) {
			h := houseOf(t, houseConfig{restAfter: 1})
			e := h.create(items, 1)
			h.insert(items, 1)
			h.settled()
			h.asleep(e)
			pending := newStop()
			h.hooks.set(func(k *hooks) { hold(k, pending) })
			spawned := h.metrics.Spawned.Load()
			for range 4 {
				h.insert(items, 1, 2, 1)
				h.barrier()
				if !stays {
					h.asleep(e)
				}
			}
			if stays {
				require.EqualValues(t, spawned+1, h.metrics.Spawned.Load())
			} else {
				require.EqualValues(t, spawned+4, h.metrics.Spawned.Load())
			}
			if name == "the writer and a crash" {
				h.crashWhile(pending.letGo)
				e, _ = h.status.ByHandle(e.Handle)
			} else {
				pending.letGo()
			}
			h.insert(items, 1)
			h.whole(e)
		})
	}
}

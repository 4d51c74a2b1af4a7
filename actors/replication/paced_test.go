package replication

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeSocket delivers pieces, each after a wait.
type fakeSocket struct {
	clock *time.Duration
	waits []time.Duration
	sizes []int
}

func (f *fakeSocket) Read(b []byte) (int, error) {
	*f.clock += f.waits[0]
	n := f.sizes[0]
	f.waits, f.sizes = f.waits[1:], f.sizes[1:]
	return n, nil
}

func TestADenseStreamIsReadInPacesAndASparseOneAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		wait   time.Duration
		size   int
		pauses int
	}{
		"rows that are there at once":             {wait: time.Microsecond, size: 100, pauses: 100 - dense},
		"transactions now and then":               {wait: 10 * time.Millisecond, size: 100, pauses: 0},
		"a server that is ahead fills the buffer": {wait: time.Microsecond, size: 1000, pauses: 0},
	} {
		t.Run(name, func(t *testing.T) {
			var clock time.Duration
			var pauses int
			f := &fakeSocket{clock: &clock}
			p := &pacedReader{r: f, now: func() time.Time { return time.Unix(0, 0).Add(clock) }, sleep: func(d time.Duration) {
				require.Equal(t, pace, d)
				pauses++
				clock += d
			}}
			for range 100 {
				f.waits, f.sizes = append(f.waits, c.wait), append(f.sizes, c.size)
			}
			for range 100 {
				n, err := p.Read(make([]byte, 1000))
				require.NoError(t, err)
				require.Equal(t, c.size, n)
			}
			require.Equal(t, c.pauses, pauses)
		})
	}
}

func TestAPauseInTheStreamEndsThePacing(t *testing.T) {
	var clock time.Duration
	f := &fakeSocket{clock: &clock}
	pauses := 0
	p := &pacedReader{r: f, now: func() time.Time { return time.Unix(0, 0).Add(clock) }, sleep: func(time.Duration) { pauses++ }}
	read := func(wait time.Duration, times int) {
		for range times {
			f.waits, f.sizes = append(f.waits, wait), append(f.sizes, 10)
			_, _ = p.Read(make([]byte, 1000))
		}
	}
	read(0, dense)
	require.Zero(t, pauses)
	read(time.Second, 1)
	require.Equal(t, 1, pauses)
	read(0, dense)
	require.Equal(t, 1, pauses, "it begins anew")
}

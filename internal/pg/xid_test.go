package pg

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const epoch = uint64(1) << 32

func TestParseSnapshot(t *testing.T) {
	for text, want := range map[string]Snapshot{
		"10:10:":         {Xmin: 10, Xmax: 10},
		"10:20:":         {Xmin: 10, Xmax: 20},
		"10:20:10,14,19": {Xmin: 10, Xmax: 20, Xip: []uint64{10, 14, 19}},
		"4294967290:4294967310:4294967290,4294967301": {Xmin: epoch - 6, Xmax: epoch + 14, Xip: []uint64{epoch - 6, epoch + 5}},
	} {
		got, err := ParseSnapshot(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, text, got.String())
	}
	for _, text := range []string{"", "10", "10:20", "10:20::", "20:10:", "0:1:", "10:20:9", "10:20:20", "10:20:12,11", "10:20:11,11", "10:20:11,", "a:20:", "10:b:", "10:20:c", "-1:2:", "+1:2:"} {
		_, err := ParseSnapshot(text)
		require.ErrorIs(t, err, ErrBadSnapshot, "%q", text)
	}
}

func TestVisible(t *testing.T) {
	for _, base := range []uint64{0, epoch, 7 * epoch} {
		s := Snapshot{Xmin: base + 100, Xmax: base + 200, Xip: []uint64{base + 100, base + 150}}
		for xid, want := range map[uint32]bool{99: true, 100: false, 101: true, 149: true, 150: false, 199: true, 200: false, 201: false} {
			require.Equal(t, want, s.Visible(xid), "%d in %v", xid, s)
		}
	}
}

// A transaction that runs while the snapshot is taken must be told apart in every epoch, or its rows are lost.
func TestRunningTransactionIsNotVisibleInLaterEpochs(t *testing.T) {
	s := Snapshot{Xmin: 3*epoch + 1000, Xmax: 3*epoch + 1010, Xip: []uint64{3*epoch + 1000, 3*epoch + 1004}}
	require.False(t, s.Visible(1000))
	require.False(t, s.Visible(1004))
	require.True(t, s.Visible(1003))
}

func TestSnapshotAcrossTheWrapOfIDs(t *testing.T) {
	s := Snapshot{Xmin: epoch - 5, Xmax: epoch + 10, Xip: []uint64{epoch - 5, epoch + 4}}
	for xid, want := range map[uint64]bool{epoch - 6: true, epoch - 5: false, epoch - 4: true, epoch + 3: true, epoch + 4: false, epoch + 9: true, epoch + 10: false} {
		require.Equal(t, want, s.Visible(uint32(xid)), "%d", xid)
	}
	require.True(t, XidAtLeast(5, epoch-5))
	require.False(t, XidAtLeast(0xFFFFFFF0, epoch+3))
}

// drawSnapshot makes snapshots in any epoch, often astride the wrap of 32-bit ids.
func drawSnapshot(t *rapid.T) Snapshot {
	near := rapid.Uint64Range(0, 1<<20).Draw(t, "epoch") * epoch
	xmin := near + rapid.OneOf(
		rapid.Uint64Range(3, epoch-1), rapid.Uint64Range(epoch-50, epoch+50), rapid.Uint64Range(epoch/2-50, epoch/2+50),
	).Draw(t, "xmin")
	s := Snapshot{Xmin: xmin, Xmax: xmin + rapid.OneOf(rapid.Uint64Range(0, 100), rapid.Uint64Range(0, 1<<30)).Draw(t, "width")}
	if s.Xmax > s.Xmin {
		s.Xip = rapid.SliceOfNDistinct(rapid.Uint64Range(s.Xmin, s.Xmax-1), 0, min(8, int(s.Xmax-s.Xmin)), rapid.ID).Draw(t, "xip")
		slices.Sort(s.Xip)
		if len(s.Xip) == 0 {
			s.Xip = nil
		}
	}
	return s
}

// visible64 is visibility of 64-bit ids, straight from the definition of a snapshot.
func visible64(s Snapshot, xid uint64) bool {
	return xid < s.Xmin || xid < s.Xmax && !slices.Contains(s.Xip, xid)
}

func TestVisibleModulo32AgreesWith64Bits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		low, high := uint64(3), s.Xmin+1<<31-1
		if s.Xmax > 1<<31 {
			low = s.Xmax - 1<<31 + 1
		}
		candidates := []*rapid.Generator[uint64]{
			rapid.Uint64Range(low, high),
			rapid.Uint64Range(max(low, s.Xmin-min(s.Xmin, 3)), min(high, s.Xmax+3)),
		}
		if len(s.Xip) > 0 {
			candidates = append(candidates, rapid.SampledFrom(s.Xip))
		}
		xid := rapid.OneOf(candidates...).Draw(t, "xid")
		if got, want := s.Visible(uint32(xid)), visible64(s, xid); got != want {
			t.Fatalf("%v: xid %d (%d) visible = %v, want %v", s, xid, uint32(xid), got, want)
		}
		if got, want := XidAtLeast(uint32(xid), s.Xmax), xid >= s.Xmax; got != want {
			t.Fatalf("%v: xid %d at least xmax = %v, want %v", s, xid, got, want)
		}
	})
}

func TestSnapshotSurvivesPrinting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		got, err := ParseSnapshot(s.String())
		require.NoError(t, err)
		require.Equal(t, s, got)
	})
}

func FuzzParseSnapshot(f *testing.F) {
	f.Add("10:20:10,14,19")
	f.Add("4294967290:4294967310:")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSnapshot(text)
		if err != nil {
			return
		}
		again, err := ParseSnapshot(s.String())
		if err != nil || again.String() != s.String() {
			t.Fatalf("%q: %v came back as %v, %v", text, s, again, err)
		}
	})
}

package work_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/work"
	"leyden/internal/shape"
)

func TestReadersAreToldNoPositionThatTheLogHasNotGotTo(t *testing.T) {
	var p work.Progress
	p.Start(10)
	b := work.NewBehind(&p)
	end := shape.Offset{Tx: 10}
	at := func() uint64 { return b.LSN(1, func() (shape.Offset, bool) { return end, true }) }
	require.EqualValues(t, 10, at())

	b.Told(1) // of transaction 20
	p.Start(20)
	require.EqualValues(t, 10, at(), "the move has not been taken in")
	require.EqualValues(t, 20, b.LSN(2, nil), "another shape")
	b.Told(1)
	b.Took(1, 1, true, shape.Offset{Tx: 10})
	p.Start(30)
	require.EqualValues(t, 10, at(), "its rows are being read")
	b.Took(1, 1, false, shape.Offset{Tx: 10, Op: 5})
	require.EqualValues(t, 10, at(), "the writer has not applied them")
	end.Op = 5
	require.EqualValues(t, 30, at())
	b.Told(1)
	p.Start(40)
	require.EqualValues(t, 30, at())
	b.Forget(1)
	require.EqualValues(t, 40, at())
}

package work_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/work"
)

func TestProgressIsWhatReadersFindInEveryLog(t *testing.T) {
	var p work.Progress
	require.Zero(t, p.LSN())
	p.Start(100)
	require.EqualValues(t, 100, p.LSN())
	p.Idle(110, 0)
	require.EqualValues(t, 110, p.LSN(), "nothing is under way")
	// Work 1 commits at 120; 130 concerns no shape.
	p.Idle(130, 1)
	require.EqualValues(t, 110, p.LSN())
	p.Applied(1, 120)
	require.EqualValues(t, 130, p.LSN())
	p.Applied(2, 120)
	require.EqualValues(t, 130, p.LSN(), "it never goes back")
	p.Idle(150, 3)
	p.Idle(160, 4)
	p.Applied(3, 140)
	require.EqualValues(t, 140, p.LSN(), "150 is known to have passed only with 160")
	p.Applied(4, 155)
	require.EqualValues(t, 160, p.LSN())
	p.Start(120)
	require.EqualValues(t, 160, p.LSN(), "nor with a new run")
}

func TestADeliveryCompletesOnceAndTheLastSendsTheWork(t *testing.T) {
	var sent []*work.Work
	w := &work.Work{Run: &work.Run{Completed: func(w *work.Work) { sent = append(sent, w) }}, Deliveries: make([]work.Delivery, 3)}
	for i := range w.Deliveries {
		w.Deliveries[i].Work = w
	}
	w.Open()
	w.Deliveries[1].Complete(work.Result{Held: true})
	w.Deliveries[1].Complete(work.Result{Commit: true})
	w.Deliveries[0].Complete(work.Result{})
	require.Empty(t, sent)
	w.Deliveries[2].Complete(work.Result{})
	require.Equal(t, []*work.Work{w}, sent)
	require.Equal(t, work.Result{Held: true}, w.Deliveries[1].Result)
}

func TestTheLastCompletionOfALayerTellsSo(t *testing.T) {
	layers, whole := 0, 0
	w := &work.Work{Run: &work.Run{Completed: func(*work.Work) { whole++ }, LayerDone: func(*work.Work) { layers++ }}, Deliveries: make([]work.Delivery, 4), Layers: []int32{2, 3, 4}}
	w.Open()
	for i, want := range []int{0, 1, 2, 3} {
		w.Deliveries[i].Work = w
		w.Deliveries[i].Complete(work.Result{})
		w.Deliveries[i].Complete(work.Result{})
		require.Equal(t, want, layers)
	}
	require.Equal(t, 1, whole)
}

package status

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/shape"
)

func TestPagesTogetherAreTheList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := New(time.Now)
		for i := range rapid.IntRange(0, 700).Draw(t, "shapes") {
			a.Add(&shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 1, Name: fmt.Sprint(i)}}})
		}
		for _, e := range a.List() {
			if rapid.IntRange(0, 3).Draw(t, "keep") == 0 {
				a.Remove(e)
			}
		}
		var all []*Entry
		n := rapid.IntRange(1, 300).Draw(t, "page")
		for after := shape.ID(0); ; {
			page := a.Page(after, n)
			if len(page) == 0 {
				break
			}
			require.LessOrEqual(t, len(page), n)
			all = append(all, page...)
			after = page[len(page)-1].ID
		}
		require.ElementsMatch(t, a.List(), all)
		require.Empty(t, a.Page(0, 0))
	})
}

package admin

import (
	"fmt"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/internal/shape"
)

// listed are the tables of the shapes that a query gives.
func (b *bench) listed(query string) (tables []string, page *Page) {
	b.t.Helper()
	q, err := url.ParseQuery(query)
	require.NoError(b.t, err)
	page, err = b.client().Shapes(b.t.Context(), q)
	require.NoError(b.t, err)
	for _, s := range page.Shapes {
		tables = append(tables, s.Table)
	}
	return tables, page
}

func TestShapesAreFilteredAndSorted(t *testing.T) {
	b := newBench(t, Config{})
	a := b.make("a", "", 5)
	c := b.make("c", "id = 1", 500)
	b.make("b", "id > 7", 50)
	b.auth.Touch(c)
	b.auth.Touch(a)
	b.waiting[c.Log()] = 3
	making, _ := b.auth.Add(&shape.Definition{Layout: &shape.Layout{Table: shape.Table{Schema: "other", Name: "d"}}})
	require.NotNil(t, making.Beginning())
	for query, want := range map[string][]string{
		"":                                 {"public.a", "public.c", "public.b", "other.d"},
		"sort=-id":                         {"other.d", "public.b", "public.c", "public.a"},
		"sort=table":                       {"other.d", "public.a", "public.b", "public.c"},
		"sort=-rows":                       {"public.c", "public.b", "public.a", "other.d"},
		"sort=bytes":                       {"other.d", "public.a", "public.b", "public.c"},
		"sort=items":                       {"public.a", "public.c", "public.b", "other.d"},
		"sort=-waiting&limit=1":            {"public.c"},
		"sort=-last_read&limit=2":          {"public.a", "public.c"},
		"table=b":                          {"public.b"},
		"table=public.b":                   {"public.b"},
		"table=other.b":                    nil,
		"where=ID":                         {"public.c", "public.b"},
		"where=%3D":                        {"public.c"},
		"state=making":                     {"other.d"},
		"state=live&limit=1":               {"public.a"},
		"waiting=true":                     {"public.c"},
		"waiting=false":                    {"public.a", "public.b", "other.d"},
		"handle=" + c.Handle.String()[:12]: {"public.c"},
	} {
		got, _ := b.listed(query)
		require.Equal(t, want, got, query)
	}
	_, page := b.listed("sort=-waiting&limit=1")
	require.True(t, page.More)
	require.Zero(t, page.Next)
	_, page = b.listed("sort=table")
	require.False(t, page.More)
}

func TestPagesTogetherAreAllShapesOnce(t *testing.T) {
	b := newBench(t, Config{})
	var want []string
	for i := range 25 {
		want = append(want, "public."+b.make(fmt.Sprintf("t%d", i), "", 0).Def.Table.Name)
	}
	for _, limit := range []int{1, 4, 24, 25, 26} {
		var got []string
		query := url.Values{"limit": {strconv.Itoa(limit)}}
		for {
			tables, page := b.listed(query.Encode())
			got = append(got, tables...)
			require.LessOrEqual(t, len(tables), limit)
			if page.Next == 0 {
				break
			}
			query.Set("after", strconv.FormatUint(page.Next, 10))
		}
		require.Equal(t, want, got, "by %d", limit)
	}
}

func TestAShapeIsToldAndRemoved(t *testing.T) {
	b := newBench(t, Config{})
	e := b.make("a", "id = 1", 2)
	b.waiting[e.Log()] = 1
	h := e.Handle.String()
	got, err := b.client().Shape(t.Context(), h)
	require.NoError(t, err)
	require.Equal(t, &Shape{ID: 1, Handle: h, Table: "public.a", Where: e.Def.Where.SQL(), Columns: []string{"id"}, Replica: "default", Log: "full", State: "live",
		Offset: "0_inf", Rows: 2, Bytes: got.Bytes, Waiting: 1, Made: got.Made, Consumer: "leyden/streaming/partition-0/1"}, got)
	require.EqualValues(t, e.Handle.Micros, got.Made.UnixMicro())
	require.Positive(t, got.Bytes)
	got, err = b.client().Remove(t.Context(), h)
	require.NoError(t, err)
	require.Equal(t, "removed", got.State)
	_, err = b.client().Shape(t.Context(), h)
	require.ErrorContains(t, err, "there is no shape "+h)
	_, err = b.client().Remove(t.Context(), h)
	require.ErrorContains(t, err, "there is no shape "+h)
}

func TestShapesTellWhatTheyDependOnAndWhatDependsOnThem(t *testing.T) {
	b := newBench(t, Config{})
	x, y := b.make("x", "", 0), b.make("y", "", 0)
	outer := func(name string, inner ...*status.Entry) string {
		d := &shape.Definition{Layout: &shape.Layout{Table: shape.Table{Schema: "public", Name: name}}}
		e, _, err := b.auth.AddOuter(d, inner)
		require.NoError(t, err)
		return e.Handle.String()
	}
	o, p := outer("o", y, x, y), outer("p", x)
	got, err := b.client().Shape(t.Context(), x.Handle.String())
	require.NoError(t, err)
	require.Equal(t, []string{o, p}, got.Dependents)
	require.Equal(t, 2, got.DependentCount)
	require.Empty(t, got.Dependencies)
	got, err = b.client().Shape(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, []string{y.Handle.String(), x.Handle.String()}, got.Dependencies)
	require.Empty(t, got.Dependents)
	_, page := b.listed("")
	require.Equal(t, []int{2, 1, 0, 0}, []int{page.Shapes[0].DependentCount, page.Shapes[1].DependentCount, page.Shapes[2].DependentCount, page.Shapes[3].DependentCount})
	require.Nil(t, page.Shapes[0].Dependents, "they may be many")
	require.Len(t, page.Shapes[2].Dependencies, 2)
	_, err = b.client().Remove(t.Context(), x.Handle.String())
	require.NoError(t, err)
	tables, _ := b.listed("")
	require.Equal(t, []string{"public.y"}, tables)
}

// A shape that is removed while a page is put together is told as removed, and the page goes on.
func TestAShapeThatGoesAwayMeanwhileSpoilsNoPage(t *testing.T) {
	b := newBench(t, Config{})
	e := b.make("a", "", 1)
	require.NoError(t, b.store.Remove(e.Handle))
	_, page := b.listed("sort=bytes")
	require.Equal(t, "removed", page.Shapes[0].State)
}

func BenchmarkPageOf100InAMillion(b *testing.B) {
	const count = 1_000_000
	auth := status.New(time.Now)
	for i := range count {
		auth.Add(&shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: uint32(i), Schema: "public", Name: "t"}}})
	}
	b.ReportAllocs()
	after := shape.ID(0)
	for b.Loop() {
		page := auth.Page(after, 100)
		if len(page) < 100 {
			after = 0
			continue
		}
		after = page[99].ID
	}
}

package shapeapi

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestQueriesDecodeAsForms(t *testing.T) {
	for raw, want := range map[string]tree{
		"":                            {},
		"&&":                          {},
		"live":                        {"live": ""},
		"a=1&a=2":                     {"a": "2"},
		"a=b+c%20d%2B&%61=x=y":        {"a": "x=y"},
		"a=b+c%20d%2B":                {"a": "b c d+"},
		"params[1]=x&params%5B2%5D=y": {"params": tree{"1": "x", "2": "y"}},
		"c[]=1&c[]=2":                 {"c": []any{"1", "2"}},
		"a[b][c][]=1&a[b][c][]=2":     {"a": tree{"b": tree{"c": []any{"1", "2"}}}},
		"a[][b]=1&a[][b]=2":           {"a": []any{tree{"b": "1"}, tree{"b": "2"}}},
		"a=1&a[b]=2":                  {"a": tree{"b": "2"}},
		"a[b]=2&a=1":                  {"a": "1"},
		"a[b]=2&a[]=1":                {"a": []any{"1"}},
		"[a]=1&a[=2&a]=3&a[b]c=4&=5":  {"[a]": "1", "a[": "2", "a]": "3", "a[b]c": "4", "": "5"},
		"a[b[c]]=1":                   {"a[b[c]]": "1"},
		"t=%E2%82%AC":                 {"t": "€"},
	} {
		got, err := decodeQuery(raw)
		require.NoError(t, err, raw)
		require.Equal(t, want, got, raw)
	}
	for _, raw := range []string{"a=%", "a=%2", "a=%zz", "%f=1", "a=%ff", "%c3%28=1", "a=\xff"} {
		got, err := decodeQuery("ok=1&" + raw)
		require.ErrorIs(t, err, errMalformedQuery, raw)
		require.Equal(t, tree{"ok": "1"}, got, raw)
	}
	deep := "a" + strings.Repeat("[b]", maxKeyDepth+1)
	got, err := decodeQuery(deep + "=1")
	require.NoError(t, err)
	require.Equal(t, tree{deep: "1"}, got)
}

func TestPlainPairsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOf(rapid.StringOf(rapid.RuneFrom([]rune("aé _&=+%]"))), rapid.String()).Draw(t, "pairs")
		form := url.Values{}
		for k, v := range want {
			form.Set(k, v)
		}
		got, err := decodeQuery(form.Encode())
		if err != nil || len(got) != len(want) {
			t.Fatalf("%q: %v, %v", form.Encode(), got, err)
		}
		for k, v := range want {
			if got[k] != v {
				t.Fatalf("%q is %q, not %q", k, got[k], v)
			}
		}
	})
}

func TestSubsetKeysFold(t *testing.T) {
	got, err := decodeQuery("subset__where=a&subset__params[1]=x&table=t&subset[where]=b&subset[limit]=3")
	require.NoError(t, err)
	foldSubset(got)
	require.Equal(t, tree{"table": "t", "subset": tree{"where": "a", "params": tree{"1": "x"}, "limit": "3"}}, got)
}

func TestBodiesMerge(t *testing.T) {
	query := func() tree { return tree{"table": "t", "offset": "-1", "subset": tree{"where": "q", "limit": "1"}} }
	for name, tt := range map[string]struct{ body, want tree }{
		"empty":              {tree{}, query()},
		"flat":               {tree{"where": "b", "offset": "5"}, tree{"table": "t", "offset": "-1", "subset": tree{"where": "b", "limit": "1", "offset": "5"}}},
		"flat with others":   {tree{"order_by": "id", "table": "u"}, tree{"table": "u", "offset": "-1", "subset": tree{"where": "q", "limit": "1", "order_by": "id"}}},
		"nested":             {tree{"subset": tree{"where": "b"}, "where": "main", "offset": "now"}, tree{"table": "t", "offset": "now", "where": "main", "subset": tree{"where": "b", "limit": "1"}}},
		"nested, empty":      {tree{"subset": tree{}}, query()},
		"overlay":            {tree{"handle": "h"}, overlay(query(), tree{"handle": "h"})},
		"subset of no sense": {tree{"subset": "x"}, overlay(query(), tree{"subset": "x"})},
	} {
		require.Equal(t, tt.want, mergeBody(query(), tt.body), name)
	}
}

func TestIdentifiers(t *testing.T) {
	long := strings.Repeat("ü", 63)
	for text, want := range map[string][2]string{
		"items": {"public", "items"}, "Items": {"public", "items"}, `"Items"`: {"public", "Items"}, "a.B": {"a", "b"}, `"a.b"."c""d"`: {"a.b", `c"d`},
		"ÉA_1$": {"public", "Éa_1$"}, "_x": {"public", "_x"}, long: {"public", long}, `" x "`: {"public", " x "}, `a."B"`: {"a", "B"},
	} {
		schema, name, err := parseTable(text)
		require.NoError(t, err, text)
		require.Equal(t, want, [2]string{schema, name}, text)
	}
	for _, text := range []string{"", ".", "a.", ".a", `"`, `"a`, `a"`, `"a"b"`, "$a", "a-b", "a.b.c", `"a"."b"."c"`, long + "ü", "a b", "a\x00"} {
		_, _, err := parseTable(text)
		require.Error(t, err, text)
	}
	names, err := parseColumns(`id,"a,b",Done`)
	require.NoError(t, err)
	require.Equal(t, []string{"id", "a,b", "done"}, names)
}

// FuzzRequests: whatever is asked, the answer is none of ours to be ashamed of.
func FuzzRequests(f *testing.F) {
	for _, raw := range []string{
		"table=items&offset=-1", "table=items&offset=0_inf&handle=1-2", "offset=now&table=%22Pairs%22&columns=a,b", "table=items&offset=-1&where=id%3D$1&params[1]=2",
		"table=items&offset=0_0&handle=x&live=true", "offset=0_9223372036854775806&handle=1-1&table=items", "subset__limit=1&table=items&offset=-1&subset__order_by=id",
		"columns[]=id&table=items&offset=-1", "cursor=99999999999999999999", "a[][b]=1&a[]=2",
	} {
		f.Add(raw, "")
	}
	f.Add("table=items&offset=-1", `{"where":"id = 1","params":{"1":null}}`)
	f.Add("table=items&offset=-1", `{"subset":{"params":"{}"},"live":false}`)
	f.Fuzz(func(t *testing.T, raw, body string) {
		b := setup(t)
		b.api.cfg.LongPollTimeout = 0
		b.engine.subset = emptySubset
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r, err := http.NewRequest(method, "/v1/shape", strings.NewReader(body))
			require.NoError(t, err)
			r.URL.RawQuery = raw
			c := b.serve(r)
			switch c.Code {
			case 200, 304, 400, 409, 413:
			default:
				t.Fatalf("%d: %s", c.Code, c.Body)
			}
			if !utf8.Valid(c.Body.Bytes()) {
				t.Fatalf("not text: %q", c.Body)
			}
		}
	})
}

func FuzzDecodeQuery(f *testing.F) {
	f.Add("a[b][]=1&c=%20&d")
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := decodeQuery(raw)
		for k := range got {
			if err == nil && !utf8.ValidString(k) {
				t.Fatal("not UTF-8")
			}
		}
		foldSubset(got)
		_, _ = readRequest(got)
	})
}

func FuzzIdentifier(f *testing.F) {
	f.Add(`"a""b"`)
	f.Fuzz(func(t *testing.T, part string) {
		name, err := parseIdentifier(part)
		if err != nil || !utf8.ValidString(part) {
			return
		}
		again, err := parseIdentifier(`"` + strings.ReplaceAll(name, `"`, `""`) + `"`)
		if err != nil || again != name {
			t.Fatalf("%q is %q, which quoted is %q, %v", part, name, again, err)
		}
	})
}

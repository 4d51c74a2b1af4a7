package subquery

import (
	"encoding/json"
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/change"
)

func readItem(line []byte, columns ...string) (*item, error) {
	var (
		r  reader
		it item
	)
	r.reset(line)
	if err := it.read(&r, columns); err != nil {
		return nil, err
	}
	return &it, r.end()
}

func TestWhatAnItemSays(t *testing.T) {
	hash := "d41d8cd98f00b204e9800998ecf8427e"
	it, err := readItem([]byte(`{"key":"k\"1\"","value":{"id":"1","b":null,"a":"x\u00e9\ud83d\ude00\n"},"old_value":{"a":"y"},`+
		`"headers":{"operation":"update","relation":["public","t"],"txids":[7,8],"lsn":"12","op_position":4,"tags":["/1"],"removed_tags":["x"],"active_conditions":[true,false],"last":true}}`), "a", "b", "c", "a")
	require.NoError(t, err)
	require.Equal(t, "update", string(it.operation))
	require.Equal(t, `k"1"`, string(it.key))
	require.Equal(t, []bool{true, true, false, true}, it.present)
	require.Equal(t, "xé😀\n", string(it.cells[0]))
	require.Nil(t, it.cells[1])
	require.Equal(t, it.cells[0], it.cells[3])
	require.Equal(t, []uint64{7, 8}, it.xids)
	require.Equal(t, [][]byte{[]byte("/1")}, it.tags)
	require.Equal(t, []bool{true, false}, it.conditions)

	it, err = readItem([]byte(`{"headers":{"event":"move-out","patterns":[{"pos":3,"value":"` + hash + `"}],"txids":[]}}`))
	require.NoError(t, err)
	require.Equal(t, "move-out", string(it.event))
	require.Len(t, it.patterns, 1)
	require.Equal(t, 3, it.patterns[0].position)
	require.Equal(t, byte(0xd4), it.patterns[0].hash[0])
}

func TestWhatIsNoItemIsAnError(t *testing.T) {
	for _, line := range []string{``, `{`, `[]`, `{"key":1}`, `{"value":{"a":5}}`, `{"value":{"a":true}}`, `{"headers":{"txids":[-1]}}`, `{"headers":{"txids":[01]}}`,
		`{"headers":{"patterns":[{"value":"xyz"}]}}`, `{"key":"a` + "\n" + `"}`, `{"key":"\x"}`, `{"x":01}`, `{"x":nul}`, `{"x":1.}`, `{} {}`, `{"x":1e}`, `{"headers":{"txids":[99999999999999999999]}}`} {
		_, err := readItem([]byte(line), "a")
		require.Error(t, err, line)
	}
}

func TestTextsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, cell := rapid.String().Draw(t, "key"), rapid.String().Draw(t, "cell")
		line := append([]byte(`{"key":`), change.AppendJSONString(nil, []byte(key))...)
		line = append(append(line, `,"value":{"a":`...), change.AppendJSONString(nil, []byte(cell))...)
		it, err := readItem(append(line, "}}"...), "a")
		require.NoError(t, err)
		require.Equal(t, key, string(it.key))
		require.Equal(t, cell, string(it.cells[0]))
	})
}

// Where the standard library reads a document, this reads the same, and what it does not read is no document here.
func FuzzItem(f *testing.F) {
	f.Add([]byte(`{"key":"k","value":{"a":"1","b":null},"headers":{"operation":"insert","tags":["1"],"active_conditions":[true],"txids":[1]}}`))
	f.Add([]byte(`{"key":"\ud83d\ude00\ud83d \\\/\b","x":[1,-0.5e+3,{"y":false}]}`))
	f.Add([]byte(`{"headers":{"event":"move-in","patterns":[{"pos":0,"value":"d41d8cd98f00b204e9800998ecf8427e"}],"txids":[]}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		it, err := readItem(line, "a", "b")
		if !json.Valid(line) {
			require.Error(t, err)
			return
		}
		if err != nil || !utf8.Valid(line) {
			return
		}
		var want map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(line, &want))
		if raw, ok := want["key"]; ok {
			var key string
			require.NoError(t, json.Unmarshal(raw, &key))
			require.Equal(t, key, string(it.key))
		}
	})
}

func FuzzMaterializer(f *testing.F) {
	f.Add([]byte(`{"key":"k","value":{"a":"1"},"headers":{"operation":"insert","tags":["/1","d41d8cd98f00b204e9800998ecf8427e/"],"active_conditions":[true,false]}},` +
		`{"headers":{"event":"move-in","patterns":[{"pos":0,"value":"d41d8cd98f00b204e9800998ecf8427e"}],"txids":[]}},{"key":"k","value":{"a":null},"headers":{"operation":"update"}},{"key":"k","headers":{"operation":"delete"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m := NewMaterializer([]string{"a"}, canons(1), true)
		if m.Items(text) != nil {
			return
		}
		if err := m.Ready(); err != nil {
			t.Fatal(err)
		}
		_ = fmt.Sprint(m.Set().Len())
	})
}

package pgoutput_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgoutput"
)

func decode(t *testing.T, b []byte) *pgoutput.Message {
	t.Helper()
	var d pgoutput.Decoder
	m, err := d.Decode(b)
	require.NoError(t, err)
	return m
}

func TestDecodesEveryKind(t *testing.T) {
	m := decode(t, begin(0x16_B374D848, 742))
	require.Equal(t, pgoutput.KindBegin, m.Kind)
	require.Equal(t, uint64(0x16_B374D848), m.LSN)
	require.Equal(t, uint32(742), m.XID)
	require.Equal(t, time.Date(2000, 1, 1, 0, 0, 1, 0, time.UTC), m.Time)

	m = decode(t, commit(1<<63+8))
	require.Equal(t, uint64(1<<63+8), m.LSN)
	require.Equal(t, uint64(1<<63+48), m.EndLSN)

	require.Equal(t, items(), decode(t, relation(items())).Relation)

	m = decode(t, update(100, 'O', row("1", nil), row("1", unchanged)))
	require.Equal(t, uint32(100), m.RelationOID)
	require.Equal(t, byte('O'), m.OldKind)
	require.Equal(t, []pgoutput.Cell{{Kind: 't', Text: []byte("1")}, {Kind: 'n'}}, m.Old)
	require.Equal(t, []pgoutput.Cell{{Kind: 't', Text: []byte("1")}, {Kind: 'u'}}, m.New)
	require.Equal(t, int64(2), m.TextBytes)

	m = decode(t, insert(100, "", "x"))
	require.NotNil(t, m.New[0].Text, "an empty value is not NULL")
	require.Equal(t, byte('K'), decode(t, remove(100, 'K', "7")).OldKind)
	require.Equal(t, []uint32{100, 200}, decode(t, truncate(100, 200)).Truncated)
	for _, kind := range "OYM" {
		require.Equal(t, pgoutput.Kind(kind), decode(t, []byte{byte(kind), 1, 2, 3}).Kind)
	}
}

func TestCatalogSchemaIsSpelledOut(t *testing.T) {
	rel := items()
	rel.Schema = "pg_catalog"
	require.Equal(t, "pg_catalog", decode(t, relation(rel)).Relation.Schema)
}

func whole() map[string][]byte {
	return map[string][]byte{
		"begin": begin(8, 1), "commit": commit(8), "relation": relation(items()),
		"insert": insert(100, "1", nil, unchanged), "update": update(100, 'O', row("1", "a"), row("2", "b")),
		"update without old row": update(100, 0, nil, row("2", "b")), "delete": remove(100, 'O', "1", nil), "truncate": truncate(1, 2),
	}
}

func TestCutOrLengthenedMessagesAreErrors(t *testing.T) {
	for name, b := range whole() {
		t.Run(name, func(t *testing.T) {
			var d pgoutput.Decoder
			for n := range b {
				_, err := d.Decode(b[:n])
				require.ErrorIs(t, err, pgoutput.ErrMalformed, "first %d of %d bytes", n, len(b))
			}
			_, err := d.Decode(append(b[:len(b):len(b)], 0))
			require.ErrorIs(t, err, pgoutput.ErrMalformed)
		})
	}
}

func TestMessagesOutsideOfTheProtocolAreErrors(t *testing.T) {
	for name, b := range map[string][]byte{
		"stream start, protocol 2": {'S', 0, 0, 0, 1, 1},
		"negative length":          {'I', 0, 0, 0, 1, 'N', 0, 1, 't', 0xff, 0xff, 0xff, 0xff},
		"binary value":             {'I', 0, 0, 0, 1, 'N', 0, 1, 'b', 0, 0, 0, 1, 7},
		"insert of an old row":     {'I', 0, 0, 0, 1, 'O', 0, 0},
		"delete of a new row":      {'D', 0, 0, 0, 1, 'N', 0, 0},
		"truncate of 4 G tables":   {'T', 0xff, 0xff, 0xff, 0xff, 0},
		"relation of 64 k columns": {'R', 0, 0, 0, 1, 'a', 0, 'b', 0, 'f', 0xff, 0xff, 0, 0, 0},
	} {
		var d pgoutput.Decoder
		_, err := d.Decode(b)
		require.ErrorIs(t, err, pgoutput.ErrMalformed, name)
	}
}

func FuzzDecode(f *testing.F) {
	for _, b := range whole() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d pgoutput.Decoder
		m, err := d.Decode(b)
		if err != nil {
			return
		}
		var text int64
		for _, c := range append(append([]pgoutput.Cell(nil), m.Old...), m.New...) {
			text += int64(len(c.Text))
		}
		if text != m.TextBytes || text > int64(len(b)) {
			t.Fatalf("%d bytes of text in cells, %d counted, of %d", text, m.TextBytes, len(b))
		}
	})
}

package shapelog

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/where"
	storev1 "leyden/proto/leyden/store/v1"
)

// SnapshotInfo is what the store knows of a shape's snapshot. It is written when the snapshot is complete; before, nothing
// is known.
type SnapshotInfo struct {
	Known bool // Snapshot is set
	pg.Snapshot
	Filtering bool // transactions are still to be compared with Snapshot
	Complete  bool
	LastChunk int
}

// Record is a shape of the catalogue.
type Record struct {
	Handle   shape.Handle
	Def      *shape.Definition
	Snapshot SnapshotInfo
}

func encodeDefinition(d *shape.Definition) ([]byte, error) {
	layout, err := proto.Marshal(&storev1.TableLayout{
		TableOid:         d.Table.OID,
		Schema:           d.Table.Schema,
		Name:             d.Table.Name,
		Key:              d.Key,
		NoPrimaryKey:     d.NoPrimaryKey,
		Selected:         d.Selected,
		Explicit:         d.Explicit,
		SelectsAll:       d.SelectsAll,
		SelectsGenerated: d.SelectsGenerated,
	})
	if err != nil {
		return nil, err
	}
	rec := &storev1.ShapeRecord{Layout: layout, NonPrimitive: d.NonPrimitive, Compaction: d.Compaction}
	if d.Where != nil {
		if rec.Where, err = d.Where.MarshalBinary(); err != nil {
			return nil, err
		}
		if rec.Where == nil {
			rec.Where = []byte{}
		}
	}
	switch d.Replica {
	case shape.ReplicaDefault:
		rec.Replica = storev1.Replica_REPLICA_DEFAULT
	case shape.ReplicaFull:
		rec.Replica = storev1.Replica_REPLICA_FULL
	default:
		return nil, fmt.Errorf("replica mode %d", d.Replica)
	}
	switch d.Log {
	case shape.LogFull:
		rec.LogMode = storev1.LogMode_LOG_MODE_FULL
	case shape.LogChangesOnly:
		rec.LogMode = storev1.LogMode_LOG_MODE_CHANGES_ONLY
	default:
		return nil, fmt.Errorf("log mode %d", d.Log)
	}
	return proto.Marshal(rec)
}

// definitions decodes definitions and lets those with one layout share it.
type definitions struct {
	layouts map[string]*shape.Layout
	names   map[string]string
	lists   map[string][]string
}

func newDefinitions() *definitions {
	return &definitions{layouts: map[string]*shape.Layout{}, names: map[string]string{}, lists: map[string][]string{}}
}

func (ds *definitions) decode(b []byte) (*shape.Definition, error) {
	var rec storev1.ShapeRecord
	if err := proto.Unmarshal(b, &rec); err != nil {
		return nil, err
	}
	l, err := ds.layout(rec.Layout)
	if err != nil {
		return nil, err
	}
	d := &shape.Definition{Layout: l, NonPrimitive: rec.NonPrimitive, Compaction: rec.Compaction}
	if rec.Where != nil {
		if d.Where, err = where.Unmarshal(rec.Where); err != nil {
			return nil, fmt.Errorf("where clause: %w", err)
		}
	}
	switch rec.Replica {
	case storev1.Replica_REPLICA_DEFAULT:
		d.Replica = shape.ReplicaDefault
	case storev1.Replica_REPLICA_FULL:
		d.Replica = shape.ReplicaFull
	default:
		return nil, fmt.Errorf("replica mode %v", rec.Replica)
	}
	switch rec.LogMode {
	case storev1.LogMode_LOG_MODE_FULL:
		d.Log = shape.LogFull
	case storev1.LogMode_LOG_MODE_CHANGES_ONLY:
		d.Log = shape.LogChangesOnly
	default:
		return nil, fmt.Errorf("log mode %v", rec.LogMode)
	}
	return d, nil
}

func (ds *definitions) layout(b []byte) (*shape.Layout, error) {
	if l := ds.layouts[string(b)]; l != nil {
		return l, nil
	}
	var m storev1.TableLayout
	if err := proto.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("table layout: %w", err)
	}
	l := &shape.Layout{
		Table: shape.Table{OID: m.TableOid, Schema: ds.name(m.Schema), Name: ds.name(m.Name)},
		Key:   ds.list(m.Key), Selected: ds.list(m.Selected), Explicit: ds.list(m.Explicit),
		NoPrimaryKey: m.NoPrimaryKey, SelectsAll: m.SelectsAll, SelectsGenerated: m.SelectsGenerated,
	}
	ds.layouts[string(b)] = l
	return l, nil
}

func (ds *definitions) name(s string) string {
	if old, ok := ds.names[s]; ok {
		return old
	}
	s = strings.Clone(s)
	ds.names[s] = s
	return s
}

func (ds *definitions) list(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	// Names of columns cannot contain a zero byte.
	id := strings.Join(names, "\x00")
	if old, ok := ds.lists[id]; ok {
		return old
	}
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = ds.name(n)
	}
	out = slices.Clip(out)
	ds.lists[id] = out
	return out
}

package collector

import (
	"encoding/json"
	"fmt"
	"slices"

	"leyden/internal/change"
)

// RelationsKey is where the store keeps what the stream has said of tables.
const RelationsKey = "tracked_relations"

// relations remembers the last description of each table, over restarts, so that a description that says something new can
// be told from one that is repeated after a reconnect (spec engine §4.8, §5.8).
type relations struct {
	byOID  map[uint32]*change.Relation
	byName map[tableName]uint32
}

type tableName struct{ schema, name string }

// news is what a description says that was not known.
type news uint8

const (
	unchanged       news = iota
	newRelation          // the table was not known
	identityChanged      // the name was another table's, or the table had another name
	columnsChanged
)

// storedRelation is the stored form.
type storedRelation struct {
	OID             uint32          `json:"oid"`
	Schema          string          `json:"schema"`
	Name            string          `json:"name"`
	ReplicaIdentity byte            `json:"replica_identity"`
	Columns         []change.Column `json:"columns"`
}

// loadRelations reads what marshal wrote; nil is nothing.
func loadRelations(stored []byte) (*relations, error) {
	r := &relations{byOID: map[uint32]*change.Relation{}, byName: map[tableName]uint32{}}
	if stored == nil {
		return r, nil
	}
	var list []storedRelation
	if err := json.Unmarshal(stored, &list); err != nil {
		return nil, fmt.Errorf("read tracked relations: %w", err)
	}
	for _, s := range list {
		rel := change.Relation(s)
		r.byOID[s.OID] = &rel
		r.byName[tableName{s.Schema, s.Name}] = s.OID
	}
	return r, nil
}

func (r *relations) marshal() ([]byte, error) {
	list := make([]storedRelation, 0, len(r.byOID))
	for _, rel := range r.byOID {
		list = append(list, storedRelation(*rel))
	}
	slices.SortFunc(list, func(a, b storedRelation) int { return int(int64(a.OID) - int64(b.OID)) })
	return json.Marshal(list)
}

// compare says what rel tells, and returns what was known of the table with its OID.
func (r *relations) compare(rel *change.Relation) (old *change.Relation, n news) {
	old = r.byOID[rel.OID]
	oid, named := r.byName[tableName{rel.Schema, rel.Name}]
	switch {
	case named && oid != rel.OID, old != nil && (old.Schema != rel.Schema || old.Name != rel.Name):
		return old, identityChanged
	case old == nil:
		return nil, newRelation
	case !sameColumns(old.Columns, rel.Columns):
		return old, columnsChanged
	}
	return old, unchanged
}

// sameColumns compares what shapes depend on. The order of columns is read from each relation; a changed modifier or key
// flag changes no text.
func sameColumns(a, b []change.Column) bool {
	return slices.EqualFunc(a, b, func(a, b change.Column) bool { return a.Name == b.Name && a.TypeOID == b.TypeOID })
}

// track makes rel what is known.
func (r *relations) track(rel *change.Relation) {
	if old := r.byOID[rel.OID]; old != nil {
		delete(r.byName, tableName{old.Schema, old.Name})
	}
	name := tableName{rel.Schema, rel.Name}
	if oid, named := r.byName[name]; named {
		delete(r.byOID, oid)
	}
	r.byOID[rel.OID], r.byName[name] = rel, rel.OID
}

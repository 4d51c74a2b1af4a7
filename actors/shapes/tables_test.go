package shapes

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/actors/work"
	"leyden/internal/shape"
)

// tables walks through everything that can be reached from some roots and is ours, actors among it, and tells the room of
// every table on the way that has more than least: what is in it, and what it has grown to where that can be seen.
func tables(least int, roots ...any) map[string]int {
	w := tableWalk{least: least, seen: map[visit]bool{}, found: map[string]int{}}
	for _, root := range roots {
		w.walk(reflect.TypeOf(root).String(), reflect.ValueOf(root))
	}
	return w.found
}

type tableWalk struct {
	least int
	seen  map[visit]bool
	found map[string]int
}

// ways are what leads from an actor's process to what we have made it of. The rest changes after the actor has answered.
var ways = map[string]string{
	"actor.ActorProcess": "mailbox", "actor.defaultMailbox": "invoker", "mailbox.inline": "invoker", "actor.actorContext": "actor",
}

type visit struct {
	at   uintptr
	kind reflect.Type
}

// foreign packages are not walked into: their memory is bounded by them, or is no table.
func foreign(t reflect.Type) bool {
	p := t.PkgPath()
	switch {
	case p == "" || strings.HasPrefix(p, "leyden/proto"):
		return p != ""
	case strings.HasPrefix(p, "leyden/"), strings.HasPrefix(p, "github.com/asynkron/protoactor-go/"), strings.HasPrefix(p, "github.com/orcaman/"):
		return false
	}
	return true
}

func (w *tableWalk) walk(path string, v reflect.Value) {
	if !v.IsValid() || foreign(v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Interface:
		w.walk(path, v.Elem())
	case reflect.Pointer:
		at := visit{v.Pointer(), v.Type()}
		if !v.IsNil() && !w.seen[at] {
			w.seen[at] = true
			w.walk(path, v.Elem())
		}
	case reflect.Struct:
		name, _, _ := strings.Cut(v.Type().String(), "[")
		switch name {
		case "shapes.house", "writer.syncer":
			return // no tables
		case "livemap.Map":
			w.note(path, int(v.FieldByName("most").Int()))
		case "idtable.Table":
			const pageSize = 256
			w.note(path, v.FieldByName("pages").Len()*pageSize)
		}
		only, narrow := ways[name]
		for i := range v.NumField() {
			if field := v.Type().Field(i).Name; !narrow || field == only {
				w.walk(path+"."+field, v.Field(i))
			}
		}
	case reflect.Slice:
		w.note(path, v.Cap())
		if plain(v.Type().Elem()) {
			return
		}
		for i := range v.Len() {
			w.walk(path+"[]", v.Index(i))
		}
	case reflect.Array:
		if !plain(v.Type().Elem()) {
			for i := range v.Len() {
				w.walk(path+"[]", v.Index(i))
			}
		}
	case reflect.Map:
		w.note(path, v.Len())
		for it := v.MapRange(); it.Next(); {
			w.walk(path+"{}", it.Value())
		}
	}
}

func (w *tableWalk) note(path string, room int) {
	if room > w.least {
		w.found[path] = max(room, w.found[path])
	}
}

// plain values lead nowhere.
func plain(t reflect.Type) bool { return t.Kind() <= reflect.Complex128 || t.Kind() == reflect.String }

func (h *house) roomy(least int) map[string]int {
	h.settledRemovals()
	h.barrier()
	written := make(chan struct{})
	h.system.Root.Send(h.writer, &work.Holders{Answer: func([]work.Holder) { close(written) }})
	<-written
	return tables(least, h.manager, h.system.ProcessRegistry)
}

func TestNoTableStaysLargerThanItsEntries(t *testing.T) {
	const few, many = 20, 5000
	h := houseOf(t, houseConfig{})
	for i := range few {
		h.create(items, i)
	}
	h.settled()
	const fixed = 4096 // rings have so much room
	base := h.roomy(fixed)
	require.NotContains(t, fmt.Sprint(base), "status")

	fill := func() []*status.Entry {
		h.many(many, func(i int) *shape.Definition { return h.tenant(others, i) })
		h.settled()
		all := h.status.List()
		require.Len(t, all, few+many)
		return all[few:]
	}
	for _, c := range []struct {
		name   string
		remove func(all []*status.Entry)
	}{
		{"all at once", func([]*status.Entry) { h.manager.RemoveTable(others) }},
		{"one after the other", func(all []*status.Entry) {
			for _, e := range all {
				h.manager.Remove(e)
			}
		}},
		{"by a truncation", func(all []*status.Entry) {
			h.truncate(others)
			h.removed(all...)
		}},
		{"awake, in the midst of a transaction for all of them", func([]*status.Entry) {
			tenants := make([]int, many)
			for i := range tenants {
				tenants[i] = i
			}
			h.insert(others, tenants...)
			h.manager.RemoveTable(others)
		}},
	} {
		all := fill()
		full := h.roomy(fixed)
		require.GreaterOrEqual(t, len(full), len(base)+9, "the tables are seen: %v", full)
		c.remove(all)
		h.removed(all...)
		h.settled()
		h.insert(items, 1) // the next work, of one shape
		h.settled()
		require.Equal(t, base, h.roomy(fixed), c.name)
		require.Equal(t, few, h.status.Counts().Total)
	}
}

package follow

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// form is the structure that all tags of a shape share: for each position its disjunct, and whether it tests for a subquery.
type form struct {
	disjunct []int
	subquery []bool
	tags     int
}

// slots splits a tag.
func slots(tag string) []string { return strings.Split(tag, "/") }

// parseForm reads the structure off the tags of a row. Positions are numbered through the disjuncts, one after the other.
func parseForm(tags []string) (*form, error) {
	if len(tags) == 0 {
		return nil, errors.New("a row without tags")
	}
	f := &form{tags: len(tags)}
	width := len(slots(tags[0]))
	for disjunct, tag := range tags {
		parts := slots(tag)
		if len(parts) != width {
			return nil, fmt.Errorf("tags of %d and of %d positions", width, len(parts))
		}
		own := 0
		for pos, slot := range parts {
			switch {
			case slot == "":
				continue
			case pos != len(f.disjunct):
				return nil, fmt.Errorf("position %d is in tag %d and must not be", pos, disjunct)
			case slot != "1" && !isHash(slot):
				return nil, fmt.Errorf("%q is no hash", slot)
			}
			own++
			f.disjunct, f.subquery = append(f.disjunct, disjunct), append(f.subquery, slot != "1")
		}
		if own == 0 {
			return nil, fmt.Errorf("tag %d has no position", disjunct)
		}
	}
	if len(f.disjunct) != width {
		return nil, fmt.Errorf("%d of %d positions are in no tag", width-len(f.disjunct), width)
	}
	return f, nil
}

func isHash(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == ""
}

func (f *form) equal(g *form) bool {
	return f.tags == g.tags && slices.Equal(f.disjunct, g.disjunct) && slices.Equal(f.subquery, g.subquery)
}

// places are the places of a row, by position; those of plain conditions are empty.
func (f *form) places(tags []string) []place {
	all := make([]place, len(f.disjunct))
	for pos, disjunct := range f.disjunct {
		if f.subquery[pos] {
			all[pos] = place{pos, slots(tags[disjunct])[pos]}
		}
	}
	return all
}

// included reports whether some disjunct has all its positions true.
func (f *form) included(conditions []bool) bool {
	false_ := make([]bool, f.tags)
	for pos, disjunct := range f.disjunct {
		false_[disjunct] = false_[disjunct] || !conditions[pos]
	}
	return slices.Contains(false_, false)
}

// named reads the tags and conditions of a change.
func (f *Follower) named(m *message) (*member, error) {
	if m.Headers.Tags == nil || m.Headers.Conditions == nil {
		return nil, errors.New("a change without tags or active_conditions")
	}
	to := &member{tags: *m.Headers.Tags, conditions: *m.Headers.Conditions}
	form, err := parseForm(to.tags)
	switch {
	case err != nil:
		return nil, err
	case f.members.form == nil:
		f.members.form = form
	case !f.members.form.equal(form):
		return nil, errors.New("tags of another structure than before")
	}
	if len(to.conditions) != len(form.disjunct) {
		return nil, fmt.Errorf("%d active_conditions for %d positions", len(to.conditions), len(form.disjunct))
	}
	to.places = form.places(to.tags)
	return to, nil
}

// join takes in why a row is in the shape from now on.
func (f *Follower) join(key string, to *member) error {
	form := f.members.form
	if !form.included(to.conditions) {
		return errors.New("a row whose conditions do not hold")
	}
	for pos, at := range to.places {
		if !form.subquery[pos] {
			continue
		}
		now := to.conditions[pos]
		if before, known := f.members.truth[at]; known && before != now {
			return fmt.Errorf("condition %d is %t and must be %t, as rows or moves before say", pos, now, before)
		}
		f.members.truth[at] = now
	}
	f.members.rows[key] = to
	return nil
}

// joins checks the membership of a row that an insert brings.
func (f *Follower) joins(m *message) error {
	to, err := f.named(m)
	if err != nil {
		return err
	}
	if m.Headers.Removed != nil {
		return errors.New("an insert with removed_tags")
	}
	if m.Headers.MoveIn {
		named := false
		for pos, at := range to.places {
			named = named || f.members.move.places[at] && to.conditions[pos]
		}
		if !named {
			return errors.New("the move does not name the row that comes with it")
		}
	}
	return f.join(*m.Key, to)
}

// stays checks the membership of a row that an update changes.
func (f *Follower) stays(m *message) error {
	to, err := f.named(m)
	if err != nil {
		return err
	}
	from := f.members.rows[*m.Key]
	if m.Headers.Removed == nil {
		return errors.New("an update without removed_tags")
	}
	var gone []string
	for _, tag := range from.tags {
		if !slices.Contains(to.tags, tag) {
			gone = append(gone, tag)
		}
	}
	if removed := *m.Headers.Removed; !slices.Equal(slices.Sorted(slices.Values(gone)), slices.Sorted(slices.Values(removed))) {
		return fmt.Errorf("removed_tags are %q and must be %q", removed, gone)
	}
	return f.join(*m.Key, to)
}

// leaves checks the membership of a row that a delete names.
func (f *Follower) leaves(m *message) error {
	from := f.members.rows[*m.Key]
	if m.Headers.Tags == nil || m.Headers.Conditions == nil {
		return errors.New("a change without tags or active_conditions")
	}
	tags := *m.Headers.Tags
	switch {
	case len(*m.Headers.Conditions) != len(from.conditions):
		return fmt.Errorf("%d active_conditions for %d positions", len(*m.Headers.Conditions), len(from.conditions))
	case m.Headers.KeyChangeTo != nil:
		for _, tag := range from.tags {
			if !slices.Contains(tags, tag) {
				return fmt.Errorf("the tags of the deleted row lack %q", tag)
			}
		}
	case !slices.Equal(tags, from.tags):
		return fmt.Errorf("the deleted row had the tags %q", from.tags)
	case !slices.Equal(*m.Headers.Conditions, from.conditions):
		return fmt.Errorf("the deleted row had the conditions %t", from.conditions)
	}
	delete(f.members.rows, *m.Key)
	return nil
}

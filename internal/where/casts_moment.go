package where

import "leyden/internal/where/moment"

// The casts of dates, times and intervals that are functions of their own. The numbers are stored in compiled clauses.
const (
	castTimestamptzToTimetz castID = castsOfMoment + 0
	castTimeToInterval      castID = castsOfMoment + 1
	castTimeToTimetz        castID = castsOfMoment + 2
	castIntervalToTime      castID = castsOfMoment + 3
	castTimetzToTime        castID = castsOfMoment + 4
)

// momentCast takes UTC for the zone of what has none, as the sessions do.
func momentCast(from, to typeID) (castID, castContext) {
	switch {
	case from == tTimestamptz && to == tTimetz:
		return castTimestamptzToTimetz, castAssignment
	case from == tTime && to == tInterval:
		return castTimeToInterval, castImplicit
	case from == tTime && to == tTimetz:
		return castTimeToTimetz, castImplicit
	case from == tInterval && to == tTime:
		return castIntervalToTime, castAssignment
	case from == tTimetz && to == tTime:
		return castTimetzToTime, castAssignment
	}
	return 0, castNone
}

func (m *machine) castMoment(id castID, from, to typeID, out *value) error {
	switch id {
	case castTimestamptzToTimetz:
		t, ok := moment.Timestamp(out.i).TimeTZ()
		if out.null = !ok; out.null {
			return nil
		}
		return m.setTimetz(out, t, nil)
	case castTimeToInterval:
		return m.setInterval(out, moment.Time(out.i).Interval(), nil)
	case castTimeToTimetz:
		return m.setTimetz(out, moment.Time(out.i).TimeTZ(), nil)
	case castIntervalToTime:
		return out.setInt(int64(intervalOf(out).Time()), nil)
	case castTimetzToTime:
		return out.setInt(int64(moment.TimeTZOf(out.b).Time), nil)
	}
	return ErrCorrupt
}

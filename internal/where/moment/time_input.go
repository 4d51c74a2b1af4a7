package moment

// timeOnly reads a time with or without a zone. A date is read where the offset of the zone depends on it.
func (d *decoder) timeOnly() error {
	for i := range d.tokens.n {
		found, skip, err := d.timeToken(i, d.tokens.list[i].kind, d.tokens.text(i))
		if err != nil {
			return err
		}
		if skip {
			continue
		}
		if d.seen&found != 0 {
			return ErrSyntax
		}
		d.seen |= found
	}
	if err := d.finishDate(); err != nil {
		return err
	}
	if err := d.finishMeridiem(); err != nil {
		return err
	}
	if d.overflows() {
		return ErrRange
	}
	if d.seen&timeFields != timeFields {
		return ErrSyntax
	}
	if (d.named || d.seen&zoneField == 0) && d.seen&summerField != 0 {
		return ErrSyntax
	}
	if d.named {
		west, ok := d.zone.constant()
		if !ok {
			if d.seen&dateFields != dateFields {
				return ErrSyntax
			}
			west = d.westOfZone()
		}
		d.west = west
	}
	return nil
}

func (d *decoder) timeToken(i int, kind tokenKind, text []byte) (found fields, skip bool, err error) {
	list := d.tokens.list[:d.tokens.n]
	lastIsDate := list[len(list)-1].kind == dateToken
	switch kind {
	case dateToken:
		switch {
		case i == 0 && len(list) >= 2 && (lastIsDate || list[1].kind == clockToken):
			found, err = d.date(text, d.seen)
		case !isDigit(text[0]):
			return zoneField, false, d.zoneName(text)
		default:
			found, err = d.timeWithZone(text, d.seen|dateFields, false)
		}
	case clockToken:
		found, err = d.clockOf(text)
	case signedToken:
		d.west, err = offset(text)
		found = zoneField
	case numberToken:
		if d.prefix != noUnit {
			found, err = d.prefixed(text)
			break
		}
		point := indexByte(text, '.')
		switch {
		case point >= 0 && i == 0 && len(list) >= 2 && lastIsDate:
			found, err = d.date(text, d.seen)
		case point > 2 || point < 0 && len(text) > 4:
			found, err = d.runTogether(text, d.seen|dateFields)
		case point >= 0:
			return 0, false, ErrSyntax
		default:
			found, err = d.number(text, false, d.seen|dateFields)
		}
	default:
		return d.timeWord(i, text)
	}
	return found, false, err
}

func (d *decoder) timeWord(i int, text []byte) (found fields, skip bool, err error) {
	w := dateWord(text)
	switch w.class {
	case clockWord:
		if string(text) == "now" {
			return 0, false, ErrClock
		}
		return 0, false, ErrSyntax
	case midnightWord:
		d.hour, d.min, d.sec = 0, 0, 0
		return timeFields | zoneField, false, nil
	}
	return d.anyWord(i, text, w)
}

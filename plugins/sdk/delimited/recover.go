package delimited

// recover makes the best of a unit of so many lines whose quotes or fields are wrong.
func (u *unitReader) recover(lines int, state scan) {
	code, count := CodeQuote, len(u.split.bounds)
	if state == scanClosed {
		code = CodeFields
	}
	if u.d.Lenient {
		if u.tolerate(1) == 1 {
			u.end(1, "")
			return
		}
		line := u.joined(1)
		u.split.literal(line)
		if len(u.split.bounds) == u.d.Fields && u.accepts(line, &u.split) {
			u.end(1, "")
			return
		}
	}
	reach, found := u.nextRecord()
	switch {
	case state == scanClosed && found:
		reach = min(reach, lines) // what follows a quote that ends is none of this unit
	case state == scanClosed:
		reach = lines
	case !found:
		reach = 1 // each of the lines that follow is judged by itself
	case u.d.Lenient:
		if n := u.tolerate(reach); n > 0 {
			u.end(n, "")
			return
		}
	}
	u.end(reach, code)
	u.unit.Count = count
}

// tolerate splits at most n lines with quotes inside quoted fields taken for text,
// and returns how many make a record, 0 for none.
func (u *unitReader) tolerate(n int) int {
	u.split.reset()
	u.split.tolerant = u.d.Fields
	for lines := 1; lines <= n; lines++ {
		if u.split.run(u.joined(lines)) != scanClosed {
			continue
		}
		if len(u.split.bounds) == u.d.Fields {
			return lines
		}
		break
	}
	return 0
}

// nextRecord returns how many lines come before the next one with which a record
// begins; at the end of the input, how many lines are left. found is false where
// the bounds of a unit are reached first.
func (u *unitReader) nextRecord() (lines int, found bool) {
	for lines = 1; u.more(lines); lines++ {
		number := u.queue[u.head+lines].number
		if number <= u.noneUpTo {
			continue
		}
		if u.standsAlone(lines, aheadLines) {
			return lines, true
		}
		if lines == 1 || number == u.noneUpTo+1 {
			u.noneUpTo = number
		}
	}
	return lines, u.ended && lines == len(u.queue)-u.head
}

// standsAlone reports whether a record begins with line i of the queue that is
// well formed, and ends within so many lines.
func (u *unitReader) standsAlone(i, most int) bool {
	first := u.queue[u.head+i].from
	u.alone.reset()
	for n := 1; n <= most && u.has(i+n); n++ {
		last := &u.queue[u.head+i+n-1]
		if last.tooLong {
			return false
		}
		text := u.text[first:last.to]
		switch u.alone.run(text) {
		case scanClosed:
			return len(u.alone.bounds) == u.d.Fields && !u.alone.odd && u.accepts(text, &u.alone)
		case scanBroken:
			return false
		}
	}
	return false
}

package report

// marker finds what was searched for in a text.
type marker struct{ find func(text string) [][2]int }

// split cuts a text into pieces that are marked and pieces that are not.
func (k *marker) split(text string) []Piece {
	var spans [][2]int
	if k != nil {
		spans = k.find(text)
	}
	var out []Piece
	at := 0
	for _, s := range spans {
		if s[0] > at {
			out = append(out, Piece{Text: visible(text[at:s[0]])})
		}
		out = append(out, Piece{Text: visible(text[s[0]:s[1]]), Mark: true})
		at = s[1]
	}
	if at < len(text) {
		out = append(out, Piece{Text: visible(text[at:])})
	}
	return out
}

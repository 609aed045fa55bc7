package main

// What the tests of package main_test reach in here for.

type Opener struct{ opener }

func NewOpener(cipher, mode string, key, iv []byte) (Opener, error) {
	o, err := newOpener(cipher, mode, key, iv)
	return Opener{o}, err
}

func (o Opener) Open(dst, message []byte) []byte { return o.open(dst, message) }

func (o Opener) Begin() func(dst, piece []byte) []byte { return o.begin() }

func (o Opener) Block() int { return o.block() }

func (o Opener) Batch(dst, messages []byte) ([]byte, bool) {
	b, ok := o.opener.(batcher)
	if !ok {
		return nil, false
	}
	return b.batch(dst, messages), true
}

// Decode returns what decode does, its state as a word.
func Decode(encoding string, line []byte) ([]byte, string) {
	out, state := decode(encoding, nil, line)
	return out, [...]string{"decoded", "not encoded", "cut short"}[state]
}

func Head(encoding string, line []byte, n int) []byte { return head(encoding, line, n) }

func Strip(padding string, text []byte, n int) ([]byte, bool) { return strip(padding, text, n) }

func Printable(text []byte) bool { return printable(text) }

func Plausible(text []byte) bool { return plausible(text) }

// DecodeGB18030 decodes as the trial does.
func DecodeGB18030(b []byte) ([]byte, bool) {
	cs, err := newCharset("gb18030")
	if err != nil {
		panic(err)
	}
	return sharedTrial.decode(cs, b)
}

var sharedTrial = new(trial)

func ParseProfiles(b []byte) error {
	_, err := parseProfiles(b)
	return err
}

var ErrProfile = errProfile

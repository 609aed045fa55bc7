package main

// What the tests of package main_test reach in here for.

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

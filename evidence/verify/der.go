package verify

// Tags of DER elements that anchors.md names.
const (
	derBool       = 0x01
	derInteger    = 0x02
	derBits       = 0x03
	derOctets     = 0x04
	derOID        = 0x06
	derUTCTime    = 0x17
	derTime       = 0x18
	derSequence   = 0x30
	derSet        = 0x31
	derContext0   = 0xa0
	derContext1   = 0xa1
	derContext3   = 0xa3
	derManyBytes  = 0x1f
	derLongLength = 0x80
)

// element is one element of DER (X.690 §8.1, §10.1), as far as anchors.md needs it.
type element struct {
	tag byte
	// whole is the element from its tag on, content what it holds.
	whole, content []byte
}

// der reads elements one after the other. What failed once has failed; all readers
// that come from one share that.
type der struct {
	rest []byte
	bad  *bool
}

// newDER reads b, which holds one or more elements.
func newDER(b []byte) *der { return &der{b, new(bool)} }

// into reads the children of e.
func (d *der) into(e element) *der { return &der{e.content, d.bad} }

func (d *der) fail() element {
	*d.bad = true
	d.rest = nil
	return element{}
}

// ok reports whether everything so far was there.
func (d *der) ok() bool { return !*d.bad }

// any reads one element of any tag.
func (d *der) any() element {
	b := d.rest
	if len(b) < 2 || b[0]&derManyBytes == derManyBytes {
		return d.fail()
	}
	n, at := int(b[1]), 2
	if b[1] >= derLongLength {
		digits := int(b[1] &^ derLongLength)
		if digits < 1 || digits > 4 || len(b) < 2+digits || b[2] == 0 {
			return d.fail()
		}
		n = 0
		for _, x := range b[2 : 2+digits] {
			n = n<<8 | int(x)
		}
		if at += digits; n < derLongLength {
			return d.fail()
		}
	}
	if n > len(b)-at {
		return d.fail()
	}
	d.rest = b[at+n:]
	return element{b[0], b[:at+n], b[at : at+n]}
}

// take reads one element that has the tag.
func (d *der) take(tag byte) element {
	e := d.any()
	if e.tag != tag {
		return d.fail()
	}
	return e
}

// has reports whether the next element has the tag.
func (d *der) has(tag byte) bool { return len(d.rest) > 0 && d.rest[0] == tag }

// end fails where anything is left.
func (d *der) end() {
	if len(d.rest) > 0 {
		d.fail()
	}
}

// others reads all that is left, and returns the last of it.
func (d *der) others() (last element) {
	for d.ok() && len(d.rest) > 0 {
		last = d.any()
	}
	return last
}

// only reads one element that has the tag, and fails where there is more.
func (d *der) only(tag byte) element {
	e := d.take(tag)
	d.end()
	return e
}

// first reads an element of the tag outer, whose first child has the tag inner, and returns that.
func (d *der) first(outer, inner byte) element {
	in := d.into(d.take(outer))
	e := in.take(inner)
	in.others()
	return e
}

// Object identifiers, as the bytes of their content.
const (
	oidSignedData      = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"         // 1.2.840.113549.1.7.2
	oidTSTInfo         = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04" // 1.2.840.113549.1.9.16.1.4
	oidContentType     = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"         // 1.2.840.113549.1.9.3
	oidMessageDigest   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"         // 1.2.840.113549.1.9.4
	oidSigningCert     = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0c" // 1.2.840.113549.1.9.16.2.12
	oidSigningCertV2   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f" // 1.2.840.113549.1.9.16.2.47
	oidRSA             = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"         // 1.2.840.113549.1.1.1
	oidRSASHA256       = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"         // 1.2.840.113549.1.1.11
	oidRSASHA384       = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"         // 1.2.840.113549.1.1.12
	oidRSASHA512       = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"         // 1.2.840.113549.1.1.13
	oidECSHA256        = "\x2a\x86\x48\xce\x3d\x04\x03\x02"             // 1.2.840.10045.4.3.2
	oidECSHA384        = "\x2a\x86\x48\xce\x3d\x04\x03\x03"             // 1.2.840.10045.4.3.3
	oidECSHA512        = "\x2a\x86\x48\xce\x3d\x04\x03\x04"             // 1.2.840.10045.4.3.4
	oidSHA256          = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"         // 2.16.840.1.101.3.4.2.1
	oidSHA384          = "\x60\x86\x48\x01\x65\x03\x04\x02\x02"         // 2.16.840.1.101.3.4.2.2
	oidSHA512          = "\x60\x86\x48\x01\x65\x03\x04\x02\x03"         // 2.16.840.1.101.3.4.2.3
	oidExtendedKeyUse  = "\x55\x1d\x25"                                 // 2.5.29.37
	oidUseTimeStamping = "\x2b\x06\x01\x05\x05\x07\x03\x08"             // 1.3.6.1.5.5.7.3.8
	oidP256            = "\x2a\x86\x48\xce\x3d\x03\x01\x07"             // 1.2.840.10045.3.1.7
	oidP384            = "\x2b\x81\x04\x00\x22"                         // 1.3.132.0.34
	oidP521            = "\x2b\x81\x04\x00\x23"                         // 1.3.132.0.35
)

package main

import (
	"compress/bzip2"
	"errors"
	"hash/crc32"
	"io"

	"github.com/mikelolasagasti/xz"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Methods of compression (APPNOTE §4.4.5).
const (
	methodStore   = 0
	methodDeflate = 8
	methodBzip2   = 12
	methodZstd    = 93
	methodXz      = 95
	methodAES     = 99
)

func supported(method int64) bool {
	switch method {
	case methodStore, methodDeflate, methodBzip2, methodZstd, methodXz:
		return true
	}
	return false
}

// zipData is a member's content, checked at its end.
type zipData struct {
	z     *zipWalk
	e     *zipEntry
	r     io.Reader
	crc   uint32
	n     int64
	place sdk.Source
	end   error
	// packed is how long the compressed content is; noCRC: its checksum is not kept.
	packed int64
	noCRC  bool
}

// decompress gives a member's content; o is nil where it is not encrypted.
func (z *zipWalk) decompress(e *zipEntry, data int64, o *opened, place sdk.Source) (*zipData, error) {
	from, length := func() io.Reader { return z.in.Section(data, e.packed) }, e.packed
	if o != nil {
		from, length = o.content, o.length
	}
	packed := bufferedContent(from())
	d := &zipData{z: z, e: e, place: place, packed: length, noCRC: o != nil && e.aes.version == 2}
	var err error
	switch e.method {
	case methodStore:
		d.r = packed
	case methodDeflate:
		f := &inflater{in: z.in}
		d.r, err = f, f.reset(packed, from)
	case methodBzip2:
		d.r = bzip2.NewReader(packed)
	case methodXz:
		// An error of the header comes again with the first Read.
		d.r, err = xz.NewReader(packed, maxWindow)
		if err != nil && z.in.Err() == nil {
			d.end, err = d.broken(err), nil
		}
	default:
		d.r, err = newZstd(packed)
	}
	return d, err
}

func (d *zipData) Read(p []byte) (int, error) {
	if d.end != nil {
		return 0, d.end
	}
	n, err := d.r.Read(p)
	d.crc = crc32.Update(d.crc, crc32.IEEETable, p[:n])
	d.n += int64(n)
	switch {
	case err == nil:
	case d.z.in.Err() != nil:
		d.end = d.z.in.Err()
	case errors.Is(err, io.EOF):
		d.end = d.check()
	default:
		d.end = d.broken(err)
	}
	return n, d.end
}

func (d *zipData) broken(err error) error {
	what, reason := inWords(err)
	if what == trailing && d.n > 0 {
		return d.check() // the length in the header decides
	}
	return damaged("zip."+what, reason, d.place)
}

// check compares what was read with what the header says.
func (d *zipData) check() error {
	switch {
	case !d.e.sized:
		return damaged("zip.checksum", "nothing tells whether these are all of the member's bytes", d.place)
	case d.e.method == methodStore && d.n < d.packed:
		return damaged("zip.cut", "the input ends before the member does", d.place)
	case d.n != d.e.size || d.crc != d.e.crc && !d.noCRC:
		return damaged("zip.checksum", "the member's bytes do not match the checksum or length in its header", d.place)
	}
	return io.EOF
}

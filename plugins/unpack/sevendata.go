package main

import (
	"errors"
	"hash/crc32"
	"io"

	"github.com/bodgit/sevenzip"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// content gives a member's bytes, which end with io.EOF where its checksum is right.
func (w *sevenWalk) content(f *sevenzip.File) *sevenData { return &sevenData{w: w, f: f} }

type sevenData struct {
	w     *sevenWalk
	f     *sevenzip.File
	r     io.ReadCloser
	crc   uint32
	n     uint64
	end   error
	cause error // of the library
}

func (d *sevenData) Read(p []byte) (n int, err error) {
	if d.end != nil {
		return 0, d.end
	}
	err = tame(func() (err error) {
		if d.r == nil {
			if d.r, err = d.f.Open(); err != nil {
				return err
			}
		}
		n, err = d.r.Read(p)
		return err
	})
	d.crc = crc32.Update(d.crc, crc32.IEEETable, p[:n])
	d.n += uint64(n)
	if err == nil {
		return n, nil
	}
	d.cause = err
	d.end = d.judge(err)
	d.close()
	return n, d.end
}

func (d *sevenData) judge(err error) error {
	switch {
	case d.w.fatal() != nil:
		return d.w.fatal()
	case errors.Is(err, errBomb):
		return damaged("7z.window", "the member needs more memory to decompress than is given", sdk.Source{})
	case !errors.Is(err, io.EOF):
		return damaged("7z.corrupt", "the compressed stream that holds the member is corrupt, or uses a method that is not read here", sdk.Source{})
	case d.n < d.f.UncompressedSize:
		return damaged("7z.cut", "the compressed stream ends before the member does", sdk.Source{})
	case d.f.CRC32 != 0 && d.crc != d.f.CRC32:
		return damaged("7z.checksum", "the member's bytes do not match its checksum", sdk.Source{})
	}
	return io.EOF
}

// close gives the stream back, so that the next member goes on where this one ends.
func (d *sevenData) close() {
	if d.r != nil {
		_ = tame(d.r.Close) // it was read from only
		d.r = nil
	}
}

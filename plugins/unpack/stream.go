package main

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// maxWindow bounds what a decompressor may keep, whatever a stream asks for. It is
// the largest that xz -9 (64 MiB) and zstd --ultra -22 (128 MiB) write.
const maxWindow = 128 << 20

// decoder is a decompressor. Its Read ends with io.EOF or a *damage; what only
// makes a flaw (a wrong checksum) it reports by itself.
type decoder interface {
	io.Reader
	// meta is what the stream says of itself; valid after the first Read.
	meta() map[string]any
	// flaw is what was reported so far, "" for nothing.
	flaw() string
}

// stream unpacks an input that is compressed as a whole: into one artifact under
// the same path, or, where that would be a tar archive, into its members.
func (j *job) stream(do string) error {
	r, err := j.decoder(do)
	if err != nil {
		return err
	}
	steps := []sdk.Step{{"do": do}}
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(blockSize)
	if bad, err := j.judge(err); err != nil {
		return err
	} else if bad != nil && len(head) == 0 {
		j.rejectAll(bad)
		return nil
	}
	if isTar(head) {
		return j.tar(br, steps)
	}
	bad, err := j.copyMember(member{steps: steps, meta: r.meta(), flaw: ""}, &flawed{br, r}, false)
	if bad != nil {
		j.report(bad)
	}
	return err
}

// rejectAll says that nothing at all could be made of the input.
func (j *job) rejectAll(d *damage) {
	j.c.Reject(sdk.At(0, j.in.Size), d.code, d.reason+"; nothing could be read")
}

// flawed ends with the decoder's flaw, where it has one, instead of a clean end.
type flawed struct {
	io.Reader
	d decoder
}

func (f *flawed) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.EOF) && f.d.flaw() != "" {
		return n, &damage{reason: f.d.flaw()}
	}
	return n, err
}

func (j *job) decoder(do string) (decoder, error) {
	src := bufio.NewReaderSize(j.in.Reader(), 64<<10)
	switch do {
	case gunzip:
		return newGzip(j), nil
	case bunzip2:
		return &foreign{job: j, do: do, r: bzip2.NewReader(src)}, nil
	case unxz:
		// NewReader reads the stream's header already, and returns a Reader that repeats the error.
		r, err := xz.NewReader(src, maxWindow)
		// It looks 21 bytes ahead: what those before a cut encode is not given.
		return &foreign{job: j, do: do, r: r, err: err}, nil
	default:
		r, err := newZstd(src)
		return &foreign{job: j, do: do, r: r, patient: newCutZstd}, err
	}
}

func newZstd(r io.Reader, more ...zstd.DOption) (*zstd.Decoder, error) {
	// One goroutine, and no more memory than the window takes.
	return zstd.NewReader(r, append(more, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))...)
}

// foreign is a decompressor of a library: its errors become damage.
type foreign struct {
	job *job
	do  string
	r   io.Reader
	err error // from before the first Read
	n   int64 // bytes given so far
	end error // what Read ended with

	// patient makes a decompressor that gives what the stream has after the first n
	// bytes, where it is cut short; nil where there is none. cut is why it was asked.
	patient func(in *sdk.Input, n int64) (io.Reader, error)
	cut     error
}

func (f *foreign) meta() map[string]any { return nil }
func (f *foreign) flaw() string         { return "" }

func (f *foreign) Read(p []byte) (n int, err error) {
	if f.end != nil {
		return 0, f.end
	}
	if err = f.err; err == nil {
		n, err = f.r.Read(p)
	}
	f.n += int64(n)
	if err != nil {
		f.end = f.judge(err)
	}
	return n, f.end
}

// goOn replaces the decompressor by a patient one that gives more, and reports
// whether it could.
func (f *foreign) goOn() bool {
	if f.patient == nil {
		return false
	}
	r, err := f.patient(f.job.in, f.n)
	f.patient = nil
	if err != nil {
		return false
	}
	f.r, f.err = r, nil
	return true
}

func (f *foreign) judge(err error) error {
	if f.job.in.Err() != nil {
		return f.job.in.Err()
	}
	if f.cut != nil {
		return f.cut // however the patient one ended
	}
	if errors.Is(err, io.EOF) {
		return err
	}
	what, reason := inWords(err)
	if what == trailing && f.n > 0 {
		f.job.c.Diagnose(sdk.Diagnostic{Code: formatOf[f.do] + ".trailing", Severity: evidence.SeverityWarning, Message: reason})
		return io.EOF
	}
	// These decompressors read ahead: the whole input is the place.
	bad := damaged(formatOf[f.do]+"."+what, reason, sdk.Source{})
	if what == "cut" && f.goOn() {
		f.cut = bad
		return nil
	}
	return bad
}

var formatOf = map[string]string{bunzip2: "bzip2", unxz: "xz", unzstd: "zstd"}

// trailing is inWords' word for bytes after the end, which are no damage.
const trailing = "trailing"

// inWords says what a library's error means: the last part of a code, and a reason.
func inWords(err error) (what, reason string) {
	var structural bzip2.StructuralError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, xz.ErrBuf):
		return "cut", "the compressed stream ends before its end"
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, xz.ErrMemlimit), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return "window", "the stream needs more memory to decompress than is given"
	case errors.Is(err, xz.ErrOptions), errors.Is(err, xz.ErrUnsupportedCheck), errors.Is(err, zstd.ErrUnknownDictionary):
		return "unsupported", "the stream uses a feature of its format that is not read here"
	case errors.Is(err, zstd.ErrMagicMismatch), errors.Is(err, xz.ErrFormat), errors.As(err, &structural) && structural == bzip2Trailing:
		return trailing, "bytes follow the compressed stream that belong to no other"
	case errors.Is(err, zstd.ErrCRCMismatch), errors.As(err, &structural) && (structural == "block checksum mismatch" || structural == "file checksum mismatch"):
		return "checksum", "the decompressed bytes do not match the stream's checksum"
	}
	return "corrupt", "the compressed stream is corrupt"
}

// bzip2Trailing is what compress/bzip2 says of bytes after the last stream.
const bzip2Trailing bzip2.StructuralError = "bad magic value in continuation file"

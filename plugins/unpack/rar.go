package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/nwaples/rardecode/v2"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// rarVerdict is how a reading of an archive ended.
type rarVerdict int

const (
	rarRead rarVerdict = iota
	// rarShut: encrypted, and the password is missing or wrong as far as one can tell.
	rarShut
	// rarBroken: damage, or what looks like it.
	rarBroken
)

// rar unpacks an archive from front to back. Whether a password is right shows with the
// first encrypted member only, so each is tried there before anything is written.
func (j *job) rar() error {
	open, err := j.rarTry("")
	if err != nil {
		return err
	}
	if open != rarShut {
		return j.rarWith("", nil)
	}
	for key, password := range j.candidates() {
		v, err := j.rarTry(string(password))
		if err != nil {
			return err
		}
		if v == rarRead {
			j.c.Use(key)
			return j.rarWith(string(password), &key)
		}
	}
	// What is not encrypted comes out all the same; each closed member is said.
	return j.rarClosed()
}

// rarOpen opens the archive. The library wants a volume's name for nothing but volumes.
func (j *job) rarOpen(password string) (r *rardecode.Reader, err error) {
	opts := []rardecode.Option{rardecode.MaxDictionarySize(maxDictionary)}
	if password != "" {
		opts = append(opts, rardecode.Password(password))
	}
	err = tame(func() (err error) {
		r, err = rardecode.NewReader(bufio.NewReaderSize(j.in.Reader(), 64<<10), opts...)
		return err
	})
	return r, err
}

// rarTry reads up to the end of the first encrypted member, whose checksum tells.
func (j *job) rarTry(password string) (rarVerdict, error) {
	r, err := j.rarOpen(password)
	for err == nil {
		var h *rardecode.FileHeader
		if h, err = rarNext(r); err != nil {
			break
		}
		if !h.Encrypted && !h.HeaderEncrypted {
			continue
		}
		if h.Encrypted && password == "" {
			return rarShut, nil
		}
		if h.IsDir || h.UnPackedSize == 0 && !h.UnKnownSize {
			if h.HeaderEncrypted { // the list itself came out
				return rarRead, nil
			}
			continue
		}
		d := &rarData{r: r}
		if _, err = io.CopyBuffer(io.Discard, d, j.buf); d.cause != nil {
			err = d.cause
		}
		if err == nil || h.HeaderEncrypted && !isShut(err) {
			return rarRead, j.fatal()
		}
	}
	if stop := j.fatal(); stop != nil {
		return rarBroken, stop
	}
	switch {
	case errors.Is(err, io.EOF):
		return rarRead, nil
	case isShut(err):
		return rarShut, nil
	}
	return rarBroken, nil
}

// isShut reports whether an error is about a password.
func isShut(err error) bool {
	return errors.Is(err, rardecode.ErrArchiveEncrypted) || errors.Is(err, rardecode.ErrArchivedFileEncrypted) || errors.Is(err, rardecode.ErrBadPassword)
}

func rarNext(r *rardecode.Reader) (h *rardecode.FileHeader, err error) {
	err = tame(func() (err error) {
		h, err = r.Next()
		return err
	})
	return h, err
}

// rarClosed unpacks what needs no password, and says what stays closed.
func (j *job) rarClosed() error {
	closed, err := j.rarMembers("", nil)
	if err != nil {
		return err
	}
	why := "the archive is encrypted: "
	if len(j.c.Keys()) > 0 {
		why = fmt.Sprintf("the archive is encrypted, and none of %s of the case opens it (RAR 5 says that a password is wrong; in RAR 4 and older that looks as damage does): ", j.passwords())
	}
	j.c.Diagnose(sdk.Diagnostic{
		Code: "rar.encrypted", Severity: evidence.SeverityUnresolved, Message: why + sdk.AddPassword,
		Data: map[string]any{"members": closed},
	})
	return nil
}

func (j *job) rarWith(password string, key *sdk.Key) error {
	closed, err := j.rarMembers(password, key)
	if err == nil && closed > 0 {
		j.c.Diagnose(sdk.Diagnostic{
			Code: "rar.encrypted", Severity: evidence.SeverityUnresolved, Data: map[string]any{"members": closed},
			Message: "members are encrypted with another password than the first one that is: " + sdk.AddPassword,
		})
	}
	return err
}

// rarMembers unpacks all that a password opens; closed counts what it does not.
func (j *job) rarMembers(password string, key *sdk.Key) (closed int64, err error) {
	r, err := j.rarOpen(password)
	for n := 0; err == nil; n++ {
		var h *rardecode.FileHeader
		if h, err = rarNext(r); err != nil {
			break
		}
		j.any = true
		switch {
		case h.IsDir:
			j.out.Skip(1)
		case h.Encrypted && password == "":
			closed++
		default:
			shut, err := j.rarMember(r, h, n, key)
			if err != nil {
				return closed, err
			}
			if shut {
				closed++
			}
		}
	}
	if stop := j.fatal(); stop != nil {
		return closed, stop
	}
	switch {
	case errors.Is(err, io.EOF):
		if !j.any {
			j.empty("rar")
		}
	case isShut(err): // its list is encrypted
	default:
		if inVolumes(err) || j.volume {
			if j.c.Partial("it is one volume of an archive of several"); j.volume {
				return closed, nil // said of the member
			}
		}
		what, reason := rarWords(err)
		j.report(damaged("rar."+what, reason, sdk.Source{}))
	}
	return closed, nil
}

// inVolumes reports whether an error is for want of another volume.
func inVolumes(err error) bool {
	return errors.Is(err, rardecode.ErrMultiVolume) || errors.Is(err, rardecode.ErrBadVolumeNumber) || errors.Is(err, rardecode.ErrFileNameRequired) || errors.Is(err, rardecode.ErrArchiveNameEmpty)
}

// rarWords says what a library's error means: the last part of a code, and a reason.
func rarWords(err error) (what, reason string) {
	switch {
	case inVolumes(err):
		return "volume", "the archive goes on in another volume, and volumes are not joined here: unpack it with all volumes in one directory (unrar x FIRST), and add what comes out"
	case errors.Is(err, rardecode.ErrBadFileChecksum):
		return "checksum", "the member's bytes do not match its checksum"
	case errors.Is(err, rardecode.ErrDictionaryTooLarge):
		return "window", "the member needs more memory to decompress than is given"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, rardecode.ErrUnexpectedArcEnd), errors.Is(err, rardecode.ErrShortFile), errors.Is(err, rardecode.ErrDecoderOutOfData):
		return "cut", "the archive ends before it should"
	case errors.Is(err, rardecode.ErrUnknownVersion), errors.Is(err, rardecode.ErrUnsupportedDecoder), errors.Is(err, rardecode.ErrUnknownDecoder), errors.Is(err, rardecode.ErrUnknownEncryptMethod):
		return "unsupported", "the archive uses a feature of its format that is not read here"
	}
	return "corrupt", "the archive is corrupt"
}

func (j *job) rarMember(r *rardecode.Reader, h *rardecode.FileHeader, n int, key *sdk.Key) (shut bool, err error) {
	name := evidence.NewName(h.Name)
	step := sdk.Step{"do": unrar, "member": n}
	if h.Encrypted && key != nil {
		step["key"] = key.Fingerprint
	}
	meta := map[string]any{}
	if !h.ModificationTime.IsZero() {
		meta["mtime"] = rfc3339(h.ModificationTime.Unix(), int64(h.ModificationTime.Nanosecond()))
	}
	if h.HostOS == rardecode.HostOSUnix {
		meta["mode"] = fmt.Sprintf("%07o", h.Attributes)
	}
	if h.LinkTarget != "" {
		meta["link"] = h.LinkTarget
	}
	d := &rarData{r: r}
	bad, err := j.copyMember(member{name: &name, meta: meta, steps: []sdk.Step{step}}, d, h.Encrypted)
	if bad != nil {
		if isShut(d.cause) {
			return true, err
		}
		j.volume = inVolumes(d.cause)
		j.report(bad)
	}
	return false, err
}

// rarData is the content of the member that the library stands at.
type rarData struct {
	r     *rardecode.Reader
	cause error
}

func (d *rarData) Read(p []byte) (n int, err error) {
	err = tame(func() (err error) {
		n, err = d.r.Read(p)
		return err
	})
	if err != nil && !errors.Is(err, io.EOF) {
		d.cause = err
		what, reason := rarWords(err)
		err = damaged("rar."+what, reason, sdk.Source{})
	}
	return n, err
}

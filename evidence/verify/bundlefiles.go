package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

const (
	manifest    = "manifest-sha256.txt"
	tagManifest = "tagmanifest-sha256.txt"
	tagSig      = "tagmanifest-sha256.txt.sig"
	allowedFile = "keys/allowed_signers"
	logFile     = "custody/log.jsonl"
	recordsFile = "data/records/records.jsonl"
	listFile    = "data/files.csv"

	maxTagFile    = 1 << 20
	maxBundleLine = 4 << 20
)

// checkManifests is steps 2 to 4.
func (c *bundleCheck) checkManifests() (bool, error) {
	for _, name := range []string{manifest, tagManifest} {
		if !c.bag.has(name) {
			c.find(codeBag, name, "is not there: this is no bundle, or not a whole one")
			return false, nil
		}
	}
	if err := c.checkSignature(); err != nil {
		return false, err
	}
	ok := true
	for _, name := range []string{manifest, tagManifest} {
		fine, err := c.readManifest(name)
		if err != nil {
			return false, err
		}
		if !fine {
			c.find(codeManifest, name, "is not written as the format has it")
			ok = false
		}
	}
	return ok, nil
}

// readManifest adds what a manifest says to c.listed.
func (c *bundleCheck) readManifest(name string) (bool, error) {
	last, ok := "", true
	whole, err := c.bag.lines(name, 66+maxName, func(line []byte, _ int64) error {
		sum, path, found := strings.Cut(string(line), "  ")
		if !found || !isHex(sum, 64) || !safeName(path) || path <= last ||
			strings.HasPrefix(path, "data/") != (name == manifest) || path == tagManifest || path == tagSig || len(c.listed) > 2*maxEntries {
			ok = false
			return errStop
		}
		last = path
		var d digest
		_, err := hex.Decode(d[:], []byte(sum))
		c.listed[path] = d
		return err
	})
	return ok && whole, err
}

// checkFiles is steps 5 and 6.
func (c *bundleCheck) checkFiles() (bool, error) {
	for _, path := range sortedKeys(c.listed) {
		if !c.bag.has(path) {
			c.bad[path] = true
			c.find(codeFileMissing, path, "is listed, and is not there")
		}
	}
	var total, largest, done int64
	for _, f := range c.bag.files {
		total, largest = total+f.size, max(largest, f.size)
	}
	buf := make([]byte, min(largest+1, 1<<20))
	for _, path := range sortedKeys(c.bag.files) {
		want, listed := c.listed[path]
		f := c.bag.files[path]
		if !listed && path != tagManifest && path != tagSig || f.odd {
			c.bad[path] = true
			c.find(codeFileExtra, path, "is there, and is not listed")
		}
		if f.odd {
			continue
		}
		sum, crc, err := c.hash(path, buf, func(n int64) {
			done += n
			if c.o.Progress != nil {
				c.o.Progress(done, total)
			}
		})
		if err != nil {
			return false, err
		}
		c.report.Checked.Files++
		c.report.Checked.Bytes += f.size
		switch {
		case listed && sum != want:
			c.bad[path] = true
			c.find(codeFileAltered, path, fmt.Sprintf("is not as listed: SHA-256 %s, not %s", hexOf(sum), hexOf(want)))
		case c.bag.zip != nil && crc != f.crc:
			c.bad[path] = true
			c.find(codeFileAltered, path, "does not have the checksum that the ZIP file states")
		}
	}
	for path := range c.bad {
		if path == "bagit.txt" || path == "bag-info.txt" || path == manifest || path == tagManifest || strings.HasPrefix(path, "custody/") || strings.HasPrefix(path, "keys/") {
			c.report.NotChecked = append(c.report.NotChecked, "The custody log and all that depends on it: files that it needs are not as listed.")
			return false, nil
		}
	}
	return true, nil
}

// hash reads a whole file.
func (c *bundleCheck) hash(path string, buf []byte, read func(int64)) (sum digest, crc uint32, err error) {
	r, err := c.bag.open(path)
	if err != nil {
		return sum, 0, err
	}
	defer r.close()
	h := sha256.New()
	for {
		if err := c.ctx.Err(); err != nil {
			return sum, 0, err
		}
		n, err := io.ReadFull(r, buf)
		h.Write(buf[:n])
		crc = crc32.Update(crc, crc32.IEEETable, buf[:n])
		read(int64(n))
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return digest(h.Sum(nil)), crc, nil
		}
		if err != nil {
			return sum, 0, err
		}
	}
}

var (
	infoLine = regexp.MustCompile(`^([A-Za-z-]+): ([!-~](?:[ -~]*[!-~])?)$`)
	decimal  = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,15})$`)
)

// parseDecimal reads a number as the format writes it.
func parseDecimal(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n < 1<<53 && decimal.MatchString(s)
}

// checkBagInfo is step 7.
func (c *bundleCheck) checkBagInfo() (bool, error) {
	const declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
	text, ok, err := c.bag.read("bagit.txt", maxTagFile)
	if err != nil {
		return false, err
	}
	if !ok || string(text) != declaration {
		c.find(codeBag, "bagit.txt", "is not that of BagIt 1.0")
		return false, nil
	}
	text, ok, err = c.bag.read("bag-info.txt", maxTagFile)
	if err != nil {
		return false, err
	}
	if why := c.bagInfo(string(text)); !ok || why != "" {
		c.find(codeBag, "bag-info.txt", why)
		return false, nil
	}
	return true, nil
}

// bagInfo reads bag-info.txt, and returns what is wrong with it.
func (c *bundleCheck) bagInfo(text string) string {
	body, ended := strings.CutSuffix(text, "\n")
	info := map[string]string{}
	for line := range strings.SplitSeq(body, "\n") {
		m := infoLine.FindStringSubmatch(line)
		if m == nil || info[m[1]] != "" || !ended {
			return "is not written as the format has it"
		}
		info[m[1]] = m[2]
	}
	var bytes, files int64
	damaged := false
	for path := range c.bad {
		damaged = damaged || strings.HasPrefix(path, "data/")
	}
	for path, f := range c.bag.files {
		if strings.HasPrefix(path, "data/") && !f.odd {
			bytes, files = bytes+f.size, files+1
		}
	}
	var ok bool
	c.origin = info["External-Identifier"]
	c.export, ok = parseDecimal(info["Exhibit-Entry"])
	switch {
	case info["Exhibit-Bundle-Version"] != "1":
		return "is of another version of bundles"
	case custody.CheckOrigin(c.origin) != nil || !ok || info["Bagging-Date"] == "" || info["Payload-Oxum"] == "":
		return "lacks what the format has in it"
	case !damaged && info["Payload-Oxum"] != fmt.Sprintf("%d.%d", bytes, files):
		return "its Payload-Oxum is not what is there"
	}
	c.report.Log.Origin = c.origin
	return ""
}

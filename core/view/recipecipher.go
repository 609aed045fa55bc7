package view

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// decryptFile is the filter that decrypts a whole file.
func (k *cook) decryptFile(s deriveStep, w *way, size int64, first bool, in string) (string, []string, error) {
	p, err := w.profileOf(s.Profile)
	if err != nil {
		if s.Mode == "cbc" {
			return "", nil, err // the iv is the profile's
		}
		p = &profile{Name: s.Profile, Cipher: s.Cipher, Mode: s.Mode}
	}
	n := int64(blockSize(p.Cipher))
	cut := ""
	if size >= 0 && size%n != 0 {
		cut = slice(0, size-size%n) + " | "
	}
	before, filter, err := k.decrypt(p, w.key(s.Key), s.Padding, -1, first && cut == "", in)
	return cut + filter, before, err
}

// line adds the steps from a record's bytes, in file, to its text on standard output.
func (k *cook) line(file string, span []byte, o *Opened, charset string, w *way) {
	if o.profile == nil || o.Encoding == "" {
		k.unknown("how the line was decrypted: %s", cmp.Or(o.Problem, "its encoding"))
		return
	}
	decode := ""
	switch o.Encoding {
	case "base64":
		decode = "tr -d ' \\t\\r\\n' | base64 -d"
		if pad := (4 - len(strings.Join(strings.Fields(string(span)), ""))%4) % 4; pad > 0 {
			decode = fmt.Sprintf("tr -d ' \\t\\r\\n' | { cat; printf '%s'; } | base64 -d", strings.Repeat("=", pad))
		}
	case "hex":
		k.need("xxd")
		decode = "tr -d ' \\t\\r\\n' | xxd -r -p"
	default:
		decode = "cat"
	}
	in := k.file()
	k.r.Steps = append(k.r.Steps, RecipeStep{What: "the line's ciphertext, decoded from " + o.Encoding, Commands: []string{feed(decode, file) + " > " + in}, Output: in})
	keep := int64(-1)
	if o.Bytes != nil {
		keep = int64(len(o.Bytes))
	}
	before, filter, err := k.decrypt(o.profile, o.Key, o.Padding, keep, true, "'"+in+"'")
	if err != nil {
		k.unknown("decrypting the line: %v", err)
		return
	}
	what := fmt.Sprintf("decrypted with %s as profile %s says", strings.TrimSpace(o.profile.Cipher+" "+o.profile.Mode), o.Profile)
	if keep < 0 {
		what += "; padding may follow the text"
	}
	k.r.Steps = append(k.r.Steps, RecipeStep{What: what, Commands: append(before, feed(filter, "'"+in+"'")+k.convert(charset))})
}

// convert is the end of a pipe that makes UTF-8 of a charset.
func (k *cook) convert(charset string) string {
	name := iconvName(charset)
	if name == "" {
		return ""
	}
	k.need("iconv")
	return " | iconv -f " + name + " -t UTF-8"
}

// python lines for ciphers that openssl(1) lacks.
const (
	pyChain = `python3 -c 'import sys; c=sys.stdin.buffer.read(); sys.stdout.buffer.write(bytes(((c[i]^0x68)-c[i-1])%255 for i in range(1,len(c))))'`
	pyXOR   = `python3 -c 'import sys; k=bytes.fromhex(sys.argv[1]); c=sys.stdin.buffer.read(); sys.stdout.buffer.write(bytes(b^k[i%len(k)] for i,b in enumerate(c)))' "$KEY"`
	pyRC4   = `python3 -c 'import sys
k=bytes.fromhex(sys.argv[1]); s=list(range(256)); j=0; o=bytearray()
for i in range(256): j=(j+s[i]+k[i%len(k)])%256; s[i],s[j]=s[j],s[i]
i=j=0
for b in sys.stdin.buffer.read():
  i=(i+1)%256; j=(j+s[i])%256; s[i],s[j]=s[j],s[i]; o.append(b^s[(s[i]+s[j])%256])
sys.stdout.buffer.write(o)' "$KEY"`
)

// decrypt is the filter that decrypts under a profile, with the commands that set KEY
// before it. keep is how many bytes are text and no padding, -1 where not known. alone:
// it reads the file in and nothing stands before it.
func (k *cook) decrypt(p *profile, key *Key, padding string, keep int64, alone bool, in string) (before []string, filter string, err error) {
	strip := ""
	if keep >= 0 && padding != "pkcs7" && padding != "none" && padding != "" {
		strip = fmt.Sprintf(" | head -c %d", keep)
	}
	if !p.keyless() {
		if before, err = k.key(key); err != nil {
			return nil, "", err
		}
	}
	switch p.Cipher {
	case "none":
		return before, "cat", nil
	case "tom-chain":
		k.need("python3")
		return before, pyChain, nil
	case "xor":
		k.need("python3")
		return before, pyXOR, nil
	case "rc4":
		k.need("python3")
		return before, pyRC4, nil
	}
	name, legacy, err := opensslName(p, key)
	if err != nil {
		return nil, "", err
	}
	k.need("openssl")
	filter = "openssl enc -d -" + name + ` -K "$KEY"`
	if p.Mode == "cbc" {
		iv := p.IV
		if iv == "prefix" {
			if !alone {
				return nil, "", fmt.Errorf("%w: the iv stands at the beginning of what the step before gives", evidence.ErrNotFound)
			}
			n := int64(blockSize(p.Cipher))
			before = append(before, fmt.Sprintf(`IV=$(head -c %d %s | od -An -v -tx1 | tr -d ' \n')`, n, in))
			iv = "$IV"
			filter = fmt.Sprintf("tail -c +%d | %s", n+1, filter)
		}
		if iv == "key" {
			iv = fmt.Sprintf("$(printf %%s \"$KEY\" | head -c %d)", 2*blockSize(p.Cipher))
		}
		filter += fmt.Sprintf(` -iv "%s"`, iv)
	}
	if padding != "pkcs7" {
		filter += " -nopad"
	}
	if legacy {
		filter += " -provider legacy -provider default"
	}
	if padding == "zero" && keep < 0 {
		strip = " | python3 -c 'import sys; c=sys.stdin.buffer.read(); b=c.rstrip(b\"\\0\"); sys.stdout.buffer.write(c[:max(len(b),len(c)-" + fmt.Sprint(blockSize(p.Cipher)-1) + ")])'"
		k.need("python3")
	}
	return before, filter + strip, nil
}

// opensslName is how openssl-enc(1) calls a cipher. DES and Blowfish are in the legacy
// provider of OpenSSL 3.
func opensslName(p *profile, key *Key) (name string, legacy bool, err error) {
	length := 0
	if key != nil {
		length = len(key.value)
	}
	switch {
	case p.Mode != "ecb" && p.Mode != "cbc":
		return "", false, fmt.Errorf("%w: mode %q", evidence.ErrFormat, p.Mode)
	case p.Cipher == "des":
		return "des-" + p.Mode, true, nil
	case p.Cipher == "blowfish" && length == 16:
		return "bf-" + p.Mode, true, nil
	case p.Cipher == "blowfish":
		return "", false, fmt.Errorf("%w: openssl takes a Blowfish key of 16 bytes only", evidence.ErrNotFound)
	case length == 0:
		return "", false, fmt.Errorf("%w: the variant of %s depends on the length of the key, whose bytes are not at hand", evidence.ErrKey, p.Cipher)
	case p.Cipher == "aes":
		return fmt.Sprintf("aes-%d-%s", 8*length, p.Mode), false, nil
	case p.Cipher == "3des":
		name = map[int]string{16: "des-ede", 24: "des-ede3"}[length]
		if p.Mode == "cbc" {
			name += "-cbc"
		}
		return name, false, nil
	}
	return "", false, fmt.Errorf("%w: cipher %q", evidence.ErrNotFound, p.Cipher)
}

// key are the commands that set KEY to the key in hexadecimal: out of the evidence where
// it lies there, else out of what the examiner knows.
func (k *cook) key(key *Key) ([]string, error) {
	switch {
	case key == nil:
		return nil, fmt.Errorf("%w: which key is not recorded", evidence.ErrKey)
	case key.at != nil && key.way != nil:
		file := k.artifact(key.way)
		if file == "" {
			return nil, fmt.Errorf("%w: the way to the file that holds it is not known", evidence.ErrKey)
		}
		read := fmt.Sprintf("tail -c +%d %s | head -c %d", key.at.Offset+1, file, key.at.Length)
		switch key.Encoding {
		case "hex":
			read += ` | tr -d ' \t\r\n'`
		case "base64":
			read += ` | tr -d ' \t\r\n' | base64 -d | od -An -v -tx1 | tr -d ' \n'`
		case keyring.UTF16:
			read += ` | od -An -v -tx1 | sed 's/ \(..\)/\100/g' | tr -d ' \n'`
		case keyring.FromUTF16:
			read += ` | od -An -v -tx1 -w2 | cut -c 2-3 | tr -d '\n'`
		default:
			if d, ok := keyring.ParseDigest(key.Encoding); ok {
				read += digestCommand(d)
				break
			}
			if n := keyring.FilledTo(key.Encoding); n > 0 {
				read = fmt.Sprintf("{ %s; head -c %d /dev/zero; }", read, max(0, n-key.at.Length))
			}
			read += ` | od -An -v -tx1 | tr -d ' \n'`
		}
		return []string{"KEY=$(" + read + ")   # " + oneLine(fmt.Sprintf("key %s, %s, at %s", key.Name, key.Fingerprint, key.Place))}, nil
	case key.Hex != "":
		return []string{"KEY=" + key.Hex + "   # " + oneLine(key.words())}, nil
	}
	return []string{"# set KEY first, in hexadecimal: " + oneLine(key.words()) + "; exhibit show --keys writes it here", `: "${KEY:?}"`}, nil
}

// digestCommand turns the text of a key into the key, in hexadecimal.
func digestCommand(d keyring.Digest) string {
	tool := strings.ReplaceAll(d.Name, "-", "") + "sum" // md5sum, sha1sum, sha256sum
	if d.Digits {
		return fmt.Sprintf(` | %s | head -c %d | od -An -v -tx1 | tr -d ' \n'`, tool, d.Length)
	}
	return fmt.Sprintf(" | %s | head -c %d", tool, 2*d.Length)
}

// words says which key it is.
func (key *Key) words() string {
	switch key.Form {
	case "published":
		return fmt.Sprintf("the published key of profile %s (%s)", key.Name, key.Fingerprint)
	case "place":
		return fmt.Sprintf("key %s (%s), at %s of the evidence", key.Name, key.Fingerprint, key.Place)
	case "given":
		return fmt.Sprintf("key %s (%s), given by the examiner and kept in the case's secrets", key.Name, key.Fingerprint)
	}
	return fmt.Sprintf("key %s, which the case no longer knows", key.Fingerprint)
}

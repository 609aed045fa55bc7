package bundle

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
)

// Fingerprint is that of an SSH public key, as ssh-keygen -l prints it; "" for anything else.
func Fingerprint(ssh string) string {
	words := strings.Fields(ssh)
	if len(words) < 2 {
		return ""
	}
	b, err := base64.StdEncoding.DecodeString(words[1])
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// HowToVerify is the text for whoever receives a bundle. Lines are as long as a mail is.
func HowToVerify(a About) []byte {
	text := howTo
	if a.Redacted > 0 {
		text = strings.Replace(text, "{redacted}", howToRedacted, 1)
	}
	text = strings.Replace(text, "{redacted}", "", 1)
	if a.Draft {
		text = "DRAFT: NOT CHECKED AND NOT RELEASED. DO NOT HAND IT OUT.\n\n\n" + text
	}
	if a.Anchors > 0 {
		text = strings.Replace(text, "{anchors}", howToAnchors, 1)
	}
	return []byte(fill(strings.Replace(text, "{anchors}", "", 1), map[string]string{
		"case": a.name(), "contents": a.contents(), "recipient": a.Recipient, "person": orElse(a.person(), "(not stated)"), "bag": a.Bag,
		"date": a.Made.UTC().Format("2006-01-02 15:04:05 UTC"), "origin": a.Origin, "entry": number(a.Entry), "size": number(a.Size), "root": a.Root,
		"manifest": a.Manifest, "fingerprint": Fingerprint(a.SSH), "vkey": a.VKey,
	}))
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// fill puts values into a text, for {name}. Values are made safe to show, and are not
// looked through for names again.
func fill(text string, values map[string]string) string {
	var pairs []string
	for name, v := range values {
		pairs = append(pairs, "{"+name+"}", Printable(v))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

const howToAnchors = `anchors/ has time stamps and witnesses' signatures over earlier heads of the log.
They count with a certificate or key that you have from elsewhere, not from here:

  openssl ts -verify -in anchors/SIZE-….tsr -data custody/checkpoints/SIZE.note -CAfile ROOT.pem -untrusted anchors/SIZE-….pem
  exhibit verify {bag}.zip --tsa-cert FILE --witness KEY

`

// howToRedacted says what a redacted production proves; publish says the same in its README.
const howToRedacted = `
6. THE REDACTED RECORDS

data/redacted/report.html says what was redacted and under which policy. Nothing
in that folder is an original, and no line of the custody log opens one: the
checks above show that the files are what was handed out, and that the records
they stand for were committed to before.

They do not show by themselves that a document says what its original says but
for the marks. data/redacted/originals.csv names for each document the entry, run
and leaf that commit to its original, and the salted hash that stands there. Where
a court orders an original to be shown, exhibit prove of that record gives the same
leaf and hash, and exhibit verify shows that it is the one.

Whether something was overlooked you can look for yourself: VERIFY.html searches the
bundle for a private list of terms; the list does not leave your computer.
Marks such as [PHONE-7F3KQ2M9] stand for the same value wherever they appear; with
a key that is not here they can be computed, without it they cannot be undone by
trying. They are pseudonymised data, and personal data still (GDPR Art. 4(5)).
`

const howTo = `HOW TO CHECK THIS BUNDLE

Case          {case}
In here       {contents}
Handed to     {recipient}
By            {person}
On            {date}

data/files.html lists everything for reading and printing, data/files.csv for
programs. Names were made safe for every system; the lists have the real ones.


1. WITHOUT ANY COMMAND

Open VERIFY.html in a browser (it needs no network and sends nothing anywhere)
and give it the ZIP file or this folder. It says in three sentences whether the
files match, who vouches for them, and what was not checked.
It can also look for names or numbers of your own in everything here, to see for
yourself what is not in it: "Look for names or numbers of your own". Your list
stays on your computer.

A verifier that came with the thing it checks could lie. Take it, or the script
verify.py, or the program exhibit, from somewhere else if it matters, or use the
commands below: they are of your own system.


2. DO ALL FILES MATCH? ARE ANY MISSING, OR ADDED?

Go to the folder {bag} first. sha256sum -c and shasum -c look at listed files
only: they DO NOT SEE FILES THAT WERE ADDED. So there are two commands; each
prints nothing where all is well.

Linux:

  sha256sum --strict --quiet -c manifest-sha256.txt tagmanifest-sha256.txt
  diff <(find . ! -type d | sed 's|^\./||' | LC_ALL=C sort) <( (cut -c67- manifest-sha256.txt tagmanifest-sha256.txt; printf '%s\n' tagmanifest-sha256.txt tagmanifest-sha256.txt.sig) | LC_ALL=C sort)

macOS (Terminal; the Finder may add files named .DS_Store):

  cat manifest-sha256.txt tagmanifest-sha256.txt | shasum -a 256 -c | grep -v ': OK$'
  diff <(find . ! -type d | sed 's|^\./||' | LC_ALL=C sort) <( (cut -c67- manifest-sha256.txt tagmanifest-sha256.txt; printf '%s\n' tagmanifest-sha256.txt tagmanifest-sha256.txt.sig) | LC_ALL=C sort)

Windows (PowerShell; all in one):

  $here = (Get-Location).Path; $listed = @{'tagmanifest-sha256.txt'=1; 'tagmanifest-sha256.txt.sig'=1}
  foreach ($l in Get-Content manifest-sha256.txt, tagmanifest-sha256.txt) { $h, $f = $l -split '  ', 2; $listed[$f] = 1; if (-not (Test-Path -LiteralPath $f)) { "MISSING $f" } elseif ((Get-FileHash -Algorithm SHA256 -LiteralPath $f).Hash -ne $h) { "ALTERED $f" } }
  Get-ChildItem -Recurse -File -Force | ForEach-Object { $_.FullName.Substring($here.Length + 1).Replace('\', '/') } | Where-Object { -not $listed[$_] } | ForEach-Object { "ADDED $_" }


3. WHO VOUCHES FOR IT?

The list of lists is signed. Linux and macOS:

  ssh-keygen -Y verify -f keys/allowed_signers -I '{origin}' -n exhibit-bundle -s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt

Windows:

  cmd /c "ssh-keygen -Y verify -f keys/allowed_signers -I {origin} -n exhibit-bundle -s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt"

It must answer: Good "exhibit-bundle" signature … with ED25519 key
  {fingerprint}

That key came with the bundle, so by itself it proves only that the bundle agrees
with itself. Whose key it is you must know from elsewhere: ask the laboratory, by
a number that you did not take from here, for this fingerprint, or for the
verifier key

  {vkey}

A receipt that you were given earlier is worth more still: it must agree with the
log in here (exhibit verify BUNDLE --receipt FILE; VERIFY.html asks for it too).

{anchors}
4. IS IT WHAT THE CUSTODY LOG SAYS?

custody/log.jsonl is the whole custody log, entry by entry. Entry {entry} says
that this bundle was handed out; it commits to the SHA-256 of manifest-sha256.txt,

  {manifest}

and is covered by custody/checkpoints/{size}.note, the signed head of the log:

  {size} entries, root {root}

  exhibit verify {bag}.zip --trust KEY
  python3 verify.py {bag}.zip

check all of it: every file and record leads to the log entry that received or
made it. custody/proofs/ has proofs of single things, for somebody who is to have
no more than one (exhibit verify FILE.proof). The formats are published (docs/formats/bundle.md, custody.md of the
program exhibit), so that anybody can write another verifier.


5. WHAT THIS DOES NOT SAY

It shows that what is in here is what the log recorded, and that the log has not
changed since it was signed, or since a receipt was given. It does not show that
what was recorded is true, complete or lawfully obtained, nor when the signature
was made. What is not disclosed stands in the log as salted hashes, from which
nothing can be learned; that something is withheld, and how many entries there
are, can be seen.

A file CERTIFICATE-….txt is a draft for a qualified person to check, complete and
sign. interop/ has the list of files in CASE/UCO and DFXML for other programs;
it is for exchange and proves nothing.
{redacted}`

// Package bundle writes bundles (docs/formats/bundle.md): one ZIP file that holds one
// BagIt bag with what was disclosed of a case, what proves it, and what a stranger
// needs to check both.
//
// It knows the format and nothing of cases: what is disclosed is chosen by whoever
// calls it (core/disclose). Nothing here reads a clock or draws a random number: the
// same contents give the same bytes.
package bundle

// Version is that of the format.
const Version = 1

// SignatureNamespace is what the SSH signature of the tag manifest is made for.
const SignatureNamespace = "exhibit-bundle"

// Names of files of a bag that other files speak of.
const (
	BagItFile        = "bagit.txt"
	InfoFile         = "bag-info.txt"
	ManifestFile     = "manifest-sha256.txt"
	TagManifestFile  = "tagmanifest-sha256.txt"
	SignatureFile    = "tagmanifest-sha256.txt.sig"
	FilesDir         = "data/files"
	FilesFile        = "data/files.csv"
	FilesPageFile    = "data/files.html"
	RecordsFile      = "data/records/records.jsonl"
	RecordsIndexFile = "data/records/index.csv"
	EnclosedDir      = "data/enclosed"
	RedactedDir      = "data/redacted"
	LogFile          = "custody/log.jsonl"
	OpeningsFile     = "custody/openings.jsonl"
	SetsDir          = "custody/sets"
	RecordTreesDir   = "custody/records"
	CheckpointsDir   = "custody/checkpoints"
	ProofsDir        = "custody/proofs"
	LogKeysFile      = "keys/log.vkey"
	SignersFile      = "keys/allowed_signers"
	CaseUCOFile      = "interop/case-uco.jsonld"
	DFXMLFile        = "interop/dfxml.xml"
	HowToFile        = "HOW-TO-VERIFY.txt"
	PageFile         = "VERIFY.html"
	ScriptFile       = "verify.py"
	CertificateData  = "certificate-data.json"
)

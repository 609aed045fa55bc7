package report

import (
	"html/template"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// Selection is a query whose hits the report shows in full.
type Selection struct {
	Name, Query, Description string
}

// Options say what goes into a report. The clock and the zone come from outside.
type Options struct {
	// At is when the report is made; Zone is that in which times are shown.
	At   time.Time
	Zone *time.Location
	// Examiner, as given by the one who makes the report; may be empty.
	Examiner string
	// Version of the program, and the digest of its file, where known.
	Version, Program string
	Selections       []Selection
	// Verdict is what verification found just before, nil where it was not done.
	Verdict *verify.Report
	// Tagged returns the records with a tag, TagsOf the tags of a record; either
	// may be nil.
	Tagged func(tag string) (map[string]bool, error)
	TagsOf func(id string) []string
	// Boot as in search.Options.
	Boot string
	// Context is how many records before and after a hit of the same conversation
	// are shown.
	Context int
}

// Bounds of a report. What is beyond them is counted and said.
const (
	maxFiles         = 1000   // rows of the list of files
	maxPlaces        = 200    // rows of files with records
	maxTrouble       = 300    // rows of what could not be read
	maxConversations = 500    // of one selection
	maxShownRecords  = 2000   // of one selection, context included
	maxDistinct      = 200000 // different values counted for a ranking
	maxTop           = 12     // rows of a ranking
	maxSamples       = 3      // examples of a kind where nothing was selected
	maxActs          = 400    // rows of what was done
	maxText          = 4000   // characters of one record's text
)

// Page is everything that the template shows.
type Page struct {
	Title, Number, Description string
	Examiner, At, Zone         string
	Origin, Version, Program   string
	Style                      template.CSS
	// Broken says what could not be told because it is not as it was recorded.
	Broken []string
	// Short is the report in a few sentences.
	Short    []string
	Verdict  Verdict
	Received Received
	Done     Done
	Found    Found
	Analysed Analysed
	Unread   Unread
	Limits   []Limit
	Notes    []Note
	Words    []Word
}

// Verdict is the second opinion in plain words.
type Verdict struct {
	// Class is good, warn or bad; it chooses a colour, and the words say the same.
	Class, Name, Plain string
	Done               bool
	Sentences          []string
	Findings           []verify.Finding
	More               int64
	Checked            []Fact
	NotChecked         []string
	Entries            int64
	Root               string
	Seals              []string
}

// Fact is a name and a value.
type Fact struct{ Name, Value string }

// Received is what was taken into the case.
type Received struct {
	Items []Item
	Files []File
	// Left is how many files the list leaves out.
	Left, Total int64
	Bytes       string
	Refused     int64
}

// Item is one exhibit.
type Item struct {
	Exhibit, Source, Path, When, By, How string
	Facts                                []Fact
	Troubles                             []string
}

// File is one received file with its digests.
type File struct {
	Exhibit, Path, Size, SHA256 string
	Others                      []Fact
	Modified, Note              string
}

// Done is what was done to the evidence, and with which tools.
type Done struct {
	Acts  []Act
	Left  int64
	Tools []Tool
	// People are those who acted, and the programs they used.
	People, Programs []string
}

// Act is one step in plain words; From and To are entry numbers of the log.
type Act struct {
	From, To  int64
	When, Who string
	What      string
	Details   []string
}

// Tool is one plugin.
type Tool struct {
	Name, Version, Digest string
	Runs, Records         int64
	Sandbox               []string
}

// Found is what was read.
type Found struct {
	Records int64
	Note    int
	Kinds   []Kind
	Chart   *Columns
	Ranks   []Rank
	Places  []Place
	// PlacesLeft is how many files with records the table leaves out.
	PlacesLeft int64
	Selections []Shown
	Samples    []Sample
}

// Kind counts records of one kind.
type Kind struct {
	Name, Label  string
	N            int64
	Note         int
	First, Last  string
	Timed, Doubt int64
}

// Place is one file that records were read from.
type Place struct {
	Anchor, Exhibit, Path string
	Kinds                 []Counted
	First, Last           string // record ids
	Zone, Charset         string
}

// Counted is a value and how often it occurs.
type Counted struct {
	Value string
	N     int64
	Note  int
	Bar   int
}

// Rank is the most frequent values of a field.
type Rank struct {
	Title, Explain string
	Note           int
	Rows           []Counted
	Distinct       int64
	AtLeast        bool
}

// Shown is a selection with its hits.
type Shown struct {
	Selection
	Anchor        string
	Hits          int64
	Note          int
	Chart         *Columns
	Conversations []Conversation
	// Left counts conversations that are not shown, LeftHits hits that are not.
	Left, LeftHits int64
	Problem        string
}

// Conversation is hits between the same parties, with what was said around them.
type Conversation struct {
	// Alone: its rows are hits whose conversations hold nothing else.
	Alone          bool
	Title, Service string
	Hits           int64
	Rows           []Row
	From, To       string
}

// Row is one record as a reader sees it, or a gap.
type Row struct {
	Gap             int64
	Hit             bool
	ID              string
	When, Recorded  string
	From, To        string
	Text            []Piece
	Cut             bool
	Facts           []Fact
	Source, Derived string
	Flags           []string
	Tags            []string
	Assumed, NoTime bool
}

// Piece is text; Mark says that it is what was searched for.
type Piece struct {
	Text string
	Mark bool
}

// Sample is a few records of a kind.
type Sample struct {
	Kind string
	Rows []Row
	N    int64
}

// Unread is what could not be read, and why.
type Unread struct {
	Artifacts, Whole      int64
	Groups                []Trouble
	Rejected, Read        int64
	Codes                 []Code
	Refused               []Fact
	RefusedLeft, Affected int64
}

// Trouble is artifacts in the same state.
type Trouble struct {
	Title, Plain string
	N            int64
	Rows         []TroubleRow
	Left         int64
}

// TroubleRow is one artifact that was not, or not wholly, read.
type TroubleRow struct {
	Exhibit, Path, Size, Type string
	Read, Rejected            int64
	Why                       []string
}

// Code is a sort of problem.
type Code struct {
	Code, Severity, Message string
	N                       int64
	Example                 string
}

// Limit is something that the report does not show, with why.
type Limit struct {
	Title string
	Texts []string
}

// Note says what a number counts and how to count it again.
type Note struct {
	N       int
	What    string
	Command string
	Place   string // anchor in the report
}

// Word explains a term.
type Word struct{ Term, Meaning string }

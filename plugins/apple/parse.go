package main

import (
	"fmt"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// Codes of diagnostics.
const (
	codeSchema   = "apple.schema"
	codeDiffers  = "apple.text_differs"
	codeBody     = "apple.body_undecodable"
	codeOrphan   = "apple.orphan"
	codeDeletion = "apple.tombstones"
)

// Flags of records.
const (
	flagDiffers = "text_differs"
	flagBody    = "body_undecodable"
)

// reader is one database being read.
type reader struct {
	c   *sdk.Ctx
	db  *sqlite.DB
	out *sdk.Out

	kept                     *sqlite.Budget
	differs, bodies, orphans sdk.Tally
}

func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	db, err := sqlite.Open(c, in)
	if err != nil {
		return err
	}
	defer db.Close()
	r := &reader{
		c: c, db: db, out: out, kept: sqlite.NewBudget(c),
		differs: sdk.Tally{Code: codeDiffers, Message: "the message's text and its attributed body say different things; the body's is in extra.attributed_text"},
		bodies:  sdk.Tally{Code: codeBody, Message: "the attributed body cannot be read; it is kept as bytes"},
		orphans: sdk.Tally{Code: codeOrphan, Message: "the row belongs to a message that the database does not hold; it is kept as a row"},
	}
	defer r.differs.Total(c)
	defer r.bodies.Total(c)
	defer r.orphans.Total(c)
	found, err := db.Read([]sqlite.Section{
		{Table: "message", Needs: "guid text handle_id date is_from_me", Read: r.messages},
		{Table: "ZCALLRECORD", Needs: "ZDATE ZDURATION ZORIGINATED", Read: r.calls},
	})
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%w: no table as sms.db, chat.db or CallHistory.storedata have them", sdk.ErrMalformed)
	}
	return db.NotRead("recoverable_message_part", "unsynced_removed_recoverable_messages", "sync_deleted_chats", "sync_deleted_attachments", "ZEMERGENCYMEDIAITEM")
}

// since2001 reads a time of a message: seconds since 2001 up to iOS 10 and macOS
// 10.12, nanoseconds since. The database does not say which; the number does.
func since2001(row *sqlite.Row, column, kind string) sdk.Time {
	return row.SetTime(column, sdk.Epoch{Unit: "s", Epoch: "mac", Kind: kind, Basis: sdk.Detected}, sdk.Epoch{Unit: "ns", Epoch: "mac"})
}

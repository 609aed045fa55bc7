package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// status says what a message is where it is not somebody's words, and what became of it.
func status(row *sqlite.Row, direction string) string {
	var list []string
	add := func(s string) {
		if s != "" {
			list = append(list, s)
		}
	}
	add(item(row))
	add(reaction(row))
	set := func(column string) bool {
		n, _ := row.Int64(column)
		return n != 0
	}
	failed := set("error")
	switch {
	case direction == sdk.Incoming && set("is_read"):
		add("received, read")
	case direction == sdk.Incoming:
		add("received, unread")
	case direction != sdk.Outgoing:
	case failed:
		add("failed")
	case set("date_read"):
		add("read")
	case set("is_delivered") || set("date_delivered"):
		add("delivered")
	case set("is_sent"):
		add("sent")
	default:
		add("not sent")
	}
	if set("date_edited") {
		add("edited")
	}
	if set("date_retracted") {
		add("retracted")
	}
	return strings.Join(list, ", ")
}

// item names item_type, with group_action_type.
func item(row *sqlite.Row) string {
	action, _ := row.Int64("group_action_type")
	switch n, _ := row.Int64("item_type"); n {
	case 1:
		if action == 1 {
			return "participant removed"
		}
		return "participant added"
	case 2:
		return "group named"
	case 3:
		if action == 0 {
			return "left the group"
		}
		return "group picture changed"
	case 4:
		return "location shared"
	case 5:
		return "audio message kept"
	case 6:
		return "FaceTime"
	}
	return ""
}

// reaction names associated_message_type: 2000 and on is a reaction to the message of
// associated_message_guid, 3000 and on takes one back.
func reaction(row *sqlite.Row) string {
	names := []string{"loved", "liked", "disliked", "laughed", "emphasised", "questioned", "emoji", "sticker"}
	n, _ := row.Int64("associated_message_type")
	switch {
	case n >= 2000 && n < 2000+int64(len(names)):
		return "reaction: " + names[n-2000]
	case n >= 3000 && n < 3000+int64(len(names)):
		return "reaction taken back: " + names[n-3000]
	}
	return ""
}

func sorted(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

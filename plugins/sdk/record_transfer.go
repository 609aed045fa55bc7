package sdk

// Transfer is a file that went, or was to go, from one to another; kind transfer.
type Transfer struct {
	Common
	Service, Account, Conversation Text
	From                           Text
	To                             []Text
	// Direction is relative to Account.
	Direction string
	Status    Text
	// FileName is its name, FilePath where it lay on the device that states it.
	FileName, FilePath Text
	// FileSize is in bytes, Transferred how many of them had gone.
	FileSize, Transferred Number
}

// Kind returns "transfer".
func (*Transfer) Kind() string { return "transfer" }

func (t *Transfer) encode(e *encoder, src *Source) {
	e.text("account", t.Account)
	t.charset(e)
	e.text("conversation", t.Conversation)
	e.plain("direction", t.Direction)
	t.extra(e)
	e.text("file_name", t.FileName)
	e.text("file_path", t.FilePath)
	e.number("file_size", t.FileSize)
	t.flags(e)
	e.text("from", t.From)
	e.word("kind", "transfer")
	e.text("service", t.Service)
	src.encode(e)
	e.plain("state", t.State)
	e.text("status", t.Status)
	t.times(e)
	e.texts("to", t.To)
	e.number("transferred", t.Transferred)
}

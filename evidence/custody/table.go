package custody

func identityFields() []Field {
	const g = "identity"
	return []Field{
		member(g, "v", "count", "version of the entry format: 1"),
		member(g, "origin", "origin", "the log's name, which holds the case's UUID"),
		member(g, "seq", "count", "number of the entry, from 0"),
		member(g, "id", "uuid", "the entry's own identifier, random"),
		member(g, "prev", "hash", "leaf hash of the entry before"),
		member(g, "refs.item", "count", "the entry that began receiving the item this one is about"),
		plain(g, "case", "uuid", "the case's UUID, as in the origin"),
		plain(g, "format", "line", "version of the case format: `1`"),
		asserted(g, "case.title", "text", "what the case is called"),
		asserted(g, "case.number", "text", "the case's number at the laboratory or authority"),
		asserted(g, "case.description", "text", "what the case is about"),
		asserted(g, "exhibit", "text", "exhibit number of the item"),
		asserted(g, "exhibit.root", "text", "exhibit number of the thing the item ultimately came from"),
		asserted(g, "exhibit.parents", "texts", "exhibit numbers of what the item came from directly"),
		asserted(g, "exhibit.description", "text", "what the item is"),
		asserted(g, "exhibit.copy", "word", "which copy it is: `original`, `evidentiary` or `working`"),
	}
}

func whoFields() []Field {
	const g = "who"
	return []Field{
		asserted(g, "actor.id", "text", "identifier of the person who acts: staff or badge number"),
		asserted(g, "actor.name", "text", "the person who acts"),
		asserted(g, "actor.organisation", "text", "the organisation that person works for"),
		asserted(g, "actor.role", "text", "in what role: examiner, exhibits officer"),
		asserted(g, "actor.key", "text", "identifier of the key that person signs with"),
		asserted(g, "on_behalf_of.name", "text", "for whom the person acts, where for another"),
		asserted(g, "on_behalf_of.organisation", "text", "that other's organisation"),
		asserted(g, "on_behalf_of.role", "text", "that other's role"),
		asserted(g, "witness.name", "text", "who else was present"),
		asserted(g, "witness.organisation", "text", "the witness's organisation"),
		asserted(g, "witness.role", "text", "the witness's role"),
		asserted(g, "witness.key", "text", "identifier of the key the witness signs with"),
		asserted(g, "custodian", "text", "who had the item in custody before"),
		observed(g, "os.user", "text", "account under which the program ran"),
		observed(g, "os.uid", "count", "number of that account"),
		observed(g, "os.host", "text", "name of the computer"),
		observed(g, "os.machine_id", "text", "the operating system's identifier of the computer"),
	}
}

func whatFields() []Field {
	const g = "what"
	return []Field{
		member(g, "kind", "word", "what happened; see Kinds"),
		member(g, "refs.intent", "count", "the entry that announced what this one reports"),
		plain(g, "phase", "word", "which part of it this entry is; see Kinds"),
		plain(g, "action", "word", "what was done with the thing; see Kinds"),
		plain(g, "counts", "counts", "numbers of things by sort"),
		plain(g, "resumed", "boolean", "continues what was interrupted"),
		plain(g, "verdict", "word", "what verifying found: `intact`, `altered`, `incomplete`, `rolled_back`, `forked`, `unverified`"),
		asserted(g, "name", "text", "name given to a key, layout, profile, tag or selection"),
		asserted(g, "note", "text", "remark in the person's own words"),
		asserted(g, "subjects", "texts", "what the entry is about, where few things; see Subjects"),
		asserted(g, "query", "text", "a query in its normal form"),
		asserted(g, "zone", "text", "time zone in which the source writes times that state none"),
		asserted(g, "charset", "text", "character set in which the source writes text"),
		asserted(g, "excluded", "texts", "patterns of paths left out on purpose"),
		asserted(g, "layout", "object", "a layout, whole"),
		asserted(g, "profile", "object", "a profile, whole"),
		observed(g, "command", "texts", "command line, secrets removed"),
		observed(g, "errors", "objects", "what went wrong, each with its place"),
	}
}

func whenFields() []Field {
	const g = "when"
	return []Field{
		member(g, "time.start", "time", "begin of what the entry is about, by the computer's clock; always six digits of fraction"),
		member(g, "time.end", "time", "its end; always six digits of fraction"),
		member(g, "time.local_offset", "offset", "the computer's offset from UTC"),
		member(g, "time.monotonic_us", "count", "microseconds since the computer started (CLOCK_BOOTTIME)"),
		member(g, "time.clock.source", "word", "where the time came from: `system`"),
		member(g, "time.clock.synchronised", "truth", "whether the kernel holds its clock to be synchronised"),
		member(g, "time.clock.offset_us", "estimate", "the kernel's estimate of the clock's offset, microseconds"),
		member(g, "time.clock.error_us", "estimate", "the kernel's bound of the clock's error, microseconds"),
		asserted(g, "occurred.start", "time", "begin of the act, where it was entered later"),
		asserted(g, "occurred.end", "time", "end of the act, where it was entered later"),
		asserted(g, "custody.from", "time", "since when the item was in this custody"),
		asserted(g, "custody.until", "time", "until when the item was in this custody"),
		asserted(g, "device.clock_offset_us", "integer", "by how much the source device's clock was ahead of UTC, microseconds"),
		asserted(g, "device.clock_error_us", "count", "how exactly that was measured, ± microseconds"),
		asserted(g, "device.clock_method", "text", "how and when it was measured"),
		plain(g, "stamped", "time", "when a checkpoint was stamped or cosigned, as who did it states it"),
		observed(g, "boot_id", "text", "the kernel's identifier of this start of the computer"),
	}
}

func whereFields() []Field {
	const g = "where"
	return []Field{
		asserted(g, "site", "text", "place of the act: site or address"),
		asserted(g, "room", "text", "room"),
		asserted(g, "locker", "text", "locker, shelf or safe"),
		asserted(g, "position", "text", "coordinates"),
		asserted(g, "storage", "text", "where and how the item is kept, as a URI or in words"),
		asserted(g, "source", "text", "what the item came from, in words"),
		asserted(g, "place", "place", "where in the evidence a key lies"),
		observed(g, "found", "object", "how the program found a key: plugin, run, what it opens, how often chance would do as much; see case.md, Keys"),
		asserted(g, "device.make", "text", "maker of the source device"),
		asserted(g, "device.model", "text", "model of the source device"),
		asserted(g, "device.serial", "text", "serial number of the source device"),
		asserted(g, "device.volume", "text", "volume identifier on the source device"),
		asserted(g, "device.identifiers", "object", "further identifiers by sort: imei, imsi, iccid, mac"),
		asserted(g, "device.state", "text", "state in which the source device was found"),
		asserted(g, "online.url", "text", "address of what was taken from the network"),
		asserted(g, "online.identity", "text", "identity under which it was taken"),
		asserted(g, "online.context", "text", "in what context it stood there"),
		observed(g, "source.path", "name", "path from which the item was read, absolute"),
		observed(g, "source.filesystem", "object", "filesystem it was read from: type, device, options, identifier"),
		observed(g, "device.make", "text", "maker, as the device says itself"),
		observed(g, "device.model", "text", "model, as the device says itself"),
		observed(g, "device.serial", "text", "serial number, as the device says itself"),
		observed(g, "device.volume", "text", "volume identifier, as found"),
		observed(g, "online.address", "text", "network address of the computer that took it"),
		observed(g, "storage.path", "name", "path of the case directory, absolute"),
	}
}

func whyFields() []Field {
	const g = "why"
	return []Field{
		asserted(g, "purpose", "text", "why it was done"),
		asserted(g, "authority.type", "text", "by what sort of authority: warrant, consent, order"),
		asserted(g, "authority.number", "text", "number of that authority"),
		asserted(g, "authority.issuer", "text", "who gave it"),
		asserted(g, "authority.valid_from", "time", "since when it holds"),
		asserted(g, "authority.valid_until", "time", "until when it holds"),
		asserted(g, "authority.scope", "text", "what it covers, and what not"),
	}
}

func howFields() []Field {
	const g = "how"
	return []Field{
		member(g, "tool.name", "line", "the program that wrote the entry"),
		member(g, "tool.version", "line", "its version"),
		member(g, "tool.sha256", "program", "digest of the running program file"),
		member(g, "tool.protocol", "count", "version of the plugin protocol"),
		member(g, "tool.os", "line", "operating system"),
		member(g, "tool.arch", "line", "processor architecture"),
		plain(g, "revision", "line", "revision of the source the program was built from"),
		plain(g, "plugin", "plugin", "the plugin concerned"),
		plain(g, "plugins", "plugins", "the plugins concerned"),
		plain(g, "in_place", "boolean", "the source is read where it lies, not copied"),
		plain(g, "encoding", "word", "how a key was written down: `raw`, `hex`, `base64`"),
		plain(g, "service", "word", "how a checkpoint was anchored: `rfc3161` or `cosignature`"),
		plain(g, "form", "word", "how a key is known: `given`, or found at a `place` in the evidence"),
		asserted(g, "method", "text", "the method followed and where it is validated"),
		asserted(g, "deviations", "text", "where the method was not followed"),
		asserted(g, "write_blocker", "object", "the write blocker: make, model, serial, version"),
		observed(g, "parameters", "object", "settings in force"),
		observed(g, "environment", "object", "the computer: kernel, distribution, processors, memory, filesystem of the case"),
		observed(g, "write_protected", "boolean", "the source refused writing"),
	}
}

func hashFields() []Field {
	const g = "hashes"
	return []Field{
		member(g, "sets.artifacts", "object", "root and size of the set of artifacts stored: size and digests of each"),
		member(g, "sets.occurrences", "object", "of the set of places where they were found, with what was refused and why"),
		member(g, "sets.derivations", "object", "of the set of what was made from what, and how"),
		member(g, "sets.runs", "object", "of the set of runs finished, with their record sets"),
		member(g, "sets.subjects", "object", "of the set of what the entry is about, where that may be many things"),
		plain(g, "anchor", "digest", "digest of an anchor's file (anchors.md)"),
		asserted(g, "expected", "hashes", "digests the sender states"),
		observed(g, "mismatches", "hashes", "which of those were not found so, with both values"),
		observed(g, "before", "hashes", "digests of the source before the act, with size"),
		observed(g, "after", "hashes", "digests of the source after the act, with size"),
		observed(g, "outputs", "hashes", "digests of what was handed out, with size"),
		observed(g, "unread", "spans", "ranges of the source that could not be read, and what stands there instead"),
		observed(g, "manifest", "digest", "digest of the list of all files of a bundle"),
	}
}

func transferFields() []Field {
	const g = "transfer"
	return []Field{
		asserted(g, "from.name", "text", "who gives"),
		asserted(g, "from.organisation", "text", "that person's organisation"),
		asserted(g, "from.role", "text", "that person's role"),
		asserted(g, "from.key", "text", "identifier of the key that person signs with"),
		asserted(g, "from.signature", "text", "that person's signature under the statement"),
		asserted(g, "to.name", "text", "who takes"),
		asserted(g, "to.organisation", "text", "that person's organisation"),
		asserted(g, "to.role", "text", "that person's role"),
		asserted(g, "to.key", "text", "identifier of the key that person signs with"),
		asserted(g, "to.signature", "text", "that person's signature under the statement"),
		asserted(g, "statement", "text", "the statement that both sign, whole"),
		asserted(g, "released", "time", "when it was given"),
		asserted(g, "received", "time", "when it was taken"),
		asserted(g, "transfer.method", "text", "how: by hand, courier, upload"),
		asserted(g, "transfer.courier", "text", "courier and consignment number"),
		asserted(g, "seal.out", "text", "number of the physical seal when given"),
		asserted(g, "seal.in", "text", "number of the physical seal when taken"),
		asserted(g, "condition", "text", "condition of thing and seal"),
		asserted(g, "recipient", "text", "for whom something was handed out"),
	}
}

func changeFields() []Field {
	const g = "changes"
	return []Field{
		member(g, "refs.supersedes", "count", "the entry that this one corrects; it stays as it is"),
		asserted(g, "correction", "object", "field → the value that holds instead"),
		asserted(g, "change", "text", "what was changed because it could not be avoided"),
		asserted(g, "change.responsible", "text", "who is responsible for that"),
		asserted(g, "justification", "text", "why it could not be avoided, or why an entry is corrected"),
	}
}

func privacyFields() []Field {
	const g = "privacy"
	return []Field{
		member(g, "nonce", "nonce", "random; keeps an entry's leaf hash from being guessed at"),
		plain(g, "fingerprint", "fingerprint", "fingerprint of a decryption key, under a secret of the case"),
		plain(g, "signer", "vkey", "verifier key of the identity that signs the log"),
		plain(g, "successor", "vkey", "verifier key of the identity that signs from here on"),
		asserted(g, "policy", "text", "name of the redaction policy"),
		observed(g, "policy.sha256", "digest", "digest of the redaction policy"),
		observed(g, "production", "object", "production numbers that a redacted bundle gave; see bundle.md, Redacted productions"),
		asserted(g, "decisions", "objects", "what a reviewer decided about redactions; see case.md, What follows from the log"),
	}
}

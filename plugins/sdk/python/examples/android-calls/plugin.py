"""Calls of an Android telephone: the table calls of calllog.db or contacts2.db."""

import exhibit_sdk as sdk

INCOMING, OUTGOING = 1, 2
STATUS = {3: "missed", 4: "voicemail", 5: "rejected", 6: "blocked", 7: "answered elsewhere"}


def parse(job):
    for row in job.sqlite().rows("calls"):
        outgoing = row["type"] == OUTGOING
        job.call(
            time=sdk.unix(row["date"], "ms", kind="started"),
            sender=None if outgoing else row["number"],
            to=row["number"] if outgoing else None,
            direction="outgoing" if outgoing else "incoming",
            duration_s=row["duration"],
            status=STATUS.get(row["type"]),
            display_name=row.get("name"),
            extra={k: v for k, v in row.columns().items() if k not in ("_id", "number", "date", "duration", "type", "name") and v is not None},
        )


sdk.main(parse=parse)

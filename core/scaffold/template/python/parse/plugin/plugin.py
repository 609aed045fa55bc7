"""Logs of messages in a format that was made up for this template:

    BIRD/1
    # a remark
    2024-05-01 06:07:08|ann|bea|are you up?

The first line says which format it is. Every other line is one message: time, sender,
recipient, text.
"""

import sys

sys.dont_write_bytecode = True  # __pycache__ would count as a part of the plugin

import exhibit_sdk as sdk  # noqa: E402

# The first line. plugin.json has the same bytes, so that nothing else is given to the plugin.
MAGIC = b"BIRD/1"


def parse(job):
    """Reads one input. What is wrong with a single line is a diagnostic, and reading goes
    on: damaged evidence is the normal case. An input that cannot be read as a whole is
    refused."""
    known = False
    for line in job.lines():  # any length, LF or CR LF, with the exact place of each
        if not known:
            if line.raw != MAGIC:
                raise sdk.Refused("the first line is not BIRD/1")
            known = True
            continue
        if not line.raw or line.raw.startswith(b"#"):
            continue  # no record and no diagnostic: the line holds nothing, by design
        fields = line.text.split("|", 3)
        if len(fields) != 4:
            # It says what is wrong, and quotes nothing of the evidence; where it is, the loop knows.
            job.reject("line.fields", "the line does not have four fields")
            continue
        time, sender, to, text = fields  # what is no UTF-8 is kept beside the text
        job.message(
            # In the zone that was declared for the item, never this computer's. A time that
            # cannot be read is flagged, and kept as it is.
            time=job.when(time, "%Y-%m-%d %H:%M:%S", kind="sent"),
            service="bird",
            sender=sender,
            to=[to],
            text=text,
            state="live",
        )
    if not known:
        raise sdk.Refused("there is no first line")


sdk.main(parse=parse)

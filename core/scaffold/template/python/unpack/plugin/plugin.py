"""Containers of a format that was made up for this template:

    BOX/1
    notes.txt 12
    hello, world
    photos/a.bin 4
    ....

The first line says which format it is. Then, for each member, a line with its name and
its length in bytes, the bytes, and a line feed.
"""

import sys

sys.dont_write_bytecode = True  # __pycache__ would count as a part of the plugin

import exhibit_sdk as sdk  # noqa: E402

# The first line. plugin.json has the same bytes, so that nothing else is given to the plugin.
MAGIC = b"BOX/1\n"
MAX_HEADER = 4096  # nothing in evidence is believed
CHUNK = 256 << 10


def unpack(job):
    """Makes an artifact of each member. Damage to a part is a diagnostic, and what is whole
    before it is kept; an input that cannot be read at all is refused."""
    box = job.input
    if box.read(0, len(MAGIC)) != MAGIC:
        raise sdk.Refused("it does not begin with BOX/1")
    at = len(MAGIC)
    while at < box.size:
        start = at
        name, size, at = header(box, at)
        if name is None:
            job.damage("box.header", "what should begin a member does not; the rest was not read", sdk.span(start, box.size - start))
            job.partial("damaged")
            return
        there = min(size, box.size - at)
        # A name is evidence: any bytes, never a path to write to. The steps say how anyone
        # gets the same bytes by hand.
        member = job.artifact(name, steps=[{"do": "cut", "offset": at, "length": there}])
        for part in range(at, at + there, CHUNK):
            member.write(box.read(part, min(CHUNK, at + there - part)))
        if there < size:
            member.end(False, "cut short")
        else:
            member.end()
        at += size + 1
        if there < size or box.read(at - 1, 1) != b"\n":
            job.damage("box.cut", "the last member is cut short", sdk.span(start, box.size - start))
            job.partial("cut short")
            return


def header(box, at):
    """The name and length of the member at a place, and where its bytes begin; no name where there is no header."""
    line, feed, _ = box.read(at, MAX_HEADER).partition(b"\n")
    name, space, size = line.rpartition(b" ")
    if not feed or not name or not size.isdigit() or len(size) > 18:
        return None, 0, at
    return name, int(size), at + len(line) + 1


sdk.main(unpack=unpack)

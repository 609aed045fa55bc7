"""What a plugin of exhibit imports: one file, the standard library only, Python 3.9 or later.

    import exhibit_sdk as sdk

    def parse(job):
        for line in job.lines():
            fields = line.text.split("|")
            if len(fields) != 3:
                job.reject("line.fields", "not three fields")
                continue
            job.sms(time=sdk.unix(fields[0], "ms"), sender=fields[1], text=fields[2])

    sdk.main(parse=parse)

exhibit starts the script in a sandbox: no network, no file but the plugin's own and the
standard library, no other process. `python3 plugin.py run FILE` reads a file on a terminal.

What a loop over job.lines(), csv(), json(), jsonlines(), xml() or sqlite() hands out is a
unit of the input. A unit that makes a record is emitted, one that is rejected is rejected,
any other counts as skipped; records and diagnostics take its place in the input, unless
another span is given. Where a record has no value for a field that the format has, give
None; a field that is not given is absent.

Text that is not UTF-8 is kept: give bytes, or what "surrogateescape" makes of them.
The format of what is printed: docs/formats/ndjson.md; of records: docs/formats/records.md.
"""

import base64
import json
import mmap
import os
import struct
import sys
import time as _clock
from datetime import date as _date
from datetime import datetime as _datetime

PROTOCOL = 1
MAX_LINE = 16 << 20  # of an input's line, in bytes; longer ones are rejected
_FLUSH = 64 << 10
_CHUNK = 384 << 10  # of an artifact, before base64
_PROGRESS = 0.5  # seconds
_SAFE = 2**53 - 1
_ABSENT = type("Absent", (), {"__repr__": lambda self: "absent", "__bool__": lambda self: False})()


class Refused(Exception):
    """The input, or what was asked of the SDK, cannot be worked on; the text says why."""


# Places


def span(offset=None, length=None, line=None, table=None, rowid=None, pointer=None, role=None):
    """A place in the input, as a record's source states it: bytes, a row, or a pointer."""
    place = {}
    if offset is not None:
        place["offset"], place["length"] = offset, length
    for name, value in (("line", line), ("table", table), ("rowid", rowid), ("pointer", pointer), ("role", role)):
        if value is not None:
            place[name] = value
    return place


# Times

_EPOCHS = {"unix": 0, "mac": 978307200, "windows": -11644473600}
_DIGITS = {"s": 0, "ms": 3, "us": 6, "100ns": 7, "ns": 9}
_PLAUSIBLE = (315532800, 4102444800)  # 1980 to 2100: no clock is asked


class Time:
    """A time as the input states it: its value (RFC 3339 UTC, or None), raw form, basis."""

    __slots__ = ("value", "raw", "basis", "flags", "kind")

    def __init__(self, value, raw, basis, flags=(), kind=None):
        self.value, self.raw, self.basis, self.flags, self.kind = value, raw, basis, flags, kind

    def __repr__(self):
        return "Time(%r, raw=%r)" % (self.value, self.raw)


_day = [None, ""]  # the last one written


def _rfc3339(seconds, fraction, digits):
    days, rest = divmod(seconds, 86400)
    if days != _day[0]:
        try:
            _day[1] = _date.fromordinal(days + 719163).isoformat()
        except (ValueError, OverflowError):
            return None
        _day[0] = days
    minutes, second = divmod(rest, 60)
    if digits:
        return "%sT%02d:%02d:%02d.%0*dZ" % (_day[1], minutes // 60, minutes % 60, second, digits, fraction)
    return "%sT%02d:%02d:%02dZ" % (_day[1], minutes // 60, minutes % 60, second)


def _made(seconds, fraction, digits, raw, basis, kind):
    value = _rfc3339(seconds, fraction, digits)
    if value is None:
        return Time(None, raw, basis, ("time_unreadable",), kind)
    flags = () if _PLAUSIBLE[0] <= seconds < _PLAUSIBLE[1] else ("time_implausible",)
    return Time(value, raw, basis, flags, kind)


def counted(value, unit, epoch, kind=None, basis="declared"):
    """A time that counts units (s, ms, us, 100ns, ns) since an epoch: unix, mac (2001), windows (1601)."""
    if value is None:
        return Time(None, None, None, (), kind)
    about = {"basis": basis, "unit": unit, "epoch": epoch, "zone": "UTC", "zone_basis": "source"}
    digits = _DIGITS[unit]
    if type(value) is int:
        raw, ticks = str(value), value
    else:
        raw = repr(value) if isinstance(value, float) else _text(value)
        ticks, more = _number(raw, max(0, 9 - digits))
        if ticks is None:
            return Time(None, raw, about, ("time_unreadable",), kind)
        digits += more
    seconds, fraction = divmod(ticks, 10**digits)
    return _made(seconds + _EPOCHS[epoch], fraction, digits, raw, about, kind)


def _number(raw, most):
    """(digits as an integer, how many of them stand behind the point: at most `most`), or None."""
    number = raw.strip()
    sign = -1 if number.startswith("-") else 1
    whole, point, rest = number.lstrip("+-").partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 25 and (not point or rest.isascii() and rest.isdigit())):
        return None, 0
    if not rest.strip("0"):
        rest = ""  # 12.0 says no more than 12
    rest = rest[:most]
    return sign * int(whole + rest), len(rest)


def unix(value, unit="s", kind=None):
    """A number of s, ms, us or ns since 1970, or its digits as text."""
    return counted(value, unit, "unix", kind)


def mac(value, unit="s", kind=None):
    """A number of s (or ns, as newer iOS has it) since 2001."""
    return counted(value, unit, "mac", kind)


def windows(value, unit="100ns", kind=None):
    """A number of 100 ns since 1601 (FILETIME), or of us (Chrome)."""
    return counted(value, unit, "windows", kind)


def _zone(zone):
    """Seconds east of UTC, and the zone as records.md writes it."""
    if zone in ("UTC", "GMT", "Z"):
        return 0, "UTC"
    digits = zone[1:].replace(":", "")
    if zone[:1] not in ("+", "-") or not digits.isdigit() or len(digits) not in (2, 4):
        raise Refused("zone %r: state an offset such as +08:00, or UTC" % zone)
    seconds = int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60
    name = "UTC" if seconds == 0 else "%s%s:%s" % (zone[0], digits[:2], digits[2:] or "00")
    return (-seconds if zone[0] == "-" else seconds), name


def when(value, form="iso", zone=None, zone_basis="layout", kind=None):
    """A time written as text: form is "iso" or as of datetime.strptime.

    zone ("+08:00" or "UTC") is that of texts that state none; where it is None as well, UTC is assumed and
    the record says so. job.when() takes the zone declared for the item.
    """
    if value is None:
        return Time(None, None, None, (), kind)
    raw = _text(value)
    about = {"basis": "declared", "unit": "text"}
    try:
        if form == "iso":
            text = raw.strip()
            if text[-1:] in ("Z", "z"):
                text = text[:-1] + "+00:00"
            head, point, tail = text.partition(".")
            fraction = ""
            while point and tail[:1].isdigit():
                fraction, tail = fraction + tail[0], tail[1:]
            moment = _datetime.fromisoformat(head + tail)
        else:
            moment = _datetime.strptime(raw.strip(), form)
            fraction = "%06d" % moment.microsecond if "%f" in form else ""
            if fraction:  # as many digits as the text has
                fraction = fraction[: len(raw.rpartition(".")[2]) - len(raw.rpartition(".")[2].lstrip("0123456789")) or 6]
    except ValueError:
        if zone:  # whoever reads it after all must know which was meant
            about["zone"], about["zone_basis"] = _zone(zone)[1], zone_basis
        return Time(None, raw, about, ("time_unreadable",), kind)
    if moment.tzinfo is not None:
        east = int(moment.utcoffset().total_seconds())
        name = "UTC" if east == 0 else "%s%02d:%02d" % ("-" if east < 0 else "+", abs(east) // 3600, abs(east) // 60 % 60)
        zone_basis = "source"
    elif zone:
        east, name = _zone(zone)
    else:
        east, name, zone_basis = 0, "UTC", "assumed"
    about["zone"], about["zone_basis"] = name, zone_basis
    seconds = (moment.date().toordinal() - 719163) * 86400 + moment.hour * 3600 + moment.minute * 60 + moment.second - east
    fraction = fraction[:9]
    return _made(seconds, int(fraction or 0), len(fraction), raw, about, kind)


# Text


class Text:
    """Bytes read in a charset. What is no text in it is shown as U+FFFD, and all bytes are kept."""

    __slots__ = ("value", "raw", "charset", "basis")

    def __init__(self, value, raw, charset, basis):
        self.value, self.raw, self.charset, self.basis = value, raw, charset, basis

    def __str__(self):
        return self.value


_CODECS = {"gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "ascii": "utf-8", "us-ascii": "utf-8", "utf8": "utf-8"}


def text(raw, charset="utf-8", basis="declared"):
    """Bytes as Text of that charset, for any field of a record."""
    name = charset.lower().replace("_", "-")
    name = {"shift-jis": "shift_jis", "sjis": "shift_jis"}.get(_CODECS.get(name, name), _CODECS.get(name, name))
    try:
        return Text(raw.decode(name), None, name, basis)
    except LookupError:
        raise Refused("charset %r is not known" % charset) from None
    except UnicodeDecodeError:
        return Text(raw.decode(name, "replace"), bytes(raw), name, basis)


def _text(value):
    """What a text field holds: str, with bytes that are no text as lone surrogates."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "surrogateescape")
    if isinstance(value, Text):
        return value.value
    if isinstance(value, (bool, int, float)):
        return str(value)
    raise TypeError("a text field cannot hold %s" % type(value).__name__)


# Output


def _foreign(value):
    """Values that JSON has not: in extra and columns bytes are {"raw"}."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"raw": base64.b64encode(value).decode()}
    if isinstance(value, Text):
        return value.value if value.raw is None else {"raw": base64.b64encode(value.raw).decode(), "text": value.value}
    if isinstance(value, Time):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError("a record cannot hold %s" % type(value).__name__)


def _encoder(ascii_only):
    coder = json.JSONEncoder(ensure_ascii=ascii_only, check_circular=False, allow_nan=False, separators=(",", ":"), default=_foreign)
    make = getattr(json.encoder, "c_make_encoder", None)
    string = getattr(json.encoder, "c_encode_basestring_ascii" if ascii_only else "c_encode_basestring", None)
    if make is None or string is None:
        return coder.encode
    once = make(None, _foreign, string, None, ":", ",", False, False, False)  # what encode makes anew for each value
    return lambda value: "".join(once(value, 0))


_encode, _escape = _encoder(False), _encoder(True)


def _no_nan(value):
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {k: _no_nan(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_no_nan(v) for v in value]
    return value


def _line(statement):
    """One line of the format, as bytes."""
    try:
        return _encode(statement).encode("utf-8", "surrogateescape") + b"\n"
    except UnicodeEncodeError:  # half of a character of UTF-16
        return _escape(statement).encode() + b"\n"
    except ValueError:
        return _line(_no_nan(statement))


class _Host:
    """Prints lines to the host."""

    def __init__(self, fd=1):
        self.fd, self.buffer, self.size = fd, [], 0

    def put(self, line):
        self.buffer.append(line)
        self.size += len(line)
        if self.size >= _FLUSH:
            self.flush()

    def flush(self):
        data = memoryview(b"".join(self.buffer))
        self.buffer, self.size = [], 0
        while data:
            data = data[os.write(self.fd, data) :]


class _Terminal:
    """Prints records for people, or as JSON, and diagnostics to stderr."""

    def __init__(self, as_json):
        self.as_json = as_json

    def put(self, line):
        statement = json.loads(line.decode("utf-8", "replace"))
        if "record" in statement:
            self.record(statement["record"])
        elif "diagnostic" in statement:
            d = statement["diagnostic"]
            print("%s: %s: %s %s" % (d["severity"], d["code"], d["message"], _where(d["source"])), file=sys.stderr)
        elif "artifact" in statement:
            print("artifact: %s" % json.dumps(statement["artifact"], ensure_ascii=False))

    def record(self, record):
        if self.as_json:
            print(json.dumps(record, ensure_ascii=False, sort_keys=True))
            return
        shown = {k: v for k, v in record.items() if k not in ("kind", "time", "time_raw", "time_basis", "time_kind", "source")}
        print("%-10s %-24s %s  %s" % (record["kind"], record.get("time") or "-", _where(record["source"]), json.dumps(shown, ensure_ascii=False)))

    def flush(self):
        sys.stdout.flush()


def _where(source):
    place = "%s+%s" % (source.get("offset", ""), source.get("length", "")) if "offset" in source else ""
    return "[" + " ".join(filter(None, [source.get("role", ""), place, source.get("pointer", ""), source.get("table", ""), str(source.get("rowid", ""))])) + "]"


# Inputs


class Input:
    """One file of evidence: read(offset, length), size, sha256, role, name.

    data is all of it as bytes that are read from the file as they are looked at, not before.
    """

    def __init__(self, fd, size, sha256="", role="input", name=""):
        self.fd, self.size, self.sha256, self.role, self.name = fd, size, sha256, role, name
        self.stated = None  # the role in spans, where there are several inputs
        self._data = None
        self._ranges = []  # read: disjoint, ascending [from, to]

    def __len__(self):
        return self.size

    @property
    def data(self):
        if self._data is None:
            self._data = mmap.mmap(self.fd, self.size, access=mmap.ACCESS_READ) if self.size else b""
        return self._data

    def read(self, offset=0, length=None):
        """Bytes at an offset: fewer at the end of the file."""
        end = self.size if length is None else min(self.size, offset + length)
        out = self.data[offset:end] if offset < end else b""
        self.cover(offset, end)
        return out

    def cover(self, start, end):
        """Counts [start, end) as read."""
        ranges = self._ranges
        if start >= end:
            return
        if ranges and ranges[-1][0] <= start <= ranges[-1][1]:
            ranges[-1][1] = max(ranges[-1][1], end)
            return
        low, high = 0, len(ranges)
        while low < high:
            middle = (low + high) // 2
            if ranges[middle][1] < start:
                low = middle + 1
            else:
                high = middle
        last = low
        while last < len(ranges) and ranges[last][0] <= end:
            start, end = min(start, ranges[last][0]), max(end, ranges[last][1])
            last += 1
        if last > low or len(ranges) < 65536:
            ranges[low:last] = [[start, end]]

    def covered(self):
        return sum(end - start for start, end in self._ranges)


class Line:
    """A line: raw (bytes without the ending), text, span, number."""

    __slots__ = ("raw", "offset", "number", "_job", "_role")

    def __init__(self, raw, offset, number, job, role):
        self.raw, self.offset, self.number, self._job, self._role = raw, offset, number, job, role

    @property
    def text(self):
        return self._job.decode(self.raw)

    @property
    def span(self):
        place = {"offset": self.offset, "length": len(self.raw), "line": self.number}
        if self._role:
            place["role"] = self._role
        return place


class Row:
    """A row: row["column"] or row[0], span, and of CSV text and fields, of a table rowid."""

    __slots__ = ("names", "fields", "span", "rowid", "number")

    def __init__(self, names, fields, span, rowid=None, number=None):
        self.names, self.fields, self.span, self.rowid, self.number = names, fields, span, rowid, number

    def __getitem__(self, key):
        if isinstance(key, int):
            return self.fields[key]
        try:
            return self.fields[self.names.index(key)]
        except ValueError:
            raise KeyError(key) from None

    def get(self, key, default=None):
        try:
            return self[key]
        except (KeyError, IndexError):
            return default

    def __len__(self):
        return len(self.fields)

    def columns(self):
        """The row as {name: value}; a name that repeats becomes name#2."""
        out = {}
        for i, value in enumerate(self.fields):
            name = base = self.names[i] if i < len(self.names) else "column %d" % (i + 1)
            n = 1
            while name in out:
                n += 1
                name = "%s#%d" % (base, n)
            out[name] = value
        return out


class Item:
    """A value of a JSON text: value, span, pointer, and of an object's member key."""

    __slots__ = ("value", "span", "pointer", "key")

    def __init__(self, value, span, pointer, key=None):
        self.value, self.span, self.pointer, self.key = value, span, pointer, key


class Element:
    """An element of an XML text: tag, attrib, text, children, span; get(name), find(tag), findall(tag)."""

    __slots__ = ("tag", "attrib", "texts", "children", "span", "_start")

    def __init__(self, tag, attrib, start):
        self.tag, self.attrib, self.texts, self.children, self.span, self._start = tag, attrib, [], [], None, start

    @property
    def text(self):
        return "".join(self.texts)

    def get(self, name, default=None):
        return self.attrib.get(name, default)

    def findall(self, tag):
        return [c for c in self.children if c.tag == tag]

    def find(self, tag):
        return next((c for c in self.children if c.tag == tag), None)


# The job


class Job:
    """One run over one input. See the module's text, and the methods."""

    def __init__(self, out, operation, inputs, config=None, keys=(), limits=None):
        self.operation, self.inputs, self.config, self.keys = operation, inputs, config or {}, list(keys)
        self.limits = limits or {}
        self.zone, self.charset = self.config.get("zone") or None, self.config.get("charset") or None
        self.input = next((i for i in inputs if i.role == "main"), inputs[0] if inputs else None)
        for i in inputs:
            if len(inputs) > 1 and i is not self.input:
                i.stated = i.role
        self._out = out
        self._max = self.limits.get("record_bytes") or 1 << 20
        self._records = self._diagnostics = self._artifacts = 0
        self._declared, self._read, self._emitted, self._rejected, self._skipped = -1, 0, 0, 0, 0
        self._owner = None  # the loop whose items are the units
        self._unit = None  # the item's span, and what became of it
        self._fate = ""
        self._last = None  # the place of the last record outside a loop
        self._partial = ""
        self._used = set()
        self._open = None
        self._looked, self._ticks = _clock.monotonic(), 0

    # What there is

    def companion(self, role):
        """The input handed over with this role, or None."""
        return next((i for i in self.inputs if i.role == role and i is not self.input), None)

    def key(self, key):
        """The bytes of one of job.keys, noted as used."""
        self._used.add(key["fingerprint"])
        return base64.b64decode(key["value"])

    def decode(self, raw):
        """Bytes of the input as str, in the item's charset; what is no text as lone surrogates."""
        if self.charset and self.charset not in ("utf-8", "us-ascii"):
            decoded = text(raw, self.charset)
            if decoded.raw is None:
                return decoded.value
        return bytes(raw).decode("utf-8", "surrogateescape")

    def when(self, value, form="iso", kind=None):
        """sdk.when with the zone declared for the item."""
        return when(value, form, self.zone, "item", kind)

    # Units

    def _begin(self, owner, place):
        """The loop owner hands out an item."""
        if self._owner is not owner:
            if self._owner is not None:
                return  # a loop inside a loop: the outer one's items are the units
            self._owner = owner
        self._settle()
        self._unit, self._fate = place, ""
        self._read += 1
        self._ticks += 1
        if self._ticks & 1023 == 0:
            self._tick()

    def _settle(self):
        if self._unit is not None and not self._fate:
            self._skipped += 1
        self._unit = None

    def _end(self, owner):
        if self._owner is owner:
            self._settle()
            self._owner = None

    def _judge(self, place, fate):
        """Counts what became of a unit; a unit has one fate."""
        if self._unit is not None:
            if self._fate:
                return self._fate
            self._fate = fate
        else:
            if self._last is not None and self._last[0] == place:
                return self._last[1]
            self._last = (place, fate)
            self._read += 1
        if fate == "emitted":
            self._emitted += 1
        else:
            self._rejected += 1
        return fate

    def skip(self, n=1):
        """Counts n units that hold nothing by design; not needed in a loop over the input."""
        self._read += n
        self._skipped += n

    def declare(self, n):
        """How many units the input itself claims to hold."""
        self._declared = n

    def partial(self, reason):
        """Something of the input is left unread, and why: the run ends partial."""
        self._partial = self._partial or reason

    def guard(self):
        """`with job.guard():` in a loop: an exception rejects the item, and the loop goes on."""
        return _Guard(self)

    def _tick(self):
        now = _clock.monotonic()
        if now - self._looked >= _PROGRESS:
            self._looked = now
            self._out.put(_line({"progress": {"bytes": sum(i.covered() for i in self.inputs), "units": self._read}}))
            self._out.flush()

    def _check(self, place):
        if place is None:
            raise ValueError("a record outside a loop over the input needs a span")
        if "offset" in place:
            role = place.get("role")
            size = max((i.size for i in self.inputs if i.role == role or role is None and i is self.input), default=-1)
            if place["offset"] < 0 or place["length"] < 0 or place["offset"] + place["length"] > size:
                raise ValueError("a span outside the input")

    # Diagnostics

    def _diagnose(self, severity, code, message, place, data):
        if place is None:
            place = self._unit
        if place is None:
            place = {"offset": 0, "length": self.input.size} if self.input else {"pointer": "/"}
            if self.input and self.input.stated:
                place["role"] = self.input.stated
        if severity == "reject":
            before = self._rejected
            self._judge(place, "rejected")
            if self._rejected == before:
                severity = "warning"  # it made a record, or was rejected before
        statement = {"code": code, "severity": severity, "message": message, "source": place}
        if data:
            statement["data"] = data
        self._diagnostics += 1
        self._out.put(_line({"diagnostic": statement}))

    def reject(self, code, message, span=None, **data):
        """The unit became no record, and why. The message quotes nothing of the evidence."""
        self._diagnose("reject", code, message, span, data)

    def warn(self, code, message, span=None, **data):
        """Something that a reader of the record should know."""
        self._diagnose("warning", code, message, span, data)

    def info(self, code, message, span=None, **data):
        """A fact about the input."""
        self._diagnose("info", code, message, span, data)

    def damage(self, code, message, span=None, **data):
        """The input is cut short or corrupt here."""
        self._diagnose("damage", code, message, span, data)

    def unresolved(self, code, message, span=None, **data):
        """What is here cannot be opened with the keys at hand."""
        self._diagnose("unresolved", code, message, span, data)

    # Records

    def _put(self, record, place):
        if place is None and self._unit is not None:
            place = self._unit
        else:
            self._check(place)
        record["source"] = place
        line = _line({"record": record})
        if len(line) * 6 > self._max and (len(line) > self._max or not line.isascii() and _grown(line) > self._max):
            self.reject("record.too_long", "the record is longer than a record may be", place, bytes=len(line), limit=self._max)
            return
        if self._judge(place, "emitted") == "rejected":
            raise ValueError("a record of a unit that was rejected")
        self._records += 1
        self._out.put(line)

    def message(self, span=None, **fields):
        """service, account, conversation, sender, to, direction, text, status, ip, matched_term, participants, attachments; and sdk.COMMON."""
        self._put(_record("message", fields), span)

    def sms(self, span=None, **fields):
        """A message of a telephone: the fields of message."""
        self._put(_record("sms", fields), span)

    def call(self, span=None, **fields):
        """service, account, sender, to, direction, duration_s, status, ip, display_name; and sdk.COMMON."""
        self._put(_record("call", fields), span)

    def account(self, span=None, **fields):
        """service, username, display_name, phones, emails, ips, created, credential {type, value}, national_id; and sdk.COMMON."""
        self._put(_record("account", fields), span)

    def contact(self, span=None, **fields):
        """owner, names, phones, emails, usernames, organisation; and sdk.COMMON."""
        self._put(_record("contact", fields), span)

    def keyword(self, span=None, **fields):
        """term, list, effect (censor, surveil, unknown), category, theme; and sdk.COMMON."""
        self._put(_record("keyword", fields), span)

    def transfer(self, span=None, **fields):
        """A file that went or was to go: service, account, conversation, sender, to, direction, status, file_name, file_path, file_size, transferred; and sdk.COMMON."""
        self._put(_record("transfer", fields), span)

    def row(self, table, columns, span=None, **fields):
        """A row of a table that nobody has mapped: columns is {name: value}, or a Row. sdk.COMMON."""
        if isinstance(columns, Row):
            span = span or columns.span
            columns = columns.columns()
        record = _record("row", fields)
        record["table"], record["columns"] = _text(table), columns
        self._put(record, span)

    def record(self, kind, fields, span=None, **common):
        """A record of a namespaced kind, "x-vendor/kind". sdk.COMMON."""
        if not kind.startswith("x-") or "/" not in kind:
            raise ValueError("kind %r: a kind of your own is named x-vendor/kind" % kind)
        record = _record(kind, common)
        for name, value in fields.items():
            if name in COMMON or name in ("kind", "source", "time_raw", "time_basis"):
                raise ValueError("the field %r belongs to every record: give it as an argument" % name)
            if isinstance(value, Text):
                _set_text(record, name, value)
            else:
                record[name] = _text(value) if isinstance(value, bytes) else value
        self._put(record, span)

    def artifact(self, name=None, steps=None, meta=None, text=False):
        """A file made out of the input: `with job.artifact("a/b.txt") as f: f.write(...)`."""
        return _Artifact(self, name, steps, meta, text)

    # Readers

    def lines(self, input=None):
        """The input's lines. A line ends with LF or CR LF, the last one perhaps with nothing."""
        source = input or self.input
        self._bytewise()
        data, size, at, number, me = source.data, source.size, 0, 0, object()
        try:
            while at < size:
                end = data.find(b"\n", at)
                next_at = size if end < 0 else end + 1
                end = size if end < 0 else end
                if end > at and next_at > end and data[end - 1] == 13:
                    end -= 1
                number += 1
                source.cover(at, next_at)
                if end - at > MAX_LINE:
                    place = span(at, end - at, number, role=source.stated)
                    self._begin(me, place)
                    self.reject("line.too_long", "the line is longer than a line may be", place, bytes=end - at)
                else:
                    line = Line(data[at:end], at, number, self, source.stated)
                    self._begin(me, line.span)
                    yield line
                at = next_at
        finally:
            self._end(me)

    def csv(self, delimiter=",", quote='"', header=True, input=None):
        """Rows of delimited text; fields may hold line endings. header: the first row names the columns, or a list of names."""
        import csv

        csv.field_size_limit(MAX_LINE)
        names, me = [] if header is True else list(header or []), object()
        source = input or self.input
        self._bytewise()
        first = header is True
        try:
            for raw, at, number, odd in _csv_records(source, delimiter.encode(), quote.encode() if quote else b""):
                place = span(at, len(raw), number, role=source.stated)
                self._begin(me, place)
                if len(raw) > MAX_LINE:
                    self.reject("line.too_long", "the row is longer than a row may be", place, bytes=len(raw))
                    continue
                try:
                    decoded = self.decode(raw[3:] if at == 0 and raw[:3] == b"\xef\xbb\xbf" else raw)
                    style = {"quotechar": quote} if quote and not odd else {"quoting": csv.QUOTE_NONE}
                    fields = next(csv.reader([decoded], delimiter=delimiter, **style), [])
                except (csv.Error, ValueError):
                    self.reject("row.malformed", "the row is not delimited text", place)
                    continue
                if odd:
                    self.warn("row.quote_odd", "a quote that is not closed, taken for text", place)
                if not fields:
                    continue
                if first:
                    names, first = fields, False
                    continue
                yield Row(names, fields, place, number=number)
        finally:
            self._end(me)

    def jsonlines(self, input=None):
        """One JSON value a line: Items. A line that is none is rejected."""
        source = input or self.input
        for line in self.lines(source):
            if not line.raw.strip():
                continue
            try:
                value = json.loads(line.text)
            except (ValueError, RecursionError):
                self.reject("json.malformed", "the line is not JSON", line.span)
                continue
            yield Item(value, line.span, "")

    def json(self, pointer="", input=None):
        """What the JSON pointer names (RFC 6901): each element of a list, each member of an object, or one value, as Items."""
        source, me = input or self.input, object()
        try:
            for item in _json_items(self, source, pointer):
                self._begin(me, item.span)
                yield item
        finally:
            self._end(me)

    def document(self, input=None):
        """The whole JSON text as one value."""
        source = input or self.input
        self._fits(source, 8)
        try:
            return json.loads(self.decode(source.read()))
        except (ValueError, RecursionError):
            raise Refused("the input is not JSON") from None

    def xml(self, tag, input=None):
        """Each element of that name ("local" or as written, with its prefix) that is not inside another such: Elements."""
        source, me = input or self.input, object()
        try:
            for element in _Xml(self, source, tag).elements():
                self._begin(me, element.span)
                yield element
        finally:
            self._end(me)

    def sqlite(self, input=None, wal=_ABSENT):
        """The input as an SQLite database, with what its write-ahead log (the companion "wal") has committed."""
        return Database(self, input or self.input, self.companion("wal") if wal is _ABSENT else wal)

    def _bytewise(self):
        if (self.charset or "").startswith("utf-16"):
            raise Refused("lines of UTF-16 text are not read: their endings are no single bytes")

    def _fits(self, source, times):
        """Refuses an input that, in memory some times over, would not fit."""
        limit = self.limits.get("memory") or 1 << 30
        if source.size * times > limit:
            raise Refused("an input of %d bytes is too large to be read whole within %d bytes of memory" % (source.size, limit))

    def _finish(self, outcome, reason):
        if self._open is not None:
            self._open.cut()
        if self._owner is not None:
            self._end(self._owner)
        if outcome == "complete" and self._partial:
            outcome, reason = "partial", self._partial
        units = {"declared": self._declared, "read": self._read, "emitted": self._emitted, "rejected": self._rejected, "skipped": self._skipped}
        done = {
            "outcome": outcome,
            "reason": reason,
            "units": units,
            "bytes_read": sum(i.covered() for i in self.inputs),
            "keys_used": sorted(self._used),
            "records": self._records,
            "diagnostics": self._diagnostics,
            "artifacts": self._artifacts,
        }
        self._out.put(_line({"done": done}))
        self._out.flush()
        return done


COMMON = ("time", "time_kind", "times", "state", "flags", "charset", "charset_basis", "extra")
"""What every record may have, besides its own fields: time (Time, RFC 3339, or None), times [Time], state, flags, extra {name: value}."""


def _set_text(record, name, value):
    if type(value) is str:
        record[name] = value
        return
    record[name] = _text(value)
    if isinstance(value, Text):
        record.setdefault("charset", value.charset)
        record.setdefault("charset_basis", value.basis)
        if value.raw is not None:
            record[name + "_raw"] = base64.b64encode(value.raw).decode()
            _flag(record, ("charset_damaged",))


def _set_sender(record, name, value):
    _set_text(record, "from", value)


def _set_list(record, name, value):
    if value is None or isinstance(value, (str, bytes, Text)):
        value = () if value is None else (value,)
    record[name] = [v if type(v) is str else _text(v) for v in value]
    raw = [base64.b64encode(v.raw).decode() if isinstance(v, Text) and v.raw is not None else None for v in value]
    if any(raw):
        record[name + "_raw"] = raw
        _flag(record, ("charset_damaged",))


def _set_word(record, name, value):
    if value:
        record[name] = value


def _set_number(record, name, value):
    record[name] = None if value is None else int(value)


def _set_created(record, name, value):
    record[name] = value.value if isinstance(value, Time) else value


def _set_credential(record, name, value):
    if value is not None:
        record[name] = {"type": value["type"], "value": _text(value["value"])}


def _set_attachments(record, name, value):
    if value is not None:
        record[name] = [_attachment(a) for a in value]


def _set_time(record, name, value):
    if not isinstance(value, Time):
        record["time"] = value
        return
    record["time"] = value.value
    if value.raw is not None:
        record["time_raw"] = value.raw
    if value.basis:
        record["time_basis"] = value.basis
    if value.kind:
        record.setdefault("time_kind", value.kind)
    if value.flags:
        _flag(record, value.flags)


def _set_times(record, name, value):
    if value is not None:
        record[name] = [{"kind": t.kind, "time": t.value, "raw": t.raw, "basis": t.basis} for t in value]


def _set_flags(record, name, value):
    _flag(record, value or ())


def _flag(record, flags):
    have = record.setdefault("flags", [])
    have.extend(f for f in flags if f not in have)
    if not have:
        del record["flags"]


_EVERY = {
    "time": _set_time, "time_kind": _set_word, "times": _set_times, "state": _set_word, "flags": _set_flags,
    "charset": _set_word, "charset_basis": _set_word, "extra": _set_word,
}  # fmt: skip


def _kind(texts="", lists="", words="", **more):
    fields = dict(_EVERY)
    for names, how in ((texts, _set_text), (lists, _set_list), (words, _set_word)):
        fields.update((name, how) for name in names.split())
    fields.update(more)
    return fields


_message = _kind("service account conversation text status ip matched_term", "to participants", "direction", sender=_set_sender, attachments=_set_attachments)
_KINDS = {
    "message": _message,
    "sms": _message,
    "call": _kind("service account status ip display_name", "to", "direction", sender=_set_sender, duration_s=_set_number),
    "account": _kind("service username display_name national_id", "phones emails ips", created=_set_created, credential=_set_credential),
    "contact": _kind("owner organisation", "names phones emails usernames"),
    "keyword": _kind("term list category theme", "", "effect"),
    "transfer": _kind("service account conversation status file_name file_path", "to", "direction", sender=_set_sender, file_size=_set_number, transferred=_set_number),
}


def _record(kind, fields):
    """A record of that kind. A field that the kind does not have is refused: a misspelt one would be lost."""
    record, known = {"kind": kind}, _KINDS.get(kind, _EVERY)
    for name, value in fields.items():
        how = known.get(name)
        if how is None:
            raise TypeError("a record of kind %s has no field %r" % (kind, name))
        how(record, name, value)
    return record


def _attachment(a):
    out = {}
    for name in ("name", "media_type", "sha256"):
        if name in a:
            out[name] = _text(a[name])
    for name in ("size", "missing"):
        if name in a:
            out[name] = a[name]
    return out


def _grown(line):
    """How long the line may become when its bytes that are no text are written as base64 beside it: no less."""
    bad = line.decode("utf-8", "surrogateescape").encode("utf-8", "replace").count(b"?")
    return len(line) + 2 * bad + (len(line) * 4 // 3 + 64 if _bad(line) else 0)


def _bad(line):
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


class _Guard:
    def __init__(self, job):
        self.job = job

    def __enter__(self):
        return self.job

    def __exit__(self, kind, error, trace):
        if kind is None or not issubclass(kind, Exception):
            return False
        self.job.reject("plugin.exception", "the plugin failed here", None, **_told(kind, trace))
        _trace(kind, error, trace)
        return True


def _told(kind, trace):
    """What may be told of an exception: its type and the line of the plugin, nothing of the evidence."""
    told = {"exception": kind.__name__}
    while trace is not None:
        name = os.path.basename(trace.tb_frame.f_code.co_filename)
        if name != "exhibit_sdk.py" and not name.startswith("<"):
            told["file"], told["line"] = name, trace.tb_lineno
        trace = trace.tb_next
    return told


def _trace(kind, error, trace):
    import traceback

    traceback.print_exception(kind, error, trace, file=sys.stderr)


class _Artifact:
    def __init__(self, job, name, steps, meta, text):
        self.job = job
        begin = {}
        if name is not None:
            begin["name"] = _text(name)
        if steps:
            begin["steps"] = steps
        if meta:
            begin["meta"] = meta
        if text:
            begin["text"] = True
        if job._open is not None:
            raise ValueError("an artifact is begun before the last was ended")
        job._open = self
        self.waiting = bytearray()
        job._out.put(_line({"artifact": begin}))
        if job._unit is None:
            job._read += 1
            job._emitted += 1
        else:
            job._judge(job._unit, "emitted")

    def write(self, data):
        self.waiting += data
        while len(self.waiting) >= _CHUNK:
            self._send(self.waiting[:_CHUNK])
            del self.waiting[:_CHUNK]
        return len(data)

    def _send(self, data):
        if data:
            self.job._out.put(b'{"data":"' + base64.b64encode(data) + b'"}\n')

    def end(self, complete=True, reason=""):
        """complete is False where it was cut short or damaged, and reason says how."""
        if self.job._open is not self:
            return
        self._send(self.waiting)
        self.job._open = None
        self.job._artifacts += 1
        self.job._out.put(_line({"end": {"complete": complete, "reason": reason}}))

    def cut(self):
        self.end(False, "the plugin ended before the artifact did")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.end()
        else:
            self.cut()


# Delimited text


def _csv_records(source, delimiter, quote):
    """Records of delimited text: bytes without the ending, offset, number of the line, whether a quote is left open.

    A quote counts at the start of a field only, as the module csv has it.
    """
    import re

    d, q = re.escape(delimiter), re.escape(quote)
    field = b"(?:%(q)s[^%(q)s]*(?:%(q)s%(q)s[^%(q)s]*)*%(q)s[^%(d)s\n]*|[^%(d)s%(q)s\n][^%(d)s\n]*|)" % {b"d": d, b"q": q}
    record = re.compile(field + b"(?:" + d + field + b")*") if quote else None
    data, size, at, number = source.data, source.size, 0, 0
    while at < size:
        new = data.find(b"\n", at)
        end, odd = size if new < 0 else new, False
        if quote and data.find(quote, at, end) >= 0:
            start = at + 3 if at == 0 and data[:3] == b"\xef\xbb\xbf" else at
            stop = record.match(data, start, min(size, start + MAX_LINE)).end()
            if stop >= size or data[stop] == 10:
                end = stop
            else:  # a quote that opens a field and is never closed
                odd = True
        source.cover(at, min(size, end + 1))
        raw = data[at : end - 1 if end > at and data[end - 1] == 13 else end]
        yield raw, at, number + 1, odd
        number += raw.count(b"\n") + 1
        at = end + 1


# JSON

_SPACE = b" \t\r\n"


class _JsonText:
    """A JSON text in which places are known. Its bytes are taken for characters, so that both count alike; a value is decoded when it is handed out."""

    def __init__(self, job, source):
        job._fits(source, 6)
        self.raw = bytes(source.read())
        self.text = self.raw.decode("latin-1")
        self.scan = json.JSONDecoder().scan_once
        self.string = json.decoder.scanstring

    def space(self, at):
        text, size = self.text, len(self.text)
        while at < size and text[at] in " \t\r\n":
            at += 1
        return at

    def end(self, at):
        """Where the value at `at` ends."""
        try:
            return self.scan(self.text, at)[1]
        except (StopIteration, ValueError, RecursionError):
            return -1

    def value(self, start, end):
        return json.loads(self.raw[start:end].decode("utf-8", "surrogateescape"))


def _json_items(job, source, pointer):
    doc = _JsonText(job, source)
    steps = [s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]]
    if pointer and not pointer.startswith("/"):
        raise Refused("%r is no JSON pointer: it begins with /" % pointer)

    def place(start, end, path):
        return span(start, end - start, pointer=path, role=source.stated)

    def broken(at):
        job.damage("json.malformed", "the text is not JSON from here on", place(at, len(doc.raw), pointer))

    at = doc.space(3 if doc.raw[:3] == b"\xef\xbb\xbf" else 0)
    path = ""
    for step in steps:
        path += "/" + step.replace("~", "~0").replace("/", "~1")
        found = -1
        for key, start, end in _json_members(doc, at):
            if end < 0 and key != step:
                broken(start)
                return
            if key == step:
                found = start
                break
        if found < 0:
            return
        at = found
    for key, start, end in _json_members(doc, at, True):
        where = path if key is None else path + "/" + key.replace("~", "~0").replace("/", "~1")
        if end < 0:
            broken(start)
            return
        try:
            value = doc.value(start, end)
        except (ValueError, RecursionError):
            job.reject("json.malformed", "the value is not JSON", place(start, end, where))
            continue
        yield Item(value, place(start, end, where), where, key)


def _json_members(doc, at, lone=False):
    """(key, start, end) of what the list or object at `at` holds; end is -1 where the text is broken, which ends it."""
    text, size = doc.text, len(doc.text)
    opener = text[at : at + 1]
    if opener not in ("[", "{"):
        if lone:
            yield None, at, doc.end(at)
        return
    closer = "]" if opener == "[" else "}"
    at, n = doc.space(at + 1), 0
    if text[at : at + 1] == closer:
        return
    while True:
        key = str(n)
        if opener == "{":
            if text[at : at + 1] != '"':
                yield None, min(at, size), -1
                return
            try:
                _, end = doc.string(text, at + 1)
                key = json.loads(doc.raw[at:end].decode("utf-8", "surrogateescape"))
            except ValueError:
                yield None, at, -1
                return
            at = doc.space(end)
            if text[at : at + 1] != ":":
                yield None, min(at, size), -1
                return
            at = doc.space(at + 1)
        end = doc.end(at)
        yield key, at, end
        if end < 0:
            return
        at, n = doc.space(end), n + 1
        if text[at : at + 1] == closer:
            return
        if text[at : at + 1] != ",":
            yield None, min(at, size), -1
            return
        at = doc.space(at + 1)


# XML


class _Xml:
    """Elements of one name, with the bytes they stand in, as expat counts them. External entities are never read; entities of the document's own stay as they are written."""

    def __init__(self, job, source, tag):
        from xml.parsers import expat

        self.job, self.source, self.tag, self.error = job, source, tag, expat.ExpatError
        p = self.parser = expat.ParserCreate()
        p.buffer_text = False
        p.StartElementHandler, p.EndElementHandler = self.start, self.finish
        p.CharacterDataHandler, p.DefaultHandler = self.characters, self.other
        p.CommentHandler = p.ProcessingInstructionHandler = self.event
        p.EntityDeclHandler = self.entity
        self.stack, self.ready, self.closed = [], [], None
        self.expanding = 0

    def event(self, *ignored):
        """Whatever comes next says where the last tag ended."""
        if self.closed is not None:
            element, self.closed = self.closed, None
            end = self.parser.CurrentByteIndex
            element.span = span(element._start, end - element._start, role=self.source.stated)
            self.ready.append(element)

    def start(self, name, attributes):
        self.event()
        if self.stack or name == self.tag or name.rpartition(":")[2] == self.tag:
            element = Element(name, attributes, self.parser.CurrentByteIndex)
            if self.stack:
                self.stack[-1].children.append(element)
            self.stack.append(element)
            if self.parser.CurrentByteIndex - self.stack[0]._start > MAX_LINE:
                raise Refused("an element of more than %d bytes" % MAX_LINE)

    def finish(self, name):
        self.event()
        if self.stack:
            element = self.stack.pop()
            if not self.stack:
                self.closed = element

    def characters(self, text):
        self.event()
        if self.stack:
            self.stack[-1].texts.append(text)

    def other(self, text):
        self.event()
        if self.stack and text.startswith("&"):
            self.stack[-1].texts.append(text)

    def entity(self, name, parameter, value, base, system, public, notation):
        self.event()
        self.expanding += 1
        if value is not None and ("&" in value or "%" in value or len(value) > 1024 or self.expanding > 100):
            raise Refused("the document defines entities by entities, or long ones")

    def elements(self):
        size, at = self.source.size, 0
        try:
            while at < size:
                piece = self.source.read(at, 64 << 10)
                at += len(piece)
                self.parser.Parse(piece, at >= size)
                yield from self.take()
        except self.error:
            yield from self.take()
            where = max(0, min(self.parser.ErrorByteIndex, size))
            self.job.damage("xml.malformed", "the text is not XML from here on", span(where, size - where, role=self.source.stated))
            return
        except Refused as error:
            yield from self.take()
            self.job.damage("xml.refused", str(error), None)
            self.job.partial(str(error))
            return
        if self.closed is not None:  # the root itself
            element, self.closed = self.closed, None
            end = len(self.source.data[:size].rstrip()) if size < MAX_LINE else size
            element.span = span(element._start, end - element._start, role=self.source.stated)
            yield element

    def take(self):
        ready, self.ready = self.ready, []
        return ready


# SQLite, https://www.sqlite.org/fileformat2.html


class _Damage(Exception):
    pass


def _varint(data, at):
    value = 0
    for i in range(at, at + 8):
        byte = data[i]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, i + 1
    return value << 8 | data[at + 8], at + 9


def _signed(value):
    return value - (1 << 64) if value >= 1 << 63 else value


class Database:
    """An SQLite database: tables(), rows(table), and query(sql, table=…) where Python has sqlite3.deserialize (3.11)."""

    def __init__(self, job, source, wal):
        self.job, self.source, self.wal = job, source, wal
        head = source.read(0, 100)
        if len(head) < 100 or head[:16] != b"SQLite format 3\0":
            raise Refused("the input is no SQLite database")
        size = struct.unpack(">H", head[16:18])[0]
        self.page_size = 65536 if size == 1 else size
        if self.page_size < 512 or self.page_size & (self.page_size - 1):
            raise Refused("the database states an impossible page size")
        self.frames, self.pages = {}, source.size // self.page_size
        if wal is not None:
            self._read_wal()
        elif head[18] == 2:
            job.warn("sqlite.wal_missing", "the database is in WAL mode and no write-ahead log came with it: what was committed last may be missing", self._span(0, min(100, source.size)))
        try:
            head = self._page(1)[0]
        except _Damage:
            raise Refused("the database ends inside its first page") from None
        self.usable = self.page_size - head[20]
        if self.usable < 480:
            raise Refused("the database states an impossible page size")
        self.encoding = {2: "utf-16-le", 3: "utf-16-be"}.get(struct.unpack(">I", head[56:60])[0], "utf-8")
        self._schema = None
        self._conn = None
        self._leaf = None

    def _span(self, offset, length, wal=False):
        return span(offset, length, role=self.wal.role if wal else self.source.stated)

    def _read_wal(self):
        """The newest committed version of each page: frames with the header's salts and right checksums, up to the last commit (§4)."""
        data = self.wal
        head = data.read(0, 32)
        if len(head) < 32:
            if head:
                self.job.damage("sqlite.wal_header", "the write-ahead log has no header", self._span(0, len(head), True))
            return
        magic, _, page_size = struct.unpack(">III", head[:12])
        order = ">" if magic & 1 else "<"
        sums = _checksum(head[:24], 0, 0, order)
        if magic & ~1 != 0x377F0682 or page_size != self.page_size or sums != struct.unpack(">II", head[24:32]):
            self.job.damage("sqlite.wal_header", "the header of the write-ahead log is not one of this database", self._span(0, 32, True))
            return
        pending, at, step, frames = {}, 32, 24 + page_size, 0
        while at + step <= data.size:
            frame = data.read(at, step)
            number, commit = struct.unpack(">II", frame[:8])
            if frame[8:16] != head[16:24]:
                break
            sums = _checksum(frame[24:], *_checksum(frame[:8], sums[0], sums[1], order), order)
            if sums != struct.unpack(">II", frame[16:24]) or number == 0:
                self.job.damage("sqlite.wal_frame", "the write-ahead log is damaged from here on", self._span(at, data.size - at, True))
                break
            pending[number] = at + 24
            if commit:
                self.frames.update(pending)
                self.pages, pending = commit, {}
            at += step
            frames += 1
            if frames & 255 == 0:
                self.job._tick()
        if pending:
            self.job.info("sqlite.wal_uncommitted", "the write-ahead log ends with a transaction that was not committed", self._span(min(pending.values()) - 24, at - min(pending.values()) + 24, True), pages=len(pending))

    def _page(self, number):
        """A page's bytes, and where they lie: (bytes, offset, in the log)."""
        at = self.frames.get(number)
        if at is not None:
            return self.wal.read(at, self.page_size), at, True
        at = (number - 1) * self.page_size
        data = self.source.read(at, self.page_size) if 1 <= number <= max(self.pages, 1) else b""
        if len(data) < self.page_size:
            raise _Damage("page %d is not there" % number)
        return data, at, False

    def schema(self):
        """{name: (type, table, root page, SQL)} of the database's tables, indexes, views and triggers."""
        if self._schema is None:
            self._schema = {}
            for _, values, _ in self._walk(1):
                if len(values) >= 5 and isinstance(values[1], str):
                    self._schema[values[1]] = (values[0], values[2], values[3], values[4])
        return self._schema

    def tables(self):
        """The names of the tables, in the schema's order."""
        return [name for name, (kind, _, _, _) in self.schema().items() if kind == "table"]

    def _table(self, table):
        for name, entry in self.schema().items():
            if entry[0] == "table" and name.lower() == table.lower():
                return name, entry
        raise Refused("the database has no table %r" % table)

    def rows(self, table):
        """The table's rows by rowid, each with the bytes it stands in. What is damaged is told and passed over."""
        name, (_, _, root, sql) = self._table(table)
        names, alias, defaults = _columns(sql, name)
        if names is None or not root:
            raise Refused("the table %r has no rows of its own to read" % table)
        me = object()
        try:
            for rowid, values, place in self._walk(root):
                values = values[: len(names)] + defaults[len(values) :]
                if alias is not None:
                    values[alias] = rowid
                place["table"], place["rowid"] = name, rowid
                self.job._begin(me, place)
                yield Row(names, values, place, rowid)
        finally:
            self.job._end(me)

    def _walk(self, root):
        """(rowid, values, span) of a table's b-tree (§1.6)."""
        seen, todo = set(), [root]
        while todo:
            number = todo.pop()
            if number in seen:
                self.job.damage("sqlite.page", "the pages of a table go in a circle", None, page=number)
                continue
            seen.add(number)
            try:
                page, at, wal = self._page(number)
                head = 100 if number == 1 else 0
                kind, cells = page[head], struct.unpack(">H", page[head + 3 : head + 5])[0]
                if kind == 5:
                    self._children(page, head, cells, todo)
                    continue
                if kind != 13:
                    raise _Damage("page %d is no page of a table" % number)
                if cells * 2 + head + 8 > self.page_size:
                    raise _Damage("page %d holds more than fits" % number)
                pointers = struct.unpack(">%dH" % cells, page[head + 8 : head + 8 + 2 * cells])
            except (_Damage, IndexError, struct.error):
                place = self._span((number - 1) * self.page_size, self.page_size) if 0 < number * self.page_size <= self.source.size else None
                self.job.damage("sqlite.page", "a page of the table cannot be read", place, page=number)
                continue
            for pointer in pointers:
                try:
                    rowid, payload, length = self._cell(page, pointer)
                    yield rowid, self._values(payload), self._span(at + pointer, length, wal)
                except (_Damage, IndexError, struct.error, ValueError):
                    self.job.damage("sqlite.row", "a row cannot be read", self._span(at + min(pointer, self.page_size - 1), 1, wal), page=number)

    def _children(self, page, head, cells, todo):
        children = [struct.unpack(">I", page[p : p + 4])[0] for p in struct.unpack(">%dH" % cells, page[head + 12 : head + 12 + 2 * cells])]
        children.append(struct.unpack(">I", page[head + 8 : head + 12])[0])
        todo.extend(reversed(children))

    def _local(self, size):
        """How much of a payload stands in its cell."""
        if size <= self.usable - 35:
            return size
        least = (self.usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (self.usable - 4)
        return local if local <= self.usable - 35 else least

    def _cell(self, page, at):
        """(rowid, payload, bytes of the cell) of a leaf's cell."""
        size, body = _varint(page, at)
        rowid, body = _varint(page, body)
        local = self._local(size)
        if body + local > self.usable or size > 1 << 30:
            raise _Damage("a cell that leaves its page")
        length, payload = body + local - at, page[body : body + local]
        if local < size:
            parts, left = [payload], size - local
            link = struct.unpack(">I", page[body + local : body + local + 4])[0]
            length += 4
            while left > 0:
                more = self._page(link)[0]
                parts.append(more[4 : 4 + min(left, self.usable - 4)])
                left -= len(parts[-1])
                link = struct.unpack(">I", more[:4])[0]
            payload = b"".join(parts)
            length -= 4  # the link is no part of the row
        return _signed(rowid), payload, length

    def _values(self, payload):
        """The values of a record (§2.1)."""
        end, at = _varint(payload, 0)
        body, values = end, []
        while at < end:
            kind, at = _varint(payload, at)
            if kind >= 12:
                size = (kind - 12) >> 1
                raw = payload[body : body + size]
                if len(raw) < size:
                    raise _Damage("a value that leaves its row")
                if kind & 1:
                    raw = raw.decode(self.encoding, "surrogateescape" if self.encoding == "utf-8" else "surrogatepass")
                values.append(raw)
            elif kind == 0:
                size = 0
                values.append(None)
            elif kind in (8, 9):
                size = 0
                values.append(kind - 8)
            elif kind == 7:
                size = 8
                values.append(struct.unpack(">d", payload[body : body + 8])[0])
            elif kind <= 6:
                size = (0, 1, 2, 3, 4, 6, 8)[kind]
                raw = payload[body : body + size]
                if len(raw) < size:
                    raise _Damage("a value that leaves its row")
                values.append(int.from_bytes(raw, "big", signed=True))
            else:
                raise _Damage("a value of no type")
            body += size
        return values

    def query(self, sql, args=(), table=None):
        """Rows of a SELECT. With table, each has the bytes and the number of that table's row; the query is given its rowid as a first column."""
        conn = self._connect()
        import sqlite3

        root = None
        if table:
            table, (_, _, root, _) = self._table(table)
            head, word, rest = sql.lstrip().partition(" ")
            if head.upper() != "SELECT":
                raise Refused("a query begins with SELECT")
            sql = 'SELECT "%s".rowid AS exhibit_rowid, %s' % (table.replace('"', '""'), rest)
        try:
            cursor = conn.execute(sql, args)
        except sqlite3.Error as error:
            raise Refused("the query is refused: %s" % error) from None
        names = [d[0] for d in cursor.description][1 if table else 0 :]
        me = object()
        try:
            while True:
                try:
                    values = cursor.fetchone()
                except sqlite3.Error:
                    self.job.damage("sqlite.query", "the database is damaged: the query ended early", None)
                    self.job.partial("the database is damaged: a query ended early")
                    return
                if values is None:
                    return
                if not table:
                    yield Row(names, list(values), None)
                    continue
                place = self.place(root, values[0]) or self._span(0, self.source.size)
                place["table"], place["rowid"] = table, values[0]
                self.job._begin(me, place)
                yield Row(names, list(values[1:]), place, values[0])
        finally:
            self.job._end(me)

    def place(self, root, rowid):
        """Where the row of a table lies, by its root page and number; None where it is not found."""
        number = root
        leaf = self._leaf
        if leaf is not None and leaf[0] == root and rowid in leaf[1]:
            return dict(leaf[1][rowid])
        try:
            for _ in range(32):
                page, at, wal = self._page(number)
                head = 100 if number == 1 else 0
                kind, cells = page[head], struct.unpack(">H", page[head + 3 : head + 5])[0]
                start = head + (12 if kind == 5 else 8)
                pointers = struct.unpack(">%dH" % cells, page[start : start + 2 * cells])
                if kind == 13:
                    places = {}
                    for pointer in pointers:
                        size, body = _varint(page, pointer)
                        found, body = _varint(page, body)
                        places[_signed(found)] = self._span(at + pointer, body + self._local(size) - pointer, wal)
                    self._leaf = (root, places)
                    return dict(places[rowid]) if rowid in places else None
                low, high = 0, cells
                while low < high:
                    middle = (low + high) // 2
                    if _signed(_varint(page, pointers[middle] + 4)[0]) < rowid:
                        low = middle + 1
                    else:
                        high = middle
                link = pointers[low] if low < cells else head + 8
                number = struct.unpack(">I", page[link : link + 4])[0]
        except (_Damage, IndexError, struct.error):
            pass
        return None

    def _connect(self):
        """The database in memory, with the log's pages laid over it."""
        if self._conn is not None:
            return self._conn
        import sqlite3

        if not hasattr(sqlite3.Connection, "deserialize"):
            raise Refused("queries need Python 3.11 or later (sqlite3.deserialize); rows(table) does not")
        self.job._fits(self.source, 4)
        if self.pages * self.page_size > (self.job.limits.get("memory") or 1 << 30) // 4:
            raise Refused("a database of %d pages is too large to be queried in memory; rows(table) is not" % self.pages)
        image = bytearray(self.source.read())
        if len(image) < self.pages * self.page_size:
            image.extend(bytes(self.pages * self.page_size - len(image)))
        if self.frames:
            del image[self.pages * self.page_size :]
        for number, at in self.frames.items():
            if number <= self.pages:
                image[(number - 1) * self.page_size : number * self.page_size] = self.wal.read(at, self.page_size)
        image[18] = image[19] = 1  # not in WAL mode: there is no log any more
        conn = sqlite3.connect(":memory:")
        conn.deserialize(bytes(image))
        conn.text_factory = lambda b: b.decode("utf-8", "surrogateescape")
        conn.execute("PRAGMA trusted_schema = OFF")
        conn.execute("PRAGMA query_only = ON")
        self._conn = conn
        return conn


def _checksum(data, s1, s2, order):
    words = struct.unpack("%s%dI" % (order, len(data) // 4), data)
    for i in range(0, len(words), 2):
        s1 = (s1 + words[i] + s2) & 0xFFFFFFFF
        s2 = (s2 + words[i + 1] + s1) & 0xFFFFFFFF
    return s1, s2


def _columns(sql, table):
    """Names of a table's stored columns, which of them is the rowid, and their defaults; None for a table that has no rowid. The statement is run in an empty database."""
    import sqlite3

    conn = sqlite3.connect(":memory:")
    try:
        conn.execute(sql)
        info = conn.execute("SELECT name, type, pk, dflt_value, hidden FROM pragma_table_xinfo(?)", (table,)).fetchall()
        try:
            conn.execute('SELECT rowid FROM "%s"' % table.replace('"', '""'))
        except sqlite3.Error:
            return None, None, None
        info = [c for c in info if c[4] != 2]  # a column that is computed when read
        keys = [i for i, c in enumerate(info) if c[2]]
        alias = keys[0] if len(keys) == 1 and info[keys[0]][1].upper() == "INTEGER" else None
        defaults = []
        for column in info:
            try:
                defaults.append(conn.execute("SELECT " + column[3]).fetchone()[0] if column[3] else None)
            except sqlite3.Error:
                defaults.append(None)
        return [c[0] for c in info], alias, defaults
    except (sqlite3.Error, TypeError, ValueError):
        raise Refused("the definition of the table %r cannot be read" % table) from None
    finally:
        conn.close()


# Being started


class Match:
    """A probe's answer: confidence from 0 (not mine) to 100 (certain), and why."""

    def __init__(self, confidence, reason=""):
        self.confidence, self.reason = confidence, reason


def _run(out, job, operations):
    try:
        operations[job.operation](job)
    except (Refused, _Damage) as error:
        job._diagnose("damage", "input.refused", str(error), None, {})
        return job._finish("failed", str(error))
    except MemoryError:
        raise
    except Exception as error:  # the plugin's own fault: the run has failed, what was read so far is not complete
        told = _told(type(error), error.__traceback__)
        job._diagnose("reject" if job._unit is not None else "warning", "plugin.exception", "the plugin failed here", None, told)
        _trace(type(error), error, error.__traceback__)
        return job._finish("failed", "the plugin failed: %s in %s line %s" % (told["exception"], told.get("file", "?"), told.get("line", "?")))
    return job._finish("complete", "")


def _host(operations, probe):
    out = _Host()
    request = json.loads(sys.stdin.buffer.read())
    if request["v"] != PROTOCOL:
        out.put(_line({"done": {"outcome": "failed", "reason": "a job of version %r; this plugin's SDK knows %d" % (request["v"], PROTOCOL)}}))
        out.flush()
        return 0
    operation = request["operation"]
    if operation == "describe":
        out.put(_line({"describe": {"protocol": PROTOCOL, "operations": sorted(operations)}}))
        out.put(_line({"done": True}))
        out.flush()
        return 0
    inputs = [Input(i["descriptor"], i["size"], i["sha256"], i["role"], i["name"]) for i in request["inputs"]]
    if operation == "probe":
        if probe is not None:
            match = probe(inputs[0].read(), request["config"]["size"])
            if not isinstance(match, Match):
                match = Match(*match) if isinstance(match, tuple) else Match(int(match))
            out.put(_line({"probe": {"confidence": match.confidence, "reason": match.reason}}))
        out.put(_line({"done": True}))
        out.flush()
        return 0
    _run(out, Job(out, operation, inputs, request["config"], request["keys"], request["limits"]), operations)
    return 0


_USAGE = """usage: python3 %s run FILE [--operation NAME] [--zone +08:00] [--charset NAME] [--config JSON] [--json]

Reads FILE as exhibit would have it read, without a sandbox, and prints what comes of it: records on stdout,
diagnostics and a summary on stderr. Files beside it that the manifest names as companions (or FILE-wal) are read too.
"""


def _terminal(operations, args):
    usage = _USAGE % os.path.basename(sys.argv[0])
    options, files = {"config": "{}"}, []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--json":
            options["json"] = True
        elif word in ("--operation", "--zone", "--charset", "--config") and rest:
            options[word[2:]] = rest.pop(0)
        elif word.startswith("--"):
            files = []
            break
        else:
            files.append(word)
    if not files or files[0] != "run" or len(files) != 2:
        sys.stderr.write(usage)
        return 64
    try:
        config = json.loads(options["config"])
    except ValueError:
        sys.stderr.write("--config: not JSON\n")
        return 64
    for name in ("zone", "charset"):
        if name in options:
            config[name] = options[name]
    operation = options.get("operation") or ("parse" if "parse" in operations else sorted(operations)[0])
    if operation not in operations:
        sys.stderr.write("%s: this plugin does %s\n" % (operation, ", ".join(sorted(operations))))
        return 64
    try:
        inputs = _files(files[1], operation)
    except OSError as error:
        sys.stderr.write("%s: %s\n" % (files[1], error.strerror))
        return 1
    job = Job(_Terminal(options.get("json")), operation, inputs, config)
    done = _run(job._out, job, operations)
    units = done["units"]
    sys.stderr.write("%s: %d read, %d emitted, %d rejected, %d skipped%s\n" % (done["outcome"], units["read"], units["emitted"], units["rejected"], units["skipped"], ": " + done["reason"] if done["reason"] else ""))
    return {"complete": 0, "partial": 3}.get(done["outcome"], 1)


def _files(path, operation):
    """The input, and the companions that lie beside it."""
    companions = [{"role": "wal", "suffix": "-wal"}]
    try:
        with open(os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "plugin.json"), encoding="utf-8") as f:
            stated = [o.get("companions", []) for o in json.load(f)["operations"] if o["operation"] == operation]
            companions = stated[0] if stated else companions
    except (OSError, ValueError, KeyError):
        pass
    inputs = [_open(path, "input")]
    for c in companions:
        if os.path.isfile(path + c["suffix"]):
            inputs.append(_open(path + c["suffix"], c["role"]))
    if len(inputs) > 1:
        inputs[0].role = "main"
    return inputs


def _open(path, role):
    fd = os.open(path, os.O_RDONLY)
    return Input(fd, os.fstat(fd).st_size, "", role, os.path.basename(path))


def main(probe=None, **operations):
    """Does what the script was started for. operations are functions of a Job: parse, unpack, decrypt, analyze, redact.

    probe(head, size) says of the first 64 KiB at most whether the input is the plugin's: 0 to 100, or a Match.
    """
    operations = {name: f for name, f in operations.items() if f is not None}
    unknown = set(operations) - {"parse", "unpack", "decrypt", "analyze", "redact"}
    if unknown or not operations:
        raise TypeError("main takes parse, unpack, decrypt, analyze, redact and probe")
    if os.environ.get("EXHIBIT_NDJSON") == "1":
        sys.exit(_host(operations, probe))
    sys.exit(_terminal(operations, sys.argv[1:]))

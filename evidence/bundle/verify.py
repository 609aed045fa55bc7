#!/usr/bin/env python3
"""Checks a bundle of evidence: python3 verify.py [--trust KEY] [--receipt FILE] [--tsa-cert FILE] [--witness KEY] [--require LEVEL] [--json] BUNDLE.zip|DIRECTORY

Needs Python 3.9 and OpenSSL 3 (the program openssl); no network. Written from docs/formats/bundle.md, whose steps it follows; shares no code with the program that made the
bundle. A verifier that comes inside a bundle can lie: take this file from elsewhere, or compare its SHA-256 with the one on your receipt. KEY is one that you have by another way, or a
file that holds it; FILE a receipt, or certificates of a time-stamping authority; LEVEL self-asserted, trusted or anchored, asked of every entry. Exit: 0 intact, 20 altered, 21 incomplete, 22 rolled back, 23 forked, 24 less than was asked, 25 cannot verify, 64 asked wrongly."""
import argparse, array, base64, contextlib, datetime, functools, hashlib, itertools, json, mmap, os, pathlib, re, shutil, struct, subprocess, sys, tempfile, zlib
VERDICTS = ["INTACT", "INTACT, BELOW WHAT WAS REQUIRED", "CANNOT VERIFY", "INCOMPLETE", "ALTERED", "ROLLED BACK", "FORKED"]; EXITS, SSH, LEVELS = [0, 24, 25, 21, 20, 22, 23], "-----BEGIN SSH SIGNATURE-----\n%s-----END SSH SIGNATURE-----\n", ["none", "self-asserted", "trusted", "anchored"]
RANK = {"required": 1, "zip": 2, "bag": 2, "receipt": 2, "file.missing": 3, "signature.missing": 3, "checkpoint.missing": 3, "receipt.rolled-back": 5, "anchor.rolled-back": 5, "receipt.forked": 6, "anchor.forked": 6}  # any other code: 4, ALTERED
NOT_CHECKED, STAMPS = "Not checked: whether what was entered is true or complete, whether this is all there is%s.", {"transfers": ", signatures under statements of transfer (%d entries; for ssh-keygen -Y verify -n exhibit-transfer)", "stamps": ", whether the certificate under %d time stamps was revoked", "enclosed": ", %d time stamps and cosigned checkpoints (anchors/) that no --tsa-cert or --witness is for"}
SAY = ["Nobody vouches for it: no signature over its custody log could be checked.", "It is signed by a key that only the bundle itself names.", "The first {covered} of {of} entries of its custody log are signed by a key that you trust, or that it handed the log over to.",
       "The first {covered} of {of} entries of its custody log are those of a receipt that you gave, or were stamped or cosigned by whom you named: unchanged since then."]
MANIFEST, TAGS, SIGNATURE, SIGNERS = "manifest-sha256.txt", "tagmanifest-sha256.txt", "tagmanifest-sha256.txt.sig", "keys/allowed_signers"
LOG, VKEYS, OPENINGS, RECORDS, LIST = "custody/log.jsonl", "keys/log.vkey", "custody/openings.jsonl", "data/records/records.jsonl", "data/files.csv"; MAX, MIB, MAX32, HEX32, HEX64 = 2**53 - 1, 1 << 20, 0xffffffff, "[0-9a-f]{32}", "[0-9a-f]{64}"
PART = re.compile(r"(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$))[a-z0-9_](?:[a-z0-9._-]{0,58}[a-z0-9_-])?", re.I | re.A); ORIGIN = "(?:[A-Za-z0-9][A-Za-z0-9._-]*/)+[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
HIDDEN = re.compile("[\\\\\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\udc80-\udcff]"); FORMULA, CELL, DASH = tuple("=+-@\uff1d\uff0b\uff0d\uff20"), '(?:[^",\r]*|"(?:[^"\r]|"")*")', "(?:\u2014|\u2013|---?|\udc97|\ufffd|\x97)"
OID, DIGESTS = "2a864886f70d01", {"60864801650304020%d" % (i + 1): "sha%d" % n for i, n in enumerate((256, 384, 512))}  # 1.2.840.113549.1
KNOWN = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c 72 92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"  # RFC 8032, 7.1, test 2
WRONG = (ValueError, KeyError, TypeError, AttributeError, RecursionError, struct.error)  # what is not as it should be ends as one
def need(fact): return fact or int("not as it should be")  # which is a ValueError
def text(value, form="(?s:.*)"): need(re.fullmatch(form, value)); return value
def count(value): need(type(value) is int and value >= 0); return value
def number(digits): text(digits, "0|[1-9][0-9]{0,15}"); need(int(digits) <= MAX); return int(digits)
def members(value, names): need(sorted(value) == sorted(names.split())); return [value[n] for n in names.split()]
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def decode(b64): raw = base64.b64decode(b64, validate=True); need(base64.b64encode(raw).decode() == b64); return raw
def safe(name): return len(name) <= 150 and all(PART.fullmatch(p) for p in name.split("/"))
# --- files: a ZIP of which every byte follows from names and contents, or a directory
def mapped(path):  # a file's bytes, which stay on disk
    with open(path, "rb") as f: return memoryview(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) if os.fstat(f.fileno()).st_size else b"")
class Bag:
    def __init__(self): self.files, self.zip, self.dir = {}, None, None  # name: (size, or -1 where it is no file; offset; crc)
    def has(self, name): return self.files.get(name, (-1,))[0] >= 0
    def under(self, dir): return sorted(n for n in self.files if n.startswith(dir))
    def view(self, name): size, offset, _ = self.files.get(name, (0, 0, 0)); return self.zip[offset:offset + size] if self.zip else mapped(os.path.join(self.dir, name)) if size > 0 else memoryview(b"")
    def read(self, name, most=MIB): need(self.has(name) and self.files[name][0] <= most); return bytes(self.view(name))
    def lines(self, name, most=4 * MIB):
        for line in re.finditer(b"[^\n]*\n|[^\n]+", self.view(name)): need(line.end() - line.start() <= most + 1 and line[0].endswith(b"\n")); yield line[0][:-1]
def headers(name, size, crc, at):  # the only local and central header that an entry can have
    small, wide = min(size, MAX32), [size, size] * (size >= MAX32); both = wide + [at] * (at >= MAX32); extra, extras = (struct.pack("<2H%dQ" % len(w), 1, 8 * len(w), *w) if w else b"" for w in (wide, both))
    sums, version = (33, crc, small, small, len(name)), 45 if both else 20; local = struct.pack("<L5H3L2H", 0x04034b50, 45 if wide else 20, 0, 0, 0, *sums, len(extra))
    central = struct.pack("<L6H3L7HL", 0x02014b50, version, version, 0, 0, 0, *sums, len(extras), 0, 0, 0, 0, 0, min(at, MAX32)); return local + name + extra, central + name + extras
def read_zip(data):
    bag, at, last, found, end = Bag(), 0, b"", {}, b""; n, size, offset = struct.unpack("<H2L", data[-12:-2])
    if n == 0xffff or MAX32 in (size, offset): n, size, offset = struct.unpack("<3Q", data[-66:-42])
    need(0 < n <= 1000000 and size <= len(data) and offset <= len(data))
    if n >= 0xffff or size >= MAX32 or offset >= MAX32: end = struct.pack("<LQ2H2L4QLLQL", 0x06064b50, 44, 45, 45, 0, 0, n, n, size, offset, 0x07064b50, 0, offset + size, 1)
    end += struct.pack("<L4H2LH", 0x06054b50, 0, 0, min(n, 0xffff), min(n, 0xffff), min(size, MAX32), min(offset, MAX32), 0); need(data[offset + size:] == end); bag.zip, directory = data, data[offset:offset + size]
    for _ in range(n):  # they follow each other without a gap, and the directory in the same order
        crc, length, long = struct.unpack("<LxxxxLH", directory[16:30]); name = bytes(directory[46:46 + long])
        if length == MAX32: length, = struct.unpack("<Q", directory[50 + long:58 + long])
        local, central = headers(name, length, crc, at); need(directory[:len(central)] == central and name > last and data[at:at + len(local)] == local)
        directory, last, at = directory[len(central):], name, at + len(local) + length; found[name.decode("ascii")] = (length, at - length, crc)
    low, tops = {name.lower() for name in found}, {name.partition("/")[0] for name in found}; need(at == offset and not directory and len(low) == n and len(tops) == 1 and all("/" in name and safe(name) for name in found))
    need(low.isdisjoint(name[:slash.start()] for name in low for slash in re.finditer("/", name))); bag.files = {name.partition("/")[2]: where for name, where in found.items()}; return bag
def read_dir(path):
    bag = Bag(); bag.dir, found = path, [os.path.join(where, n) for where, dirs, names in os.walk(path) for n in dirs + names]
    size = lambda f: os.path.getsize(f) if os.path.isfile(f) and not os.path.islink(f) else -1  # a link, a device: none that is listed
    bag.files = {os.path.relpath(f, path).replace(os.sep, "/"): (size(f), 0, 0) for f in found if os.path.islink(f) or not os.path.isdir(f)}; return bag
# --- canonical JSON, trees, signatures
def utf16(name): return name.encode("utf-16-be")  # the order of names in canonical JSON
def ordered(pairs): names = [utf16(n) for n, _ in pairs]; need(all(a < b for a, b in zip(names, names[1:]))); return dict(pairs)
def integer(digits): need(len(digits) < 18 and abs(int(digits)) <= MAX); return int(digits)
def depth(v): return max((1 + depth(x) for x in (v.values() if isinstance(v, dict) else v if isinstance(v, list) else ())), default=0)
def dumps(value): return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
JSON = json.JSONDecoder(object_pairs_hook=ordered, parse_int=integer, parse_float=lambda _: need(False), parse_constant=lambda _: need(False))
def canonical(line): value = JSON.decode(line.decode()); need(depth(value) <= 64 and dumps(value) == line); return value
def commitment(salt, field, value): return sha(dumps([text(salt, HEX32), field, value])).hex()
class Tree:  # RFC 6962, from leaves and whole subtrees, left to right
    def __init__(self): self.peaks, self.size = [], 0
    def add(self, node, size=1, pruned=False):
        need(size > 0 and size & (size - 1) == 0 and self.size % size == 0 and self.size + size <= MAX); self.size += size
        while self.peaks and self.peaks[-1][1] == size:
            left, _, other = self.peaks.pop(); need(not (pruned and other)); node, size, pruned = sha(b"\1", left, node), 2 * size, False  # two that could have been one
        self.peaks.append((node, size, pruned))
    def root(self): return functools.reduce(lambda right, left: sha(b"\1", left, right), [p[0] for p in self.peaks[::-1]]) if self.size else sha()
    def leads_to(self, want, lines, leaf):  # lines are {hash, size}, or others, of which leaf() gives the leaf data
        for value in map(canonical, lines):
            if "hash" not in value: self.add(sha(b"\0", leaf(value)))
            else: members(value, "hash size"); self.add(bytes.fromhex(text(value["hash"], HEX64)), count(value["size"]), True)
        need(type(want["size"]) is int and self.size == want["size"] > 0 and self.root().hex() == want["root"])
@functools.lru_cache(64)
def run(command, **files):
    with tempfile.TemporaryDirectory() as d:
        for name, content in files.items(): pathlib.Path(d, name).write_bytes(content)
        return shutil.which(command.split()[0]) is not None and subprocess.run(command.split(), cwd=d, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
def ed25519(key, message, signature): command, der = "openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey key -in text -sigfile sig", bytes.fromhex("302a300506032b6570032100") + key; return len(signature) == 64 and run(command, key=der, text=message, sig=signature)
def pack(*parts): return b"".join(struct.pack(">L", len(p)) + p for p in parts)  # RFC 4251, strings
def parse_key(line, sort=1): name, mark, b64 = line.split("+", 2); raw = decode(b64); need(len(raw) == 33 and raw[0] == sort and mark == sha(name.encode() + b"\n" + raw)[:4].hex()); return name, mark, raw[1:]
def parse_note(note):  # a signed note in its one form: (signed text, origin, size, root, {(name, hash): signature})
    body, _, rest = note.decode().partition("\n\n"); (origin, size, root), signatures = body.split("\n"), {}; need(len(note) <= 65536 and len(decode(root)) == 32 and rest.endswith("\n"))
    for dash, name, b64 in (line.split(" ", 2) for line in rest[:-1].split("\n")): raw = decode(b64); need(dash == "\u2014" and name and len(raw) > 4 and (name, raw[:4].hex()) not in signatures); signatures[name, raw[:4].hex()] = raw[4:]
    return (body + "\n").encode(), origin, number(size), decode(root), signatures
def signers(note, known): by = {known[k]: signature for k, signature in note[4].items() if k in known}; need(by and all(ed25519(key, note[0], signature) for key, signature in by.items())); return set(by)
def parse_receipt(data):  # a bare note, or one between marks with the key, whatever mail did to it: (note, {(name, hash): key} or None)
    with contextlib.suppress(*WRONG): return parse_note(data), None
    need(len(data) <= 4 * MIB); wide = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(data[:2]); lines = re.split("\r\n?|\n", data[2:].decode(wide, "replace") if wide else data.decode(errors="surrogateescape"))
    plain, found = "\n".join(re.sub("^(?:- (?=-----)|[>| \t\u00a0\u200b])+", "", line) for line in lines), {}
    for w in ("LOG KEY", "CHECKPOINT"): found[w], = {re.sub("[\\s\u00a0\u200b]", "", b) for b in re.findall("-----BEGIN EXHIBIT %s-----\\s(.*?)-----END EXHIBIT %s-----" % (w, w), plain, re.S)}; need(plain.count("BEGIN EXHIBIT %s-" % w) == plain.count("END EXHIBIT %s-" % w))
    (name, mark, raw), body = parse_key(found["LOG KEY"]), found["CHECKPOINT"]; head = re.match(re.escape(name) + "([0-9]+)([A-Za-z0-9+/]{43}=)", body)
    signed = "".join("\u2014 %s %s\n" % (name, s) for s in re.findall(DASH + re.escape(name) + "([A-Za-z0-9+/=]{92})", body)); return parse_note(("%s\n%s\n%s\n\n%s" % (name, head[1], head[2], signed)).encode()), {(name, mark): raw}
# --- time stamps and cosignatures (docs/formats/anchors.md)
def der(data):  # elements one after the other: [(tag, content, whole)]
    out = []
    while data:
        need(len(data) > 1 and data[0] & 31 < 31 and data[1] != 128); long = max(0, data[1] - 128); size = int.from_bytes(data[2:2 + long], "big") if long else data[1]; end = 2 + long + size
        need(long <= 4 and end <= len(data) and (not long or data[2] and size > 127)); out.append((data[0], data[2 + long:end], data[:end])); data = data[end:]
    return out
def held(tag, element): need(element[0] == tag); return element[1]
def kids(tag, element): return der(held(tag, element))
def oid(element, most=1): first, *more = kids(0x30, element); need(len(more) <= most); return held(6, first).hex()
def time_stamp(data):  # (certificate's digest, and by what; what was signed, over which digest; how; by what; signature; info)
    (whole,) = der(data); status, content = kids(0x30, whole); kind, wrapped = kids(0x30, content); (signed,) = kids(0xa0, wrapped); granted, *_ = kids(0x30, status)
    version, digests, inner, *rest = kids(0x30, signed); sort, octets = kids(0x30, inner); (info,) = kids(0xa0, octets); (signer,) = kids(0x31, rest[-1]) if rest else need(0)
    need(held(2, granted) in (b"\0", b"\1") and [e[0] for e in rest[:-1]] in ([], [0xa0], [0xa1], [0xa0, 0xa1]) and held(6, kind).hex() == OID + "0702" and held(6, sort).hex() == OID + "09100104")
    number, _, digest, attributes, how, signature, *more = kids(0x30, signer); values = {}; [held(2, version), held(0x31, digests), held(2, number)]; need([e[0] for e in more] in ([], [0xa1]))
    for attribute in kids(0xa0, attributes): name, set = kids(0x30, attribute); (value,) = kids(0x31, set); id = held(6, name).hex(); need(id not in values); values[id] = value
    need(held(6, values[OID + "0903"]).hex() == OID + "09100104"); new = OID + "0910022f" in values; ids, *_ = kids(0x30, values[OID + ("0910022f" if new else "0910020c")]); id, *_ = kids(0x30, ids); first, *more = kids(0x30, id); by = "sha256" if new else "sha1"
    if new and first[0] == 0x30: by = DIGESTS[oid(first, 99)]; first, *_ = more
    return by, held(4, first), DIGESTS[oid(digest)], held(4, values[OID + "0904"]), oid(how), b"\x31" + attributes[2][1:], held(4, signature), held(4, info)
def certificates(data):  # of time-stamping authorities: [(DER, from, until, key)]
    found = [data] if data[:1] == b"0" else [base64.b64decode(b"".join(b.split()), validate=True) for b in re.findall(b"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\\s]*)-----END CERTIFICATE-----", data)]; need(found); return [certificate(c) for c in found]
def certificate(data):
    (whole,) = der(data); tbs, algorithm, sum = kids(0x30, whole); version, serial, same, issuer, validity, subject, key, *more = kids(0x30, tbs); [held(0x30, e) for e in (algorithm, same, issuer, subject)]; held(3, sum); held(2, serial); (v,) = kids(0xa0, version); (list,) = kids(0xa3, more[-1]); uses = {}
    for extension in kids(0x30, list): name, *flag, value = kids(0x30, extension); id = held(6, name); need(id not in uses and flag in ([], [(1, b"\xff", b"\1\1\xff")])); uses[id] = (flag, held(4, value))
    flag, value = uses[b"\x55\x1d\x25"]; (use,) = der(value); (only,) = kids(0x30, use); need(flag and held(6, only).hex() == "2b06010505070308" and held(2, v) == b"\2")
    times = [(("20" if t < b"50" else "19") if tag == 23 else "") + text(t.decode(), "[0-9]{%d}Z" % {23: 12, 24: 14}[tag])[:-1] for tag, t, _ in kids(0x30, validity)]; need(len(times) == 2); sort, bits = kids(0x30, key); name, curve = kids(0x30, sort); rsa = held(6, name).hex() == OID + "0101"
    if rsa: (n, e) = kids(0x30, der(held(3, bits)[1:])[0]); n = held(2, n); need(2048 <= int.from_bytes(n, "big").bit_length() <= 8192 and n[0] < 128 and (n[0] or n[1] > 127) and held(2, e) == b"\1\0\1")
    else: need(curve[1].hex() in ("2a8648ce3d030107", "2b81040022", "2b81040023") and bits[1][1] == 4 and run("openssl pkey -pubin -pubcheck -noout -inform DER -in key", key=key[2]))
    return data, *times, key[2], rsa
def printable(name): raw = decode(name["raw"]).decode(errors="surrogateescape") if "raw" in name else name["text"]; return HIDDEN.sub(lambda m: "\\\\" if m[0] == "\\" else escaped(m[0]), raw)
def escaped(s): return "".join(r"\x%02x" % b for b in s.encode(errors="surrogateescape"))
# --- the check, step by step as docs/formats/bundle.md has them
class Check:
    def __init__(self, trust=(), receipts=(), tsa=(), witnesses=(), require="none"):
        self.sealed, self.transfers, self.want = [], 0, LEVELS.index(require); self.certs, self.witnesses, self.anchors, self.enclosed = [c for data in tsa for c in certificates(data)], {k[:2]: k[2] for k in (parse_key(w, 4) for w in witnesses)}, [], 0
        self.trust, self.receipts, self.findings, self.best, self.plain = {parse_key(k)[2] for k in trust}, receipts, [], (0, 0), 0; self.origin, self.tree, self.good, self.keys, self.vkeys = "", Tree(), {}, {}, {}  # self.open: {set: {(entry, number): (values, withheld)}}
    def find(self, *finding): self.findings.append(finding)  # code, object, what
    @contextlib.contextmanager
    def finding(self, *finding):  # where what is done in it fails, there is a finding
        try: yield
        except WRONG: self.find(*finding)
    def fails(self, code, object, what, step, *args):
        with self.finding(code, object, what): return step(*args)
        return True
    def check(self, source):  # a path, or a ZIP file's bytes
        with self.finding("zip", "bundle", "is no ZIP file of this format"):
            self.bag = read_dir(source) if isinstance(source, str) and os.path.isdir(source) else read_zip(mapped(source) if isinstance(source, str) else memoryview(source))
        if not self.findings: self.steps()
        if self.trust and self.plain < 2: self.find("required", "attestation", "no checkpoint is signed by a key that you trust")
        if any(given and not any(a["type"] == sort for a in self.anchors) for given, sort in ((self.certs, "rfc3161"), (self.witnesses, "cosignature"))): self.find("required", "attestation", "nothing holds that is by whom you named")
        if self.want and not 0 < self.tree.size <= max([n for level, n in self.sealed if level >= self.want] + [a["entries"] for a in self.anchors if self.want != 2], default=0): self.find("required", "attestation", "is less than %s for some of the entries; it was required for all" % LEVELS[self.want])
        codes, rank = sorted({f[0] for f in self.findings}), lambda code: RANK.get(code, 4); worst = max(map(rank, codes), default=0)
        return {"verdict": VERDICTS[worst], "exit": EXITS[worst], "attestation": {"level": LEVELS[self.best[0]], "covered": self.best[1]}, "codes": codes, "anchors": self.anchors, "enclosed": self.enclosed, "transfers": self.transfers,
                "findings": [{"code": c, "object": o, "what": w} for c, o, w in sorted(self.findings, key=lambda f: -rank(f[0]))],
                "log": {"origin": self.origin, "entries": self.tree.size, "root": self.tree.root().hex() if self.tree.size else ""}}
    def steps(self):
        bag, self.signed, self.listed, self.open = self.bag, None, {}, {}
        if not (bag.has(MANIFEST) and bag.has(TAGS)): return self.find("bag", "bundle", "a list of its files is not there")
        if not bag.has(SIGNATURE): self.find("signature.missing", SIGNATURE, "is not there: nobody signed the list of files")
        else: self.fails("signature", SIGNATURE, "is wrong, or by no key of " + SIGNERS, self.signature)
        if any([self.fails("manifest", n, "is not written as it should be", self.manifest, n) for n in (MANIFEST, TAGS)]): return
        self.hash_files(); self.bad = {name for code, name, _ in self.findings if code.startswith("file.")}
        if any(n in ("bagit.txt", "bag-info.txt", MANIFEST, TAGS) or n.startswith(("custody/", "keys/")) for n in self.bad): return
        if self.fails("bag", "bag-info.txt", "or bagit.txt is not as it should be", self.info) or self.fails("log", LOG, "is not what was entered", self.entries): return
        self.checkpoints()
        for receipt in self.receipts: self.fails("receipt", "receipt", "is damaged, of another log, or not rightly signed", self.receipt, receipt)
        self.plain = self.best[0]
        for name in bag.under("anchors/"):
            m = re.fullmatch(r"anchors/([1-9][0-9]{0,15})-[0-9a-f]{16}\.(tsr|note)", name)
            if m and name not in self.bad and (self.certs if m[2] == "tsr" else self.witnesses): self.fails("anchor", name, "is malformed, or not over what its name says, or not rightly signed", self.stamp if m[2] == "tsr" else self.cosigned, name, m[1])
            else: self.enclosed += bool(m)
        self.openings()
        for name in bag.under("custody/sets/"): self.fails("set", name, "does not lead to what the entry committed to", self.set, name)
        if RECORDS not in self.bad: self.fails("record", RECORDS, "is not what the log committed to", self.records)
        if LIST not in self.bad: self.fails("list", LIST, "is not what the log says", self.list)
    def signature(self):
        armor, allowed, ssh = self.bag.read(SIGNATURE, 65536).decode(), self.bag.read(SIGNERS), b"ssh-ed25519"; blob = base64.b64decode("".join(armor.split("\n")[1:-2]), validate=True); key, wrapped = blob[33:65], re.sub("(.{1,70})", "\\1\n", base64.b64encode(blob).decode())
        need(armor == SSH % wrapped and len(blob) == 184 and allowed.endswith(b"\n") and blob == b"SSHSIG\0\0\0\1" + pack(pack(ssh, key), b"exhibit-bundle", b"", b"sha512", pack(ssh, blob[120:])))
        form = '([A-Za-z0-9._/-]+) namespaces="exhibit-bundle" ssh-ed25519 ([A-Za-z0-9+/]{68})'; keys = {decode(b64) for _, b64 in (re.fullmatch(form, line).groups() for line in allowed.decode()[:-1].split("\n"))}; need(all(raw == pack(ssh, raw[19:]) for raw in keys) and pack(ssh, key) in keys); need(ed25519(key, b"SSHSIG" + pack(b"exhibit-bundle", b"", b"sha512", hashlib.sha512(self.bag.view(TAGS)).digest()), blob[120:])); self.signed = key
    def manifest(self, name):
        lines = {path: digest for digest, path in (re.fullmatch("(%s)  (.+)" % HEX64, line.decode("ascii")).groups() for line in self.bag.lines(name, 216))}; need(list(lines) == sorted(lines) and sum(68 + len(path) - 1 for path in lines) == self.bag.files[name][0])  # in order, and none twice
        need(all(safe(path) and path.startswith("data/") == (name == MANIFEST) and path not in (TAGS, SIGNATURE) for path in lines)); self.listed.update(lines)
    def hash_files(self):
        for name in sorted(n for n in self.listed if not self.bag.has(n)): self.find("file.missing", name, "is listed, and is not there")
        for name, (size, _, crc) in sorted(self.bag.files.items()):
            listed, view, digest, got = self.listed.get(name), self.bag.view(name), hashlib.sha256(), 0
            if not listed and name not in (TAGS, SIGNATURE) or size < 0: self.find("file.extra", name, "is there, and is not listed")
            for at in range(0, len(view), MIB): digest.update(view[at:at + MIB]); got = zlib.crc32(view[at:at + MIB], got)
            if size >= 0 and (listed and digest.hexdigest() != listed or self.bag.zip and got != crc): self.find("file.altered", name, "is not as listed")
    def info(self):
        content = self.bag.read("bag-info.txt").decode("ascii"); lines = [re.fullmatch("([A-Za-z-]+): ([!-~](?:[ -~]*[!-~])?)", line).groups() for line in content[:-1].split("\n")]
        info = dict(lines); need(len(info) == len(lines)); sizes = [self.bag.files[n][0] for n in self.bag.under("data/") if self.bag.has(n)]
        need(info["Payload-Oxum"] == "%d.%d" % (sum(sizes), len(sizes)) or any(n.startswith("data/") for n in self.bad)); need(content.endswith("\n") and info["Exhibit-Bundle-Version"] == "1" and info["Bagging-Date"] and len(info["External-Identifier"]) <= 237)
        need(self.bag.read("bagit.txt") == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"); self.export, self.origin = number(info["Exhibit-Entry"]), text(info["External-Identifier"], ORIGIN)
    def entry(self, seq): at, end = self.starts[seq:seq + 2]; return canonical(bytes(self.bag.view(LOG)[at:end - 1]))
    def entries(self):
        prev, tree, self.roots, self.ends, self.starts = "", Tree(), {0: sha()}, [], array.array("Q", [0]); wanted = {int(n) for n in re.findall("[0-9]{1,16}", " ".join(self.bag.under("custody/checkpoints/") + self.bag.under("anchors/")))}
        for r in self.receipts:
            with contextlib.suppress(*WRONG): wanted.add(parse_receipt(r)[0][2])
        for line in self.bag.lines(LOG, MIB):
            n, e = tree.size, canonical(line); v, origin, seq, id, kind, before, nonce, *objects = members(e, "v origin seq id kind prev nonce time tool plain commit sets refs")
            need(count(v) == 1 and origin == self.origin and count(seq) == n and (kind == "create") == (n == 0) and before == prev); need(all(isinstance(x, str) for x in (id, kind, nonce)) and all(isinstance(x, dict) for x in objects))
            need(all(text(digest, HEX64) for digest in e["commit"].values()) and all(count(r) < n for r in e["refs"].values()))
            for root, size in (members(s, "root size") for s in e["sets"].values()): text(root, HEX64); count(size)
            action, key, successor = (x if isinstance(x, str) else "" for x in map(e["plain"].get, ("action", "signer", "successor")))
            if kind == "identity" and action in ("rotate", "revoke"): self.ends.append((n, action == "revoke", key, successor * (successor != key)))
            self.transfers += kind == "transfer"; tree.add(sha(b"\0", line)); prev = sha(b"\0", line).hex(); self.starts.append(self.starts[-1] + len(line) + 1)
            if n + 1 in wanted: self.roots[n + 1] = tree.root()
        need(tree.size); self.tree = tree
    def checkpoints(self):
        with self.finding("checkpoint", VKEYS, "is not written as it should be"):
            lines = self.bag.read(VKEYS).decode().split("\n"); keys = [parse_key(line) for line in lines[:-1]]; need(keys and not lines[-1] and len({k[2] for k in keys}) == len(keys) and all(k[0] == self.origin for k in keys))
            self.keys, self.vkeys = {k[:2]: k[2] for k in keys}, {line: k[2] for line, k in zip(lines, keys)}
        for name in self.bag.under("custody/checkpoints/"):
            with self.finding("checkpoint", name, "is not rightly signed, or not over this log"):
                size, note = number(re.fullmatch(r"custody/checkpoints/(.*)\.note", name)[1]), parse_note(self.bag.read(name, 65536)); need(note[1] == self.origin and note[2] == size and note[3] == self.roots[size]); self.good[size] = signers(note, self.keys)
        newest = max(self.good, default=0)
        if newest <= self.export: self.find("checkpoint.missing", "entry %d" % self.export, "is covered by no good checkpoint")
        elif newest != self.tree.size: self.find("checkpoint", "checkpoint %d" % newest, "is the newest, and the log goes on")
        if self.good and self.signed and self.signed not in self.good[newest]: self.find("signature", SIGNATURE, "is not by who signed the newest checkpoint")
        ends, last = [(n, revoked, self.vkeys.get(key, key), self.vkeys.get(other, other)) for n, revoked, key, other in self.ends], {}
        ends = [end for end in ends if ({end[3] or end[2]} if end[1] else {*end[2:]}) <= self.good.get(end[0] + 1, set())]; gone = {old for _, revoked, old, _ in ends if revoked}  # those that count
        for n, revoked, old, new in ends:  # in the order of the log; a trusted key that was rotated away is followed
            if last.setdefault(old, n + 1) == n + 1 and not revoked and old in self.trust - gone: self.trust.add(new)
            for size in (s for s in self.good if s > n + 1 and old in self.good[s]): self.find("key", "checkpoint %d" % size, "is signed by a key that entry %d ended" % n)
        stand = {size: {k for k in by if k not in gone and size <= last.get(k, MAX)} for size, by in self.good.items()}; self.sealed = [(2 if by & self.trust else 1, size) for size, by in stand.items() if by]; self.best = max(self.sealed, default=(0, 0))
    def receipt(self, data):
        note, keys = parse_receipt(data); need(signers(note, keys or {**self.keys, **{(self.origin, sha(self.origin.encode() + b"\n\1" + k)[:4].hex()): k for k in self.trust}}) and note[1] == self.origin)
        if note[2] > self.tree.size: self.find("receipt.rolled-back", "receipt", "is over %d entries: the bundle is older, or some were removed" % note[2])
        elif note[3] != self.roots[note[2]]: self.find("receipt.forked", "receipt", "is of another log under the same name")
        else: self.sealed.append((3, note[2])); self.best = max(self.best, (3, note[2]))
    def anchored(self, name, sort, size, time, by): self.anchors.append({"object": name, "type": sort, "entries": size, "time": time, "by": by}); self.best = max(self.best, (3, size))
    def stamp(self, name, size):
        how, id, digest, summed, algorithm, signed, signature, info = time_stamp(self.bag.read(name, 1 << 18)); cert = next((c for c in self.certs if hashlib.new(how, c[0]).digest() == id), None)
        if cert is None: self.enclosed += 1; return
        note = "custody/checkpoints/%s.note" % size; need(hashlib.new(digest, info).digest() == summed); i = (256, 384, 512).index(int(digest[3:]))
        need(algorithm in ((OID + "0101", OID + "010" + "bcd"[i]) if cert[4] else ("2a8648ce3d04030" + "234"[i],)) and run("openssl pkeyutl -verify -rawin -digest %s -pubin -keyform DER -inkey key -in text -sigfile sig" % digest, key=cert[3], sig=signature, text=signed))
        (whole,) = der(info); version, policy, imprint, serial, when, *_ = kids(0x30, whole); algorithm, sum = kids(0x30, imprint); held(6, policy); held(2, serial); t = text(held(24, when).decode(), r"[0-9]{14}(\.[0-9]{1,9})?Z")
        need(held(2, version) == b"\1" and DIGESTS[oid(algorithm, 99)] == "sha256" and cert[1] <= t[:14] <= cert[2] and held(4, sum) == sha(self.bag.read(note, 65536)))
        if int(size) in self.good: self.anchored(name, "rfc3161", int(size), "%s-%s-%sT%s:%s:%s" % (t[:4], t[4:6], t[6:8], t[8:10], t[10:12], t[12:]), "sha256:" + sha(cert[0]).hex())
    def cosigned(self, name, size):
        note, by = parse_note(self.bag.read(name, 65536)), []; need(note[1] == self.origin and note[2] == int(size))
        for id in (id for id in note[4] if id in self.witnesses): at, signature = int.from_bytes(note[4][id][:8], "big"), note[4][id][8:]; need(at <= 253402300799 and ed25519(self.witnesses[id], b"cosignature/v1\ntime %d\n" % at + note[0], signature)); by.append((at, "+".join(id)))
        if not by: self.enclosed += 1
        elif note[2] > self.tree.size: self.find("anchor.rolled-back", name, "is over %d entries: the bundle is older, or some were removed" % note[2])
        elif note[3] != self.roots[note[2]]: self.find("anchor.forked", name, "is of another log under the same name")
        else: [self.anchored(name, "cosignature", note[2], datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), key) for at, key in by]
    def openings(self):
        last, shown = (-1, b""), None
        with self.finding("opening", OPENINGS, "has a line that is too long, or without its end"):
            for line in self.bag.lines(OPENINGS):
                with self.finding("opening", OPENINGS, "has a line that the log did not commit to"):
                    field, salt, seq, value = members(canonical(line), "field salt seq value"); need(type(seq) is int and (seq, utf16(field)) > last); last = (seq, utf16(field)); need(self.entry(seq)["commit"][field] == commitment(salt, field, value))
                    if (seq, field) == (self.export, "observed.manifest"): shown = value
        with self.finding("export", "entry %d" % self.export, "does not say that these files were handed out"):
            e = self.entry(self.export); need(e["kind"] == "export" and e["plain"].get("phase") == "result" and shown == "sha256:" + self.listed[MANIFEST])
    def set(self, path):
        (seq, name), tree, found = re.fullmatch(r"custody/sets/(.*)-([a-z]+)\.jsonl", path).groups(), Tree(), {}
        def leaf(value):
            commit, shown = members(value, "commit open"); need(shown and not set(commit) & set(shown) and all(text(c, HEX64) for c in commit.values()))
            values = {field: members(o, "salt value") for field, o in shown.items()}; sums = {**commit, **{f: commitment(v[0], f, v[1]) for f, v in values.items()}}; found[int(seq), tree.size] = ({field: v[1] for field, v in values.items()}, commit)
            return dumps({field: sums[field] for field in sorted(sums, key=utf16)})
        tree.leads_to(self.entry(number(seq))["sets"][name], self.bag.lines(path), leaf); self.open.setdefault(name, {}).update(found)
    def records(self):
        starts = array.array("Q", itertools.accumulate((len(line) + 1 for line in self.bag.lines(RECORDS, MIB)), initial=0)); used, content = bytearray(len(starts) - 1), self.bag.view(RECORDS)
        def leaf(value):
            i, salt = members(value, "line salt"); need(0 < count(i) <= len(used) and not used[i - 1]); used[i - 1] = 1; return b'["%b","record",%b]' % (text(salt, HEX32).encode(), bytes(content[starts[i - 1]:starts[i] - 1]))
        for path in self.bag.under("custody/records/"): seq_n = tuple(map(number, re.fullmatch(r"custody/records/(.*)-(.*)\.jsonl", path).groups())); Tree().leads_to(self.open["runs"][seq_n][0]["record_tree"], self.bag.lines(path), leaf)
        need(all(used))
    def list(self):
        rows, named, places, made = self.bag.lines(LIST, MIB), set(), set(), {}
        for o, _ in self.open.get("occurrences", {}).values():
            with contextlib.suppress(*WRONG): places.add((o["artifact"], text(o["item"], "(?s:.+)"), printable(o["path"])))
        for o, withheld in self.open.get("derivations", {}).values():
            with contextlib.suppress(*WRONG): made.setdefault(o["child"], []).append((text(o["parent"], "(?s:.+)"), "!" + printable(o["name"]) if "name" in o else withheld.get("name") and need(0) or ""))
        need(next(rows, None) in (None, b"file,exhibit,path,sort,size,sha256,md5,sha1,modified,made,from,entry,n"))
        for row in rows:
            need(re.fullmatch(CELL + "(?:,%s){12}" % CELL, row.decode()))
            file, exhibit, path, sort, size, digest, md5, sha1, _, _, _, entry, n = [u or q.replace('""', '"') for u, q in re.findall('(?:^|(?<=,))(?:([^",]+)|"((?:[^"]|"")*)"|)(?=,|$)', row.decode())]
            long = number(size); need(file.startswith("data/files/") and self.listed[file] == digest and (file in self.bad or self.bag.files[file][0] == long)); o = self.open["artifacts"][number(entry), number(n)][0]; hashes, origin = o.get("hashes", {}), {"received": "original", "derived": "derived"}[sort]
            need((o["artifact"], count(o["size"]), o["origin"], hashes.get("md5", ""), hashes.get("sha1", "")) == ("sha256:" + digest, long, origin, md5, sha1))
            need(not path.startswith(FORMULA)); path = next((c + path[len(escaped(c)):] for c in FORMULA if path.startswith(escaped(c))), path); queue, seen = [("sha256:" + digest, path)], {("sha256:" + digest, path)}
            for artifact, at in queue:  # it is a place itself, or made of something that is
                if (artifact, exhibit, at) in places or not exhibit and not path: named.add(file); break
                ups = dict.fromkeys((parent, at[:len(at) - len(suffix)]) for parent, suffix in made.get(artifact, ()) if at.endswith(suffix)); new = [up for up in ups if up not in seen][:10000 - len(queue)]; seen.update(new); queue += new
            else: need(False)
        need(all(n in named for n in self.listed if n.startswith("data/files/")))
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter); [parser.add_argument(flag, action="append", default=[]) for flag in ("--trust", "--receipt", "--tsa-cert", "--witness")]; parser.add_argument("--require", choices=LEVELS, default="none"); parser.add_argument("--json", action="store_true"); parser.add_argument("bundle"); a = parser.parse_args()
    if not ed25519(*map(bytes.fromhex, KNOWN.split())): print("CANNOT VERIFY: this needs OpenSSL 3; `openssl version` says what is here. VERIFY.html needs none."); return 25
    keys, files = lambda list: [pathlib.Path(k).read_text().strip() if os.path.exists(k) else k for k in list], lambda list: [pathlib.Path(f).read_bytes() for f in list]
    try: os.stat(a.bundle); c = Check(keys(a.trust), files(a.receipt), files(a.tsa_cert), keys(a.witness), a.require)
    except (*WRONG, IndexError, OSError) as e: parser.exit(64, "verify.py: %s\n" % (e if isinstance(e, OSError) else "a key or certificate that was given is none, or not whole"))
    r = c.check(a.bundle)
    if a.json: print(json.dumps(r, indent=2)); return r["exit"]
    print(r["verdict"], SAY[LEVELS.index(r["attestation"]["level"])].format(of=r["log"]["entries"], **r["attestation"]), sep="\n\n", end="\n\n")
    print(*("  %(code)s: %(object)s %(what)s" % f for f in r["findings"]), *("  anchored: %(time)s, the first %(entries)d entries, by %(by)s" % x for x in r["anchors"]), NOT_CHECKED % "".join(text % n for text, n in ((t, {**r, "stamps": sum(x["type"] == "rfc3161" for x in r["anchors"])}[k]) for k, t in STAMPS.items()) if n), sep="\n"); return r["exit"]
if __name__ == "__main__": sys.exit(main())

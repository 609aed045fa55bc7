"""Verifies a case directory, written from docs/formats (canonical, custody, case, runs, records, verify, identity)
and from nothing else: the standard library, openssl for signatures, zstd for compressed objects.

    python3 verify_case.py [--receipt NOTE]… CASE…

Prints findings and a verdict; the exit code is the verdict's (verify.md). Of several cases it prints code and verdict, one a line. It checks: entries and their chain, the
tree, openings, sets and their rows, checkpoints and their keys, references, runs and record sets, objects, transfers
(with ssh-keygen). It does not check: the table of an entry's fields and kinds, replays, plugins.lock.json, time stamps
and cosignatures.
"""
import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

EXIT = {"FORKED": 23, "ROLLED BACK": 22, "ALTERED": 20, "INCOMPLETE": 21, "CANNOT VERIFY": 25, "INTACT": 0}
SETS = ("artifacts", "occurrences", "derivations", "runs", "subjects")
found = []
notes = []


def find(verdict, thing, why):
    found.append((verdict, thing, why))


class Bad(Exception):
    pass


def sha(b):
    return hashlib.sha256(b).digest()


# canonical.md


def utf16(name):
    return name.encode("utf-16-be", "surrogatepass")


def write(v, depth=0):
    if depth > 64:
        raise Bad("deeper than 64")
    if v is None or v is True or v is False:
        return json.dumps(v)
    if isinstance(v, int):
        if abs(v) > 2**53 - 1:
            raise Bad("an integer too large")
        return str(v)
    if isinstance(v, str):
        v.encode()  # half a pair of surrogates is no text
        return json.dumps(v, ensure_ascii=False)
    if isinstance(v, list):
        return "[" + ",".join(write(x, depth + 1) for x in v) + "]"
    if isinstance(v, dict):
        return "{" + ",".join(write(k, depth + 1) + ":" + write(v[k], depth + 1) for k in sorted(v, key=utf16)) + "}"
    raise Bad("a value that is none")


def refuse(_):
    raise Bad("not an integer")


def pairs(members):
    d = dict(members)
    if len(d) != len(members):
        raise Bad("a name twice")
    return d


def parse(b):
    """The value of canonical JSON; Bad where b is not."""
    try:
        v = json.loads(b.decode(), parse_float=refuse, parse_constant=refuse, object_pairs_hook=pairs)
        if write(v).encode() != b:
            raise Bad("not canonical")
    except (ValueError, RecursionError) as e:
        raise Bad(str(e))
    return v


def canonical(v):
    return write(v).encode()


# custody.md: trees


class Tree:
    """The nodes of an RFC 6962 tree as they are stored, and its root at every size that was asked for."""

    def __init__(self, wanted=()):
        self.peaks, self.nodes, self.size, self.wanted, self.roots = [], [], 0, set(wanted), {0: sha(b"")}

    def add(self, leaf):
        self.nodes.append(leaf)
        self.peaks.append((leaf, 1))
        self.size += 1
        while len(self.peaks) > 1 and self.peaks[-1][1] == self.peaks[-2][1]:
            (right, n), (left, _) = self.peaks.pop(), self.peaks.pop()
            h = sha(b"\x01" + left + right)
            self.nodes.append(h)
            self.peaks.append((h, 2 * n))
        if self.size in self.wanted:
            self.roots[self.size] = self.root()

    def root(self):
        if not self.peaks:
            return sha(b"")
        h = self.peaks[-1][0]
        for left, _ in reversed(self.peaks[:-1]):
            h = sha(b"\x01" + left + h)
        return h


def index(level, n):
    """The number of a stored node (custody.md)."""
    for _ in range(level):
        n = 2 * n + 1
    i = level
    while n:
        i += n
        n >>= 1
    return i


def commitment(salt, field, value):
    """value is canonical JSON."""
    return sha(b"[" + canonical(salt) + b"," + canonical(field) + b"," + value + b"]").hex()


def salt(seed, message):
    return hmac.new(seed, message, hashlib.sha256).digest()[:16].hex()


# custody.md: checkpoints


def b64(s):
    if not re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", s):
        raise Bad("base64")
    try:
        b = base64.b64decode(s, validate=True)
    except ValueError:
        raise Bad("base64")
    if base64.b64encode(b).decode() != s:
        raise Bad("base64")
    return b


def vkey(s):
    """(name, key hash, key) of a verifier key."""
    parts = s.split("+", 2)
    if len(parts) != 3:
        raise Bad("verifier key")
    raw = b64(parts[2])
    if len(raw) != 33 or raw[0] != 1 or sha(parts[0].encode() + b"\n" + raw)[:4].hex() != parts[1]:
        raise Bad("verifier key")
    return parts[0], parts[1], raw[1:]


def read_note(b):
    """(text, origin, size, root, [(name, key hash, signature)]) of a signed checkpoint."""
    try:
        text, sigs = b.decode().split("\n\n", 1)
        origin, size, root = text.split("\n")
    except ValueError:
        raise Bad("not a signed checkpoint")
    if not re.fullmatch("0|[1-9][0-9]{0,15}", size) or len(b64(root)) != 32 or not sigs.endswith("\n"):
        raise Bad("not a signed checkpoint")
    out = []
    for line in sigs[:-1].split("\n"):
        m = re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line)
        if not m or len(b64(m[2])) < 5:
            raise Bad("signature line")
        raw = b64(m[2])
        if (m[1], raw[:4]) in [(n, h) for n, h, _ in out]:
            raise Bad("two signatures by one key")
        out.append((m[1], raw[:4], raw[4:]))
    return (text + "\n").encode(), origin, int(size), b64(root), out


def ed25519(key, message, sig):
    der = bytes.fromhex("302a300506032b6570032100") + key
    with tempfile.TemporaryDirectory() as d:
        for name, data in (("key", der), ("text", message), ("sig", sig)):
            with open(os.path.join(d, name), "wb") as f:
                f.write(data)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", "key", "-in", "text", "-sigfile", "sig"],
                              cwd=d, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


class Case:
    def __init__(self, dir, receipts):
        self.dir, self.receipts = dir, receipts
        self.keys, self.handovers, self.claims, self.disposing, self.disposed = [], [], [], set(), {}
        self.released, self.transfers, self.items = {}, [], {}

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def open(self, tmp):
        """A copy: reading changes nothing in the case, and a transaction log that is not empty counts (case.md)."""
        if not os.path.isfile(self.path("case.db")):
            sys.exit("no case at this place")
        for name in ("case.db", "case.db-wal"):
            if os.path.exists(self.path(name)):
                shutil.copyfile(self.path(name), os.path.join(tmp, name))
        if os.path.exists(self.path("case.db-journal")):
            find("ALTERED", "case.db-journal", "no case has one")
        self.db = sqlite3.connect(os.path.join(tmp, "case.db"))
        self.db.text_factory = bytes

    def rows(self, query):
        return self.db.execute(query)

    # Stages.

    def gather(self):
        """Checkpoints, receipts and statements say at which sizes roots are wanted."""
        dir = self.path("checkpoints")
        files = {}
        for name in sorted(os.listdir(dir)) if os.path.isdir(dir) else []:
            m = re.fullmatch(r"([1-9][0-9]*)\.note", name)
            if m:
                with open(os.path.join(dir, name), "rb") as f:
                    files[int(m[1])] = f.read()
        stored = {size: bytes(note) for size, note in self.rows("SELECT size, note FROM checkpoints ORDER BY size")}
        for size in sorted(set(files) | set(stored)):
            for place, notes_ in (("checkpoints/", files), ("case.db", stored)):
                if size not in notes_:
                    find("INCOMPLETE", "checkpoint %d" % size, "not in " + place)
                elif place == "checkpoints/" or files.get(size) != notes_[size]:
                    self.claim("checkpoint %d" % size, notes_[size], size, False)
            if size in files and size in stored and files[size] != stored[size]:
                find("ALTERED", "checkpoint %d" % size, "two different notes")
        for i, b in enumerate(self.receipts):
            self.claim("receipt %d" % (i + 1), b, None, True)

    def claim(self, thing, b, size, receipt):
        try:
            note = read_note(b)
        except Bad as e:
            return find("CANNOT VERIFY" if receipt else "ALTERED", thing, str(e))
        if size is not None and note[2] != size:
            return find("ALTERED", thing, "over another number of entries")
        self.claims.append((thing, note, receipt))

    def entry(self, seq, body, prev):
        """The entry, None where it is none."""
        thing = "entry %d" % seq
        try:
            e = parse(body)
            if set(e) != {"v", "origin", "seq", "id", "kind", "prev", "nonce", "time", "tool", "plain", "commit", "sets", "refs"} or e["v"] != 1:
                raise Bad("members")
            for name, n in (("nonce", 32), ("prev", 64 if seq else 0)):
                if not re.fullmatch("[0-9a-f]{%d}" % n, e[name]):
                    raise Bad(name)
            for c in list(e["commit"].values()) + [s["root"] for s in e["sets"].values()]:
                if not re.fullmatch("[0-9a-f]{64}", c):
                    raise Bad("a commitment or root")
            if any(set(s) != {"root", "size"} or s["size"] < 0 for s in e["sets"].values()) or any(not 0 <= r < seq for r in e["refs"].values()):
                raise Bad("a set or reference")
            for t in ("start", "end"):
                if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", e["time"][t]):
                    raise Bad("time")
            if len(body) > 1 << 20:
                raise Bad("longer than 1 MiB")
        except (Bad, AttributeError, KeyError, TypeError) as x:
            find("ALTERED", thing, "not an entry: %s" % x)
            return None
        self.origin = self.origin or e["origin"]
        if e["seq"] != seq or e["origin"] != self.origin or (e["kind"] == "create") != (seq == 0):
            find("ALTERED", thing, "number, log or kind are others")
        if e["prev"] != prev:
            find("ALTERED", thing, "does not follow the entry before")
        return e

    def log(self):
        self.origin, prev, self.entries = "", "", {}
        wanted = {c[1][2] for c in self.claims}
        for (value,) in self.rows("SELECT value FROM openings WHERE field = 'asserted.statement'"):
            wanted |= {int(n) for n in re.findall(r"\\nEntries: ([0-9]{1,15})\\n", value.decode(errors="replace"))}
        tree = Tree(wanted)
        stored = {i: h for i, h in self.rows("SELECT idx, hash FROM nodes")}
        self.missing = set()

        def gap(upto):
            """Entries that are missing and left a node, which stands for them."""
            while tree.size < upto and index(0, tree.size) in stored:
                find("INCOMPLETE", "entry %d" % tree.size, "is missing")
                self.missing.add(tree.size)
                tree.add(stored[index(0, tree.size)])

        for seq, body in self.rows("SELECT seq, body FROM entries ORDER BY seq"):
            gap(seq)
            if seq != tree.size:
                find("INCOMPLETE", "entry %d" % tree.size, "is missing")
                tree.size = seq
            if seq - 1 in self.missing:
                prev = stored[index(0, seq - 1)].hex()
            leaf = sha(b"\x00" + body)
            e = self.entry(seq, body, prev)
            prev = leaf.hex()
            tree.add(leaf)
            if e:
                self.entries[seq] = e
                self.follow(e)
        gap(1 << 60)
        self.tree, self.size = tree, tree.size
        if not self.entries:
            find("CANNOT VERIFY", "case", "has no entry")
        for i, h in enumerate(tree.nodes):
            if stored.get(i) != h:
                find("ALTERED" if i in stored else "INCOMPLETE", "node %d" % i, "is not that of the entries")
        for i in sorted(set(stored) - set(range(len(tree.nodes)))):
            find("ALTERED", "node %d" % i, "is too many")
        self.sound = not any(f[0] in ("ALTERED", "INCOMPLETE") and f[1].split()[0] in ("entry", "node") for f in found)
        first = self.entries.get(0)
        if first:
            want = {"format": "1", "case": first["plain"].get("case"), "origin": first["origin"], "created": first["time"]["start"]}
            got = {k.decode(): v.decode() for k, v in self.rows("SELECT name, value FROM meta")}
            if got != want:
                find("ALTERED", "meta", "is not as entry 0 says")

    def follow(self, e):
        for name in ("signer", "successor"):
            if name in e["plain"]:
                try:
                    key = vkey(e["plain"][name])
                    if key[0] == e["origin"] and key not in self.keys:
                        self.keys.append(key)
                except Bad:
                    find("ALTERED", "entry %d" % e["seq"], "names no key")
        if e["kind"] == "identity" and e["plain"].get("action") in ("rotate", "revoke"):
            self.handovers.append(e)
        if e["kind"] == "dispose" and e["plain"].get("phase") == "destroyed" and "subjects" in e["sets"]:
            self.disposing.add(e["seq"])

    def openings(self):
        left = {(seq, f) for seq, e in self.entries.items() for f in e["commit"]}
        self.opened = {}
        for seq, field, s, value in self.rows("SELECT seq, field, salt, value FROM openings"):
            field, s = field.decode(errors="replace"), s.decode(errors="replace")
            thing = "opening %d/%s" % (seq, field)
            e = self.entries.get(seq)
            if e is None:
                if seq not in self.missing:
                    find("ALTERED", thing, "belongs to no entry")
                continue
            left.discard((seq, field))
            try:
                v = parse(value)
                if field not in e["commit"] or not re.fullmatch("[0-9a-f]{32}", s) or commitment(s, field, value) != e["commit"][field]:
                    raise Bad("does not open a commitment of its entry")
                self.opened[seq, field] = v
            except Bad as x:
                find("ALTERED", thing, str(x))
        for seq, field in sorted(left):
            find("INCOMPLETE", "opening %d/%s" % (seq, field), "is missing")

    def sets(self):
        seeds = {(seq, name.decode()): seed for seq, name, seed in self.rows("SELECT seq, name, seed FROM sets")}
        self.body = {name: [] for name in SETS}
        for name in SETS:
            extra = ", seed" if name == "runs" else ", NULL"
            trees = {}
            for seq, n, body, leaf, seed in self.rows("SELECT seq, n, body, leaf%s FROM %s ORDER BY seq, n" % (extra, name)):
                thing = "%s row %d/%d" % (name, seq, n)
                tree = trees.setdefault(seq, Tree())
                if seq in self.missing:
                    continue
                if seq not in self.entries or name not in self.entries[seq]["sets"]:
                    find("ALTERED", thing, "its entry says nothing of such rows")
                    continue
                if (seq, name) not in seeds:  # said below
                    continue
                if n != tree.size:
                    find("INCOMPLETE", thing, "a row before it is missing")
                try:
                    v = parse(body)
                    data = canonical({f: commitment(salt(seeds[seq, name], canonical([n, f])), f, canonical(x)) for f, x in v.items()})
                except (Bad, AttributeError) as x:
                    find("ALTERED", thing, str(x))
                    continue
                h = sha(b"\x00" + data)
                if h != leaf:
                    find("ALTERED", thing, "is not what its leaf commits to")
                tree.add(h)
                self.body[name].append((seq, n, v, seed))
            for seq, e in self.entries.items():
                want = e["sets"].get(name)
                if want is None:
                    continue
                if (seq, name) not in seeds:
                    find("INCOMPLETE", "seed %d/%s" % (seq, name), "is missing")
                    continue
                got = trees.get(seq, Tree())
                if got.size != want["size"]:
                    find("INCOMPLETE" if got.size < want["size"] else "ALTERED", "set %d/%s" % (seq, name), "has %d rows, not %d" % (got.size, want["size"]))
                elif got.root().hex() != want["root"]:
                    find("ALTERED", "set %d/%s" % (seq, name), "has another root")
        for seq, name in seeds:
            if seq not in self.missing and name not in self.entries.get(seq, {"sets": {}})["sets"]:
                find("ALTERED", "seed %d/%s" % (seq, name), "belongs to no set")

    def checkpoints(self):
        # Keys that stopped (custody.md, Keys that sign).
        ended = {}
        for e in self.handovers:
            signer, successor = e["plain"].get("signer"), e["plain"].get("successor")
            need = [k for k in (signer, successor) if k]
            if e["plain"]["action"] == "revoke" and successor and successor != signer:
                need = [successor]
            if e["plain"]["action"] == "rotate" and (not successor or successor == signer):
                continue
            for _, note, _ in self.claims:
                if note[2] == e["seq"] + 1 and self.right(note) and all(self.signed(note, [vkey(k)]) for k in need):
                    ended[signer] = e["seq"] + 1
        for thing, note, receipt in self.claims:
            text, origin, size, root, sigs = note
            if origin != self.origin:
                find("CANNOT VERIFY" if receipt else "ALTERED", thing, "is of another log")
                continue
            by = self.signed(note, self.keys)
            if by is None:
                find("CANNOT VERIFY" if receipt else "ALTERED", thing, "its signature is wrong")
            elif not by:
                find("CANNOT VERIFY", thing, "is signed by no key that the log names")
            elif size > self.size:
                find("ROLLED BACK", thing, "is over more entries than there are")
            elif not self.right(note):
                find("FORKED" if self.sound else "ALTERED", thing, "has another root")
            elif not receipt and all(size > ended.get("+".join((n, h, base64.b64encode(b"\x01" + k).decode())), size) for n, h, k in by):
                find("ALTERED", thing, "is signed by a key that had stopped signing")

    def right(self, note):
        return self.tree.roots.get(note[2]) == note[3]

    def signed(self, note, keys):
        """The keys that signed; None where one of them did wrongly."""
        out = []
        for name, h, sig in note[4]:
            for key in keys:
                if key[0] == name and key[1] == h.hex():
                    if not ed25519(key[2], note[0], sig):
                        return None
                    out.append(key)
        return out

    def references(self):
        self.artifact = {}
        since = {}
        for seq, n, a, _ in self.body["artifacts"]:
            d = a.get("artifact")
            since.setdefault(d, seq)
            if d in self.artifact and (self.artifact[d][1]["size"] != a["size"] or any(a.get("hashes", {}).get(k, v) != v for k, v in self.artifact[d][1].get("hashes", {}).items())):
                find("ALTERED", "artifacts row %d/%d" % (seq, n), "contradicts an earlier row")
            self.artifact[d] = (seq, a)
        runs = {r["run"] for _, _, r, _ in self.body["runs"]}
        for table, fields in (("occurrences", ("artifact",)), ("derivations", ("parent", "child")), ("runs", ("input",))):
            for seq, n, row, _ in self.body[table]:
                for field in fields:
                    if row.get(field) and since.get(row[field], seq + 1) > seq:
                        find("INCOMPLETE", "%s row %d/%d" % (table, seq, n), "names as its %s what is not there" % field)
                if table == "derivations" and row["run"] not in runs:
                    find("INCOMPLETE", "derivations row %d/%d" % (seq, n), "names a run that is not there")
        for seq, n, row, _ in self.body["subjects"]:
            s = row["subject"]
            d = s[:71] if s.startswith("sha256:") else ""
            if d and since.get(d, seq + 1) > seq:
                find("INCOMPLETE", "subjects row %d/%d" % (seq, n), "names what is not there")
            if seq in self.disposing and re.fullmatch("sha256:[0-9a-f]{64}", s):
                self.disposed[s] = seq

    def content(self, a, keep):
        """What an artifact's object holds: (size, digests, bytes where wanted); None where it is gone."""
        stored = a["stored"]
        hexa = a["artifact"][7:]
        name = self.path("objects", "sha256", hexa[:2], hexa)
        if stored["encoding"] == "in-place":
            p = stored["path"]
            name = base64.b64decode(p["raw"]) if "raw" in p else p["text"]
        if not os.path.isfile(name) or os.path.islink(name):
            return None
        raw = hashlib.sha256()
        size = 0
        with open(name, "rb") as f:
            while b := f.read(1 << 20):
                raw.update(b)
                size += len(b)
        if (size, "sha256:" + raw.hexdigest()) != (stored["size"], stored["sha256"]):
            raise Bad("its stored bytes are not as recorded")
        if stored["encoding"] == "zstd":
            p = subprocess.Popen(["zstd", "-dcq"], stdin=open(name, "rb"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            stream = p.stdout
        else:
            p, stream = None, open(name, "rb")
        sums = {k: hashlib.new(k) for k in ["sha256"] + [h for h in a.get("hashes", {}) if h in ("md5", "sha1", "sha512")]}
        total, kept = 0, []
        while b := stream.read(1 << 20):
            total += len(b)
            for s in sums.values():
                s.update(b)
            if keep:
                kept.append(b)
        stream.close()
        if p and p.wait():
            raise Bad("it cannot be decompressed")
        return total, {k: s.hexdigest() for k, s in sums.items()}, b"".join(kept)

    def objects(self):
        wanted = {}
        for seq, n, r, seed in self.body["runs"]:
            for name in ("records", "diagnostics"):
                if r.get(name):
                    wanted.setdefault(r[name]["artifact"], []).append((seq, n, r, seed, name))
        for d, (seq, a) in self.artifact.items():
            thing = "object " + d
            try:
                c = self.content(a, d in wanted)
            except Bad as x:
                find("ALTERED", thing, str(x))
                continue
            if c is None:
                if self.disposed.get(d, -1) > seq:
                    notes.append(thing + " DISPOSED")
                else:
                    find("INCOMPLETE", thing, "is not there")
                continue
            size, sums, content = c
            if size != a["size"] or "sha256:" + sums["sha256"] != d or any(sums.get(k, v) != v for k, v in a.get("hashes", {}).items()):
                find("ALTERED", thing, "its content is not as recorded")
                continue
            for row in wanted.get(d, []):
                self.lines(content, *row)

    def lines(self, content, seq, n, r, seed, name):
        thing = "%s %s" % ("record set" if name == "records" else name, r[name]["artifact"])
        lines = content.split(b"\n")
        if lines.pop() != b"":
            return find("ALTERED", thing, "its last line has no end")
        tree = Tree()
        for i, line in enumerate(lines):
            try:
                parse(line)
            except Bad as x:
                return find("ALTERED", thing, "line %d: %s" % (i + 1, x))
            if name == "records":
                s = salt(seed, i.to_bytes(8, "big"))
                tree.add(sha(b"\x00" + b'["%s","record",%s]' % (s.encode(), line)))
        if len(lines) != r[name]["count"]:
            find("ALTERED", thing, "has %d lines, not %d" % (len(lines), r[name]["count"]))
        if name == "records" and (tree.root().hex(), tree.size) != (r["record_tree"]["root"], r["record_tree"]["size"]):
            find("ALTERED", thing, "is not what run row %d/%d commits to" % (seq, n))

    def runs(self):
        for seq, n, r, _ in self.body["runs"]:
            thing = "runs row %d/%d" % (seq, n)
            key = canonical({"config": r["config"], "input": r["input"], "keys": r["keys"], "operation": r["operation"], "plugin": r["plugin"]["sha256"]})
            if "sha256:" + sha(key).hex() != r["run"]:
                find("ALTERED", thing, "is not the run that its name says")
            made = sum(1 for _, _, d, _ in self.body["derivations"] if d["run"] == r["run"])
            if r["outcome"] != "failed" and made < r.get("artifacts", 0):
                find("INCOMPLETE", thing, "made more than is there")

    def signatures(self):
        """custody.md, Statements of transfer."""
        for seq, e in sorted(self.entries.items()):
            if e["kind"] != "transfer":
                continue
            side = "to" if e["plain"].get("phase") == "received" else "from"
            text, sig = self.opened.get((seq, "asserted.statement")), self.opened.get((seq, "asserted.%s.signature" % side))
            thing = "transfer %d" % seq
            if "asserted.%s.signature" % side in e["commit"] and "asserted.statement" not in e["commit"]:
                find("CANNOT VERIFY", thing, "has a signature, and not what was signed")
                continue
            if text is None or sig is None:
                notes.append(thing + " is signed by nobody, or cannot be checked")
                continue
            if not re.fullmatch(r"\s*-----BEGIN SSH SIGNATURE-----\n[A-Za-z0-9+/=\n]+-----END SSH SIGNATURE-----\s*", sig.replace("\r", "")):
                find("CANNOT VERIFY", thing, "its signature cannot be read")
                continue
            with tempfile.TemporaryDirectory() as d:
                with open(os.path.join(d, "sig"), "w") as f:
                    f.write(sig)
                p = subprocess.run(["ssh-keygen", "-Y", "check-novalidate", "-n", "exhibit-transfer", "-s", os.path.join(d, "sig")], input=text.encode(), capture_output=True)
            m = re.search(rb"key (SHA256:[A-Za-z0-9+/]{43})", p.stdout)
            if p.returncode or not m:
                find("ALTERED", thing, "its signature is not one under its statement")
                continue
            by = m[1].decode()
            said = dict(re.findall(r"^([A-Za-z-]+): (.*)$", text, re.M))
            key = said.get({"from": "From-Key", "to": "To-Key"}[side])
            if said.get("Log") != self.origin or said.get("Item") != str(e["refs"].get("item")) or key not in (None, by) or int(said.get("Entries", 0)) > seq:
                find("ALTERED", thing, "what was signed is about something else, or by another key")
            elif self.tree.roots.get(int(said["Entries"]), b"").hex() != said.get("Root"):
                find("FORKED" if self.sound else "ALTERED", thing, "what was signed is about another log of this name")
            if side == "from":
                self.released[seq] = (text, by)
            elif self.released.get(e["refs"].get("intent"), (text, ""))[0] != text or self.released.get(e["refs"].get("intent"), ("", ""))[1] == by:
                find("ALTERED", thing, "does not answer the entry that gave")


def verify(dir, receipts):
    found.clear()
    notes.clear()
    c = Case(dir, receipts)
    with tempfile.TemporaryDirectory() as tmp:
        try:
            c.open(tmp)
            c.gather()
            for stage in (c.log, c.openings, c.sets, c.checkpoints, c.references, c.runs, c.objects, c.signatures):
                stage()
        except sqlite3.DatabaseError as x:
            find("CANNOT VERIFY", "case.db", str(x))
        except (KeyError, TypeError, AttributeError, ValueError) as x:
            find("ALTERED", "case.db", "holds what the format does not have: %r" % x)
    return next((v for v in EXIT if any(f[0] == v for f in found)), "INTACT")


def main(argv):
    receipts = []
    while argv[0] == "--receipt":
        with open(argv[1], "rb") as f:
            receipts.append(f.read())
        argv = argv[2:]
    for dir in argv:
        verdict = verify(dir, receipts)
        if len(argv) > 1:
            print(EXIT[verdict], verdict, found[:3])
            continue
        for f in found[:50]:
            print("%s: %s %s" % f)
        for n in notes:
            print("remark: " + n)
        print(verdict)
    return EXIT[verdict] if len(argv) == 1 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

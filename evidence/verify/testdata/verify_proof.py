"""Checks an exhibit proof (docs/formats/proof.md) with the standard library and openssl.

python3 verify_proof.py FILE   exit 0: holds, as far as its own key goes; 20: does not; 25: cannot be read
With several files, these codes are printed, one a line.
"""
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile


class Broken(Exception):
    pass


class Unreadable(Exception):
    pass


def need(ok, kind=Broken):
    if not ok:
        raise kind()


def sha(b):
    return hashlib.sha256(b).digest()


def node(a, b):
    return sha(b"\x01" + a + b)


def inclusion(n, size, h, path):
    need(0 <= n < size)
    fn, sn = n, size - 1
    for p in path:
        need(sn != 0)
        if fn & 1 or fn == sn:
            h = node(p, h)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            h = node(h, p)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0)
    return h


def continues(a, b, ra, rb, path):
    need(1 <= a <= b)
    if a == b:
        return not path and ra == rb
    path = ([ra] if a & (a - 1) == 0 else []) + path
    need(path)
    fn, sn = a - 1, b - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        need(sn != 0)
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == ra and sr == rb


def b64(s):
    need(re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", s), Unreadable)
    b = base64.b64decode(s)
    need(base64.b64encode(b).decode() == s, Unreadable)
    return b


def number(s):
    need(re.fullmatch(r"0|[1-9][0-9]{0,15}", s), Unreadable)
    return int(s)


def checkpoint(text, vkey):
    """Returns (origin, size, root) of a signed note, having checked the key's signature."""
    name, hash8, key = vkey.split("+", 2)
    raw = b64(key)
    need(len(raw) == 33 and raw[0] == 1, Unreadable)
    need(sha(name.encode() + b"\n" + raw)[:4].hex() == hash8, Unreadable)
    head, sigs = text.split("\n\n", 1)
    origin, size, root = head.split("\n")
    need(sigs.endswith("\n") and sigs, Unreadable)
    found = False
    for line in sigs[:-1].split("\n"):
        m = re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line)
        need(m, Unreadable)
        sig = b64(m[2])
        need(len(sig) > 4, Unreadable)
        if m[1] == name and sig[:4].hex() == hash8:
            need(not found, Unreadable)
            found = True
            need(ed25519(raw[1:], (head + "\n").encode(), sig[4:]))
    need(found and name == origin)
    root = b64(root)
    need(len(root) == 32, Unreadable)
    return origin, number(size), root


def ed25519(key, message, sig):
    der = bytes.fromhex("302a300506032b6570032100") + key
    with tempfile.TemporaryDirectory() as d:
        for name, data in (("key", der), ("text", message), ("sig", sig)):
            with open(os.path.join(d, name), "wb") as f:
                f.write(data)
        return subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", "key", "-in", "text", "-sigfile", "sig"],
            cwd=d, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def canonical(v):
    return json.dumps(v, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def loads(text):
    """Canonical JSON (docs/formats/canonical.md), as far as the standard library can tell."""
    def refuse(_):
        raise Unreadable()
    v = json.loads(text, parse_float=refuse, parse_constant=refuse)
    need(canonical(v) == text, Unreadable)
    return v


def opened(o, want):
    need(set(o) == {"field", "salt", "value"} and re.fullmatch("[0-9a-f]{32}", o["salt"]), Unreadable)
    loads(o["value"])
    need(want is not None)
    text = "[%s,%s,%s]" % (canonical(o["salt"]), canonical(o["field"]), o["value"])
    need(sha(text.encode()).hex() == want)


def hashes(path):
    need(len(path) <= 64 and all(re.fullmatch("[0-9a-f]{64}", h) for h in path), Unreadable)
    return [bytes.fromhex(h) for h in path]


def tlog(text, mark):
    if mark == "index ":
        need(text.startswith("c2sp.org/tlog-proof@v1\n"), Unreadable)
        text = text.split("\n", 1)[1]
    head, note = text.split("\n\n", 1)
    first, *path = head.split("\n")
    need(first.startswith(mark), Unreadable)
    path = [b64(h) for h in path]
    need(len(path) <= 64 and all(len(h) == 32 for h in path), Unreadable)
    return number(first[len(mark):]), path, note


def check(data):
    text = data.decode()
    need(text.endswith("\n"), Unreadable)
    p = loads(text[:-1])
    kind = p["type"]
    names = {"entry": {"entry"}, "member": {"entry", "member"}, "record": {"entry", "member", "record"}, "consistency": {"old", "old_key"}}
    need(p["v"] == 1 and kind in names, Unreadable)
    need(set(p) - {"openings"} == names[kind] | {"v", "type", "key", "tlog"}, Unreadable)
    if kind == "consistency":
        a, path, note = tlog(p["tlog"], "old ")
        was, new = checkpoint(p["old"], p["old_key"]), checkpoint(note, p["key"])
        need(was[0] == new[0] and was[1] == a and continues(a, new[1], was[2], new[2], path))
        return
    n, path, note = tlog(p["tlog"], "index ")
    origin, size, root = checkpoint(note, p["key"])
    entry = loads(p["entry"])
    need(inclusion(n, size, sha(b"\x00" + p["entry"].encode()), path) == root)
    need(entry["seq"] == n and entry["origin"] == origin)
    for o in p.get("openings", []):
        opened(o, entry["commit"].get(o["field"]))
    if kind == "entry":
        return
    m = p["member"]
    need(set(m) == {"set", "n", "leaf", "path", "fields"}, Unreadable)
    leaf = loads(m["leaf"])
    need(m["set"] in entry["sets"])
    set_ = entry["sets"][m["set"]]
    need(inclusion(m["n"], set_["size"], sha(b"\x00" + m["leaf"].encode()), hashes(m["path"])).hex() == set_["root"])
    tree = None
    for o in m["fields"]:
        opened(o, leaf.get(o["field"]))
        if o["field"] == "record_tree":
            tree = json.loads(o["value"])
    if kind == "member":
        return
    r = p["record"]
    need(m["set"] == "runs" and tree is not None)
    need(set(r) == {"n", "line", "salt", "path"} and re.fullmatch("[0-9a-f]{32}", r["salt"]), Unreadable)
    loads(r["line"])
    h = sha(b"\x00" + ('["%s","record",%s]' % (r["salt"], r["line"])).encode())
    need(inclusion(r["n"], tree["size"], h, hashes(r["path"])).hex() == tree["root"])


def code(name):
    with open(name, "rb") as f:
        data = f.read()
    try:
        check(data)
    except Broken:
        return 20
    except (Unreadable, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return 25
    return 0


if len(sys.argv) == 2:
    sys.exit(code(sys.argv[1]))
for name in sys.argv[1:]:
    print(code(name))

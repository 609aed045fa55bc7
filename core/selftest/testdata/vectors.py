"""Makes vectors.json: known answers for the formats of docs/formats, computed from
those pages with the standard library and openssl, and by nothing of exhibit.

    python3 testdata/vectors.py > vectors.json

Published vectors (RFC 8032, RFC 8785, the tree of the certificate-transparency
reference implementation) are copied from their sources and checked here again.
"""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile


def canonical(v):
    return json.dumps(v, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def sha(b):
    return hashlib.sha256(b).digest()


def leaf(b):
    return sha(b"\x00" + b)


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def root(leaves):  # RFC 6962, section 2.1
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha(b"\x01" + root(leaves[:k]) + root(leaves[k:]))


def path(m, leaves):  # section 2.1.1
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return path(m, leaves[:k]) + [root(leaves[k:])]
    return path(m - k, leaves[k:]) + [root(leaves[:k])]


def consistency(m, leaves, whole=True):  # section 2.1.2
    if m == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return consistency(m, leaves[:k], whole) + [root(leaves[k:])]
    return consistency(m - k, leaves[k:], False) + [root(leaves[:k])]


def openssl(args, **files):
    with tempfile.TemporaryDirectory() as d:
        for name, data in files.items():
            with open(os.path.join(d, name), "wb") as f:
                f.write(data)
        p = subprocess.run(["openssl", *args], cwd=d, capture_output=True)
        if p.returncode:
            sys.exit(p.stderr.decode())
        return p.stdout


def sign(seed, message):
    der = bytes.fromhex("302e020100300506032b657004220420") + seed
    return openssl(["pkeyutl", "-sign", "-rawin", "-inkey", "key", "-keyform", "DER", "-in", "text"], key=der, text=message)


def public(seed):
    der = bytes.fromhex("302e020100300506032b657004220420") + seed
    return openssl(["pkey", "-in", "key", "-inform", "DER", "-pubout", "-outform", "DER"], key=der)[-32:]


# RFC 8032, section 7.1.
ED25519 = [
    ("TEST 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("TEST 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("TEST 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ("TEST SHA(abc)", "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42", hashlib.sha512(b"abc").hexdigest(),
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
]

# The tree of the certificate-transparency reference implementation: leaves, and the root after each.
REFERENCE = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
]

# RFC 8785, sections 3.2.2 and 3.2.3, without the numbers that the format does not have; and what it refuses.
CANONICAL = [
    ("RFC 8785, 3.2.2, without its numbers", '{ "string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false] }',
     '{"literals":[null,true,false],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'),
    ("RFC 8785, 3.2.3, the order of names", '{"\\u20ac": "Euro Sign","\\r": "Carriage Return","\\ufb33": "Hebrew Letter Dalet With Dagesh","1": "One",'
     '"\\ud83d\\ude00": "Emoji: Grinning Face","\\u0080": "Control","\\u00f6": "Latin Small Letter O With Diaeresis"}',
     '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign",'
     '"\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'),
    ("canonical.md: the largest integer", "[9007199254740991,-9007199254740991]", "[9007199254740991,-9007199254740991]"),
]
REFUSED = [
    ("a fraction", "[1.5]"), ("an exponent", "[1e3]"), ("minus nothing", "[-0]"), ("an integer above 2^53-1", "[9007199254740992]"),
    ("a name twice", '{"a":1,"a":2}'), ("half a surrogate pair", '["\\ud83d"]'), ("something after the end", "[1]x"), ("a byte order mark", "\ufeff[1]"),
]

assert hashlib.sha256(b"abc").hexdigest() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4
assert hashlib.md5(b"abc").hexdigest() == "900150983cd24fb0d6963f7d28e17f72"  # RFC 1321


def stream(n):
    """n bytes without a pattern, which any language can make."""
    out = b"".join(sha(b"exhibit selftest" + i.to_bytes(8, "big")) for i in range(n // 32 + 1))
    return out[:n]


def hashes(name, b, source):
    return {"name": name, "source": source, **{a: hashlib.new(a, b).hexdigest() for a in ("sha256", "sha1", "md5", "sha512")}, "size": len(b)}


SEED = bytes.fromhex(ED25519[1][1])
ORIGIN = "lab.example/0b9f0b57-6a3c-4c0e-9b1e-0d6d3f6b2a11"


def fixed(text, n):
    """What would be random: the first n bytes of the SHA-256 of text, in hexadecimal."""
    return sha(text.encode())[:n].hex()


def commitment(salt, field, value):
    return sha(canonical([salt, field, value]).encode()).hex()


class Log:
    def __init__(self):
        self.entries, self.openings = [], []

    def add(self, kind, plain=(), secret=(), sets=(), refs=()):
        seq = len(self.entries)
        at = "2026-11-22T10:%02d:00.000000Z" % seq
        commit = {}
        for field, value in dict(secret).items():
            salt = fixed("salt %d %s" % (seq, field), 16)
            commit[field] = commitment(salt, field, value)
            self.openings.append({"seq": seq, "field": field, "salt": salt, "value": canonical(value)})
        u = fixed("id %d" % seq, 16)
        u = u[:12] + "4" + u[13:16] + "8" + u[17:]
        self.entries.append(canonical({
            "v": 1, "origin": ORIGIN, "seq": seq, "kind": kind, "nonce": fixed("nonce %d" % seq, 16),
            "id": "-".join((u[:8], u[8:12], u[12:16], u[16:20], u[20:])),
            "prev": leaf(self.entries[-1].encode()).hex() if seq else "",
            "time": {"start": at, "end": at, "local_offset": "+08:00", "monotonic_us": 60_000_000 * seq,
                     "clock": {"source": "system", "synchronised": None, "offset_us": None, "error_us": None}},
            "tool": {"name": "vectors.py", "version": "1", "sha256": "", "protocol": 1, "os": "linux", "arch": "amd64"},
            "plain": dict(plain), "commit": commit, "sets": dict(sets), "refs": dict(refs)}))
        return seq

    def leaves(self):
        return [leaf(e.encode()) for e in self.entries]


def mac(seed, message):
    return hmac.new(seed, message, hashlib.sha256).digest()[:16].hex()


def members(seed, bodies):
    """Leaf data of a set's members."""
    return [canonical({f: commitment(mac(seed, canonical([n, f]).encode()), f, v) for f, v in body.items()}) for n, body in enumerate(bodies)]


def note(size, r):
    text = "%s\n%d\n%s\n" % (ORIGIN, size, base64.b64encode(r).decode())
    return text + "\n\u2014 %s %s\n" % (ORIGIN, base64.b64encode(KEYHASH + sign(SEED, text.encode())).decode())


def ssh(*parts):
    return b"".join(len(p).to_bytes(4, "big") + p for p in parts)


def sshsig(namespace, message):
    signed = b"SSHSIG" + ssh(namespace, b"", b"sha512", hashlib.sha512(message).digest())
    blob = b"SSHSIG\x00\x00\x00\x01" + ssh(ssh(b"ssh-ed25519", PUBLIC), namespace, b"", b"sha512", ssh(b"ssh-ed25519", sign(SEED, signed)))
    text = base64.b64encode(blob).decode()
    lines = [text[i:i + 70] for i in range(0, len(text), 70)]
    return "-----BEGIN SSH SIGNATURE-----\n" + "\n".join(lines) + "\n-----END SSH SIGNATURE-----\n"


def hexes(path):
    return [h.hex() for h in path]


def tlog(first, path, note):
    return first + "".join(base64.b64encode(h).decode() + "\n" for h in path) + "\n" + note


for name, seed, message, pub, sig in ED25519:
    assert public(bytes.fromhex(seed)).hex() == pub, name
    if message:  # openssl pkeyutl takes no empty file
        assert sign(bytes.fromhex(seed), bytes.fromhex(message)).hex() == sig, name
for i, (_, want) in enumerate(REFERENCE):
    assert root([leaf(bytes.fromhex(l)) for l, _ in REFERENCE[:i + 1]]).hex() == want, i

PUBLIC = public(SEED)
KEYHASH = sha(ORIGIN.encode() + b"\n\x01" + PUBLIC)[:4]
VKEY = "%s+%s+%s" % (ORIGIN, KEYHASH.hex(), base64.b64encode(b"\x01" + PUBLIC).decode())

log = Log()
log.add("create", {"case": ORIGIN[-36:], "format": "1"}, {"asserted.case.title": "Operation X \u2028 \U0001f600"})
begin = log.add("receive", {"phase": "begin"}, {"asserted.exhibit": "EX-001", "asserted.zone": "+08:00"})
set_seed = sha(b"seed of the set")
bodies = [{"artifact": "sha256:" + sha(b"%d" % n).hex(), "origin": "original", "size": 1000 + n} for n in range(5)]
data = members(set_seed, bodies)
log.add("receive", {"phase": "part"}, sets={"artifacts": {"root": root([leaf(d.encode()) for d in data]).hex(), "size": len(data)}}, refs={"item": begin})
early = note(3, root(log.leaves()))
log.add("receive", {"phase": "end", "counts": {"files": 5}}, refs={"item": begin})
run_seed = sha(b"seed of the run")
lines = [canonical({"kind": "message", "text": t}) for t in ("\u65e9\u4e0a\u597d", "good morning", "", "a \"quoted\" word", "\u0001", "the last")]
salts = [mac(run_seed, n.to_bytes(8, "big")) for n in range(len(lines))]
record_leaves = [leaf(('["%s","record",%s]' % (s, l)).encode()) for s, l in zip(salts, lines)]
tree = {"root": root(record_leaves).hex(), "size": len(lines)}
runs_seed = sha(b"seed of the set of runs")
run = {"run": "sha256:" + sha(b"run").hex(), "record_tree": tree, "units": {"declared": -1, "emitted": 6, "read": 7, "rejected": 1, "skipped": 0}}
run_data = members(runs_seed, [run])
log.add("derive", {"phase": "result"}, sets={"runs": {"root": leaf(run_data[0].encode()).hex(), "size": 1}})
log.add("seal", {"signer": VKEY})
leaves = log.leaves()
late = note(6, root(leaves))
log.add("note", secret={"asserted.note": "after the seal"})

entry_proof = {"v": 1, "type": "entry", "key": VKEY, "entry": log.entries[1], "tlog": tlog("c2sp.org/tlog-proof@v1\nindex 1\n", path(1, leaves), late),
               "openings": [{k: o[k] for k in ("field", "salt", "value")} for o in log.openings if o["seq"] == 1 and o["field"] == "asserted.exhibit"]}
member_proof = {"v": 1, "type": "member", "key": VKEY, "entry": log.entries[2], "tlog": tlog("c2sp.org/tlog-proof@v1\nindex 2\n", path(2, leaves), late),
                "member": {"set": "artifacts", "n": 3, "leaf": data[3], "path": hexes(path(3, [leaf(d.encode()) for d in data])),
                           "fields": [{"field": "artifact", "salt": mac(set_seed, canonical([3, "artifact"]).encode()), "value": canonical(bodies[3]["artifact"])}]}}
record_proof = {"v": 1, "type": "record", "key": VKEY, "entry": log.entries[4], "tlog": tlog("c2sp.org/tlog-proof@v1\nindex 4\n", path(4, leaves), late),
                "member": {"set": "runs", "n": 0, "leaf": run_data[0], "path": [],
                           "fields": [{"field": "record_tree", "salt": mac(runs_seed, canonical([0, "record_tree"]).encode()), "value": canonical(tree)}]},
                "record": {"n": 0, "line": lines[0], "salt": salts[0], "path": hexes(path(0, record_leaves))}}
continues = {"v": 1, "type": "consistency", "key": VKEY, "old": early, "old_key": VKEY, "tlog": tlog("old 3\n", consistency(3, leaves), late)}

statement = b"what is signed\n"
json.dump({
    "canonical": [{"source": s, "in": a, "out": b} for s, a, b in CANONICAL],
    "refused": [{"what": s, "in": a} for s, a in REFUSED],
    "ed25519": [{"source": "RFC 8032, 7.1, " + n, "seed": s, "message": m, "public": p, "signature": g} for n, s, m, p, g in ED25519],
    "tree": {"leaves": [l for l, _ in REFERENCE], "roots": [r for _, r in REFERENCE]},
    "hashes": [hashes("abc", b"abc", "FIPS 180-4, RFC 1321"), hashes("nothing", b"", "FIPS 180-4, RFC 1321"),
               hashes("stream", stream(1_000_003), "Python hashlib"), hashes("text", b"2008-07-31 taiwan,1\n" * 30_000, "Python hashlib")],
    "sshsig": {"seed": SEED.hex(), "namespace": "exhibit-transfer", "message": statement.decode(), "signature": sshsig(b"exhibit-transfer", statement)},
    "log": {
        "origin": ORIGIN, "seed": SEED.hex(), "vkey": VKEY, "entries": log.entries, "openings": log.openings,
        "leaves": hexes(log.leaves()), "roots": [root(log.leaves()[:n]).hex() for n in range(len(log.entries) + 1)],
        "notes": {"3": early, "6": late},
        "set": {"seed": set_seed.hex(), "bodies": [canonical(b) for b in bodies], "leafData": data, "root": root([leaf(d.encode()) for d in data]).hex()},
        "runs": {"seed": runs_seed.hex(), "body": canonical(run)},
        "records": {"seed": run_seed.hex(), "lines": lines, "leaves": hexes(record_leaves), "root": tree["root"]},
        "proofs": {n: canonical(p) + "\n" for n, p in (("entry", entry_proof), ("member", member_proof), ("record", record_proof), ("consistency", continues))},
    },
}, sys.stdout, ensure_ascii=True, indent=1, sort_keys=True)
print()

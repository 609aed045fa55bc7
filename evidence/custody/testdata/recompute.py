"""Recomputes what an entry, a set and a record set commit to, from
docs/formats/custody.md and the standard library. Question and answer are JSON."""
import hashlib, hmac, json, sys


def canonical(v):
    return json.dumps(v, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def sha(b):
    return hashlib.sha256(b).digest()


def commitment(salt, field, value):
    return sha(canonical([salt, field, value])).hex()


def root(leaves):  # RFC 6962, section 2.1
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha(b"\x01" + root(leaves[:k]) + root(leaves[k:]))


def salt(seed, msg):
    return hmac.new(seed, msg, hashlib.sha256).digest()[:16].hex()


q = json.load(sys.stdin)
seed = bytes.fromhex(q["SetSeed"])
data = []
for n, body in enumerate(q["Members"]):
    data.append(canonical({f: commitment(salt(seed, canonical([n, f])), f, v) for f, v in json.loads(body).items()}))
members = [sha(b"\x00" + d) for d in data]
seed = bytes.fromhex(q["RunSeed"])
lines = []
for i, line in enumerate(q["Lines"]):
    lines.append(sha(b'\x00["%s","record",%s]' % (salt(seed, i.to_bytes(8, "big")).encode(), line.encode())))
json.dump({
    "Entry": sha(b"\x00" + q["Entry"].encode()).hex(),
    "Openings": [commitment(o["Salt"], o["Field"], o["Value"]) for o in q["Openings"]],
    "LeafData": [d.decode() for d in data],
    "Leaves": [m.hex() for m in members],
    "Root": root(members).hex(),
    "Lines": [l.hex() for l in lines],
    "RecordRoot": root(lines).hex(),
}, sys.stdout)

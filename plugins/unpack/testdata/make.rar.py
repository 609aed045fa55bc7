"""Makes the RAR samples anew: python3 make.rar.py, in this directory. There is no free program that
makes RAR archives: these are written after RARLAB's "RAR 5.0 archive format" (technote), stored,
and 7z(1) agrees with them (7z t -psecret FILE). Python's cryptography is needed."""
import hashlib, struct, zlib
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

TEXT = b"".join(b"2008-08-01 07:10:%02d line %d of a log\n" % (n % 60, n) for n in range(40))
FILES = {"logs/a.log": TEXT, "logs/empty": b"", "logs/中文.txt": b"text\n", "b.bin": bytes(range(256))}
KDF = 10  # 2**10 rounds


def vint(n):
    out = b""
    while n > 0x7F:
        out, n = out + bytes([n & 0x7F | 0x80]), n >> 7
    return out + bytes([n])


def block(kind, flags, body, extra=b"", data=None):
    head = vint(kind) + vint(flags | (1 if extra else 0) | (2 if data is not None else 0))
    head += (vint(len(extra)) if extra else b"") + (vint(len(data)) if data is not None else b"") + body + extra
    head = vint(len(head)) + head
    return struct.pack("<I", zlib.crc32(head)) + head


def derive(password, salt):
    f = lambda n: hashlib.pbkdf2_hmac("sha256", password, salt, n)
    check, folded = f((1 << KDF) + 32), bytearray(8)
    for i, c in enumerate(check):
        folded[i % 8] ^= c
    return f(1 << KDF), bytes(folded) + hashlib.sha256(folded).digest()[:4]


def cbc(key, iv, data):
    e = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return e.update(data + bytes(-len(data) % 16)) + e.finalize()


def rar(password=None, headers=False):
    salt, iv = bytes(range(16)), bytes(range(100, 116))
    out = b"Rar!\x1a\x07\x01\x00"
    key = check = None
    if password:
        key, check = derive(password, salt)
    put = lambda b: b
    if headers:
        out += block(4, 0, vint(0) + vint(1) + bytes([KDF]) + salt + check)
        put = lambda b: iv + cbc(key, iv, b)
    out += put(block(1, 0, vint(0)))
    for name, data in FILES.items():
        n, extra, crc = len(data), b"", zlib.crc32(data)
        if password and data:
            record = vint(1) + vint(0) + vint(1) + bytes([KDF]) + salt + iv + check
            extra, data = vint(len(record)) + record, cbc(key, iv, data)
        raw = name.encode()
        body = vint(0x6) + vint(n) + vint(0o100644) + struct.pack("<II", 1217545819, crc) + vint(0) + vint(1) + vint(len(raw)) + raw
        out += put(block(2, 0, body, extra, data)) + data
    return out + put(block(5, 0, vint(0)))


def volume():
    """The first of two: its only member goes on in the next."""
    data, raw = TEXT[:700], b"logs/a.log"
    body = vint(0x6) + vint(len(TEXT)) + vint(0o100644) + struct.pack("<II", 1217545819, zlib.crc32(data)) + vint(0) + vint(1) + vint(len(raw)) + raw
    return b"Rar!\x1a\x07\x01\x00" + block(1, 0, vint(1)) + block(2, 0x10, body, b"", data) + data + block(5, 0, vint(1))


# RAR 4, by rar itself (test.rar of the Go module gen2brain/go-unarr v0.2.4, zlib licence).
OLD = bytes.fromhex("526172211a0700cf907300000d0000000000000063d2742090250006000000060000000 3cf2a1ce5027f76491d3003008081000072617200c0756e617272 0ac43d7b00400700".replace(" ", ""))

for name, data in {"old.rar": OLD, "volume.rar": volume(), "sample.rar": rar(), "secret.rar": rar(b"secret"), "headers.rar": rar(b"secret", True)}.items():
    open(name, "wb").write(data)

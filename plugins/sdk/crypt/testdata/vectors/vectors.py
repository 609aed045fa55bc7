#!/usr/bin/python3
"""Writes vectors.json: ciphertexts made by other implementations.

PyCryptodome (Debian python3-pycryptodomex) for all ciphers; where the openssl
program has the same cipher (with -provider legacy), its output must agree, and
the vector says so. The byte chain and xor are written out here from their
descriptions. Run: ./vectors.py > vectors.json
"""
import hashlib, json, subprocess, sys
import Cryptodome
from Cryptodome.Cipher import AES, ARC4, Blowfish, DES, DES3
from Cryptodome.Util.Padding import pad


def stream(name, n):
    """n bytes that look random, the same every time."""
    out = b""
    while len(out) < n:
        out += hashlib.sha256(f"{name} {len(out)}".encode()).digest()
    return out[:n]


def openssl(cipher, key, iv, plain):
    cmd = ["openssl", "enc", "-" + cipher, "-nopad", "-K", key.hex(), "-provider", "legacy", "-provider", "default"]
    if iv:
        cmd += ["-iv", iv.hex()]
    r = subprocess.run(cmd, input=plain, capture_output=True)
    if r.returncode:
        raise SystemExit(f"{cipher}: {r.stderr.decode()}")
    return r.stdout


def chain(plain, first):
    out = [first]
    for p in plain:
        out.append(((p + out[-1]) % 255) ^ 0x68)
    return bytes(out)


vectors = []


def add(cipher, mode, key, iv, plain, sealed, by):
    vectors.append(dict(cipher=cipher, mode=mode, key=key.hex(), iv=iv.hex(), plain=plain.hex(), sealed=sealed.hex(), by=by))


def block(cipher, module, key, names):
    size = module.block_size
    for mode, name in names.items():
        for n in (0, 1, size, 3 * size - 1, 40 * size + 5):
            plain = pad(stream(f"{cipher}{mode}{n}", n), size)
            iv = stream("iv" + cipher, size) if mode == "cbc" else b""
            args = (iv,) if iv else ()
            sealed = module.new(key, getattr(module, "MODE_" + mode.upper()), *args).encrypt(plain)
            by = "PyCryptodome " + Cryptodome.__version__
            if name:
                if openssl(name, key, iv, plain) != sealed:
                    raise SystemExit(f"{name}: openssl and PyCryptodome differ")
                by += " and openssl"
            add(cipher, mode, key, iv, plain, sealed, by)


block("des", DES, b"32bnx23l", {"ecb": "des-ecb", "cbc": "des-cbc"})
block("des", DES, bytes.fromhex("58377352556a4c00"), {"ecb": "des-ecb"})
block("3des", DES3, DES3.adjust_key_parity(stream("3des", 24)), {"ecb": "des-ede3", "cbc": "des-ede3-cbc"})
block("3des", DES3, DES3.adjust_key_parity(stream("2des", 16)), {"ecb": "des-ede", "cbc": "des-ede-cbc"})
block("aes", AES, "0sr TM#RWFD,a43 ".encode("utf-16le"), {"ecb": "aes-256-ecb", "cbc": "aes-256-cbc"})
block("aes", AES, stream("aes192", 24), {"ecb": "aes-192-ecb"})
block("aes", AES, stream("aes128", 16), {"cbc": "aes-128-cbc"})
block("blowfish", Blowfish, b"H177UC09VI67KASI", {"ecb": "bf-ecb", "cbc": "bf-cbc"})
block("blowfish", Blowfish, b"12345", {"ecb": None})
for n in (0, 1, 7, 300):
    plain = stream(f"rc4{n}", n)
    key = b"sixteen byte key"
    sealed = ARC4.new(key).encrypt(plain)
    if n and openssl("rc4", key, b"", plain) != sealed:
        raise SystemExit("rc4: openssl and PyCryptodome differ")
    add("rc4", "", key, b"", plain, sealed, "PyCryptodome " + Cryptodome.__version__ + (" and openssl" if n else ""))
    key = b"\x01\xfe3"
    add("xor", "", key, b"", plain, bytes(p ^ key[i % 3] for i, p in enumerate(plain)), "vectors.py")
    plain = bytes(b % 255 for b in plain)
    add("tom-chain", "", b"", b"", plain, chain(plain, 0xA7), "vectors.py")
json.dump(vectors, sys.stdout, indent=0)
print()

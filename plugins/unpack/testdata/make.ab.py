"""Makes the Android backups anew: python3 make.ab.py, in this directory. Written after AOSP's
BackupManagerService (class comments of FullBackupEngine, and BackupPasswordManager) with Python's
hashlib, zlib and cryptography, apart from the Go that reads them."""
import hashlib, io, tarfile, zlib
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ROUNDS = 1000  # Android: 10000
FILES = {
    "apps/org.example.chat/_manifest": b"1\norg.example.chat\n7\n34\n\n0\n0\n",
    "apps/org.example.chat/f/notes.txt": b"a note\n" * 50,
    "apps/org.example.chat/db/empty.db": b"",
    "shared/0/DCIM/IMG_0001.jpg": b"\xff\xd8\xff" + bytes(range(256)),
}


def tar():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as t:
        for name, data in FILES.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(data), 1217545819, 0o600
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def cbc(key, iv, data):
    n = 16 - len(data) % 16
    e = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return e.update(data + bytes([n]) * n) + e.finalize()


def backup(version, compressed=True, password=None, eight_bit=False):
    def characters(text):  # as Java's PBKDF2 takes them
        return bytes(ord(c) & 0xFF for c in text) if eight_bit else text.encode()

    body = zlib.compress(tar(), 9) if compressed else tar()
    head = "ANDROID BACKUP\n%d\n%d\n%s\n" % (version, compressed, "AES-256" if password else "none")
    if password:
        user_salt, check_salt = bytes(range(64)), bytes(range(100, 164))
        user_iv, iv, master = bytes(range(16)), bytes(range(16, 32)), bytes((i * 37 + 5) % 256 for i in range(32))
        user = hashlib.pbkdf2_hmac("sha1", characters(password), user_salt, ROUNDS, 32)
        as_characters = "".join(chr(c if c < 128 else 0xFF00 + c) for c in master)
        check = hashlib.pbkdf2_hmac("sha1", characters(as_characters), check_salt, ROUNDS, 32)
        blob = b"".join(bytes([len(b)]) + b for b in (iv, master, check))
        head += "\n".join([user_salt.hex().upper(), check_salt.hex().upper(), str(ROUNDS), user_iv.hex().upper(), cbc(user, user_iv, blob).hex().upper()]) + "\n"
        body = cbc(master, iv, body)
    return head.encode() + body


for name, data in {
    "plain.ab": backup(1, False),
    "sample.ab": backup(5),
    "secret.ab": backup(5, password="pässwörd"),
    "secret1.ab": backup(1, password="pässwörd", eight_bit=True),
    "closed.ab": backup(4, password="secret"),
    "cut.ab": backup(3, password="secret")[:-300],
    "new.ab": backup(6),
}.items():
    open(name, "wb").write(data)

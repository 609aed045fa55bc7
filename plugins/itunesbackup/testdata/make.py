"""Makes the samples anew: python3 make.py, in this directory. The backups are as published
descriptions have them (Apple Platform Security; iphone-dataprotection; idevicebackup2's output),
the keybag, key wrap and ciphers by Python's hashlib and cryptography, the property lists by
plistlib, the database by sqlite3. Nothing of it came from a telephone.

    python3 make.py backup DIR FILE DOMAIN PATH [PASSWORD]

makes a backup in DIR that holds FILE under the device's path DOMAIN/PATH, and

    python3 make.py many DIR N

one of N files."""
import hashlib, os, plistlib, shutil, sqlite3, struct, sys

try:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.keywrap import aes_key_wrap
except ImportError:  # without a password none of it is needed
    pass

CLASSES = {1: bytes(range(32)), 3: bytes(range(50, 82)), 4: bytes(range(90, 122))}
UID = plistlib.UID


def cbc(key, data):
    n = 16 - len(data) % 16
    e = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    return e.update(data + bytes([n]) * n) + e.finalize()


def keybag(password, rounds2):
    salt, salt2, rounds = bytes(range(20)), bytes(range(40, 60)), 100
    key = hashlib.pbkdf2_hmac("sha256", password, salt2, rounds2) if rounds2 else password
    key = hashlib.pbkdf2_hmac("sha1", key, salt, rounds, 32)
    tlv = lambda tag, v: tag + struct.pack(">I", len(v)) + v
    n = lambda i: struct.pack(">I", i)
    out = tlv(b"VERS", n(4)) + tlv(b"TYPE", n(1)) + tlv(b"UUID", b"u" * 16) + tlv(b"HMCK", b"h" * 40) + tlv(b"WRAP", n(1)) + tlv(b"SALT", salt) + tlv(b"ITER", n(rounds))
    if rounds2:
        out += tlv(b"DPWT", n(1)) + tlv(b"DPIC", n(rounds2)) + tlv(b"DPSL", salt2)
    for number, plain in CLASSES.items():
        out += tlv(b"UUID", bytes([number]) * 16) + tlv(b"CLAS", n(number)) + tlv(b"WRAP", n(2)) + tlv(b"KTYP", n(0)) + tlv(b"WPKY", aes_key_wrap(key, plain))
    return out + tlv(b"UUID", b"d" * 16) + tlv(b"CLAS", n(11)) + tlv(b"WRAP", n(1)) + tlv(b"WPKY", b"x" * 40)


def mbfile(path, data, key=None):
    root = {"$class": UID(2), "LastModified": 1217545819, "Birth": 1217545000, "LastStatusChange": 1217545819, "Size": len(data), "Mode": 0o100644, "UserID": 501, "GroupID": 501, "InodeNumber": 7, "ProtectionClass": 3, "Flags": 0, "RelativePath": UID(3)}
    objects = ["$null", root, {"$classname": "MBFile", "$classes": ["MBFile", "NSObject"]}, path]
    if key:
        root["EncryptionKey"] = UID(4)
        objects += [{"$class": UID(5), "NS.data": struct.pack("<I", 3) + aes_key_wrap(CLASSES[3], key)}, {"$classname": "NSMutableData", "$classes": ["NSMutableData", "NSData", "NSObject"]}]
    return plistlib.dumps({"$version": 100000, "$archiver": "NSKeyedArchiver", "$top": {"root": UID(1)}, "$objects": objects}, fmt=plistlib.FMT_BINARY)


def backup(directory, files, password=None, rounds2=200, missing=()):
    """Writes a backup of {(domain, path): bytes, or None for a directory}."""
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    db = sqlite3.connect(os.path.join(directory, "Manifest.db"))
    db.executescript("""CREATE TABLE Files (fileID TEXT PRIMARY KEY, domain TEXT, relativePath TEXT, flags INTEGER, file BLOB);
CREATE INDEX FilesDomainIdx ON Files(domain); CREATE INDEX FilesRelativePathIdx ON Files(relativePath);
CREATE TABLE Properties (key TEXT PRIMARY KEY, value BLOB);""")
    for i, ((domain, path), data) in enumerate(files.items()):
        name = hashlib.sha1(f"{domain}-{path}".encode()).hexdigest()
        key = hashlib.sha256(name.encode()).digest() if password else None
        db.execute("INSERT INTO Files VALUES (?, ?, ?, ?, ?)", (name, domain, path, 2 if data is None else 1, mbfile(path, data or b"", key)))
        if data is None or path in missing:
            continue
        os.makedirs(os.path.join(directory, name[:2]), exist_ok=True)
        with open(os.path.join(directory, name[:2], name), "wb") as f:
            f.write(cbc(key, data) if password else data)
    db.commit()
    db.close()
    manifest = {"Version": "10.0", "IsEncrypted": bool(password), "Lockdown": {"ProductVersion": "16.5", "DeviceName": "a telephone"}}
    if password:
        path, key = os.path.join(directory, "Manifest.db"), bytes(range(200, 232))
        data = open(path, "rb").read()
        open(path, "wb").write(cbc(key, data)[: len(data)])  # no padding: pages are whole blocks
        manifest |= {"BackupKeyBag": keybag(password, rounds2), "ManifestKey": struct.pack("<I", 4) + aes_key_wrap(CLASSES[4], key)}
    open(os.path.join(directory, "Manifest.plist"), "wb").write(plistlib.dumps(manifest, fmt=plistlib.FMT_BINARY))


FILES = {
    ("HomeDomain", "Library/Preferences"): None,
    ("HomeDomain", "Library/Preferences/org.example.plist"): b"bplist00 not really",
    ("CameraRollDomain", "Media/DCIM/100APPLE/IMG_0001.JPG"): b"\xff\xd8\xff" + bytes(range(256)) * 3,
    ("AppDomain-org.example.chat", "Documents/日記.txt"): "日記\n".encode() * 9,
    ("AppDomain-org.example.chat", "Documents/empty"): b"",
    ("AppDomain-org.example.chat", "Documents/gone"): b"not in the backup",
}


def sample(name, **more):
    backup("tmp", FILES, missing=("Documents/gone",), **more)
    os.replace("tmp/Manifest.db", name)
    shutil.rmtree(name + ".beside", ignore_errors=True)
    os.rename("tmp", name + ".beside")


if sys.argv[1:2] == ["many"]:
    backup(sys.argv[2], {("AppDomain-x", f"f/{i}"): b"file %d" % i for i in range(int(sys.argv[3]))})
elif len(sys.argv) > 1:
    _, _, directory, file, domain, path, *password = sys.argv
    backup(directory, {(domain, path): open(file, "rb").read()}, (password or [""])[0].encode() or None)
else:
    sample("plain.db")
    sample("secret.db", password=b"secret")
    sample("secret9.db", password=b"secret", rounds2=0)
    sample("closed.db", password=b"secret")
    sample("cut.db")
    for path, _, names in os.walk("cut.db.beside"):
        for name in names:
            if os.path.getsize(os.path.join(path, name)) == 771:
                os.truncate(os.path.join(path, name), 500)
    open("old.mbdb", "wb").write(b"mbdb\x05\x00" + bytes(40))

"""The script an analyst would write: decrypt, split, insert. Nothing else.

Usage: baseline.py LOG OUT.db KEY. No hashing, no provenance, no checks."""
import base64, sqlite3, sys
from Cryptodome.Cipher import DES

log, out, key = sys.argv[1:4]
db = sqlite3.connect(out)
db.execute("PRAGMA journal_mode=OFF")
db.execute("CREATE TABLE m (ip, account, peer, direction, time, term, text)")
cipher = DES.new(key.encode(), DES.MODE_ECB)

def rows():
    for line in open(log, "rb"):
        plain = cipher.decrypt(base64.b64decode(line))
        plain = plain[:-plain[-1]]
        yield plain.decode().split("\t", 6)

db.executemany("INSERT INTO m VALUES (?,?,?,?,?,?,?)", rows())
db.commit()
print(db.execute("SELECT count(*) FROM m").fetchone()[0])

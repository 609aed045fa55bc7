"""Makes calllog.db and calllog.db-wal: thirteen calls in the database, two only in its write-ahead log."""

import os
import shutil
import sqlite3
import sys
import tempfile

CALLS = [
    ("+86 138 0000 0001", 1383065788038, 61, 1, "Li Wei"),
    ("+86 138 0000 0002", 1383065899000, 0, 3, None),
    ("10086", 1383066000500, 12, 2, "China Mobile"),
]
CALLS += [("+86 138 0000 %04d" % n, 1383067000000 + 1000 * n, n, 2, "Friend %d" % n) for n in range(10, 20)]
LATER = [("+86 138 0000 0003", 1383069999001, 5, 2, "名字"), ("", 1383070000000, 0, 5, None)]


def main(out):
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "calllog.db")
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA page_size=512")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE calls (_id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT, date INTEGER, duration INTEGER, type INTEGER, name TEXT)")
        insert = "INSERT INTO calls (number, date, duration, type, name) VALUES (?, ?, ?, ?, ?)"
        db.executemany(insert, CALLS)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA wal_autocheckpoint=0")
        db.executemany(insert, LATER)
        for suffix in ("", "-wal"):
            shutil.copyfile(path + suffix, os.path.join(out, "calllog.db" + suffix))
        db.close()


main(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))

"""SQLite's own ways to find text, over what `search CASE --grams` prints.

Usage: fts.py SEARCH CASE DB ROUNDS TEXT…  Builds a table of texts and a contentless
FTS5 index of the same grams that exhibit indexes (detail=none, columnsize=0), and
prints JSON: seconds of this process's CPU for the FTS5 inserts alone, bytes, and
for each text hits and best milliseconds, to the first 50 by time and to the count, with
FTS5 (and instr where FTS5 gives candidates only) and with LIKE."""
import json, os, sqlite3, subprocess, sys, time

search, case, path, rounds, texts = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5:]
if os.path.exists(path):
    os.unlink(path)
db = sqlite3.connect(path)
db.execute("PRAGMA journal_mode=OFF")
db.execute("PRAGMA synchronous=OFF")
db.execute("PRAGMA case_sensitive_like=ON")  # all is folded
db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, time TEXT, body TEXT)")
p = subprocess.Popen([search, case, "--grams"], stdout=subprocess.PIPE)
spent = n = 0
rows, grams = [], []


def flush():
    global spent
    db.executemany("INSERT INTO t VALUES (?,?,?)", rows)
    before = time.process_time()
    db.executemany("INSERT INTO f (rowid, g) VALUES (?,?)", grams)
    spent += time.process_time() - before
    rows.clear(), grams.clear()


db.execute("CREATE VIRTUAL TABLE f USING fts5(g, content='', detail=none, columnsize=0, tokenize='ascii')")
for line in p.stdout:
    at, body, tokens = line.decode().rstrip("\n").split("\t")
    n += 1
    rows.append((n, at, body)), grams.append((n, tokens))
    if len(rows) == 10000:
        flush()
flush()
before = time.process_time()
db.commit()
spent += time.process_time() - before
assert p.wait() == 0
size = db.execute("SELECT sum(length(block)) FROM f_data").fetchone()[0]


def hexes(text):
    return [f"{ord(a):x}z{ord(b):x}" for a, b in zip(text, text[1:])]


def best(sql, args):
    low = None
    for _ in range(rounds):
        t = time.monotonic()
        got = db.execute(sql, args).fetchall()
        t = (time.monotonic() - t) * 1000
        low = t if low is None else min(low, t)
    return low, got


out = []
for text in texts:
    if len(text) == 1:
        h = f"{ord(text):x}"
        where, args = "rowid IN (SELECT rowid FROM f WHERE f MATCH ?)", [f'"{h}" OR {h}z*']
    else:
        where, args = "rowid IN (SELECT rowid FROM f WHERE f MATCH ?)", [" AND ".join(f'"{h}"' for h in hexes(text))]
        if len(text) > 2:
            where, args = where + " AND instr(body, ?)", args + [text]
    like, largs = "body LIKE ? ESCAPE char(1)", ["%" + text + "%"]
    r = {"text": text}
    for name, w, a in (("fts5", where, args), ("like", like, largs)):
        if name == "fts5" and len(text) <= 2:
            r["fts5_count"], got = best("SELECT count(*) FROM f WHERE f MATCH ?", a)
        else:
            r[name + "_count"], got = best(f"SELECT count(*) FROM t WHERE {w}", a)
        r[name + "_hits"] = got[0][0]
        r[name + "_first"], _ = best(f"SELECT time, body FROM t WHERE {w} ORDER BY time, id LIMIT 50", a)
    out.append(r)
json.dump({"records": n, "cpu": spent, "bytes": size, "texts": out}, sys.stdout)

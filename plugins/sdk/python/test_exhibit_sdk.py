"""Tests of exhibit_sdk.py. The standard library is the outside truth: sqlite3, csv, json."""

import base64
import csv
import io
import json
import os
import random
import sqlite3
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import exhibit_sdk as sdk  # noqa: E402


class Lines:
    """Keeps what a job prints."""

    def __init__(self):
        self.all = []

    def put(self, line):
        assert line.endswith(b"\n") and line.count(b"\n") == 1, line
        self.all.append(json.loads(line.decode("utf-8", "surrogateescape")))

    def flush(self):
        pass

    def of(self, name):
        return [s[name] for s in self.all if name in s]


class Case(unittest.TestCase):
    def input(self, data, role="input"):
        f = tempfile.TemporaryFile()
        self.addCleanup(f.close)
        f.write(data)
        f.flush()
        return sdk.Input(f.fileno(), len(data), "", role)

    def job(self, data, wal=None, config=None, limits=None):
        inputs = [self.input(data, "input" if wal is None else "main")]
        if wal is not None:
            inputs.append(self.input(wal, "wal"))
        self.out = Lines()
        return sdk.Job(self.out, "parse", inputs, config, limits=limits)

    def run_job(self, job, parse):
        done = sdk._run(self.out, job, {"parse": parse})
        units = done["units"]
        self.assertEqual(units["read"], units["emitted"] + units["rejected"] + units["skipped"], done)
        self.assertEqual(units["rejected"], sum(d["severity"] == "reject" for d in self.out.of("diagnostic")))
        self.assertLessEqual(done["bytes_read"], sum(i.size for i in job.inputs))
        return done

    def silent(self):
        err, sys.stderr = sys.stderr, io.StringIO()
        self.addCleanup(setattr, sys, "stderr", err)


class TestLines(Case):
    def test_spans(self):
        for data in (b"", b"\n", b"a", b"a\n", b"a\r\nb", b"\r\n\r\n", b"a\rb\n\xff\n\n", b"x" * 100000 + b"\r\ny", bytes(random.Random(1).choices(b"ab\r\n", k=5000))):
            job = self.job(data)
            got = [(line.raw, line.span["offset"], line.number) for line in job.lines()]
            want, at = [], 0
            for n, raw in enumerate(io.BytesIO(data), 1):
                body = raw[:-2] if raw.endswith(b"\r\n") else raw[:-1] if raw.endswith(b"\n") else raw
                want.append((body, at, n))
                at += len(raw)
            self.assertEqual(got, want)
            self.assertTrue(all(data[o : o + len(r)] == r for r, o, _ in got))
            self.assertEqual(job.input.covered(), len(data))

    def test_units(self):
        def parse(job):
            for line in job.lines():
                if line.text == "bad":
                    job.reject("line.bad", "bad")
                elif line.text:
                    job.row("t", {"text": line.text})
                    job.row("t", {"again": 1})

        done = self.run_job(self.job(b"a\n\nbad\nb\n"), parse)
        self.assertEqual(done["units"], {"declared": -1, "read": 4, "emitted": 2, "rejected": 1, "skipped": 1})
        self.assertEqual((done["records"], done["outcome"], done["bytes_read"]), (4, "complete", 9))
        self.assertEqual(self.out.of("record")[2]["source"], {"offset": 7, "length": 1, "line": 4})

    def test_inner_loop_is_no_unit(self):
        def parse(job):
            for line in job.lines():
                for _ in job.lines():
                    pass
                job.row("t", {"a": line.text})

        self.assertEqual(self.run_job(self.job(b"a\nb\n"), parse)["units"]["read"], 2)

    def test_break_and_two_loops(self):
        def parse(job):
            for line in job.lines():
                job.row("t", {"a": line.text})
                break
            for line in job.lines():
                job.row("t", {"b": line.text})

        self.assertEqual(self.run_job(self.job(b"a\nb\n"), parse)["units"]["emitted"], 3)

    def test_too_long(self):
        keep, sdk.MAX_LINE = sdk.MAX_LINE, 10
        self.addCleanup(setattr, sdk, "MAX_LINE", keep)
        job = self.job(b"x" * 11 + b"\nshort\n")
        done = self.run_job(job, lambda j: [j.row("t", {"a": x.text}) for x in j.lines()])
        self.assertEqual((done["units"]["rejected"], done["units"]["emitted"]), (1, 1))


class TestRecords(Case):
    def test_exception(self):
        self.silent()

        def parse(job):
            for line in job.lines():
                with job.guard():
                    job.row("t", {"n": int(line.text)})

        done = self.run_job(self.job(b"1\nsecret\n3\n"), parse)
        self.assertEqual((done["outcome"], done["units"]["rejected"], done["records"]), ("complete", 1, 2))
        told = self.out.of("diagnostic")[0]
        self.assertEqual(told["data"]["exception"], "ValueError")
        self.assertNotIn("secret", json.dumps(self.out.all))

        def fails(job):
            for line in job.lines():
                job.row("t", {"n": int(line.text)})

        done = self.run_job(self.job(b"1\nsecret\n3\n"), fails)
        self.assertEqual(done["outcome"], "failed")
        self.assertNotIn("secret", json.dumps(self.out.all))
        self.assertIn("ValueError in test_exhibit_sdk.py line", done["reason"])

    def test_kinds(self):
        job = self.job(b"x" * 50)
        at = sdk.span(0, 5)
        job.message(at, time=sdk.unix(1383065788038, "ms", "sent"), sender=b"\xffa", to="b", text=sdk.text("中文".encode("gb18030"), "gbk"), attachments=[{"name": "a.jpg", "size": 3}], state="deleted", extra={"blob": b"\x00\xff", "f": 1.5, "big": 2**60, "nan": float("nan")})
        job.call(at, sender=None, to=None, duration_s="12", direction="incoming")
        job.account(at, username="u", phones=["1"], created=sdk.mac(0), credential={"type": "md5", "value": "x"})
        job.contact(at, names=["n"])
        job.keyword(at, term="t", list="l", effect="censor")
        job.transfer(at, service="skype", sender="a", to=["b"], direction="outgoing", status="completed", file_name="plan.pdf", file_path="/x/plan.pdf", file_size="69986", transferred=None)
        job.record("x-acme/place", {"lat": "1.5", "name": b"\xfe"}, at, time=None)
        m, c, a, _, _, x, p = self.out.of("record")
        self.assertEqual((x["kind"], x["from"], x["to"], x["file_name"], x["file_size"], x["transferred"]), ("transfer", "a", ["b"], "plan.pdf", 69986, None))
        self.assertEqual((m["time"], m["time_raw"], m["time_kind"]), ("2013-10-29T16:56:28.038Z", "1383065788038", "sent"))
        self.assertEqual((m["from"], m["to"], m["text"], m["charset"]), ("\udcffa", ["b"], "中文", "gb18030"))
        self.assertEqual(m["extra"], {"blob": {"raw": "AP8="}, "f": "1.5", "big": 2**60, "nan": "nan"})
        self.assertEqual((c["from"], c["to"], c["duration_s"]), (None, [], 12))
        self.assertEqual(a["created"], "2001-01-01T00:00:00Z")
        self.assertEqual((p["time"], p["name"], p["kind"]), (None, "\udcfe", "x-acme/place"))
        with self.assertRaises(TypeError):
            job.sms(at, texts="misspelt")
        with self.assertRaises(ValueError):
            job.row("t", {}, sdk.span(40, 11))
        with self.assertRaises(ValueError):
            job.record("place", {}, at)
        with self.assertRaises(ValueError):
            job.sms(text="no span, no loop")

    def test_damaged_text(self):
        job = self.job(b"xxxx")
        job.sms(sdk.span(0, 4), text=sdk.text(b"\xc4\xe3\xff\xff", "gb18030"))
        r = self.out.of("record")[0]
        self.assertEqual(base64.b64decode(r["text_raw"]), b"\xc4\xe3\xff\xff")
        self.assertEqual(r["flags"], ["charset_damaged"])
        self.assertTrue(r["text"].startswith("你\ufffd"))

    def test_too_long(self):
        done = self.run_job(self.job(b"a\nb\n", limits={"record_bytes": 2000}), lambda j: [j.row("t", {"v": v, "l": x.text}) for x, v in zip(j.lines(), ("x" * 3000, b"\xff" * 10))])
        self.assertEqual((done["units"]["rejected"], done["units"]["emitted"]), (1, 1))

    def test_artifact(self):
        def unpack(job):
            with job.artifact("a/\udcff", steps=[{"do": "copy"}], text=True) as f:
                f.write(b"x" * 1000000)

        done = self.run_job(self.job(b"zz"), unpack)
        self.assertEqual((done["artifacts"], done["units"]["emitted"]), (1, 1))
        self.assertEqual(b"".join(base64.b64decode(d) for d in self.out.of("data")), b"x" * 1000000)
        self.assertEqual(self.out.of("end"), [{"complete": True, "reason": ""}])


class TestTimes(unittest.TestCase):
    def test_counted(self):
        for got, want in (
            (sdk.unix(0), "1970-01-01T00:00:00Z"),
            (sdk.unix(1383065788038, "ms"), "2013-10-29T16:56:28.038Z"),
            (sdk.unix("1383065788038123", "us"), "2013-10-29T16:56:28.038123Z"),
            (sdk.unix(-1, "ms"), "1969-12-31T23:59:59.999Z"),
            (sdk.unix(1.5), "1970-01-01T00:00:01.5Z"),
            (sdk.unix("12.50"), "1970-01-01T00:00:12.50Z"),
            (sdk.unix(12.0), "1970-01-01T00:00:12Z"),
            (sdk.mac(443717234), "2015-01-23T14:47:14Z"),
            (sdk.mac(443717234000000001, "ns"), "2015-01-23T14:47:14.000000001Z"),
            (sdk.windows(116444736000000001), "1970-01-01T00:00:00.0000001Z"),
            (sdk.windows(13000000000000000, "us"), "2012-12-14T23:06:40.000000Z"),
            (sdk.unix(10**17), None),
            (sdk.unix("1e5"), None),
            (sdk.unix("\u0661"), None),
            (sdk.unix(""), None),
        ):
            self.assertEqual(got.value, want)
        self.assertEqual(sdk.unix("x").flags, ("time_unreadable",))
        self.assertEqual(sdk.unix(0).flags, ("time_implausible",))
        self.assertIsNone(sdk.unix(None).raw)

    def test_when(self):
        for got, want, zone, basis in (
            (sdk.when("2024-02-29T12:00:00Z"), "2024-02-29T12:00:00Z", "UTC", "source"),
            (sdk.when("2024-02-29 12:00:00.120+08:00"), "2024-02-29T04:00:00.120Z", "+08:00", "source"),
            (sdk.when("2024-02-29 12:00:00", zone="+0530"), "2024-02-29T06:30:00Z", "+05:30", "layout"),
            (sdk.when("2024-02-29 12:00"), "2024-02-29T12:00:00Z", "UTC", "assumed"),
            (sdk.when("29/02/2024 12.00.01.25", "%d/%m/%Y %H.%M.%S.%f", "-03"), "2024-02-29T15:00:01.25Z", "-03:00", "layout"),
        ):
            self.assertEqual((got.value, got.basis["zone"], got.basis["zone_basis"]), (want, zone, basis))
        self.assertEqual(sdk.when("2023-02-29", "%Y-%m-%d").flags, ("time_unreadable",))
        self.assertEqual(sdk.when("no time", zone="+0800").basis, {"basis": "declared", "unit": "text", "zone": "+08:00", "zone_basis": "layout"})
        with self.assertRaises(sdk.Refused):
            sdk.when("2024-01-01", zone="Asia/Shanghai")


class TestCSV(Case):
    def test_against_csv(self):
        rng = random.Random(7)
        for _ in range(200):
            rows = [["".join(rng.choices('ab,"\n\r中', k=rng.randrange(6))) for _ in range(rng.randrange(1, 4))] for _ in range(rng.randrange(1, 8))]
            rows = [r if "".join(r) else ["x"] for r in rows]
            text = io.StringIO()
            csv.writer(text, lineterminator=rng.choice(["\n", "\r\n"]), quoting=csv.QUOTE_ALL).writerows(rows)
            data = text.getvalue().encode()
            job = self.job(data)
            got = list(job.csv(header=False))
            self.assertEqual([r.fields for r in got], rows)
            for r in got:
                raw = data[r.span["offset"] : r.span["offset"] + r.span["length"]].decode()
                self.assertEqual(next(csv.reader(io.StringIO(raw, newline=""))), r.fields)

    def test_header_and_odd(self):
        def parse(job):
            for row in job.csv(delimiter=";"):
                job.row("t", row)

        done = self.run_job(self.job(b'\xef\xbb\xbfa;b;a\n1;2;3\nx;5" disk;y\nlast;"q\nq";z\n"open;1;2\n'), parse)
        first, odd, last, open_ = self.out.of("record")
        self.assertEqual((last["columns"]["b"], last["source"]["line"]), ("q\nq", 4))
        self.assertEqual((open_["columns"]["a"], open_["source"]["line"]), ('"open', 6))
        self.assertEqual(first["columns"], {"a": "1", "b": "2", "a#2": "3"})
        self.assertEqual(odd["columns"]["b"], '5" disk')
        self.assertEqual(done["units"]["skipped"], 1)
        self.assertIn("row.quote_odd", [d["code"] for d in self.out.of("diagnostic")])


class TestJSON(Case):
    def check(self, data, pointer, want):
        job = self.job(data)
        got = list(job.json(pointer))
        self.assertEqual([i.value for i in got], want)
        for i in got:
            raw = data[i.span["offset"] : i.span["offset"] + i.span["length"]]
            self.assertEqual(json.loads(raw.decode("utf-8", "surrogateescape")), i.value)
        return job, got

    def test_items(self):
        data = ' {"a":[1, {"x":"中\\n"} ,"s"],"b~/":{"k":[ ],"l":null}, "c":5}'.encode()
        self.check(data, "/a", [1, {"x": "中\n"}, "s"])
        _, got = self.check(data, "/b~0~1", [[], None])
        self.assertEqual([(i.key, i.pointer) for i in got], [("k", "/b~0~1/k"), ("l", "/b~0~1/l")])
        self.check(data, "/c", [5])
        self.check(data, "/nothing", [])
        self.check(data, "", [{"a": [1, {"x": "中\n"}, "s"]}["a"], {"k": [], "l": None}, 5])
        self.check(b'["\xff"]', "", ["\udcff"])
        self.check(b"[]", "", [])

    def test_broken(self):
        for data in (b"[1,2,", b"[1,2", b"[1 2]", b'{"a":1,', b'{"a"', b"", b"{", b"[" * 100000):
            job = self.job(data)
            list(job.json())
            self.assertEqual([d["severity"] for d in self.out.of("diagnostic")], ["damage"], data[:10])

    def test_lines(self):
        done = self.run_job(self.job(b'{"a":1}\n\nnope\n[2]\n'), lambda j: [j.row("t", {"v": i.value}) for i in j.jsonlines()])
        self.assertEqual(done["units"], {"declared": -1, "read": 4, "emitted": 2, "rejected": 1, "skipped": 1})


class TestXML(Case):
    def test_spans(self):
        text = '<?xml version="1.0"%s?>\n<r><!-- <m/> --><m a="1>2" b=\'&lt;\'>t&amp;u<k>v</k></m >x<m/><n:m>中</n:m>\n</r>'
        for encoding, declared in (("utf-8", ""), ("utf-16", ""), ("latin-1", ' encoding="iso-8859-1"')):
            source = text if encoding != "latin-1" else text.replace("中", "é")
            data = (source % declared).encode(encoding)
            job = self.job(data)
            got = list(job.xml("m"))
            self.assertEqual([e.tag for e in got], ["m", "m", "n:m"])
            self.assertEqual((got[0].attrib, got[0].text, got[0].find("k").text), ({"a": "1>2", "b": "<"}, "t&u", "v"))
            code = {"utf-16": "utf-16-le"}.get(encoding, encoding)
            raw = [data[e.span["offset"] : e.span["offset"] + e.span["length"]].decode(code) for e in got]
            self.assertEqual(raw[1], "<m/>")
            self.assertTrue(raw[0].startswith("<m a=") and raw[0].endswith("</m >"), raw[0])
            self.assertTrue(raw[2].startswith("<n:m>") and raw[2].endswith("</n:m>"))

    def test_root_and_damage(self):
        job = self.job(b"<m>1</m>\n")
        got = list(job.xml("m"))
        self.assertEqual((got[0].text, got[0].span), ("1", {"offset": 0, "length": 8}))
        job = self.job(b"<r><m>1</m><m>2</r>")
        self.assertEqual([e.text for e in job.xml("m")], ["1"])
        self.assertEqual(self.out.of("diagnostic")[0]["code"], "xml.malformed")

    def test_entities(self):
        bomb = b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><r><m>&b;</m></r>'
        job = self.job(bomb)
        self.assertEqual(list(job.xml("m")), [])
        self.assertEqual(self.out.of("diagnostic")[0]["code"], "xml.refused")
        outside = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><m>&x;</m></r>'
        job = self.job(outside)
        self.assertNotIn("root:", "".join(e.text for e in job.xml("m")))


class TestSQLite(Case):
    def make(self, fill, wal=None, page=1024, encoding="UTF-8"):
        d = tempfile.mkdtemp()
        path = os.path.join(d, "x.db")
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA encoding='%s'" % encoding)
        db.execute("PRAGMA page_size=%d" % page)
        if wal:
            db.execute("PRAGMA journal_mode=WAL")
        fill(db)
        log = None
        if wal:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("PRAGMA wal_autocheckpoint=0")
            wal(db)
            with open(path + "-wal", "rb") as f:
                log = f.read()
        with open(path, "rb") as f:
            data = f.read()
        self.truth = lambda sql: db.execute(sql).fetchall()
        self.addCleanup(db.close)
        return data, log

    @staticmethod
    def fill(db):
        rng = random.Random(3)
        db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b, c REAL DEFAULT 1.5)")
        for i in range(300):
            value = rng.choice([None, 1, -(2**40), 2**62, 0, 2.5, b"\x00\xff" * rng.randrange(4), "中" * rng.randrange(900)])
            db.execute("INSERT INTO t VALUES (?, ?, ?, ?)", (rng.choice([None, rng.randrange(-(2**62), 2**62)]), "row %d" % i, value, rng.random()))
        db.execute("DELETE FROM t WHERE a LIKE '%7'")
        db.execute("ALTER TABLE t ADD COLUMN d TEXT DEFAULT 'later'")
        db.execute("CREATE TABLE other (x, y)")
        db.execute("CREATE INDEX i ON t(a)")

    def test_rows(self):
        for page, encoding in ((512, "UTF-8"), (4096, "UTF-16le"), (65536, "UTF-16be")):
            data, _ = self.make(self.fill, page=page, encoding=encoding)
            job = self.job(data)
            db = job.sqlite()
            rows = list(db.rows("T"))
            self.assertEqual([tuple(r.fields) for r in rows], self.truth("SELECT * FROM t ORDER BY rowid"))
            self.assertEqual(db.tables(), ["t", "other"])
            code = {"UTF-8": "utf-8"}.get(encoding, encoding[:-2] + "-" + encoding[-2:])
            for r in rows:
                cell = data[r.span["offset"] : r.span["offset"] + r.span["length"]]
                self.assertIn(r["a"].encode(code), cell)
                self.assertEqual((r.span["table"], r.span["rowid"]), ("t", r["id"]))
            self.assertEqual(self.out.all, [])

    def wal(self, db):
        db.execute("UPDATE t SET b = 'changed' WHERE a LIKE '%3'")
        db.execute("INSERT INTO t (a, b) VALUES ('only in the log', ?)", ("x" * 5000,))
        db.execute("DELETE FROM t WHERE a LIKE '%5'")

    def test_wal(self):
        data, log = self.make(self.fill, self.wal)
        job = self.job(data, log)
        rows = list(job.sqlite().rows("t"))
        self.assertEqual([tuple(r.fields) for r in rows], self.truth("SELECT * FROM t ORDER BY rowid"))
        self.assertEqual({r.span.get("role") for r in rows}, {None, "wal"})
        for r in rows:
            file = log if r.span.get("role") == "wal" else data
            self.assertIn(r["a"].encode(), file[r.span["offset"] : r.span["offset"] + r.span["length"]])

    def test_query(self):
        if not hasattr(sqlite3.Connection, "deserialize"):
            self.skipTest("NOT TESTED: no sqlite3.deserialize before Python 3.11")
        data, log = self.make(self.fill, self.wal)
        job = self.job(data, log)
        db = job.sqlite()
        rows = list(db.query("SELECT a, b FROM t WHERE a LIKE ? ORDER BY a", ("%1%",), table="t"))
        self.assertEqual([tuple(r.fields) for r in rows], self.truth("SELECT a, b FROM t WHERE a LIKE '%1%' ORDER BY a"))
        by_rowid = {r.rowid: r.span for r in db.rows("t")}
        self.assertEqual([r.span for r in rows], [by_rowid[r.rowid] for r in rows])
        self.assertEqual([tuple(r.fields) for r in db.query("SELECT count(*) FROM t")], self.truth("SELECT count(*) FROM t"))
        with self.assertRaises(sdk.Refused):
            list(db.query("SELECT nothing FROM t", table="t"))

    def test_wal_alone_and_torn(self):
        data, log = self.make(self.fill, self.wal)
        job = self.job(data)
        list(job.sqlite().rows("t"))
        self.assertEqual([d["code"] for d in self.out.of("diagnostic")], ["sqlite.wal_missing"])
        # One bit of the last frame: its transaction does not count.
        torn = bytearray(log)
        torn[-1] ^= 1
        job = self.job(data, bytes(torn))
        rows = list(job.sqlite().rows("t"))
        codes = [d["code"] for d in self.out.of("diagnostic")]
        self.assertIn("sqlite.wal_frame", codes)
        with tempfile.TemporaryDirectory() as d:
            for name, content in (("x.db", data), ("x.db-wal", torn)):
                with open(os.path.join(d, name), "wb") as f:
                    f.write(content)
            db = sqlite3.connect(os.path.join(d, "x.db"))
            self.assertEqual([tuple(r.fields) for r in rows], db.execute("SELECT * FROM t ORDER BY rowid").fetchall())
            db.close()

    def test_damaged(self):
        data, _ = self.make(self.fill, page=512)
        rng = random.Random(5)
        whole = len(self.truth("SELECT * FROM t"))
        for _ in range(60):
            bad = bytearray(data)
            for _ in range(rng.randrange(1, 30)):
                bad[rng.randrange(600, len(bad))] = rng.randrange(256)
            job = self.job(bytes(bad[: rng.choice([len(bad), rng.randrange(600, len(bad))])]))
            try:
                rows = list(job.sqlite().rows("t"))
            except sdk.Refused:
                continue
            self.assertLess(len(rows), whole + 400)
            for r in rows:
                self.assertLessEqual(r.span["offset"] + r.span["length"], job.input.size)

    def test_cut(self):
        self.silent()
        data, log = self.make(self.fill, self.wal, page=512)
        for db, wal in [(data[:n], log) for n in range(0, len(data), 997)] + [(data, log[:n]) for n in range(0, len(log), 997)]:
            done = self.run_job(self.job(db, wal), lambda job: [job.row("t", r) for r in job.sqlite().rows("t")])
            if done["outcome"] == "failed":
                self.assertIn("input.refused", [d["code"] for d in self.out.of("diagnostic")], (len(db), len(wal), done))

    def test_circle_and_lies(self):
        data, _ = self.make(self.fill, page=512)
        root = struct.unpack(">I", struct.pack(">I", 2))[0]
        bad = bytearray(data)
        # The right-most child of the root is the root itself.
        bad[(root - 1) * 512 + 8 : (root - 1) * 512 + 12] = struct.pack(">I", root)
        job = self.job(bytes(bad))
        list(job.sqlite().rows("t"))
        self.assertIn("sqlite.page", [d["code"] for d in self.out.of("diagnostic")])
        for data in (b"", b"SQLite format 3\0", b"x" * 200):
            with self.assertRaises(sdk.Refused):
                self.job(data).sqlite()
        data, _ = self.make(lambda db: db.execute("CREATE TABLE w (k TEXT PRIMARY KEY) WITHOUT ROWID"))
        with self.assertRaises(sdk.Refused):
            list(self.job(data).sqlite().rows("w"))


class TestStart(unittest.TestCase):
    def test_another_version_of_the_job(self):
        """A later host's job is refused as a whole: nobody knows what else is different in it."""
        here, code = os.path.dirname(os.path.abspath(__file__)), "import exhibit_sdk as sdk\nsdk.main(parse=lambda job: None)"
        for version, outcome in ((2, "failed"), (1, None)):
            job = {"v": version, "operation": "describe", "inputs": [], "config": {}, "keys": [], "limits": {}}
            ran = subprocess.run([sys.executable, "-c", code], input=json.dumps(job).encode(), stdout=subprocess.PIPE, check=True, cwd=here, env={"EXHIBIT_NDJSON": "1", "PYTHONPATH": here})
            done = [json.loads(line) for line in ran.stdout.splitlines()][-1]["done"]
            self.assertEqual(done.get("outcome") if isinstance(done, dict) else None, outcome)


class TestInput(Case):
    def test_cover(self):
        rng = random.Random(9)
        i, seen = self.input(b"x" * 400), set()
        for _ in range(300):
            a = rng.randrange(400)
            b = min(400, a + rng.randrange(12))
            i.cover(a, b)
            seen.update(range(a, b))
            self.assertEqual(i.covered(), len(seen))


if __name__ == "__main__":
    unittest.main()

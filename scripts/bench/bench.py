"""Measure exhibit against stock tools over the same files, in one run.

Usage: bench.py BIN WORKDIR [--messages N] [--files N] [--gib N] [--full]
Prints ratios. Rates are wall clock of whole processes on a warm page cache,
best of --rounds; machines are shared and noisy, so read the ratios."""
import argparse, hashlib, json, os, shutil, subprocess, sys, threading, time

ap = argparse.ArgumentParser()
ap.add_argument("bin"), ap.add_argument("work")
ap.add_argument("--messages", type=int, default=1_000_000)
ap.add_argument("--files", type=int, default=100_000)
ap.add_argument("--gib", type=float, default=1)
ap.add_argument("--rounds", type=int, default=3)
ap.add_argument("--full", action="store_true", help="also 10 times the messages, for peak memory")
ap.add_argument("--case-gib", type=float, default=1, help="size of the case that is verified and disclosed; needs three times the room")
ap.add_argument("--appends", type=int, default=2000)
ap.add_argument("--only", default="")
a = ap.parse_args()
exhibit = os.path.join(a.bin, "exhibit")
os.makedirs(a.work, exist_ok=True)
env = dict(os.environ, EXHIBIT_IDENTITIES=os.path.join(a.work, "identities"), LC_ALL="C")


def tree(pid):
    """pid and all its descendants."""
    kids = {}
    for p in os.listdir("/proc"):
        if p.isdigit():
            try:
                ppid = int(open(f"/proc/{p}/stat").read().rsplit(")", 1)[1].split()[1])
                kids.setdefault(ppid, []).append(int(p))
            except OSError:
                pass
    out, todo = [], [pid]
    while todo:
        p = todo.pop()
        out.append(p)
        todo += kids.get(p, [])
    return out


def run(argv, ok=(0,), watch=False, **kw):
    """Run a command; return wall seconds, CPU seconds and peak RSS by process name."""
    peak, stop = {}, threading.Event()
    before = os.times()
    t = time.monotonic()
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL, env=env, **{"stderr": subprocess.PIPE, **kw})

    def sample():
        while not stop.wait(0.3):
            for pid in tree(p.pid):
                try:
                    exe = os.readlink(f"/proc/{pid}/exe")
                    name = "a plugin" if "exhibit-plugin" in exe or exe.endswith("/plugin") else os.path.basename(exe)
                    for line in open(f"/proc/{pid}/status"):
                        if line.startswith("VmHWM:"):
                            peak[name] = max(peak.get(name, 0), int(line.split()[1]))
                except OSError:
                    pass

    if watch:
        threading.Thread(target=sample, daemon=True).start()
    err = p.communicate()[1]
    wall = time.monotonic() - t
    stop.set()
    after = os.times()
    if p.returncode not in ok:
        sys.exit(f"{argv}: exit {p.returncode}\n{(err or b'').decode(errors='replace')}")
    cpu = (after.children_user + after.children_system) - (before.children_user + before.children_system)
    return wall, cpu, peak


def best(f):
    return min(f() for _ in range(a.rounds))


def fresh(name):
    d = os.path.join(a.work, name)
    if os.path.exists(d):
        subprocess.run(["chmod", "-R", "u+w", d], check=True)
        shutil.rmtree(d)
    return d


def case(name):
    d = fresh(name)
    run([exhibit, "init", d])
    return d


def say(*words):
    print(*words, flush=True)


def ratios(title, unit, ours, others):
    say(f"\n{title}")
    say(f"  exhibit {ours:,.0f} {unit}")
    for name, rate in others.items():
        say(f"  {name} {rate:,.0f} {unit}: exhibit is {ours / rate:.2f} x")


def intake():
    d = fresh("large")
    os.makedirs(d)
    size = int(a.gib * (1 << 30)) // 4
    block = hashlib.shake_256(b"exhibit bench").digest(1 << 24)
    for i in range(4):
        with open(os.path.join(d, f"{i}.bin"), "wb") as f:
            left = size
            while left > 0:
                f.write(block[: min(left, len(block))])
                left -= len(block)
    files = [os.path.join(d, f"{i}.bin") for i in range(4)]
    total = 4 * size / 1e6
    subprocess.run(["cat", *files], stdout=subprocess.DEVNULL, check=True)

    def add():
        c = case("case-large")
        return run([exhibit, "--case", c, "add", d])[0]

    def in_place():
        c = case("case-place")
        return run([exhibit, "--case", c, "add", "--in-place", d])[0]

    ours = total / best(add)
    place = total / best(in_place)
    others = {
        "md5 alone, one file after another (openssl md5, the slowest single hash)": total / best(lambda: run(["openssl", "md5", *files])[0]),
        "sha256sum": total / best(lambda: run(["sha256sum", *files])[0]),
        "hashdeep -c md5,sha1,sha256": total / best(lambda: run(["hashdeep", "-c", "md5,sha1,sha256", *files])[0]),
    }
    ratios(f"intake of {a.gib:g} GiB in 4 files: SHA-256, SHA-1, MD5, copied, durable", "MB/s", ours, others)
    ratios("the same --in-place: hashed, not copied", "MB/s", place, others)
    fresh("case-large"), fresh("case-place"), fresh("large")


def small():
    d = fresh("small")
    for i in range(a.files):
        if i % 1000 == 0:
            sub = os.path.join(d, f"{i // 1000:04}")
            os.makedirs(sub)
        with open(os.path.join(sub, f"{i}.txt"), "wb") as f:
            f.write(b"%d " % i * (i % 50 + 1))

    def add():
        c = case("case-small")
        return run([exhibit, "--case", c, "add", d], watch=False)[0]

    def hashdeep():
        return run(["hashdeep", "-r", "-c", "md5,sha1,sha256", d])[0]

    def copy():
        to = fresh("copied")
        w = run(["cp", "-a", d, to])[0] + run(["sync", "-f", to])[0]
        return w

    ratios(f"intake of {a.files:,} small files: hashed, stored, logged, durable", "files/s", a.files / best(add), {
        "hashdeep -r (hashes only, stores nothing)": a.files / best(hashdeep),
        "cp -a and sync (copies only, hashes nothing)": a.files / best(copy),
    })
    fresh("case-small"), fresh("small"), fresh("copied")


def messages(n, baseline):
    d = fresh("messages")
    run([os.path.join(a.bin, "corpus"), "--seed", "1", "--out", d, "--messages", str(n)])
    server, truth = os.path.join(d, "server"), os.path.join(d, "truth")
    logs = [os.path.join(r, f) for r, _, fs in os.walk(server) for f in fs if f.endswith(".log")]
    assert len(logs) == 1, logs
    peak = {}

    def job():
        c = case("case-messages")
        run([exhibit, "--case", c, "add", server, "--zone", "+08:00"])
        run([exhibit, "--case", c, "layout", "add", os.path.join(truth, "layouts.json")])
        wall, cpu, rss = run([exhibit, "--case", c, "run", "--no-analyze"], ok=(0, 3), watch=True)
        for k, v in rss.items():
            peak[k] = max(peak.get(k, 0), v)
        job.cpu = job_cpu[0] = cpu
        job_wall[0] = wall
        got = subprocess.run([exhibit, "--case", c, "status", "--json"], capture_output=True, env=env).stdout
        job.status = got
        return wall

    if not baseline:
        job()
        return peak
    ours = n / best(job)
    db = os.path.join(a.work, "baseline.db")

    def script():
        if os.path.exists(db):
            os.unlink(db)
        return run(["/usr/bin/python3", os.path.join(os.path.dirname(__file__), "baseline.py"), logs[0], db, "32bnx23l"])[0]

    ratios(f"run over {n:,} messages: decrypt, parse, record set, commitments, row index, durable", "records/s", ours, {
        "20 lines of Python that decrypt, split and insert into SQLite": n / best(script),
    })
    say(f"  CPU of all of exhibit's processes: {job.cpu / n * 1e6:.2f} microseconds a record")
    return peak


def searches(n):
    """Search over the case that messages() left behind, against SQLite over the same records."""
    here = os.path.dirname(os.path.abspath(__file__))
    program, c = os.path.join(a.work, "search"), os.path.join(a.work, "case-messages")
    subprocess.run(["go", "build", "-trimpath", "-buildvcs=false", "-o", program, "./scripts/bench/search"], cwd=os.path.join(here, "..", ".."), check=True)
    wall, cpu, _ = run([exhibit, "--case", c, "reindex", "--all"])
    size = os.path.getsize(os.path.join(c, "index.db"))
    texts = ["新闻", "新", "网上到处都在说新闻自由", "petition", "amber.birch1", "龘龘"]
    others = ["from:amber.birch1", "ip:192.0.2.7", "新闻 after:2008-07-01", "新闻 -网"]
    ours = {}
    for line in subprocess.run([program, c, str(a.rounds), *texts, *others], capture_output=True, env=env, check=True).stdout.splitlines():
        r = json.loads(line)
        ours[r["query"]] = r
    theirs = json.loads(subprocess.run(["/usr/bin/python3", os.path.join(here, "fts.py"), program, c, os.path.join(a.work, "fts.db"), str(a.rounds), *texts],
                                       capture_output=True, env=env, check=True).stdout)
    say(f"\nsearch over {n:,} messages")
    say(f"  index: {size / n:.0f} bytes a record; reindex --all {n / wall:,.0f} records/s, {cpu / n * 1e6:.2f} microseconds of CPU a record, "
        f"{cpu / job_cpu[0]:.2f} of what run takes with its index")
    say(f"  FTS5 of the same grams (contentless, detail=none): {theirs['bytes'] / n:.0f} bytes a record, {theirs['cpu'] / n * 1e6:.2f} microseconds of CPU a record for its inserts alone: "
        f"{theirs['cpu'] / cpu:.1f} x ours with reading and folding")
    say("  query: hits; ms to the first 50 by time, ms to the exact count; the same by FTS5 bigrams; by LIKE")
    for r in theirs["texts"]:
        o = ours.pop(r["text"])
        if not o["hits"] == r["fts5_hits"] == r["like_hits"]:
            sys.exit(f"{r['text']}: hits differ: {o['hits']}, FTS5 {r['fts5_hits']}, LIKE {r['like_hits']}")
        say(f"  {r['text']}: {o['hits']:,}; {o['first']:.1f}, {o['count']:.1f}; {r['fts5_first']:.1f}, {r['fts5_count']:.1f}; {r['like_first']:.1f}, {r['like_count']:.1f}")
    for o in ours.values():
        say(f"  {o['query']}: {o['hits']:,}; {o['first']:.1f}, {o['count']:.1f}")
    os.unlink(os.path.join(a.work, "fts.db"))


def handing_on(n):
    """Reports and exports of the case that messages() left behind; records as JSON is the yardstick."""
    c, out = os.path.join(a.work, "case-messages"), os.path.join(a.work, "out")

    def rate(*argv):
        for f in os.listdir(a.work):
            if f.startswith("out"):
                os.unlink(os.path.join(a.work, f))
        wall, _, peak = run([exhibit, "--case", c, *argv], watch=True)
        return wall, max(peak.values(), default=0) / 1024

    base, _ = rate("records", "--json")
    say(f"\nhanding on {n:,} records; `records --json` writes {n / base:,.0f} records/s")
    for form in ("jsonl", "csv", "timesketch", "parquet", "xlsx"):
        wall, peak = rate("export", "--format", form, "--out", out)
        say(f"  export {form}: {n / wall:,.0f} records/s, {base / wall:.2f} x that; {os.path.getsize(out) / n:.0f} bytes a record; peak {peak:.0f} MiB")
    for what, argv in (("nothing selected", ["--no-select"]), ("a selection", ["--select", "新闻"]), ("everything selected", ["--select", "kind:message"])):
        wall, peak = rate("report", "--no-verify", "--out", out, *argv)
        say(f"  report, {what}: {wall:.0f} s, {os.path.getsize(out) / 1024:,.0f} KiB; peak {peak:.0f} MiB")


def plugins():
    """The plugin host by its Go benchmarks: each against the same without a sandbox, or in this process."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    program, package = os.path.join(a.work, "host.test"), os.path.join(root, "core", "host")
    subprocess.run(["go", "test", "-trimpath", "-buildvcs=false", "-c", "-o", program, "./core/host"], cwd=root, check=True)
    best = {}
    for _ in range(a.rounds):
        out = subprocess.run([program, "-test.run=^$", "-test.bench=^Benchmark(Start|HandOver|Records|Evidence|Kill|Endless)$", "-test.benchtime=1s"],
                             cwd=package, capture_output=True, text=True, env=dict(os.environ, GOFLAGS="-trimpath -buildvcs=false"))
        if out.returncode:
            sys.exit(f"benchmarks of core/host:\n{out.stdout}{out.stderr}")
        for line in out.stdout.splitlines():
            if line.startswith("Benchmark"):
                name, _, *rest = line.split()
                name = name.removeprefix("Benchmark").rsplit("-", 1)[0]
                for value, unit in zip(rest[::2], rest[1::2]):
                    pick = max if "/s" in unit or unit in ("peak-MiB", "grown-MiB") else min
                    v = best.setdefault(name, {})
                    v[unit] = pick(v.get(unit, float(value)), float(value))
    start, records, evidence = best["Start/sandboxed"], best["Records/sandboxed"], best["Evidence/plugin"]
    say("\nplugins")
    say(f"  start to the first call answered, and the end: {start['best-ms']:.1f} ms (median {start['median-ms']:.1f}), "
        f"{start['best-ms'] / best['Start/bare']['best-ms']:.2f} x the same without a sandbox ({best['Start/bare']['best-ms']:.1f} ms)")
    say(f"  hand-over of an input to a process in the pool, until its result: {best['HandOver']['best-ms'] * 1000:.0f} microseconds (median {best['HandOver']['median-ms'] * 1000:.0f})")
    say(f"  records of 340 bytes: {records['best-records/s']:,.0f} records/s, {records['best-records/s'] / best['Records/bare']['best-records/s']:.2f} x without a sandbox")
    say(f"  evidence by descriptor: {evidence['best-MB/s']:,.0f} MB/s, {evidence['best-MB/s'] / best['Evidence/in-process']['best-MB/s']:.2f} x pread in this process")
    say(f"  a hung plugin is gone {best['Kill']['best-ms']:.1f} ms after its deadline (median {best['Kill']['median-ms']:.1f})")
    for mode in ("flood", "bomb-artifact", "flood-diagnostics", "flood-events"):
        v = best["Endless/" + mode]
        say(f"  peak of the host under an endless output ({mode}): {v['peak-MiB']:.0f} MiB, {v['grown-MiB']:.0f} more than idle")


def sqlite_commits(n, size):
    """Commits a second of a row of that size: WAL, synchronous=FULL, as the case has it."""
    import sqlite3
    name = os.path.join(a.work, "commits.db")
    db = sqlite3.connect(name, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, body BLOB) STRICT")
    body = os.urandom(size)
    t = time.monotonic()
    for i in range(n):
        db.execute("INSERT INTO t VALUES (?, ?)", (i, body))
    t = time.monotonic() - t
    db.close()
    for end in ("", "-wal", "-shm"):
        if os.path.exists(name + end):
            os.unlink(name + end)
    return n / t


def custody():
    """The custody log, and a large case: verified and disclosed."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    program, d = os.path.join(a.work, "custody"), os.path.join(a.work, "log")
    subprocess.run(["go", "build", "-trimpath", "-buildvcs=false", "-o", program, "./scripts/bench/custody"], cwd=root, check=True)
    best_of = {}
    for _ in range(a.rounds):
        fresh("log")
        os.makedirs(d)
        r = json.loads(subprocess.run([program, d, str(a.appends), "1000000"], capture_output=True, check=True, env=env).stdout)
        for k, v in r.items():
            best_of[k] = min(v, best_of.get(k, v))
    r = best_of
    commits = max(sqlite_commits(a.appends, int(r["bytes"])) for _ in range(a.rounds))
    ratios(f"appends to the log, each durable: an entry of {int(r['bytes'])} bytes with its opening and nodes", "appends/s", 1 / r["append"], {
        "write and fsync of an entry's bytes, alone": 1 / r["fsync"],
        "SQLite (WAL, FULL) committing one row of as many bytes, from Python": commits,
    })
    say(f"\nproofs in a log of 1,000,000 entries, nodes in memory (its tree is built in {r['build']:.1f} s)")
    say(f"  of an entry: made in {r['prove'] * 1e6:,.0f} microseconds, {int(r['proof_bytes']):,} bytes; verified in {r['check'] * 1e6:,.0f}; consistency with 500,000 made and verified in {r['consistent'] * 1e6:,.0f}")
    fresh("log")

    d = fresh("large")
    os.makedirs(d)
    size = int(a.case_gib * (1 << 30)) // 8
    for i in range(8):  # incompressible and no two alike: AES-CTR of zeros, a key each
        with open(os.path.join(d, f"{i}.bin"), "wb") as f:
            p = subprocess.Popen(["openssl", "enc", "-aes-128-ctr", "-K", f"{i:032x}", "-iv", "0" * 32, "-in", "/dev/zero"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            left = size
            while left > 0:
                left -= f.write(p.stdout.read(min(left, 1 << 20)))
            p.kill()
            p.wait()
    c = case("case-large")
    run([exhibit, "--case", c, "add", d])
    fresh("large")
    files = [os.path.join(r_, f) for r_, _, fs in os.walk(os.path.join(c, "objects")) for f in fs]
    total = sum(os.path.getsize(f) for f in files) / 1e6
    once = a.rounds if a.case_gib <= 2 else 1

    def best_(f):
        return min(f() for _ in range(once))

    run(["sync", "-f", c])
    theirs = {"sha256sum of the same files (one hash, of the three that verify computes)": total / best_(lambda: run(["sha256sum", *files])[0]),
              "hashdeep -c md5,sha1,sha256 of the same files": total / best_(lambda: run(["hashdeep", "-c", "md5,sha1,sha256", *files])[0])}
    ratios(f"verify of a case of {total / 1e3:.1f} GB in 8 files: everything recomputed", "MB/s", total / best_(lambda: run([exhibit, "verify", c])[0]), theirs)
    bundle, copied = os.path.join(a.work, "out.zip"), os.path.join(a.work, "copied")
    run([exhibit, "identity", "new", "bench"], ok=(0, 1))

    def disclose():
        if os.path.exists(bundle):
            os.unlink(bundle)
        return run([exhibit, "--case", c, "disclose", "--recipient", "bench", "--exhibit", "EX-001", "--signer", "bench", "--out", bundle])[0]

    def copy():
        if os.path.exists(copied):
            os.unlink(copied)
        with open(copied, "wb") as f:
            t = time.monotonic()
            subprocess.run(["cat", *files], stdout=f, check=True)
            os.fsync(f.fileno())
        return time.monotonic() - t

    ours = total / best_(disclose)
    checked = total / best_(lambda: run([exhibit, "verify", bundle])[0])
    os.unlink(bundle)
    ratios("disclose: read, hashed, looked through for digests, written as a bundle, durable", "MB/s", ours, {"cat of the same files into one, and fsync": total / best_(copy)})
    say(f"  verify of that bundle: {checked:,.0f} MB/s")
    os.unlink(copied)
    fresh("case-large")


def analysing(n):
    """An analysis of the case that messages() left behind, with a list of 5,000 terms besides the corpus's own."""
    c = os.path.join(a.work, "case-messages")
    terms = os.path.join(fresh("terms"), "terms.txt")
    os.makedirs(os.path.dirname(terms))
    own = ["新闻自由", "集会", "march", "选举", "ballot", "罢课", "strike", "请愿", "petition", "公投", "whistle", "独立报", "watchdog", "真话"]
    state, made = 1, list(own)
    while len(made) < 5000:
        word = ""
        for _ in range(2 + len(made) % 6 + (0 if len(made) % 3 else 3)):
            state = (state * 1664525 + 1013904223) % (1 << 32)
            word += chr(0x4E00 + (state >> 16) % 2000) if len(made) % 3 else chr(97 + (state >> 16) % 26)
        made.append(word)
    with open(terms, "w") as f:
        f.write("\n".join(made) + "\n")
    run([exhibit, "--case", c, "add", "--exhibit", "LIST", terms])
    alpha, peak = [1], {}

    def job():
        alpha[0] += 1  # the same again would not be made again
        wall, cpu, rss = run([exhibit, "--case", c, "analyze", "--zone", "+08:00", "--list", "LIST:terms.txt", "--alpha", f"0.0{alpha[0]}"], watch=True)
        for k, v in rss.items():
            peak[k] = max(peak.get(k, 0), v)
        job.cpu = cpu
        return wall

    wall = best(job)
    say(f"\nthe whole job over {n:,} messages: run {job_wall[0]:.1f} s (the last time it was made) and analysis {wall:.1f} s; {n / (job_wall[0] + wall):,.0f} records/s")
    say(f"analysis of {n:,} messages, 5,000 terms: {wall:.1f} s, {n / wall:,.0f} records/s; {job.cpu / n * 1e6:.2f} microseconds of CPU a record")
    say("  peak resident memory: " + ", ".join(f"{k} {v / 1024:.0f} MiB" for k, v in sorted(peak.items())))


def go_bench(what, package, times):
    """The results of Go's benchmarks, by name: the best of all rounds, by unit."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    out = subprocess.run(["go", "test", "-run", "-", "-bench", what, "-benchtime", times, "-count", str(a.rounds), package], cwd=root, capture_output=True, check=True).stdout.decode()
    found = {}
    for line in out.splitlines():
        if line.startswith("Benchmark"):
            words = line.split()
            at = found.setdefault(words[0].removeprefix("Benchmark").rsplit("-", 1)[0], {})
            for value, unit in zip(words[2::2], words[3::2]):
                at[unit] = min(at.get(unit, 1e99), float(value)) if unit == "ns/op" else max(at.get(unit, 0), float(value))
    return found


def breaking():
    """What opens encrypted logs: DES, trials of keys, the search for terms. One processor each."""
    des = go_bench("DES", "./plugins/sdk/crypt", "1s")
    theirs = {"crypto/des of Go, block by block": des["DES/stdlib"]["MB/s"]}
    speed = ["openssl", "speed", "-provider", "legacy", "-provider", "default", "-seconds", "1", "-bytes", "65536", "-evp", "des-ecb"]
    p = [subprocess.run(speed, capture_output=True) for _ in range(a.rounds)]
    rates = [float(w[:-1]) * 1e3 / 1e6 for q in p for line in q.stdout.decode().splitlines() for w in line.split()[-1:] if line.upper().startswith("DES-ECB") and w.endswith("k")]
    if rates:
        theirs["openssl speed -evp des-ecb (which encrypts)"] = max(rates)
    else:
        say("NOT MEASURED: openssl speed: " + p[0].stderr.decode()[-200:])
    ratios("DES under one key, 64 KiB at a time", "MB/s", des["DES/sliced"]["MB/s"], theirs)
    say(f"\nkeys of DES, one block of each, not judged: {des['DESKeys']['keys/s']:,.0f}/s")
    say("keys tried on twelve lines of a log, in all modes and charsets")
    for name, row in go_bench("Trials", "./plugins/cipherfind", "2x").items():
        say(f"  {name.removeprefix('Trials/')}: {row['keys/s']:,.0f}/s")
    for name, row in go_bench("Scan", "./plugins/analyze", "1s").items():
        say(f"search for 5,000 terms ({name}): {row['MB/s']:,.0f} MB/s")


def redacting():
    """What finds personal data: MB a second of one processor, against plain patterns in the same run."""
    rows = {k: v["MB/cpu-s"] for k, v in go_bench("Detect|Regexp", "./plugins/redact/detect", "2s").items()}
    say("\nfinding personal data in messages, MB a second of processor time")
    for name, what in (("Detect", "detect"), ("DetectKnown", "detect, 100,000 known values"), ("Regexp", "12 of the patterns by Go's regexp, without check characters, forms, context or known values")):
        say(f"  {what}: {rows[name]:.1f}, {rows[name] / rows['Regexp']:.1f} times the patterns")
    leaks = {k: v["MB/cpu-s"] for k, v in go_bench("LeakScan", "./core/leakcheck", "2x").items()}
    say("\nlooking for 100,000 known values in a redacted log, MB a second of processor time")
    for name, what in (("LeakScanView", "one view: UTF-8, UTF-16 both ways, GB18030 and Big5 in one pass"), ("LeakScanDigits", "numbers, whatever stands between digits"), ("LeakScan", "all views: escapes, base64, hexadecimal, digits and hashes too")):
        say(f"  {what}: {leaks[name]:.1f}")
    say(f"  1,000 of them as one alternation by Go's regexp, UTF-8 alone: {leaks['LeakScanRegexp']:.3f}")


job_cpu, job_wall = [1], [0]


def memory(small, big, n):
    say(f"\npeak resident memory at {n:,} and {10 * n:,} messages")
    for name in sorted(big):
        if name in small:
            say(f"  {name}: {small[name] / 1024:.0f} MiB, {big[name] / 1024:.0f} MiB, ratio {big[name] / small[name]:.2f}")


say(f"{os.cpu_count()} processors; best of {a.rounds} rounds; warm page cache")
if a.only in ("", "intake"):
    intake()
if a.only in ("", "small"):
    small()
if a.only in ("", "plugins"):
    plugins()
if a.only in ("", "custody"):
    custody()
if a.only in ("", "redact"):
    redacting()
if a.only in ("", "devices"):
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import devices
    for rows in (50_000, 1_000_000) if a.full else (50_000,):
        devices.measure(a, rows, run, say)
if a.only in ("", "run", "search", "report", "analyze"):
    lower = messages(a.messages, a.only in ("", "run"))
    if a.only in ("", "search"):
        searches(a.messages)
    if a.only in ("", "report"):
        handing_on(a.messages)
    if a.only in ("", "analyze"):
        breaking()
        analysing(a.messages)
        if a.full and a.only == "analyze":
            messages(10 * a.messages, False)
            analysing(10 * a.messages)
    if a.full and a.only in ("", "run"):
        memory(lower, messages(10 * a.messages, False), a.messages)
    fresh("case-messages"), fresh("messages")

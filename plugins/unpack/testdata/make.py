"""Makes the samples anew: python3 make.py, in this directory. zstd, 7z, zip and ar are needed besides."""
import bz2, gzip, io, lzma, os, subprocess, tarfile, tempfile, zipfile

TEXT = b"".join(b"2008-08-01 07:10:%02d line %d of a log\n" % (n % 60, n) for n in range(40))
FILES = {"logs/a.log": TEXT, "logs/empty": b"", "logs/中文.txt": "text\n".encode(), "b.bin": bytes(range(256))}


def tar():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as t:
        for name, data in FILES.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(data), 1217545819, 0o644
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, data in FILES.items():
            info = zipfile.ZipInfo(name, (2008, 8, 1, 7, 10, 18))
            z.writestr(info, data, zipfile.ZIP_DEFLATED if len(data) > 100 else zipfile.ZIP_STORED)
    return out.getvalue()


for name, data in {
    "sample.tar": tar(),
    "sample.tar.gz": gzip.compress(tar(), 9, mtime=0),
    "sample.zip": zipped(),
    "a.log.bz2": bz2.compress(TEXT),
    "a.log.xz": lzma.compress(TEXT),
    "a.log.zst": subprocess.run(["zstd", "-q", "-c"], input=TEXT, stdout=subprocess.PIPE, check=True).stdout,
}.items():
    open(name, "wb").write(data)

with tempfile.TemporaryDirectory() as d:
    for name, data in FILES.items():
        path = os.path.join(d, "in", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "wb").write(data)
        os.utime(path, (1217545819, 1217545819))
    run = lambda *a: subprocess.run(a, cwd=os.path.join(d, "in"), check=True, stdout=subprocess.DEVNULL)
    run("7z", "a", "-mtm=on", "../sample.7z", ".")
    run("7z", "a", "-psecret", "-mhe=on", "../secret.7z", ".")
    run("7z", "a", "-psecret", "-mem=AES256", "../secret.zip", ".")
    run("zip", "-qrP", "secret", "../old.zip", ".")
    run("ar", "qcDS", "../sample.a", "logs/a.log", "b.bin", "logs/中文.txt")
    for name in "sample.7z", "secret.7z", "secret.zip", "old.zip", "sample.a":
        open(name, "wb").write(open(os.path.join(d, name), "rb").read())

# Compiles Python sources for later starts: core/host/compile.go. On stdin {"import":
# [modules], "files": [paths]}: the sources of what those imports load, and the files.
# On stdout the tag of the compiled files' names, then for each "<bytes> <path>" and
# the bytes. Nothing of the files is executed.
import importlib.util
import json
import sys
from importlib._bootstrap_external import _code_to_hash_pyc

job = json.load(sys.stdin)
paths = list(job["files"])
for name in job["import"]:
    try:
        __import__(name)
    except ImportError:
        pass
if job["import"]:
    loaded = {getattr(m, "__file__", None) for m in list(sys.modules.values())}
    paths += sorted(p for p in loaded if p and p.endswith(".py") and p != __file__)
out = sys.stdout.buffer
out.write(sys.implementation.cache_tag.encode() + b"\n")
for path in paths:
    try:
        with open(path, "rb") as f:
            source = f.read()
        code = compile(source, path, "exec", dont_inherit=True)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        continue
    data = _code_to_hash_pyc(code, importlib.util.source_hash(source), False)
    out.write(b"%d %s\n" % (len(data), path.encode()))
    out.write(data)

"""Lists what Python sources import, without running them: {name: source} in, JSON out."""
import ast
import json
import sys


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.lineno, node.module
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if called in ("__import__", "import_module"):
                yield node.lineno, node.args[0].value


found = []
for name, source in sorted(json.load(sys.stdin).items()):
    try:
        tree = ast.parse(source, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        found.append({"file": name, "line": getattr(error, "lineno", 0) or 0, "error": type(error).__name__})
        continue
    for line, module in sorted(set(imports(tree))):
        found.append({"file": name, "line": line, "module": module})
json.dump({"builtin": list(sys.builtin_module_names), "found": found}, sys.stdout)

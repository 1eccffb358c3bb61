"""No installed header defines a macro without the prefix HDQ_; those before "--" compile alone, as C++ and, where they end in .h, as C.
Arguments: the C++ compiler, the C compiler, folders or headers, --, folders."""
import pathlib
import re
import subprocess
import sys


def headers(arguments):
    paths = [pathlib.Path(argument) for argument in arguments]
    return sorted(h for p in paths for h in (p.rglob("*") if p.is_dir() else [p]) if h.suffix in (".h", ".hpp"))


cxx, cc, *arguments = sys.argv[1:]
split = arguments.index("--")
alone, others = arguments[:split], arguments[split + 1:]
includes = [f"-I{argument}" for argument in alone if pathlib.Path(argument).is_dir()]
wrong = []
for header in headers(alone + others):
    for name in re.findall(r"^\s*#\s*define\s+(\w+)", header.read_text(), re.M):
        if not name.startswith("HDQ_"):
            wrong.append(f"{header}: defines {name}")
for header in headers(alone):
    compilers = [[cxx, "-std=c++20", "-x", "c++"]] + ([[cc, "-std=c11", "-pedantic-errors", "-x", "c"]] if header.suffix == ".h" else [])
    for compiler in compilers:
        command = compiler + ["-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsyntax-only"] + includes
        source = f'#include "{header}"\nextern int something;\n'
        result = subprocess.run(command + ["-"], input=source, capture_output=True, text=True)
        if result.returncode != 0:
            wrong.append(f"{header} alone: {result.stderr.splitlines()[0]}")
print("\n".join(wrong) or f"{len(headers(alone))} headers stand alone")
sys.exit(bool(wrong) or not headers(alone))

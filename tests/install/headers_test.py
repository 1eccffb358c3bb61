"""Each public header compiles alone, as C++ and, where it ends in .h, as C; and defines no macro without the prefix HDQ_.
Arguments: the C++ compiler, the C compiler, include folders."""
import pathlib
import re
import subprocess
import sys

cxx, cc, folders = sys.argv[1], sys.argv[2], [pathlib.Path(folder) for folder in sys.argv[3:]]
wrong = []
for header in sorted(h for folder in folders for h in folder.rglob("*") if h.suffix in (".h", ".hpp")):
    for name in re.findall(r"^\s*#\s*define\s+(\w+)", header.read_text(), re.M):
        if not name.startswith("HDQ_"):
            wrong.append(f"{header}: defines {name}")
    compilers = [[cxx, "-std=c++20", "-x", "c++"]] + ([[cc, "-std=c11", "-pedantic-errors", "-x", "c"]] if header.suffix == ".h" else [])
    for compiler in compilers:
        command = compiler + ["-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsyntax-only"] + [f"-I{folder}" for folder in folders]
        source = f'#include "{header}"\nextern int something;\n'
        result = subprocess.run(command + ["-"], input=source, capture_output=True, text=True)
        if result.returncode != 0:
            wrong.append(f"{header} alone: {result.stderr.splitlines()[0]}")
print("\n".join(wrong) or "all headers stand alone")
sys.exit(bool(wrong))

#!/usr/bin/env python3
"""Every #include, and every Require of a proof, follows an arrow of docs/architecture.md.

usage: architecture_test.py SOURCE_DIR
"""
import os
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
suffixes = {".hpp", ".cpp", ".h", ".c", ".inc"}
failures = []


def fail(where, message):
    failures.append(f"{where}: {message}")


def tables():
    """The cells of each row, by the heading of the section that the table is in."""
    rows, heading = {}, None
    for line in (source / "docs/architecture.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:]
        elif line.startswith("| ") and not line.startswith("| room |"):
            rows.setdefault(heading, []).append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def check_acyclic(section, arrows):
    finished, path = set(), []
    def visit(room):
        if room in path:
            fail("docs/architecture.md", f"{section}: a cycle, {' → '.join(path[path.index(room):] + [room])}")
        elif room not in finished:
            path.append(room)
            for other in sorted(arrows[room]):
                if other not in arrows:
                    fail("docs/architecture.md", f"{room} may include {other}, which has no row")
                else:
                    visit(other)
            path.pop()
            finished.add(room)
    for room in arrows:
        visit(room)


class Cpp:
    """The rooms of C++ and what they hold."""

    def __init__(self, rows):
        self.allowed = {row[0]: set(row[2].split()) for row in rows}
        self.private = {row[0]: set(row[3].split()) for row in rows}
        self.top = {room.split("/")[0] for room in self.allowed}
        check_acyclic("C++", {room: self.allowed[room] | self.private[room] for room in self.allowed})
        self.files = [path.relative_to(source) for top in sorted(self.top) for path in sorted((source / top).rglob("*"))
                      if path.suffix in suffixes or path.name.endswith((".hpp.in", ".h.in", ".cpp.in"))]
        self.public = {}  # what is written in an #include → file
        for path in self.files:
            if match := re.match(r"\w+/include/(.*?)(?:\.in)?$", str(path)):
                if match[1] in self.public:
                    fail(path, f"{self.public[match[1]]} has the same name")
                self.public[match[1]] = path

    def room(self, path):
        """The longest room name that the path, without include/hdq and src, starts with."""
        parts = path.parts
        inner = re.sub(r"^(include/hdq/(%s/)?|src/)" % parts[0], "", "/".join(parts[1:]))
        if re.fullmatch(r"\w+/include/hdq/hdq_kernel\.h", str(path)):
            inner = "interface/hdq_kernel.h"
        for room in (f"{parts[0]}/{inner.split('/')[0]}", parts[0]):
            if room in self.allowed:
                return room
        return None

    def resolve(self, path, name):
        """The file that an #include in path means, as compilers look for it; None for a library's."""
        if (source / path.parent / name).is_file():
            return pathlib.Path(os.path.normpath(path.parent / name))
        if name in self.public:
            return self.public[name]
        candidates = [other for other in self.files if f"/{other}".endswith("/" + name) or f"/{other}".endswith(f"/{name}.in")]
        own = [other for other in candidates if other.parts[0] == path.parts[0]]
        return (own or candidates or [None])[0]

    def check_include(self, path, line, bracket, name):
        where, room = f"{path}:{line}", self.room(path)
        if name.split("/")[0] in self.top and (source / name).is_file():
            return fail(where, f"{name}: the repository's root is no include path")
        target = self.resolve(path, name)
        if target is None:
            if bracket == '"' or name.startswith("hdq/"):
                fail(where, f"{name}: found in no room")
            return None
        other = self.room(target)
        if other == room or other is None:
            return None
        is_public = target in self.public.values() or other.startswith("tests/")
        if other in self.private[room] or (is_public and other in self.allowed[room]):
            return None
        return fail(where, f"{room} may not include {'' if is_public else 'private headers of '}{other} ({target})")

    def check(self):
        for room in self.allowed:
            if not any(self.room(path) == room for path in self.files):
                fail("docs/architecture.md", f"{room} is empty")
        count = 0
        for path in self.files:
            if self.room(path) is None:
                fail(path, "its folder has no row in docs/architecture.md")
                continue
            text = (source / path).read_text(encoding="utf-8")
            for line, content in enumerate(text.splitlines(), 1):
                if match := re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', content):
                    count += 1
                    self.check_include(path, line, match[1], match[2])
        return count


def check_folders(cpp):
    """A folder with C++ in it is a room."""
    for path in sorted(source.iterdir()):
        if path.is_dir() and not path.name.startswith((".", "build")) and path.name not in cpp.top:
            for file in path.rglob("*"):
                if file.suffix in suffixes:
                    fail(file.relative_to(source), "its folder has no row in docs/architecture.md")


def check_proofs(rows):
    allowed = {row[0]: set(row[2].split()) for row in rows}
    check_acyclic("Coq", allowed)
    project = (source / "proofs/_CoqProject").read_text(encoding="utf-8").splitlines()
    listed, count = {}, 0  # name of the module → room
    for file in (line for line in project if line.endswith(".v")):
        room = file.split("/")[0] if "/" in file else None
        if room is not None and room not in allowed:
            fail(f"proofs/{file}", "its folder has no row in docs/architecture.md")
            continue
        text = re.sub(r"\(\*.*?\*\)", "", (source / "proofs" / file).read_text(encoding="utf-8"), flags=re.DOTALL)
        for required in re.findall(r"\bFrom Hdq Require(?: Import| Export)?\s+([\w\s]+)\.", text):
            for module in required.split():
                count += 1
                if module not in listed:
                    fail(f"proofs/{file}", f"requires {module}, which _CoqProject does not list before it")
                elif room is not None and listed[module] not in allowed[room] | {room}:
                    fail(f"proofs/{file}", f"{room} may not require {module} of {listed[module] or 'the top'}")
        listed[pathlib.Path(file).stem] = room
    return count


rows = tables()
cpp = Cpp(rows["C++"])
check_folders(cpp)
includes, requires = cpp.check(), check_proofs(rows["Coq"])
if includes < 500 or requires < 100:
    fail("architecture_test", f"only {includes} includes and {requires} requirements were found")
print("\n".join(failures) or f"{includes} includes and {requires} requirements follow docs/architecture.md")
sys.exit(1 if failures else 0)

#!/usr/bin/env python3
"""What the documents say, against where it is fixed: citations "SPEC §n" exist, theorems and files named exist, numbers are those of the
certificates, of Coq and of the program, and an upper bound that is printed with fewer digits was rounded up.

usage: docs_test.py SOURCE_DIR [HDQ_PROGRAM]
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
from fractions import Fraction

source = pathlib.Path(sys.argv[1])
program = sys.argv[2] if len(sys.argv) > 2 else None
text_suffixes = {".md", ".hpp", ".h", ".cpp", ".c", ".inc", ".in", ".v", ".py", ".sh", ".cmake", ".txt", ".json", ""}
failures = []


def fail(where, message):
    failures.append(f"{where}: {message}")


def read(path):
    return (source / path).read_text(encoding="utf-8")


def texts():
    """(path, text) of every text file of the tree; build directories and hidden ones apart."""
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if name.parts[0].startswith("build") or any(part.startswith(".") for part in name.parts):
            continue
        if path.is_file() and path.suffix in text_suffixes and name != pathlib.Path("tests/docs/docs_test.py"):
            try:
                yield str(name), path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def specification_sections():
    """"3" for a heading, "5.7" for an item of the numbered list of §5."""
    sections, heading = set(), None
    for line in read("docs/SPEC.md").splitlines():
        if match := re.match(r"## (\d+)\. ", line):
            heading = match[1]
            sections.add(heading)
        elif (match := re.match(r"(\d+)\. ", line)) and heading == "5":
            sections.add(f"5.{match[1]}")
    return sections


def check_citations():
    sections = specification_sections()
    if not {"1", "4", "5.1", "5.9", "6"} <= sections:
        fail("docs/SPEC.md", f"sections found: {sorted(sections)}")
    citation = re.compile(r"SPEC(?:\.md)?(?:,|\)|\]\([^)]*\))? §[\d.]*\d(?:(?:, | and |–)§[\d.]*\d)*")
    for name, text in texts():
        for match in citation.finditer(text):
            for section in re.findall(r"§([\d.]*\d)", match[0]):
                if section not in sections:
                    fail(name, f"{match[0]}: docs/SPEC.md has no §{section}")
        for match in re.finditer(r"\bSPEC (?:\d|section)|\bSPEC[^§\n]{0,12}§[\d.]*\d(?:, | and |–|-)\d[^/:]", text):
            fail(name, f"write citations as SPEC §n: {match[0]!r}")


def headlines():
    return set(read("proofs/headlines.txt").split())


def check_theorems():
    """Theorems named as such exist; so does each file of proofs/ that is cited."""
    known = headlines()
    table = {}
    for line in read("proofs/README.md").splitlines():
        if match := re.match(r"\| .* \| `(\w+)` \(([\w/]+\.v)\) \|", line):
            table[match[1]] = match[2]
    for name in sorted(known ^ table.keys()):
        fail("proofs/README.md", f"{name} is in {'headlines.txt' if name in known else 'the table'} alone")
    for name, path in table.items():
        if not re.search(rf"^(Theorem|Lemma|Corollary) {name}\b", read(f"proofs/{path}"), re.MULTILINE):
            fail("proofs/README.md", f"{path} does not prove {name}")
    rows = [line.split("|")[3] for line in read("docs/properties.md").splitlines() if re.match(r"\| `\w+` \|", line)]
    if len(rows) < 20:
        fail("docs/properties.md", "the table of properties was not found")
    for name in re.findall(r"\w+", " ".join(rows)):
        if name not in known:
            fail("docs/properties.md", f"{name} is not in proofs/headlines.txt")
    for name, text in texts():
        for match in re.finditer(r"proofs/((?:\w+/)*\w+\.(?:v|txt|md|sh))(?:, (\w+_\w+)\))?", text):
            if not (source / "proofs" / match[1]).is_file():
                fail(name, f"{match[0]}: no such file")
            elif match[2] and not re.search(rf"\b{match[2]}\b", read(f"proofs/{match[1]}")):
                fail(name, f"proofs/{match[1]} has no {match[2]}")


def check_map():
    """The tests and the C++ that proofs/README.md maps theorems to exist."""
    code = "\n".join(text for name, text in texts() if name.split("/")[0] in {"reference", "fast", "cli", "mpi", "figures"})
    rows = [line.strip("| ").split(" | ") for line in read("proofs/README.md").splitlines() if re.match(r"\| .* \| `\w+` \(", line)]
    for cells in rows:
        names, tests = (cells + [""])[2], (cells + ["", ""])[3]
        for name in re.findall(r"`([\w:.]+)`", names):
            if name.endswith(".hpp"):
                found = any(source.glob(f"reference/**/{name}"))
            else:
                found = re.search(rf"\b{name.split('::')[-1]}\b", code)
            if not found:
                fail("proofs/README.md", f"{cells[1]}: no {name} in C++")
        for test in re.sub(r"\([^)]*\)|`[^`]*`", "", tests).split(";"):
            file, _, cases = (part.strip() for part in test.partition(":"))
            for file in filter(None, (part.strip() for part in file.split(","))):
                room, _, rest = file.partition("_")
                path = source / "tests" / room / f"{rest}_test.cpp"
                if file in ("constants_agree", "proofs_majorants"):  # of proofs/CMakeLists.txt
                    continue
                if not path.is_file():
                    fail("proofs/README.md", f"{cells[1]}: no test {file}")
                    continue
                text = path.read_text(encoding="utf-8")
                for case in re.findall(r"\w+", cases):
                    if not re.search(rf"\b{case}\b", text):
                        fail("proofs/README.md", f"{cells[1]}: {file} has no {case}")


def check_links():
    for path in sorted(source.glob("*.md")) + sorted(source.glob("*/*.md")) + sorted(source.glob("*/*/*.md")):
        if path.relative_to(source).parts[0].startswith("build"):
            continue
        for target in re.findall(r"\]\(([^)#\s]+)\)", path.read_text(encoding="utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                fail(path.relative_to(source), f"link to {target}, which does not exist")


def row_of(text, label):
    """The cells of the table row that starts with this label."""
    match = re.search(rf"^ *\| {re.escape(label)} \|(.*)\|$", text, re.MULTILINE)
    if not match:
        fail("docs/SPEC.md", f"no table row {label!r}")
        return []
    return [cell.strip() for cell in match[1].split("|")]


def certificates():
    return [json.loads(read(f"data/bounds/b{b}.json")) for b in range(1, 9)]


def is_rounded(text, exact, up):
    """Whether the decimal is exact rounded up (down) to its own number of digits."""
    ulp = Fraction(1, 10 ** len(text.partition(".")[2]))
    excess = (Fraction(text) - exact) * (1 if up else -1)
    return 0 <= excess < ulp


def check_bounds():
    spec, all_certificates = read("docs/SPEC.md"), certificates()
    for label, key in (("certified (`hdq bounds`), at most", "upper"), ("certified, the supremum at least", "lower")):
        row = row_of(spec, label)
        if len(row) != 8:
            fail("docs/SPEC.md", f"{label}: {len(row)} numbers, not 8")
        for b, (text, certificate) in enumerate(zip(row, all_certificates), 1):
            if not is_rounded(text, Fraction(certificate[key]), key == "upper"):
                fail("docs/SPEC.md", f"{label}, b = {b}: {text}, but data/bounds/b{b}.json has {certificate[key]}")
    proved = re.findall(r"\* 4 \^ (\d) <= (\d+) / 1000\.", read("proofs/Statements.v"))
    if [Fraction(text) for text in row_of(spec, "proved in Coq, at most") if text] != [Fraction(int(c), 1000) for _, c in proved]:
        fail("docs/SPEC.md", f"bounds proved in Coq are {proved}")
    table = re.findall(r"\| C_(\d) <= ([\d.]+) ", read("proofs/README.md"))
    if [(b, Fraction(c)) for b, c in table] != [(b, Fraction(int(c), 1000)) for b, c in proved]:
        fail("proofs/README.md", f"bounds proved in Coq are {proved}")
    readme = read("README.md")
    named = dict(re.findall(r"\bC_(\d) = ([\d.]*\d)", readme))
    if set(named) != {"1", "8"}:
        fail("README.md", "it names other constants than C_1 and C_8")
    for b, text in named.items():
        if not is_rounded(text, Fraction(all_certificates[int(b) - 1]["upper"]), True):
            fail("README.md", f"C_{b} = {text} is not the certificate's {all_certificates[int(b) - 1]['upper']}, rounded up")
    quotient = re.search(r"at most ([\d.]+)/16 < ([\d.]*\d)", spec)
    if not (quotient and Fraction(quotient[1]) == Fraction(all_certificates[1]["upper"])
            and is_rounded(quotient[2], Fraction(quotient[1]) / 16, True)):
        fail("docs/SPEC.md", "§6: the certified bound at b = 2")


def check_optimality():
    upper = [Fraction(certificate["upper"]) for certificate in certificates()]
    lower = [Fraction(json.loads(read(f"data/bounds/optimality/b{b}.json"))["lower"]) for b in range(1, 9)]
    gap = [100 * (u / v - 1) for u, v in zip(upper, lower)]
    for name, label, exact, up in (
            ("docs/SPEC.md", "any rule, certified (`hdq bounds --optimality`), at least", lower, False),
            ("docs/SPEC.md", "the shipped one exceeds this by, %, at most", gap, True),
            ("README.md", "hdq, every vector, at most", upper, True),
            ("README.md", "any unbiased rule, flat vectors, at least", lower, False),
            ("README.md", "gap, %, at most", gap, True),
            ("data/bounds/README.md", "any rule, certified, at least", lower[:4], False),
            ("data/bounds/README.md", "the shipped generator, certified, at least", [Fraction(c["lower"]) for c in certificates()[:4]], False)):
        row = row_of(read(name), label)
        if len(row) != len(exact) or not all(is_rounded(text, value, up) for text, value in zip(row, exact)):
            fail(name, f"{label}: {row} are not {[float(value) for value in exact]}, rounded {'up' if up else 'down'}")
    rows = json.loads(read("data/bounds/bounds.json"))["optimality"]
    if [round(row["any_rule_at_least"], 9) for row in rows] != [round(float(value), 9) for value in lower]:
        fail("data/bounds/bounds.json", "its bounds of any rule are not those of data/bounds/optimality")
    for number in re.findall(r"within (0\.\d+) %, on flat vectors", read("README.md")) + re.findall(r"gap to hdq, at most (0\.\d+) %", read("CHANGELOG.md")):
        if not is_rounded(number, max(gap), True):
            fail("README.md", f"the largest gap is {float(max(gap))} %, not {number}")


def check_constants():
    spec = read("docs/SPEC.md")
    constants = {line.split()[0]: line.split()[1:] for line in read("proofs/constants.txt").splitlines()[:7]}
    for label, name in (("64σ", "shipped_sigma_times_64"), ("64κ", "shipped_kappa_times_64")):
        if row_of(spec, label) != constants[name]:
            fail("docs/SPEC.md", f"{label} is not {name} of proofs/constants.txt")
    caps = re.search(r"Definition dither_cost_cap : list Z := \[([\d; ]+)\]", read("proofs/discrete/DiscreteShipped.v"))
    if row_of(spec, "K_b") != caps[1].split("; "):
        fail("docs/SPEC.md", f"K_b is not dither_cost_cap of proofs/discrete/DiscreteShipped.v, {caps[1]}")


# Who keeps σ and κ by hand, to be an oracle; proofs/constants/Constants.v is compared by Coq's own print of it.
hand_copies = ["proofs/certificate/find_majorant.cpp", "tests/fast/codebook_certificate_test.cpp", "tests/kernels/faulty/hdq_faulty.cpp",
               "tests/kernels/mutants/spec_core.h", "tests/kernels/numpy_kernel.py", "tests/kernels/plain/hdq_plain.c",
               "tests/reference/generator_test.cpp"]
generated = ["fast/tables/shipped_constants.hpp", "reference/include/hdq/reference/scheme/shipped_constants.hpp"]


def check_copies():
    """The constants that oracles keep by hand; other copies include what cmake/generate_constants.cmake writes."""
    constants = {line.split()[0]: line.split()[1:] for line in read("proofs/constants.txt").splitlines()[:2]}
    for name in hand_copies:
        for letter in ("sigma", "kappa"):
            lists = re.findall(rf"(?i)\b{letter}\w*(?:\[\d*\])? = [\[{{](?:0, )?([\d, ]+)[\]}}]", read(name))
            if [values.split(", ") for values in lists] != [constants[f"shipped_{letter}_times_64"]]:
                fail(name, f"{letter}: {lists}, but proofs/constants.txt has {constants[f'shipped_{letter}_times_64']}")
    for name in ("tests/kernels/plain/hdq_plain.c", "tests/kernels/faulty/hdq_faulty.cpp", "tests/kernels/mutants/spec_core.h"):
        bounds = re.findall(r"\bbound\[\] = \{([\d., ]+)\}", read(name))
        if [[Fraction(value) for value in values.split(", ")] for values in bounds] != [[Fraction(c["upper"]) for c in certificates()]]:
            fail(name, "its bounds are not those of data/bounds")
    for name, text in texts():
        if name not in hand_copies + generated and re.search(r"\b109, ?111, ?111\b", text):
            fail(name, "σ by hand: include what cmake/generate_constants.cmake writes, or join hand_copies in docs_test.py")


def check_measured():
    """Numbers that the program computes."""
    if program is None:
        return
    def enclosed(*arguments):
        return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout
    def expect(where, text, arguments, pattern):
        printed = re.search(pattern + r" +\[?([\d.]+)", enclosed(*arguments))
        if text not in read(where) or not printed or abs(Fraction(printed[1]) - Fraction(text)) > Fraction(1, 2 * 10 ** len(text.partition(".")[2])):
            fail(where, f"{text}, but hdq {' '.join(arguments)} prints {printed and printed[1]}")
    expect("docs/SPEC.md", "2.2035", ["mse", "--bits", "8", "--preset", "one-hot"], r"times 4\^b")
    lloyd_max = ["--bits", "2", "--preset", "one-hot", "--scheme", "lloyd-max"]
    expect("docs/SPEC.md", "0.26053", ["mse", *lloyd_max], r"E\|x\^ - x\|\^2/\|x\|\^2")
    for where in ("docs/SPEC.md", "README.md"):
        expect(where, "0.51", ["bias", *lloyd_max], r"\|E x\^ - x\|/\|x\|")


def check_entropy_coded():
    """README's table of both schemes at equal size, its shrunk errors, and its transcript of an encoding."""
    if program is None:
        return
    readme, data = read("README.md"), "data/minilm-fiori-778x384.npy"
    def run(*arguments):
        return subprocess.run([program, *arguments], check=True, capture_output=True, text=True, cwd=source).stdout
    def near(text, value):
        return abs(Fraction(text) - Fraction(value)) <= Fraction(1, 2 * 10 ** len(text.partition(".")[2]))
    rows = re.findall(r"^\| (\d) \| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \| ([\d.]+) \| ([\d.]+) \|$", readme, re.MULTILINE)
    if [row[0] for row in rows] != ["1", "2", "3", "4"]:
        fail("README.md", "the table of both schemes at equal size was not found")
    bounds = {}
    with tempfile.TemporaryDirectory() as directory:
        codes = f"{directory}/x.hdq"
        def measured(option, number):
            said = run("encode", data, "-o", codes, option, number)
            info = json.loads(run("info", codes, "--json"))
            found = run("search", codes, "--queries", data, "--original", data, "--rerank", "0", "-k", "10", "--json", "-o", f"{directory}/found.json")
            bounds[option, number] = info["error_bound"]
            return said.replace(directory + "/", ""), info["file_bytes"], info["error_bound"], json.loads(found)["recall_codes"]
        for bits, bytes_fixed, bound, recall_fixed, rate, bytes_coded, error, recall_coded in rows:
            _, size, value, found = measured("--bits", bits)
            if size != int(bytes_fixed) or not is_rounded(bound, Fraction(value), True) or not near(recall_fixed, found):
                fail("README.md", f"--bits {bits}: {size} bytes, error {value}, recall {found}")
            said, size, value, found = measured("--rate", rate)
            if size != int(bytes_coded) or not near(error, value) or not near(recall_coded, found):
                fail("README.md", f"--rate {rate}: {size} bytes, error {value}, recall {found}")
            if f"$ hdq encode {data} -o x.hdq --rate {rate}\n" in readme and f"    {said}" not in readme:
                fail("README.md", f"transcript: {said}")
    if not re.search(r"^    \$ hdq encode \S+ -o x\.hdq --rate (%s)$" % "|".join(row[4] for row in rows), readme, re.MULTILINE):
        fail("README.md", "the transcript of an encoding was not found")
    shrunk = re.search(r"at most C/\(1 \+ C\)·‖x‖²: ([\d.]+)\s+instead of ([\d.]+) at 1 bit, ([\d.]+) instead of ([\d.]+) at rate ([\d.]+)\.", readme)
    if not shrunk:
        fail("README.md", "the errors of --shrink were not found")
    else:
        for less, least_factor, key in ((shrunk[1], shrunk[2], ("--bits", "1")), (shrunk[3], shrunk[4], ("--rate", shrunk[5]))):
            bound = Fraction(bounds[key])
            if abs(Fraction(less) - bound / (1 + bound)) > Fraction(1, 1000) or abs(Fraction(least_factor) - bound) > Fraction(1, 1000):
                fail("README.md", f"--shrink at {key}: {float(bound / (1 + bound))} instead of {float(bound)}")


def check_uses():
    """Each number that README measures of a use stands in the page that it links."""
    uses = re.findall(r"^\| [^|]+ \| `[^`]+` \| (.+) \(\[\w+\]\((docs/\w+\.md)\)\) \|$", read("README.md"), re.MULTILINE)
    if len(uses) != 3:
        fail("README.md", f"{len(uses)} measured uses were found, not 3")
    for said, page in uses:
        numbers = set(re.findall(r"\d+(?:\.\d+)?", read(page).replace(",", "")))
        for number in re.findall(r"\d+(?:\.\d+)?", said.replace(",", "")):
            if number not in numbers:
                fail("README.md", f"{number} is not in {page}: {said}")


def check_packages():
    """The Debian packages that docs/python.md asks for are those that ./check installs, under their names there."""
    asked = " ".join(re.findall(r"^ *apt: (.*)$", read("docs/python.md"), re.MULTILINE)).split()
    installed = set(" ".join(re.findall(r"_packages=\(([^)]*)\)", read(".ci/setup.sh"))).split())
    if not asked:
        fail("docs/python.md", "no packages were found")
    for package in asked:
        if package not in installed:
            fail("docs/python.md", f"{package} is none of the packages of .ci/setup.sh")


def check_claims():
    """π√3/2 bounds the limit of many levels; the error of a vector does not approach it, nor is it a bound at any b."""
    claim = re.compile(r"(?:\bis|\bare|(?<![<>])=|approach\w*|tends? to|converges? to|attains?)\s+\(?(?:π√3/2|pi sqrt ?\(?3)[^.]{0,12}4\^-b|"
                       r"(?:approach\w*|tends? to|converges? to|attains?)\s+(?:the )?\(?(?:π√3/2|pi sqrt)")
    for name, text in texts():
        for match in claim.finditer(text):
            fail(name, f"what is proved is 'at most': {match[0]!r}")


for check in (check_citations, check_theorems, check_map, check_links, check_bounds, check_optimality, check_constants, check_copies, check_measured, check_entropy_coded, check_uses, check_packages, check_claims):
    check()
print("\n".join(dict.fromkeys(failures)) or "documents agree")
sys.exit(1 if failures else 0)

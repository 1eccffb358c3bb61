#!/usr/bin/env python3
"""Runs `hdq validate` on every wrong kernel of this directory and every unusual right one of ../legal, and says who was judged wrongly.

    campaign.py --hdq build/release/hdq --kernels build/release/tests/kernels --level quick --jobs 2

A mutant is found when the kernel is invalid, refused as no kernel, or not judged where its list says that this is what should be said.
A legal kernel must be valid, or not judged where nothing can be judged. Exit 1 where fewer mutants are found than --minimum, or a legal
kernel is accused.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TEXT = r'"((?:[^"\\]|\\.)*)"'
ENTRY = re.compile(rf'^\s*(?:MUTANT|LEGAL)\(\s*(\w+),\s*(\d+|"[^"]*"),\s*"([^"]*)",\s*((?:{TEXT}\s*)+)\)', re.M)
NOT_JUDGED = "not judged"
LEGAL_FAMILIES = ("arithmetic", "schemes")

KINDS = {
    "1": "batches: numbers of rows", "2": "sizes: long rows, many codes", "3": "caches that forget a part of their key",
    "4": "determinism and threads", "5": "queries and rows that are zero, sparse, tiny, huge", "6": "ends of the dither's and the norm's range",
    "7": "bad input", "8": "files", "9": "statistics of schemes of their own", "10": "refusals, and kernels that offer nothing",
    "11": "output left unwritten", "13": "faults that are easily called something else", "15": "processes that fight back",
    "16": "tables and text that a report prints"}

# What CTest runs: a few mutants with the check that must find them, and the legal kernels with checks that take no time.
SAMPLE = {
    "codebook": ["kappa_of_seven", "codeword_one_of_many"],
    "transform": ["b12_entry", "b20_row", "b28_rows_swapped", "order_20_unscaled", "signs_none_when_full"],
    "pack": ["pack_or_into", "unpack_last_unwritten"],
    "encode": ["dither_dead", "lanes_correlated", "threshold_at_low_end"],
    "repeat": ["cut_cached_by_order"],
    "profile-encode": ["mse__padding_kept", "mse__b3_as_b4"],
    "decode": ["dither_half_cell", "scale_of_padding"],
    "bad-input": ["nan_to_zero", "bad_row_absolute"],
    "file": ["file_header_flags"],
    "error-constant": ["oracle_rounded"],
}
SAMPLE_OF_LEGAL = ["dense_kahan", "dense_pairwise", "all_double", "all_extended", "fused_everywhere", "column_major", "norm_in_float", "five_variants",
                   "up_to_777", "bits_1_3_8", "even_only", "only_128", "even_seeds", "encode_and_dot", "reconstruct_alone", "threaded", "remembering",
                   "bad_from_the_end", "talkative", "lossless", "hash_of_input", "half_storage", "signs_only_pack", "nothing_offered", "narrow_dimension",
                   "uniform__right", "stochastic__right", "microfloat__right", "eden__right", "prod__right", "signbit__right", "dithered__right",
                   "mse__right", "edenhd__right"]
CHECKS_OF_LEGAL = "codebook,transform,pack,decode,dot,repeat,bad-input"

# What the words of the mutants' lists are called by the validator. A word that is part of a class's name needs no line.
WORDS = {
    "crashed": ["crash", "out-of-bounds", "tail-of-a-simd-loop"], "hung": ["hang"], "failed": ["failure", "wrong-status"],
    "status": ["failure"], "memory": ["out-of-bounds", "tail-of-a-simd-loop", "leak-of-memory"], "unwritten": ["use-after-return"],
    "threads": ["non-atomic-packing", "not-thread-safe"], "batch-differs": ["batch-dependent"],
    "path-differs": ["batch-dependent", "two-paths-two-bases"], "row-number": ["batch-dependent"],
    "cache": ["state-kept-between-calls"], "stale": ["state-kept-between-calls"], "not-repeatable": ["state-kept-between-calls", "use-after-return"],
    "variant": ["instruction-sets-disagree"], "half": ["half-overflow", "low-precision"], "nan": ["nan-swallowed", "bad-input-position"],
    "unsupported": ["refusal-by-content"], "padding": ["padded-dimensions"], "codebook": ["table-entry"], "threshold": ["table-entry"],
    "order": ["smallest-order-fails"], "pack": ["packing-order", "one-bit-width-hard-wired"], "alignment": ["tail-of-a-simd-loop"],
    "placement": ["tail-of-a-simd-loop"], "transposed-base": ["inverse-is-not-the-transpose", "two-paths-two-bases"], "rotation": ["two-paths-two-bases"]}
# No kernel at all is what these words ask for, besides "not judged".
REFUSED = ("interface", "nothing", "claim")

Mutant = collections.namedtuple("Mutant", "family name kind classes what")


def listed(directory):
    """The entries of the lists of a directory, one list a family."""
    mutants = []
    for header in sorted(directory.glob("*.h")):
        text = re.sub(r"\\\n", "\n", header.read_text())
        for name, kind, classes, what, _ in ENTRY.findall(text):
            mutants.append(Mutant(header.stem, name, kind.strip('"'), classes, "".join(re.findall(TEXT, what)).replace('\\"', '"')))
    return mutants


def run(command, environment, limit, directory):
    """Exit status, output, and seconds; a status of None where the limit was reached and the whole session was killed."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(command, env=environment, stdout=out, stderr=err, stdin=subprocess.DEVNULL, cwd=directory,
                                 start_new_session=True)
        try:
            status = child.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            status = None
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    return status, texts[0], texts[1], time.monotonic() - started


def last_object(text):
    """The report; what a kernel printed may precede it."""
    for line in reversed(text.splitlines()):
        try:
            report = json.loads(line)
        except ValueError:
            continue
        if isinstance(report, dict):
            return report
    return None


def judged(mutant, options, seed, legal):
    room = "legal" if mutant.family in LEGAL_FAMILIES else "mutants"
    library = options.kernels / room / f"hdq-kernel-{room}-{mutant.family}.so"
    environment = dict(os.environ, HDQ_MUTANT=mutant.name)
    subject = ["--", sys.executable, str(HERE / "serve.py"), str(library)] if options.pipe else [str(library)]
    with tempfile.TemporaryDirectory() as directory:
        command = [str(options.hdq), "validate", "--level", options.level, "--json", "--random-seed", str(seed), "-o", directory]
        command += [] if legal else ["--fail-fast"]
        command += ["--only", options.only] if options.only else []
        command += options.options.split()
        status, out, err, seconds = run(command + subject, environment, options.limit, directory)
        report = last_object(out)
        again = replayed(report, environment, options, directory) if options.replay and status in (1, 3) else ""
    result = {"mutant": mutant._asdict(), "level": options.level, "seed": seed, "status": status, "seconds": round(seconds, 2)}
    result.update(verdict_of(status, report, out, err))
    words = mutant.classes.split("|") if mutant.classes else []
    accepted = result["class"] != "" and any(re.search(word, result["class"]) or result["class"] in WORDS.get(word, []) for word in words)
    accepted |= result["verdict"] == "refused" and any(word in words for word in REFUSED)
    accepted |= result["verdict"] == NOT_JUDGED and NOT_JUDGED in words
    result["found"] = result["verdict"] in ("invalid", "refused") or (result["verdict"] == NOT_JUDGED and NOT_JUDGED in mutant.classes)
    # A class of defects is its own name, in one word.
    result["named"] = bool(accepted) or (result["class"] != "" and result["class"] == re.sub(r"[^a-z0-9]+", "-", mutant.kind.lower()))
    result["again"] = again
    return result


def replayed(report, environment, options, directory):
    """Whether the first finding's own command finds the same class again: "" yes, else what happened; a command may be missing."""
    findings = [f for c in (report or {}).get("checks", []) for f in c.get("findings", [])]
    if not findings or not findings[0].get("replay"):
        return "no command"
    words = shlex.split(findings[0]["replay"])
    at = words.index("--") if "--" in words else len(words)
    status, out, _, _ = run([str(options.hdq)] + words[1:at] + ["--json"] + words[at:], environment, options.limit, directory)
    after = last_object(out)
    classes = [f.get("defect") for c in (after or {}).get("checks", []) for f in c.get("findings", [])]
    if findings[0].get("defect") in classes:
        return ""
    return f"exit {status}, {', '.join(map(str, classes)) or 'no finding'}"


def verdict_of(status, report, out, err):
    last = (err.strip().splitlines() or [""])[-1][:200]
    if status is None:
        return {"verdict": "validator hung", "class": "", "check": "", "says": last}
    if status < 0:
        return {"verdict": f"validator crashed, signal {-status}", "class": "", "check": "", "says": last}
    if status == 2:
        return {"verdict": "refused", "class": "", "check": "", "says": last}
    if report is None:
        return {"verdict": f"no report, exit {status}", "class": "", "check": "", "says": last}
    first = report.get("first") or {}
    findings = [f for c in report.get("checks", []) for f in c.get("findings", [])]
    says = findings[0].get("what", "") if findings else ""
    if status in (1, 3):
        verdict = "invalid"
    else:
        verdict = str(report.get("verdict", "valid" if report.get("valid") else NOT_JUDGED)).replace("-", " ")
    return {"verdict": verdict, "class": first.get("defect", ""), "check": first.get("stage", ""), "says": says[:300]}


def sample(options):
    """Each mutant of SAMPLE must be found by its check, each kernel of SAMPLE_OF_LEGAL must pass CHECKS_OF_LEGAL."""
    known = {m.name: m for m in listed(HERE)}
    work = [(known[name], dict(only=check), False) for check, names in SAMPLE.items() for name in names]
    legal = {m.name: m for m in list(known.values()) + listed(HERE.parent / "legal")}
    work += [(legal[name], dict(only=CHECKS_OF_LEGAL), True) for name in SAMPLE_OF_LEGAL]
    wrong = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        tasks = [pool.submit(judged, m, argparse.Namespace(**{**vars(options), **other}), 1, is_legal) for m, other, is_legal in work]
        for (m, other, is_legal), task in zip(work, tasks):
            result = task.result()
            if result["verdict"] not in (("valid", NOT_JUDGED) if is_legal else ("invalid",)):
                wrong.append(f"{m.name}, --only {other['only']}: {result['verdict']} {result['class']} {result['says']}")
    print("\n".join(wrong + [f"{len(work) - len(wrong)} of {len(work)} judged rightly"]))
    return 1 if wrong else 0


def campaign(mutants, options, legal):
    seeds = range(1, options.seeds + 1) if legal else [1]
    results = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        tasks = [pool.submit(judged, m, options, seed, legal) for m in mutants for seed in seeds]
        for task in concurrent.futures.as_completed(tasks):
            result = task.result()
            results.append(result)
            if not options.silent:
                print(line_of(result), flush=True)
    order = {m.name: i for i, m in enumerate(mutants)}
    return sorted(results, key=lambda r: (order[r["mutant"]["name"]], r["seed"]))


def line_of(result):
    m = result["mutant"]
    again = f"  AGAIN: {result['again']}" if result.get("again") else ""
    mark = "found   " if result["found"] else "SURVIVED" if result["verdict"] != "valid" or m["kind"] != "legal" else "ok      "
    return f"{mark} {m['kind']:>4} {m['name']:34} {result['verdict']:12} {result['check']:16} {result['class']:32} {result['seconds']:7.2f}{again}"


def by_kind(results):
    """kind -> [found, all], numbers first."""
    table = {}
    for result in results:
        entry = table.setdefault(result["mutant"]["kind"], [0, 0])
        entry[0] += result["found"]
        entry[1] += 1
    return dict(sorted(table.items(), key=lambda item: (not item[0].isdigit(), int(item[0]) if item[0].isdigit() else 0, item[0])))


def print_totals(results):
    for kind, (found, count) in by_kind(results).items():
        print(f"{kind:36} {found:4} of {count:4}")
    found = sum(r["found"] for r in results)
    print(f"{'all':36} {found:4} of {len(results):4}  {100 * found / max(1, len(results)):.1f} %")
    named = sum(r["found"] and r["named"] for r in results)
    print(f"named by an accepted class           {named:4} of {found:4}")


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def write_table(path, levels):
    """docs/mutants.md: levels is {level: results}."""
    first = next(iter(levels.values()))
    lines = ["# Wrong kernels by somebody who had not seen the checks", "",
             "Written by `tests/kernels/mutants/campaign.py --table` from its own results. Each mutant is one fault in an otherwise right kernel",
             "(`tests/kernels/mutants/`), chosen by `HDQ_MUTANT` when the plug-in is loaded; `differ.py` shows for each a legal call that it answers",
             "otherwise than the right kernel. A mutant is found when the verdict is invalid, when the kernel is refused, or, where that is what",
             "should be said, when it is not judged. [kill-table.md](kill-table.md) has the faults that were written with the checks.",
             "At each later level only what the level before had missed was run (`--survivors-of`)" +
             (", and at `thorough` the audit alone." if "thorough" in levels else "."), ""]
    lines += ["| kind | mutants | " + " | ".join(f"found at `{level}`" for level in levels) + " |", "|--|--:|" + "--:|" * len(levels)]
    totals = {level: by_kind(results) for level, results in levels.items()}
    for kind in by_kind(first):
        title = f"{kind}: {KINDS[kind]}" if kind in KINDS else kind
        lines.append(f"| {title} | {totals[next(iter(levels))][kind][1]} | " + " | ".join(str(t.get(kind, [0])[0]) for t in totals.values()) + " |")
    counts = [sum(r["found"] for r in results) for results in levels.values()]
    lines.append(f"| all | {len(first)} | " + " | ".join(f"{c} ({100 * c / max(1, len(first)):.0f} %)" for c in counts) + " |")
    lines += ["", "| mutant | kind | what is wrong | " + " | ".join(levels) + " |", "|--|--|--|" + "--|" * len(levels)]
    indexed = {level: {r["mutant"]["name"]: r for r in results} for level, results in levels.items()}
    for result in first:
        m = result["mutant"]
        said = []
        for table in indexed.values():
            r = table.get(m["name"])
            said.append("" if r is None else f"{r['check']}: {r['class']}" if r["found"] and r["class"] else r["verdict"])
        lines.append(f"| {m['name']} | {m['kind']} | {cell(m['what'])} | " + " | ".join(cell(s) for s in said) + " |")
    path.write_text("\n".join(lines) + "\n")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hdq", type=pathlib.Path, help="the program")
    parser.add_argument("--kernels", type=pathlib.Path, help="directory that holds mutants/ and legal/ with the built objects")
    parser.add_argument("--level", default="quick")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=float, default=600, help="seconds for one run of the validator")
    parser.add_argument("--only", default="", help="checks, separated by commas")
    parser.add_argument("--options", default="", help="further options of hdq validate")
    parser.add_argument("--names", default="", help="mutants, separated by commas; all unless given")
    parser.add_argument("--kinds", default="", help="kinds, separated by commas")
    parser.add_argument("--survivors-of", type=pathlib.Path, help="run only what an earlier --results did not find; what it found is kept")
    parser.add_argument("--pipe", action="store_true", help="run them behind a pipe, by serve.py")
    parser.add_argument("--replay", action="store_true", help="run the command that the first finding says shows it again")
    parser.add_argument("--legal", action="store_true", help="run the legal kernels instead")
    parser.add_argument("--seeds", type=int, default=1, help="random seeds for each legal kernel")
    parser.add_argument("--minimum", type=float, default=0, help="percent of mutants that must be found")
    parser.add_argument("--results", type=pathlib.Path, help="write the results as JSON")
    parser.add_argument("--table", type=pathlib.Path, help="write a page of Markdown from the files of results given")
    parser.add_argument("--from-results", type=pathlib.Path, nargs="*", default=[], help="for --table: results, in the order of columns")
    parser.add_argument("--sample", action="store_true", help="the few that CTest runs, each with the check that must find it")
    parser.add_argument("--silent", action="store_true")
    return parser.parse_args()


def chosen(options):
    # The right schemes that own mutants are made of are legal kernels too.
    known = listed(HERE) + (listed(HERE.parent / "legal") if options.legal else [])
    mutants = [m for m in known if (m.kind == "legal") == options.legal]
    names, kinds = set(filter(None, options.names.split(","))), set(filter(None, options.kinds.split(",")))
    unknown = names - {m.name for m in mutants}
    if unknown:
        sys.exit(f"campaign.py: no mutant named {', '.join(sorted(unknown))}")
    return [m for m in mutants if (not names or m.name in names) and (not kinds or m.kind in kinds)]


def main():
    options = arguments()
    if options.from_results:
        write_table(options.table, {r[0]["level"]: r for r in (json.loads(p.read_text()) for p in options.from_results)})
        return 0
    options.hdq, options.kernels = options.hdq.resolve(), options.kernels.resolve()
    if options.sample:
        return sample(options)
    mutants, kept = chosen(options), []
    if options.survivors_of:
        earlier = {r["mutant"]["name"]: r for r in json.loads(options.survivors_of.read_text())}
        kept = [r for name, r in earlier.items() if r["found"] and name in {m.name for m in mutants}]
        kept_names = {r["mutant"]["name"] for r in kept}
        mutants = [m for m in mutants if m.name not in kept_names]
    results = campaign(mutants, options, options.legal)
    if kept:
        order = {m.name: i for i, m in enumerate(chosen(options))}
        results = sorted(results + [dict(r, level=options.level) for r in kept], key=lambda r: order[r["mutant"]["name"]])
    if options.results:
        options.results.write_text(json.dumps(results, indent=1) + "\n")
    if options.legal:
        accused = [r for r in results if r["verdict"] not in ("valid", NOT_JUDGED)]
        for r in accused:
            print(f"ACCUSED: {r['mutant']['name']} (random seed {r['seed']}): {r['verdict']} {r['check']} {r['class']} {r['says']}")
        print(f"{len(results) - len(accused)} of {len(results)} runs of legal kernels judged rightly")
        return 1 if accused else 0
    print_totals(results)
    return 1 if 100 * sum(r["found"] for r in results) < options.minimum * len(results) else 0


if __name__ == "__main__":
    sys.exit(main())

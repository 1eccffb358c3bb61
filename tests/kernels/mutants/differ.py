#!/usr/bin/env python3
"""That no mutant is equivalent: each must answer some legal call of `differ` otherwise than the right kernel.

    differ.py --differ build/release/tests/kernels/mutants/hdq-kernel-mutants-differ --kernels build/release/tests/kernels/mutants

Prints the first such call of each mutant, or writes them to --calls as JSON; exit 1 where a mutant has none.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import campaign


def lines_of(options, family, name, fill, limit):
    environment = dict(os.environ, HDQ_MUTANT=name)
    command = [str(options.differ), str(options.kernels / f"hdq-kernel-mutants-{family}.so"), str(fill)]
    try:
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=limit)
        out, end = done.stdout, f"ended with status {done.returncode}"
    except subprocess.TimeoutExpired as expired:
        out, end = expired.stdout or b"", "hung"
    return out.decode("utf-8", "replace").splitlines() + [end]


def right_name(mutant):
    """What a mutant is compared with: the right scheme of its family, named before the double underscore; else the right kernel."""
    return "none" if "__" not in mutant.name else mutant.name.split("__")[0] + "__right"


def first_difference(options, mutant, right):
    for fill in (0, 255):
        key = (mutant.family, right_name(mutant), fill)
        if key not in right:
            right[key] = lines_of(options, mutant.family, key[1], fill, 120)
        wrong = lines_of(options, mutant.family, mutant.name, fill, options.limit)
        for i, line in enumerate(wrong):
            if i >= len(right[key]) or line != right[key][i]:
                return right[key][i] if i < len(right[key]) else line
        if len(wrong) < len(right[key]):
            return right[key][len(wrong)]
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--differ", type=pathlib.Path, required=True)
    parser.add_argument("--kernels", type=pathlib.Path, required=True)
    parser.add_argument("--limit", type=float, default=60)
    parser.add_argument("--names", default="")
    parser.add_argument("--calls", type=pathlib.Path)
    options = parser.parse_args()
    names = set(filter(None, options.names.split(",")))
    calls, equivalent, right = {}, [], {}
    for mutant in campaign.listed(campaign.HERE):
        if (names and mutant.name not in names) or mutant.name.endswith("__right"):
            continue
        call = first_difference(options, mutant, right)
        calls[mutant.name] = call
        print(f"{mutant.name:34} {call or 'EQUIVALENT'}", flush=True)
        if call is None:
            equivalent.append(mutant.name)
    if options.calls:
        options.calls.write_text(json.dumps(calls, indent=1) + "\n")
    print(f"{len(calls) - len(equivalent)} of {len(calls)} differ" + "".join(f"\nequivalent: {name}" for name in equivalent))
    return 1 if equivalent else 0


if __name__ == "__main__":
    sys.exit(main())

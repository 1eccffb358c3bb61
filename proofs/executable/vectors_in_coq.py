#!/usr/bin/env python3
"""Test vectors as theorems of Coq (docs/vectors.md): writes VectorExamples.v, one Example for each of the smaller tests.

usage: vectors_in_coq.py DATA [FILE]   prints the file; with FILE, fails unless FILE is what it would print.
"""
import difflib
import json
import pathlib
import struct
import sys

HEAD = '''(** * Written by executable/vectors_in_coq.py from vectors/data; do not edit. *)
(** Test vectors as theorems: the programs of this folder, run by Coq, give the answers of a bit-exact implementation. *)
From Coq Require Import ZArith NArith List.
From Flocq Require Import IEEE754.Bits.
From Hdq Require Import Philox Packing FloatOperations TransformList NormList FixedRateCodec.
Import ListNotations.

Definition floats : list Z -> list binary32 := map b32_of_bits.
Definition bits_of : list binary32 -> list Z := map bits_of_b32.
Definition words (w : list N) : list bool := flat_map bits_of_word w.
Definition encoding (e : encoded) : option (Z * list N) := match e with Encoded norm bytes => Some (bits_of_b32 norm, bytes) | _ => None end.
'''

MOST_SIGNS, MOST_CODES, LARGEST_ORDER = 129, 17, 28
# Of codec.json: kinds of rows by their comments, the dimension, and the bits that are taken.
ROWS = [
    ("noise", 3, range(1, 9)),
    ("noise", 12, range(1, 5)),
    ("noise", 20, (3,)),
    ("zero", 3, (1,)),
    ("norm near", 3, (1,)),
    ("neighbours", 3, (2,)),
    ("one float step", 2, (1, 2)),
]


def array(blob, place):
    code = {"u1": "B", "u4": "I", "f4": "I"}[place["type"]]  # floats as their bits
    return list(struct.unpack_from(f"<{place['count']}{code}", blob, place["offset"]))


def listed(values, digits):
    return "[" + "; ".join(f"0x{v:0{digits}x}" for v in values) + "]"


def floats(values):
    return f"(floats {listed(values, 8)}%Z)"


def example(name, left, right):
    # Computed once, by the kernel: vm_compute as a tactic would compute everything twice.
    return f"Example {name} : {left}\n  = {right}.\nProof. vm_cast_no_check (eq_refl ({right})). Qed.\n"


def streams(document, blob):
    for group in document["testGroups"]:
        for test in group["tests"]:
            if group["type"] == "dither":
                yield example(f"streams_{test['tcId']}", f"dither_word {test['seed']} {test['row']}", f"{test['word']}%N")
            elif test["count"] <= MOST_SIGNS:
                signs = listed(array(blob, test["signs"]), 8)
                yield example(f"streams_{test['tcId']}", f"sign_bits {test['seed']} {test['count']}",
                              f"firstn {test['count']} (words {signs}%N)")


def packing(document, blob):
    for group in document["testGroups"]:
        for test in group["tests"]:
            if test["count"] <= MOST_CODES:
                codes, packed = listed(array(blob, test["codes"]), 2), listed(array(blob, test["bytes"]), 2)
                b, n = group["bits"], test["count"]
                yield example(f"packing_{test['tcId']}", f"(pack_bytes {b} {codes}, unpack_bytes {b} {n} {packed})%N",
                              f"({packed}, {codes})%N")


def transform(document, blob):
    for group in document["testGroups"]:
        if group["order"] > LARGEST_ORDER:
            continue
        signs = f"(sign_bits {group['seed']} {group['order']})"
        for test in group["tests"]:
            if test["comment"] != "noise":
                continue
            x, sizes = floats(array(blob, test["x"])), f"{group['base']} {group['log2']}"
            result = (f"flip_list32 {signs} (transform_transposed_list32 {sizes} {x})" if test["transposed"] else
                      f"transform_list32 {sizes} (flip_list32 {signs} {x})")
            yield example(f"transform_{test['tcId']}", f"bits_of ({result})", f"{listed(array(blob, test['y_float32']), 8)}%Z")


def codec(document, blob):
    for group in document["testGroups"]:
        for test in group["tests"]:
            if not any(test["comment"].startswith(kind) and group["dimension"] == dimension and test["bits"] in bits
                       for kind, dimension, bits in ROWS):
                continue
            number, n, b = test["tcId"], group["dimension"], test["bits"]
            x, packed = floats(array(blob, group["x"])), listed(array(blob, test["bytes"]), 2)
            word = f"dither_word {group['seed']} {test['row']}"
            yield example(f"word_{number}", word, f"{test['word']}%N")
            yield example(f"encoded_{number}", f"encoding (encode_row {b} {group['seed']} {test['row']} {x})",
                          f"Some ({test['norm']}%Z, {packed}%N)")
            yield example(f"decoded_{number}",
                          f"bits_of (decode_row {n} {b} {group['seed']} {test['row']} (b32_of_bits {test['norm']}) {packed}%N)",
                          f"{listed(array(blob, test['decoded_float32']), 8)}%Z")


def text(data):
    parts = [HEAD]
    for title, name, write in [("SPEC §2: signs and dither words", "streams", streams), ("SPEC §4: packing", "packing", packing),
                               ("SPEC §4: H D x and D H^T y in float32", "transform", transform),
                               ("SPEC §4: norm, codes and decoded values of rows", "codec", codec)]:
        document = json.loads((data / f"{name}.json").read_text())
        parts += [f"(** ** {title} ({name}.json) *)\n", *write(document, (data / document["blob"]).read_bytes())]
    return "\n".join(parts)


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    wanted = text(pathlib.Path(sys.argv[1]))
    if len(sys.argv) == 2:
        sys.stdout.write(wanted)
        return
    found = pathlib.Path(sys.argv[2]).read_text()
    if found != wanted:
        sys.stdout.writelines(difflib.unified_diff(found.splitlines(True), wanted.splitlines(True), sys.argv[2], "from the vectors"))
        sys.exit(f"{sys.argv[2]}: not what the vectors say; write it anew with {sys.argv[0]} {sys.argv[1]}")


main()

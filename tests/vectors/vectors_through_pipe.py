"""Puts the released test vectors to a kernel behind a pipe: vectors_through_pipe.py VECTORS PROGRAM [ARGUMENT]...

It knows docs/vectors.md and docs/pipe-protocol.md and nothing else of hdq.
"""
import json
import subprocess
import sys

import numpy as np

directory, command = sys.argv[1], sys.argv[2:]
blob = open(directory + "/vectors.bin", "rb").read()
program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def array(reference):
    return np.frombuffer(blob, "<" + reference["type"], reference["count"], reference["offset"])


def number(text):
    return int(text, 16)


def float32(bits):
    return np.array([number(bits)], "<u4").view("<f4")


def groups(kind):
    return json.load(open(f"{directory}/{kind}.json"))["testGroups"]


def call(operation, inputs=(), outputs=(0, 0), **fields):
    """Status, (row, column), bytes."""
    body = b"".join(np.asarray(a).tobytes() for a in inputs)
    order = ("dimension", "order", "seed", "bits", "threads", "variant", "first_row", "rows", "count", "word")
    words = [operation, *(fields.get(name, 0) for name in order), *outputs, len(body), 0]
    program.stdin.write(b"HDQCALL1" + np.array(words, "<u8").tobytes() + body)
    program.stdin.flush()
    header = program.stdout.read(40)
    assert header[:8] == b"HDQREPLY", header
    status, row, column, size = map(int, np.frombuffer(header[8:], "<u8"))
    return status, (row, column), program.stdout.read(size)


def order_of(n):
    return min(m << k for m in (1, 12, 20, 28) for k in range(25) if m << k >= n)


def unpack(packed, bits, count):
    return np.unpackbits(packed, bitorder="little")[:bits * count].reshape(count, bits) @ (1 << np.arange(bits))


def within(values, exact, bound):
    return bool((np.abs(np.asarray(values, np.float64) - exact) <= bound).all())


def same_codes(codes, test):
    """Exact, or one of the alternatives."""
    alternatives = {a["coordinate"]: a["codes"] for a in test["alternatives"]}
    exact = array(test["codes"])
    return all(codes[j] in alternatives.get(int(j), []) for j in np.flatnonzero(codes != exact))


def check_codec(group, test):
    n, d, b, x = group["dimension"], group["order"], test["bits"], array(group["x"])
    code_bytes = (d * b + 7) // 8
    row = dict(dimension=n, order=d, bits=b, seed=number(group["seed"]), first_row=number(test["row"]), rows=1)
    status, _, answer = call(8, [x], (4, code_bytes), **row)
    assert status == 0 and answer[:4] == float32(test["norm"]).tobytes()
    assert same_codes(unpack(np.frombuffer(answer[4:], "u1"), b, d), test)
    status, _, answer = call(9, [float32(test["norm"]), array(test["bytes"])], (4 * n, 0), **row)
    assert status == 0
    assert within(np.frombuffer(answer, "<f4"), array(test["decoded"]), float.fromhex(test["decoded_error_bound"]))


def check_transform(group, test):
    d = group["order"]
    operation = 6 if test["transposed"] else 5
    status, _, answer = call(operation, [array(test["x"])], (4 * d, 0), dimension=d, order=d, seed=number(group["seed"]), bits=1, rows=1)
    scale = 2.0**test["y"]["exponent"]
    exact = np.array([number(m) * scale for m in test["y"]["mantissas"]])  # exact: fewer than 53 bits
    assert status == 0 and within(np.frombuffer(answer, "<f4"), exact, float.fromhex(test["error_bound"]))


def check_packing(group, test):
    b, count = group["bits"], test["count"]
    codes, packed = array(test["codes"]), array(test["bytes"])
    config = dict(dimension=count, order=order_of(count), bits=b, count=count)
    assert call(10, [codes], (len(packed), 0), **config)[2] == packed.tobytes()
    assert call(11, [packed], (count, 0), **config)[2] == codes.tobytes()


def check_dot(group, test):
    n = group["dimension"]
    _, _, answer = call(12, [float32(test["norm"]), array(test["bytes"]), array(test["q"])], (4, 0), dimension=n, order=order_of(n),
                        bits=test["bits"], seed=number(group["seed"]), first_row=number(test["row"]), rows=1)
    assert within(np.frombuffer(answer, "<f4"), float.fromhex(test["dot"][0]), float.fromhex(test["error_bound"]))


def check_refusal(group, test):
    n, rows = group["dimension"], test["rows"]
    d = order_of(n)
    status, where, _ = call(8, [array(test["x"])], (4 * rows, rows * ((d * group["bits"] + 7) // 8)), dimension=n, order=d,
                            bits=group["bits"], rows=rows)
    assert status == 2 and where == (test["bad_row"], test.get("bad_column", 2**64 - 1))


def check_signs(group, test):
    count = test["count"]
    _, _, answer = call(1, (), (count, 0), dimension=count, order=order_of(count), seed=number(test["seed"]), bits=1, count=count)
    negative = np.unpackbits(array(test["signs"]).view("u1"), bitorder="little")[:count]
    assert (np.frombuffer(answer, "i1") == 1 - 2 * negative.astype(int)).all()


def check_dither(group, test):
    _, _, answer = call(2, (), (4, 0), dimension=1, order=1, seed=number(test["seed"]), bits=1, first_row=number(test["row"]), rows=1)
    assert np.frombuffer(answer, "<u4")[0] == number(test["word"])


def check_codebook(group, test):
    b = group["bits"]
    for operation, exact in ((3, test["thresholds"]), (4, test["codewords"])):
        _, _, answer = call(operation, (), (8 * len(exact), 0), dimension=1, order=1, bits=b, word=number(test["word"]))
        middle = np.array([float.fromhex(lower) for lower, _ in exact])
        assert within(np.frombuffer(answer, "<f8"), middle, 2.0**-40 * (1 + np.abs(middle)))


checks = {"codec": check_codec, "transform": check_transform, "packing": check_packing, "dot": check_dot, "refusal": check_refusal,
          "signs": check_signs, "dither": check_dither, "codebook": check_codebook}
assert call(0, word=1)[0] == 0
done, failed = 0, []
for kind in ("streams", "codebook", "packing", "transform", "codec", "dot", "refusal"):
    for group in groups(kind):
        for test in group["tests"]:
            done += 1
            try:
                checks[group["type"]](group, test)
            except AssertionError:
                failed.append(f"{kind}.json tcId {test['tcId']}: {test['comment']}")
print(f"{done} tests, {len(failed)} failed", *failed[:5], sep="\n")
sys.exit(1 if failed or done < 600 else 0)

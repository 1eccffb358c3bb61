#!/usr/bin/env python3
"""Writes the seed corpora: what the program and numpy write, small. Usage: make_corpus.py HDQ (the program), in this directory."""
import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "kernels"))
import numpy_entropy_coded as entropy_coded  # noqa: E402

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
hdq = pathlib.Path(sys.argv[1]).resolve()


def store(target, name, data):
    directory = here / "corpus" / target
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_bytes(data)


def numbers(rows, columns):
    return (np.arange(rows * columns, dtype=np.float32).reshape(rows, columns) % 7 - 3) / 4


def npy(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, np.asanyarray(array), version=version)
    return out.getvalue()


def vecs(dtype, rows):
    return b"".join(struct.pack("<i", len(row)) + np.asarray(row, dtype).tobytes() for row in rows)


def hdq_files():
    for rows, columns, bits in [(3, 5, 1), (2, 20, 3), (5, 8, 4), (1, 28, 8), (0, 4, 2)]:
        with tempfile.TemporaryDirectory() as directory:
            np.save(f"{directory}/x.npy", numbers(rows, columns))
            subprocess.run([hdq, "encode", "x.npy", "-o", "x.hdq", "--bits", str(bits), "--seed", "9"], cwd=directory, check=True,
                           stdout=subprocess.DEVNULL)
            store("hdq_file", f"{rows}x{columns}-{bits}-bits", pathlib.Path(directory, "x.hdq").read_bytes())


def entropy_coded_files():
    """By the kernel that was written from the SPEC."""
    for rows, n, step, per_block, with_mean in [(3, 5, 0.0162, 2, True), (2, 20, 1.0825, 4, False), (5, 1, 16.0, 1, False), (0, 4, 0.125, 4, False)]:
        x = numbers(rows, n)
        coded = [entropy_coded.encode_row(step, 9, i, row) for i, row in enumerate(x)]
        header = entropy_coded.Header(n, float(np.float32(step)), 9, rows, per_block, 0, with_mean)
        norms, codes = np.array([a for a, _ in coded], np.float32), np.array([c for _, c in coded], np.int32)
        store("hdq_file", f"{rows}x{n}-step-{step}", entropy_coded.write_file(header, np.zeros(n, np.float32) if with_mean else None, norms, codes))


def vector_files():
    x = numbers(3, 4)
    for name, array in {"f4": x, "f2": x.astype("<f2"), "f8-big": x.astype(">f8"), "f4-fortran": np.asfortranarray(x), "row": x[0],
                        "i8": x.astype("<i8"), "u1": x.astype("u1"), "bool": x > 0, "none": x[:0]}.items():
        store("vector_file", f"{name}.npy", npy(array))
    store("vector_file", "version-2.npy", npy(x, (2, 0)))
    store("vector_file", "version-3.npy", npy(x, (3, 0)))
    for name, save in {"stored": np.savez, "deflated": np.savez_compressed}.items():
        out = io.BytesIO()
        save(out, x=x)
        store("vector_file", f"{name}.npz", out.getvalue())
    store("vector_file", "x.fvecs", vecs("<f4", x))
    store("vector_file", "x.ivecs", vecs("<i4", [[1, 2, 3], [4, 5, 6]]))
    store("vector_file", "x.bvecs", vecs("u1", [[1, 2, 3, 4, 5, 6, 7, 8]] * 2))
    store("vector_file", "x.raw", x.astype(">f8").tobytes())
    for dtype, array in [("F32", x), ("I64", x.astype("<i8"))]:
        header = json.dumps({"__metadata__": {"by": "hdq"},
                             "x": {"dtype": dtype, "shape": [3, 4], "data_offsets": [0, array.nbytes]}}).encode()
        store("vector_file", f"{dtype}.safetensors", struct.pack("<Q", len(header)) + header + array.tobytes())


def certificates():
    for bits in (1, 8):
        store("certificate", f"b{bits}.json", (root / f"data/bounds/b{bits}.json").read_bytes())
    both = json.loads((root / "data/bounds/b2.json").read_text())
    both["majorant"]["exp_square"] = [{"lambda": "1/3", "coefficient": "1/1000000"}]
    store("certificate", "exp-square.json", json.dumps(both).encode())
    short = {"format": "hdq-bound-certificate", "version": 1, "levels": 2, "sigma_squared": "3/1", "kappa": "1/2", "tail": "1/4",
             "majorant": {"constant": "1", "quadratic": "-1/3", "quartic": "0", "cosh": [{"s": "1", "coefficient": "1/9"}], "exp_square": []},
             "lower": "1", "upper": "9/1"}
    store("certificate", "short.json", json.dumps(short, separators=(",", ":")).encode())
    optimality = {"format": "hdq-optimality-certificate", "version": 1, "levels": 2, "lower": "1/9", "price": "2", "unit": "1/100", "ends": [50, 200],
                  "values": [20, 150, 900]}
    store("certificate", "optimality.json", json.dumps(optimality, separators=(",", ":")).encode())


def pipe_replies():
    def answer(operation, status, body):
        return bytes([operation]) + b"HDQREPLY" + struct.pack("<4Q", status, 1, 2, len(body)) + body

    def info(**fields):
        return json.dumps({"name": "kernel", "promise": "conformant", "operations": ["encode", "decode"], **fields}).encode()

    store("pipe_reply", "info", answer(0, 0, info()))
    store("pipe_reply", "info-all", answer(0, 0, info(version="1", bits=[2, 8], max_dimension=4096, variants=2, claimed_error={"2": 0.25})))
    store("pipe_reply", "info-bits", answer(0, 0, info(bits=[1])))
    store("pipe_reply", "info-failed", answer(0, 3, b"no library"))
    store("pipe_reply", "dither", answer(2, 0, bytes(12)))
    store("pipe_reply", "encode", answer(8, 0, bytes(18)))
    store("pipe_reply", "save", answer(14, 0, bytes(40)))
    store("pipe_reply", "bad-input", answer(8, 2, b"NaN"))
    store("pipe_reply", "printed", bytes([5]) + b"Loading the model, please wait a moment ...\n")


def command_lines():
    for name, words in {
        "encode": "encode x.npy -o y.hdq --bits 4 --seed 7 --threads 2 --first-row 3",
        "decode": "decode x.hdq -o y.npy --isa scalar",
        "info": "info x.hdq --json",
        "show": "show x.hdq --row 1",
        "search": "search x.hdq --queries x.npy -k 2 --metric cosine --original x.npy --rerank 3 -o y.jsonl",
        "scalar": "scalar --bits 4 --z 7/10 --u 0.25 --json",
        "mse": "mse --bits 2 --preset e1 --dim 8 --rotation hd --scheme dithered",
        "check": "check x.npy --bits 4 --rows 2",
        "certificate": "verify-certificate x.json",
        "help": "adversary --help",
        "validate": "validate --list",
    }.items():
        store("command_line", name, "\n".join(words.split()).encode())


for make in (hdq_files, entropy_coded_files, vector_files, certificates, pipe_replies, command_lines):
    make()

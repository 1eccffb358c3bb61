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

here = pathlib.Path(__file__).resolve().parent
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


for make in (hdq_files, vector_files):
    make()

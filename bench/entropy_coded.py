#!/usr/bin/env python3
"""Lengths and errors of the entropy-coded quantizer on real and on structured rows, of the files that hdq writes: the table of README.md.

    build/release/tests/idx-to-npy /usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz build/fashion-mnist-10000.npy 10000
    /usr/bin/python3 bench/entropy_coded.py build/release/hdq build/fashion-mnist-10000.npy

needs numpy, and Debian's dataset-fashion-mnist. For each set of rows and each rate R:

  slack      8·bytes/(rows·d) − 32/d − R: the whole file, the norms apart, against R(D) = R (docs/format.md says what is in a file)
  deviation  of the mean of ‖x̂ − x‖²/‖x‖² from D, in its standard errors; rows are given with their padding, so that D is exact
  rows       of that error, in units of D: standard deviation over rows, and the largest distance of one from 1, which is at most 2; and the
             standard deviation of the length of a stream, in bits
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np

root = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(root / "tests/kernels"), str(root / "examples")]
from numpy_kernel import hadamard, sign_vector  # of the specification, not of the library

RATES, SEED = (1, 2, 3, 4, 6, 8), 0


def structured(n, rows=1000):
    """Name and rows × n numbers; n is a Hadamard order."""
    random = np.random.default_rng(n)

    def hot(k):
        x = np.zeros((rows, n), np.float32)
        for row in x:
            row[random.choice(n, k, replace=False)] = random.choice([-1, 1], k)
        return x

    # D Hᵀ e: rotated it is √d in one coordinate and 0 in the others.
    spike = hadamard(np.eye(n, dtype=np.float32)[random.integers(n, size=rows)], True) * sign_vector(SEED, n)
    normal = random.standard_normal((rows, n))
    yield "one-hot", hot(1)
    yield "3-hot", hot(3)
    yield "17-hot", hot(17)
    yield "constant", np.full((rows, n), 0.3)
    yield "rows of H D", spike
    yield "heavy-tailed", random.standard_cauchy((rows, n))
    yield "correlated", random.standard_normal(n) + 0.1 * normal
    yield "normal", normal


def padded(images):
    """28 × 28 pixels within 32 × 32."""
    out = np.zeros((len(images), 32, 32), np.float32)
    out[:, 2:30, 2:30] = images.reshape(-1, 28, 28)
    return out.reshape(-1, 1024)


def real(images):
    x = np.load(root / "data/minilm-fiori-778x384.npy")
    yield "data/, n = 384", x
    yield "Fashion-MNIST, 784 of 896", np.pad(images, ((0, 0), (0, 112)))
    yield "Fashion-MNIST, n = 1024", padded(images)


def stream_lengths(file):
    """Of each row, in bits, raw bits of the codes apart (docs/format.md, Scheme 1)."""
    rows, per_block = struct.unpack_from("<Q", file, 16)[0], struct.unpack_from("<I", file, 44)[0]
    blocks = -(-rows // per_block)
    begins = [128, *struct.unpack_from(f"<{blocks}Q", file, len(file) - 8 * blocks - 4)]
    lengths = []
    for j in range(blocks):
        base, width = struct.unpack_from("<II", file, begins[j])
        stored = np.frombuffer(file, f"<u{width}", min(per_block, rows - j * per_block), begins[j] + 8).astype(np.int64)
        lengths.append(np.where(stored > 0, base + stored - 1, 0))
    return 8 * np.concatenate(lengths)


def measure(hdq, directory, x, rate):
    """Slack, deviation, spread of errors, the farthest, spread of lengths."""
    run = lambda *arguments: subprocess.run([hdq, *map(str, arguments)], check=True, capture_output=True).stdout
    given, coded, back = (directory / name for name in ("x.npy", "x.hdq", "y.npy"))
    np.save(given, x.astype(np.float32))
    run("encode", given, "-o", coded, "--rate", rate, "--seed", SEED)
    run("decode", coded, "-o", back)
    info, x, y = json.loads(run("info", coded, "--json")), np.load(given).astype(np.float64), np.load(back).astype(np.float64)
    assert info["dimension"] == info["order"] == x.shape[1]
    square = (x**2).sum(1)
    error = ((y - x)[square > 0]**2).sum(1) / square[square > 0] / info["error"]
    spread = error.std(ddof=1)
    return info["bits_per_coordinate"] - rate, (error.mean() - 1) / (spread / len(error)**0.5), spread, abs(error - 1).max(), stream_lengths(coded.read_bytes()).std()


def main():
    hdq, images = sys.argv[1], np.load(sys.argv[2])
    sets = [*real(images), *(("n = 384, " + name, x) for name, x in structured(384)),
            *(("n = 1024, " + name, x) for name, x in structured(1024))]
    print(f"{'rows':<28} R   slack    deviation  error of a row / D  length of a row, bits")
    failed = False
    with tempfile.TemporaryDirectory() as directory:
        for name, x in sets:
            for rate in RATES:
                slack, deviation, spread, farthest, length = measure(hdq, pathlib.Path(directory), x, rate)
                wrong = bool(slack > (0.02 if x.shape[1] >= 1024 else 0.06) or abs(deviation) > 4)
                failed |= wrong
                print(f"{name:<28} {rate}   {slack:+.4f}  {deviation:+7.2f}    {spread:.4f}, {farthest:.3f}       {length:8.2f}{'  SHORT' * wrong}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())

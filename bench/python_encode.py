#!/usr/bin/python3
"""What the Python package costs: encode from numpy beside the library's own, one thread, one process, one memory.

    cmake --preset release -DHDQ_PYTHON=ON && ninja -C build/release hdq_python
    PYTHONPATH=build/release/python bench/python_encode.py build/release/fast/libhdq.a

The library is called through its C interface (hdq/hdq.h) by ctypes, which costs some microseconds a call, not less than
the package does. Repetitions take turns; ratios are formed turn by turn, and the median is shown with the quartiles.
"kept arrays": both write to arrays that were written before (`out=` of Codec.encode). "new arrays": both write to
arrays of numpy that are new in each call, whose pages the kernel has to clear. --cpu-time is for a machine in use.
"""
import argparse
import ctypes
import subprocess
import tempfile
import time
from pathlib import Path

import hdq
import numpy as np


class Library:
    """hdq_encode of libhdq, for float32 rows, one thread, seed 0."""

    def __init__(self, archive: Path, dimension: int, bits: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            shared = Path(folder) / "libhdq.so"
            link = ["c++", "-shared", "-o", shared, "-Wl,--whole-archive", archive, "-Wl,--no-whole-archive", "-lhwy"]
            subprocess.run(link, check=True)
            self.library = ctypes.CDLL(str(shared))
        self.codec = ctypes.c_void_p()
        size, word = ctypes.c_size_t, ctypes.c_uint64
        self.library.hdq_codec_create.argtypes = [size, ctypes.c_int, word, ctypes.c_void_p, ctypes.c_void_p]
        assert self.library.hdq_codec_create(dimension, bits, 0, None, ctypes.byref(self.codec)) == 0
        pointer = ctypes.c_void_p
        self.library.hdq_encode.argtypes = [pointer, pointer, size, size, pointer, pointer, word]

    def encode(self, x: np.ndarray, norms: np.ndarray, codes: np.ndarray) -> None:
        arrays = x.ctypes.data, len(x), 0, norms.ctypes.data, codes.ctypes.data, 0
        assert self.library.hdq_encode(self.codec, *arrays) == 0


def seconds(call, clock) -> float:
    begin = clock()
    call()
    return clock() - begin


def compare(library: Library, codec: hdq.Codec, x: np.ndarray, turns: int, clock) -> None:
    mine = codec.encode(x)
    theirs = codec.encode(x)
    theirs.codes[:] = 0
    shape = theirs.codes.shape
    calls = {
        "library, kept arrays": lambda: library.encode(x, theirs.norms, theirs.codes),
        "python, kept arrays": lambda: codec.encode(x, out=mine),
        "library, new arrays": lambda: library.encode(x, np.empty(len(x), np.float32), np.empty(shape, np.uint8)),
        "python, new arrays": lambda: codec.encode(x),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(turns + 2):
        for name, call in calls.items():
            elapsed = seconds(call, clock)
            if turn >= 2:
                times[name].append(elapsed)
    assert mine == theirs, "the package and the library disagree"
    print(f"{x.shape[0]} rows of {x.shape[1]}, {codec.bits} bits, {codec.isa}")
    for name in ("kept arrays", "new arrays"):
        base, own = (np.array(times[f"{which}, {name}"]) for which in ("library", "python"))
        low, middle, high = np.quantile(base / own, [0.25, 0.5, 0.75])
        milliseconds = f"{np.median(own) * 1e3:.4g} ms, library {np.median(base) * 1e3:.4g} ms"
        print(f"  {name:11}: {middle:.3f} of the library's speed (quartiles {low:.3f}, {high:.3f}); {milliseconds}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path, help="libhdq.a of a release build")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=768)
    parser.add_argument("--bits", type=int, default=4)
    parser.add_argument("--turns", type=int, default=31)
    parser.add_argument("--cpu-time", action="store_true", help="the thread's time instead of the clock's")
    arguments = parser.parse_args()
    random = np.random.default_rng(1)
    codec = hdq.Codec(arguments.dimension, arguments.bits)
    library = Library(arguments.archive.resolve(), arguments.dimension, arguments.bits)
    x = random.standard_normal((arguments.rows, arguments.dimension), dtype=np.float32)
    clock = time.thread_time if arguments.cpu_time else time.perf_counter
    compare(library, codec, x, arguments.turns, clock)
    for rows in (1000, 10, 1):
        compare(library, codec, x[:rows], 20 * arguments.turns, clock)


if __name__ == "__main__":
    main()

"""Inputs made from integers alone, as tests/fast/test_support.hpp makes them, and the released test vectors
(docs/vectors.md).
"""
import json
from functools import lru_cache
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def split_mix(seed, count):
    """SplitMix64."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + GOLDEN * np.arange(1, count + 1, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def dyadics(count, seed):
    """24-bit integers times powers of two from 2^-24 to 2^-16; one value in sixteen is 0."""
    bits = split_mix(seed, count)
    magnitude = ((bits >> np.uint64(8)) & np.uint64(0xFFFFFF)).astype(np.float64)
    scale = 2.0 ** -(16 + ((bits >> np.uint64(40)) % np.uint64(9)).astype(np.float64))
    sign = np.where(bits >> np.uint64(63) != 0, -1, 1)
    return np.where(bits % np.uint64(16) == 0, 0, sign * magnitude * scale).astype(np.float32)


def rows(count, dimension, seed=1):
    return dyadics(count * dimension, seed).reshape(count, dimension)


def golden_rows(n):
    """Eight rows: four of dyadic noise, then a one-hot, a constant, a tiny and a huge one."""
    x = rows(8, n, 1000 + n)
    x[4] = 0
    x[4, n // 2] = -3
    x[5] = 0.75
    x[6] = np.ldexp(np.rint(x[6].astype(np.float64)), -140)
    x[7] = np.ldexp(x[7], 110)
    return x


class Vectors:
    """One file of vectors/data: its cases, each with the fields of its group, arrays and numbers read."""

    def __init__(self, name):
        self.data = json.loads((ROOT / "vectors" / "data" / f"{name}.json").read_text())
        self.blob = (ROOT / "vectors" / "data" / self.data["blob"]).read_bytes()

    def cases(self):
        for group in self.data["testGroups"]:
            shared = {key: self.read(key, value) for key, value in group.items() if key != "tests"}
            for test in group["tests"]:
                yield {**shared, **{key: self.read(key, value) for key, value in test.items()}}

    def read(self, key, value):
        if isinstance(value, dict) and "offset" in value:
            return np.frombuffer(self.blob, "<" + value["type"], value["count"], value["offset"])
        if key in ("seed", "first_row", "row", "word"):
            return int(value, 16)
        return value


@lru_cache
def vectors(name):
    return list(Vectors(name).cases())


def float_of_bits(text):
    return np.array(int(text, 16), np.uint32).view(np.float32)[()]

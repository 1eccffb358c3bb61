"""Kernels for test_validate.py: those of tests/kernels/profiles for hdq.validate, and a transform that goes wrong."""
from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import hdq

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests" / "kernels" / "profiles"), str(ROOT / "examples")]
import kernel as pipe  # noqa: E402
from schemes import SCHEMES  # noqa: E402


def profiled(name: str, fault: str | None = None) -> tuple[dict, list[int] | None]:
    """The numpy kernel of a profile, and the bit widths that it offers (None: all)."""
    scheme = SCHEMES[name](fault)
    made = {operation.replace("-", "_"): adapted(function) for operation, function in scheme.operations().items()}
    return made, scheme.info().get("bits")


def adapted(function):
    """From f(call, *flat arrays), as examples/kernel.py has it, to named arguments."""

    def answer(config, inputs):
        call = SimpleNamespace(
            **{
                name: getattr(config, name)
                for name in (
                    "n",
                    "d",
                    "seed",
                    "bits",
                    "threads",
                    "variant",
                    "step",
                    "first_row",
                    "rows",
                    "count",
                    "word",
                )
            }
        )
        flat = [np.frombuffer(i.encode() + b"\0", np.uint8) if isinstance(i, str) else i.reshape(-1) for i in inputs]
        try:
            return function(call, *flat)
        except pipe.Unsupported as error:
            raise hdq.Unsupported(str(error)) from None
        except pipe.BadInput as error:
            raise hdq.BadInput(*error.args) from None

    names = {"x": None, "y": None, "norms": None, "codes": None, "query": None, "packed": None, "name": None}

    def named(config, x=None, y=None, norms=None, codes=None, query=None, packed=None, name=None):
        given = dict(names, x=x, y=y, norms=norms, codes=codes, query=query, packed=packed, name=name)
        return answer(config, [value for value in given.values() if value is not None])

    return named


def hadamard(x: np.ndarray) -> np.ndarray:
    """H x in natural order, not normalised; rows of a power of two."""
    rows, n = x.shape
    if n & (n - 1):
        raise hdq.Unsupported(f"n = {n}")
    h = 1
    while h < n:
        pairs = x.reshape(rows, n // (2 * h), 2, h)
        x = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], axis=2).reshape(rows, n)
        h *= 2
    return x


class Transform:
    """H x, and on the way what `also` says."""

    def __init__(self, also: str = "") -> None:
        self.also, self.kept = also, []

    def transform(self, x):
        getattr(self, self.also, lambda x: None)(x)
        y = hadamard(x)
        return self.returned(x, y)

    def returned(self, x, y):
        changes = {
            "transposed": lambda: y.T,
            "short": lambda: y[:, :-1],
            "doubles": lambda: y.astype(np.float64),
            "complex": lambda: y + 0j,
            "none": lambda: None,
            "text": lambda: "y",
            "a list": y.tolist,
            "its input": lambda: x,
        }
        return changes.get(self.also, lambda: y)()

    def crash(self, x):
        ctypes.string_at(0)

    def hang(self, x):
        time.sleep(1000)

    def devour(self, x):
        self.kept.append(np.ones(1 << 24))  # 128 MiB
        time.sleep(0.15)

    def leave(self, x):
        os._exit(3)

    def exit(self, x):
        sys.exit("enough")

    def print(self, x):
        print("HDQREPLY, or nearly")
        sys.stdout.flush()
        os.write(1, b"straight to the descriptor\n")

    def keep(self, x):
        self.kept.append(x)
        for old in self.kept[:-1]:
            old[...] = 7
        del self.kept[:-4]

    def modify(self, x):
        x *= 1.0
        if x.size:
            x[0, 0] += 1

    def error(self, x):
        raise RuntimeError("the kernel's own words")

    def interrupt(self, x):
        raise KeyboardInterrupt

    def bad(self, x):
        raise hdq.BadInput(0, 0)

    def value_error(self, x):
        error = ValueError("bad")
        error.row, error.column = 0, None
        raise error


class OwnCodec:
    """hdq.Codec, as somebody's kernel."""

    def codec(self, config):
        return hdq.Codec(
            config.n, config.bits or None, step=config.step or None, seed=config.seed, threads=config.threads
        )

    def signs(self, seed, count):
        return hdq.stages.signs(seed, count)

    def dither(self, seed, first_row, rows):
        return hdq.stages.dither_words(seed, first_row, rows)

    def thresholds(self, bits, word):
        return hdq.stages.thresholds(bits, np.uint32(word))

    def codewords(self, bits, word):
        return hdq.stages.codewords(bits, np.uint32(word))

    def transform(self, x, config):
        return self.codec(config).rotate(x)[0]

    def encode(self, x, first_row, config):
        codes = self.codec(config).encode(x, first_row)
        return codes.norms, codes.codes

    def codes(self, norms, codes, config):
        return hdq.Codes(norms, codes, self.codec(config).parameters, config.first_row)

    def decode(self, norms, codes, config):
        return self.codec(config).decode(self.codes(norms, codes, config))

    def dot(self, norms, codes, query, config):
        return self.codec(config).scores(self.codes(norms, codes, config), query)

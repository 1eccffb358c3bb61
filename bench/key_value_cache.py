#!/usr/bin/python3
"""What quantizing the key/value cache of a transformer costs: perplexity against bits, of charformer (data/charformer).

    cmake --preset release -DHDQ_PYTHON=ON && ninja -C build/release hdq_python
    PYTHONPATH=build/release/python bench/key_value_cache.py            # the table, some minutes
    PYTHONPATH=build/release/python bench/key_value_cache.py --write    # stored in data/charformer, docs/attention.md

Every key and value row of 64 numbers is quantized by itself when it is appended, with its norm as float32 beside its
codes; a character attends to the quantized rows of those before it and to its own. Rotary positions are applied before.
hdq's rows are appended to an hdq.KeyValueCache for each window and layer, which attends to its codes.
"""
from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

import hdq

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "data/charformer"))
from charformer import CONTEXT, HEAD_DIMENSION, Charformer, Result, windows_of  # noqa: E402
from text import held_out_text, tokens  # noqa: E402

RECORD = ROOT / "data/charformer/perplexity.json"
PAGE = ROOT / "docs/attention.md"
BEGIN, END = "<!-- bench/key_value_cache.py --write: begin -->", "<!-- bench/key_value_cache.py --write: end -->"
FLOAT_BITS = 32 / HEAD_DIMENSION  # of one float32 beside a row, per number


class Quantizer(Protocol):
    """Rows (n, 64) float32 to what decoding gives, and bits per number that their codes took, all included."""

    random: bool

    def __call__(self, rows: np.ndarray, seed: int) -> tuple[np.ndarray, float]: ...


class Float:
    random = False

    def __init__(self, dtype: type) -> None:
        self.dtype = dtype

    def __call__(self, rows: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
        return rows.astype(self.dtype).astype(np.float32), 8.0 * np.dtype(self.dtype).itemsize


class LloydMax:
    """The nearest centroid of N(0, ‖x‖²/64) for each coordinate, with one random H D for all rows or without."""

    def __init__(self, bits: int, rotated: bool) -> None:
        self.bits, self.random = bits, rotated
        self.centroids, self.thresholds = lloyd_max_codebook(2**bits)

    def __call__(self, rows: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
        rotation = hadamard_rotation(seed) if self.random else np.eye(HEAD_DIMENSION, dtype=np.float32)
        scale = np.linalg.norm(rows, axis=1, keepdims=True) / np.float32(math.sqrt(HEAD_DIMENSION))
        z = rows @ rotation / np.where(scale > 0, scale, 1)
        decoded = scale * self.centroids[np.searchsorted(self.thresholds, z)]
        return decoded @ rotation.T, self.bits + FLOAT_BITS


class MinMax:
    """2^b levels evenly from a row's least to its largest number, both kept as float16; no rotation."""

    random = False

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def __call__(self, rows: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
        low, high = (end.astype(np.float16).astype(np.float32) for end in (rows.min(1), rows.max(1)))
        step = np.maximum((high - low) / (2**self.bits - 1), np.float32(1e-20))[:, None]
        codes = np.clip(np.rint((rows - low[:, None]) / step), 0, 2**self.bits - 1)
        return low[:, None] + step * codes, self.bits + FLOAT_BITS


def lloyd_max_codebook(levels: int) -> tuple[np.ndarray, np.ndarray]:
    """(levels,) centroids and (levels − 1,) thresholds of the least squared error for N(0, 1), float32."""
    normal = statistics.NormalDist()
    centroids = np.array([normal.inv_cdf((k + 0.5) / levels) for k in range(levels)])
    for _ in range(2000):
        ends = [-math.inf, *(centroids[1:] + centroids[:-1]) / 2, math.inf]
        density = np.array([math.exp(-end * end / 2) / math.sqrt(2 * math.pi) for end in ends])
        below = np.array([0.0, *(normal.cdf(end) for end in ends[1:-1]), 1.0])
        centroids = (density[:-1] - density[1:]) / (below[1:] - below[:-1])
    return centroids.astype(np.float32), ((centroids[1:] + centroids[:-1]) / 2).astype(np.float32)


def hadamard_rotation(seed: int) -> np.ndarray:
    """x @ this = H D x/8, with random signs."""
    h = np.ones((1, 1), np.float32)
    while len(h) < HEAD_DIMENSION:
        h = np.block([[h, h], [h, -h]])
    signs = np.random.default_rng(seed).choice(np.float32([-1, 1]), HEAD_DIMENSION)
    return signs[:, None] * h / np.float32(math.sqrt(HEAD_DIMENSION))


class RoundTrip(NamedTuple):
    """Exact attention over rows that were quantized and decoded."""

    name: str
    keys: Quantizer
    values: Quantizer

    @property
    def random(self) -> bool:
        return self.keys.random

    def run(self, model: Charformer, windows: np.ndarray, run: int) -> tuple[Result, float]:
        """Also bits per number. Every layer has a seed for its keys and one for its values."""
        bits = []

        def round_trip(kind: str, layer: int, rows: np.ndarray) -> np.ndarray:
            quantizer = self.keys if kind == "keys" else self.values
            decoded, taken = quantizer(rows, 1000 * run + 2 * layer + (kind == "values"))
            bits.append(taken)
            return decoded

        return model.run(windows, round_trip), statistics.fmean(bits)


class Cache(NamedTuple):
    """hdq.KeyValueCache, of bits or, with rate, entropy-coded; shrunk: its rows times 1/(1 + C), C·‖x‖² their error."""

    name: str
    keys: int
    values: int
    shrink: bool = False
    rate: float | None = None

    random = True

    def run(self, model: Charformer, windows: np.ndarray, run: int) -> tuple[Result, float]:
        """Also bits per number. Every layer has a seed, every window tokens of its own."""
        bits = []
        scale, factor = 1 / math.sqrt(HEAD_DIMENSION), 1.0
        if self.shrink:
            of_keys, of_values = (1 / (1 + hdq.Codec(HEAD_DIMENSION, b).error_bound) for b in (self.keys, self.values))
            scale, factor = scale * of_keys, of_values

        def attention(layer: int, query: np.ndarray, key: np.ndarray, value: np.ndarray) -> np.ndarray:
            output = np.empty_like(query)
            for window in range(len(query)):
                cache = self._cache(query.shape[1], 1000 * run + layer, scale, CONTEXT * window)
                q, k, v = (rows[window].swapaxes(0, 1) for rows in (query, key, value))
                cache.append(k, v)
                output[window] = factor * cache.attend(q).swapaxes(0, 1)
            bits.append(8 * cache.token_bytes / key[0, :, 0].size / 2 if self.rate is None else self._stream_bits(key, value))
            return output

        return model.run_with(windows, attention), statistics.fmean(bits)

    def _cache(self, heads: int, seed: int, scale: float, first_token: int) -> hdq.KeyValueCache:
        step = None if self.rate is None else hdq.Codec(HEAD_DIMENSION, rate=self.rate).step
        return hdq.KeyValueCache(HEAD_DIMENSION, heads, keys=self.keys, values=self.values, key_step=step,
                                 value_step=step, seed=seed, scale=scale, first_token=first_token)

    def _stream_bits(self, key: np.ndarray, value: np.ndarray) -> float:
        """Of save()'s streams, a byte for each row's length; which words rows have matters little."""
        codec = hdq.Codec(HEAD_DIMENSION, rate=self.rate)
        rows = np.concatenate([key.reshape(-1, HEAD_DIMENSION), value.reshape(-1, HEAD_DIMENSION)])
        streams = hdq.EntropyCoder(codec).encode(codec.encode(rows))
        return 8 * (streams.data.nbytes + streams.raw.nbytes + len(rows)) / rows.size


Scheme = RoundTrip | Cache


def schemes() -> list[Scheme]:
    def both(name: str, quantizer: Quantizer) -> Scheme:
        return RoundTrip(name, quantizer, quantizer)

    rows = [both("float32", Float(np.float32)), both("float16", Float(np.float16))]
    for bits in (2, 3, 4):
        rows += [
            Cache(f"hdq, {bits} bits", bits, bits),
            Cache(f"hdq, {bits} bits, shrunk", bits, bits, shrink=True),
            Cache(f"hdq, entropy-coded, rate {bits}", bits, bits, rate=bits),
            both(f"Lloyd–Max after H D, {bits} bits", LloydMax(bits, rotated=True)),
            both(f"Lloyd–Max, no rotation, {bits} bits", LloydMax(bits, rotated=False)),
            both(f"min–max, no rotation, {bits} bits", MinMax(bits)),
        ]
    rows.append(Cache("hdq, keys 4 bits, values 2", 4, 2))
    rows.append(Cache("hdq, keys 2 bits, values 4", 2, 4))
    rows.append(RoundTrip("Lloyd–Max after H D, keys 4, values 2", LloydMax(4, True), LloydMax(2, True)))
    return rows


def measure(model: Charformer, windows: np.ndarray, scheme: Scheme, run: int) -> dict[str, float]:
    result, bits = scheme.run(model, windows, run)
    return {"bits": bits, "perplexity": result.perplexity, "output_error": result.output_error}


def evaluate(model: Charformer, windows: np.ndarray, scheme: Scheme, runs: int) -> dict[str, float | str | int]:
    """Means over runs, and the standard error of the perplexity's; one run where nothing is random."""
    runs = runs if scheme.random else 1
    each = [measure(model, windows, scheme, run) for run in range(runs)]
    mean = {name: statistics.fmean(one[name] for one in each) for name in each[0]}
    spread = statistics.stdev(one["perplexity"] for one in each) / math.sqrt(runs) if runs > 1 else 0.0
    return {"scheme": scheme.name, "runs": runs, **mean, "standard_error": spread}


def channel_table(model: Charformer, windows: np.ndarray) -> list[dict[str, float | str | int]]:
    """Per layer and head: is a channel of the keys or values larger than others, or off the origin?"""
    rows: list[dict[str, float | str | int]] = []

    def look(kind: str, layer: int, flat: np.ndarray) -> np.ndarray:
        heads = flat.reshape(len(windows), -1, windows.shape[1] - 1, HEAD_DIMENSION).swapaxes(0, 1)
        for head, x in enumerate(heads):
            x = x.reshape(-1, HEAD_DIMENSION)
            sizes = np.sqrt(np.square(x).mean(0))
            largest = np.abs(x).max(1) / np.sqrt(np.square(x).mean(1))
            rows.append({
                "kind": kind, "layer": layer, "head": head,
                "channel": float(sizes.max() / np.median(sizes)),
                "shift": float(np.square(x.mean(0)).sum() / np.square(x).mean(0).sum()),
                "peak": float(np.median(largest)),
            })
        return flat

    model.run(windows, look)
    return rows


def table(record: dict) -> str:
    """The tables of docs/attention.md, from what was stored."""
    exact = record["rows"][0]["perplexity"]
    lines = ["| cache | bits per number | perplexity | more than float32 | ‖o' − o‖²/‖o‖² | runs |",
             "|--|--:|--:|--:|--:|--:|"]
    for row in record["rows"]:
        error = f" ± {row['standard_error']:.4f}" if row["runs"] > 1 else ""
        lines.append(f"| {row['scheme']} | {row['bits']:.2f} | {row['perplexity']:.4f}{error} | "
                     f"{100 * (row['perplexity'] / exact - 1):+.2f} % | {row['output_error']:.2g} | {row['runs']} |")
    lines += ["", "| keys or values of | largest channel over median | energy in the mean | "
              "row's largest number, median |",
              "|--|--:|--:|--:|"]
    for row in record["channels"]:
        lines.append(f"| {row['kind']}, layer {row['layer']}, head {row['head']} | {row['channel']:.2f} | "
                     f"{100 * row['shift']:.1f} % | {row['peak']:.2f} |")
    return "\n".join(lines)


def page_with(tables: str, page: str) -> str:
    head, rest = page.split(BEGIN)
    return f"{head}{BEGIN}\n\n{tables}\n\n{END}{rest.split(END)[1]}"


SHORT = ("float32", "hdq, 2 bits", "hdq, entropy-coded, rate 2", "Lloyd–Max after H D, 2 bits")


def short_run(model: Charformer) -> dict[str, dict[str, float]]:
    """What tests repeat: two windows, one run."""
    windows = windows_of(tokens(held_out_text()))[[10, 150]]
    return {scheme.name: measure(model, windows, scheme, 0) for scheme in schemes() if scheme.name in SHORT}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="of each random scheme, each with seeds of its own")
    parser.add_argument("--every", type=int, default=3, help="take each N-th window of 256 characters")
    parser.add_argument("--write", action="store_true", help="store the numbers and the tables")
    options = parser.parse_args()
    model, windows = Charformer(), windows_of(tokens(held_out_text()), options.every)
    record = {"characters": int(windows[:, 1:].size), "short": short_run(model), "rows": []}
    for scheme in schemes():
        record["rows"].append(row := evaluate(model, windows, scheme, options.runs))
        print(f"{row['scheme']}: perplexity {row['perplexity']:.4f}", file=sys.stderr, flush=True)
    record["channels"] = channel_table(model, windows)
    print(table(record))
    if options.write:
        RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        PAGE.write_text(page_with(table(record), PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

"""One Scheme for each profile of data/profiles, written from its project's convention."""
import math
from functools import lru_cache

import numpy as np

import conventions as c
from quantizer import Scheme


def power_of_two(n):
    return n & (n - 1) == 0


def next_power(n):
    return 1 << (n - 1).bit_length()


def inverse_root(p):
    return 1 / math.sqrt(p)


def signs(stream, seeded=True):
    return lambda s, call, seed, d: c.random_signs(seed if seeded else 20, d, stream)


def permutation(stream, seeded=True):
    return lambda s, call, seed, d: c.random_permutation(seed if seeded else 20, d, stream)


def normal_levels(b, d):
    return c.lloyd_max(b)


def sphere_levels(b, d):
    return c.lloyd_max(b, d)


ROOT = staticmethod(inverse_root)  # unit 1/sqrt(d)
WHOLE = ("hadamard", {"parts": "whole", "scale": inverse_root})


# ---- transforms ----

class Ffht(Scheme):
    name, has_inverse = "ffht", False
    rotation = [("hadamard", {"parts": "whole"})]

    def offers(self, n):
        return power_of_two(n)


def base_of_data(s, call, length):
    m = s.order_of_base(call)
    return s.numbers(call, "base").reshape(m, m)


class Dao(Scheme):
    """Order m 2^k with a base matrix of its own, which it exports."""
    name, order, has_inverse = "dao-fht-12n", 12, False
    rotation = [("hadamard", {"parts": "whole", "base": base_of_data})]
    data = {"base": lambda s, call, seed, d: c.normalised_first_row(c.base_matrix(s.order))}

    def order_of_base(self, call):
        return self.order

    def offers(self, n):
        return n % self.order == 0 and power_of_two(n // self.order)


class Dao20(Dao):
    name, order = "dao-fht-20n", 20


class Dao28(Dao):
    name, order = "dao-fht-28n", 28


class Dao40(Dao):
    name, order = "dao-fht-40n", 40


def odd_part(n):
    return n // (n & -n)


class QuipSharp(Scheme):
    """H_K x H_(2^k), K = 4 times the odd part of n."""
    name = "quip-sharp"
    orders = (12, 20, 28, 36, 60, 108, 124, 140)  # of those with a matrix here
    rotation = [("signs", "signs"), ("hadamard", {"parts": "whole", "base": base_of_data, "scale": inverse_root})]
    data = {"signs": signs(0),
            "base": lambda s, call, seed, d: c.normalised_first_row(c.base_matrix(s.order_of_base(call)))}

    def order_of_base(self, call):
        return 4 * odd_part(call.n)

    def offers(self, n):
        return 4 * odd_part(n) in self.orders and n % (4 * odd_part(n)) == 0


class Qtip(QuipSharp):
    name = "qtip"


def first_base(orders, hartley=False):
    def base(s, call, length):
        for m in (1,) + orders:
            if length % m == 0 and power_of_two(length // m):
                return c.base_matrix(m)
        h = c.hartley(odd_part(length))
        return h[:, (-np.arange(len(h))) % len(h)] if s.fault == "cos-minus-sin" else h
    return base


class ClickHouse(Scheme):
    """H x B with the base inside; the odd part by the discrete Hartley transform."""
    name = "clickhouse-rht"
    rotation = [("signs", "signs"),
                ("hadamard", {"parts": "whole", "base": first_base((12, 20)), "inner": True, "scale": inverse_root})]
    data = {"signs": signs(0)}
    has_inverse = False

    def offers(self, n):
        return odd_part(n) <= 63


class Hdq(Scheme):
    name = "hdq"
    rotation = [("signs", "signs"), ("hadamard", {"parts": "whole", "base": first_base((12, 20, 28))})]
    data = {"signs": signs(0)}

    def padded(self, n):
        return min(m << max(0, (-(-n // m) - 1).bit_length()) for m in (1, 12, 20, 28))


# ---- EDEN and its relatives ----

class Eden(Scheme):
    """HD, Lloyd-Max, ||x||^2/<q, y>."""
    name = "eden"
    rotation = [("signs", "signs"), WHOLE]
    data = {"signs": signs(0)}
    scale = {"rule": "norm", "times": lambda b, d: d**-0.5}
    levels = staticmethod(normal_levels)
    factor = ("unbiased", "f32")

    def padded(self, n):
        return next_power(n)


class EdenBiased(Eden):
    name, factor = "eden-biased", ("projection", "f32")
    scale, unit = {"rule": "norm"}, ROOT


class Drive(Eden):
    """The sign of y."""
    name, bits = "drive", [1]
    scale, unit = {"rule": "norm"}, ROOT
    levels = staticmethod(lambda b, d: np.array([-1.0, 1.0]))


class QuicFl(Scheme):
    name = "quic-fl"
    rotation = [("signs", "signs"), WHOLE]
    data = {"signs": signs(0)}

    def padded(self, n):
        return next_power(n)


# ---- TurboQuant ----

class TurboQuantMse(Eden):
    """The norm is the factor."""
    name, factor = "turboquant-mse", ("scale", "f32")
    scale, unit = {"rule": "norm"}, ROOT


def hadamard_order(d):
    return any(d % m == 0 and power_of_two(d // m) for m in (1, 12, 20, 28))


def structured(seed, d, stream):
    """H D of any order that has an H here."""
    m = next(m for m in (1, 12, 20, 28) if d % m == 0 and power_of_two(d // m))
    return c.kronecker(np.eye(d), c.base_matrix(m)).T * c.random_signs(seed, d, stream)


def orthogonal(s, call, seed, d):
    if s.fault == "structured-matrix" and hadamard_order(d):
        return structured(seed, d, 8) / math.sqrt(d)
    return c.random_orthogonal(seed, d)


class TurboQuantSphere(Scheme):
    """A dense rotation; the codebook of the sphere."""
    name = "turboquant-mse-sphere"
    rotation = [("matrix", "rotation")]
    data = {"rotation": orthogonal}
    scale = {"rule": "norm"}
    levels = staticmethod(sphere_levels)
    unit = ROOT

    def offers(self, n):
        return 2 <= n <= 512


def gaussian(s, call, seed, d):
    if s.fault == "structured-matrix" and hadamard_order(d):  # rows of +-1, as if they were Gaussian
        return structured(seed, d, 7)
    return c.random_normal(seed, d * d, 3).astype(np.float32).astype(np.float64)


class TurboQuantProd(TurboQuantSphere):
    """b - 1 bits, then the signs of S r."""
    name, bits = "turboquant-prod", [2, 3, 4, 5, 6, 7, 8]
    data = {"rotation": orthogonal, "projection": gaussian}
    residual = ("projection", lambda d: math.sqrt(math.pi / 2) / d, "up")
    stored = ["factor", "residual-norm"]

    def offers(self, n):
        return 2 <= n <= 256


@lru_cache(maxsize=None)
def trapezoidal_lloyd_max(bits):
    """Lloyd's iteration for N(0, 1) with 200 panels to a cell, outer cells to 10.5: off by up to 0.0017."""
    n = 1 << bits
    centres = 3.5 * ((2 * np.arange(n) + 1) / n - 1)
    weights = np.concatenate([[0.5], np.ones(199), [0.5]])
    for _ in range(200):
        edges = np.concatenate([[-10.5], (centres[1:] + centres[:-1]) / 2, [10.5]])
        z = edges[:-1, None] + np.diff(edges)[:, None] * np.linspace(0, 1, 201)
        mass = np.exp(-z * z / 2) * weights
        centres = (mass * z).sum(axis=1) / mass.sum(axis=1)
    return centres


class VllmTurboQuant(Scheme):
    """No signs; ||k|| in f16; a table of its own."""
    name, bits = "vllm-turboquant", [3, 4]
    rotation = [WHOLE]
    data = {"centroids": lambda s, call, seed, d: s.codewords(call, d).astype(np.float64) * math.sqrt(d)}
    scale = {"rule": "norm", "plus": 1e-8, "format": "f16"}
    levels = staticmethod(lambda b, d: trapezoidal_lloyd_max(b))
    unit = ROOT

    def offers(self, n):
        return power_of_two(n)


LLAMA_TABLE = {2: [0.039994, 0.133462], 3: [0.021460, 0.065717, 0.117832, 0.190685],
               4: [0.011349, 0.034299, 0.058050, 0.083292, 0.111036, 0.143016, 0.182877, 0.241529]}
LLAMA_THRESHOLDS = {2: [0.086728], 3: [0.043589, 0.091775, 0.154259]}


def both_signs(half):
    return np.array([-v for v in reversed(half)] + list(half))


class LlamaTurboQuant(Scheme):
    """D2 H D1 in blocks of 128 with two fixed tables; ||x||/||q|| in f16; decoding stays rotated."""
    name, bits, block = "llama-turboquant", [3], 128
    rotation = [("signs", "signs1"), WHOLE, ("signs", "signs2")]
    data = {"signs1": signs(0, False), "signs2": signs(1, False)}
    scale = {"rule": "norm"}
    factor = ("matched-norm", "f16")
    packing, decoded = "planes-2-1", "rotated"
    levels = staticmethod(lambda b, d: both_signs(LLAMA_TABLE[b]))

    def offers(self, n):
        return n % 128 == 0

    def thresholds(self, call, d):
        if self.fault in ("midpoints-missing", "codebook-too-narrow") or call.bits not in LLAMA_THRESHOLDS:
            return super().thresholds(call, d)
        half = LLAMA_THRESHOLDS[call.bits]
        return np.array([-v for v in reversed(half)] + [0] + half, np.float32)


class LlamaTurboQuant4(LlamaTurboQuant):
    """Nibbles, low first."""
    name, bits, packing = "llama-turboquant-4bit", [4], "bit-string"


# ---- ggml ----

# Rounding as the projects write it, but where a fault is in it.
FAULTS_OF_CODES = ("tie-the-other-way", "zero-as-the-most-negative", "midpoints-missing")


class GgmlQ4(Scheme):
    """The number of largest magnitude becomes -8; f16 scale; x/s + 8.5 truncated."""
    name, bits, block = "ggml-q4_0", [4], 32
    rotation = [WHOLE]
    scale = {"rule": "signed-max", "times": lambda b, d: -1 / 8, "format": "f16"}
    levels = staticmethod(lambda b, d: np.arange(-8.0, 8.0))
    packing, stored = "nibbles-split", ["scale"]
    offset, most = 8, 15

    def offers(self, n):
        return n % 32 == 0

    def normalised(self, call, y, s, o):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            inverse = np.float32(1) / s.astype(np.float32)
            z = y * self.spread(np.where(s == 0, np.float32(0), inverse), y.shape[-1])
        return np.where(np.isfinite(z), z, 0)  # 1/s overflows where s is tiny

    def choose(self, call, z, y):
        if self.fault in FAULTS_OF_CODES:
            return super().choose(call, z, y)
        return np.clip(np.trunc(z + np.float32(8.5)), 0, 15).astype(np.int64)


class GgmlQ4Plain(GgmlQ4):
    name, rotation = "ggml-q4_0-plain", []


def away(z):
    return np.copysign(np.floor(np.abs(z) + 0.5), z)


class GgmlQ8(GgmlQ4):
    """max |x|/127, rounded half away from 0, in two's complement."""
    name, bits, tie = "ggml-q8_0", [8], "away"
    scale = {"rule": "abs-max", "times": lambda b, d: 1 / 127, "format": "f16"}
    levels = staticmethod(lambda b, d: np.arange(-127.0, 128.0))
    packing = "bytes"
    written = staticmethod(lambda index, b: (index - 127) & 255)
    read = staticmethod(lambda code, b: (np.where(code > 127, code - 256, code)) + 127)

    def choose(self, call, z, y):
        if self.fault in FAULTS_OF_CODES:
            return Scheme.choose(self, call, z, y)
        return np.clip(away(z.astype(np.float64)), -127, 127).astype(np.int64) + 127


class GgmlQ8Plain(GgmlQ8):
    name, rotation = "ggml-q8_0-plain", []


# ---- vector databases ----

class TurboVec(Scheme):
    """Two rounds of permutation, signs, blocks of the largest power of two dividing n."""
    name, bits = "turbovec", [2, 3, 4]
    equal = ("hadamard", {"parts": "equal", "scale": inverse_root})
    rotation = [("permutation", "permutation1"), ("signs", "signs1"), equal,
                ("permutation", "permutation2"), ("signs", "signs2"), equal]
    data = {"permutation1": permutation(0, False), "signs1": signs(0, False), "permutation2": permutation(1, False),
            "signs2": signs(1, False)}
    scale = {"rule": "norm"}
    levels = staticmethod(sphere_levels)
    unit = ROOT
    tie = "down"
    factor = ("unbiased", "f32")
    packing, decoded = "bit-planes-msb", "rotated"

    def offers(self, n):
        return n % 8 == 0


QDRANT_TABLE = {1: [0.7978846], 2: [0.4528, 1.510], 4: [0.1284, 0.3881, 0.6568, 0.9424, 1.256, 1.618, 2.069, 2.733]}


class Qdrant(Scheme):
    """WHT, then three rounds of permutation and WHT, in f64, over the binary expansion of the length."""
    name, bits, arithmetic = "qdrant-turboquant", [1, 2, 4], "f64"
    binary = ("hadamard", {"parts": "binary", "scale": inverse_root})
    rotation = [binary, ("permutation", "permutation1"), binary, ("permutation", "permutation2"), binary,
                ("permutation", "permutation3"), binary]
    data = {f"permutation{i}": permutation(i, False) for i in (1, 2, 3)}
    scale = {"rule": "norm"}
    levels = staticmethod(lambda b, d: both_signs(QDRANT_TABLE[b]))
    unit = ROOT
    tie = "down"
    factor = ("matched-norm", "f32")

    def shape(self, call):
        unit = 8 // call.bits if call.bits in self.bits else 8
        return 1, -(-call.n // unit) * unit


class Weaviate(Scheme):
    """Three rounds of swaps, signs and WHT of 256 or 64; uniform from the least to the greatest."""
    name, bits = "weaviate-rq", [8]
    rotation = [step for i in (1, 2, 3) for step in (("permutation", f"swaps{i}"), ("signs", f"signs{i}"),
                                                     ("hadamard", {"parts": [256, 64], "scale": inverse_root}))]
    data = {**{f"swaps{i}": (lambda i: lambda s, call, seed, d: c.random_swaps(seed, d, i))(i) for i in (1, 2, 3)},
            **{f"signs{i}": signs(i) for i in (1, 2, 3)}}
    scale = {"rule": "min-max", "times": lambda b, d: 1 / (2**b - 1)}
    levels = staticmethod(lambda b, d: np.arange(0.0, 2.0**b))
    stored = ["offset", "scale", "scaled-sum", "square"]
    packing, decoded = "bytes", "rotated"

    def padded(self, n):
        return max(64, -(-n // 64) * 64)

    def choose(self, call, z, y):
        if self.fault in FAULTS_OF_CODES:
            return super().choose(call, z, y)
        return np.clip(np.trunc(z + np.float32(0.5)), 0, 255).astype(np.int64)


class FaissTqmse(Scheme):
    """Three rounds of HD, scaled once; no norm: rows are meant to be unit vectors."""
    name = "faiss-hadamard-tqmse"
    whole = ("hadamard", {"parts": "whole"})
    rotation = [("signs", "signs1"), whole, ("signs", "signs2"), whole, ("signs", "signs3"), whole,
                ("scale", lambda d: 1 / (d * math.sqrt(d)))]
    data = {f"signs{i}": signs(i) for i in (1, 2, 3)}
    levels = staticmethod(sphere_levels)
    unit = ROOT
    factor, stored = ("one", "f32"), []

    def padded(self, n):
        return next_power(n)

    def offers(self, n):
        return n >= 2


class FaissEden(FaissTqmse):
    name, scale, factor, stored = "faiss-hadamard-eden", {"rule": "norm"}, ("unbiased", "f32"), ["factor"]
    levels = staticmethod(normal_levels)


class FaissEdenBiased(FaissEden):
    name, factor = "faiss-hadamard-eden-biased", ("projection", "f32")


class Rabitq1(Scheme):
    """Four times: flips, WHT of the leading (trailing) power of two, Kac step; signs; ||x||^2/<q, y>."""
    name, bits = "rabitq-1bit", [1]
    data = {f"flips{i}": signs(i) for i in (1, 2, 3, 4)}
    scale = {"rule": "norm"}
    levels = staticmethod(lambda b, d: np.arange(1.0 - 2**b, 2.0**b, 2))
    unit = staticmethod(lambda d: 0.5)
    tie = "down"
    factor = ("unbiased", "f32")
    packing, decoded = "bit-planes-msb", "rotated"

    def offers(self, n):
        return n % 64 == 0

    def rotation(self, scheme, call):
        d = self.shape(call)[1]
        whole = power_of_two(d)
        steps = []
        for i, parts in zip((1, 2, 3, 4), ("leading", "trailing") * 2):
            steps += [("signs", f"flips{i}"), ("hadamard", {"parts": parts, "scale": inverse_root})]
            if not whole:
                steps.append(("kac",))
        return steps + ([] if whole else [("scale", lambda d: 0.25)])


class RabitqMulti(Rabitq1):
    """Uniform codes at the best of many scales of the row."""
    name, bits = "rabitq-multi", [2, 3, 4, 5, 6, 7, 8]
    rounding, packing = "free", "bit-planes"

    def choose(self, call, z, y):
        q = self.codewords(call, z.shape[-1]).astype(np.float64)
        widest = np.maximum(np.abs(y).max(axis=-1, keepdims=True).astype(np.float64), 1e-300)
        best, score = None, -np.inf
        for share in np.linspace(0.3, 1.2, 19):
            scaled = y.astype(np.float64) / widest * (q[-1] * share + 0.5)
            k = np.clip(np.floor(scaled) + len(q) // 2, 0, len(q) - 1).astype(np.int64)
            cosine = (q[k] * y).sum(axis=-1, keepdims=True) / np.sqrt((q[k] ** 2).sum(axis=-1, keepdims=True))
            best = k if best is None else np.where(cosine > score, k, best)
            score = np.maximum(score, cosine)
        return best


# ---- NVFP4 ----

def random_bytes(s, call, row, seed, d):
    return (c.splitmix64(seed ^ row * 0x9E37, d, 5) >> np.uint64(56)).astype(np.float64)


class Nvfp4(Scheme):
    """H of 16, 16 fixed signs; e4m3 scale of 16, f32 scale of the tensor; E2M1, stochastically rounded with 8 bits."""
    name, bits, random_bits = "nvfp4-rht", [4], 8
    rotation = [("signs", "signs"), ("hadamard", {"parts": 16, "scale": lambda p: 0.25})]
    data = {"signs": lambda s, call, seed, d: c.random_signs(20, 16),
            "tensor": lambda s, call, seed, d: [float(np.float32(8 / 2688))]}
    row_data = {"random": random_bytes}
    scale = {"rule": "abs-max", "of": 16, "times": lambda b, d: 1 / 6, "over": "tensor", "format": "e4m3",
             "stored": True}
    levels = staticmethod(lambda b, d: c.E2M1)
    rounding, stored = "stochastic", ["scale"]
    written = staticmethod(lambda index, b: np.where(index < 7, 8 + 7 - index, index - 7))
    read = staticmethod(lambda code, b: np.where(code >= 8, 7 - (code - 8), code + 7))

    def offers(self, n):
        return n % 16 == 0


SCHEMES = {s.name: s for s in (
    Ffht, Dao, Dao20, Dao28, Dao40, QuipSharp, Qtip, ClickHouse, Hdq, Eden, EdenBiased, Drive, QuicFl, TurboQuantMse,
    TurboQuantSphere, TurboQuantProd, VllmTurboQuant, LlamaTurboQuant, LlamaTurboQuant4, GgmlQ4, GgmlQ4Plain, GgmlQ8,
    GgmlQ8Plain, TurboVec, Qdrant, Weaviate, FaissTqmse, FaissEden, FaissEdenBiased, Rabitq1, RabitqMulti, Nvfp4)}

"""What quantizers are put together from, in numpy: transforms, codebooks, number formats, generators, packings.

Nothing here is taken from any project's sources; docs/profiles.md names the conventions.
"""
import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np

NORMAL = NormalDist()
MASK = (1 << 64) - 1


# ---- number formats: every value is kept as float64 and lies on the format's grid ----

FORMATS = {"f16": (11, -24, 65504.0), "bf16": (8, -133, (2 - 2.0**-7) * 2.0**127), "e4m3": (4, -9, 448.0),
           "e2m1": (2, -1, 6.0)}
SATURATING = ("e4m3", "e2m1")


def rounded(x, name):
    """x to the nearest number of a format, ties to even. Above its range: infinity, or the largest (e4m3, e2m1)."""
    x = np.asarray(x, np.float64)
    if name == "f64":
        return x
    if name == "f32":
        with np.errstate(over="ignore", under="ignore"):
            return x.astype(np.float32).astype(np.float64)
    digits, least, most = FORMATS[name]
    with np.errstate(invalid="ignore"):
        exponent = np.maximum(np.frexp(x)[1] - digits, least)
        y = np.ldexp(np.rint(np.ldexp(x, -exponent)), exponent)
    limit = most if name in SATURATING else math.inf
    return np.where(np.abs(y) > most, np.copysign(limit, y), y)


# ---- generators (any would do: what they give is data) ----

def splitmix64(seed, count, stream=0):
    """count words of 64 bits."""
    with np.errstate(over="ignore"):
        i = np.arange(1, count + 1, dtype=np.uint64)
        z = np.uint64((seed + 0xD1342543DE82EF95 * (stream + 1)) & MASK) + i * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def random_signs(seed, count, stream=0):
    return 1.0 - 2.0 * (splitmix64(seed, count, stream) >> np.uint64(63)).astype(np.float64)


def random_permutation(seed, count, stream=0):
    return np.argsort(splitmix64(seed, count, stream + 1000), kind="stable")


def random_swaps(seed, count, stream=0):
    """An involution without fixed points (one, if count is odd)."""
    order, p = random_permutation(seed, count, stream), np.arange(count)
    a, b = order[0:count - 1:2], order[1::2]
    p[a], p[b] = b, a
    return p


def random_normal(seed, count, stream=0):
    """Box and Muller's method."""
    u = (splitmix64(seed, 2 * count, stream + 2000) >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54
    return np.sqrt(-2 * np.log(u[:count])) * np.cos(2 * math.pi * u[count:])


@lru_cache(maxsize=8)
def random_orthogonal(seed, d, stream=0):
    q, r = np.linalg.qr(random_normal(seed, d * d, stream).reshape(d, d))
    return (q * np.sign(np.diag(r))).astype(np.float32).astype(np.float64)


# ---- matrices ----

def chi(a, q):
    """The quadratic character modulo the prime q."""
    return 0 if a % q == 0 else 1 if pow(a, (q - 1) // 2, q) == 1 else -1


def jacobsthal(q):
    return np.array([[chi(r - s, q) for s in range(q)] for r in range(q)], float)


def paley_first(m):
    """Order m = q + 1, q = 3 mod 4: I + [[0, 1], [-1, Q]]."""
    c = np.ones((m, m))
    c[1:, 0], c[0, 0], c[1:, 1:] = -1, 0, jacobsthal(m - 1)
    return np.eye(m) + c


def paley_second(m):
    """Order m = 2(q + 1), q = 1 mod 4."""
    q = m // 2 - 1
    c = np.ones((q + 1, q + 1))
    c[0, 0], c[1:, 1:] = 0, jacobsthal(q)
    return np.kron(c, [[1, 1], [1, -1]]) + np.kron(np.eye(q + 1), [[1, -1], [-1, -1]])


def normalised_first_row(h):
    """Columns negated so that the first row is all ones, rows reversed but for the first."""
    h = h * h[0]
    return np.vstack([h[:1], h[:0:-1]])


@lru_cache(maxsize=None)
def base_matrix(m):
    """Hadamard matrices of order 1, 12, 20, 28 as hdq has them (docs/SPEC.md, section 1), and of some others."""
    if m == 1:
        return np.ones((1, 1))
    if m in (12, 20, 44, 60, 108, 140):
        return paley_first(m)
    if m in (28, 36, 52):
        return paley_second(m)
    if m % 2 == 0 and base_matrix(m // 2) is not None:
        return np.kron([[1, 1], [1, -1]], base_matrix(m // 2))
    raise ValueError(m)


@lru_cache(maxsize=None)
def hartley(m):
    """cos + sin of 2 pi i j/m: C C = m I."""
    angle = 2 * math.pi * (np.outer(np.arange(m), np.arange(m)) % m) / m
    return np.cos(angle) + np.sin(angle)


def largest_power(n):
    return 1 << (n.bit_length() - 1)


def parts_of(kind, d):
    """Begins and lengths of the parts that a Hadamard step transforms."""
    if kind == "whole":
        return [(0, d)]
    if kind == "leading":
        return [(0, largest_power(d))]
    if kind == "trailing":
        return [(d - largest_power(d), largest_power(d))]
    if kind == "equal":
        return [(i, d & -d) for i in range(0, d, d & -d)]
    powers = [1 << k for k in range(d.bit_length() - 1, -1, -1)]
    sizes = powers if kind == "binary" else kind if isinstance(kind, list) else [kind]
    parts, begin = [], 0
    for size in sizes:
        while d - begin >= size:
            parts.append((begin, size))
            begin += size
    return parts


def wht(y):
    """Sylvester's transform of the last axis, not normalised, in the arithmetic of y."""
    shape, p, h = y.shape, y.shape[-1], 1
    while h < p:
        pairs = y.reshape(*shape[:-1], p // (2 * h), 2, h)
        a, b = pairs[..., :1, :], pairs[..., 1:, :]
        y = np.concatenate([a + b, a - b], axis=-2).reshape(shape)
        h *= 2
    return y


def times_matrix(y, matrix):
    """matrix times the vectors in the last axis, summed in the arithmetic of y."""
    m = matrix.astype(y.dtype)
    if y.dtype == np.float16:  # numpy's float16 product sums in its own way: sum column by column
        total = np.zeros(y.shape[:-1] + (m.shape[0],), np.float16)
        for j in range(m.shape[1]):
            total = total + y[..., j:j + 1] * m[:, j]
        return total
    return y @ m.T


def kronecker(y, base, inner=False):
    """(base x H) of the last axis, or (H x base) with inner."""
    m = base.shape[0]
    if m == 1:
        return wht(y)
    shape, k = y.shape, y.shape[-1] // m
    if inner:
        blocks = times_matrix(y.reshape(*shape[:-1], k, m), base)
        return np.swapaxes(wht(np.swapaxes(blocks, -1, -2)), -1, -2).reshape(shape)
    blocks = wht(y.reshape(*shape[:-1], m, k))
    return np.swapaxes(times_matrix(np.swapaxes(blocks, -1, -2), base), -1, -2).reshape(shape)


# ---- codebooks ----

def normal_moments(a, b):
    """Probability and first moment of N(0, 1) in [a, b], elementwise."""
    erf = np.vectorize(math.erf, otypes=[float])
    erfc = np.vectorize(math.erfc, otypes=[float])
    with np.errstate(over="ignore"):
        density = lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        root = math.sqrt(2)
        inner = (erf(b / root) - erf(a / root)) / 2
        outer = np.where(a > 0, erfc(a / root) - erfc(b / root), erfc(-b / root) - erfc(-a / root)) / 2
        return np.where((a > 1) | (b < -1), outer, inner), density(a) - density(b)


def sphere_moments(d):
    """The same for sqrt(d) times a coordinate of a uniform unit vector: density cos^(d-2) of the angle."""
    nodes, weights = np.polynomial.legendre.leggauss(24)
    root = math.sqrt(d)
    log_total = math.lgamma((d - 1) / 2) + math.log(math.pi) / 2 - math.lgamma(d / 2)
    limit = min(math.pi / 2, 14 / root)

    def moments(a, b):
        lo = np.clip(np.arcsin(np.clip(a / root, -1, 1)), -limit, limit)
        hi = np.clip(np.arcsin(np.clip(b / root, -1, 1)), -limit, limit)
        panels = 16
        edges = lo[:, None] + (hi - lo)[:, None] * np.arange(panels + 1) / panels
        centre, half = (edges[:, 1:] + edges[:, :-1]) / 2, (edges[:, 1:] - edges[:, :-1]) / 2
        angles = centre[..., None] + half[..., None] * nodes
        mass = (np.cos(angles) ** (d - 2) * weights).sum(axis=2) * half
        first = (np.cos(lo) ** (d - 1) - np.cos(hi) ** (d - 1)) / (d - 1)
        return mass.sum(axis=1) / math.exp(log_total), root * first / math.exp(log_total)

    return moments


@lru_cache(maxsize=64)
def lloyd_max(bits, d=0):
    """The 2^bits centroids of the optimal quantizer of N(0, 1), or of sqrt(d) x_1 on the sphere of dimension d."""
    n = 1 << bits
    moments = sphere_moments(d) if d else normal_moments
    span = math.sqrt(d) if d else math.inf
    c = np.array([math.sqrt(3) * NORMAL.inv_cdf((i + 0.5) / n) for i in range(n)])
    if d:
        c = c * min(1.0, 0.95 * span / c[-1])

    def centres(c):
        theta = np.concatenate([[-span], (c[1:] + c[:-1]) / 2, [span]])
        mass, first = moments(theta[:-1], theta[1:])
        return theta, mass, first / mass

    for _ in range(12):  # Lloyd's iteration
        c = centres(c)[2]
    for _ in range(60):  # Newton's method for c = mean of its cell
        theta, mass, mean = centres(c)
        density = slope(theta[1:-1], d)
        left = np.concatenate([[0], density * (mean[1:] - theta[1:-1])]) / mass    # d mean/d lower threshold
        right = np.concatenate([density * (theta[1:-1] - mean[:-1]), [0]]) / mass  # d mean/d upper threshold
        jacobian = np.diag(1 - (left + right) / 2) - np.diag(left[1:] / 2, -1) - np.diag(right[:-1] / 2, 1)
        step = np.linalg.solve(jacobian, mean - c)
        while np.any(np.diff(c + step) <= 0):
            step = step / 2
        c = c + step
        c = (c - c[::-1]) / 2
        if np.max(np.abs(step)) < 1e-8:  # the next one would be below rounding
            break
    return c


def slope(x, d):
    """The density of the law at x."""
    if not d:
        return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    log_total = math.lgamma((d - 1) / 2) + math.log(math.pi) / 2 - math.lgamma(d / 2)
    return np.maximum(1 - x * x / d, 0) ** ((d - 3) / 2) * math.exp(-log_total) / math.sqrt(d)


E2M1 = np.array([-6, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 6], float)


# ---- packings of one row's codes, block by block: codes (blocks, d) to bytes (blocks, C) ----

def bits_of(codes, b):
    return (codes[..., None] >> np.arange(b)) & 1


def pack_bits(bits, order):
    """Along the last axis."""
    return np.packbits(bits.astype(np.uint8), axis=-1, bitorder=order)


def unpack_bits(data, count, order):
    return np.unpackbits(data, axis=-1, count=count, bitorder=order)


def pack(layout, codes, b):
    codes = np.asarray(codes, np.int64)
    blocks, d = codes.shape
    if layout == "bit-string":
        return pack_bits(bits_of(codes, b).reshape(blocks, d * b), "little")
    if layout in ("bit-planes", "bit-planes-msb"):
        planes = np.swapaxes(bits_of(codes, b), 1, 2)
        return pack_bits(planes, "little" if layout == "bit-planes" else "big").reshape(blocks, -1)
    if layout == "nibbles-split":
        return (codes[:, :d // 2] | codes[:, d // 2:] << 4).astype(np.uint8)
    if layout == "planes-2-1":
        low = pack_bits(bits_of(codes & 3, 2).reshape(blocks, 2 * d), "little")
        high = pack_bits(codes >> 2 & 1, "little")
        return np.concatenate([low, high], axis=1)
    if layout == "bytes":
        return codes.astype(np.uint8)
    raise ValueError(layout)


def unpack(layout, data, b, d):
    """data: (blocks, C)."""
    blocks = data.shape[0]
    if layout == "bit-string":
        return unpack_bits(data, d * b, "little").reshape(blocks, d, b) @ (1 << np.arange(b))
    if layout in ("bit-planes", "bit-planes-msb"):
        planes = unpack_bits(data.reshape(blocks, b, -1), d, "little" if layout == "bit-planes" else "big")
        return np.swapaxes(planes, 1, 2) @ (1 << np.arange(b))
    if layout == "nibbles-split":
        return np.concatenate([data & 15, data >> 4], axis=1).astype(np.int64)
    if layout == "planes-2-1":
        low = unpack_bits(data[:, :(2 * d + 7) // 8], 2 * d, "little").reshape(blocks, d, 2) @ (1 << np.arange(2))
        return low | unpack_bits(data[:, (2 * d + 7) // 8:], d, "little").astype(np.int64) << 2
    if layout == "bytes":
        return data.astype(np.int64)
    raise ValueError(layout)

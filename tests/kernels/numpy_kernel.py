"""A kernel in numpy, written from docs/SPEC.md and docs/pipe-protocol.md alone: every operation but files.

It is the test that the documents suffice. Nothing here is taken from hdq's sources, and nothing is fast.
"""
import math
import os
import sys
from statistics import NormalDist

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples"))
from kernel import BadInput, serve  # noqa: E402

SIGMA = [93, 109, 111, 111, 111, 111, 111, 111]  # 64 sigma, SPEC §3
KAPPA = [32, 24, 20, 18, 16, 15, 14, 13]         # 64 kappa


# ---- SPEC §1: Hadamard matrices of order m 2^k ----

def chi(a, q):
    return 0 if a % q == 0 else 1 if pow(a, (q - 1) // 2, q) == 1 else -1


def bordered(q, border):
    c = np.zeros((q + 1, q + 1), int)
    c[0, 1:], c[1:, 0] = 1, border
    c[1:, 1:] = [[chi(r - s, q) for s in range(q)] for r in range(q)]
    return c


def base_matrix(m):
    if m == 1:
        return np.array([[1]])
    if m in (12, 20):
        return np.eye(m, dtype=int) + bordered(m - 1, -1)
    return np.kron(bordered(13, 1), [[1, 1], [1, -1]]) + np.kron(np.eye(14, dtype=int), [[1, -1], [-1, -1]])


BASE = {m: base_matrix(m) for m in (1, 12, 20, 28)}


def split_order(d):
    for m in BASE:
        if d % m == 0 and (d // m) & (d // m - 1) == 0:
            return m, (d // m).bit_length() - 1
    raise ValueError(d)


def padded_order(n):
    return min(m << max(0, (-(-n // m) - 1).bit_length()) for m in BASE)


def hadamard(x, transposed=False):
    """Rows of x times H, float32, in the order of additions of SPEC §4."""
    rows, d = x.shape
    m, k = split_order(d)
    y = x.astype(np.float32)
    for h in (1 << i for i in range(k)):
        pairs = y.reshape(rows, d // (2 * h), 2, h)
        y = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], axis=2).reshape(rows, d)
    if m == 1:
        return y
    blocks = y.reshape(rows, m, 1 << k)
    b = BASE[m].T if transposed else BASE[m]
    out = np.empty_like(blocks)
    for a in range(m):
        s = b[a].astype(np.float32)[None, :, None] * blocks
        groups = (s[:, 0::4] + s[:, 1::4]) + (s[:, 2::4] + s[:, 3::4])
        total = groups[:, 0]
        for g in range(1, m // 4):
            total = total + groups[:, g]
        out[:, a] = total
    return out.reshape(rows, d)


# ---- SPEC §2: Philox4x32-10 ----

def philox(counters, seed):
    """counters: 4 arrays of uint64 below 2^32."""
    c, mask = [np.asarray(v, np.uint64) for v in counters], np.uint64(0xFFFFFFFF)
    k0, k1, shift = seed & 0xFFFFFFFF, seed >> 32, np.uint64(32)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> shift) ^ c[1] ^ np.uint64(k0), p1 & mask, (p0 >> shift) ^ c[3] ^ np.uint64(k1), p0 & mask]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


def sign_vector(seed, count):
    blocks = np.arange((count + 127) // 128)
    zero = np.zeros_like(blocks)
    words = np.stack(philox([blocks, zero, zero, zero + 0x5349474E], seed), axis=1).reshape(-1).astype("<u4")
    bits = np.unpackbits(words.view(np.uint8), bitorder="little")[:count]
    return 1 - 2 * bits.astype(np.int8)


def dither_words(seed, first_row, rows):
    r = [(first_row + i) % 2**64 for i in range(rows)]
    low, high = np.array([v & 0xFFFFFFFF for v in r], np.uint64), np.array([v >> 32 for v in r], np.uint64)
    zero = np.zeros_like(low)
    return philox([low, high, zero, zero + np.uint64(0x44495448)], seed)[0].astype(np.uint32)


# ---- SPEC §3: the codebook ----

def codebook(bits, word):
    """theta_1 ... theta_(N-1) and r_0 ... r_(N-1)."""
    n, sigma, kappa, u = 1 << bits, SIGMA[bits - 1] / 64, KAPPA[bits - 1] / 64, (int(word) + 0.5) / 2**32
    g, antiderivative = [], []
    for k in range(n):
        v, w = k + u, n - k - u
        # The smaller of v and N - v is the accurate one.
        q = NormalDist().inv_cdf(v / n) if v <= w else -NormalDist().inv_cdf(w / n)
        g.append(sigma * q + kappa * (1 / w - 1 / v))
        density = math.exp(-q * q / 2) / math.sqrt(2 * math.pi)
        antiderivative.append(-sigma * n * density - kappa * math.log(v * w))
    return np.diff(antiderivative), np.array(g)


# ---- SPEC §4: the vector quantizer ----

def scale_of(norm):
    return np.float32(2.0**100 if 0 < norm < 2.0**-100 else 2.0**-100 if norm > 2.0**100 else 1)


def row_norm(x):
    lanes = np.zeros(16)
    squares = x.astype(np.float64)**2
    for begin in range(0, len(x), 16):
        part = squares[begin:begin + 16]
        lanes[:len(part)] += part
    for half in (8, 4, 2, 1):
        lanes[:half] += lanes[half:2 * half]
    with np.errstate(over="ignore"):
        return np.float32(math.sqrt(lanes[0]))


def check_row(x, row):
    bad = np.flatnonzero(~np.isfinite(x))
    if len(bad):
        raise BadInput(row, int(bad[0]))
    norm = row_norm(x)
    if not np.isfinite(norm):
        raise BadInput(row, None)
    return norm


def padded(x, call):
    rows = np.zeros((call.rows, call.d), np.float32)
    rows[:, :call.n] = x.reshape(call.rows, call.n)
    return rows


def transform(call, x):
    return hadamard(padded(x, call) * sign_vector(call.seed, call.d))


def transform_transposed(call, y):
    return (hadamard(y.reshape(call.rows, call.d), True) * sign_vector(call.seed, call.d))[:, :call.n]


def pack(call, codes):
    return np.packbits(codes.reshape(-1)[:, None] >> np.arange(call.bits) & 1, bitorder="little")


def unpack(call, packed, count):
    bits = np.unpackbits(packed, bitorder="little")[:count * call.bits]
    return (bits.reshape(count, call.bits) @ (1 << np.arange(call.bits))).astype(np.uint8)


def encode(call, x):
    rows = x.reshape(call.rows, call.n)
    norms = np.array([check_row(row, i) for i, row in enumerate(rows)], np.float32)
    scales = np.array([scale_of(norm) for norm in norms], np.float32)
    y = hadamard(padded(x, call) * scales[:, None] * sign_vector(call.seed, call.d))
    packed = []
    for i, word in enumerate(dither_words(call.seed, call.first_row, call.rows)):
        theta, _ = codebook(call.bits, word)
        thresholds = (theta * np.float64(norms[i] * scales[i])).astype(np.float32)
        packed.append(pack(call, np.searchsorted(thresholds, y[i], side="right").astype(np.uint8)))
    return norms, np.concatenate(packed + [np.zeros(0, np.uint8)])


def rotated_rows(call, codes):
    rows = codes.reshape(call.rows, -1) if call.rows else []
    for i, word in enumerate(dither_words(call.seed, call.first_row, call.rows)):
        yield i, codebook(call.bits, word)[1][unpack(call, rows[i], call.d)]


def decode(call, norms, codes):
    out = np.zeros((call.rows, call.n))
    for i, z in rotated_rows(call, codes):
        back = hadamard(z.astype(np.float32)[None], True)[0].astype(np.float64) * sign_vector(call.seed, call.d)
        out[i] = back[:call.n] * (float(norms[i]) / call.d)
    with np.errstate(over="ignore"):
        return out.astype(np.float32)


def dot(call, norms, codes, q):
    rotated = np.zeros((1, call.d), np.float32)
    rotated[0, :call.n] = q
    rotated = hadamard(rotated * sign_vector(call.seed, call.d))[0].astype(np.float64)
    return np.array([float(norms[i]) / call.d * (rotated @ z) for i, z in rotated_rows(call, codes)])


if __name__ == "__main__":
    serve({"name": "numpy, from the documents", "promise": "conformant"}, {
        "signs": lambda call: sign_vector(call.seed, call.count),
        "dither": lambda call: dither_words(call.seed, call.first_row, call.rows),
        "thresholds": lambda call: codebook(call.bits, call.word)[0],
        "codewords": lambda call: codebook(call.bits, call.word)[1],
        "transform": transform,
        "transform-transposed": transform_transposed,
        "encode": encode,
        "decode": decode,
        "pack": lambda call, codes: pack(call, codes),
        "unpack": lambda call, packed: unpack(call, packed, call.count),
        "dot": dot,
    })

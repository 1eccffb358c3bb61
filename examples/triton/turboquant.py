"""A Triton kernel for `hdq validate`: TurboQuant_mse as profile turboquant-mse has it, rows of up to 1024 coordinates.

x/‖x‖ rotated by H D/√d, each coordinate to the nearest of 2^b Lloyd-Max centroids of N(0, 1)/√d, ‖x‖ stored.
"""
import os
import sys
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import torch
import triton
import triton.language as tl

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from kernel import BadInput, Unsupported, serve  # noqa: E402


# ---- on the device: a program to each row ----

@triton.jit
def hadamard(v, D: tl.constexpr, LOG: tl.constexpr):
    """H v, natural order: the butterflies of all pairs (i, i + h) for h = 1, 2, 4, ..., D = 2^LOG."""
    for k in tl.static_range(LOG):
        a, b = tl.split(tl.permute(tl.reshape(v, (D // (2 << k), 2, 1 << k)), (0, 2, 1)))
        v = tl.reshape(tl.permute(tl.join(a + b, a - b), (0, 2, 1)), (D,))
    return v


@triton.jit(do_not_specialize=["n"])
def rotate_rows(x, signs, y, norms, n, root, D: tl.constexpr, LOG: tl.constexpr, UNIT: tl.constexpr):
    """y = H D x/√d, of x/‖x‖ if UNIT, which also writes ‖x‖. Squares and quotients in float64: no norm overflows there."""
    row, i = tl.program_id(0).to(tl.int64), tl.arange(0, D)
    v = tl.load(x + row * n + i, mask=i < n, other=0.0).to(tl.float64)
    if UNIT:
        norm = tl.sqrt(tl.sum(v * v))
        tl.store(norms + row, norm.to(tl.float32))
        v = v / tl.where(norm == 0, 1.0, norm)
    v = hadamard(v.to(tl.float32) * tl.load(signs + i), D, LOG)
    tl.store(y + row * D + i, v * root)


@triton.jit(do_not_specialize=["count"])
def quantize_rows(y, thresholds, count, codes, D: tl.constexpr):
    """The number of thresholds that each coordinate reaches."""
    row, i = tl.program_id(0).to(tl.int64), tl.arange(0, D)
    v = tl.load(y + row * D + i)
    code = tl.zeros((D,), tl.int32)
    for k in range(count):
        code += (v >= tl.load(thresholds + k)).to(tl.int32)
    tl.store(codes + row * D + i, code.to(tl.uint8))


@triton.jit(do_not_specialize=["bits", "count", "per_row", "d"])
def pack_bytes(codes, packed, bits, count, per_row, d, BLOCK: tl.constexpr):
    """Byte i of a row holds bits 8i ... 8i + 7 of the bit string, code j in bits [j·b, (j + 1)·b)."""
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    row, byte, value = i // per_row, i % per_row, tl.zeros((BLOCK,), tl.int32)
    for u in range(8):
        bit = 8 * byte + u
        inside = (i < count) & (bit < d * bits)
        code = tl.load(codes + row * d + bit // bits, mask=inside, other=0).to(tl.int32)
        value += ((code >> (bit % bits).to(tl.int32)) & 1) << u
    tl.store(packed + i, value.to(tl.uint8), mask=i < count)


@triton.jit(do_not_specialize=["n", "bits", "per_row"])
def decode_rows(packed, norms, centroids, signs, x, n, bits, per_row, root, D: tl.constexpr, LOG: tl.constexpr):
    row, i = tl.program_id(0).to(tl.int64), tl.arange(0, D)
    bit = i * bits
    last = (bit + bits - 1) // 8  # a code lies in one byte or in two
    low = tl.load(packed + row * per_row + bit // 8).to(tl.int32)
    high = tl.load(packed + row * per_row + last).to(tl.int32)
    word = tl.where(last > bit // 8, low | (high << 8), low)
    v = tl.load(centroids + ((word >> (bit % 8)) & ((1 << bits) - 1)))
    v = hadamard(v, D, LOG) * root * tl.load(signs + i) * tl.load(norms + row)
    tl.store(x + row * n + i, v, mask=i < n)


# ---- on the host ----

@lru_cache(maxsize=8)
def lloyd_max(bits):
    """The centroids of the best quantizer of N(0, 1) with 2^bits levels, by Newton's method for: each is the mean of its cell."""
    law, levels = NormalDist(), 1 << bits
    density = lambda t: np.exp(-t * t / 2) / np.sqrt(2 * np.pi)
    c = np.array([np.sqrt(3) * law.inv_cdf((i + 0.5) / levels) for i in range(levels)])
    for _ in range(60):
        t = (c[1:] + c[:-1]) / 2
        p = np.concatenate([[0], density(t), [0]])
        # the mass of a cell from the tail on its own side: no cancellation
        tail = np.array([law.cdf(-abs(v)) for v in t])
        below, above = np.concatenate([[0], np.where(t < 0, tail, 1 - tail)]), np.concatenate([np.where(t < 0, 1 - tail, tail), [0]])
        mass = np.where(c < 0, np.diff(np.append(below, 1)), -np.diff(np.append(1, above)))
        mean = (p[:-1] - p[1:]) / mass
        left = np.append(0, p[1:-1] * (mean[1:] - t)) / mass    # d mean/d lower threshold
        right = np.append(p[1:-1] * (t - mean[:-1]), 0) / mass  # d mean/d upper threshold
        step = np.linalg.solve(np.diag(1 - (left + right) / 2) - np.diag(left[1:] / 2, -1) - np.diag(right[:-1] / 2, 1), mean - c)
        while np.any(np.diff(c + step) <= 0):
            step = step / 2
        c = c + step
        c = (c - c[::-1]) / 2
    return c


def order(call):
    d = triton.next_power_of_2(call.n)
    if d > 1024:
        raise Unsupported("more than 1024 coordinates")
    return d


def to_device(array):
    return torch.from_numpy(np.array(array)).cuda()


def signs_of(call, count):
    return 1.0 - 2.0 * np.random.Generator(np.random.Philox(key=call.seed)).integers(0, 2, count)


def device_signs(call, d):
    return to_device(signs_of(call, d).astype(np.float32))


def warps(d):
    return max(1, min(8, d // 256))


def rotate(call, x, unit):
    d, rows = order(call), call.rows
    y = torch.empty((rows, d), device="cuda", dtype=torch.float32)
    norms = torch.empty(rows, device="cuda", dtype=torch.float32)
    if rows:
        rotate_rows[(rows,)](to_device(x), device_signs(call, d), y, norms, call.n, d**-0.5, D=d, LOG=d.bit_length() - 1, UNIT=unit, num_warps=warps(d))
    return y, norms


def encode(call, x):
    bad = np.argwhere(~np.isfinite(x.reshape(call.rows, call.n)))
    y, norms = rotate(call, x, True)
    too_long = torch.nonzero(torch.isinf(norms)).flatten().cpu().numpy()
    if len(bad) or len(too_long):
        raise BadInput(*min([tuple(map(int, b)) for b in bad[:1]] + [(int(r), None) for r in too_long[:1]], key=lambda b: b[0]))
    d = order(call)
    c = lloyd_max(call.bits)
    thresholds = to_device(((c[1:] + c[:-1]) / 2 / np.sqrt(d)).astype(np.float32))
    codes = torch.empty((call.rows, d), device="cuda", dtype=torch.uint8)
    per_row = (d * call.bits + 7) // 8
    packed = torch.empty(call.rows * per_row, device="cuda", dtype=torch.uint8)
    if call.rows:
        quantize_rows[(call.rows,)](y, thresholds, len(thresholds), codes, D=d, num_warps=warps(d))
        pack_bytes[(triton.cdiv(len(packed), 256),)](codes, packed, call.bits, len(packed), per_row, d, BLOCK=256)
    return norms.cpu().numpy(), packed.cpu().numpy()


def decode(call, norms, packed):
    d = order(call)
    x = torch.empty((call.rows, call.n), device="cuda", dtype=torch.float32)
    centroids = to_device((lloyd_max(call.bits) / np.sqrt(d)).astype(np.float32))
    if call.rows:
        decode_rows[(call.rows,)](to_device(packed), to_device(norms), centroids, device_signs(call, d), x, call.n, call.bits,
                                  (d * call.bits + 7) // 8, d**-0.5, D=d, LOG=d.bit_length() - 1, num_warps=warps(d))
    return x.cpu().numpy()


if __name__ == "__main__":
    serve({"name": "TurboQuant in Triton", "version": "1", "promise": "own-scheme", "profile": "turboquant-mse", "max_dimension": 1024}, {
        "transform": lambda call, x: rotate(call, x, False)[0].cpu().numpy(),
        "encode": encode,
        "decode": decode,
        "data": lambda call, name: signs_of(call, call.count)})

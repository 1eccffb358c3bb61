"""How far floats may be from real arithmetic: the rounding model of SPEC §5.6, for any order of additions."""
from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike


def unit_roundoff(dtype: DTypeLike) -> float:
    """u = 2^-p of a binary float type with p bits: 2^-11, 2^-24, 2^-53."""
    return float(np.finfo(dtype).eps) / 2


def any_order(n: int) -> int:
    """Roundings on the longest path through a transform of n numbers, in any order of its n - 1 additions, a rounded
    factor and its product after every level included. A fast transform has far fewer: log2(n) additions."""
    return n + 2 * math.ceil(math.log2(max(n, 2)))


def gamma(stages: int, u: float) -> float:
    """(1 + u)^stages - 1, rounded up. SPEC §5.6: |fl(y_j) - y_j| <= gamma(s, u)·Σ|T_ji||x_i|."""
    return math.expm1(stages * math.log1p(u)) * (1 + 2.0**-20)


def ordered(x: np.ndarray) -> np.ndarray:
    """Floats as integers in the same order, neighbours one apart: -0 and +0 are both 0. float16 and float32 give int64,
    float64 too (the magnitude's bits fit)."""
    x = np.asarray(x)
    bits = np.ascontiguousarray(x).view(f"i{x.dtype.itemsize}").astype(np.int64)
    magnitude = bits & np.int64((1 << (8 * x.dtype.itemsize - 1)) - 1)
    return np.where(bits < 0, -magnitude, magnitude)


def from_ordered(k: np.ndarray, dtype: DTypeLike) -> np.ndarray:
    """The inverse of `ordered`; 0 becomes +0."""
    dtype = np.dtype(dtype)
    k = np.asarray(k, np.int64)
    magnitude = np.abs(k).astype(f"i{dtype.itemsize}").view(dtype)
    return np.where(k < 0, -magnitude, magnitude).astype(dtype)

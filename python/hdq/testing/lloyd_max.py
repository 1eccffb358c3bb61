"""The Lloyd-Max codebook of a normal number, which TurboQuant and its kin use (SPEC §6)."""
from __future__ import annotations

from functools import lru_cache
from math import exp, inf, pi, sqrt
from statistics import NormalDist

import numpy as np

_NORMAL = NormalDist()


def _density(t: float) -> float:
    return exp(-t * t / 2) / sqrt(2 * pi)


@lru_cache
def lloyd_max(bits: int) -> tuple[np.ndarray, np.ndarray]:
    """(thresholds, codewords) of N(0, 1), ascending, shapes (2^bits - 1,) and (2^bits,); bits 1 to 8. Max 1960.

    Newton's method on "each codeword is the mean of its cell", from Panter and Dite's density.
    """
    if not 1 <= bits <= 8:
        raise ValueError(f"bits must be 1 to 8: {bits}")
    count = 1 << bits
    r = np.array([sqrt(3) * _NORMAL.inv_cdf((k + 0.5) / count) for k in range(count)])
    for _ in range(60):
        ends = np.concatenate([[-inf], (r[1:] + r[:-1]) / 2, [inf]])
        phi = np.array([_density(t) for t in ends])
        # Upper tails by symmetry: no difference of numbers close to 1.
        mass = np.array(
            [
                _NORMAL.cdf(b) - _NORMAL.cdf(a) if a < 0 else _NORMAL.cdf(-a) - _NORMAL.cdf(-b)
                for a, b in zip(ends, ends[1:])
            ]
        )
        mean = -np.diff(phi) / mass
        inner = np.where(np.isfinite(ends), ends, 0.0)
        # Half of d mean/d end: an end moves by half of what its codewords move.
        up = phi[1:] * (inner[1:] - mean) / mass / 2
        down = phi[:-1] * (mean - inner[:-1]) / mass / 2
        jacobian = np.eye(count) - np.diag(up + down) - np.diag(up[:-1], 1) - np.diag(down[1:], -1)
        step = np.linalg.solve(jacobian, r - mean)
        r = np.sort(r - step)
        if np.abs(step).max() < 1e-12:
            break
    r = (r - r[::-1]) / 2
    return (r[1:] + r[:-1]) / 2, r

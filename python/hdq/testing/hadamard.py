"""The Hadamard matrices of SPEC §1, by their definition."""
from __future__ import annotations

from functools import lru_cache

import numpy as np

BASES = (1, 12, 20, 28)


def hadamard_order(n: int) -> tuple[int, int]:
    """(d, m): the smallest supported order d = m·2^k that is at least n >= 1, and its m. SPEC §1."""
    if n < 1:
        raise ValueError(f"n must be at least 1: {n}")
    return min((m << max(0, (-(-n // m) - 1).bit_length()), m) for m in BASES)


def orders(largest: int) -> list[int]:
    """Every supported order up to `largest`, ascending. SPEC §1."""
    return sorted(m << k for m in BASES for k in range(largest.bit_length()) if m << k <= largest)


def _bordered(q: int, border: int) -> np.ndarray:
    """[[0, 1ᵀ], [border, Q]], Q[r][s] the quadratic character of r - s mod q."""
    squares = {r * r % q for r in range(1, q)}
    character = np.array([0] + [1 if r in squares else -1 for r in range(1, q)])
    matrix = np.zeros((q + 1, q + 1), int)
    matrix[0, 1:], matrix[1:, 0] = 1, border
    matrix[1:, 1:] = character[np.subtract.outer(np.arange(q), np.arange(q)) % q]
    return matrix


@lru_cache
def base_matrix(m: int) -> np.ndarray:
    """B_m of SPEC §1, entries ±1, shape (m, m)."""
    if m == 28:
        twice = np.array([[1, 1], [1, -1]])
        return np.kron(_bordered(13, 1), twice) + np.kron(np.eye(14, dtype=int), np.array([[1, -1], [-1, -1]]))
    return np.ones((1, 1), int) if m == 1 else np.eye(m, dtype=int) + _bordered(m - 1, -1)


def hadamard_row(n: int, row: int) -> np.ndarray:
    """Row `row` of H of the smallest supported order >= n, cut to n entries ±1 (ints)."""
    d, m = hadamard_order(n)
    width = d // m
    columns = np.arange(n)
    parity = np.zeros(n, int)
    both = row & columns & (width - 1)
    while both.any():
        parity ^= both & 1
        both = both >> 1
    return base_matrix(m)[row // width, columns // width] * (1 - 2 * parity)


def hadamard_matrix(d: int) -> np.ndarray:
    """H of SPEC §1, shape (d, d), entries ±1 (ints); d a supported order."""
    if hadamard_order(d)[0] != d:
        raise ValueError(f"{d} is no supported order")
    return np.stack([hadamard_row(d, row) for row in range(d)])

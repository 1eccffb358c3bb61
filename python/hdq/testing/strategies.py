"""Strategies for hypothesis: inputs that break quantizers, and that shrink to what a person wants to see, few nonzero and round numbers.

    @given(hdq.testing.vectors(hdq.testing.dimensions(64)))
    def test_keeps_norm(x):
        assert hdq.testing.preserves_norm(my_transform, x)

Every `n` is a dimension or a strategy of dimensions. Arrays have shape (n,) and are finite; `dtype` is float16, float32 or float64, and what
the dtype cannot hold becomes its largest number. Norms stay below the dtype's largest number for n <= 4096, except in float16.
hypothesis is imported on the first use.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from .hadamard import hadamard_order, hadamard_row, orders
from .lloyd_max import lloyd_max
from .rounding import from_ordered, ordered

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    Vectors = SearchStrategy[np.ndarray]
    Dimension = int | SearchStrategy[int]


def _st() -> Any:
    try:
        from hypothesis import strategies
    except ImportError as error:
        raise ImportError("the strategies of hdq.testing need hypothesis: pip install 'hdq[testing]', or Debian's python3-hypothesis") from error
    return strategies


def _for_each(n: Dimension, vectors: Callable[[int], Vectors]) -> Vectors:
    """A strategy for a dimension, or for a strategy of dimensions, where each is built once: that takes longer than a draw."""
    return vectors(int(n)) if isinstance(n, (int, np.integer)) else n.flatmap(lru_cache(maxsize=None)(vectors))


def _finite(values: ArrayLike, dtype: DTypeLike) -> np.ndarray:
    limit = float(np.finfo(dtype).max)
    return np.clip(np.asarray(values, float), -limit, limit).astype(dtype)


# ---- numbers ----


def bit_widths(largest: int = 8) -> SearchStrategy[int]:
    """Bits per coordinate, 1 to `largest`."""
    return _st().integers(1, largest)


def seeds() -> SearchStrategy[int]:
    """64-bit seeds, with those that differ in one half of the bits or in one bit among them. SPEC §2."""
    st = _st()
    return st.one_of(st.integers(0, 3), st.integers(0, 63).map(lambda bit: 1 << bit), st.just(2**64 - 1), st.integers(0, 2**64 - 1))


def rows() -> SearchStrategy[int]:
    """Row numbers, 64 bits, on both sides of 2^32. SPEC §2."""
    st = _st()
    return st.one_of(st.integers(0, 100), st.integers(2**32 - 16, 2**32 + 16), st.integers(0, 2**64 - 1))


def dimensions(max: int = 1024) -> SearchStrategy[int]:  # noqa: A002, the word the caller wants
    """Dimensions 1 to `max`: supported orders (SPEC §1), their neighbours, small ones, any. Shrinks to 1."""
    st, supported = _st(), orders(max)
    around = st.tuples(st.sampled_from(supported), st.sampled_from([1, -1])).map(lambda pair: int(np.clip(sum(pair), 1, max)))
    return st.one_of(st.integers(1, min(max, 40)), st.sampled_from(supported), around, st.integers(1, max))


def _values() -> SearchStrategy[float]:
    """Nonzero: 1 first, then small integers, then multiples of 1/16, then what is no dyadic number of few digits."""
    st = _st()
    small = st.one_of(st.integers(1, 8), st.integers(-8, -1)).map(float)
    sixteenths = st.integers(-4096, 4096).filter(bool).map(lambda k: k / 16)
    return st.one_of(st.just(1.0), small, sixteenths, st.sampled_from([0.1, -0.3, 1e10, 1e-10]))


# ---- vectors ----


def zeros(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """The zero vector."""
    return _for_each(n, lambda n: _st().builds(np.zeros, _st().just(n), _st().just(dtype)))


def k_hot(n: Dimension, k: int = 4, dtype: DTypeLike = np.float32) -> Vectors:
    """1 to k entries that are not zero, anywhere. Shrinks to x[0] = 1."""
    st = _st()

    def build(n: int) -> Vectors:
        entries = st.dictionaries(st.integers(0, n - 1), _values(), min_size=1, max_size=min(k, n))
        return entries.map(lambda entries: _sparse(n, entries, dtype))

    return _for_each(n, build)


def _sparse(n: int, entries: dict[int, float], dtype: DTypeLike) -> np.ndarray:
    x = np.zeros(n)
    x[list(entries)] = list(entries.values())
    return _finite(x, dtype)


def one_hot(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """One entry that is not zero: after a rotation every coordinate has the same magnitude. Shrinks to x[0] = 1."""
    return k_hot(n, 1, dtype)


def constant(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """All entries the same: without random signs its Hadamard transform is a single spike. Shrinks to ones."""
    st = _st()
    return _for_each(n, lambda n: st.one_of(_values(), st.just(1e-20)).map(lambda value: _finite(np.full(n, value), dtype)))


def hadamard_rows(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """A row of H of the smallest supported order >= n, cut to n (SPEC §1): without random signs its transform is a single spike.
    Shrinks to ones."""
    return _for_each(n, lambda n: _st().integers(0, hadamard_order(n)[0] - 1).map(lambda row: hadamard_row(n, row).astype(dtype)))


def _dense(n: int, draw: Callable[[np.random.Generator, int], np.ndarray], dtype: DTypeLike) -> Vectors:
    """Random numbers from a seed, of which the first `kept` stay, with `digits` bits of mantissa: shrinks to few of few digits."""
    st = _st()

    def build(kept: int, digits: int, seed: int) -> np.ndarray:
        mantissa, exponent = np.frexp(draw(np.random.default_rng(seed), n))
        rounded = np.ldexp(np.round(np.ldexp(mantissa, digits)), exponent - digits)
        return _finite(np.where(np.arange(n) < kept, rounded, 0), dtype)

    # Half of the draws keep everything; one number each, so that hypothesis can lower it.
    return st.builds(build, st.integers(1, 2 * n), st.integers(1, 48).map(lambda digits: min(digits, 24)), st.integers(0, 2**32 - 1))


def normal(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """Independent normal numbers."""
    return _for_each(n, lambda n: _dense(n, lambda random, n: random.standard_normal(n), dtype))


def heavy_tailed(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """Independent numbers of Student's law with one degree of freedom, or signs times exp(8·normal): a few entries hold the norm."""
    st = _st()

    def log_normal(random: np.random.Generator, n: int) -> np.ndarray:
        return random.choice([-1.0, 1.0], n) * np.exp(8 * random.standard_normal(n))

    return _for_each(n, lambda n: st.one_of(_dense(n, lambda random, n: random.standard_cauchy(n), dtype), _dense(n, log_normal, dtype)))


def integers(n: Dimension, largest: int = 8, dtype: DTypeLike = np.float32) -> Vectors:
    """Small integers, most of them zero where n is large: sums are exact. Shrinks to zeros, entry by entry."""
    st = _st()
    from hypothesis.extra.numpy import arrays

    def build(n: int) -> Vectors:
        return arrays(np.int64, n, elements=st.integers(-largest, largest), fill=st.just(0)).map(lambda x: x.astype(dtype))

    return _for_each(n, build)


def near_thresholds(bits: int, n: Dimension = 1, *, thresholds: ArrayLike | None = None, floats: int = 4, scale: float = 1.0,
                    dtype: DTypeLike = np.float32) -> Vectors:
    """Numbers at most `floats` neighbouring floats away from a threshold of a scalar quantizer: what its comparisons get wrong.

    thresholds : array, optional
        Of the quantizer on trial, e.g. from `find_thresholds`. By default those of Lloyd and Max for `bits` (1 to 8) and N(0, 1).
    scale : float
        The thresholds are multiplied by it: 1/√n for coordinates of a rotated unit vector.
    """
    st = _st()
    at = ordered(_finite(np.ravel(lloyd_max(bits)[0] if thresholds is None else thresholds) * scale, dtype))
    entry = st.tuples(st.sampled_from(sorted(at.tolist(), key=abs)), st.integers(-floats, floats)).map(sum)
    return _for_each(n, lambda n: st.lists(entry, min_size=n, max_size=n).map(lambda ks: from_ordered(np.array(ks), dtype)))


def padded(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """Zeros behind a first part of 1 to n entries, most often of a length that no order has: what padding produces. SPEC §1."""
    return _for_each(n, lambda n: _st().integers(1, n).flatmap(lambda part: integers(part, dtype=dtype).map(
        lambda x: np.concatenate([x, np.zeros(n - part, dtype)]))))


def _scaled(n: int, exponents: Sequence[int], dtype: DTypeLike) -> Vectors:
    st = _st()
    return st.builds(lambda x, e: _finite(np.ldexp(x, e), dtype), st.one_of(k_hot(n, dtype=np.float64), integers(n, dtype=np.float64)),
                     st.sampled_from(exponents))


def _huge_exponents(dtype: DTypeLike) -> list[int]:
    top = int(np.finfo(dtype).maxexp)
    return [3] if np.dtype(dtype) == np.float16 else [top // 2 - 4, top // 2 + 1, top - 60, top - 50]


def huge(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """Small integers and other short numbers times powers of 2 that make their squares overflow, or nearly, or far. In float32 the
    largest magnitude is below 2^112, in float16 32768 or less of the integers."""
    return _for_each(n, lambda n: _scaled(n, _huge_exponents(dtype), dtype))


def _subnormal_exponents(dtype: DTypeLike) -> list[int]:
    return [int(np.finfo(dtype).minexp - np.finfo(dtype).nmant)]


def subnormal(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """Multiples of the smallest number of the dtype, of which most are subnormal: what flushing to zero loses."""
    return _for_each(n, lambda n: integers(n, 1 << 9).map(lambda x: np.ldexp(x.astype(float), _subnormal_exponents(dtype)[0]).astype(dtype)))


def _cut(n: int, strategy: Vectors) -> Vectors:
    """Zeros behind the first entries, in half of the draws: what fails then shrinks to few that are not zero."""
    st = _st()
    return st.builds(lambda kept, x: np.where(np.arange(n) < kept, x, 0).astype(x.dtype), st.integers(1, 2 * n), strategy)


def vectors(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """A mixture of the above. What fails shrinks to zeros, to x[0] = 1, or to few small integers, in a small dimension where
    `n` is a strategy."""
    st = _st()

    def build(n: int) -> Vectors:
        simple = (kind(n, dtype=dtype) for kind in (zeros, one_hot, k_hot, integers))
        formulas = (_cut(n, kind(n, dtype=dtype)) for kind in (constant, hadamard_rows))
        # With the exponent 0 first, to which they shrink where the size is not what fails.
        sizes = _scaled(n, [0, *_huge_exponents(dtype), *_subnormal_exponents(dtype)], dtype)
        return st.one_of(*simple, *formulas, sizes, normal(n, dtype=dtype), heavy_tailed(n, dtype=dtype))

    return _for_each(n, build)


def batches(n: Dimension, max_rows: int = 8, dtype: DTypeLike = np.float32, of: Callable[..., Vectors] = vectors) -> Vectors:
    """Arrays of shape (rows, n), 1 <= rows <= max_rows, rows of the strategy `of`, different in size and in kind."""
    st = _st()
    return _for_each(n, lambda n: st.lists(of(n, dtype=dtype), min_size=1, max_size=max_rows).map(np.stack))


def correlated_pairs(n: Dimension, dtype: DTypeLike = np.float32) -> SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    """(x, y) with y = ±x + noise, from the same to orthogonal: inner products whose error a biased estimator does not average out.
    Shrinks to y = x."""
    st = _st()

    def build(x: np.ndarray, sign: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        noise = np.random.default_rng(seed).standard_normal(x.size) * np.linalg.norm(x.astype(float)) / np.sqrt(x.size)
        return x, _finite(sign * x.astype(float) + share * noise, dtype)

    shares = st.sampled_from([0.0, 0.125, 0.5, 1.0, 8.0])
    return _for_each(n, lambda n: st.builds(build, st.one_of(one_hot(n, dtype=dtype), integers(n, dtype=dtype), normal(n, dtype=dtype)),
                                            st.sampled_from([1, -1]), shares, st.integers(0, 2**32 - 1)))

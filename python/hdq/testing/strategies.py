"""Strategies for hypothesis: inputs that break quantizers and shrink to few nonzero, small and round numbers.

    @given(hdq.testing.vectors(hdq.testing.dimensions(64)))
    def test_keeps_norm(x):
        assert hdq.testing.preserves_norm(my_transform, x)

Every `n` is a dimension or a strategy of dimensions. Arrays have shape (n,) and are finite; `dtype` is float16, float32
or float64, and what the dtype cannot hold becomes its largest number. Norms stay below the dtype's largest number for n
<= 4096, except in float16. hypothesis is imported on the first use.
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
        raise ImportError(
            "the strategies of hdq.testing need hypothesis: pip install 'hdq[testing]', or Debian's python3-hypothesis"
        ) from error
    return strategies


def _for_each(n: Dimension, vectors: Callable[[int], Vectors]) -> Vectors:
    """Vectors of a dimension, or of those that a strategy draws; each is built once, which takes longer than a draw."""
    return vectors(int(n)) if isinstance(n, (int, np.integer)) else n.flatmap(lru_cache(maxsize=None)(vectors))


def _finite(values: ArrayLike, dtype: DTypeLike) -> np.ndarray:
    limit = float(np.finfo(dtype).max)
    return np.clip(np.asarray(values, float), -limit, limit).astype(dtype)


# Named functions where lambdas would do: of a lambda, hypothesis looks up the source, which takes longer than a draw.

# ---- numbers ----


def bit_widths(largest: int = 8) -> SearchStrategy[int]:
    """Bits per coordinate, 1 to `largest`."""
    return _st().integers(1, largest)


def _power_of_two(exponent: int) -> int:
    return 1 << exponent


def seeds() -> SearchStrategy[int]:
    """64-bit seeds, with those that differ in one half of the bits or in one bit among them. SPEC §2."""
    st = _st()
    return st.one_of(
        st.integers(0, 3), st.integers(0, 63).map(_power_of_two), st.just(2**64 - 1), st.integers(0, 2**64 - 1)
    )


def rows() -> SearchStrategy[int]:
    """Row numbers, 64 bits, on both sides of 2^32. SPEC §2."""
    st = _st()
    return st.one_of(st.integers(0, 100), st.integers(2**32 - 16, 2**32 + 16), st.integers(0, 2**64 - 1))


def dimensions(max: int = 1024) -> SearchStrategy[int]:  # noqa: A002, the word the caller wants
    """Dimensions 1 to `max`: small ones, supported orders (SPEC §1) and their neighbours, any. Shrinks to 1."""
    st, supported = _st(), orders(max)
    around = sorted({n + step for n in supported for step in (-1, 1) if 1 <= n + step <= max})
    return st.one_of(
        st.integers(1, min(max, 40)), st.sampled_from(supported), st.sampled_from(around or [1]), st.integers(1, max)
    )


def _sixteenths(k: int) -> float:
    return k / 16


@lru_cache(maxsize=None)
def _values() -> SearchStrategy[float]:
    """Nonzero: 1 first, then small integers, then multiples of 1/16, then what is no dyadic number of few digits."""
    st = _st()
    small = st.one_of(st.integers(1, 8), st.integers(-8, -1)).map(float)
    sixteenths = st.one_of(st.integers(1, 4096), st.integers(-4096, -1)).map(_sixteenths)
    return st.one_of(st.just(1.0), small, sixteenths, st.sampled_from([0.1, -0.3, 1e10, 1e-10]))


# ---- vectors ----


def zeros(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """The zero vector."""

    def build(n: int) -> Vectors:
        return _st().builds(np.zeros, _st().just(n), _st().just(dtype))

    return _for_each(n, build)


def k_hot(n: Dimension, k: int = 4, dtype: DTypeLike = np.float32) -> Vectors:
    """1 to k entries that are not zero, anywhere. Shrinks to x[0] = 1."""
    st = _st()

    def build(n: int) -> Vectors:
        def spread(entries: dict[int, float]) -> np.ndarray:
            x = np.zeros(n)
            x[list(entries)] = list(entries.values())
            return _finite(x, dtype)

        return st.dictionaries(st.integers(0, n - 1), _values(), min_size=1, max_size=min(k, n)).map(spread)

    return _for_each(n, build)


def one_hot(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """One entry that is not zero: after a rotation every coordinate has the same magnitude. Shrinks to x[0] = 1."""
    return k_hot(n, 1, dtype)


def constant(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """All entries the same: without random signs its Hadamard transform is a single spike. Shrinks to ones."""
    st = _st()

    def build(n: int) -> Vectors:
        def repeated(value: float) -> np.ndarray:
            return _finite(np.full(n, value), dtype)

        return st.one_of(_values(), st.just(1e-20)).map(repeated)

    return _for_each(n, build)


def hadamard_rows(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """A row of H of the smallest supported order >= n, cut to n (SPEC §1): without random signs its transform is a
    single spike. Shrinks to ones."""

    def build(n: int) -> Vectors:
        def row(index: int) -> np.ndarray:
            return hadamard_row(n, index).astype(dtype)

        return _st().integers(0, hadamard_order(n)[0] - 1).map(row)

    return _for_each(n, build)


def _dense(n: int, draw: Callable[[np.random.Generator, int], np.ndarray], dtype: DTypeLike) -> Vectors:
    """Random numbers, the first `kept` of them, with `digits` bits of mantissa: shrinks to few of few digits."""
    st = _st()

    def numbers(kept: int, digits: int, seed: int) -> np.ndarray:
        mantissa, exponent = np.frexp(draw(np.random.default_rng(seed), n))
        digits = min(digits, 24)
        rounded = np.ldexp(np.round(np.ldexp(mantissa, digits)), exponent - digits)
        return _finite(np.where(np.arange(n) < kept, rounded, 0), dtype)

    # Half of the draws keep everything; one number each, so that hypothesis can lower it.
    return st.builds(numbers, st.integers(1, 2 * n), st.integers(1, 48), st.integers(0, 2**32 - 1))


def normal(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """Independent normal numbers."""

    def build(n: int) -> Vectors:
        return _dense(n, np.random.Generator.standard_normal, dtype)

    return _for_each(n, build)


def _log_normal(random: np.random.Generator, n: int) -> np.ndarray:
    return random.choice([-1.0, 1.0], n) * np.exp(8 * random.standard_normal(n))


def heavy_tailed(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """Independent Cauchy numbers, or signs times exp(8·normal): a few entries hold the norm."""

    def build(n: int) -> Vectors:
        return _st().one_of(_dense(n, np.random.Generator.standard_cauchy, dtype), _dense(n, _log_normal, dtype))

    return _for_each(n, build)


def integers(n: Dimension, largest: int = 8, dtype: DTypeLike = np.float32) -> Vectors:
    """Small integers, most of them zero where n is large: sums are exact. Shrinks to zeros, entry by entry."""
    st = _st()
    from hypothesis.extra.numpy import arrays

    def build(n: int) -> Vectors:
        def cast(x: np.ndarray) -> np.ndarray:
            return x.astype(dtype)

        return arrays(np.int64, n, elements=st.integers(-largest, largest), fill=st.just(0)).map(cast)

    return _for_each(n, build)


def near_thresholds(
    bits: int = 4,
    n: Dimension = 1,
    *,
    thresholds: ArrayLike | None = None,
    floats: int = 4,
    scale: float = 1.0,
    dtype: DTypeLike = np.float32,
) -> Vectors:
    """Numbers at most `floats` floats away from a threshold of a scalar quantizer: what its comparisons get wrong.

    bits : int
        1 to 8: the thresholds are those of Lloyd and Max for N(0, 1).
    thresholds : array, optional
        Others in their place, of the quantizer on trial: from `find_thresholds`, say.
    scale : float
        The thresholds are multiplied by it: 1/√n for coordinates of a rotated unit vector.
    """
    st = _st()
    at = ordered(_finite(np.ravel(lloyd_max(bits)[0] if thresholds is None else thresholds) * scale, dtype))
    entry = st.tuples(st.sampled_from(sorted(at.tolist(), key=abs)), st.integers(-floats, floats)).map(sum)

    def build(n: int) -> Vectors:
        def values(ks: list[int]) -> np.ndarray:
            return from_ordered(np.array(ks), dtype)

        return st.lists(entry, min_size=n, max_size=n).map(values)

    return _for_each(n, build)


def padded(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """Zeros behind a first part of 1 to n entries: what padding produces. SPEC §1."""

    def build(n: int) -> Vectors:
        return _cut(n, integers(n, dtype=dtype), 1)

    return _for_each(n, build)


def _scaled(n: int, exponents: Sequence[int], dtype: DTypeLike) -> Vectors:
    st = _st()

    def scaled(x: np.ndarray, exponent: int) -> np.ndarray:
        return _finite(np.ldexp(x, exponent), dtype)

    return st.builds(
        scaled, st.one_of(k_hot(n, dtype=np.float64), integers(n, dtype=np.float64)), st.sampled_from(exponents)
    )


def _huge_exponents(dtype: DTypeLike) -> list[int]:
    top = int(np.finfo(dtype).maxexp)
    return [3] if np.dtype(dtype) == np.float16 else [top // 2 - 4, top // 2 + 1, top - 60, top - 50]


def huge(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """Small integers and other short numbers times powers of 2, so that their squares overflow, or nearly, or far: in
    float32, 2^60 to 2^78 times numbers of at most 10^10."""

    def build(n: int) -> Vectors:
        return _scaled(n, _huge_exponents(dtype), dtype)

    return _for_each(n, build)


def _smallest_exponent(dtype: DTypeLike) -> int:
    return int(np.finfo(dtype).minexp - np.finfo(dtype).nmant)


def subnormal(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """Multiples of the smallest number of the dtype, at most 512 of it: what flushing to zero loses."""

    def tiny(x: np.ndarray) -> np.ndarray:
        return np.ldexp(x.astype(float), _smallest_exponent(dtype)).astype(dtype)

    def build(n: int) -> Vectors:
        return integers(n, 1 << 9).map(tiny)

    return _for_each(n, build)


def _cut(n: int, strategy: Vectors, whole: int = 2) -> Vectors:
    """Zeros behind the first entries, in one of `whole` draws: what fails then shrinks to few that are not zero."""
    st = _st()

    def cut(kept: int, x: np.ndarray) -> np.ndarray:
        return np.where(np.arange(n) < kept, x, 0).astype(x.dtype)

    return st.builds(cut, st.integers(1, whole * n), strategy)


def vectors(n: Dimension, dtype: DTypeLike = np.float32) -> Vectors:
    """A mixture of the above. What fails shrinks to zeros, to x[0] = 1, or to few small integers, in a small dimension
    where `n` is a strategy."""
    st = _st()

    def build(n: int) -> Vectors:
        simple = (kind(n, dtype=dtype) for kind in (zeros, one_hot, k_hot, integers))
        formulas = (_cut(n, kind(n, dtype=dtype)) for kind in (constant, hadamard_rows))
        # With the exponent 0 first, to which they shrink where the size is not what fails.
        sizes = _scaled(n, [0, *_huge_exponents(dtype), _smallest_exponent(dtype)], dtype)
        return st.one_of(*simple, *formulas, sizes, normal(n, dtype=dtype), heavy_tailed(n, dtype=dtype))

    return _for_each(n, build)


def batches(
    n: Dimension, max_rows: int = 8, dtype: DTypeLike = np.float32, of: Callable[..., Vectors] = vectors
) -> Vectors:
    """Arrays of shape (rows, n), 1 <= rows <= max_rows, rows of the strategy `of`, different in size and in kind."""

    def build(n: int) -> Vectors:
        return _st().lists(of(n, dtype=dtype), min_size=1, max_size=max_rows).map(np.stack)

    return _for_each(n, build)


def correlated_pairs(n: Dimension, dtype: DTypeLike = np.float32) -> SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    """(x, y) with y = ±x + noise, from the same to nearly orthogonal: whose inner products show a bias. Shrinks to y = x."""
    st = _st()

    def pair(x: np.ndarray, sign: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        noise = np.random.default_rng(seed).standard_normal(x.size) * np.linalg.norm(x.astype(float)) / np.sqrt(x.size)
        return x, _finite(sign * x.astype(float) + share * noise, dtype)

    def build(n: int) -> SearchStrategy[tuple[np.ndarray, np.ndarray]]:
        x = st.one_of(one_hot(n, dtype=dtype), integers(n, dtype=dtype), normal(n, dtype=dtype))
        return st.builds(
            pair, x, st.sampled_from([1, -1]), st.sampled_from([0.0, 0.125, 0.5, 1.0, 8.0]), st.integers(0, 2**32 - 1)
        )

    return _for_each(n, build)

"""Properties of quantizers: x to x̂, with their own randomness (SPEC §5.3, §5.5), and of scalar ones (SPEC §3).

`quantize(x, seed)` returns the reconstruction x̂ of a vector x of shape (n,), numpy or torch; its randomness must be
independent from seed to seed. A property that draws random numbers refuses a correct quantizer with probability at most
1e-9, by the e-values of evidence.py.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from . import evidence
from ._functions import Vectorwise
from .reason import FALSE_ALARM, Reason, holds, number, shown, violated
from .rounding import from_ordered, ordered

Quantize = Callable[..., Any]
MISS = 0.01
"""The probability that a fault of the stated size is not seen."""


def _errors(quantize: Quantize, x: np.ndarray, seeds: int | Iterable[int]) -> np.ndarray | Reason:
    """(x̂ - x)/‖x‖ for each seed, in double."""
    function, seeds = Vectorwise(quantize), range(seeds) if isinstance(seeds, int) else list(seeds)
    norm = float(np.linalg.norm(x.astype(float)))
    if x.ndim != 1 or not (0 < norm < math.inf):
        raise ValueError(f"x must be one finite vector that is not zero; it has shape {x.shape} and norm {norm}")
    errors = np.empty((len(seeds), x.size))
    for row, seed in enumerate(seeds):
        decoded = function(x, seed).astype(float)
        decoded = decoded[0] if decoded.shape == (1, x.size) else decoded  # a codec of rows, given one
        if decoded.shape != x.shape:
            return violated(f"{x.size} numbers are decoded as an array of shape {decoded.shape}")
        if not np.isfinite(decoded).all():
            return violated(f"with seed {seed}, {shown(x)} is decoded as {shown(decoded)}")
        errors[row] = (decoded - x) / norm
    return errors


def _directions(x: np.ndarray, errors: np.ndarray, burn_in: int = 32) -> dict[str, np.ndarray]:
    """The errors along unit vectors: x, its largest coordinate, the mean of earlier errors (where a bias would be)."""
    largest = int(np.argmax(np.abs(x)))
    along = {
        "x": errors @ (x.astype(float) / np.linalg.norm(x.astype(float))),
        f"coordinate {largest}": errors[:, largest],
    }
    sums = np.cumsum(errors, axis=0)[burn_in - 1 : -1]
    lengths = np.linalg.norm(sums, axis=1)
    learned = np.einsum("ij,ij->i", errors[burn_in:], sums) / np.where(lengths > 0, lengths, 1)
    return along | {"the mean of the errors before": learned}


def is_unbiased(quantize: Quantize, x: ArrayLike, *, mse: float, seeds: int | Iterable[int] = 2000) -> Reason:
    """E x̂ = x. SPEC §5.3, reconstruct_unbiased.

    Tested along x (a lost scale), along its largest coordinate, and along the mean of the errors seen before.

    Parameters
    ----------
    quantize
        (x, seed) to x̂, the shape of x.
    x : array of shape (n,)
        One vector, not zero.
    mse : float
        A bound on E‖x̂ - x‖²/‖x‖², which the scheme promises (of hdq's: Codec.error_bound). Without any
        bound no finite number of seeds says anything of a mean. A quantizer that breaks it may be refused here:
        `mse_within`.
    seeds : int or iterable of int
        How many, 0, 1, 2 …, or which. At least 128.

    Returns
    -------
    Reason
        `numbers`: ``smallest_bias``, in units of ‖x‖: a bias of at least that along x is seen with probability 99 % or
        more; ``scale``, the mean of ⟨x̂, x⟩/‖x‖²; ``mse``, the mean of ‖x̂ - x‖²/‖x‖².
    """
    x = np.asarray(x)
    errors = _errors(quantize, x, seeds)
    if isinstance(errors, Reason):
        return errors
    if not (mse > 0) or len(errors) < 128:
        raise ValueError(f"mse must be positive and there must be 128 seeds or more: mse = {mse}, {len(errors)} seeds")
    along = _directions(x, errors)
    tests = [(name, samples, sign) for name, samples in along.items() for sign in (1, -1)]
    log_threshold, log_miss = math.log(len(tests) / FALSE_ALARM), -math.log(MISS)
    smallest = evidence.smallest_mean_shift(len(errors), mse, log_threshold, log_miss)
    numbers = {
        "smallest_bias": smallest,
        "scale": 1 + float(along["x"].mean()),
        "mse": float((errors**2).sum(1).mean()),
    }
    for name, samples, sign in tests:
        step = evidence.mean_shift_step(len(samples), mse, log_threshold, log_miss)
        if evidence.log_mean_shift(sign * samples, mse, step) <= log_threshold:
            continue
        shift = float(samples.mean())
        what = f"E⟨x̂, x⟩ is {1 + shift:.4g}·‖x‖²" if name == "x" else f"the bias along {name} is {shift:.3g}·‖x‖"
        return violated(
            f"{what} over {len(errors)} seeds, x = {shown(x)}, "
            f"for an mse of at most {mse:.3g} ({numbers['mse']:.3g} here)",
            **numbers,
        )
    return holds(
        f"no bias in {len(errors)} seeds, E⟨x̂, x⟩ is {numbers['scale']:.4g}·‖x‖²; "
        f"a bias of {smallest:.2g}·‖x‖ along x would be seen",
        **numbers,
    )


def mse_within(quantize: Quantize, x: ArrayLike, bound: float, *, seeds: int | Iterable[int] = 500) -> Reason:
    """E‖x̂ - x‖² <= bound·‖x‖². SPEC §5.5, finite_bound. Nothing is assumed of the errors.

    Parameters as in `is_unbiased`; bound > 0.

    Returns
    -------
    Reason
        `numbers`: ``mse``, the mean of ‖x̂ - x‖²/‖x‖²; ``smallest_excess``: squared errors that many times those seen
        would be refused.
    """
    x = np.asarray(x)
    if not bound > 0:
        raise ValueError(f"bound must be positive: {bound}")
    errors = _errors(quantize, x, seeds)
    if isinstance(errors, Reason):
        return errors
    samples, log_threshold = (errors**2).sum(1), -math.log(FALSE_ALARM)
    mse = float(samples.mean())

    def refused(factor: float) -> bool:
        return evidence.log_mean_excess(factor * samples, bound) > log_threshold

    if refused(1.0):
        return violated(
            f"E‖x̂ - x‖² is {mse:.4g}·‖x‖² over {len(samples)} seeds, more than {bound:.4g}, x = {shown(x)}",
            mse=mse,
            smallest_excess=1.0,
        )
    if mse == 0:
        return holds(f"every error in {len(samples)} seeds is 0", mse=0.0, smallest_excess=math.inf)
    low, high = 1.0, 2.0
    while not refused(high):
        low, high = high, 2 * high
    for _ in range(20):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if refused(middle) else (middle, high)
    return holds(
        f"E‖x̂ - x‖² is {mse:.4g}·‖x‖² over {len(samples)} seeds, at most {bound:.4g}; "
        f"{high:.3g} times as much would be refused",
        mse=mse,
        smallest_excess=high,
    )


def find_thresholds(
    quantize: Quantize, low: float, high: float, *, count: int = 4097, dtype: DTypeLike = np.float32
) -> np.ndarray:
    """Where a scalar quantizer changes its value between low and high.

    Parameters
    ----------
    quantize
        An array of numbers, shape (count,), to their codes or decoded values, elementwise.
    count : int
        Evenly spaced points; of several changes between two of them, one is found.

    Returns
    -------
    array of `dtype`, shape (changes,)
        Each the first float with the new value: quantize of the float below differs.
    """
    grid = np.unique(np.linspace(low, high, count).astype(dtype))
    call = Vectorwise(quantize)
    values = call(grid)
    if values.shape != grid.shape:
        raise ValueError(f"{len(grid)} numbers are quantized to an array of shape {values.shape}")
    at = np.flatnonzero(values[1:] != values[:-1])
    below, above, old = ordered(grid[at]), ordered(grid[at + 1]), values[at]
    while len(at) and (above - below > 1).any():
        middle = (below + above) // 2
        same = call(from_ordered(middle, dtype)) == old
        below, above = np.where(same, middle, below), np.where(same, above, middle)
    return from_ordered(above, dtype)


def is_monotone(
    quantize: Quantize, low: float = -8.0, high: float = 8.0, *, count: int = 4097, dtype: DTypeLike = np.float32
) -> Reason:
    """A scalar quantizer never falls: on `count` evenly spaced points, and on the 33 floats around every change.

    Parameters as in `find_thresholds`; codes or decoded values. SPEC §3.

    Returns
    -------
    Reason
        `numbers`: ``changes``.
    """
    grid = np.unique(np.linspace(low, high, count).astype(dtype))
    thresholds = find_thresholds(quantize, low, high, count=count, dtype=dtype)
    near = from_ordered((ordered(thresholds)[:, None] + np.arange(-16, 17)).ravel(), dtype)
    points = np.unique(np.concatenate([grid, near]))
    values = Vectorwise(quantize)(points)
    values = values.astype(float if values.dtype.kind == "f" else np.int64)
    for i in np.flatnonzero(~(values[1:] >= values[:-1]))[:1]:
        return violated(
            f"{number(points[i])} gives {number(values[i])}, {number(points[i + 1])} gives {number(values[i + 1])}",
            changes=len(thresholds),
        )
    return holds(
        f"never falls from {number(low)} to {number(high)}, with {len(thresholds)} changes", changes=len(thresholds)
    )

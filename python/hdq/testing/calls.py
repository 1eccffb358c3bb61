"""Properties of any function of vectors: the same bits every time, alone and in a batch; near another; strict."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._functions import Vectorwise
from .reason import Reason, holds, number, shown, violated
from .rounding import ordered


def _different(a: np.ndarray, b: np.ndarray) -> tuple[int, ...] | None:
    """Where the bits of two results differ first; () if their shapes or types do."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return ()
    a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
    same = (a == b) if a.dtype.kind not in "f" else a.view(f"u{a.dtype.itemsize}") == b.view(f"u{b.dtype.itemsize}")
    for place in np.argwhere(~same)[:1]:
        return tuple(int(i) for i in place)
    return None


def _values(a: np.ndarray, b: np.ndarray, place: tuple[int, ...]) -> str:
    if not place:
        return f"shape {a.shape} and type {a.dtype} against {b.shape} and {b.dtype}"
    return f"{number(a[place])} against {number(b[place])} at {place[0] if len(place) == 1 else place}"


def _at_offset(x: np.ndarray, offset: int) -> np.ndarray:
    """The same numbers, `offset` of them further from where an allocator starts."""
    room = np.empty(x.size + offset, x.dtype)[offset:]
    room[:] = x
    return room


def is_deterministic(function: Callable[..., Any], x: ArrayLike, *args: Any, repeats: int = 3) -> Reason:
    """function(x, *args) has the same bits in every call, whatever was computed between (SPEC §4).

    x : array of shape (n,)
        `repeats` more calls with it, each after one with another vector and on a copy that lies elsewhere in memory.
    """
    x = np.asarray(x)
    call = Vectorwise(function)
    first = call(x, *args)
    for repeat in range(1, repeats + 1):
        call(x[::-1], *args)
        again = call(_at_offset(x, repeat), *args)
        place = _different(first, again)
        if place is not None:
            return violated(f"call {repeat + 1} with {shown(x)} differs from the first: {_values(again, first, place)}")
    return holds(f"{repeats + 1} calls give the same bits")


def is_batch_invariant(function: Callable[..., Any], x: ArrayLike) -> Reason:
    """Rows of one call have the bits that each has alone, in any order and any split (SPEC §4; row numbers are the
    caller's).

    function
        An array of shape (rows, n) to one of shape (rows, …).
    x : array of shape (rows, n), rows >= 1
    """
    x = np.asarray(x)
    if x.ndim != 2 or len(x) == 0:
        raise ValueError(f"x has shape {x.shape}; (rows, n) is wanted")
    batch = Vectorwise(function, batched=True).batch
    together, half = batch(x), (len(x) + 1) // 2
    others = {
        "alone": np.concatenate([batch(row[np.newaxis]) for row in x]),
        "in the reversed batch": batch(x[::-1])[::-1],
        "in half of the batch": np.concatenate([batch(part) for part in (x[:half], x[half:]) if len(part)]),
    }
    for name, other in others.items():
        place = _different(together, other)
        if place is not None:
            row = f"row {place[0]} of {len(x)}" if place else "a row"
            return violated(
                f"{row} together with others differs from the same {name}: {_values(together, other, place)}"
            )
    return holds(f"{len(x)} rows have the same bits together, alone, reversed and by halves")


def agrees(
    function: Callable[..., Any],
    reference: Callable[..., Any],
    x: ArrayLike,
    *args: Any,
    ulps: int = 0,
    bound: float | ArrayLike | Callable[[np.ndarray], ArrayLike] = 0.0,
) -> Reason:
    """Entries of function(x, *args) and reference(x, *args) are within `ulps` floats or within `bound`; NaN agrees with
    NaN.

    Parameters
    ----------
    x : array of shape (n,) or (rows, n)
        Rows are tried one by one.
    ulps : int
        Floats of the type of function's result between the two: 0 for equality (of -0 and +0 too).
    bound : number, array, or function of x that returns one
        Absolute. An entry has to keep one of the two limits. `rounding.gamma` helps to state it.

    Returns
    -------
    Reason
        `numbers`: ``worst_ulps``, ``worst``, over the rows that agree.
    """
    one, other, worst, worst_ulps = Vectorwise(function), Vectorwise(reference), 0.0, 0
    for row in np.atleast_2d(np.asarray(x)):
        a, b = one(row, *args), other(row, *args)
        if a.shape != b.shape:
            return violated(f"{shown(row)} gives shape {a.shape}, not {b.shape}")
        limit = np.broadcast_to(np.asarray(bound(row) if callable(bound) else bound, float), a.shape)
        apart = _ulps(a, b) if a.dtype.kind == "f" else np.where(a == b, 0, np.iinfo(np.int64).max)
        with np.errstate(invalid="ignore"):
            off = np.abs(a.astype(float) - b.astype(float))
        off = np.where((np.isnan(a) & np.isnan(b)) | (a == b), 0.0, off)
        for place in map(tuple, np.argwhere(~((off <= limit) | ((apart <= ulps) & ~np.isnan(off))))[:1]):
            where = ", ".join(map(str, place))
            tail = (
                f", tolerance {limit[place]:.2g}"
                if limit[place] > 0
                else f", {apart[place]} floats away"
                if a.dtype.kind == "f"
                else ""
            )
            return violated(f"y[{where}] of {shown(row)} is {number(a[place])}, not {number(b[place])}{tail}")
        worst, worst_ulps = max(worst, float(off.max(initial=0))), max(worst_ulps, int(apart.max(initial=0)))
    return holds(f"agrees, at most {worst:.3g} apart", worst=worst, worst_ulps=worst_ulps)


def _ulps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Floats of a's type between the two; the nearest of that type in place of b."""
    i, j = ordered(a), ordered(b.astype(a.dtype))
    apart = np.abs(i.astype(object) - j.astype(object)) if a.dtype.itemsize == 8 else np.abs(i - j)
    return np.minimum(apart, np.iinfo(np.int64).max).astype(np.int64)


def rejects_bad_input(
    function: Callable[..., Any],
    x: ArrayLike,
    *args: Any,
    error: type[Exception] | tuple[type[Exception], ...] = ValueError,
) -> Reason:
    """NaN and ±infinity in any column raise `error`; an attribute `column` of it, if any, names the column (SPEC §4).

    x : array of shape (n,), of floats
        A good vector, which must not be refused. Of more columns 64 are tried, the first and the last too.
    """
    x = np.asarray(x)
    call = Vectorwise(function)
    call(x, *args)
    for column in np.unique(np.linspace(0, x.size - 1, min(x.size, 64)).astype(int)):
        for value in (np.nan, np.inf, -np.inf):
            bad = x.copy()
            bad[column] = value
            try:
                result = call(bad, *args)
            except error as refusal:
                named = getattr(refusal, "column", None)
                if named is not None and named != column:
                    return violated(f"{number(value)} in column {column} is refused as column {named}")
            except Exception as other:  # whatever a foreign function raises is the finding
                return violated(
                    f"{number(value)} in column {column} raises {type(other).__name__}, "
                    f"not {_names(error)}: {str(other)[:80]}"
                )
            else:
                return violated(f"{number(value)} in column {column} is accepted, and gives {shown(result)}")
    return holds("NaN and infinities are refused in every column that was tried")


def _names(error: type[Exception] | tuple[type[Exception], ...]) -> str:
    return error.__name__ if isinstance(error, type) else " or ".join(kind.__name__ for kind in error)

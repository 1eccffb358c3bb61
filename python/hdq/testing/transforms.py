"""Properties of linear transforms: rotations, fast Hadamard transforms, random signs or not (SPEC §1, §5.1, §5.6).

A transform maps a vector of shape (n,), or rows of shape (rows, n), of numpy or torch numbers. `scale` is
‖transform(x)‖/‖x‖: 1 for an orthonormal transform, √n for a Hadamard matrix with entries ±1, which is the default of
none of these functions, so say it.

Tolerances come from a rounding model, not from experience: every value is a sum along paths of at most `stages`
roundings to unit `u`, and the magnitudes along the paths that lead from x_i to y_j add up to at most growth·|T_ji|.
`stages` defaults to any order of additions with rounded factors between (rounding.any_order), u to that of the inputs' or the results' type,
whichever is larger, growth to 1, right for a matrix product and for one Hadamard transform. Two Hadamard transforms in a row have growth √n.
Nothing may overflow.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from ._functions import Vectorwise
from .reason import Reason, holds, number, shown, violated
from .rounding import any_order, gamma, unit_roundoff

Transform = Callable[..., Any]


def _coarsest(*arrays: np.ndarray) -> np.dtype:
    """The float type of the fewest bits among those of inputs and results: what the function has computed in, at worst."""
    return max((a.dtype for a in arrays if a.dtype.kind == "f"), key=unit_roundoff, default=np.dtype(float))


def _model(n: int, dtype: DTypeLike, stages: int | None, u: float | None, growth: float) -> float:
    return growth * gamma(any_order(n) if stages is None else stages, unit_roundoff(dtype) if u is None else u)


def standard_vectors(n: int, dtype: DTypeLike = np.float32) -> np.ndarray:
    """What the properties try where they are given a dimension alone: unit vectors (16 of them where there are more),
    the constant one, 0, 1, 2 …, alternating signs, and eight of small integers from a fixed seed. Shape (rows, n)."""
    units = np.eye(n, dtype=dtype)[np.unique(np.linspace(0, n - 1, min(n, 16)).astype(int))]
    steps = np.arange(n)
    draws = np.random.default_rng(0).integers(-8, 9, (8, n))
    return np.concatenate([units, np.stack([np.ones(n), steps % 64, (-1.0) ** steps]), draws]).astype(dtype)


def _vectors(x: int | ArrayLike, dtype: DTypeLike) -> np.ndarray:
    if isinstance(x, (int, np.integer)):
        return standard_vectors(int(x), dtype)
    x = np.asarray(x)
    x = x if x.dtype.kind == "f" else x.astype(dtype)
    if x.ndim not in (1, 2) or x.shape[-1] == 0:
        raise ValueError(f"x has shape {x.shape}; (n,) or (rows, n) are wanted, n >= 1")
    return np.atleast_2d(x)


def _columns(transform: Vectorwise, n: int, dtype: DTypeLike) -> tuple[np.ndarray, np.dtype]:
    """T e_i in row i, shape (n, d), in double; and the coarsest type."""
    units = np.eye(n, dtype=dtype)
    columns = transform.rows(units)
    return columns.astype(float), _coarsest(units, columns)


def _bad_columns(columns: np.ndarray, n: int) -> Reason | None:
    if columns.ndim != 2 or columns.shape[1] < n:
        return violated(f"the transform of {n} numbers has shape {columns.shape[1:]}")
    for i, j in np.argwhere(~np.isfinite(columns))[:1]:
        return violated(f"entry ({j}, {i}) of the matrix is {number(columns[i, j])}")
    return None


def is_orthogonal(
    transform: Transform,
    n: int,
    *,
    scale: float = 1.0,
    exact: bool = False,
    stages: int | None = None,
    u: float | None = None,
    growth: float = 1.0,
    dtype: DTypeLike = np.float32,
    batched: bool = False,
) -> Reason:
    """The columns T e_i of the transform's matrix have norm `scale` and are orthogonal. SPEC §5.1, supported_hadamard.

    Parameters
    ----------
    transform
        n numbers to d >= n of them. Assumed linear: is_linear.
    n : int
        Every column is looked at: n calls, and n² d operations.
    scale : float
        ‖transform(x)‖/‖x‖.
    exact : bool
        For a Hadamard matrix: every entry is ±float(scale/√d), the same float everywhere, and signs are orthogonal
        exactly. No tolerance.
    dtype
        Of the inputs.
    stages, u, growth
        The rounding model, of the module. Norms and inner products over scale² may be off by 2γ + γ².
    batched : bool
        Pass all rows in one call, shape (n, n).

    Returns
    -------
    Reason
        `numbers`: ``tolerance``, ``worst``, of inner products over scale².
    """
    columns, coarsest = _columns(Vectorwise(transform, batched), n, dtype)
    if (bad := _bad_columns(columns, n)) is not None:
        return bad
    if exact:
        return _has_orthogonal_signs(columns, scale, coarsest)
    model = _model(columns.shape[1], coarsest, stages, u, growth)
    tolerance = 2 * model + model * model + columns.shape[1] * 2.0**-52
    off = np.abs(columns @ columns.T / scale**2 - np.eye(n))
    worst = float(off.max())
    for i, j in np.argwhere(off > tolerance)[:1]:
        inner = float(columns[i] @ columns[j])
        if i == j:
            text = (
                f"column {i} has norm {number(np.sqrt(inner))}, not {number(scale)}, relative tolerance {tolerance:.2g}"
            )
        else:
            text = (
                f"columns {i} and {j} have inner product {number(inner)}, not 0, tolerance {tolerance * scale**2:.2g}"
            )
        return violated(text, tolerance=tolerance, worst=worst)
    return holds(
        f"{n} columns of norm {number(scale)} are orthogonal within {worst:.2g}, tolerance {tolerance:.2g}",
        tolerance=tolerance,
        worst=worst,
    )


def _has_orthogonal_signs(columns: np.ndarray, scale: float, dtype: DTypeLike) -> Reason:
    n, d = columns.shape
    entry = abs(columns[0, 0])
    for i, j in np.argwhere(np.abs(columns) != entry)[:1]:
        return violated(
            f"entry ({j}, {i}) of the matrix is {number(columns[i, j])}, not ±{number(entry)} as entry (0, 0)"
        )
    # One rounding of 1/√d, and one for each of log2(d) factors where it is not applied at once.
    if not abs(entry * np.sqrt(d) / scale - 1) <= gamma(2 * max(d, 2).bit_length(), unit_roundoff(dtype)):
        return violated(f"entries are ±{number(entry)}, not ±{number(scale / np.sqrt(d))}")
    signs = np.sign(columns)
    gram = signs @ signs.T - d * np.eye(n)
    for i, j in np.argwhere(gram != 0)[:1]:
        return violated(f"columns {i} and {j} have inner product {number(gram[i, j] * entry**2)}, not 0")
    return holds(f"the matrix of {d} × {n} entries ±{number(entry)} is orthogonal, exactly", tolerance=0.0, worst=0.0)


def is_linear(
    transform: Transform,
    n: int,
    x: ArrayLike | None = None,
    *,
    stages: int | None = None,
    u: float | None = None,
    growth: float = 1.0,
    dtype: DTypeLike = np.float32,
    batched: bool = False,
) -> Reason:
    """transform(x) = Σ x_i·transform(e_i), within 3γ(1 + γ)·Σ |T_ji||x_i|. Parameters as in `is_orthogonal`.

    x : array of shape (n,) or (rows, n), optional
        What to try; `standard_vectors(n)` if not given.
    """
    function = Vectorwise(transform, batched)
    columns, _ = _columns(function, n, dtype)
    if (bad := _bad_columns(columns, n)) is not None:
        return bad
    vectors = standard_vectors(n, dtype) if x is None else _vectors(x, dtype)
    given = function.rows(vectors)
    coarsest, given = _coarsest(vectors, given), given.astype(float)
    exact, model = vectors.astype(float) @ columns, _model(columns.shape[1], coarsest, stages, u, growth)
    bound = 3 * model * (1 + model) * (np.abs(vectors).astype(float) @ np.abs(columns)) + _tiny(coarsest, n)
    for row, j in np.argwhere(~(np.abs(given - exact) <= bound))[:1]:
        return violated(
            f"y[{j}] of {shown(vectors[row])} is {number(given[row, j])}; "
            f"by the columns it is {number(exact[row, j])}, tolerance {bound[row, j]:.2g}"
        )
    return holds(f"{len(vectors)} vectors of dimension {n} have the images that the columns give them")


def _tiny(dtype: DTypeLike, n: int) -> float:
    """What rounding near zero adds: half of the smallest number for each operation."""
    return any_order(n) * float(np.finfo(dtype).smallest_subnormal)


def inverts(
    transform: Transform,
    inverse: Transform,
    x: int | ArrayLike,
    *,
    scale: float = 1.0,
    stages: int | None = None,
    u: float | None = None,
    growth: float = 1.0,
    dtype: DTypeLike = np.float32,
    batched: bool = False,
) -> Reason:
    """inverse(transform(x)) = scale·x. SPEC §5.1, hadamard_inverse: of H and Hᵀ with entries ±1, the scale is d.

    x
        A dimension n, for `standard_vectors(n)`, or an array of shape (n,) or (rows, n).
    stages, u, growth, dtype, batched
        As in `is_orthogonal`, each for one of the two. Each coordinate may be off by γ·scale·((1 + γ)·‖x‖_1 + ‖x‖), each
        transform a multiple of an isometry. A result longer than x is padded: the rest must be 0.
    """
    forward, backward = Vectorwise(transform, batched), Vectorwise(inverse, batched)
    vectors = _vectors(x, dtype)
    rotated = forward.rows(vectors)
    back = backward.rows(rotated)
    coarsest, back = _coarsest(vectors, rotated, back), back.astype(float)
    n, d = vectors.shape[1], rotated.shape[1]
    if back.shape[1] < n:
        return violated(f"{n} numbers come back as {back.shape[1]}")
    exact = np.zeros_like(back)
    exact[:, :n] = scale * vectors.astype(float)
    model = _model(d, coarsest, stages, u, growth)
    wide = vectors.astype(float)
    # Errors of the first turn with the second: γ·‖x‖_1 in norm. Those of the second: rows of its matrix times its input.
    bound = model * scale * ((1 + model) * np.abs(wide).sum(1) + np.linalg.norm(wide, axis=1))
    bound += scale * d * _tiny(coarsest, d)
    for row, j in np.argwhere(~(np.abs(back - exact) <= bound[:, None]))[:1]:
        return violated(
            f"x[{j}] of {shown(vectors[row])} comes back as {number(back[row, j])}, not {number(exact[row, j])}, "
            f"tolerance {bound[row]:.2g}"
        )
    return holds(f"{len(vectors)} vectors of dimension {n} come back")


def preserves_norm(
    transform: Transform,
    x: int | ArrayLike,
    *,
    scale: float = 1.0,
    stages: int | None = None,
    u: float | None = None,
    growth: float = 1.0,
    dtype: DTypeLike = np.float32,
    batched: bool = False,
) -> Reason:
    """‖transform(x)‖ = scale·‖x‖ within γ·scale·‖x‖_1. SPEC §5.1, supported_hadamard.

    x as in `inverts`, the rest as in `is_orthogonal`.
    """
    vectors = _vectors(x, dtype)
    given = Vectorwise(transform, batched).rows(vectors)
    coarsest, given = _coarsest(vectors, given), given.astype(float)
    n, d = vectors.shape[1], given.shape[1]
    wide = vectors.astype(float)
    expected, rotated = scale * np.linalg.norm(wide, axis=1), np.linalg.norm(given, axis=1)
    bound = (
        _model(d, coarsest, stages, u, growth) * scale * np.abs(wide).sum(1)
        + d * (1 + scale) * _tiny(coarsest, d)
        + 1e-14 * d * expected
    )
    for row in np.flatnonzero(~(np.abs(rotated - expected) <= bound))[:1]:
        return violated(
            f"the norm of the transform of {shown(vectors[row])} is {number(rotated[row])}, "
            f"not {number(expected[row])}, tolerance {bound[row]:.2g}"
        )
    return holds(
        f"{len(vectors)} vectors of dimension {n} keep their norm" + ("" if scale == 1 else f" times {number(scale)}")
    )

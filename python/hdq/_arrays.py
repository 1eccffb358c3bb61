"""Arrays of any framework as what the compiled part takes: rows of float32, float16, or uint16 that are bits of
bfloat16.

Nothing is copied that need not be: neither tensors on the CPU that speak DLPack, nor arrays whose rows are
contiguous, however far apart.
"""
from __future__ import annotations

import operator
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from hdq import _hdq
from hdq.errors import InvalidInput

_ON_THE_CPU = {1, 3, 11}  # device types of DLPack: the CPU, and memory that CUDA or ROCm has pinned
_DEVICES = {2: "CUDA", 4: "OpenCL", 7: "Vulkan", 8: "Metal", 10: "ROCm", 13: "CUDA (managed)", 14: "oneAPI"}


def unsigned(value: Any, name: str) -> int:
    """A seed or a row number: an integer from 0 to 2^64 − 1 (SPEC §2)."""
    number = integer(value, name)
    if not 0 <= number < 1 << 64:
        raise ValueError(f"{name} must be 0 to 2^64 - 1, not {number}")
    return number


def integer(value: Any, name: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}") from None


def count(value: Any, name: str, most: int = (1 << 31) - 1) -> int:
    """An integer from 0 to `most`."""
    number = integer(value, name)
    if not 0 <= number <= most:
        raise ValueError(f"{name} must be 0 to {most}, not {number}")
    return number


def dither_words(words: Any) -> np.ndarray:
    """Dither words as uint32, of the same shape: one, or (rows,) of them."""
    given = np.asarray(words)
    if given.size > 0 and given.dtype.kind not in "iu":
        raise TypeError(f"words must be integers, not {given.dtype}")
    if given.ndim > 1 or (given.size > 0 and not (0 <= given.min() and given.max() < 1 << 32)):
        raise ValueError("words must be 0 to 2^32 - 1, one or (rows,) of them")
    return given.astype(np.uint32)


def path_bytes(path: str | bytes | os.PathLike) -> bytes:
    name = os.fsencode(path)
    if b"\0" in name:
        raise ValueError("a path with a null byte")
    return name


def _from_dlpack(x: Any, name: str) -> tuple[np.ndarray, bool]:
    try:
        device = int(x.__dlpack_device__()[0])
    except Exception as error:  # frameworks have errors of their own for devices that DLPack does not know
        raise TypeError(f"{name}: {error}") from None
    if device not in _ON_THE_CPU:
        where = _DEVICES.get(device, f"of DLPack type {device}")
        raise TypeError(
            f"{name} is on a device ({where}); hdq computes on the CPU: pass {name}.cpu(), or jax.device_get({name})"
        )
    try:
        return _hdq.from_dlpack(x.__dlpack__())
    except (BufferError, RuntimeError, TypeError) as error:
        raise TypeError(f"{name}: {str(error).splitlines()[0]}") from None


def as_array(x: Any, name: str) -> tuple[np.ndarray, bool]:
    """x as an array of numpy, and whether its uint16 numbers are known to be bits of bfloat16."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, and rows have no missing numbers: pass {name}.filled(…)")
    if isinstance(x, (list, tuple)):
        return np.asarray(x, dtype=np.float64), False
    if isinstance(x, np.ndarray) or not hasattr(x, "__dlpack__"):
        array, is_bfloat16 = np.asarray(x), False
    else:
        array, is_bfloat16 = _from_dlpack(x, name)
    if array.dtype.type.__name__ == "bfloat16":  # of ml_dtypes, as jax has them
        return array.view(np.uint16), True
    return array, is_bfloat16


def _settle_type(array: np.ndarray, name: str, is_bfloat16: bool) -> np.ndarray:
    kind = array.dtype
    if kind.kind == "f" and kind.itemsize in (2, 4):
        return array if kind.isnative else array.astype(kind.newbyteorder("="))
    if kind == np.uint16 and is_bfloat16:
        return array
    if kind.kind == "f":
        return _narrowed(array)
    hint = ', or as uint16 with dtype="bfloat16"' if kind == np.uint16 else ""
    raise TypeError(f"{name} has dtype {kind}; hdq takes float16, bfloat16, float32 and float64{hint}")


def _narrowed(array: np.ndarray) -> np.ndarray:
    """float64 to the nearest float32, where that is finite."""
    with np.errstate(over="ignore"):
        narrow = array.astype(np.float32)
    refuse_overflow(array, narrow, lambda value: f"{value:.9g} exceeds the largest float32")
    return narrow


def refuse_overflow(before: np.ndarray, after: np.ndarray, describe: Callable[[Any], str]) -> None:
    """InvalidInput where the first number of `after` that is not finite was finite `before`. Others the codec will
    name.
    """
    if np.isfinite(after).all():
        return
    before, after = np.atleast_2d(before), np.atleast_2d(after)
    row, column = map(int, np.argwhere(~np.isfinite(after))[0])
    if np.isfinite(before[row, column]):
        raise InvalidInput(f"row {row}, column {column}: {describe(before[row, column])}", row, column)


def _is_settled(array: np.ndarray) -> bool:
    """Whether each row is contiguous, and rows follow each other without overlap."""
    size, (length, dimension) = array.itemsize, array.shape
    apart = length <= 1 or (array.strides[0] % size == 0 and array.strides[0] >= dimension * size)
    return apart and (length == 0 or dimension <= 1 or array.strides[1] == size)


def rows(x: Any, dimension: int, name: str = "x", dtype: str | None = None) -> np.ndarray:
    """Rows (rows, dimension) of float32, float16, or uint16, of x: one vector (dimension,), or rows (rows, dimension).

    TypeError for other kinds of number and for tensors that are not on the CPU; ValueError for other shapes;
    InvalidInput for a float64 whose nearest float32 is infinite.
    """
    if dtype not in (None, "bfloat16"):
        raise ValueError(f'dtype must be "bfloat16" (of an array of uint16), or None, not {dtype!r}')
    array, is_bfloat16 = as_array(x, name)
    if dtype == "bfloat16" and array.dtype != np.uint16:
        raise TypeError(f'{name} has dtype {array.dtype}; with dtype="bfloat16" it must be uint16, the bits')
    if array.ndim not in (1, 2) or array.shape[-1] != dimension:
        raise ValueError(
            f"{name} has shape {array.shape}; of dimension {dimension} it is ({dimension},) or (rows, {dimension})"
        )
    array = _settle_type(array, name, is_bfloat16 or dtype == "bfloat16")
    array = array.reshape(1, dimension) if array.ndim == 1 else array
    return array if _is_settled(array) else np.ascontiguousarray(array)


def rows32(x: Any, dimension: int, name: str = "x", dtype: str | None = None) -> np.ndarray:
    """The same in float32, to which narrower numbers are widened exactly."""
    return widened(rows(x, dimension, name, dtype))


def widened(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.float32:
        return array
    flat = np.ascontiguousarray(array)
    wide = np.empty(array.shape, np.float32)
    _hdq.stages.widen(flat, wide, "auto")
    return wide


def output(out: Any, shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """`out` of a call, or a new array where it is None."""
    if out is None:
        return np.empty(shape, dtype)
    if not isinstance(out, np.ndarray):
        raise TypeError(
            f"out must be an array of numpy, not {type(out).__name__}; a tensor on the CPU lends its memory by .numpy()"
        )
    if out.dtype != dtype or out.shape != shape:
        raise ValueError(f"out must be {shape} of {np.dtype(dtype)}, not {out.shape} of {out.dtype}")
    if not (_is_settled(out) if out.ndim == 2 else out.flags.c_contiguous):
        raise ValueError("out must have contiguous rows, one after the other")
    return out

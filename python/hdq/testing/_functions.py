"""How the properties call what is on trial: a function of numpy arrays or of torch tensors, of one vector or of rows,
that returns its result or works in place. Which of these it is, is found by the first call."""
from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np


def to_numpy(value: Any) -> np.ndarray:
    """A numpy array of what a function returned: an array, a torch tensor on any device, or whatever has ``__array__``
    or ``__dlpack__``. bfloat16, which numpy lacks, becomes float32. A tuple becomes its bytes, row by row where all
    parts have the same number of rows."""
    if isinstance(value, tuple):
        return _bytes([to_numpy(part) for part in value])
    if hasattr(value, "detach"):
        value = value.detach()
        if str(value.dtype) == "torch.bfloat16":
            value = value.float()
        value = value.cpu()
    if hasattr(value, "__array__") or not hasattr(value, "__dlpack__"):
        return np.asarray(value)
    return np.from_dlpack(value)


def _bytes(parts: list[np.ndarray]) -> np.ndarray:
    rows = len(parts[0]) if all(part.ndim > 0 and len(part) == len(parts[0]) for part in parts) else None
    shape = (-1,) if rows is None else (rows, -1)
    return np.concatenate([np.ascontiguousarray(part).reshape(shape).view(np.uint8) for part in parts], axis=-1)


def from_torch(function: Callable[..., Any], *, device: str = "cpu", dtype: Any = None) -> Callable[..., np.ndarray]:
    """A function of torch tensors as one of numpy arrays, for a device and a dtype that properties cannot guess.

    Parameters
    ----------
    function
        Takes a tensor first; further arguments pass unchanged. Returns a tensor, or None if it works in place.
    device
        As torch names it: ``"cpu"``, ``"cuda"``.
    dtype
        A torch dtype to convert inputs to, e.g. ``torch.bfloat16``; None keeps numpy's.

    Raises
    ------
    ImportError
        On the first call, if torch is missing.
    """

    def call(x: np.ndarray, *args: Any) -> np.ndarray:
        import torch

        tensor = torch.from_numpy(np.array(x, order="C")).to(device=device, dtype=dtype)
        result = function(tensor, *args)
        return to_numpy(tensor if result is None else result)

    return call


def _on_array(function: Callable[..., Any]) -> Callable[..., np.ndarray]:
    def call(x: np.ndarray, *args: Any) -> np.ndarray:
        x = np.array(x, order="C")  # a copy: whatever the function does to it stays its own
        result = function(x, *args)
        return to_numpy(x if result is None else result)

    return call


def _as_row(function: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    def call(x: np.ndarray, *args: Any) -> np.ndarray:
        result = function(x[np.newaxis], *args)
        if result.ndim == 0 or len(result) != 1:
            raise ValueError(f"one row of {x.size} gives an array of shape {result.shape}")
        return result[0]

    return call


class Vectorwise:
    """A function of one vector, shape (n,), however it wants to be called.

    Tried in this order: an array of shape (n,), an array of shape (1, n), and if torch is loaded tensors of these
    shapes (tensors first for a torch.nn.Module). The first that works stays. If none does, the first error is raised.
    """

    def __init__(self, function: Callable[..., Any], batched: bool = False) -> None:
        arrays, torch = _on_array(function), sys.modules.get("torch")
        kinds = [arrays]
        if torch is not None:
            tensors = from_torch(function)
            kinds = [tensors] if isinstance(function, torch.nn.Module) else [arrays, tensors]
        self._batches = kinds
        self._forms = (
            [_as_row(kind) for kind in kinds] if batched else [form for kind in kinds for form in (kind, _as_row(kind))]
        )
        self._batched = batched

    def __call__(self, x: np.ndarray, *args: Any) -> np.ndarray:
        return _first_that_works(self._forms, x, *args)

    def rows(self, x: np.ndarray) -> np.ndarray:
        """Of each row of x: in one call if the function was declared `batched`, else one by one."""
        if self._batched:
            return self.batch(x)
        return np.stack([self(row) for row in x])

    def batch(self, x: np.ndarray, *args: Any) -> np.ndarray:
        """One call with all rows of x."""
        result = _first_that_works(self._batches, x, *args)
        if result.ndim == 0 or len(result) != len(x):
            raise ValueError(f"{len(x)} rows give an array of shape {result.shape}")
        return result


def _first_that_works(forms: list[Callable[..., np.ndarray]], x: np.ndarray, *args: Any) -> np.ndarray:
    """Calls the forms in turn until one does not raise, and drops the others for good."""
    if len(forms) == 1:
        return forms[0](x, *args)
    first: Exception | None = None
    for form in forms:
        try:
            result = form(x, *args)
        except (
            Exception
        ) as error:  # which errors a foreign function raises at a shape it does not take is anybody's guess
            first = first or error
            continue
        forms[:] = [form]
        return result
    assert first is not None
    raise first

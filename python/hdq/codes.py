"""Codes of consecutive rows: what Codec.encode returns, files hold, and Codec.decode, scores and search take."""
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from hdq import _hdq, stages
from hdq._arrays import integer, unsigned

__all__ = ["Codes", "Parameters"]

_WRAP = 1 << 64


@dataclass(frozen=True)
class Parameters:
    """What codes were made with, and only can be decoded with.

    Attributes
    ----------
    dimension : int
        n, the numbers in a row: 1 to 2^24.
    bits : int or None
        b, the bits of a code, 1 to 8, of the fixed-rate scheme (SPEC §3, §4).
    step : float or None
        Δ, a float32 number from 2^-10 to 16, of the entropy-coded scheme (SPEC §7). One of bits and step is None.
    seed : int
        Of signs and dither (SPEC §2), 0 to 2^64 − 1.
    dither : str
        "row", a word for each row, or "shared", one for all rows of fixed-rate codes (SPEC §4, "Shared dither").
    """

    dimension: int
    bits: int | None = None
    step: float | None = None
    seed: int = 0
    dither: str = "row"

    def __post_init__(self) -> None:
        if (self.bits is None) == (self.step is None):
            raise ValueError("parameters have either bits or a step")
        if self.dither not in ("row", "shared"):
            raise ValueError(f"dither must be 'row' or 'shared', not {self.dither!r}")
        if self.dither == "shared" and self.bits is None:
            raise ValueError("dither='shared' is of codes with bits: entropy-coded rows share none")
        if self.step is not None:
            object.__setattr__(self, "step", float(np.float32(self.step)))

    @property
    def scheme(self) -> str:
        """ "fixed-rate" or "entropy-coded"."""
        return "fixed-rate" if self.step is None else "entropy-coded"

    @property
    def order(self) -> int:
        """d, the Hadamard order: the least one that is at least the dimension (SPEC §1)."""
        return _layout(self)[0]

    @property
    def code_bytes(self) -> int:
        """Bytes of a row's codes in memory, without its norm."""
        return _layout(self)[1]

    @property
    def code_dtype(self) -> np.dtype:
        """uint8, packed, of the fixed-rate scheme; int16 or int32, a number for each coordinate, of the other."""
        return _layout(self)[2]

    @property
    def code_shape(self) -> tuple[int]:
        """The shape of a row's codes in an array of code_dtype."""
        return (self.code_bytes // self.code_dtype.itemsize,)

    def difference(self, other: Parameters) -> str | None:
        """The first parameter in which codes made with `other` are not of self, in words; None where there is none."""
        for name in ("dimension", "bits", "step", "seed", "dither"):
            ours, theirs = getattr(self, name), getattr(other, name)
            if ours != theirs:
                return f"their {name} is {theirs}, not {ours}"
        return None


class HasParameters:
    """What has `_parameters`, and shows them one by one: codecs and files."""

    _parameters: Parameters

    @property
    def parameters(self) -> Parameters:
        """Dimension, bits or step, seed and dither: what decides the codes."""
        return self._parameters

    @property
    def dimension(self) -> int:
        """n, the numbers in a row."""
        return self._parameters.dimension

    @property
    def order(self) -> int:
        """d, the Hadamard order: the least one that is at least the dimension (SPEC §1). A row has as many codes."""
        return self._parameters.order

    @property
    def bits(self) -> int | None:
        """b, the bits of a code; None of the entropy-coded scheme."""
        return self._parameters.bits

    @property
    def step(self) -> float | None:
        """Δ; None of the fixed-rate scheme."""
        return self._parameters.step

    @property
    def seed(self) -> int:
        """Of signs and dither."""
        return self._parameters.seed

    @property
    def dither(self) -> str:
        """ "row": a word for each row; "shared": one for all."""
        return self._parameters.dither

    @property
    def scheme(self) -> str:
        """ "fixed-rate" or "entropy-coded"."""
        return self._parameters.scheme


@lru_cache(maxsize=1024)
def _layout(parameters: Parameters) -> tuple[int, int, np.dtype]:
    native = _hdq.Codec(parameters.dimension, parameters.bits or 0, parameters.step or 0.0, 0, "row", "auto", 1, False)
    width = native.code_bytes // native.order
    dtype = np.uint8 if parameters.step is None else {2: np.int16, 4: np.int32}[width]
    return native.order, native.code_bytes, np.dtype(dtype)


def _array(values: Any, name: str, dtype: np.dtype) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype != dtype:
        raise TypeError(f"{name} must be an array of {dtype}, not of {array.dtype}")
    return np.require(array, requirements=("C", "A"))


class Codes:
    """Norms and codes of rows with consecutive numbers. The number is part of a row's code: it gives the dither (SPEC
    §2).

    `codes[i]` and `codes[i:j]` are Codes of those rows, with the numbers that belong to them, that share memory with
    these. Rows that do not follow each other (a step, a list, a mask) are refused: decode them one by one, or choose
    among what was decoded.

    Parameters
    ----------
    norms : (rows,) float32
        ρ, the norm of each row.
    codes : (rows, code_bytes) uint8, or (rows, order) int16 or int32
        Packed codes of the fixed-rate scheme (SPEC §4), or the integers of the entropy-coded one (SPEC §7), as
        parameters.code_dtype and code_shape say.
    parameters : Parameters
        Those of the codec that the codes are for. A kernel's own codes become Codes here.
    first_row : int
        The number of the first row, 0 to 2^64 − 1; row i has number first_row + i modulo 2^64.
    mean : (dimension,) float32, or None
        What was subtracted from the rows before they were encoded, and is added in decoding (SPEC §4, "Centring").

    Raises
    ------
    TypeError, ValueError
        Arrays of another dtype; of another shape.
    """

    __slots__ = ("_codes", "_first_row", "_mean", "_norms", "_parameters")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, norms: Any, codes: Any, parameters: Parameters, first_row: int = 0, mean: Any = None) -> None:
        if not isinstance(parameters, Parameters):
            raise TypeError(f"parameters must be hdq.Parameters, not {type(parameters).__name__}")
        self._parameters = parameters
        self._norms = _array(norms, "norms", np.dtype(np.float32))
        self._codes = _array(codes, "codes", parameters.code_dtype)
        self._first_row = unsigned(first_row, "first_row")
        self._mean = None if mean is None else _array(mean, "mean", np.dtype(np.float32)).view()
        if self._norms.ndim != 1:
            raise ValueError(f"norms have shape {self._norms.shape}, not (rows,)")
        expected = (len(self._norms), *parameters.code_shape)
        if self._codes.shape != expected:
            raise ValueError(
                f"codes have shape {self._codes.shape}; of {expected[0]} norms and {parameters} they have {expected}"
            )
        if self._mean is not None:
            self._mean.flags.writeable = False
            if self._mean.shape != (parameters.dimension,):
                raise ValueError(f"the mean has shape {self._mean.shape}, not ({parameters.dimension},)")

    @classmethod
    def _trusted(
        cls, norms: np.ndarray, codes: np.ndarray, parameters: Parameters, first_row: int, mean: np.ndarray | None
    ) -> Codes:
        """Of arrays that are known to fit."""
        self = cls.__new__(cls)
        self._norms, self._codes, self._parameters = norms, codes, parameters
        self._first_row, self._mean = first_row, mean
        return self

    @property
    def norms(self) -> np.ndarray:
        """ρ of each row: (rows,) float32."""
        return self._norms

    @property
    def codes(self) -> np.ndarray:
        """(rows, code_bytes) uint8, packed; of the entropy-coded scheme (rows, order) int16 or int32."""
        return self._codes

    @property
    def parameters(self) -> Parameters:
        """What they were made with."""
        return self._parameters

    @property
    def first_row(self) -> int:
        """The number of the first row."""
        return self._first_row

    @property
    def mean(self) -> np.ndarray | None:
        """What decoding adds to each row, (dimension,) float32; None where nothing was subtracted."""
        return self._mean

    @property
    def dimension(self) -> int:
        """n, the numbers in a row."""
        return self._parameters.dimension

    @property
    def nbytes(self) -> int:
        """Bytes of norms and codes in memory. Files of the entropy-coded scheme are shorter."""
        return self._norms.nbytes + self._codes.nbytes

    def unpack(self) -> np.ndarray:
        """One integer for each rotated coordinate: (rows, order), uint8 below 2^bits, or int16 or int32 of the
        entropy-coded scheme.
        """
        if self._parameters.bits is None:
            return self._codes.copy()
        return stages.unpack(self._parameters.bits, self._codes, self._parameters.order)

    def save(self, path: str | bytes | os.PathLike) -> None:
        """Writes a file that hdq.open reads (docs/format.md). It appears complete, or not at all; what had the name
        is replaced.

        Raises
        ------
        FileError
            A path that cannot be written.
        """
        from hdq.files import save  # files need Codes

        save(path, self)

    @classmethod
    def concatenate(cls, parts: Iterable[Codes]) -> Codes:
        """The rows of all parts, in order; each part begins with the row number after the last one of the part before.

        Raises
        ------
        ValueError
            No parts; parts made with different parameters or means; row numbers that do not follow each other.
        """
        parts = list(parts)
        if not parts:
            raise ValueError("no codes to concatenate")
        first = parts[0]
        following = getattr(first, "first_row", 0)
        for number, part in enumerate(parts):
            if not isinstance(part, Codes):
                raise TypeError(f"part {number} is no hdq.Codes, but {type(part).__name__}")
            if difference := first.parameters.difference(part.parameters):
                raise ValueError(f"part {number} was made with other parameters than part 0: {difference}")
            if not same_bytes(first.mean, part.mean):
                raise ValueError(f"part {number} was centred by another mean than part 0")
            if part.first_row != following:
                raise ValueError(
                    f"part {number} begins with row number {part.first_row}; after the parts before comes {following}"
                )
            following = (following + len(part)) % _WRAP
        norms, codes = (np.concatenate([getattr(part, name) for part in parts]) for name in ("norms", "codes"))
        return cls(norms, codes, first.parameters, first.first_row, first.mean)

    def _slice(self, begin: int, end: int) -> Codes:
        first_row = (self._first_row + begin) % _WRAP
        return Codes._trusted(self._norms[begin:end], self._codes[begin:end], self._parameters, first_row, self._mean)

    def __len__(self) -> int:
        return len(self._norms)

    def __getitem__(self, index: int | slice) -> Codes:
        return self._slice(*row_range(index, len(self)))

    def __iter__(self) -> Iterator[Codes]:
        return (self._slice(i, i + 1) for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Whether all bytes are the same, and the parameters, row numbers and means."""
        if not isinstance(other, Codes):
            return NotImplemented
        return (
            self._parameters == other._parameters
            and (self._first_row == other._first_row or len(self) == len(other) == 0)
            and same_bytes(self._norms, other._norms)
            and same_bytes(self._codes, other._codes)
            and same_bytes(self._mean, other._mean)
        )

    def __reduce__(self) -> tuple:
        return Codes, (self._norms, self._codes, self._parameters, self._first_row, self._mean)

    def __repr__(self) -> str:
        made = self._parameters
        size = f"bits={made.bits}" if made.step is None else f"step={made.step!r}"
        centred = "" if self._mean is None else ", centred"
        shared = "" if made.dither == "row" else f", dither={made.dither!r}"
        numbers = f"seed={made.seed}{shared}, first_row={self._first_row}"
        return f"<hdq.Codes: {len(self)} rows of {made.dimension}, {size}, {numbers}{centred}>"


def same_bytes(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    """Whether both are None, or of one shape and equal to the bit."""
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and a.tobytes() == b.tobytes()


def row_range(index: int | slice | None, length: int, what: str = "codes") -> tuple[int, int]:
    """Rows [begin, end) among `length` that an index or a slice of step 1 means; None is all of them."""
    if index is None:
        return 0, length
    if isinstance(index, slice):
        begin, end, step = index.indices(length)
        if step != 1:
            raise ValueError(
                f"{what}[::{step}]: rows have consecutive numbers, by which they are decoded: take slices of step 1"
            )
        return begin, max(begin, end)
    if isinstance(index, (bool, np.bool_, list, tuple, np.ndarray)):
        raise TypeError(
            f"{what}[{type(index).__name__}]: an integer or a slice is needed, as rows have consecutive numbers"
        )
    row = integer(index, "index")
    if not -length <= row < length:
        raise IndexError(f"no row {row} among {length}")
    return row % length, row % length + 1

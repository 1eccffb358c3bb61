"""Streams of entropy-coded rows, a few bits for each number (SPEC §7, docs/format.md). Files do this by themselves."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hdq import _hdq
from hdq._arrays import integer
from hdq.codec import Codec, native_codec
from hdq.codes import Codes, Parameters

__all__ = ["EntropyCoder", "Streams"]


@dataclass(frozen=True, eq=False)
class Streams:
    """Streams of consecutive rows, norms included, and their raw bits. A row of zeros has no stream.

    Attributes
    ----------
    parameters : Parameters
        Those of the codec.
    first_row : int
        The number of the first row.
    lengths : (rows,) uint32
        Bytes of each row's stream.
    raw : (rows, raw_bytes) uint8
        The low bits of every code that are stored as they are.
    data : (sum of lengths,) uint8
        The streams.
    mean : (dimension,) float32, or None
        As in Codes.
    """

    parameters: Parameters
    first_row: int
    lengths: np.ndarray
    raw: np.ndarray
    data: np.ndarray
    mean: np.ndarray | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of lengths, raw bits and streams."""
        return self.lengths.nbytes + self.raw.nbytes + self.data.nbytes

    def __len__(self) -> int:
        return len(self.lengths)

    def row(self, index: int) -> np.ndarray:
        """The stream of one row."""
        row = integer(index, "index")
        if not 0 <= row < len(self):
            raise IndexError(f"no row {row} among {len(self)}")
        ends = np.cumsum(self.lengths, dtype=np.int64)
        return self.data[ends[row] - self.lengths[row] : ends[row]]


class EntropyCoder:
    """Codes of an entropy-coded codec to streams and back (SPEC §7). Immutable; runs on the codec's threads.

    Parameters
    ----------
    codec : Codec
        With a step. ValueError for others.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._native = _hdq.EntropyCoder(native_codec(codec))

    @property
    def codec(self) -> Codec:
        """Whose codes it packs."""
        return self._codec

    @property
    def raw_bytes(self) -> int:
        """Bytes of each row's raw bits."""
        return self._native.raw_bytes

    @property
    def largest_symbol(self) -> int:
        """K: the symbols are −K … K and the escape (SPEC §7, "Tables")."""
        return self._native.largest_symbol

    def frequencies(self, bucket: int) -> np.ndarray:
        """(2K + 2,) uint16: frequencies of −K … K and of the escape in a bucket from 0 to 63, summing to 2^16."""
        number = integer(bucket, "bucket")
        if not 0 <= number < 64:
            raise ValueError(f"bucket must be 0 to 63, not {number}")
        return self._native.frequencies(number)

    def encode(self, codes: Codes) -> Streams:
        """Streams of codes of this codec.

        Raises
        ------
        InvalidInput
            A norm that is NaN, infinite or negative.
        TypeError, ValueError
            What is no codes; codes of another codec.
        """
        lengths, raw, data = self._native.encode(*self._codec._native_codes(codes))
        raw = raw.reshape(len(codes), self.raw_bytes)
        return Streams(codes.parameters, codes.first_row, lengths, raw, data, codes.mean)

    def decode(self, streams: Streams) -> Codes:
        """The inverse.

        Raises
        ------
        InvalidInput
            A stream that is no row's; its row is named.
        TypeError, ValueError
            Arrays of other kinds; of lengths that do not fit each other; streams of another codec.
        """
        if not isinstance(streams, Streams):
            raise TypeError(f"streams must be hdq.Streams, not {type(streams).__name__}")
        made = self._codec.parameters
        if difference := made.difference(streams.parameters):
            raise ValueError(f"streams of another codec: {difference}")
        count = len(streams)
        norms, codes = np.empty(count, np.float32), np.empty((count, *made.code_shape), made.code_dtype)
        given = [_flat(streams.lengths, np.uint32), _flat(streams.raw, np.uint8), _flat(streams.data, np.uint8)]
        self._native.decode(*given, streams.first_row, norms, codes.view(np.uint8))
        return Codes(norms, codes, made, streams.first_row, streams.mean)

    def __repr__(self) -> str:
        return f"EntropyCoder({self._codec!r})"


def _flat(values: Any, dtype: type) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype != dtype:
        raise TypeError(f"streams must have arrays of {np.dtype(dtype)} there, not of {array.dtype}")
    return np.ascontiguousarray(array).reshape(-1)

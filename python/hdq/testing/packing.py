"""Properties of packed codes (SPEC §4)."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ._functions import to_numpy
from .reason import Reason, holds, shown, violated

EXHAUSTIVE_BITS = 12


def _sequences(length: int, bits: int) -> Iterator[np.ndarray]:
    """All sequences of codes if their bits are few; otherwise each single bit set, and each single bit clear."""
    if length * bits <= EXHAUSTIVE_BITS:
        for index in range(1 << (length * bits)):
            yield (index >> (bits * np.arange(length)) & ((1 << bits) - 1)).astype(np.uint8)
        return
    for background in (0, (1 << bits) - 1):
        codes = np.full(length, background, np.uint8)
        yield codes
        for j in range(length):
            for bit in range(bits):
                flipped = codes.copy()
                flipped[j] ^= 1 << bit
                yield flipped


def round_trips(
    pack: Callable[..., Any], unpack: Callable[..., Any], bits: int, *, lengths: Iterable[int] = (*range(18), 31, 33)
) -> Reason:
    """unpack(pack(codes), len(codes)) = codes: all codes of 12 bits or fewer together, else each single bit. SPEC §4.

    Parameters
    ----------
    pack
        uint8 codes below 2^bits, shape (count,), to whatever unpack takes.
    unpack
        (packed, count) to codes, shape (count,).
    bits : int
        1 to 8.
    lengths : iterable of int
        The counts to try.
    """
    if not 1 <= bits <= 8:
        raise ValueError(f"bits must be 1 to 8: {bits}")
    tried = 0
    for length in lengths:
        for codes in _sequences(length, bits):
            back = to_numpy(unpack(pack(codes.copy()), length))
            tried += 1
            if back.shape != codes.shape:
                return violated(f"{length} codes come back with shape {back.shape}")
            for j in np.flatnonzero(back != codes)[:1]:
                return violated(f"code {j} of {shown(codes)} comes back as {back[j]}, not {codes[j]} ({bits} bits)")
    return holds(f"{tried} sequences of codes of {bits} bits come back", tried=tried)

"""The stages of the codec one by one, on arrays of numpy: what a kernel that differs can be followed with.

Input → rotation → dithered scalar quantizer → packing. Arguments that say "one row or rows" are (n,) or (rows, n),
and results have the same number of axes. `isa` is "auto" or one of hdq.supported_isas(); results do not depend on it.
Errors: TypeError for arrays of other kinds, ValueError for other shapes and ranges.

>>> import numpy as np, hdq
>>> from hdq import stages
>>> x, seed = np.linspace(-1, 1, 96, dtype=np.float32), 7
>>> y = stages.transform(x, stages.signs(seed, 96))
>>> word = stages.dither_words(seed, 0, 1)[0]
>>> scaled = stages.scale_thresholds(4, stages.thresholds(4, word), stages.row_norm(x))
>>> packed = stages.pack(4, stages.quantize(4, y, scaled))
>>> bool((packed == hdq.Codec(96, 4, seed=seed).encode(x).codes[0]).all())
True
"""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from hdq import _hdq
from hdq._arrays import as_array, count, rows32, unsigned
from hdq._arrays import dither_words as word_array

__all__ = [
    "HadamardOrder", "base_matrix", "codewords", "dither_of_word", "dither_words", "hadamard_order",
    "inverse_transform", "is_hadamard_order", "lookup", "norm_scale", "pack", "quantize", "row_norm", "scale_thresholds", "signs",
    "thresholds", "transform", "transform_transposed", "unpack", "widen",
]  # fmt: skip

_stages = _hdq.stages


class HadamardOrder(NamedTuple):
    """d = base·2^log2, base in {1, 12, 20, 28} (SPEC §1)."""

    order: int
    base: int
    log2: int


def hadamard_order(dimension: int) -> HadamardOrder:
    """The least supported order that is at least `dimension` (SPEC §1)."""
    return HadamardOrder(*_stages.hadamard_order(count(dimension, "dimension")))


def is_hadamard_order(order: int) -> bool:
    """Whether the order is supported (SPEC §1)."""
    return _stages.is_hadamard_order(count(order, "order"))


def base_matrix(base: int) -> np.ndarray:
    """B_m, (base, base) int8 of ±1, for base m in {1, 12, 20, 28} (SPEC §1)."""
    size = range(count(base, "base", 28))
    if len(size) not in (1, 12, 20, 28):
        raise ValueError(f"base must be 1, 12, 20 or 28, not {base}")
    return np.array([[_stages.base_matrix_entry(base, i, j) for j in size] for i in size], np.int8)


# ---- SPEC §2: random streams ----


def signs(seed: int, length: int) -> np.ndarray:
    """ε_0 … ε_{length−1}: (length,) int8 of ±1 (SPEC §2)."""
    words = np.empty((count(length, "length") + 31) // 32, np.uint32)
    _stages.sign_bits(unsigned(seed, "seed"), words)
    bits = np.unpackbits(words.view(np.uint8), count=length, bitorder="little")
    return (1 - 2 * bits.astype(np.int8)).astype(np.int8)


def dither_words(seed: int, first_row: int, rows: int) -> np.ndarray:
    """The dither word w of rows first_row, first_row + 1, … modulo 2^64: (rows,) uint32 (SPEC §2)."""
    words = np.empty(count(rows, "rows"), np.uint32)
    _stages.dither_words(unsigned(seed, "seed"), unsigned(first_row, "first_row"), words)
    return words


def dither_of_word(word: Any) -> np.ndarray:
    """U = (w + 1/2)/2^32, float64 of the shape of `word` (SPEC §2)."""
    return (np.asarray(word, np.float64) + 0.5) * 2.0**-32


# ---- input and norm ----


def widen(x: Any, *, dtype: str | None = None, isa: str = "auto") -> np.ndarray:
    """float16 or bfloat16 numbers as float32, exactly; NaNs become quiet. x has any shape; dtype="bfloat16": uint16,
    their bits.
    """
    array, is_bfloat16 = as_array(x, "x")
    if not (array.dtype == np.float16 or (array.dtype == np.uint16 and (is_bfloat16 or dtype == "bfloat16"))):
        raise TypeError(f'x has dtype {array.dtype}; float16 is widened, and uint16 with dtype="bfloat16"')
    wide = np.empty(array.shape, np.float32)
    _stages.widen(np.ascontiguousarray(array), wide, str(isa))
    return wide


def row_norm(x: Any, *, isa: str = "auto") -> Any:
    """ρ, the norm of one row or rows of finite numbers, rounded to float32; infinite where float32 cannot hold it
    (SPEC §4).
    """
    array, single = _rows(x, "x")
    norms = np.empty(len(array), np.float32)
    _stages.row_norms(array, norms, str(isa))
    return norms[0] if single else norms


def norm_scale(norm: float) -> float:
    """The power of two that x is multiplied by before the rotation: 2^100 for 0 < ρ < 2^-100, 2^-100 for ρ > 2^100,
    else 1 (SPEC §4).
    """
    return _stages.norm_scale(float(norm))


# ---- rotation ----


def transform(x: Any, signs: Any = None, *, isa: str = "auto") -> np.ndarray:
    """y = H D x of one row or rows of a Hadamard order, float32, with the encoder's order of additions (SPEC §1, §4).

    signs: (order,) of ±1, as signs() gives them; None for H alone.
    """
    return _transformed(x, signs, False, isa)


def transform_transposed(y: Any, signs: Any = None, *, isa: str = "auto") -> np.ndarray:
    """D Hᵀ y, unnormalised: d times the inverse of transform. Arguments are those of transform."""
    return _transformed(y, signs, True, isa)


def inverse_transform(y: Any, signs: Any = None, *, isa: str = "auto") -> np.ndarray:
    """transform_transposed(y)/d, each number rounded to float32 once more: the inverse of transform but for rounding."""
    x = _transformed(y, signs, True, isa)
    return x / np.float32(x.shape[-1])


def _transformed(x: Any, signs: Any, transposed: bool, isa: str) -> np.ndarray:
    array, single = _rows(x, "x")
    result = array.copy()
    order = result.shape[1]
    _stages.transform(result, None if signs is None else _sign_words(signs, order), transposed, str(isa))
    return result[0] if single else result


def _sign_words(signs: Any, order: int) -> np.ndarray:
    values = np.asarray(signs)
    if values.shape != (order,) or not np.isin(values, (-1, 1)).all():
        raise ValueError(f"signs must be ({order},) of 1 and -1")
    packed = np.packbits(values < 0, bitorder="little")
    return np.pad(packed, (0, -len(packed) % 4)).view(np.uint32)


# ---- SPEC §3: the codebook of one dither word ----


def thresholds(bits: int, words: Any, *, isa: str = "auto") -> np.ndarray:
    """θ_1 … θ_{N−1}, N = 2^bits: (2^bits − 1,) float64 for one dither word, (rows, 2^bits − 1) for (rows,) of them
    (SPEC §3).

    Each is within 2^-40·(1 + |θ|) of its real value.
    """
    return _tables(_stages.thresholds, bits, words, _levels(bits) - 1, isa)


def codewords(bits: int, words: Any, *, isa: str = "auto") -> np.ndarray:
    """r_0 … r_{N−1}: (2^bits,) float64 for one dither word, (rows, 2^bits) for (rows,) of them (SPEC §3). As close as
    thresholds.
    """
    return _tables(_stages.codewords, bits, words, _levels(bits), isa)


def _tables(table: Any, bits: int, words: Any, length: int, isa: str) -> np.ndarray:
    given = word_array(words)
    out = np.empty((given.size, length), np.float64)
    table(bits, given.reshape(-1), out, str(isa))
    return out.reshape(*given.shape, length)


def _levels(bits: int) -> int:
    width = count(bits, "bits")
    if not 1 <= width <= 8:
        raise ValueError(f"bits must be 1 to 8, not {width}")
    return 1 << width


def scale_thresholds(bits: int, theta: Any, norm: Any) -> np.ndarray:
    """fl32(θ·ρ), the product in double: float32 of theta's shape, (2^bits − 1,) and one norm, or (rows, 2^bits − 1)
    and (rows,) (SPEC §4).

    With a norm beyond 2^±100 the rotated row is that of x·norm_scale(ρ), and ρ·norm_scale(ρ) the norm to give.
    """
    theta, norms = np.asarray(theta, np.float64, order="C"), np.asarray(norm, np.float32, order="C")
    if theta.shape != (*norms.shape, _levels(bits) - 1) or norms.ndim > 1:
        raise ValueError(
            f"theta has shape {theta.shape}; of norms {norms.shape} it is {(*norms.shape, _levels(bits) - 1)}"
        )
    scaled = np.empty(theta.shape, np.float32)
    _stages.scale_thresholds(bits, np.atleast_2d(theta), np.atleast_1d(norms), np.atleast_2d(scaled))
    return scaled


# ---- quantizer and packing ----


def quantize(bits: int, y: Any, scaled: Any, *, isa: str = "auto") -> np.ndarray:
    """code_j = #{k : y_j >= scaled_k}: uint8 of y's shape, one row or rows, with their scaled thresholds (SPEC §4)."""
    array, single = _rows(y, "y")
    limits = np.ascontiguousarray(scaled, np.float32)
    expected = (_levels(bits) - 1,) if single else (len(array), _levels(bits) - 1)
    if limits.shape != expected:
        raise ValueError(f"scaled thresholds have shape {limits.shape}, not {expected}")
    codes = np.empty(array.shape, np.uint8)
    _stages.quantize(bits, array, np.atleast_2d(limits), codes, str(isa))
    return codes[0] if single else codes


def pack(bits: int, codes: Any, *, isa: str = "auto") -> np.ndarray:
    """Codes, (…, count) integers below 2^bits, as bytes (…, ceil(count·bits/8)) uint8 (SPEC §4).

    Code j is in bits [j·bits, (j + 1)·bits) of a little-endian bit string; unused high bits are 0.
    """
    given = np.asarray(codes)
    if given.dtype.kind not in "iu" or given.ndim < 1:
        raise TypeError(f"codes must be an array of integers, not of {given.dtype}")
    levels = _levels(bits)
    if given.size > 0 and not (0 <= given.min() and given.max() < levels):
        raise ValueError(f"codes must be 0 to {levels - 1}")
    length = (given.shape[-1] * bits + 7) // 8
    packed = np.empty((*given.shape[:-1], length), np.uint8)
    _stages.pack(bits, _flat(np.ascontiguousarray(given, np.uint8)), _flat(packed), str(isa))
    return packed


def unpack(bits: int, packed: Any, length: int, *, isa: str = "auto") -> np.ndarray:
    """The inverse of pack: (…, length) uint8 of bytes (…, ceil(length·bits/8)) uint8."""
    given = np.asarray(packed)
    expected = (count(length, "length") * (_levels(bits).bit_length() - 1) + 7) // 8
    if given.dtype != np.uint8:
        raise TypeError(f"packed codes must be uint8, not {given.dtype}")
    if given.ndim < 1 or given.shape[-1] != expected:
        raise ValueError(f"{length} codes of {bits} bits have {expected} bytes; the shape is {given.shape}")
    codes = np.empty((*given.shape[:-1], length), np.uint8)
    _stages.unpack(bits, _flat(np.ascontiguousarray(given)), _flat(codes), str(isa))
    return codes


def _flat(array: np.ndarray) -> np.ndarray:
    return array.reshape(int(np.prod(array.shape[:-1])), array.shape[-1])


def lookup(bits: int, codes: Any, words: Any, *, isa: str = "auto") -> np.ndarray:
    """fl32(codeword of each code): float32 of the shape of codes, one row or rows of uint8, with their codewords
    (2^bits,) or (rows, 2^bits).
    """
    given = np.ascontiguousarray(codes)
    if given.dtype != np.uint8 or given.ndim not in (1, 2):
        raise TypeError(f"codes must be (count,) or (rows, count) of uint8, not {given.shape} of {given.dtype}")
    table = np.ascontiguousarray(words).astype(np.float32)
    if table.shape != (*given.shape[:-1], _levels(bits)):
        raise ValueError(f"codewords have shape {table.shape}, not {(*given.shape[:-1], _levels(bits))}")
    out = np.empty(given.shape, np.float32)
    _stages.lookup(bits, np.atleast_2d(given), np.atleast_2d(table), np.atleast_2d(out), str(isa))
    return out


def _rows(x: Any, name: str) -> tuple[np.ndarray, bool]:
    """Rows of float32, each contiguous, and whether x is one row."""
    array, _ = as_array(x, name)
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} has shape {array.shape}; (n,) or (rows, n) is needed")
    return np.ascontiguousarray(rows32(array, array.shape[-1], name)), array.ndim == 1

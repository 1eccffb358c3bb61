"""Codec: rows of numbers to codes and back, scores and search (SPEC §3, §4, §7)."""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from hdq import _hdq
from hdq._arrays import as_array, count, integer, output, refuse_overflow, rows, rows32, unsigned, widened
from hdq._arrays import dither_words as word_array
from hdq.codes import Codes, HasParameters, Parameters

__all__ = ["Codec", "SearchResult", "brute_force_search", "supported_isas"]

_MAX_DIMENSION = 1 << 24


class _Nearest(NamedTuple):
    indices: np.ndarray
    scores: np.ndarray


class SearchResult(_Nearest):
    """The rows nearest to each query, nearest first; equally near ones in order of rows. A pair (indices, scores).

    Attributes
    ----------
    indices : (queries, k) int64
        Counted from the first row searched, whatever its row number.
    scores : (queries, k) float64
        Of those rows, by the metric.
    scanned : int
        Pairs of a query and a row among which the search was.
    verified : int
        Those of them whose score was computed. It may change from version to version, and with the number of threads.
    """

    scanned: int
    verified: int


def supported_isas() -> tuple[str, ...]:
    """Instruction sets of this CPU that hdq was built for, the best first. Results do not depend on them."""
    return tuple(_hdq.supported_isas())


def _step_of(rate: Any, error: Any, step: Any) -> float:
    if rate is not None:
        return _hdq.step_of_rate(float(rate))
    if error is not None:
        return _hdq.step_of_error(float(error))
    return float(np.float32(step))


class Codec(HasParameters):
    """Encodes rows of `dimension` numbers to codes, and decodes, scores and searches them. Immutable; safe to use
    from several threads.

    The same input, parameters and row numbers give the same bytes on every instruction set, thread count and
    platform. The error of a decoded row averages to zero over seeds and row numbers, for every row (SPEC §5); two
    rows encoded with one seed and one row number share their dither, and with dither="shared" all do.

    Parameters
    ----------
    dimension : int
        n, the numbers in a row: 1 to 2^24.
    bits : int, optional
        b, bits of a code, 1 to 8: the fixed-rate scheme (SPEC §3, §4). 4 where none of bits, rate, error and step is
        given; at most one may be.
    rate : float, optional
        Of the entropy-coded scheme (SPEC §7): the step nearest to this many bits per coordinate, 0.3 to 12.
    error : float, optional
        Of the entropy-coded scheme: the largest step whose mean squared error is at most error·‖x‖², 2^-20/12 to
        256/12.
    step : float, optional
        Of the entropy-coded scheme: Δ itself, rounded to float32, 2^-10 to 16.
    seed : int
        Of signs and dither (SPEC §2), 0 to 2^64 − 1.
    dither : str
        "row": each row takes the word of its number. "shared", with bits: all rows take one word, and the error of a
        row averages to zero over seeds (SPEC §4, "Shared dither"). Errors of similar rows then cancel in comparisons,
        which helps search; but they are not independent, and averages over rows keep what they have in common.
    isa : str
        "auto", or one of supported_isas().
    threads : int
        Over rows, 1 to 1024; 0: one per hardware thread.
    shrink : bool
        decode multiplies by shrink_factor (SPEC §4, "Shrinking"): biased, of less error. Codes and scores are what
        they are without it.

    Raises
    ------
    ValueError
        A parameter out of its range, or more than one of bits, rate, error and step; dither="shared" without bits.
    """

    def __init__(
        self,
        dimension: int,
        bits: int | None = None,
        *,
        rate: float | None = None,
        error: float | None = None,
        step: float | None = None,
        seed: int = 0,
        dither: str = "row",
        isa: str = "auto",
        threads: int = 1,
        shrink: bool = False,
    ) -> None:
        given = [
            name
            for name, value in (("bits", bits), ("rate", rate), ("error", error), ("step", step))
            if value is not None
        ]
        if len(given) > 1:
            raise ValueError(
                f"one of bits, rate, error and step says how fine the codes are, not {' and '.join(given)}"
            )
        length = integer(dimension, "dimension")
        if not 1 <= length <= _MAX_DIMENSION:
            raise ValueError(f"dimension must be 1 to {_MAX_DIMENSION}, not {length}")
        seed = unsigned(seed, "seed")
        if given in ([], ["bits"]):
            width = integer(4 if bits is None else bits, "bits")
            if not 1 <= width <= 8:
                raise ValueError(f"bits must be 1 to 8, not {width}")
            made_with = Parameters(length, width, None, seed, str(dither))
        else:
            made_with = Parameters(length, None, _step_of(rate, error, step), seed, str(dither))
        self._set(made_with, str(isa), count(threads, "threads", 1024), bool(shrink))

    def _set(self, made_with: Parameters, isa: str, threads: int, shrink: bool) -> None:
        if made_with.step == 0:  # to the compiled part 0 means none
            raise ValueError("step must be 0.0009765625 to 16, not 0")
        self._parameters = made_with
        self._options = (isa, threads, shrink)
        bits, step = made_with.bits or 0, made_with.step or 0.0
        self._codes_in_row, self._code_dtype = made_with.code_shape[0], made_with.code_dtype
        self._native = _hdq.Codec(
            made_with.dimension, bits, step, made_with.seed, made_with.dither, isa, threads, shrink
        )

    @classmethod
    def from_parameters(
        cls, parameters: Parameters, *, isa: str = "auto", threads: int = 1, shrink: bool = False
    ) -> Codec:
        """The codec that made codes with these parameters, `codes.parameters` say."""
        made = parameters
        return cls(
            made.dimension,
            made.bits,
            step=made.step,
            seed=made.seed,
            dither=made.dither,
            isa=isa,
            threads=threads,
            shrink=shrink,
        )

    # ---- what it is ----

    @property
    def isa(self) -> str:
        """The instruction set in use, never "auto"."""
        return self._native.isa

    @property
    def threads(self) -> int:
        """How many threads share the rows of a call."""
        return self._native.threads

    @property
    def shrink(self) -> bool:
        """Whether decode multiplies by shrink_factor."""
        return self._options[2]

    @property
    def code_bytes(self) -> int:
        """Bytes of a row's codes in memory, without its norm of 4 bytes."""
        return self._native.code_bytes

    @property
    def rate(self) -> float:
        """Bits per number of a row, without its norm: 8·code_bytes/dimension; of the entropy-coded scheme about what
        its stream in a file has.
        """
        if self.step is None:
            return 8 * self.code_bytes / self.dimension
        return _hdq.rate_of_step(self.step) * self.order / self.dimension

    @property
    def error_bound(self) -> float:
        """C with E‖x̂ − x‖² <= C·‖x‖² for every x, in real arithmetic (SPEC §5.5; §7, with equality where dimension
        is order).
        """
        return self._native.error_bound

    @property
    def shrink_factor(self) -> float:
        """f = 1/(1 + C): E‖f·x̂ − x‖² <= C/(1 + C)·‖x‖² (SPEC §4, "Shrinking")."""
        return self._native.shrink_factor

    # ---- rows and codes ----

    def encode(
        self, x: Any, first_row: int = 0, *, dtype: str | None = None, mean: Any = None, out: Codes | None = None
    ) -> Codes:
        """Codes of rows (SPEC §4, §7).

        Parameters
        ----------
        x : array, (dimension,) or (rows, dimension)
            float32, float16 or bfloat16, which are widened exactly, or float64, which is rounded to float32 first.
            Anything on the CPU that speaks DLPack or __array__. Rows that are contiguous are not copied.
        first_row : int
            The number of the first row, 0 to 2^64 − 1. Row i takes the dither of row number first_row + i.
        dtype : str, optional
            "bfloat16": x is uint16, the bits of such numbers.
        mean : (dimension,) float32, optional
            Is subtracted from each row before, and kept with the codes for decoding to add (SPEC §4, "Centring").
        out : Codes, optional
            Of as many rows and these parameters, to be overwritten: nothing is allocated. Its row numbers become these.

        Returns
        -------
        Codes
            Of one row for a vector.

        Raises
        ------
        InvalidInput
            NaN, infinity, or a norm or number that float32 cannot hold; its row and column are counted in x.
        TypeError, ValueError
            Arrays of other kinds; of other shapes.
        """
        array = rows(x, self.dimension, "x", dtype)
        if mean is not None:
            mean = self._mean(mean)
            array = _centred(array, mean)
        first_row = unsigned(first_row, "first_row")
        norms, codes = self._room(len(array), out)
        self._native.encode(array, first_row, norms, codes.view(np.uint8))
        if out is None:
            return Codes._trusted(norms, codes, self._parameters, first_row, mean)
        out._first_row, out._mean = first_row, mean
        return out

    def _mean(self, mean: Any) -> np.ndarray:
        array = rows32(mean, self.dimension, "mean")
        if len(array) != 1:
            raise ValueError(f"the mean is one row, not {len(array)}")
        bad = np.flatnonzero(~np.isfinite(array[0]))
        if len(bad) > 0:
            raise ValueError(f"the mean's column {bad[0]} is not finite")
        own = array[0].copy()
        own.flags.writeable = False
        return own

    def _room(self, length: int, out: Codes | None) -> tuple[np.ndarray, np.ndarray]:
        if out is None:
            return np.empty(length, np.float32), np.empty((length, self._codes_in_row), self._code_dtype)
        self._check(out)
        if len(out) != length:
            raise ValueError(f"out has {len(out)} rows, x {length}")
        return out.norms, out.codes

    def _check(self, codes: Codes) -> None:
        if not isinstance(codes, Codes):
            raise TypeError(f"codes must be hdq.Codes, not {type(codes).__name__}")
        if difference := self._parameters.difference(codes.parameters):
            raise ValueError(f"codes of another codec: {difference}")

    def _native_codes(self, codes: Codes) -> tuple[np.ndarray, np.ndarray, int]:
        self._check(codes)
        return codes.norms, codes.codes.view(np.uint8), codes.first_row

    def decode(self, codes: Codes, out: np.ndarray | None = None) -> np.ndarray:
        """Rows of codes (SPEC §4, "Decoding"): (rows, dimension) float32. With a mean, it is added.

        Parameters
        ----------
        codes : Codes
            Of this codec.
        out : (rows, dimension) float32, optional
            An array of numpy to write to, with contiguous rows.

        Raises
        ------
        InvalidInput
            A norm that is NaN, infinite or negative.
        TypeError, ValueError
            What is no codes; codes of another codec, an `out` of another shape.
        """
        norms, packed, first_row = self._native_codes(codes)
        out = output(out, (len(codes), self.dimension), np.float32)
        self._native.decode(norms, packed, first_row, out)
        if codes.mean is not None:
            out += codes.mean
        return out

    # ---- the steps of encode ----

    def rotate(self, x: Any, *, dtype: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The first step: (y, norms), (rows, order) and (rows,) float32. y = H D (x·s), with s the power of two
        norm_scale(norm) (SPEC §1, §4).

        x and errors are encode's.
        """
        array = rows(x, self.dimension, "x", dtype)
        y, norms = np.empty((len(array), self.order), np.float32), np.empty(len(array), np.float32)
        self._native.rotate(array, y, norms)
        return y, norms

    def dither_words(self, first_row: int, rows: int) -> np.ndarray:
        """The second step: the dither word w of rows first_row, first_row + 1, … (SPEC §2), (rows,) uint32, all the
        same where it is shared. U = (w + 1/2)/2^32.
        """
        words = np.empty(count(rows, "rows"), np.uint32)
        self._native.draw_dither(unsigned(first_row, "first_row"), words)
        return words

    def quantize(self, y: np.ndarray, norms: np.ndarray, words: np.ndarray) -> np.ndarray:
        """The third step: codes as in Codes.codes, of rotated rows y (rows, order), norms (rows,), and dither words
        (rows,) (SPEC §3, §4, §7).
        """
        y = rows32(y, self.order, "y")
        norms = np.ascontiguousarray(norms, np.float32)
        words = word_array(words)
        if norms.shape != (len(y),) or words.shape != (len(y),):
            raise ValueError(f"{len(y)} rows have ({len(y)},) norms and words, not {norms.shape} and {words.shape}")
        codes = np.empty((len(y), self._codes_in_row), self._code_dtype)
        self._native.quantize(y, norms, words, codes.view(np.uint8))
        return codes

    # ---- scores ----

    def scores(
        self, codes: Codes, queries: Any, metric: str = "ip", *, rows: Any = None, dtype: str | None = None
    ) -> np.ndarray:
        """Estimates of ⟨q, x⟩ ("ip"), ‖q − x‖² ("l2"), or ⟨q, x⟩/(‖q‖‖x‖) ("cosine") from codes, without decoding
        (SPEC §4, §5.3).

        Parameters
        ----------
        codes : Codes
            Of this codec.
        queries : array, (dimension,) or (queries, dimension)
            As encode takes.
        metric : "ip", "l2" or "cosine"
            Of codes with a mean, no "cosine".
        rows : (count,) integers, optional
            Indices into codes of the rows to score, candidates of another search say; negative ones count from the end.

        Returns
        -------
        (queries, rows) float32, or (queries, count)
            Infinite where float32 cannot hold a score. The same bits on every instruction set, thread count and batch.

        Raises
        ------
        InvalidInput
            NaN and infinity in a query, whose number is `row`; a bad norm of a row.
        TypeError, ValueError, IndexError
            Arrays of other kinds; other shapes, metrics, codes of another codec; rows beyond the last.
        """
        asked = rows32(queries, self.dimension, "queries", dtype)
        native = self._native_codes(codes)
        some = None if rows is None else _indices(rows, len(codes))
        out = np.empty((len(asked), len(codes) if some is None else len(some)), np.float32)
        self._native.scores(asked, codes.mean, str(metric), *native, some, out)
        return out

    def score_error_bounds(
        self, codes: Codes, queries: Any, metric: str = "ip", *, dtype: str | None = None
    ) -> np.ndarray:
        """(queries, rows) float64: upper bounds of |score − its value in real arithmetic|, norms and codes given
        (SPEC §5.6).

        Arguments and errors are those of scores.
        """
        asked = rows32(queries, self.dimension, "queries", dtype)
        native = self._native_codes(codes)
        out = np.empty((len(asked), len(codes)), np.float64)
        self._native.score_errors(asked, codes.mean, str(metric), *native, out)
        return out

    def search(
        self,
        codes: Codes,
        queries: Any,
        k: int,
        metric: str = "ip",
        *,
        rows: Any = None,
        filter: bool = True,
        dtype: str | None = None,
    ) -> SearchResult:
        """The k rows nearest to each query by `scores`: the largest "ip" and "cosine", the smallest "l2".

        Arguments are those of scores, and 1 <= k <= rows; memory is O(queries·k).

        Parameters
        ----------
        rows : (count,) integers, optional
            Indices into codes of the rows to search among; 1 <= k <= count. A row that is listed twice is found twice.
        filter : bool
            Whether rows that cannot be among the k nearest, by sums of bytes, are left unscored. What is found is the
            same, bit for bit.

        Raises
        ------
        InvalidInput
            As scores; and for a score that float32 cannot hold, with the query as `row`.
        TypeError, ValueError, IndexError
            As scores; and for k out of its range.
        """
        asked = rows32(queries, self.dimension, "queries", dtype)
        native = self._native_codes(codes)
        some = None if rows is None else _indices(rows, len(codes))
        result = _room_for(len(asked), k, len(codes) if some is None else len(some))
        done = self._native.search(
            asked, codes.mean, str(metric), *native, some, result.indices.shape[1], bool(filter), *result
        )
        return _counted(result, *done)

    # ---- Python ----

    def __eq__(self, other: object) -> bool:
        """Whether both give the same results: instruction set and threads do not matter."""
        if not isinstance(other, Codec):
            return NotImplemented
        return (self._parameters, self.shrink) == (other._parameters, other.shrink)

    def __hash__(self) -> int:
        return hash((self._parameters, self.shrink))

    def __getstate__(self) -> tuple:
        return self._parameters, self._options

    def __setstate__(self, state: tuple) -> None:
        parameters, options = state
        self._set(parameters, *options)

    def __repr__(self) -> str:
        made = self._parameters
        isa, threads, shrink = self._options
        fineness = f"bits={made.bits}" if made.step is None else f"step={made.step!r}"
        options = [
            ("seed", made.seed, 0),
            ("dither", made.dither, "row"),
            ("isa", isa, "auto"),
            ("threads", threads, 1),
            ("shrink", shrink, False),
        ]
        words = [
            str(made.dimension),
            fineness,
            *(f"{name}={value!r}" for name, value, usual in options if value != usual),
        ]
        return f"Codec({', '.join(words)})"


def native_codec(codec: Codec) -> Any:
    """What the compiled part knows of a codec."""
    if not isinstance(codec, Codec):
        raise TypeError(f"codec must be hdq.Codec, not {type(codec).__name__}")
    return codec._native


def _centred(array: np.ndarray, mean: np.ndarray) -> np.ndarray:
    wide = widened(array)
    with np.errstate(over="ignore", invalid="ignore"):
        centred = wide - mean
    refuse_overflow(wide, centred, lambda _: "less the mean, it exceeds the largest float32")
    return centred


def _indices(rows: Any, length: int) -> np.ndarray:
    given = np.asarray(rows)
    if given.size == 0:
        given = given.astype(np.int64)
    if given.dtype.kind not in "iu" or given.ndim != 1:
        raise TypeError(f"rows must be (count,) integers, not {given.shape} of {given.dtype}")
    if given.size > 0 and not (-length <= given.min() and given.max() < length):
        raise IndexError(f"rows from {given.min()} to {given.max()} among {length}")
    indices = np.ascontiguousarray(given, np.int64)
    return np.where(indices < 0, indices + length, indices)


def _room_for(queries: int, k: int, length: int) -> SearchResult:
    k = integer(k, "k")
    if not 1 <= k <= length:
        raise ValueError(f"k must be 1 to {length}, the number of rows, not {k}")
    return SearchResult(np.empty((queries, k), np.int64), np.empty((queries, k), np.float64))


def _counted(result: SearchResult, scanned: int, verified: int) -> SearchResult:
    result.scanned, result.verified = scanned, verified
    return result


def brute_force_search(
    x: Any, queries: Any, k: int, metric: str = "ip", *, threads: int = 1, isa: str = "auto", dtype: str | None = None
) -> SearchResult:
    """The k rows of x themselves that are nearest to each query, by sums in double: what a search of codes is
    compared with.

    x is (rows, n), queries (queries, n) or (n,), of the types that Codec.encode takes; the rest is that of
    Codec.search.
    """
    vectors, _ = as_array(x, "x")
    if vectors.ndim != 2:
        raise ValueError(f"x has shape {vectors.shape}; (rows, n) is needed")
    dimension = vectors.shape[1]
    array, asked = rows32(x, dimension, "x", dtype), rows32(queries, dimension, "queries", dtype)
    result = _room_for(len(asked), k, len(array))
    _hdq.search_vectors(
        array, asked, str(metric), count(threads, "threads", 1024), str(isa), result.indices.shape[1], *result
    )
    return _counted(result, len(asked) * len(array), len(asked) * len(array))

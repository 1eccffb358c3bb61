"""Weighted means of rows by their codes, without decoding any (SPEC §9): of a federation's clients, or of MPI's ranks."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from hdq import _hdq
from hdq._arrays import as_array, count, integer, output, rows, rows32, unsigned
from hdq.codec import Codec, native_codec
from hdq.codes import Codes, Parameters
from hdq.entropy import EntropyCoder, Streams
from hdq.files import File

__all__ = ["MeanAccumulator", "MeanResult", "client_row", "mean"]

_CLIENTS = 1 << 32


def client_row(client: int, round: int = 0) -> int:
    """The row number of a client's vector in a round, 2^32·round + client (SPEC §9). Both are 0 to 2^32 − 1."""
    return count(round, "round", _CLIENTS - 1) << 32 | count(client, "client", _CLIENTS - 1)


@lru_cache(maxsize=8)
def _codec(parameters: Parameters, isa: str, threads: int) -> Codec:
    return Codec.from_parameters(parameters, isa=isa, threads=threads)


def _factors(weights: Any, length: int) -> np.ndarray:
    """One weight for all rows, or one for each, as float64."""
    if weights is None:
        return np.ones(1)
    array = np.asarray(weights)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"weights must be numbers, not {array.dtype}")
    if array.shape not in ((), (length,)):
        raise ValueError(f"weights have shape {array.shape}; they are one number, or ({length},), one for each row")
    if array.size == 0:
        return np.ones(1)
    return np.ascontiguousarray(array, np.float64).reshape(-1)


class MeanAccumulator:
    """The weighted mean of many encoded rows; each is added by its codes, and one inverse transform gives the mean.

    Rows have one seed and numbers of their own (client_row), and may be of different rates and schemes. Each row is
    exactly unbiased, hence so is a mean with given weights, and its squared error falls as 1/n. Sums are integers: the
    mean has the same bytes whatever the order of the rows, and however they are spread over accumulators that are
    merged. Safe to use from several threads, whose calls wait for each other; copy and pickle keep all of it.

    Parameters
    ----------
    dimension : int
        Numbers in a row, 1 to 2^24.
    seed : int
        That of all rows, 0 to 2^64 − 1.

    Raises
    ------
    ValueError
        A parameter out of its range.
    """

    def __init__(self, dimension: int, seed: int = 0) -> None:
        self._native = _hdq.MeanAccumulator(count(dimension, "dimension"), unsigned(seed, "seed"))

    @classmethod
    def _of(cls, native: Any) -> MeanAccumulator:
        self = cls.__new__(cls)
        self._native = native
        return self

    # ---- what it is ----

    @property
    def dimension(self) -> int:
        """Numbers in a row."""
        return self._native.dimension

    @property
    def seed(self) -> int:
        """Of all rows."""
        return self._native.seed

    @property
    def rows(self) -> int:
        """How many were added, zero rows included."""
        return self._native.rows

    @property
    def weight(self) -> float:
        """W = Σ w_i, rounded once."""
        return self._native.weight

    @property
    def error_bound(self) -> float:
        """Σ w_i²·C_i·‖x_i‖²/W² >= E‖mean − Σ w_i x_i/W‖², in real arithmetic; an equality for entropy-coded rows whose
        dimension is the Hadamard order. 0 without rows.
        """
        return self._native.error_bound

    @property
    def mean_square(self) -> float:
        """Σ w_i ‖x_i‖²/W. error_bound/mean_square is C/n for n rows of one weight and one codec. 0 without rows."""
        return self._native.mean_square

    # ---- rows ----

    def add(self, rows: Codes | File, weights: Any = None, *, isa: str = "auto", threads: int = 1) -> None:
        """Adds rows, all of them or, with an error, none.

        Parameters
        ----------
        rows : Codes or File
            Of this dimension and seed, with dither="row", centred or not. Their numbers are new to the accumulator.
        weights : float, or (rows,) of them, optional
            2^-100 to 2^100; 1 each by default.
        isa, threads
            As Codec has them.

        Raises
        ------
        InvalidInput
            A norm that is NaN, infinite or negative.
        FileError
            A block that is damaged.
        TypeError, ValueError
            What is neither Codes nor a File; rows or weights that do not fit, a row number that was added before.
        """
        if isinstance(rows, File):
            threads = count(threads, "threads", 1024)
            self._native.add_file(rows._open(), _factors(weights, len(rows)), str(isa), threads)
            return
        if not isinstance(rows, Codes):
            raise TypeError(f"rows must be hdq.Codes or an hdq.File, not {type(rows).__name__}")
        native = native_codec(_codec(rows.parameters, str(isa), count(threads, "threads", 1024)))
        codes, factors = rows.codes.view(np.uint8), _factors(weights, len(rows))
        self._native.add(native, rows.norms, codes, rows.first_row, factors, rows.mean)

    def merge(self, other: MeanAccumulator) -> None:
        """Adds what another accumulator of this dimension and seed has added. ValueError for others, and where both
        have a row number.
        """
        if not isinstance(other, MeanAccumulator):
            raise TypeError(f"other must be an hdq.MeanAccumulator, not {type(other).__name__}")
        self._native.merge(other._native)

    def mean(self, total: float | None = None, *, isa: str = "auto", out: np.ndarray | None = None) -> np.ndarray:
        """Σ w_i x̂_i/total, (dimension,) float32.

        Parameters
        ----------
        total : float, optional
            2^-100 to 2^164; W by default. With weights divided by the probability that a row arrives, and the weight of
            all rows as total, the mean is unbiased where rows are missing (Horvitz and Thompson).
        isa : str
            As Codec has it.
        out : (dimension,) float32, optional
            An array of numpy to write to.

        Raises
        ------
        InvalidInput
            A number that float32 cannot hold; its column.
        ValueError
            No rows; a total out of its range; an `out` of another shape.
        """
        array = output(out, (self.dimension,), np.float32)
        self._native.mean(None if total is None else float(total), str(isa), array)
        return array

    # ---- as bytes ----

    def state(self) -> bytes:
        """All that was added (docs/format.md), the same bytes whatever the order."""
        return self._native.state()

    @classmethod
    def from_state(cls, state: bytes | bytearray | memoryview) -> MeanAccumulator:
        """The accumulator with this state. ValueError for bytes that are none."""
        return cls._of(_hdq.MeanAccumulator.of_state(bytes(memoryview(state))))

    def copy(self) -> MeanAccumulator:
        """Another one that has added the same rows."""
        return type(self)._of(self._native.copy())

    __copy__ = copy

    def __deepcopy__(self, _: dict) -> MeanAccumulator:
        return self.copy()

    def __reduce__(self) -> tuple:
        return type(self).from_state, (self.state(),)

    def __repr__(self) -> str:
        return f"MeanAccumulator({self.dimension}, seed={self.seed}, rows={self.rows}, weight={self.weight!r})"


@dataclass(frozen=True, eq=False)
class MeanResult:
    """What mean() returns; the figures are those that `hdq mean` prints.

    Attributes
    ----------
    mean : (dimension,) float32
        Σ w_i x̂_i/W.
    clients : int
        How many rows.
    weight : float
        W = Σ w_i.
    bytes_per_client : float
        What a client sends, norm included: codes, or streams of entropy-coded rows; of files their length.
    expected_nmse : float
        E‖mean − Σ w_i x_i/W‖²/(Σ w_i ‖x_i‖²/W), in real arithmetic, or a bound of it.
    expectation_is : str
        "exact" or "an upper bound", of expected_nmse.
    nmse : float or None
        That error of this draw; None where the vectors are not known.
    """

    mean: np.ndarray
    clients: int
    weight: float
    bytes_per_client: float
    expected_nmse: float
    expectation_is: str
    nmse: float | None

    def __repr__(self) -> str:
        draw = "" if self.nmse is None else f", nmse={self.nmse:.6g}"
        sign = "=" if self.expectation_is == "exact" else "<="
        return (
            f"<hdq.MeanResult: {self.clients} clients of {len(self.mean)}, {self.bytes_per_client:.1f} bytes each, "
            f"expected_nmse {sign} {self.expected_nmse:.6g}{draw}>"
        )


def _sent_bytes(codes: Codes) -> int:
    """What the rows take in a message: streams, or norms and codes."""
    if codes.parameters.step is None:
        return codes.nbytes
    streams = EntropyCoder(_codec(codes.parameters, "auto", 1)).encode(codes)
    return streams.raw.nbytes + streams.data.nbytes


def _result(
    sums: MeanAccumulator, made: Iterable[Parameters], sent: int, out: np.ndarray, nmse: float | None
) -> MeanResult:
    kinds = set(made)
    exact = len(kinds) == 1 and all(each.step is not None and each.order == each.dimension for each in kinds)
    square = sums.mean_square
    expected = 0.0 if square == 0 else sums.error_bound / square
    kind = "exact" if exact else "an upper bound"
    return MeanResult(out, sums.rows, sums.weight, sent / sums.rows, expected, kind, nmse)


def _nmse(mean: np.ndarray, vectors: np.ndarray, weights: np.ndarray, total: float) -> float:
    """‖mean − Σ w_i x_i/total‖²/(Σ w_i ‖x_i‖²/W), in double."""
    x = vectors.astype(np.float64)
    w = np.broadcast_to(weights, len(x))
    square = (w * np.square(x).sum(axis=1)).sum()
    error = np.square(mean - (w[:, None] * x).sum(axis=0) / total).sum()
    return 0.0 if square == 0 else float(error / (square / w.sum()))


def _vectors(clients: Any, dimension: int | None, name: str) -> np.ndarray:
    """All rows of one array, or of a list of arrays of rows and of vectors, in order, as float32."""
    parts = list(clients) if isinstance(clients, (list, tuple)) else [clients]
    arrays = []
    for number, part in enumerate(parts):
        if isinstance(part, (Codes, File)):
            raise TypeError(f"{name}: some are codes and some are vectors")
        what = name if len(parts) == 1 else f"{name}[{number}]"
        shape = as_array(part, what)[0].shape
        if len(shape) not in (1, 2):
            raise ValueError(f"{what} has shape {shape}; a client's vector is (n,), and several are (clients, n)")
        dimension = shape[-1] if dimension is None else dimension
        arrays.append(rows32(part, dimension, what))
    if not arrays:
        raise ValueError(f"{name}: there are none to take the mean of")
    return np.concatenate(arrays)


def _encoder(dimension: int, scheme: dict[str, Any], seed: Any, isa: str, threads: int) -> Codec:
    return Codec(dimension, **scheme, seed=0 if seed is None else seed, isa=isa, threads=threads)


def _mean_of_vectors(
    clients: Any, codec_of: Any, round: Any, weights: Any, total: float | None, isa: str, threads: int
) -> MeanResult:
    x = _vectors(clients, None, "clients")
    codec = codec_of(x.shape[1])
    codes = codec.encode(x, client_row(0, 0 if round is None else round))
    sums = MeanAccumulator(codec.dimension, codec.seed)
    factors = _factors(weights, len(x))
    sums.add(codes, factors[0] if factors.size == 1 else factors, isa=isa, threads=threads)
    out = sums.mean(total, isa=isa)
    nmse = _nmse(out, x, factors, sums.weight if total is None else total)
    return _result(sums, [codec.parameters], _sent_bytes(codes), out, nmse)


def _mean_of_codes(
    clients: Sequence[Codes | File], seed: Any, weights: Any, total: float | None, original: Any, isa: str, threads: int
) -> MeanResult:
    for number, part in enumerate(clients):
        if not isinstance(part, (Codes, File)):
            raise TypeError(f"clients[{number}] is no hdq.Codes or hdq.File, as others are, but {type(part).__name__}")
    first = clients[0].parameters
    sums = MeanAccumulator(first.dimension, first.seed if seed is None else seed)
    factors = _factors(weights, sum(map(len, clients)))
    done = 0
    for part in clients:
        own = factors[0] if factors.size == 1 else factors[done : done + len(part)]
        sums.add(part, own, isa=isa, threads=threads)
        done += len(part)
    out = sums.mean(total, isa=isa)
    nmse = None
    if original is not None:
        x = _vectors(original, first.dimension, "original")
        if len(x) != done:
            raise ValueError(f"original has {len(x)} vectors, but the clients have {done} rows")
        nmse = _nmse(out, x, factors, sums.weight if total is None else total)
    sent = sum(part.nbytes if isinstance(part, File) else _sent_bytes(part) for part in clients)
    return _result(sums, (part.parameters for part in clients), sent, out, nmse)


def mean(
    clients: Any,
    *,
    bits: int | None = None,
    rate: float | None = None,
    error: float | None = None,
    step: float | None = None,
    seed: int | None = None,
    round: int | None = None,
    weights: Any = None,
    total: float | None = None,
    original: Any = None,
    comm: Any = None,
    isa: str = "auto",
    threads: int = 1,
) -> MeanResult:
    """The mean of many clients' vectors, by their codes, as `hdq mean` takes it.

    Parameters
    ----------
    clients : arrays, Codes or Files
        Vectors: (clients, n), or a list of (n,) and (clients, n). They are encoded here; client c is the c-th of all.
        Or a list of Codes or Files (or one of them), of one seed, with row numbers of their own.
        With comm, this rank's vector, (n,), the client whose number is the rank.
    bits, rate, error, step
        As Codec has them, at most one; of vectors.
    seed : int, optional
        0 by default; of Codes and Files theirs, which it must be if it is given.
    round : int, optional
        Of vectors, 0 to 2^32 − 1, 0 by default. Rounds of one seed have numbers of their own, or their errors are not
        independent.
    weights : float, or one for each client, optional
        2^-100 to 2^100. With comm, this rank's.
    total : float, optional
        As MeanAccumulator.mean has it.
    original : arrays, optional
        The vectors that Codes and Files were made of, in order, for nmse.
    comm : communicator of mpi4py, optional
        A collective call: each rank's codes go to all ranks, and all get the same bytes, those that the list of all
        vectors would give. Any object with Get_rank() and allgather(object) will do.
    isa, threads
        As Codec has them.

    Returns
    -------
    MeanResult

    Raises
    ------
    InvalidInput
        A vector or norm without a code, or a mean that float32 cannot hold.
    FileError
        A block that is damaged.
    TypeError, ValueError
        Arguments that do not fit. With comm, whatever is wrong with one rank's arguments raises ValueError on the
        others too, naming that rank; so does, on all ranks, a dimension, scheme, seed, round or total in which they
        disagree.
    """
    scheme = {"bits": bits, "rate": rate, "error": error, "step": step}
    if comm is not None:
        return _mean_of_ranks(clients, comm, scheme, seed, round, weights, total, original, isa, threads)
    if isinstance(clients, (Codes, File)):
        clients = [clients]
    if isinstance(clients, (list, tuple)) and clients and isinstance(clients[0], (Codes, File)):
        given = [name for name, value in [*scheme.items(), ("round", round)] if value is not None]
        if given:
            raise ValueError(f"{', '.join(given)}: the clients are encoded already")
        return _mean_of_codes(clients, seed, weights, total, original, isa, threads)
    if original is not None:
        raise ValueError("original: the clients are the vectors themselves")
    return _mean_of_vectors(
        clients, lambda n: _encoder(n, scheme, seed, isa, threads), round, weights, total, isa, threads
    )


# ---- ranks ----


@dataclass(frozen=True)
class _Message:
    """What a rank sends to all. `agreed` is what must be the same on every rank, by name."""

    agreed: dict[str, Any]
    weight: float
    norm: bytes
    codes: bytes  # packed; of the entropy-coded scheme raw bits and stream
    length: int  # of the stream


def _pack(codes: Codes, agreed: dict[str, Any], weight: float) -> _Message:
    if codes.parameters.step is None:
        return _Message(agreed, weight, codes.norms.tobytes(), codes.codes.tobytes(), 0)
    streams = EntropyCoder(_codec(codes.parameters, "auto", 1)).encode(codes)
    return _Message(agreed, weight, b"", streams.raw.tobytes() + streams.data.tobytes(), int(streams.lengths[0]))


def _unpack(message: _Message, codec: Codec, number: int) -> Codes:
    made = codec.parameters
    flat = np.frombuffer(message.codes, np.uint8)
    if made.step is None:
        return Codes(np.frombuffer(message.norm, np.float32), flat.reshape(1, -1), made, number)
    coder = EntropyCoder(codec)
    lengths = np.array([message.length], np.uint32)
    raw, data = flat[: coder.raw_bytes].reshape(1, -1), flat[coder.raw_bytes :]
    return coder.decode(Streams(made, number, lengths, raw, data))


def _message_of(
    x: Any, rank: int, scheme: dict[str, Any], seed: Any, round: Any, weights: Any, total: Any, isa: str, threads: int
) -> tuple[_Message, Codec]:
    shape = as_array(x, "clients")[0].shape
    if len(shape) != 1:
        raise ValueError(f"clients has shape {shape}; with comm it is this rank's vector, (n,)")
    codec = _encoder(shape[0], scheme, seed, isa, threads)
    number = client_row(rank, 0 if round is None else round)
    total = None if total is None else float(total)
    weight = float(_factors(weights, 1)[0])
    codes = codec.encode(rows(x, codec.dimension, "clients"), number)
    MeanAccumulator(codec.dimension, codec.seed).add(codes, weight)  # refuses what the mean would
    made = codec.parameters
    agreed = {name: getattr(made, name) for name in ("dimension", "bits", "step", "seed")}
    return _pack(codes, {**agreed, "round": number >> 32, "total": total}, weight), codec


def _require_agreement(messages: Sequence[_Message]) -> None:
    for name in messages[0].agreed:
        values = [message.agreed[name] for message in messages]
        for rank, value in enumerate(values):
            if value != values[0]:
                raise ValueError(f"ranks disagree about {name}: {values[0]} on rank 0, {value} on rank {rank}")


def _mean_of_ranks(
    x: Any,
    comm: Any,
    scheme: dict[str, Any],
    seed: Any,
    round: Any,
    weights: Any,
    total: Any,
    original: Any,
    isa: str,
    threads: int,
) -> MeanResult:
    rank = integer(comm.Get_rank(), "rank")
    own: tuple[_Message, Codec] | None = None
    error: Exception | None = None
    try:  # whatever it is, the others wait for this rank's word
        if original is not None:
            raise ValueError("original: the clients are the vectors themselves")
        own = _message_of(x, rank, scheme, seed, round, weights, total, isa, threads)
    except Exception as caught:
        error = caught
    gathered = comm.allgather(own[0] if own is not None else str(error).splitlines()[0] if str(error) else repr(error))
    if error is not None:
        raise error
    assert own is not None
    for number, message in enumerate(gathered):
        if not isinstance(message, _Message):
            raise ValueError(f"rank {number}: {message}")
    _require_agreement(gathered)
    codec = own[1]
    sums = MeanAccumulator(codec.dimension, codec.seed)
    for number, message in enumerate(gathered):
        codes = _unpack(message, codec, client_row(number, 0 if round is None else round))
        sums.add(codes, message.weight, isa=isa, threads=threads)
    sent = sum(len(message.norm) + len(message.codes) for message in gathered)
    return _result(sums, [codec.parameters], sent, sums.mean(total, isa=isa), None)

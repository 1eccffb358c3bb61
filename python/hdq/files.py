"""Files of codes, .hdq (docs/format.md): checksummed block by block, written completely or not at all."""
from __future__ import annotations

import os
from types import TracebackType
from typing import Any

import numpy as np

from hdq import _hdq
from hdq._arrays import count, output, path_bytes, rows, rows32, unsigned
from hdq.codec import Codec, SearchResult, _counted, _indices, _room_for, native_codec
from hdq.codes import Codes, HasParameters, Parameters, row_range, same_bytes

__all__ = ["File", "Writer", "create", "open"]


class File(HasParameters):
    """An open .hdq file. Rows are read as they are asked for, and the checksum of each block that is read is checked.

    Nothing is mapped into memory: a file that changes or shrinks meanwhile raises FileError, and never gives a wrong
    row. Safe to use from several threads. `file[i:j]` are Codes, `len(file)` is the number of rows.

    Parameters
    ----------
    path : str, bytes or os.PathLike

    Raises
    ------
    FileError
        No such file; one that is no .hdq file, or whose header, length, mean or index is damaged.
    """

    def __init__(self, path: str | bytes | os.PathLike) -> None:
        self._path = path
        self._reader: Any = None  # for a constructor that fails
        self._reader = _hdq.FileReader(path_bytes(path))
        header = self._reader
        self._parameters = Parameters(
            header.dimension, header.bits or None, header.step or None, header.seed, header.dither
        )
        self._mean = header.mean
        if self._mean is not None:
            self._mean.flags.writeable = False

    @property
    def path(self) -> str | bytes | os.PathLike:
        """As it was given."""
        return self._path

    @property
    def first_row(self) -> int:
        """The row number of the file's row 0 (SPEC §2)."""
        return self._open().first_row

    @property
    def rows_per_block(self) -> int:
        """Rows that share a checksum."""
        return self._open().rows_per_block

    @property
    def mean(self) -> np.ndarray | None:
        """What was subtracted from each row, and is added in decoding: (dimension,) float32; None of rows that are
        not centred.
        """
        return self._mean

    @property
    def nbytes(self) -> int:
        """The length of the file."""
        return self._open().bytes

    @property
    def closed(self) -> bool:
        """Whether close was called."""
        return self._reader is None

    def codec(self, *, isa: str = "auto", threads: int = 1, shrink: bool = False) -> Codec:
        """The codec of its rows."""
        return Codec.from_parameters(self._parameters, isa=isa, threads=threads, shrink=shrink)

    def decode(
        self, rows: int | slice | None = None, *, codec: Codec | None = None, out: np.ndarray | None = None
    ) -> np.ndarray:
        """Rows of the file, a slice of step 1 or one of them, all by default: (rows, dimension) float32. With a mean,
        it is added.

        codec: file.codec(…) with other threads, or shrinking. out: as Codec.decode has it.

        Raises
        ------
        FileError
            A block that is damaged.
        ValueError, IndexError, TypeError
            Other slices; rows beyond the last; other kinds of index. Another codec.
        """
        reader = self._open()
        begin, end = row_range(rows, len(self), "rows")
        array = output(out, (end - begin, self.dimension), np.float32)
        reader.decode(native_codec(self.codec() if codec is None else codec), begin, array)
        return array

    def codes(self, rows: int | slice | None = None) -> Codes:
        """Codes of rows of the file, with their row numbers, and its mean. Arguments and errors are those of decode."""
        reader = self._open()
        begin, end = row_range(rows, len(self), "rows")
        made = self._parameters
        norms, codes = np.empty(end - begin, np.float32), np.empty((end - begin, *made.code_shape), made.code_dtype)
        reader.codes(begin, norms, codes.view(np.uint8))
        return Codes(norms, codes, made, (self.first_row + begin) % (1 << 64), self._mean)

    def search(
        self,
        queries: Any,
        k: int,
        metric: str = "ip",
        *,
        rows: Any = None,
        filter: bool = True,
        threads: int = 1,
        isa: str = "auto",
        dtype: str | None = None,
    ) -> SearchResult:
        """The k rows nearest to each query, as Codec.search; read block by block. Indices count from the file's row 0.
        With rows, the blocks that hold them alone are read.

        Raises
        ------
        FileError
            A block that is damaged, or holds a bad norm.
        InvalidInput, TypeError, ValueError, IndexError
            As Codec.search.
        """
        reader = self._open()
        asked = rows32(queries, self.dimension, "queries", dtype)
        some = None if rows is None else _indices(rows, len(self))
        result = _room_for(len(asked), k, len(self) if some is None else len(some))
        native = native_codec(self.codec(isa=isa, threads=threads))
        done = reader.search(native, asked, str(metric), some, result.indices.shape[1], bool(filter), *result)
        return _counted(result, *done)

    def verify(self) -> None:
        """Reads all of the file and checks every checksum, and of an entropy-coded file every stream. FileError names
        the first bad block.
        """
        self._open().verify()

    def close(self) -> None:
        """Closes the file. A second time does nothing."""
        self._reader = None

    def _open(self) -> Any:
        if self._reader is None:
            raise ValueError(f"{os.fsdecode(self._path)}: the file is closed")
        return self._reader

    def __len__(self) -> int:
        return self._open().rows

    def __getitem__(self, index: int | slice) -> Codes:
        return self.codes(index)

    def __enter__(self) -> File:
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        name = os.fsdecode(self._path)
        if self.closed:
            return f"<hdq.File {name!r}, closed>"
        size = f"bits={self.bits}" if self.step is None else f"step={self.step!r}"
        centred = "" if self._mean is None else ", centred"
        shared = "" if self.dither == "row" else f", dither={self.dither!r}"
        numbers = f"seed={self.seed}{shared}, first_row={self.first_row}"
        return f"<hdq.File {name!r}: {len(self)} rows of {self.dimension}, {size}, {numbers}{centred}>"


def open(path: str | bytes | os.PathLike) -> File:
    """Opens an .hdq file: `with hdq.open(path) as file: …`. See File."""
    return File(path)


class Writer:
    """Writes an .hdq file, batch after batch. As a context manager it commits where the block ends without an
    exception.

    Until then, and after any failure, nothing has the name, or what had it before has it still. hdq.create makes
    writers.
    """

    def __init__(
        self, path: str | bytes | os.PathLike, codec: Codec, rows: int | None, first_row: int, mean: Any
    ) -> None:
        self._path, self._codec, self._native = path, codec, native_codec(codec)
        self._first_row = unsigned(first_row, "first_row")
        self._mean = None if mean is None else codec._mean(mean)
        self._expected, self._written = rows, 0
        self._parts: list[Codes] = []
        self._done = False
        self._writer = None if rows is None else self._create(count(rows, "rows", (1 << 63) - 1))

    @property
    def codec(self) -> Codec:
        """What rows are encoded with."""
        return self._codec

    @property
    def first_row(self) -> int:
        """The row number of the file's row 0."""
        return self._first_row

    @property
    def rows_written(self) -> int:
        """Rows given so far."""
        return self._written

    def append(self, x: Any, *, dtype: str | None = None) -> None:
        """The next rows: numbers, as Codec.encode takes them, or Codes with the parameters, mean and row numbers that
        they have in the file.

        Raises
        ------
        InvalidInput, TypeError, ValueError
            As Codec.encode; Codes that are not the next of this file. The file is not written then.
        FileError
            More rows than `rows`; a disk that is full.
        """
        if self._done:
            raise ValueError(f"{os.fsdecode(self._path)}: the writer is closed")
        try:
            self._written += self._append_codes(x) if isinstance(x, Codes) else self._append_rows(x, dtype)
        except BaseException:
            self.discard()
            raise

    def _append_rows(self, x: Any, dtype: str | None) -> int:
        array = rows(x, self._codec.dimension, "x", dtype)
        if self._writer is not None:
            self._writer.encode(self._native, array)
        else:
            part = self._codec.encode(
                array, self._next, dtype="bfloat16" if array.dtype == np.uint16 else None, mean=self._mean
            )
            self._parts.append(part)
        return len(array)

    def _append_codes(self, codes: Codes) -> int:
        native = self._codec._native_codes(codes)
        if not same_bytes(codes.mean, self._mean):
            raise ValueError("codes that were centred by another mean than the file's")
        if codes.first_row != self._next and len(codes) > 0:
            raise ValueError(f"codes of row number {codes.first_row}, where {self._next} is next")
        if self._writer is not None:
            self._writer.append(*native)
        else:
            self._parts.append(codes)
        return len(codes)

    @property
    def _next(self) -> int:
        return (self._first_row + self._written) % (1 << 64)

    def _create(self, length: int) -> Any:
        return _hdq.FileWriter(path_bytes(self._path), self._native, length, self._first_row, self._mean)

    def commit(self) -> None:
        """Gives the file its name, complete and flushed to disk.

        Raises
        ------
        FileError
            Fewer rows than `rows`; a path that cannot be written.
        ValueError
            A writer that is closed.
        """
        if self._done:
            raise ValueError(f"{os.fsdecode(self._path)}: the writer is closed")
        try:
            if self._writer is None:
                self._writer = self._create(self._written)
                for part in self._parts:
                    self._writer.append(part.norms, part.codes.view(np.uint8), part.first_row)
            self._writer.commit()
        finally:
            self.discard()

    def discard(self) -> None:
        """Forgets what was written. A second time, and after commit, does nothing."""
        self._done, self._writer, self._parts = True, None, []

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.discard()
        elif not self._done:
            self.commit()


def create(
    path: str | bytes | os.PathLike, codec: Codec, rows: int | None = None, *, first_row: int = 0, mean: Any = None
) -> Writer:
    """A writer of an .hdq file: `with hdq.create(path, codec, rows) as writer: writer.append(x)`.

    Parameters
    ----------
    path : str, bytes or os.PathLike
        What has the name is replaced when all is written.
    codec : Codec
        Encodes the rows.
    rows : int, optional
        How many there will be: batches then go to the file as they come. None: it is not known, and all codes are
        kept in memory until the end.
    first_row : int
        The row number of the file's row 0, 0 to 2^64 − 1.
    mean : (dimension,) float32, optional
        Is subtracted from each row, and stored for decoding to add (SPEC §4, "Centring").

    Raises
    ------
    FileError
        A path that cannot be written.
    TypeError, ValueError
        Other kinds of argument; a mean that is not finite, numbers out of range.
    """
    return Writer(path, codec, rows, first_row, mean)


def save(path: str | bytes | os.PathLike, codes: Codes) -> None:
    """Codes.save."""
    codec = Codec.from_parameters(codes.parameters)
    with Writer(path, codec, len(codes), codes.first_row, codes.mean) as writer:
        writer.append(codes)

"""A kernel of Python functions as the validator calls it: in this process, or in a fork that speaks the pipe protocol.

The functions and their arguments are those of hdq_kernel.h; what an operation reads and writes is said there.
"""
from __future__ import annotations

import faulthandler
import functools
import inspect
import json
import os
import struct
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np

__all__ = ["BadInput", "Config", "Kernel", "Unsupported", "serve"]


class Unsupported(Exception):
    """Raised by a kernel: this dimension, bit width, seed or variant is not offered. It is skipped, and listed."""


class BadInput(ValueError):
    """Raised by a kernel: NaN or infinity in its input, or a norm that float32 cannot hold.

    Parameters
    ----------
    row : int
        The first bad row, counted from the first row of the call.
    column : int, optional
        Its first bad column; None for a norm that float32 cannot hold.
    """

    def __init__(self, row: int, column: int | None = None) -> None:
        where = f"row {row}" if column is None else f"row {row}, column {column}"
        super().__init__(where)
        self.row, self.column = row, column


class Config:
    """What a call is for. `n`, `d` and `b` are short for `dimension`, `order` and `bits`."""

    __slots__ = (
        "dimension",
        "order",
        "seed",
        "bits",
        "threads",
        "variant",
        "step",
        "first_row",
        "rows",
        "count",
        "word",
    )

    def __init__(
        self,
        dimension: int,
        order: int,
        seed: int,
        bits: int,
        threads: int = 1,
        variant: int = 0,
        step: float = 0.0,
        first_row: int = 0,
        rows: int = 0,
        count: int = 0,
        word: int = 0,
    ) -> None:
        self.dimension = dimension  #: n, coordinates of x
        self.order = order  #: d, the smallest Hadamard order >= n (SPEC §1), or a profile's rotated length
        self.seed = seed
        self.bits = bits  #: b; 0 where there is a step
        self.threads = threads  #: how many to use; the result may not depend on it
        self.variant = variant  #: which code path; the result may not depend on it
        self.step = step  #: of the entropy-coded scheme (SPEC §7); 0 elsewhere
        self.first_row = first_row  #: row i of the call has row number first_row + i
        self.rows = rows
        self.count = count
        self.word = word  #: of the dither (SPEC §2)

    n = property(lambda self: self.dimension)
    d = property(lambda self: self.order)
    b = property(lambda self: self.bits)

    def __repr__(self) -> str:
        return f"Config({', '.join(f'{name}={getattr(self, name)}' for name in self.__slots__)})"


# Operation: the number of SPEC's pipe protocol, the name of the function, its inputs, the types of its outputs.
_FLOAT, _DOUBLE, _BYTE = np.dtype("<f4"), np.dtype("<f8"), np.dtype("u1")
_SHORT: np.dtype[Any] = np.dtype("<i2")
_LONG: np.dtype[Any] = np.dtype("<i4")
_CODES = None  # bytes, or int16 and int32 of the entropy-coded scheme
_OPERATIONS: dict[int, tuple[str, tuple[str, ...], tuple[np.dtype | None, ...]]] = {
    1: ("signs", (), (np.dtype("i1"),)),
    2: ("dither", (), (np.dtype("<u4"),)),
    3: ("thresholds", (), (_DOUBLE,)),
    4: ("codewords", (), (_DOUBLE,)),
    5: ("transform", ("x",), (_FLOAT,)),
    6: ("transform_transposed", ("y",), (_FLOAT,)),
    7: ("code_bytes", (), (np.dtype("<u8"),)),
    8: ("encode", ("x",), (_FLOAT, _CODES)),
    9: ("decode", ("norms", "codes"), (_FLOAT,)),
    10: ("pack", ("codes",), (_BYTE,)),
    11: ("unpack", ("packed",), (_BYTE,)),
    12: ("dot", ("norms", "codes", "query"), (_FLOAT,)),
    13: ("reconstruct", ("x",), (_FLOAT,)),
    14: ("save", ("norms", "codes"), (_BYTE,)),
    15: ("load", ("file",), (_FLOAT, _CODES)),
    16: ("error_constant", (), (_DOUBLE,)),
    17: ("data", ("name",), (_DOUBLE,)),
    18: ("coding", (), (np.dtype("<u4"),)),
    19: ("frequencies", (), (np.dtype("<u4"),)),
    20: ("put_row", ("norm", "codes"), (_BYTE, _BYTE)),
    21: ("get_row", ("raw", "stream"), (_FLOAT, _CODES)),
}
_OTHER_NAMES = {"transform_transposed": ("inverse_transform",)}
_INPUT_NAMES = {
    "query": ("query", "q"),
    "packed": ("packed", "bytes"),
    "norm": ("norm", "norms"),
    "stream": ("stream", "bytes"),
}
_CONFIG_NAMES = {
    **{name: name for name in Config.__slots__},
    "n": "dimension",
    "d": "order",
    "b": "bits",
    "row": "first_row",
}
_CODED_ONLY, _FIXED_ONLY = {18, 19, 20, 21}, {3, 4, 7, 10, 11, 16, 17}
_OK, _UNSUPPORTED, _BAD_INPUT, _FAILED = range(4)
_NO_COLUMN = 2**64 - 1


_ConfigFields = tuple[int, int, int, int, int, int, float]  # dimension to step


class _Wrong(Exception):
    """What a function returned is none of what its operation returns."""


def _function(kernel: object, name: str) -> Callable[..., Any] | None:
    for known in (name, *_OTHER_NAMES.get(name, ())):
        if isinstance(kernel, Mapping):
            found = kernel.get(known, kernel.get(known.replace("_", "-")))
        else:
            found = getattr(kernel, known, None)
        if callable(found):
            return found
    return None


def _arguments(function: Callable[..., Any], operation: str, inputs: tuple[str, ...]) -> list[tuple[str, bool, str]]:
    """Of each argument that the function names: its name, whether it is positional-only, and what it is given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise TypeError(
            f"{operation}: Python does not tell its arguments; wrap it in a function that names them"
        ) from None
    own = {alias: name for name in inputs for alias in _INPUT_NAMES.get(name, (name,))}
    given = []
    for p in parameters:
        if p.kind is p.VAR_POSITIONAL or p.kind is p.VAR_KEYWORD:
            continue
        if p.name in own:
            given.append((p.name, p.kind is p.POSITIONAL_ONLY, own[p.name]))
        elif p.name in _CONFIG_NAMES:
            given.append((p.name, p.kind is p.POSITIONAL_ONLY, _CONFIG_NAMES[p.name]))
        elif p.name in ("config", "call"):
            given.append((p.name, p.kind is p.POSITIONAL_ONLY, "config"))
        elif p.default is p.empty:
            known = ", ".join(
                dict.fromkeys(
                    [
                        *own,
                        "dimension (n)",
                        "order (d)",
                        "bits (b)",
                        "seed",
                        "first_row",
                        "rows",
                        "count",
                        "word",
                        "config",
                    ]
                )
            )
            raise TypeError(
                f"{operation}: there is no argument {p.name!r} for it; it may name {known}. "
                "A function that is none of a kernel's: pass a dict of those that are"
            )
    return given


def _readers(arrays: str | Callable[[np.ndarray], Any], device: Any) -> Callable[[np.ndarray], Any]:
    """What hands an array to the kernel."""
    if callable(arrays):
        return arrays
    if arrays == "numpy":
        return lambda array: array
    if arrays == "torch":
        import torch  # only where it is asked for

        if device is None:
            return torch.from_numpy
        return lambda array: torch.from_numpy(array).to(device)
    raise ValueError(f"arrays is 'numpy', 'torch' or a function of an array, not {arrays!r}")


def to_numpy(value: Any) -> np.ndarray:
    """An array in the memory of this process, of the same numbers."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return np.frombuffer(value, np.uint8)
    if value is None:
        raise _Wrong("returned None")
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # torch
        tensor = value.detach().cpu()
        return (tensor.float() if "bfloat16" in str(tensor.dtype) else tensor).numpy()
    if hasattr(value, "get") and hasattr(value, "__cuda_array_interface__"):  # cupy
        return np.asarray(value.get())
    if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
        return np.from_dlpack(value)
    return np.asarray(value)


def _fitting(value: object, kind: np.dtype, shape: tuple[int, ...], what: str) -> np.ndarray:
    """As contiguous numbers of this type. Floats are rounded; integers must be what they were. Raises _Wrong."""
    array = to_numpy(value)
    if array.shape != shape:
        size = int(np.prod(shape, dtype=np.int64))
        # One row after the other; of a list of numbers no more is asked.
        same = array.size == size and (
            len(shape) == 1
            or array.ndim == 1
            or array.shape[:1] == shape[:1]
            or [s for s in array.shape if s != 1] == [s for s in shape if s != 1]
        )
        if not same:
            raise _Wrong(f"returned {what} of shape {array.shape}, not {shape}")
    if array.dtype != kind:
        if array.dtype.kind not in "bifu":
            raise _Wrong(f"returned {what} of type {array.dtype}, not {kind}")
        with np.errstate(all="ignore"):
            converted = array.astype(kind)
            if kind.kind in "iu" and not np.array_equal(converted, array):
                raise _Wrong(f"returned {what} of type {array.dtype} that {kind} cannot hold")
        array = converted
    return np.ascontiguousarray(array)


class Kernel:
    """The functions of a kernel, ready to be called.

    Parameters
    ----------
    kernel : object, module, mapping or class
        Where the functions are; of a class, an instance is made for each process.
    info : dict
        What the pipe protocol's operation 0 says, but for the operations.
    stored_per_row : function of n and b
        How many numbers encode stores of a row.
    """

    def __init__(
        self,
        kernel: object,
        info: dict[str, Any],
        stored_per_row: Callable[[int, int], int] = lambda n, b: 1,
        arrays: str | Callable[[np.ndarray], Any] = "numpy",
        device: Any = None,
        entropy_coded: bool = False,
    ) -> None:
        self._given, self._info, self._entropy_coded = kernel, dict(info), entropy_coded
        self._stored_per_row = functools.lru_cache(maxsize=None)(stored_per_row)
        self._reader = _readers(arrays, device)
        self.renew()
        operations = [self._name(number) for number in self._plans]
        if not operations:
            names = ", ".join(name for name, _, _ in _OPERATIONS.values())
            raise TypeError(f"the kernel has none of the functions {names}")
        self._info["operations"] = operations

    @staticmethod
    def _name(number: int) -> str:
        return _OPERATIONS[number][0].replace("_", "-")

    def renew(self) -> None:
        """From here on the functions are those of a kernel that was not called before, if it was given as a class."""
        kernel = self._given() if isinstance(self._given, type) else self._given
        self._plans = {}
        for number, (name, inputs, outputs) in _OPERATIONS.items():
            if number in (_FIXED_ONLY if self._entropy_coded else _CODED_ONLY):
                continue
            function = _function(kernel, name)
            if function is not None:
                self._plans[number] = (function, _arguments(function, name, inputs), inputs, outputs)

    def info(self) -> str:
        return json.dumps(self._info)

    # ---- inputs ----

    def split(self, number: int, config: _ConfigFields, rows: int, body: bytes) -> list[bytes]:
        """The inputs of a call, which lie one after the other."""
        n, d, _, bits, _, _, step = config
        if number in (9, 12, 14):
            norms, query = 4 * rows * self._stored_per_row(n, bits), len(body) - 4 * n * (number == 12)
            return [body[:norms], body[norms:query], *([body[query:]] if number == 12 else [])]
        if number == 20:
            return [body[:4], body[4:]]
        if number == 21:
            raw_bits = 0
            while step * 2**raw_bits <= 0.125:
                raw_bits += 1
            raw = (d * raw_bits + 7) // 8
            return [body[:raw], body[raw:]]
        return [body] if _OPERATIONS[number][1] else []

    def _norms_shape(self, config: Config) -> tuple[int, ...]:
        each = self._stored_per_row(config.dimension, config.bits)
        return (config.rows,) if each == 1 else (config.rows, each)

    def _codes_type(self, config: Config) -> np.dtype[Any]:
        if config.step == 0:
            return _BYTE
        return _SHORT if config.order <= (32766 * config.step) ** 2 else _LONG

    def _codes(self, config: Config, data: np.ndarray) -> np.ndarray:
        codes = data.view(self._codes_type(config))
        return codes.reshape(config.rows, codes.size // config.rows if config.rows else 0)

    def _inputs(self, number: int, config: Config, data: list[np.ndarray]) -> dict[str, Any]:
        read = self._reader
        if number in (5, 8, 13):
            return {"x": read(data[0].view(_FLOAT).reshape(config.rows, config.dimension))}
        if number == 6:
            return {"y": read(data[0].view(_FLOAT).reshape(config.rows, config.order))}
        if number in (9, 12, 14):
            norms = data[0].view(_FLOAT)
            inputs = {
                "norms": read(norms.reshape(self._norms_shape(config))),
                "codes": read(self._codes(config, data[1])),
            }
            return {**inputs, "query": read(data[2].view(_FLOAT))} if number == 12 else inputs
        if number == 17:
            return {"name": data[0].tobytes().rstrip(b"\0").decode()}
        if number == 20:
            return {"norm": float(data[0].view(_FLOAT)[0]), "codes": read(data[1].view(self._codes_type(config)))}
        if number in (15, 21):
            return dict(zip(_OPERATIONS[number][1], data, strict=True))
        return {name: read(array) for name, array in zip(_OPERATIONS[number][1], data, strict=True)}

    # ---- outputs ----

    def _shape(self, number: int, config: Config, size: int, index: int) -> tuple[int, ...]:
        """Of an output of so many numbers."""
        if number in (5, 6, 9, 13) or (number in (8, 15) and index == 1):
            return (config.rows, size // config.rows if config.rows else 0)
        if number in (8, 15):
            return self._norms_shape(config)
        return (size,)

    def _outputs(
        self, number: int, config: Config, result: object, output_bytes: list[int], kinds: tuple[np.dtype | None, ...]
    ) -> list[np.ndarray]:
        results: tuple[Any, ...] = (
            (result,) if len(kinds) == 1 else tuple(result) if isinstance(result, (tuple, list)) else ()
        )
        if len(results) != len(kinds):
            raise _Wrong(f"returned no tuple of {len(kinds)} arrays")
        outputs = []
        for index, (one, kind, size) in enumerate(zip(results, kinds, output_bytes, strict=True)):
            what = "an array" if len(kinds) == 1 else f"output {index}"
            kind = kind or self._codes_type(config)
            if number == 14 or (number == 20 and index == 1):  # their length is the kernel's
                array = to_numpy(one)
                if array.size > size:
                    raise _Wrong(f"returned {array.size} bytes, {size} is the most")
                outputs.append(_fitting(array.reshape(-1), kind, (array.size,), what))
            else:
                outputs.append(_fitting(one, kind, self._shape(number, config, size // kind.itemsize, index), what))
        return outputs

    # ---- a call ----

    def answer(
        self,
        number: int,
        config: _ConfigFields,
        first_row: int,
        rows: int,
        count: int,
        word: int,
        inputs: list[bytes],
        output_bytes: list[int],
    ) -> tuple[int, int, int, str, list[np.ndarray]]:
        """(status, row, column, message, outputs), as the pipe protocol has them."""
        function, arguments, _, kinds = self._plans[number]
        c = Config(*config, first_row, rows, count, word)
        # Copies: what is kept of them, or written to them, is the kernel's.
        copies = [np.frombuffer(bytearray(data), np.uint8) for data in inputs]
        try:
            values = self._inputs(number, c, copies)
            positional, named = [], {}
            for parameter, by_position, source in arguments:
                value = c if source == "config" else values[source] if source in values else getattr(c, source)
                if by_position:
                    positional.append(value)
                else:
                    named[parameter] = value
            outputs = self._outputs(number, c, function(*positional, **named), output_bytes, kinds)
        except Unsupported as error:
            return _UNSUPPORTED, 0, 0, str(error), []
        except _Wrong as error:
            return _FAILED, 0, 0, f"it {error}", []
        except (Exception, SystemExit) as error:
            if isinstance(error, ValueError) and hasattr(error, "row"):
                column = getattr(error, "column", None)
                return _BAD_INPUT, int(error.row), _NO_COLUMN if column is None else int(column), "", []
            return _FAILED, 0, 0, last_line(error), []
        for data, copy, which in zip(inputs, copies, _OPERATIONS[number][1], strict=True):
            if copy.data != data:
                return _FAILED, 0, 0, f"modified its input {which}", []
        return _OK, 0, 0, "", outputs


def last_line(error: BaseException) -> str:
    """The end of a traceback in one line: "ValueError: … (kernel.py:12)"."""
    text = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()[-1]
    frames = traceback.extract_tb(error.__traceback__)
    own = os.path.dirname(os.path.abspath(__file__))
    outside = [f for f in frames if not os.path.abspath(f.filename).startswith(own)]
    if not outside:
        return text
    # The end of what is the caller's: numpy's and torch's own frames tell less.
    theirs = [
        f
        for f in outside
        if "site-packages" not in f.filename and "dist-packages" not in f.filename and "<__array" not in f.filename
    ] or outside
    return f"{text} ({os.path.basename(theirs[-1].filename)}:{theirs[-1].lineno})"


# ---- the other end of two pipes ----

_HEADER, _REPLY = struct.Struct("<8s15Q"), struct.Struct("<8s4Q")
_FLOAT_OF_WORD = struct.Struct("<f")


def serve(kernel: Kernel) -> NoReturn:
    """Answers calls of the pipe protocol on standard input until it ends, and ends the process."""
    try:
        _answer_calls(kernel)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def _answer_calls(kernel: Kernel) -> None:
    if faulthandler.is_enabled():
        faulthandler.disable()  # it writes to a descriptor that is another file's here
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)  # its threads were not forked
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what the kernel prints is none of the protocol
    sys.stdin, sys.stdout, sys.stderr = open(os.devnull), open(1, "w", closefd=False), open(2, "w", closefd=False)
    while len(header := source.read(_HEADER.size)) == _HEADER.size:
        (
            _,
            number,
            n,
            d,
            seed,
            bits,
            threads,
            variant,
            first_row,
            rows,
            count,
            word,
            out0,
            out1,
            size,
            step,
        ) = _HEADER.unpack(header)
        body = source.read(size)
        answer: tuple[int, int, int, str, list[Any]] = (_OK, 0, 0, "", [kernel.info().encode()])
        if number != 0:
            (step,) = _FLOAT_OF_WORD.unpack(step.to_bytes(4, "little"))
            config = (n, d, seed, bits, threads, variant, step)
            sizes = [out0, out1][: len(_OPERATIONS[number][2])]
            answer = kernel.answer(
                number, config, first_row, rows, count, word, kernel.split(number, config, rows, body), sizes
            )
        status, row, column, message, outputs = answer
        if status != _OK:
            outputs = [message.encode("ascii", "replace")[:4096]]
        sink.write(_REPLY.pack(b"HDQREPLY", status, row, column, sum(memoryview(o).nbytes for o in outputs)))
        for output in outputs:
            sink.write(memoryview(output).cast("B") if memoryview(output).nbytes else b"")
        sink.flush()

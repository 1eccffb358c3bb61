"""Judge a kernel: which stage is wrong, where first, and why (docs/validate.md, docs/python.md)."""
from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hdq import _hdq
from hdq._kernel import BadInput, Config, Kernel, Unsupported
from hdq._report import Check, Divergence, Finding, Report

__all__ = [
    "BadInput",
    "Check",
    "Config",
    "Divergence",
    "Finding",
    "Report",
    "Unsupported",
    "assert_valid",
    "profile_text",
    "validate",
]

_LEVELS = ("quick", "default", "thorough")
_PROMISES = ("own-scheme", "conformant", "bit-exact")
_SCHEMES = ("fixed-rate", "entropy-coded")
_FRAMEWORKS = ("torch", "jax", "cupy", "numba", "tensorflow")  # with threads or devices that a fork does not have
_OPENMP = ("libgomp", "libiomp", "libomp")


def validate(
    kernel: object,
    profile: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    *,
    level: str = "default",
    only: str | Iterable[str] = (),
    skip: str | Iterable[str] = (),
    seed: int | None = None,
    bits: int | Iterable[int] | None = None,
    dimensions: int | Iterable[int] = (),
    claim: str | Mapping[int, float] | None = None,
    promise: str | None = None,
    isolate: bool | None = None,
    time_limit: float = 10.0,
    arrays: str | Callable[[np.ndarray], Any] = "numpy",
    device: Any = None,
    name: str | None = None,
    save_failing: str | os.PathLike[str] | None = None,
    input: Any = None,
    row: int = 0,
    step: float | None = None,
    steps: Iterable[float] = (),
    scheme: str | None = None,
    variants: int = 1,
    variant: int = 0,
    max_dimension: int | None = None,
    fail_fast: bool = False,
    seconds: float | None = None,
    start_limit: float = 30.0,
    memory_limit: float | None = None,
) -> Report:
    """Judge a kernel by what it offers.

    Parameters
    ----------
    kernel : object, module, mapping, class, path or list of str
        Functions named as in hdq_kernel.h: `signs`, `dither`, `thresholds`, `codewords`, `transform`,
        `transform_transposed` (or `inverse_transform`), `code_bytes`, `encode`, `decode`, `pack`, `unpack`, `dot`,
        `reconstruct`, `save`, `load`, `error_constant`, `data`, `coding`, `frequencies`, `put_row`, `get_row`. What is
        missing is not judged. Each gets the arguments that it names: its inputs (x, y, norms, codes, query or q,
        packed, file, name, norm, raw, stream), first_row, rows, count, word, dimension or n, order or d, seed, bits or
        b, step, threads, variant, or config, which has them all. Rows are arrays of shape (rows, n), (rows, d), (rows,
        code bytes); norms of (rows,), or (rows, k) where a profile stores k numbers of each row. It returns an array,
        or a tuple of them where there are two outputs, of numpy, torch or any other library. Floats are rounded to
        float32; integers must be what the operation's type holds; a wrong shape is a finding. `Unsupported` and
        `BadInput` are its answers to what it does not offer, and to NaN and infinity (as is any ValueError with row
        and column); every other exception is a finding. Of a class, an instance is made for each process. A path is
        that of a plug-in, a list of words a program behind a pipe.
    profile : str, path or dict, optional
        The conventions that it is judged by: a shipped profile's name, a JSON file, or what that would hold
        (docs/profiles.md).
    level : {"quick", "default", "thorough"}
    only, skip : str or list of str
        Names of checks.
    seed : int, optional
        Of the inputs that checks make up; with `input`, the kernel's seed.
    bits : int or list of int, optional
        Bit widths that the kernel offers; with `input`, the one that it is judged at.
    dimensions : int or list of int
        To audit, instead of some that the kernel offers.
    claim : {"unbiased", "error"} or dict, optional
        What a scheme of its own is held to; a dict of bounds by bit width: E‖x̂ − x‖² <= claim[b]·‖x‖².
    promise : {"own-scheme", "conformant", "bit-exact"}, optional
        "conformant" and "bit-exact" are for implementations of SPEC §1 to §4, and of §7.
    isolate : bool, optional
        True: calls happen in forks of this process, where crashes and hangs are findings, and prints are not shown.
        False: in this process, which a crash ends. Unless given, forks are used where they are safe: not beside
        frameworks with threads or devices that a fork does not have (torch, JAX, OpenMP, CUDA), of which the report
        has a remark.
    time_limit, start_limit : float
        Seconds for a call, and to start. In this process a call is not interrupted, but reported when it returns.
    memory_limit : float, optional
        GiB that a kernel may take, in a fork beside what this process has; half of the machine's unless given.
    arrays : {"numpy", "torch"} or function, optional
        What the kernel gets; a function makes it of a numpy array.
    device : optional
        Of torch.
    name : str, optional
        For the report.
    save_failing : path, optional
        A directory for failing inputs (.npy). Unless given nothing is written; findings have them as `input`.
    input : array of shape (rows, n), optional
        Rows to judge, at `bits` (or `step`) and `seed`, the first of row number `row`, instead of made-up ones.
    step, steps, scheme
        Of the entropy-coded scheme (SPEC §7): with `input`; those that are offered; "entropy-coded".
    variants, variant : int
        Code paths that the kernel has, and the one that is judged; the others must agree with it.
    max_dimension : int, optional
        The largest that the kernel offers.
    fail_fast : bool
        Stop after the first check that finds something.
    seconds : float, optional
        For the audit.

    Returns
    -------
    Report
        True if the kernel is valid.

    Raises
    ------
    ValueError, TypeError
        For arguments that are none, a profile that is none, and what is no kernel.
    """
    text, argument = (
        ("", "") if profile is None else (profile_text(profile), profile if isinstance(profile, str) else "")
    )
    _one_of("level", level, _LEVELS)
    if scheme is not None:
        _one_of("scheme", scheme, _SCHEMES)
    widths = _widths(bits)
    given = {
        "level": level,
        "only": _names(only),
        "skip": _names(skip),
        "variant": variant,
        "fail_fast": fail_fast,
        "seconds": seconds,
        "save_failing": _directory(save_failing),
        "profile": text,
        "profile_argument": argument,
        "scheme": scheme or "",
        "dimensions": [int(n) for n in _several(dimensions)],
        "claim": claim if isinstance(claim, str) else "",
        "time_limit": float(time_limit),
        "start_limit": float(start_limit),
        "memory_limit": None if memory_limit is None else float(memory_limit),
        "remarks": [],
        "replay": "",
        "replay_without_input": "",
        "random_seed": 1 if seed is None or input is not None else int(seed),
        **_case(input, widths, step, seed, row),
    }
    if isinstance(claim, str):
        _one_of("claim", claim, ("unbiased", "error"))
    kind, words = _carrier(kernel)
    if kind is not None:
        if promise is not None or name is not None or (widths and input is None) or isinstance(claim, Mapping):
            raise ValueError(
                "a plug-in or program says itself what it promises, claims and is called, and which bits it offers"
            )
        return _report(kind, None, words, given)
    info = _info(kernel, name, promise, widths if input is None else [], claim, steps, scheme, variants, max_dimension)
    stored = (lambda n, b: 1) if not text else lambda n, b: _hdq.stored_per_row(text, n, b)
    judged = Kernel(kernel, info, stored, arrays, device, scheme == "entropy-coded")
    forks, remark = _forks(isolate, device)
    given["remarks"] = [remark] if remark else []
    options = {
        "profile": _shown_profile(profile),
        "level": level if level != "default" else None,
        "promise": promise,
        "claim": claim,
        "scheme": scheme,
        "arrays": arrays if arrays != "numpy" else None,
        "device": device,
        "dimensions": given["dimensions"] or None,
        "isolate": isolate,
    }
    shown = "".join(f", {key}={_shown(value)}" for key, value in options.items() if value is not None)
    given["replay"] = f"hdq.validate(kernel{shown}"
    given["replay_without_input"] = f"{f', bits={widths}' if widths else ''}, seed={given['random_seed']}"
    return _report("in forks" if forks else "in process", judged, [], given)


def assert_valid(
    kernel: object, profile: str | os.PathLike[str] | Mapping[str, Any] | None = None, **options: Any
) -> Report:
    """`validate`, for tests.

    Returns
    -------
    Report
        Of a valid kernel.

    Raises
    ------
    AssertionError
        With the first finding in full, and how many more there are; or why nothing was judged.
    """
    report = validate(kernel, profile, **options)
    if report:
        return report
    error = AssertionError(report.summary())
    error.report = report  # type: ignore[attr-defined]  # of hdq.testing's pytest plugin
    raise error


def profile_text(profile: str | os.PathLike[str] | Mapping[str, Any]) -> str:
    """The JSON of a profile: a shipped one's name, a file, JSON, or a dict.

    Raises
    ------
    ValueError
        For a name that is none, or text that is no profile.
    OSError
        For a file that cannot be read.
    """
    if isinstance(profile, Mapping):
        text = json.dumps(profile)
    elif isinstance(profile, str) and profile.lstrip().startswith("{"):
        text = profile
    elif isinstance(profile, str) and profile in (shipped := _hdq.shipped_profiles()):
        return shipped[profile]
    elif isinstance(profile, os.PathLike) or os.sep in str(profile) or os.path.exists(profile):
        text = Path(profile).read_text(encoding="utf-8")
    else:
        raise ValueError(
            f"{profile!r} is neither a shipped profile nor a file; shipped are {', '.join(sorted(shipped))}"
        )
    _hdq.stored_per_row(text, 8, 1)  # is it one?
    return text


# ---- arguments ----


def _one_of(what: str, value: object, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"{what} is one of {', '.join(known)}, not {value!r}")


def _several(value: Any) -> list[Any]:
    return [value] if isinstance(value, (int, np.integer)) else list(value)


def _names(names: str | Iterable[str]) -> list[str]:
    listed = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    known = _hdq.check_names()
    for name in listed:
        if name not in known:
            raise ValueError(f"there is no check {name!r}; the checks are {', '.join(known)}")
    return listed


def _widths(bits: int | Iterable[int] | None) -> list[int]:
    widths = [] if bits is None else [int(b) for b in _several(bits)]
    for b in widths:
        if not 1 <= b <= 8:
            raise ValueError(f"bits are 1 to 8, not {b}")
    return widths


def _directory(path: str | os.PathLike[str] | None) -> str:
    if path is None:
        return ""
    if not os.path.isdir(path):
        raise NotADirectoryError(f"save_failing: there is no directory {os.fspath(path)!r}")
    return os.fspath(path)


def _case(input: Any, widths: list[int], step: float | None, seed: int | None, row: int) -> dict[str, Any]:
    if input is None:
        if step is not None or row:
            raise ValueError("step and row go with input")
        return {"input": None, "bits": 1, "step": 0.0, "seed": 0, "row": 0}
    if (len(widths) != 1) == (step is None):
        raise ValueError("input needs one number of bits, or a step, that the kernel is judged at")
    x = np.ascontiguousarray(input, np.float32)
    x = x.reshape(1, -1) if x.ndim == 1 else x
    if x.ndim != 2 or x.size == 0:
        raise ValueError(f"input has shape (rows, n), not {np.shape(input)}")
    return {
        "input": x,
        "bits": widths[0] if widths else 1,
        "step": float(step or 0),
        "seed": int(seed or 0),
        "row": int(row),
    }


def _carrier(kernel: object) -> tuple[str | None, list[str]]:
    """("plug-in" or "program", its words), or (None, []) for an object with functions."""
    if isinstance(kernel, (str, os.PathLike)):
        path = os.fspath(kernel)
        if not (path.endswith((".so", ".dylib")) or ".so." in path):
            raise ValueError(f"{path!r} is no shared object; a program is given as a list of words")
        return "plug-in", [path]
    if isinstance(kernel, (list, tuple)):
        if not kernel or not all(isinstance(word, (str, os.PathLike)) for word in kernel):
            raise TypeError("a program is given as a list of words")
        return "program", [os.fspath(word) for word in kernel]
    return None, []


def _info(
    kernel: object,
    name: str | None,
    promise: str | None,
    widths: list[int],
    claim: object,
    steps: Iterable[float],
    scheme: str | None,
    variants: int,
    max_dimension: int | None,
) -> dict[str, Any]:
    """What the pipe protocol's operation 0 says."""
    promise = promise or "own-scheme"
    _one_of("promise", promise, _PROMISES)
    named = (
        name
        or getattr(kernel, "__name__", None)
        or ("kernel" if isinstance(kernel, Mapping) else type(kernel).__name__)
    )
    info: dict[str, Any] = {"name": str(named), "promise": promise, "variants": int(variants)}
    if widths:
        info["bits"] = widths
    if max_dimension is not None:
        info["max_dimension"] = int(max_dimension)
    if scheme == "entropy-coded":
        info["schemes"] = [scheme]
    if steps := [float(s) for s in steps]:
        info["steps"] = steps
    if isinstance(claim, Mapping):
        info["claimed_error"] = {str(b): float(error) for b, error in claim.items()}
    return info


def _forks(isolate: bool | None, device: object) -> tuple[bool, str]:
    """Are calls made in forks, and what a reader should know of it."""
    if isolate is not None:
        return bool(isolate), ""
    if not (why := _why_not_to_fork(device)):
        return True, ""
    return False, f"called in this process, since {why}: a crash would have ended it (isolate=True forks all the same)"


def _why_not_to_fork(device: object) -> str:
    if device is not None and str(device) != "cpu":
        return f"it works on {device}"
    if loaded := [name for name in _FRAMEWORKS if name in sys.modules]:
        return f"{loaded[0]} is loaded"
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "OpenMP is loaded, whose threads are not forked" if any(name in maps for name in _OPENMP) else ""


def _shown_profile(profile: object) -> object:
    if isinstance(profile, str) and not profile.lstrip().startswith("{"):
        return profile
    return os.fspath(profile) if isinstance(profile, os.PathLike) else None if profile is None else _Name("profile")


class _Name(str):
    """Shown as it is."""


def _shown(value: object) -> str:
    if isinstance(value, _Name) or callable(value):
        return str(getattr(value, "__name__", value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _report(kind: str, kernel: Kernel | None, words: list[str], given: dict[str, Any]) -> Report:
    verdict, text, junit, arrays, unwritten = _hdq.judge(kind, kernel, words, given)
    if unwritten:
        warnings.warn(f"hdq.validate: {unwritten}", RuntimeWarning, stacklevel=3)
    return Report(json.loads(verdict), text, junit, arrays)

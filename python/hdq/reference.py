"""Certified numbers: errors, biases, bounds, lengths, each an enclosure with exact ends.

Every function is a command of the program ``hdq`` (``mse`` is ``hdq mse``), calls the same code, and returns an
object whose attributes are the keys of that command's ``--json``. A number that was proved is an :class:`Interval`
where it is enclosed, a ``fractions.Fraction`` where it is exact or one end of a proof. What a command has under some
options only is None under others.

Options have the names of the command's, with ``dimension`` for ``--dim``. A wrong one raises ValueError that names
it; what no method encloses in affordable time raises :class:`Unaffordable`.

The interpreter's lock is released while they compute. Ctrl-C ends :func:`bounds`, :func:`adversary`, :func:`scalar`
with a dither and :func:`codebook` over vectors between their parts, which take from a millisecond to a minute; the
others end when they are done.
"""
from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from fractions import Fraction
from typing import Any, TypeGuard, Union, overload

import numpy as np

from hdq._hdq import figures as _figures
from hdq._interval import Interval, Number, exact

__all__ = [
    "Interval",
    "Unaffordable",
    "adversary",
    "bias",
    "bounds",
    "certificate",
    "codebook",
    "constants",
    "mse",
    "profile_text",
    "profiles",
    "rate",
    "scalar",
    "verify_certificate",
]

Unaffordable = _figures.Unaffordable
Path = Union[str, os.PathLike]
Vector = Union[str, np.ndarray, Sequence[Number]]
Numbers = Union[np.ndarray, Sequence[Number]]

MAX_BITS = 8
MAX_DIMENSION = 2**24
MAX_LEVELS = 2**20


# ---- what is returned ----


@dataclass(frozen=True)
class Mse:
    """E|x^ - x|^2/|x|^2 ("mse"), times N^2, which is 4^b, and that over pi sqrt(3)/2. ``method`` says how it was
    enclosed."""

    mse: Interval
    method: str
    times_4b: Interval | None = None
    over_limit: Interval | None = None
    scheme: str | None = None
    rotation: str | None = None
    levels: int | None = None
    codebook: str | None = None
    rule: str | None = None
    vector: str | None = None
    dimension: int | None = None
    profile: str | None = None
    bits: int | None = None
    step: float | None = None


@dataclass(frozen=True)
class Bias:
    """|E x^ - x|/|x| ("norm") and E<x, x^>/|x|^2 ("correlation"); of hdq's own quantizer also with a dither of 32
    bits, for every vector."""

    norm: Interval
    correlation: Interval
    method: str
    norm_32_bit: Interval | None = None
    correlation_32_bit: Interval | None = None
    scheme: str | None = None
    rotation: str | None = None
    levels: int | None = None
    codebook: str | None = None
    rule: str | None = None
    vector: str | None = None
    dimension: int | None = None
    profile: str | None = None
    bits: int | None = None
    step: float | None = None


@dataclass(frozen=True)
class Bound:
    """lower <= sup over all d and all unit x of N^2 E|x^ - x|^2 <= upper, of the quantizer with N levels, sigma and
    kappa (SPEC §5.5)."""

    levels: int
    sigma_squared: Fraction
    kappa: Fraction
    lower: Fraction
    upper: Fraction
    relative_width: Fraction
    over_limit: Interval  # over pi sqrt(3)/2
    terms: int  # of the majorant that proves the upper end

    @property
    def worst(self) -> Interval:
        """The worst error times N^2."""
        return Interval(self.lower, self.upper)

    @property
    def mse(self) -> Interval:
        """The worst E|x^ - x|^2/|x|^2."""
        return self.worst / self.levels**2


@dataclass(frozen=True)
class Optimality:
    """What no unbiased rule of N levels falls below on flat vectors of large dimension, beside hdq's worst case,
    times N^2 (SPEC §5.10)."""

    levels: int
    shipped_at_most: Fraction
    any_rule_at_least: Fraction
    gap_percent_at_most: Fraction
    cells: int


@dataclass(frozen=True)
class Bounds:
    quantity: str
    limit: str
    limit_value: Interval  # pi sqrt(3)/2
    shipped: tuple[Bound, ...]
    asymptotic: tuple[Bound, ...] | None = None
    optimality: tuple[Optimality, ...] | None = None


@dataclass(frozen=True)
class ProfileBound:
    """The worst error found at these bits, and what the error is at most: for every vector and rotation, and in the
    mean over the signs."""

    bits: int
    found: Interval
    family: str
    method: str
    upper: Fraction | None
    upper_over_signs: Fraction | None


@dataclass(frozen=True)
class ProfileBounds:
    profile: str
    dimension: int
    bounds: tuple[ProfileBound, ...]


@dataclass(frozen=True)
class Rate:
    """The entropy-coded quantizer of a step (SPEC §7): its error, the same for every vector, and bits per coordinate.

    ``rate`` is R(D), ``ideal`` the mean ideal length of every vector, ``coder`` encloses the supremum over all
    vectors of the mean length of what the real coder writes, at the Hadamard order ``order`` or as it grows.
    ``fixed_rate_error`` is the certified upper bound of ``bits`` bits.
    """

    step: float
    error: Fraction
    rate: Interval
    ideal: Interval
    coder: Interval
    order: int | None
    bits: int
    fixed_rate_error: Fraction | None


@dataclass(frozen=True)
class Scalar:
    """The scalar quantizer at z: M(z) ("mse"); with a dither u also thresholds and codewords, the code of z and what
    it decodes to."""

    levels: int
    z: str
    mse: Interval
    u: str | None = None
    code: int | None = None
    decoded: Interval | None = None
    thresholds: tuple[Interval, ...] | None = None
    codewords: tuple[Interval, ...] | None = None


@dataclass(frozen=True)
class Scaled:
    """Error E|x^ - x|^2/|x|^2 and E<x, x^>/|x|^2 - 1 under a scale rule, and the error over the optimum's, where that
    was computed."""

    error: Interval
    bias: Interval
    over_optimum: Interval | None = None


@dataclass(frozen=True)
class Law:
    """A codebook under a law of the coordinate."""

    law: str
    rules: dict[str, Scaled]
    mean: Interval
    shares: tuple[Interval, ...]
    optimum: Interval | None = None
    best_multiple: Fraction | None = None
    error_at_best_multiple: Interval | None = None


@dataclass(frozen=True)
class ScaledRows:
    """Means over rows, and the row of largest error."""

    error: Interval
    bias: Interval
    largest_error: Interval
    row: int


@dataclass(frozen=True)
class OverVectors:
    file: str
    dimension: int
    rows: int
    zero_rows: int
    rules: dict[str, ScaledRows]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class WorstVector:
    vector: str
    error: Interval


@dataclass(frozen=True)
class Worst:
    dimension: int
    none: WorstVector  # without rotation
    hd: WorstVector


@dataclass(frozen=True)
class Verdict:
    wrong: bool
    text: str


@dataclass(frozen=True)
class Diagnosis:
    """What a codebook does under each scale rule, and what is wrong with it."""

    levels: int
    unit: str
    rule: str
    laws: tuple[Law, ...]
    judged_by: str
    idle_codes: tuple[int, ...]
    worst: Worst | None
    verdicts: tuple[Verdict, ...]
    wrong: bool
    vectors: OverVectors | None = None


@dataclass(frozen=True)
class Adversary:
    """The worst vector found: ``x`` (dimension numbers, float64) and its error. ``breaks_limit``: certainly above pi
    sqrt(3)/2·N^-2."""

    dimension: int
    mse: Interval
    times_4b: Interval
    method: str
    x: np.ndarray = field(repr=False, compare=False)
    scheme: str | None = None
    rotation: str | None = None
    bits: int | None = None
    levels: int | None = None
    over_limit: Interval | None = None
    breaks_limit: bool | None = None
    starts: int | None = None
    start: str | None = None
    best_estimate_times_4b: float | None = None
    nonzero: int | None = None
    certified_upper: Fraction | None = None
    exceeds_certificate: bool | None = None
    largest_coordinates: tuple[float, ...] | None = None
    profile: str | None = None
    family: str | None = None
    bias: Interval | None = None


@dataclass(frozen=True)
class Ends:
    """Of a certificate. One of optimality has no upper end."""

    lower: Fraction | float
    upper: Fraction | float | None = None


@dataclass(frozen=True)
class CertificateVerdict:
    """What the second, independent checker says of a certificate: accepted, or why not; ``proved`` is floats, rounded
    outward."""

    file: str
    accepted: bool
    reason: str
    levels: int
    claimed: Ends
    proved: Ends
    cells: int
    sigma_squared: Fraction | None = None
    kappa: Fraction | None = None


@dataclass(frozen=True)
class Profile:
    """A quantizer that hdq knows besides its own (docs/profiles.md). Without a codebook there are no bits."""

    name: str
    bits: tuple[int, ...]
    source: str


# ---- from the JSON of the figures ----


def _end(text: str) -> Fraction | float:
    if "p:" not in text:
        return float(text)
    mantissa, exponent = text.split("p:")
    return int(mantissa, 16) * Fraction(2) ** int(exponent)


def _number(value: dict) -> Any:
    if "enclosure" in value:
        return Interval(*map(_end, value["enclosure"]))
    if "fraction" in value:
        return Fraction(value["fraction"])
    return _end(value["end"]) if "end" in value else value


def _made(kind: type, value: Any, **inner: type) -> Any:
    """The object of a figure, or a tuple of them; ``inner``: the kinds of parts that are objects."""
    if isinstance(value, list):
        return tuple(_made(kind, one, **inner) for one in value)
    parts = {key: _made(inner[key], part) if key in inner and part is not None else part for key, part in value.items()}
    return kind(**{key: tuple(part) if isinstance(part, list) else part for key, part in parts.items()})


def _read(text: str) -> dict:
    return json.loads(text, object_hook=_number)


# ---- arguments ----


def _integer(name: str, value: Any, least: int, most: int) -> int:
    try:
        number = value.__index__()
    except AttributeError:
        raise TypeError(f"{name} is an integer, not {value!r}") from None
    if isinstance(value, bool) or not least <= number <= most:
        raise ValueError(f"{name} is {value}; it is {least} to {most}")
    return number


def _real(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is a number, not {value!r}") from None
    if not (math.isfinite(number) and number > 0):
        raise ValueError(f"{name} is {value}; it is a number above 0")
    return number


def _text_of(name: str, value: Number | None) -> str:
    """A number as the figures take it: "n/d"."""
    if value is None:
        return ""
    try:
        number = exact(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if isinstance(number, float):
        raise ValueError(f"{name} is {value}; it is finite")
    return str(number)


def _decimal_text(name: str, value: Number) -> str:
    """The same, a text as it stands."""
    number = _text_of(name, value)
    if not number:
        raise TypeError(f"{name} is a number, not {value!r}")
    return value if isinstance(value, str) else number


def _file(path: Path) -> str:
    os.stat(path)  # FileNotFoundError names it
    return os.fspath(path)


def _python_names(message: str) -> str:
    """Options by the names that they have here."""
    for option, name in (
        ("--dim ", "dimension "),
        ("--dim", "dimension"),
        ("--data-seed", "data_seed"),
        ("--preset ", "x "),
        ("--", ""),
    ):
        message = message.replace(option, name)
    return message


def _call(function: Any, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except ValueError as error:
        renamed = _python_names(str(error))
        if renamed == str(error):
            raise
        raise ValueError(renamed) from None


def _one_of(**given: Any) -> str:
    names = [name for name, value in given.items() if value is not None]
    if len(names) != 1:
        raise ValueError(
            f"exactly one of {', '.join(given)} is needed" + (f", not {' and '.join(names)}" if names else "")
        )
    return names[0]


def _float_vector(x: Numbers, single: bool) -> list[float]:
    """x as floats: exactly, up to a common factor, which changes no relative error. `single`: exactly, and float32."""
    zero = "x is the zero vector, which is encoded exactly and has no direction"
    no_float32 = "x has a coordinate that is no float32, as kernels take them"
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        if x.ndim != 1 or x.size == 0:
            raise ValueError(f"x has the shape {x.shape}; it is one vector")
        if not np.isfinite(x).all():
            raise ValueError(f"x[{np.flatnonzero(~np.isfinite(x))[0]}] is not finite")
        if not x.any():
            raise ValueError(zero)
        with np.errstate(over="ignore", under="ignore"):
            if (x.astype(np.float32 if single else np.float64) != x).any():
                raise ValueError(no_float32 if single else "x has a coordinate that is no float64")
        return [float(v) for v in x]
    rationals = [exact(v) for v in x]
    finite = [v for v in rationals if isinstance(v, Fraction)]
    if not finite or len(finite) < len(rationals):
        raise ValueError("x has an infinite coordinate" if rationals else "x is empty; it is one vector")
    if not any(finite):
        raise ValueError(zero)
    floats = [_float_or_nan(v) for v in finite]
    if single:
        with np.errstate(over="ignore", under="ignore"):
            if any(math.isnan(v) or np.float32(v) != v for v in floats):
                raise ValueError(no_float32)
        return floats
    if not any(map(math.isnan, floats)):
        return floats
    factor = Fraction(math.lcm(*(v.denominator for v in finite)), math.gcd(*(v.numerator for v in finite)))
    floats = [_float_or_nan(v * factor) for v in finite]
    if any(map(math.isnan, floats)):
        raise ValueError("x has coordinates whose ratios no float64 hold exactly")
    return floats


def _float_or_nan(value: Fraction) -> float:
    try:
        return float(value) if Fraction(float(value)) == value else math.nan
    except OverflowError:
        return math.nan


def _codebook_numbers(codebook: Any, unit: str) -> Any:
    """Of an array of centroids, or a mapping with the keys of a codebook's JSON file."""
    parts = dict(codebook) if isinstance(codebook, Mapping) else {"centroids": codebook}
    unknown = parts.keys() - {"centroids", "thresholds", "unit", "tie", "name", "source", "comment"}
    if unknown or "centroids" not in parts:
        raise ValueError(f"codebook has no key {min(unknown)!r}" if unknown else "codebook has no centroids")
    if parts.get("tie", "up") not in ("up", "down"):
        raise ValueError(f"codebook: tie is {parts['tie']!r}; it is 'up' or 'down'")

    def texts(name: str, values: Iterable[Number]) -> list[str]:
        return [_text_of(f"codebook {name}[{i}]", v) for i, v in enumerate(np.asarray(values, dtype=object).ravel())]

    own = _unit(parts.get("unit"))
    try:
        return _figures.CodebookNumbers(
            texts("centroids", parts["centroids"]),
            texts("thresholds", parts.get("thresholds", ())),
            unit or own,
            parts.get("tie", "up") == "up",
        )
    except ValueError as error:
        raise ValueError(f"codebook: {error}") from None


def _is_path(value: Any) -> TypeGuard[Path]:
    return isinstance(value, (str, os.PathLike))


def _unit(unit: Number | None) -> str:
    return "" if unit is None else "1/sqrt(d)" if unit == "1/sqrt(d)" else _decimal_text("unit", unit)


def _query(
    x: Vector | None,
    *,
    bits: int | None,
    levels: int | None,
    sigma: Number | None,
    kappa: Number | None,
    codebook: Any,
    unit: Number | None,
    rule: str,
    profile: str | None,
    data_seed: int,
    dimension: int | None,
    scheme: str,
    rotation: str | None,
) -> Any:
    query = _figures.Query()
    if bits is not None:
        query.bits = _integer("bits", bits, 1, MAX_BITS)
    if levels is not None:
        query.levels = _integer("levels", levels, 2, MAX_LEVELS)
    query.sigma, query.kappa = _text_of("sigma", sigma), _text_of("kappa", kappa)
    if codebook is not None:
        if _is_path(codebook):
            query.codebook_file, query.unit = _file(codebook), _unit(unit)
        else:
            query.codebook_numbers = _codebook_numbers(codebook, _unit(unit))
    else:
        query.unit = _unit(unit)
    query.profile = "" if profile is None else os.fspath(profile)
    query.data_seed = _integer("data_seed", data_seed, 0, 2**64 - 1)
    if dimension is not None:
        query.dim = _integer("dimension", dimension, 1, MAX_DIMENSION)
    query.set_scheme(scheme)
    query.set_rule(rule)
    if rotation is not None:
        query.set_rotation(rotation)
    if isinstance(x, str):
        query.preset = x
    elif x is not None:
        query.numbers = _float_vector(x, single=profile is not None and rotation is None)
    return query


def _require_vector(x: Vector | None, rotation: str | None) -> None:
    if x is None and rotation != "limit":
        raise ValueError("x is needed: only the limit is the same for every vector")


def _step(rate: float | None, error: float | None, step: float | None) -> float:
    if step is not None:
        value = _real("step", step)
        if float(np.float32(value)) != value or not 2**-10 <= value <= 16:
            raise ValueError(f"step is {step}; it is a float32 number from 2^-10 to 16")
        return value
    return (
        _figures.step_of_rate(_real("rate", rate))
        if rate is not None
        else _figures.step_of_error(_real("error", error))
    )


def _described_vector(x: Vector, dimension: int | None) -> tuple[str, int]:
    if isinstance(x, str):
        return x, dimension or 1024
    return "the vector", max(dimension or 0, len(_float_vector(x, single=False)))


# ---- the commands ----


def mse(
    x: Vector | None = None,
    *,
    bits: int | None = None,
    rate: float | None = None,
    step: float | None = None,
    codebook: Path | Mapping | Numbers | None = None,
    profile: str | None = None,
    levels: int | None = None,
    sigma: Number | None = None,
    kappa: Number | None = None,
    unit: Number | None = None,
    rule: str = "norm",
    data_seed: int = 0,
    dimension: int | None = None,
    scheme: str = "dithered",
    rotation: str | None = None,
    digits: int = 15,
) -> Mse:
    """The exact expected error E|x^ - x|^2/|x|^2 of a vector, as an enclosure (SPEC §4, §6).

    Parameters
    ----------
    x
        A vector: numbers, each taken exactly (floats of numpy, ints, Fractions, texts such as "0.1"), or the name of
        one: "one-hot", "k-hot:3", "flat", "geometric:0.9", "gaussian". Not needed for rotation="limit".
    bits, rate, step, codebook, profile, levels
        The quantizer, one of them: bits per coordinate, 1 to 8; the rate (0.3 to 12) or step of the entropy-coded
        one; a codebook (a file, the centroids, or a mapping with the keys of such a file: docs/codebook.md); the name
        of a profile or its file (with bits); the number of levels, with sigma and kappa.
    unit, rule
        Of a codebook: its unit on coordinates of unit vectors; the scale rule "norm", "matched-norm", "unbiased" or
        "least-squares".
    data_seed
        Of a profile: the seed of signs, permutations and matrices that it leaves to the kernel.
    dimension
        Of a named vector (1024), or to pad others to with zeros.
    scheme
        "dithered", or to compare "lloyd-max", "shifted", "uniform".
    rotation
        "hd" (one, the library's), "hdhd" (two), "dense" (Haar), "limit" (normal law), "none" (of a codebook). None:
        "hd", or the profile's own.
    digits
        Significant digits to aim at, 2 to 200.

    Raises
    ------
    ValueError
        Naming the parameter.
    Unaffordable
        Where no method encloses the error in affordable time.
    """
    return _expected(
        Mse,
        _figures.mse,
        x,
        digits,
        rate,
        bits=bits,
        step=step,
        levels=levels,
        sigma=sigma,
        kappa=kappa,
        codebook=codebook,
        unit=unit,
        rule=rule,
        profile=profile,
        data_seed=data_seed,
        dimension=dimension,
        scheme=scheme,
        rotation=rotation,
    )


def bias(
    x: Vector | None = None,
    *,
    bits: int | None = None,
    rate: float | None = None,
    step: float | None = None,
    codebook: Path | Mapping | Numbers | None = None,
    profile: str | None = None,
    levels: int | None = None,
    sigma: Number | None = None,
    kappa: Number | None = None,
    unit: Number | None = None,
    rule: str = "norm",
    data_seed: int = 0,
    dimension: int | None = None,
    scheme: str = "dithered",
    rotation: str | None = None,
    digits: int = 15,
) -> Bias:
    """The exact bias of a vector's decoded value, |E x^ - x|/|x| and E<x, x^>/|x|^2, as enclosures. Parameters and
    errors are those of :func:`mse`."""
    return _expected(
        Bias,
        _figures.bias,
        x,
        digits,
        rate,
        bits=bits,
        step=step,
        levels=levels,
        sigma=sigma,
        kappa=kappa,
        codebook=codebook,
        unit=unit,
        rule=rule,
        profile=profile,
        data_seed=data_seed,
        dimension=dimension,
        scheme=scheme,
        rotation=rotation,
    )


def _expected(
    kind: type, figure: Any, x: Vector | None, digits: int, rate: float | None, *, step: float | None, **quantizer: Any
) -> Any:
    """What :func:`mse` and :func:`bias` have in common: of the entropy-coded quantizer by formula, else by `figure`."""
    digits = _integer("digits", digits, 2, 200)
    bits, codebook, profile, levels = (quantizer[name] for name in ("bits", "codebook", "profile", "levels"))
    if rate is not None or step is not None:
        _one_of(bits=bits, rate=rate, step=step, codebook=codebook, profile=profile, levels=levels)
        return _step_figure(kind, x, _step(rate, None, step), quantizer["dimension"])
    _require_vector(x, quantizer["rotation"])
    query = _query(x, **quantizer)
    _check_quantizer(bits, codebook, profile, levels)
    return _made(kind, _read(_call(figure, query, digits)))


def _check_quantizer(bits: int | None, codebook: Any, profile: str | None, levels: int | None) -> None:
    if profile is None:
        _one_of(bits=bits, codebook=codebook, levels=levels)
    else:
        _one_of(profile=profile, codebook=codebook, levels=levels)


def _step_figure(kind: type, x: Vector | None, step: float, dimension: int | None) -> Any:
    """Of the entropy-coded quantizer, whose error and bias are the same for every vector (SPEC §7)."""
    about: dict[str, Any] = {"scheme": "entropy-coded", "rotation": "hd", "step": step}
    if x is not None:
        about["vector"], about["dimension"] = _described_vector(x, dimension)
    if kind is Mse:
        return Mse(mse=Interval(Fraction(step) ** 2 / 12), method="step^2/12 for every vector", **about)
    return Bias(norm=Interval(0), correlation=Interval(1), method="exactly unbiased for a continuous offset", **about)


@overload
def bounds(
    bits: int | Sequence[int] = ...,
    *,
    asymptotics: bool = ...,
    optimality: bool = ...,
    profile: None = ...,
    dimension: int = ...,
    data_seed: int = ...,
    threads: int = ...,
) -> Bounds:
    ...


@overload
def bounds(*, profile: str, dimension: int = ..., data_seed: int = ..., threads: int = ...) -> ProfileBounds:
    ...


def bounds(
    bits: int | Sequence[int] = range(1, MAX_BITS + 1),
    *,
    asymptotics: bool = False,
    optimality: bool = False,
    profile: str | None = None,
    dimension: int = 64,
    data_seed: int = 0,
    threads: int = 0,
) -> Bounds | ProfileBounds:
    """A certified bracket of the worst error over all dimensions and vectors, for each bit width (SPEC §5.5).

    Parameters
    ----------
    bits
        A bit width, or several in a row, such as range(1, 9).
    asymptotics
        Also for N = 2 to 2^16 levels with sigma = sqrt(3), kappa = 3/16, as N grows (SPEC §5.7).
    optimality
        Also what no unbiased rule of as many levels can fall below, and the gap (SPEC §5.10). Minutes for 8 bits.
    profile, dimension, data_seed
        Instead: a profile at each of its bit widths in this dimension, 1 to 1024.
    threads
        How many; 0 is one per core. A profile takes one.
    """
    threads = _integer("threads", threads, 0, 1024)
    if profile is not None:
        if optimality or asymptotics:
            raise ValueError("optimality and asymptotics are about hdq's own quantizers, not a profile's")
        seed, dimension = _integer("data_seed", data_seed, 0, 2**64 - 1), _integer("dimension", dimension, 1, 1024)
        return _made(
            ProfileBounds,
            _read(_call(_figures.profile_bounds, os.fspath(profile), seed, dimension)),
            bounds=ProfileBound,
        )
    widths = [_integer("bits", b, 1, MAX_BITS) for b in (bits if isinstance(bits, Iterable) else [bits])]
    if not widths or widths != list(range(widths[0], widths[-1] + 1)):
        raise ValueError(f"bits is {bits}; it is one width or several in a row, such as range(1, 9)")
    value = _read(_call(_figures.bounds, widths[0], widths[-1], bool(asymptotics), bool(optimality), threads))
    return _made(Bounds, value, shipped=Bound, asymptotic=Bound, optimality=Optimality)


def certificate(bits: int) -> dict:
    """The certificate of :func:`bounds` at these bits, 1 to 8: what ``hdq bounds -o`` writes, for
    :func:`verify_certificate` or a file of one's own.

    Its "majorant" bounds M(z), the scalar quantizer's error, for all real z.
    """
    return json.loads(_figures.bound_certificate(_integer("bits", bits, 1, MAX_BITS)))


def rate(
    rate: float | None = None,
    *,
    error: float | None = None,
    step: float | None = None,
    bits: int | None = None,
    dimension: int | None = None,
) -> Rate:
    """Error, ideal rate and certified length of the entropy-coded quantizer (SPEC §7), in bits per rotated coordinate.

    Parameters
    ----------
    rate, error, step
        One of them: bits per coordinate, 0.3 to 12; the error relative to |x|^2, 8e-8 to 21.3; a step, float32, 2^-10
        to 16.
    bits
        Of the fixed-rate quantizer to compare with, 1 to 8; None: the nearest to the rate.
    dimension
        Lengths for this dimension, with what begins and ends a stream; None: as it grows.
    """
    _one_of(rate=rate, error=error, step=step)
    value = _step(rate, error, step)
    bits = None if bits is None else _integer("bits", bits, 1, MAX_BITS)
    dimension = None if dimension is None else _integer("dimension", dimension, 1, MAX_DIMENSION)
    return _made(Rate, _read(_call(_figures.rate, value, bits, dimension)))


def codebook(
    codebook: Path | Mapping | Numbers | None = None,
    *,
    unit: Number | None = None,
    dimension: int | None = None,
    rule: str = "norm",
    vectors: Path | np.ndarray | None = None,
    profile: str | None = None,
    bits: int | None = None,
    claims: Sequence[Number] = (),
    digits: int = 10,
) -> Diagnosis:
    """What a scalar codebook does, enclosed, and what is wrong with it (docs/codebook.md).

    Parameters
    ----------
    codebook
        A file, the centroids, or a mapping with the keys of such a file; or instead a ``profile`` with its ``bits``.
    unit
        What its numbers are times, on coordinates of unit vectors: "1/sqrt(d)" (the default), 1, or a number.
    dimension
        Also judges under the law of the sphere's coordinate in this dimension.
    rule
        The scale rule that is judged: "norm", "matched-norm", "unbiased", "least-squares".
    vectors
        A file, or an array (rows, dimension), taken as float32: also over these vectors, without rotation.
    claims
        Printed figures for its error, to be judged: texts, whose digits count.
    digits
        Significant digits to aim at, 2 to 100.
    """
    query = _figures.CodebookQuery()
    if codebook is not None and _is_path(codebook):
        query.file, query.unit = _file(codebook), _unit(unit)
    elif codebook is not None:
        query.numbers = _codebook_numbers(codebook, _unit(unit))
    else:
        query.unit = _unit(unit)
    _one_of(codebook=codebook, profile=profile)
    query.profile = "" if profile is None else os.fspath(profile)
    if bits is not None:
        query.bits = _integer("bits", bits, 1, MAX_BITS)
    if dimension is not None:
        query.dim = _integer("dimension", dimension, 1, MAX_DIMENSION)
    query.set_rule(rule)
    if vectors is not None and _is_path(vectors):
        query.vectors = _file(vectors)
    elif vectors is not None:
        rows = np.asarray(vectors, dtype=np.float32)
        if rows.ndim != 2 or rows.size == 0:
            raise ValueError(f"vectors has the shape {rows.shape}; it is (rows, dimension)")
        if dimension not in (None, rows.shape[1]):
            raise ValueError(f"dimension is {dimension}; vectors has {rows.shape[1]}")
        query.rows, query.dim = rows.ravel().tolist(), rows.shape[1]
    query.claims = [_decimal_text("claims", claim) if isinstance(claim, str) else repr(claim) for claim in claims]
    value = _read(_call(_figures.codebook, query, _integer("digits", digits, 2, 100)))
    for law in value["laws"]:
        law["rules"] = {name: _made(Scaled, rule) for name, rule in law["rules"].items()}
    if value.get("vectors"):
        value["vectors"]["rules"] = {name: _made(ScaledRows, rule) for name, rule in value["vectors"]["rules"].items()}
    if value["worst"]:
        value["worst"] = _made(Worst, value["worst"], none=WorstVector, hd=WorstVector)
    if value.get("vectors"):
        value["vectors"] = _made(OverVectors, value["vectors"])
    return _made(Diagnosis, value, laws=Law, verdicts=Verdict)


def adversary(
    dimension: int,
    *,
    bits: int | None = None,
    codebook: Path | Mapping | Numbers | None = None,
    profile: str | None = None,
    unit: Number | None = None,
    scheme: str = "dithered",
    rotation: str | None = None,
    data_seed: int = 0,
) -> Adversary:
    """The unit vector of this dimension (1 to 1024) with the largest expected error that a search finds, its error
    enclosed (SPEC §5.5, §6).

    Parameters are those of :func:`mse`; rotation is "hd", "hdhd" or "dense". Against hdq's own quantizer the search
    must stay below the certified upper bound: ``exceeds_certificate`` would refute it.
    """
    _integer("dimension", dimension, 1, 1024)
    if rotation not in (None, "hd", "hdhd", "dense"):
        raise ValueError(f"rotation is {rotation!r}; it is 'hd', 'hdhd' or 'dense'")
    _check_quantizer(bits, codebook, profile, None)
    query = _query(
        None,
        bits=bits,
        levels=None,
        sigma=None,
        kappa=None,
        codebook=codebook,
        unit=unit,
        rule="norm",
        profile=profile,
        data_seed=data_seed,
        dimension=dimension,
        scheme=scheme,
        rotation=rotation,
    )
    text, x = _call(_figures.adversary, query)
    return _made(Adversary, {**_read(text), "x": np.array(x)})


def scalar(
    z: Number,
    *,
    bits: int | None = None,
    u: Number | None = None,
    levels: int | None = None,
    sigma: Number | None = None,
    kappa: Number | None = None,
    digits: int = 20,
) -> Scalar:
    """The dithered scalar quantizer at one number (SPEC §3).

    Parameters
    ----------
    z
        The number: exact, as in :func:`mse`.
    bits
        1 to 8: the library's quantizer. Or levels, 2 to 2^40, with sigma > 0 and kappa > 0.
    u
        The dither, strictly between 0 and 1: also gives thresholds, codewords and the code. ValueError where z lies
        on a threshold.
    digits
        Significant digits to aim at, 2 to 1000.
    """
    _one_of(bits=bits, levels=levels)
    width = 0 if bits is None else _integer("bits", bits, 1, MAX_BITS)
    count = 0 if levels is None else _integer("levels", levels, 2, 2**40)
    text = _call(
        _figures.scalar,
        width,
        count,
        _text_of("sigma", sigma),
        _text_of("kappa", kappa),
        _decimal_text("z", z),
        "" if u is None else _decimal_text("u", u),
        _integer("digits", digits, 2, 1000),
    )
    return _made(Scalar, _read(text))


def constants() -> dict[str, Any]:
    """The constants that the C++ shares with the Coq proofs: an integer, a tuple for a table, or a dict from indices
    to either.

    ``constants()["shipped_sigma_times_64"]`` is a tuple by bits, ``["base_matrix"][12, 0]`` row 0 of B_12,
    ``["transform_addition_stages"][12, 3]`` an integer for the order 12·2^3.
    """
    result: dict[str, Any] = {}
    for line in _figures.constants().splitlines():
        name, *texts = line.split()
        numbers = tuple(map(int, texts))
        if name in ("base_matrix", "transform_addition_stages"):
            result.setdefault(name, {})[numbers[:2]] = numbers[2:] if name == "base_matrix" else numbers[2]
        else:
            result[name] = numbers if len(numbers) > 1 else numbers[0]
    return result


def verify_certificate(path: Path) -> CertificateVerdict:
    """Checks a certificate of a bound or of optimality independently of how it was found (SPEC §5.5, §5.10).

    Raises ValueError for a file that is no certificate, OSError where there is none.
    """
    value = _read(_call(_figures.verify_certificate, _file(path)))
    return _made(CertificateVerdict, value, claimed=Ends, proved=Ends)


def profiles() -> tuple[Profile, ...]:
    """The quantizers that hdq knows besides its own (docs/profiles.md)."""
    return tuple(Profile(name, tuple(bits), source) for name, bits, source in _figures.profiles())


def profile_text(profile: str) -> str:
    """The JSON of a profile, by the name of a shipped one or from a file."""
    return _call(_figures.profile_text, os.fspath(profile))


def as_json(value: Any, digits: int = 15) -> Any:
    """A result as plain JSON values: intervals as {"lower", "upper"}, decimals rounded outward; fractions as "n/d"."""
    if isinstance(value, Interval):
        return dict(zip(("lower", "upper"), value.bounds(digits)))
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: as_json(part, digits) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [as_json(part, digits) for part in value]
    if is_dataclass(value):
        parts = {part.name: getattr(value, part.name) for part in fields(value)}
        return {key: as_json(part, digits) for key, part in parts.items() if part is not None}
    return value

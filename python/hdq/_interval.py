"""Intervals with exact ends: what a certified number is."""
from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import Any, Union

End = Union[Fraction, float]  # a float is -inf below, inf above
Number = Union[int, float, Fraction, Decimal, str]

DIGITS = 15  # of an interval that is printed without saying how many


def exact(value: Any) -> End:
    """The rational that a number denotes: an int, Fraction, Decimal, a float (the dyadic that it is, or an infinity),
    "0.1", "1/3"."""
    if isinstance(value, Fraction):
        return value
    if hasattr(value, "dtype") and getattr(value, "ndim", 1) == 0:
        return exact(value.item())  # a scalar of numpy
    if isinstance(value, bool) or not isinstance(value, (Rational, float, Decimal, str)):
        raise TypeError(f"not a number: {value!r}")
    if isinstance(value, float) and math.isinf(value):
        return float(value)
    try:
        return Fraction(value)
    except (ValueError, OverflowError, ZeroDivisionError):
        raise ValueError(f"not a finite number: {value!r}") from None


def _float(value: End, up: bool) -> float:
    """The nearest float that is not on the wrong side."""
    if isinstance(value, float):
        return value
    away = math.inf if up else -math.inf
    try:
        nearest = float(value)
    except OverflowError:
        nearest = math.copysign(math.inf, value)
    if math.isinf(nearest):
        return nearest if nearest == away else math.copysign(math.nextafter(math.inf, 0), value)
    return nearest if (nearest >= value if up else nearest <= value) else math.nextafter(nearest, away)


def _scaled(value: Fraction, power: int, up: bool) -> int:
    """value * 10**power, rounded to an integer."""
    scaled = value * 10**power if power >= 0 else value / 10**-power
    return math.ceil(scaled) if up else math.floor(scaled)


def _decimal_exponent(value: Fraction) -> int:
    """The e with 10**(e - 1) <= value < 10**e, of a positive number."""
    bits = value.numerator.bit_length() - value.denominator.bit_length()
    exponent = math.floor((bits - 1) * math.log10(2)) - 1  # too small, by three at most
    while value >= Fraction(10) ** exponent:
        exponent += 1
    return exponent


def _digits(number: int) -> str:
    """The decimal digits of a number >= 0, of which str gives 4300 at most."""
    if number < 10**4000:
        return str(number)
    head, tail = divmod(number, 10**4000)
    return _digits(head) + str(tail).rjust(4000, "0")


def decimal(value: End, digits: int, up: bool) -> str:
    """A decimal of so many significant digits (2 or more), rounded up or down; written as the command line writes
    it."""
    if digits < 2:
        raise ValueError(f"digits is {digits}; it is 2 or more")
    if isinstance(value, float):
        return str(value)
    if value == 0:
        return "0"
    exponent = _decimal_exponent(abs(value))
    count = _scaled(value, digits - exponent, up)
    if abs(count) == 10**digits:  # rounded up to a power of ten
        exponent += 1
        count = _scaled(value, digits - exponent, up)
    text, sign = _digits(abs(count)), "-" if count < 0 else ""
    if -5 < exponent <= 0:
        return f"{sign}0.{'0' * -exponent}{text}"
    if 0 < exponent <= digits:
        point = "." if exponent < digits else ""
        return f"{sign}{text[:exponent]}{point}{text[exponent:]}"
    return f"{sign}{text[0]}.{text[1:]}e{exponent - 1}"


def _exact_text(value: End) -> str:
    if isinstance(value, float):
        return str(value)
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{'-' if value < 0 else ''}{_digits(abs(value.numerator))}/{_digits(value.denominator)}"
    places = max(twos, fives)
    digits = _digits(abs(value.numerator) * 2 ** (places - twos) * 5 ** (places - fives)).rjust(places + 1, "0")
    whole, rest_digits = digits[: len(digits) - places], digits[len(digits) - places :]
    return ("-" if value < 0 else "") + whole + ("." + rest_digits if places else "")


def _times(a: End, b: End) -> End:
    return (
        Fraction(0)
        if a == 0 or b == 0
        else a * b
        if isinstance(a, Fraction) and isinstance(b, Fraction)
        else _infinite_product(a, b)
    )


def _infinite_product(a: End, b: End) -> float:
    return math.inf if (a > 0) == (b > 0) else -math.inf


def _plus(a: End, b: End) -> End:
    if isinstance(a, float):
        return a
    return b if isinstance(b, float) else a + b


class Interval:
    """A real number known to lie in [lower, upper]; every operation gives an interval that contains the exact result.

    The ends are exact ``fractions.Fraction`` (or ``-math.inf``, ``math.inf``), so that +, -, * and / by rationals and
    intervals round nothing. A float counts as the dyadic number that it is: write ``"0.1"`` or ``Fraction(1, 10)``
    for a tenth.

    Comparisons with ``<``, ``<=``, ``>``, ``>=`` are true only when they hold for all pairs of points: of overlapping
    intervals neither ``a < b`` nor ``a >= b``. ``==`` says that two enclosures are the same; a number equals the
    interval of that one point.

    ``str`` and ``format(interval, ".20")`` write decimals of 15 and 20 significant digits, the lower end rounded down
    and the upper end rounded up, as the command line does.

    Raises ValueError where lower > upper or an end is no number, TypeError for other objects.
    """

    __slots__ = ("_lower", "_upper")
    __array_ufunc__ = None  # numpy's numbers leave arithmetic with intervals to intervals

    def __init__(self, lower: Number, upper: Number | None = None) -> None:
        self._lower = exact(lower)
        self._upper = self._lower if upper is None else exact(upper)
        if self._lower > self._upper or self._lower == math.inf or self._upper == -math.inf:
            raise ValueError(f"no interval from {lower} to {lower if upper is None else upper}")

    @property
    def lower(self) -> End:
        """The lower end, exactly."""
        return self._lower

    @property
    def upper(self) -> End:
        """The upper end, exactly."""
        return self._upper

    @property
    def width(self) -> End:
        """upper - lower, exactly."""
        return _plus(self._upper, -self._lower)

    @property
    def midpoint(self) -> Fraction:
        """Halfway between the ends, exactly; ValueError for an unbounded interval."""
        if isinstance(self._lower, float) or isinstance(self._upper, float):
            raise ValueError(f"{self} has no midpoint")
        return (self._lower + self._upper) / 2

    @property
    def is_finite(self) -> bool:
        """Whether both ends are finite."""
        return isinstance(self._lower, Fraction) and isinstance(self._upper, Fraction)

    def floats(self) -> tuple[float, float]:
        """The lower end rounded down to a float and the upper end rounded up."""
        return _float(self._lower, up=False), _float(self._upper, up=True)

    def bounds(self, digits: int = DIGITS) -> tuple[str, str]:
        """The ends as decimals of so many significant digits (2 or more), rounded outward: the "lower" and "upper" of
        --json."""
        return decimal(self._lower, digits, up=False), decimal(self._upper, digits, up=True)

    def exact(self) -> tuple[str, str]:
        """The ends in full: as decimals where these are finite, as every computed end has, otherwise as fractions
        "n/d"."""
        return _exact_text(self._lower), _exact_text(self._upper)

    def hull(self, other: Interval | Number) -> Interval:
        """The smallest interval around both."""
        other = _interval(other)
        return Interval(min(self._lower, other._lower), max(self._upper, other._upper))

    def overlaps(self, other: Interval | Number) -> bool:
        """Whether some number lies in both."""
        other = _interval(other)
        return self._lower <= other._upper and other._lower <= self._upper

    def __contains__(self, value: Interval | Number) -> bool:
        other = _interval(value)
        return self._lower <= other._lower and other._upper <= self._upper

    # ---- arithmetic ----

    def __neg__(self) -> Interval:
        return Interval(-self._upper, -self._lower)

    def __pos__(self) -> Interval:
        return self

    def __abs__(self) -> Interval:
        if self._lower >= 0:
            return self
        return -self if self._upper <= 0 else Interval(0, max(-self._lower, self._upper))

    def __add__(self, other: Any) -> Interval:
        other = _operand(other)
        if other is None:
            return NotImplemented
        return Interval(_plus(self._lower, other._lower), _plus(self._upper, other._upper))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Interval:
        other = _operand(other)
        return NotImplemented if other is None else self + -other

    def __rsub__(self, other: Any) -> Interval:
        return -self + other

    def __mul__(self, other: Any) -> Interval:
        other = _operand(other)
        if other is None:
            return NotImplemented
        products = [_times(a, b) for a in (self._lower, self._upper) for b in (other._lower, other._upper)]
        return Interval(min(products), max(products))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Interval:
        other = _operand(other)
        return NotImplemented if other is None else self * other._inverse()

    def __rtruediv__(self, other: Any) -> Interval:
        other = _operand(other)
        return NotImplemented if other is None else other * self._inverse()

    def _inverse(self) -> Interval:
        if self._lower <= 0 <= self._upper:
            raise ZeroDivisionError(f"division by {self}, which contains 0")
        ends = [Fraction(0) if isinstance(end, float) else 1 / end for end in (self._upper, self._lower)]
        return Interval(*ends)

    # ---- comparison ----

    def __eq__(self, other: Any) -> bool:
        other = _operand(other)
        if other is None:
            return NotImplemented
        return self._lower == other._lower and self._upper == other._upper

    def __hash__(self) -> int:
        return hash(self._lower) if self._lower == self._upper else hash((Interval, self._lower, self._upper))

    def __lt__(self, other: Any) -> bool:
        other = _operand(other)
        return NotImplemented if other is None else self._upper < other._lower

    def __le__(self, other: Any) -> bool:
        other = _operand(other)
        return NotImplemented if other is None else self._upper <= other._lower

    def __gt__(self, other: Any) -> bool:
        other = _operand(other)
        return NotImplemented if other is None else self._lower > other._upper

    def __ge__(self, other: Any) -> bool:
        other = _operand(other)
        return NotImplemented if other is None else self._lower >= other._upper

    # ---- text, copies ----

    def __str__(self) -> str:
        return self._text(DIGITS)

    def __repr__(self) -> str:
        return f"<Interval {self}>"

    def __format__(self, spec: str) -> str:
        match = re.fullmatch(r"(?P<layout>(?:.?[<>^])?\d*)(?:\.(?P<digits>\d+))?", spec)
        if match is None:
            raise ValueError(f"format of an interval is '{spec}'; it is [[fill]align][width][.digits]")
        return format(self._text(int(match["digits"] or DIGITS)), match["layout"])

    def _text(self, digits: int) -> str:
        return "[{}, {}]".format(*self.bounds(digits))

    def __reduce__(self) -> tuple:
        return Interval, (self._lower, self._upper)


def _interval(value: Any) -> Interval:
    return value if isinstance(value, Interval) else Interval(value)


def _operand(value: Any) -> Interval | None:
    """An interval, or a number (not a text) as one; None for what is neither."""
    if isinstance(value, Interval):
        return value
    if isinstance(value, str):
        return None
    try:
        return Interval(value)
    except TypeError:
        return None

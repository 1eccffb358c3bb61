"""Interval: every operation encloses the exact result, every rounding is outward; against fractions.Fraction."""
from __future__ import annotations

import copy
import math
import pickle
from decimal import Decimal
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdq import _interval
from hdq._interval import Interval, decimal

deterministic = settings(derandomize=True, max_examples=200, deadline=None, database=None)
rationals = (
    st.fractions()
    | st.integers(-(10**40), 10**40).map(Fraction)
    | st.floats(allow_nan=False, allow_infinity=False).map(Fraction)
)
SMALL = [Fraction(n, d) for n in range(-4, 5) for d in (1, 3)]
ENDS = sorted(set(SMALL))
INTERVALS = [Interval(a, b) for a, b in product(ENDS, ENDS) if a <= b] + [
    Interval(-math.inf, 1),
    Interval(Fraction(-1, 3), math.inf),
    Interval(-math.inf, math.inf),
]


def points(interval):
    """Some of its points, the ends among them."""
    low = interval.lower if isinstance(interval.lower, Fraction) else Fraction(-7)
    high = interval.upper if isinstance(interval.upper, Fraction) else Fraction(7)
    return {low, high, (2 * low + high) / 3}


@st.composite
def intervals(draw):
    a, b = draw(rationals), draw(rationals)
    return Interval(min(a, b), max(a, b))


OPERATIONS = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b}


@pytest.mark.parametrize("name", OPERATIONS)
def test_arithmetic_contains_the_exact_result(name):
    operation = OPERATIONS[name]
    for a, b in product(INTERVALS[::3], INTERVALS):
        if name == "/" and 0 in b:
            with pytest.raises(ZeroDivisionError):
                operation(a, b)
            continue
        result = operation(a, b)
        for x, y in product(points(a), points(b)):
            assert operation(x, y) in result
        if a.is_finite and b.is_finite:  # and is no larger than it must be
            corners = [operation(x, y) for x, y in product((a.lower, a.upper), (b.lower, b.upper))]
            assert (result.lower, result.upper) == (min(corners), max(corners))


@deterministic
@given(intervals(), rationals)
def test_arithmetic_with_rationals_rounds_nothing(a, r):
    assert a + r - r == a
    assert r - (r - a) == a
    assert (a + r).width == a.width
    if r != 0:
        assert a * r / r == a
        assert (a / r).width == a.width / abs(r)


@deterministic
@given(rationals)
def test_floats_are_the_neighbours(x):
    low, high = Interval(x).floats()
    assert low == -math.inf or Fraction(low) <= x
    assert high == math.inf or Fraction(high) >= x
    assert low == high or math.nextafter(low, math.inf) == high
    assert (low == high) == (math.isfinite(low) and Fraction(low) == x)


@deterministic
@given(rationals, st.integers(2, 30))
def test_decimals_are_the_neighbours(x, digits):
    low, high = (Fraction(text) for text in Interval(x).bounds(digits))
    assert low <= x <= high
    assert high - low <= abs(x) * Fraction(10) ** (1 - digits)
    assert low == high or low != x != high


def test_decimals_of_few_digits_by_enumeration():
    for n, d in product(range(-250, 251), (1, 7, 64, 100000)):
        x = Fraction(n, d)
        low, high = (Fraction(decimal(x, 2, up)) for up in (False, True))
        assert low <= x <= high
        # No decimal of two digits lies between.
        scale = Fraction(10) ** (math.floor(math.log10(abs(x)) + 1e-12) - 1) if x else Fraction(1)
        assert high - low in (0, scale, scale / 10), x


def test_a_planted_rounding_fault_is_caught(monkeypatch):
    monkeypatch.setattr(_interval, "_scaled", lambda value, power, up: round(value * Fraction(10) ** power))
    with pytest.raises(AssertionError):
        test_decimals_of_few_digits_by_enumeration()


@pytest.mark.parametrize(
    "x, digits, ends",
    [
        ("1/3", 5, ("0.33333", "0.33334")),
        ("0.00012345", 3, ("0.000123", "0.000124")),
        ("0.000012345", 3, ("0.0000123", "0.0000124")),
        ("0.0000012345", 3, ("1.23e-6", "1.24e-6")),
        ("123456", 3, ("1.23e5", "1.24e5")),
        ("100", 5, ("100.00", "100.00")),
        ("-99.99", 3, ("-100", "-99.9")),
        ("0", 9, ("0", "0")),
    ],
)
def test_decimals_are_written_as_the_command_line_writes_them(x, digits, ends):
    assert Interval(x).bounds(digits) == ends


def test_exact_text():
    assert Interval("0.1", "1/3").exact() == ("0.1", "1/3")
    assert Interval(-0.375, 10**30).exact() == ("-0.375", "1" + 30 * "0")
    assert len(Interval(Fraction(1, 2**20000)).exact()[0]) == 20002
    assert Interval(Fraction(1, 2**20000)).bounds(5) == ("2.5123e-6021", "2.5124e-6021")
    assert Interval(-math.inf, 0).exact() == ("-inf", "0")


@deterministic
@given(rationals)
def test_exact_text_is_exact(x):
    assert Fraction(Interval(x).exact()[0]) == x


def test_comparison_is_true_only_when_certain():
    comparisons = [(lambda a, b: a < b), (lambda a, b: a <= b), (lambda a, b: a > b), (lambda a, b: a >= b)]
    for a, b in product(INTERVALS, INTERVALS[::5]):
        for compare in comparisons:
            if a.is_finite and b.is_finite:
                assert compare(a, b) == all(compare(x, y) for x, y in product((a.lower, a.upper), (b.lower, b.upper)))
            elif compare(a, b):
                assert all(compare(x, y) for x, y in product(points(a), points(b)))
    assert not Interval(0, 2) < 1 and not Interval(0, 2) >= 1
    assert Interval(0, 1) < 1.5 and 2 > Interval(0, 1)


def test_equality_and_hash():
    assert Interval(1) == 1 == Fraction(1) == Interval("1.0") and hash(Interval(1)) == hash(1)
    assert Interval(0, 1) != Interval(0, 2) and Interval(0, 1) != 1 and Interval(0, 1) != "0"
    assert len({Interval(0, 1), Interval("0", 1.0), Interval(0)}) == 2
    for a in INTERVALS:
        assert pickle.loads(pickle.dumps(a)) == a == copy.deepcopy(a) and hash(copy.copy(a)) == hash(a)


def test_containment():
    third = Interval("0.33", "0.34")
    assert Fraction(1, 3) in third and 1 / 3 in third and "0.335" in third and Interval("0.331", "0.332") in third
    assert 0.35 not in third and Interval(0, 1) not in third
    assert Interval(0, 1).overlaps(Interval(1, 2)) and not Interval(0, 1).overlaps(2)
    assert Interval(0, 1).hull(3) == Interval(0, 3)
    assert Interval(0, 1).midpoint == Fraction(1, 2) and Interval(0, 1).width == 1


def test_texts():
    third = Interval(Fraction(1, 3))
    assert str(third) == "[0.333333333333333, 0.333333333333334]" == f"{third}"
    assert repr(third) == "<Interval [0.333333333333333, 0.333333333333334]>"
    assert (
        f"{third:.3}" == "[0.333, 0.334]"
        and f"{third:>16.3}" == "  [0.333, 0.334]"
        and f"{third:*^16.3}|" == "*[0.333, 0.334]*|"
    )
    for wrong in (".3f", "x", ".1"):
        with pytest.raises(ValueError):
            format(third, wrong)


def test_numbers_of_numpy():
    assert np.float64(0.5) * Interval(1, 2) == Interval(0.5, 1) == Interval(1, 2) * np.float32(0.5)
    assert np.int64(3) + Interval(1) == 4 and Interval(np.int8(3), np.array(4.0)) == Interval(3, 4)
    assert Interval(1) < np.float64(2) and np.float64(2) > Interval(1)


@pytest.mark.parametrize(
    "arguments, error",
    [
        ((1, 0), ValueError),
        (("x",), ValueError),
        ((math.nan,), ValueError),
        ((math.inf,), ValueError),
        (("1/0",), ValueError),
        ((None,), TypeError),
        ((True,), TypeError),
        ((1j,), TypeError),
        (([1],), TypeError),
        ((Decimal("nan"),), ValueError),
    ],
)
def test_what_is_no_interval(arguments, error):
    with pytest.raises(error):
        Interval(*arguments)
    with pytest.raises(TypeError):
        Interval(1) + "1"

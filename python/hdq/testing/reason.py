"""What a property returns: whether it holds, and a sentence that says why or why not."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

FALSE_ALARM = 1e-9
"""The probability that a property which draws random numbers refuses a correct function, per call."""


@dataclass(frozen=True, repr=False)
class Reason:
    """Truthy if the property holds. ``assert is_orthogonal(f, 8)`` prints the sentence, with pytest or without its
    rewriting by ``.check()``.

    Attributes
    ----------
    holds : bool
    text : str
        One sentence: the first violation, or what was checked.
    numbers : mapping of str to float
        What was measured, by name; the property's docstring lists the names.
    """

    holds: bool
    text: str
    numbers: Mapping[str, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{'holds' if self.holds else 'violated'}: {self.text}>"

    def check(self) -> Reason:
        """Raises AssertionError with the sentence unless the property holds; returns itself."""
        if not self.holds:
            raise AssertionError(self.text)
        return self


def holds(text: str, **numbers: float) -> Reason:
    return Reason(True, text, numbers)


def violated(text: str, **numbers: float) -> Reason:
    return Reason(False, text, numbers)


def number(value: object) -> str:
    """A number as a person writes it: 1, -0.5, 1e-45; as many digits as tell a float from its neighbours."""
    value = np.asarray(value)[()]
    text = (
        str(value)
        if isinstance(value, np.floating) and value.dtype.itemsize < 8
        else f"{value:.7g}"
        if value.dtype.kind == "f"
        else str(value)
    )
    return text.removesuffix(".0")


def shown(x: np.ndarray) -> str:
    """A vector in a few words: its entries if they are few, or those that are not zero, or how many there are."""
    x = np.asarray(x).ravel()
    if x.size <= 8:
        return "[" + ", ".join(number(value) for value in x) + "]"
    nonzero = np.flatnonzero(x)
    if nonzero.size <= 4:
        entries = ", ".join(f"x[{i}] = {number(x[i])}" for i in nonzero)
        return f"{x.size} zeros" if not entries else f"{x.size} entries, zero but {entries}"
    return f"{x.size} entries, {number(x[0])}, {number(x[1])}, …"

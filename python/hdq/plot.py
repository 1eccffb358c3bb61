"""Plots of certified numbers, with matplotlib, which only these functions need.

Each draws into ``ax`` (new Axes without it) and returns the Axes; none shows or saves anything.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from hdq import reference

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["error_spectrum", "majorant", "mse_against_bits"]


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot
    except ImportError as error:
        raise ImportError("hdq.plot needs matplotlib: python3 -m pip install 'hdq[plot]'") from error
    return matplotlib.pyplot.subplots()[1]


def mse_against_bits(
    x: reference.Vector = "one-hot",
    *,
    bits: Iterable[int] = range(1, 9),
    schemes: Sequence[str] = ("dithered", "lloyd-max"),
    dimension: int | None = None,
    rotation: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """4^b E|x^ - x|^2/|x|^2 of a vector against the bits b, for each scheme, beside the certified worst case of the
    dithered one (SPEC §5.5, §6).

    Parameters are those of :func:`hdq.reference.mse`; ``bits`` are several in a row. What is drawn are the upper ends
    of enclosures.
    """
    ax, widths = _axes(ax), list(bits)
    for scheme in schemes:
        errors = [
            4**b * reference.mse(x, bits=b, scheme=scheme, dimension=dimension, rotation=rotation, digits=6).mse
            for b in widths
        ]
        ax.plot(widths, [error.floats()[1] for error in errors], marker="o", label=scheme)
    certified = reference.bounds(widths)
    ax.plot(
        widths,
        [bound.worst.floats()[1] for bound in certified.shipped],
        marker="_",
        markersize=12,
        linestyle="none",
        color="black",
        label="dithered, certified worst case",
    )
    ax.axhline(certified.limit_value.floats()[1], color="gray", linewidth=0.8, label="π√3/2")
    ax.set(xlabel="bits b", ylabel="4$^b$ · MSE", xticks=widths)
    ax.legend()
    return ax


def majorant(bits: int, *, largest: float = 6, points: int = 61, ax: Axes | None = None) -> Axes:
    """The scalar quantizer's error M(z) and the certified majorant that bounds it for all z, both times 4^b (SPEC
    §5.5).

    Parameters
    ----------
    bits
        1 to 8.
    largest, points
        z goes from 0 to ``largest`` (M is even) in so many points. M comes from enclosures, the majorant from floats.
    """
    terms, scale = reference.certificate(bits)["majorant"], 4**bits
    z = np.linspace(0, largest, points)
    bound = (
        float(Fraction(terms["constant"]))
        + float(Fraction(terms["quadratic"])) * z**2
        + float(Fraction(terms["quartic"])) * z**4
    )
    for term in terms["cosh"]:
        bound += float(Fraction(term["coefficient"])) * np.cosh(float(Fraction(term["s"])) * z)
    for term in terms["exp_square"]:
        bound += float(Fraction(term["coefficient"])) * np.exp(float(Fraction(term["lambda"])) * z**2)
    ax = _axes(ax)
    ax.plot(z, [scale * reference.scalar(float(at), bits=bits, digits=6).mse.floats()[1] for at in z], label="M(z)")
    ax.plot(z, scale * bound, linestyle="--", label="majorant")
    ax.set(xlabel="z", ylabel=f"4$^{bits}$ · squared error", yscale="log")
    ax.legend()
    return ax


def error_spectrum(errors: Any, bound: Any = None, *, ax: Axes | None = None) -> Axes:
    """The size of a kernel's errors by coordinate, beside what is allowed.

    Parameters
    ----------
    errors
        An array of errors, or an object with arrays ``got``, ``expected`` and, for what is allowed, ``bound``: a
        finding of :mod:`hdq.validation`. An error of 0 is not drawn: the scale is logarithmic.
    bound
        One number, or an array of the shape of errors.
    """
    if hasattr(errors, "got") and hasattr(errors, "expected"):
        if errors.got is None or errors.expected is None:
            raise ValueError("errors: this finding has no numbers")
        bound = getattr(errors, "bound", None) if bound is None else bound
        errors = np.asarray(errors.got, dtype=float) - np.asarray(errors.expected, dtype=float)
    sizes = np.abs(np.asarray(errors, dtype=float)).ravel()
    if sizes.size == 0:
        raise ValueError("errors is empty")
    ax = _axes(ax)
    at = np.arange(sizes.size)
    ax.plot(at[sizes > 0], sizes[sizes > 0], ".", label="|error|")
    if bound is not None:
        limits = np.broadcast_to(np.asarray(bound, dtype=float).ravel(), sizes.shape)
        ax.plot(at, limits, color="black", linewidth=0.8, label="allowed")
        wrong = sizes > limits
        if wrong.any():
            ax.plot(at[wrong], sizes[wrong], "x", color="red", label="beyond it")
    ax.set(xlabel="coordinate", ylabel="|error|", yscale="log")
    ax.legend()
    return ax

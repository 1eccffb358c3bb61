"""hdq.plot: what is drawn, without a display; and hdq without matplotlib."""
from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from hdq import plot, reference


@pytest.fixture(name="ax")
def _ax():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure, ax = pyplot.subplots()
    yield ax
    pyplot.close(figure)


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def test_mse_against_bits(ax):
    assert plot.mse_against_bits("flat", bits=[1, 2], dimension=16, ax=ax) is ax
    drawn = lines(ax)
    worst = drawn["dithered, certified worst case"].get_ydata()
    assert worst == pytest.approx([float(bound.upper) for bound in reference.bounds([1, 2]).shipped])
    assert drawn["dithered"].get_ydata()[0] == pytest.approx(
        float(reference.mse("flat", bits=1, dimension=16).times_4b.midpoint), rel=1e-5
    )
    assert all(drawn["dithered"].get_ydata() <= worst)
    assert drawn["lloyd-max"].get_xdata().tolist() == [1, 2]


def test_the_majorant_is_above(ax):
    drawn = lines(plot.majorant(1, points=13, ax=ax))
    error, bound = (drawn[label].get_ydata() for label in ("M(z)", "majorant"))
    assert all(error <= bound) and min(bound - error) < 0.05 * max(error)
    assert error[0] == pytest.approx(4 * float(reference.scalar(0, bits=1).mse.midpoint), rel=1e-5)


def test_error_spectrum(ax):
    finding = SimpleNamespace(
        got=np.array([1.0, 2.0, 3.5]), expected=np.array([1.0, 1.875, 3.0]), bound=np.array([0.25, 0.25, 0.25])
    )
    drawn = lines(plot.error_spectrum(finding, ax=ax))
    assert drawn["|error|"].get_ydata().tolist() == [0.125, 0.5]
    assert drawn["|error|"].get_xdata().tolist() == [1, 2]
    assert drawn["beyond it"].get_xdata().tolist() == [2]
    assert drawn["allowed"].get_ydata().tolist() == [0.25] * 3


def test_error_spectrum_leaves_out_what_a_finding_has_not_kept(ax):
    finding = SimpleNamespace(
        got=np.array([1.0, 2.0]), expected=np.array([np.nan, 1.5]), bound=np.array([np.nan, 0.25])
    )
    drawn = lines(plot.error_spectrum(finding, ax=ax))
    assert drawn["|error|"].get_xdata().tolist() == drawn["beyond it"].get_xdata().tolist() == [1]


def test_error_spectrum_of_arrays(ax):
    drawn = lines(plot.error_spectrum([0.5, -0.25], 1, ax=ax))
    assert drawn["|error|"].get_ydata().tolist() == [0.5, 0.25] and "beyond it" not in drawn
    with pytest.raises(ValueError, match="errors"):
        plot.error_spectrum([], ax=ax)
    with pytest.raises(ValueError, match="finding"):
        plot.error_spectrum(SimpleNamespace(got=None, expected=None, bound=None), ax=ax)


def test_hdq_needs_no_matplotlib():
    program = """
import sys
sys.modules["matplotlib"] = None
import hdq, hdq.plot
try:
    hdq.plot.error_spectrum([1.0])
except ImportError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "hdq.plot needs matplotlib" in result.stdout

"""hdq.testing's properties of any function, and Reason: each holds, and is seen to fail on a planted fault."""
import numpy as np
import pytest
from hdq.testing import Reason, agrees, is_batch_invariant, is_deterministic, rejects_bad_input
from hdq.testing.rounding import from_ordered, gamma, ordered

X = np.linspace(-1, 1, 40, dtype=np.float32)


def says(reason, *parts):
    assert not reason and all(part in str(reason) for part in parts), repr(reason)
    return True


def scale(x):
    return x * np.float32(3)


def test_deterministic():
    assert is_deterministic(scale, X)
    draws = np.random.default_rng(0)
    assert says(is_deterministic(lambda x: x + draws.random(), X), "call 2 with 40 entries", "differs from the first")
    last = []

    def remembers(x):  # uninitialised scratch memory: the result depends on the call before
        last.append(x.sum())
        return x + (last[-2] if len(last) > 1 else 0)

    assert says(is_deterministic(remembers, np.float32([1, 2])), "differs from the first")
    aligned = lambda x: scale(x) if x.ctypes.data % 4 == 0 else x  # noqa: E731
    assert is_deterministic(aligned, X)
    assert says(is_deterministic(lambda x: np.float32(-0.0) * draws.choice([-1, 1]) * np.ones(64), X), "0 against")


def test_batch_invariant():
    batch = np.random.default_rng(1).standard_normal((5, 40)).astype(np.float32)
    assert is_batch_invariant(scale, batch)
    assert says(
        is_batch_invariant(lambda x: x / np.abs(x).max(), batch), "differs from the same alone"
    )  # one scale for all
    # The sum of a row by another order for many rows than for one: some bits differ.
    by_matrix = (
        lambda x: np.cumsum(x, axis=1)[:, -1:] if len(x) > 1 else np.sum(x[:, ::-1], axis=1, keepdims=True)
    )  # noqa: E731
    assert says(is_batch_invariant(by_matrix, batch), "alone")
    assert says(is_batch_invariant(lambda x: x + np.arange(len(x))[:, None], batch), "row")
    norms_and_codes = lambda x: (np.abs(x).max(axis=1), (x > 0).astype(np.uint8))  # noqa: E731
    assert is_batch_invariant(norms_and_codes, batch) and is_deterministic(norms_and_codes, X)
    shared = lambda x: (np.full(len(x), np.abs(x).max()), x > 0)  # noqa: E731
    assert says(is_batch_invariant(shared, batch), "of 5 together with others differs from the same alone")
    with pytest.raises(ValueError, match="5 rows give an array of shape"):
        is_batch_invariant(lambda x: x[:4], batch)
    with pytest.raises(ValueError, match="x has shape"):
        is_batch_invariant(scale, X)


def test_agrees():
    assert agrees(scale, lambda x: 3 * x, X)
    next_float = lambda x: np.nextafter(scale(x), np.float32(9))  # noqa: E731
    assert says(agrees(next_float, scale, X), "y[0] of 40 entries", "-2.9999998, not -3, 1 floats away")
    assert agrees(next_float, scale, X, ulps=1).numbers["worst_ulps"] == 1
    assert agrees(next_float, scale, X, bound=1e-6) and says(
        agrees(next_float, scale, X, bound=1e-8), "tolerance 1e-08"
    )
    assert agrees(next_float, scale, X, bound=lambda x: 3 * gamma(2, 2.0**-24) * np.abs(x) + 2e-45)
    assert says(agrees(lambda x: x[:3], scale, X), "shape (3,), not (40,)")
    assert agrees(lambda x: x * np.float32("nan"), lambda x: x * np.float32("nan"), X)
    assert says(agrees(lambda x: x * np.float32("nan"), scale, X, ulps=2**40), "is nan, not -3")
    assert says(agrees(scale, lambda x: x * np.float32("nan"), X, bound=1e30), "is -3, not nan")
    assert says(agrees(lambda x: x * np.float32("inf"), scale, np.float32([1, 2]), bound=5), "is inf, not 3")
    assert says(
        agrees(lambda x: (x > 0).astype(np.uint8), lambda x: (x >= 0).astype(np.uint8), np.float32([0, 1])),
        "y[0] of [0, 1] is 0, not 1",
    )


def test_floats_in_order():
    for dtype in (np.float16, np.float32, np.float64):
        largest = np.finfo(dtype).max
        tiny = np.finfo(dtype).smallest_subnormal
        values = np.array([-np.inf, -largest, -1, -tiny, -0.0, 0.0, tiny, 1, largest, np.inf], dtype)
        k = ordered(values)
        assert (np.diff(k) >= 0).all() and k[4] == k[5] == 0 and k[6] == 1 and k[9] == k[8] + 1
        assert (from_ordered(k, dtype) == values).all()
        assert from_ordered(ordered(dtype(1)) + 1, dtype) == np.nextafter(dtype(1), dtype(2))


class Refusal(ValueError):
    def __init__(self, column):
        super().__init__(f"column {column}")
        self.column = column


def strict(x):
    bad = np.flatnonzero(~np.isfinite(x))
    if len(bad):
        raise Refusal(int(bad[0]))
    return x


def test_bad_input():
    assert rejects_bad_input(strict, X) and rejects_bad_input(strict, np.ones(200, np.float32))
    assert says(rejects_bad_input(scale, X), "nan in column 0 is accepted, and gives 40 entries, nan")
    assert says(rejects_bad_input(lambda x: strict(np.nan_to_num(x, posinf=np.inf)), X), "nan in column 0 is accepted")
    assert says(rejects_bad_input(lambda x: strict(x[:-1]), X), "nan in column 39 is accepted")
    assert says(rejects_bad_input(strict, X, error=KeyError), "raises Refusal, not KeyError")

    def off_by_one(x):
        try:
            return strict(x)
        except Refusal as refusal:
            raise Refusal(refusal.column + 1) from None

    assert says(rejects_bad_input(off_by_one, X), "nan in column 0 is refused as column 1")
    with pytest.raises(ValueError):  # the good vector must pass
        rejects_bad_input(lambda x: 1 / 0 if x.ndim > 1 else strict(x * np.float32("inf")), X)


def test_reason():
    good, bad = Reason(True, "fine"), Reason(False, "x[0] is 2", {"x": 2.0})
    assert (
        good and not bad and str(bad) == "x[0] is 2" and repr(bad) == "<violated: x[0] is 2>" and bad.numbers["x"] == 2
    )
    assert good.check() is good
    with pytest.raises(AssertionError, match=r"^x\[0\] is 2$"):
        bad.check()

"""hdq.testing's properties of transforms: right ones have them, and a planted fault is named."""
import sys
import types

import numpy as np
import pytest
from hdq import testing
from hdq.testing import hadamard_matrix, inverts, is_linear, is_orthogonal, preserves_norm
from hypothesis import given, settings
from hypothesis import strategies as st


def fwht(x):
    """Entries ±1, of shape (n,), float32, by butterflies."""
    x, h = np.asarray(x, np.float32), 1
    while h < x.size:
        pairs = x.reshape(-1, 2, h)
        x, h = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1).reshape(-1), 2 * h
    return x


def orthonormal(x):
    return fwht(x) / np.float32(np.sqrt(len(x)))


def by_matrix(n):
    matrix = hadamard_matrix(n).astype(np.float32)
    return (lambda x: x @ matrix.T), (lambda x: x @ matrix)


def says(reason, *parts):
    """The property is violated, and its sentence has the parts."""
    assert not reason and all(part in str(reason) for part in parts), repr(reason)
    assert len(repr(reason)) <= 238, "pytest shows no more than 240 characters of it"
    return True


@pytest.mark.parametrize("n", [1, 2, 8, 128])
def test_right_transforms_have_every_property(n):
    root = np.sqrt(n)
    for transform, scale in ((orthonormal, 1.0), (fwht, root)):
        assert is_orthogonal(transform, n, scale=scale)
        assert is_orthogonal(transform, n, scale=scale, exact=True)
        assert is_linear(transform, n)
        assert preserves_norm(transform, n, scale=scale)
        assert inverts(transform, transform, n, scale=scale**2)


@settings(max_examples=80, derandomize=True, database=None, deadline=None)
@given(testing.vectors(st.sampled_from([1, 2, 16, 64])), testing.vectors(48))
def test_no_false_alarm(x, y):
    """On huge, subnormal, heavy-tailed vectors too, for butterflies and for a matrix product."""
    assert preserves_norm(orthonormal, x) and inverts(orthonormal, orthonormal, x) and is_linear(orthonormal, len(x), x)
    transform, transposed = by_matrix(48)
    assert preserves_norm(transform, y, scale=np.sqrt(48)) and inverts(transform, transposed, y, scale=48)
    assert is_linear(transform, 48, y)


@pytest.mark.parametrize("n", [12, 20, 28, 24])
def test_orders_with_a_base_matrix(n):
    transform, transposed = by_matrix(n)
    assert is_orthogonal(transform, n, scale=np.sqrt(n), exact=True)
    assert inverts(transform, transposed, n, scale=n)


def test_any_rotation_is_orthogonal():
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((50, 50)))[0].astype(np.float32)
    assert is_orthogonal(lambda x: x @ rotation.T, 50)
    assert says(is_orthogonal(lambda x: x @ rotation.T, 50, exact=True), "entry (1, 0)")


def test_transforms_that_pad_are_isometries():
    def padded(x):
        return orthonormal(np.concatenate([x, np.zeros(16 - len(x), np.float32)]))

    assert is_orthogonal(padded, 11) and preserves_norm(padded, 11) and inverts(padded, orthonormal, 11)
    assert says(is_orthogonal(lambda x: fwht(x)[:8], 16, scale=4), "16 numbers has shape (8,)")


def faulty(entry_factor):
    """The butterflies with one wrong factor: y[5] takes entry_factor times x[3] more."""

    def transform(x):
        y = fwht(x)
        y[5] += np.float32(entry_factor) * x[3]
        return y

    return transform


def test_faults_of_the_matrix():
    assert says(
        is_orthogonal(faulty(0.001), 8, scale=np.sqrt(8)), "columns 0 and 3 have inner product 0.0009999871, not 0"
    )
    assert says(is_orthogonal(faulty(2), 8, scale=np.sqrt(8), exact=True), "columns 0 and 3 have inner product")
    assert says(
        is_orthogonal(faulty(0.5), 8, scale=np.sqrt(8), exact=True), "entry (5, 3) of the matrix is -0.5, not ±1"
    )
    assert says(is_orthogonal(fwht, 8), "column 0 has norm 2.828427, not 1")
    assert says(is_orthogonal(fwht, 8, exact=True), "entries are ±1, not ±0.3535534")
    assert says(is_orthogonal(lambda x: x * np.float32("nan"), 4), "entry (0, 0) of the matrix is nan")


def test_faults_of_linearity():
    assert says(
        is_linear(lambda x: fwht(x) + np.float32(1e-3) * np.any(x), 8),
        "y[0] of [1, 1, 1, 1, 1, 1, 1, 1]",
        "by the columns it is",
    )
    assert says(is_linear(lambda x: np.abs(fwht(x)), 8), "y[1]")
    assert says(
        is_linear(lambda x: fwht(np.clip(x, -1, 1)), 8, x=np.full(8, 2, np.float32)), "is 8; by the columns it is 16"
    )


def test_faults_of_the_inverse():
    assert says(inverts(fwht, fwht, 8), "x[0] of [1, 0, 0, 0, 0, 0, 0, 0] comes back as 8, not 1, tolerance")
    transform, _ = by_matrix(12)
    assert says(
        inverts(transform, transform, 12, scale=12), "x[0]", "comes back as -10, not 12"
    )  # B_12 is not symmetric
    assert says(inverts(lambda x: x, lambda y: y[:2], 4), "4 numbers come back as 2")


def test_faults_of_the_norm():
    assert says(preserves_norm(lambda x: orthonormal(x) * np.float32(1.001), 16), "is 1.001, not 1,")
    flushed = lambda x: np.where(np.abs(x) < 1e-38, 0, x)  # noqa: E731
    assert says(preserves_norm(flushed, np.array([2.0**-127, 0], np.float32)), "is 0, not 5.877472e-39")
    assert says(preserves_norm(lambda x: x * np.float32("inf"), np.ones(2, np.float32)), "is inf, not 1.414214")


def test_tolerances_follow_the_stages():
    # Half as many bits: right for 11 bits of precision, wrong for 24.
    coarse = lambda x: orthonormal(x).astype(np.float16)  # noqa: E731
    x = np.random.default_rng(2).standard_normal(64).astype(np.float32)
    assert inverts(coarse, orthonormal, x) and inverts(orthonormal, orthonormal, x.astype(np.float16))
    hidden = lambda x: coarse(x).astype(np.float32)  # noqa: E731
    assert says(inverts(hidden, orthonormal, x), "comes back as")
    assert inverts(hidden, orthonormal, x, u=2.0**-11)
    assert is_orthogonal(lambda x: x @ np.eye(4), 4, dtype=np.float64).numbers["tolerance"] < 1e-14
    # Three rounded operations are not twenty: a fault of 4e-6 is within any order of additions, and not within 8
    # stages.
    off = lambda x: orthonormal(x) * np.float32(1 + 4e-6)  # noqa: E731
    assert is_orthogonal(off, 64) and says(is_orthogonal(off, 64, stages=8), "column 0 has norm 1.000004")


def test_functions_are_called_as_they_want():
    def rows_only(x):
        rows, n = x.shape
        return np.stack([orthonormal(row) for row in x])

    def in_place(x):
        x[:] = orthonormal(x)

    x = np.arange(8, dtype=np.float32)
    for function in (rows_only, in_place):
        assert is_orthogonal(function, 8) and preserves_norm(function, x)
    assert (x == np.arange(8)).all(), "a function on trial gets a copy"
    calls = []
    assert is_orthogonal(lambda x: calls.append(x.shape) or rows_only(x), 8, batched=True)
    assert calls == [(8, 8)]
    with pytest.raises(ZeroDivisionError):  # of a function that works in no form, the first error
        preserves_norm(lambda x: 1 // 0, 8)
    with pytest.raises(ValueError, match=r"x has shape \(1, 2, 3\)"):
        preserves_norm(orthonormal, np.zeros((1, 2, 3)))


class Tensor:
    """What hdq.testing uses of a torch tensor, for where torch is not installed: nothing that numpy would take for an
    array."""

    def __init__(self, array, dtype="torch.float32"):
        self.array, self.dtype = array, dtype

    def to(self, device, dtype):
        assert device == "cpu"
        return Tensor(self.array, dtype or self.dtype)

    def detach(self):
        return self

    def float(self):
        return Tensor(self.array)

    def cpu(self):
        assert self.dtype != "torch.bfloat16", "numpy has no bfloat16"
        return self.array


def test_torch_functions_by_a_stand_in(monkeypatch):
    monkeypatch.setitem(
        sys.modules, "torch", types.SimpleNamespace(from_numpy=Tensor, nn=types.SimpleNamespace(Module=type(None)))
    )

    def transform(x):
        if not isinstance(x, Tensor):
            raise TypeError("a tensor is wanted")
        return Tensor(orthonormal(x.array), x.dtype)

    assert is_orthogonal(transform, 8) and inverts(transform, transform, 8)
    assert is_orthogonal(testing.from_torch(transform, dtype="torch.bfloat16"), 8)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(TypeError, match="a tensor is wanted"):
        is_orthogonal(transform, 8)


def test_torch_functions():
    torch = pytest.importorskip("torch")
    matrix = torch.tensor(hadamard_matrix(8), dtype=torch.float32) / 8**0.5
    assert is_orthogonal(lambda x: torch.matmul(x, matrix.T), 8)
    linear = torch.nn.Linear(8, 8, bias=False)
    linear.weight.data = matrix.clone()
    assert is_orthogonal(linear, 8)
    assert is_orthogonal(
        testing.from_torch(lambda x: torch.matmul(x, matrix.T.to(x.dtype)), dtype=torch.bfloat16), 8, u=2.0**-8
    )


def test_the_hadamard_matrices_are_those_of_the_specification():
    for order in testing.hadamard.orders(64):
        matrix = hadamard_matrix(order)
        assert (matrix @ matrix.T == order * np.eye(order)).all()
    assert testing.hadamard.orders(64) == [1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64]
    assert [testing.hadamard_order(n)[0] for n in (3, 100, 384, 784, 960)] == [4, 112, 384, 896, 1024]  # SPEC §1
    assert (hadamard_matrix(12)[0] == 1).all() and (hadamard_matrix(12)[1:, 0] == -1).all()
    assert (hadamard_matrix(28) == hadamard_matrix(28).T).all()

"""A fast Hadamard transform in torch: hypothesis draws vectors that break transforms, properties say what is wrong.

    pytest examples/python/test_torch_hadamard.py
"""
import pytest
from hdq.testing import batches, inverts, is_batch_invariant, is_linear, is_orthogonal, preserves_norm, vectors
from hypothesis import given, settings

torch = pytest.importorskip("torch", reason="torch is not installed: nothing to test here")
ORDERS = (1, 2, 8, 64)


def hadamard(x):
    """H x/√n along the last axis, n a power of 2."""
    n, h = x.shape[-1], 1
    y = x
    while h < n:
        a, b = y.reshape(*x.shape[:-1], n // (2 * h), 2, h).unbind(-2)
        y = torch.stack([a + b, a - b], dim=-2).reshape(x.shape)
        h *= 2
    return y / n**0.5


@pytest.mark.parametrize("n", ORDERS)
def test_matrix(n):
    assert is_orthogonal(hadamard, n) and is_linear(hadamard, n) and inverts(hadamard, hadamard, n)


@settings(max_examples=50, derandomize=True, deadline=None)
@given(vectors(64))
def test_norm(x):
    assert preserves_norm(hadamard, x)


@settings(max_examples=20, derandomize=True, deadline=None)
@given(batches(8))
def test_rows(x):
    assert is_batch_invariant(hadamard, x)


def test_a_wrong_transform_is_named():
    """What a mistake looks like: a butterfly that adds twice."""
    reason = is_orthogonal(lambda x: hadamard(torch.cat([x[:-1], x[:1]])), 8)
    assert not reason
    print(reason)

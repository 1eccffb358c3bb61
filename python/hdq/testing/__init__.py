"""For test suites: hypothesis strategies of inputs that break quantizers, and properties that say why they fail.

    from hypothesis import given
    from hdq.testing import dimensions, is_orthogonal, preserves_norm, vectors

    def test_orthogonal():
        assert is_orthogonal(my_transform, 64)

    @given(vectors(dimensions(128)))
    def test_norm(x):
        assert preserves_norm(my_transform, x)

The twin in C++ is docs/properties.md. The pytest plugin (`_hdq_pytestplugin`) prints how to replay what failed. numpy
alone is needed; strategies need hypothesis, and torch is used where the functions on trial use it.
"""
from ._functions import from_torch, to_numpy
from .calls import agrees, is_batch_invariant, is_deterministic, rejects_bad_input
from .hadamard import hadamard_matrix, hadamard_order
from .lloyd_max import lloyd_max
from .packing import round_trips
from .quantizers import find_thresholds, is_monotone, is_unbiased, mse_within
from .reason import FALSE_ALARM, Reason
from .rounding import gamma
from .strategies import (
    batches,
    bit_widths,
    constant,
    correlated_pairs,
    dimensions,
    hadamard_rows,
    heavy_tailed,
    huge,
    integers,
    k_hot,
    near_thresholds,
    normal,
    one_hot,
    padded,
    rows,
    seeds,
    subnormal,
    vectors,
    zeros,
)
from .transforms import inverts, is_linear, is_orthogonal, preserves_norm, standard_vectors

__all__ = [
    "FALSE_ALARM",
    "Reason",
    "agrees",
    "batches",
    "bit_widths",
    "constant",
    "correlated_pairs",
    "dimensions",
    "find_thresholds",
    "from_torch",
    "gamma",
    "hadamard_matrix",
    "hadamard_order",
    "hadamard_rows",
    "heavy_tailed",
    "huge",
    "integers",
    "inverts",
    "is_batch_invariant",
    "is_deterministic",
    "is_linear",
    "is_monotone",
    "is_orthogonal",
    "is_unbiased",
    "k_hot",
    "lloyd_max",
    "mse_within",
    "near_thresholds",
    "normal",
    "one_hot",
    "padded",
    "preserves_norm",
    "rejects_bad_input",
    "round_trips",
    "rows",
    "seeds",
    "standard_vectors",
    "subnormal",
    "to_numpy",
    "vectors",
    "zeros",
]

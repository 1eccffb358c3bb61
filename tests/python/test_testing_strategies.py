"""hdq.testing's strategies: what they draw, and that what fails shrinks to what a person wants to see."""
import subprocess
import sys

import numpy as np
import pytest
from hdq import testing
from hypothesis import Phase, find, given, settings

FEW = settings(max_examples=60, derandomize=True, database=None, deadline=None)
DTYPES = (np.float16, np.float32, np.float64)
KINDS = [
    testing.zeros,
    testing.one_hot,
    testing.k_hot,
    testing.constant,
    testing.hadamard_rows,
    testing.normal,
    testing.heavy_tailed,
    testing.integers,
    testing.padded,
    testing.huge,
    testing.subnormal,
    testing.vectors,
]


def smallest(strategy, condition):
    return find(strategy, condition, settings=settings(max_examples=500, derandomize=True, database=None)).tolist()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_arrays_are_as_promised(kind):
    for dtype in DTYPES:

        @settings(FEW, max_examples=15)
        @given(kind(1, dtype=dtype), kind(19, dtype=dtype))
        def check(one, many):
            assert one.shape == (1,) and many.shape == (19,) and one.dtype == many.dtype == dtype
            assert np.isfinite(one).all() and np.isfinite(many).all()

        check()


@settings(FEW)
@given(testing.huge(1024), testing.vectors(testing.dimensions(64)))
def test_norms_are_floats(huge, any_of_them):
    for x in (huge, any_of_them):
        assert np.isfinite(np.float32(np.linalg.norm(x.astype(float))))


def test_each_kind_is_what_its_name_says():
    @FEW
    @given(
        testing.one_hot(9),
        testing.k_hot(9, 3),
        testing.constant(9),
        testing.hadamard_rows(24),
        testing.subnormal(9),
        testing.padded(9),
    )
    def check(one, three, constant, row, subnormal, padded):
        assert np.count_nonzero(one) == 1 and 1 <= np.count_nonzero(three) <= 3
        assert constant.min() == constant.max() != 0
        assert sorted(np.abs(row @ testing.hadamard_matrix(24).T))[-2:] == [0, 24]
        assert (np.abs(subnormal) < 2.0**-126).all() and (subnormal / np.float32(1e-45) % 1 == 0).all()
        assert padded.shape == (9,)

    check()


@FEW
@given(testing.near_thresholds(3, 5), testing.near_thresholds(1, thresholds=[0.25], floats=1))
def test_near_thresholds(near, own):
    thresholds = testing.lloyd_max(3)[0].astype(np.float32)
    away = np.abs(testing.rounding.ordered(near)[:, None] - testing.rounding.ordered(thresholds)).min(axis=1)
    assert near.shape == (5,) and (away <= 4).all()
    assert own[0] in (
        np.nextafter(np.float32(0.25), np.float32(0)),
        0.25,
        np.nextafter(np.float32(0.25), np.float32(1)),
    )


@FEW
@given(
    testing.correlated_pairs(testing.dimensions(40)),
    testing.batches(testing.dimensions(40), 5),
    testing.seeds(),
    testing.rows(),
    testing.bit_widths(),
    testing.dimensions(300),
)
def test_pairs_batches_and_numbers(pair, batch, seed, row, bits, n):
    x, y = pair
    assert x.shape == y.shape and x.dtype == y.dtype == batch.dtype == np.float32
    assert batch.ndim == 2 and 1 <= len(batch) <= 5
    assert 0 <= seed < 2**64 and 0 <= row < 2**64 and 1 <= bits <= 8 and 1 <= n <= 300


def test_the_mixture_has_all_that_breaks_quantizers():
    wanted = {
        "zeros": lambda x: not x.any(),
        "squares overflow": lambda x: np.sum(np.float64(x) ** 2) > 2.0**128,
        "subnormal": lambda x: (np.abs(x[x != 0]) < 2.0**-126).any(),
        "one-hot behind": lambda x: len(x) > 8 and np.count_nonzero(x[1:]) == 1 == np.count_nonzero(x),
        "dense": lambda x: np.unique(x).size > 20,
        "signs": lambda x: len(x) >= 12 and np.unique(x).tolist() == [-1, 1],
    }
    seen = set()

    @settings(max_examples=500, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(testing.vectors(testing.dimensions(64)))
    def draw(x):
        seen.update(name for name, condition in wanted.items() if condition(x))

    draw()
    assert seen == set(wanted)


def wrong_from_eight(x):
    """A transform whose butterflies are wrong in one place once there are three levels of them."""
    y = testing.hadamard_matrix(len(x)) @ x.astype(float)
    if len(y) >= 8:
        y[5] *= 1.01
    return y


def test_counterexamples_are_small_and_round():
    some = testing.vectors(testing.dimensions(64).map(lambda n: testing.hadamard_order(n)[0]))
    assert (
        smallest(some, lambda x: not testing.preserves_norm(wrong_from_eight, x, scale=np.sqrt(len(x))))
        == [1] + [0] * 7
    )
    any_dimension = testing.vectors(testing.dimensions(64))
    assert smallest(any_dimension, lambda x: x.any()) == [1]
    assert smallest(any_dimension, lambda x: x.sum() > 2).count(1) == 3
    assert smallest(testing.vectors(10), lambda x: np.count_nonzero(x) >= 2) in ([1, 1] + [0] * 8, [1, 0, 1] + [0] * 7)
    assert smallest(testing.normal(50), lambda x: np.abs(x).sum() > 0.1)[1:] == [0] * 49
    assert smallest(testing.subnormal(testing.dimensions(9)), lambda x: x.any()) == [np.float32(1e-45)]
    assert smallest(testing.near_thresholds(4, 3), lambda z: True) == [0, 0, 0]
    x, y = find(testing.correlated_pairs(testing.dimensions(9)), lambda pair: pair[0].any())
    assert x.tolist() == y.tolist() == [1]


def test_hypothesis_is_needed_for_strategies_alone():
    code = (
        "import sys; sys.modules['hypothesis'] = None; from hdq import testing; import numpy as np\n"
        "assert testing.is_orthogonal(lambda x: x, 4)\n"
        "try: testing.vectors(3)\nexcept ImportError as error: print(error)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "need hypothesis" in printed and "hdq[testing]" in printed

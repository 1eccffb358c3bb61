"""hdq.testing's properties of quantizers and packed codes; the e-values have a mean of at most 1, by enumeration."""
import itertools
import math

import hdq
import numpy as np
import pytest
from hdq.testing import evidence, find_thresholds, is_monotone, is_unbiased, lloyd_max, mse_within, round_trips

X = np.array([0.3, -1.2, 0.7, 2.1, 0.05, -0.4, 1.0, 0.6], np.float32)
STEP = 0.25
MSE = 8 * STEP**2 / 4 / float(X @ X)  # stochastic rounding: each variance is at most STEP²/4


def stochastic(x, seed):
    return STEP * np.floor(x / STEP + np.random.default_rng(seed).random(x.size))


def says(reason, *parts):
    assert not reason and all(part in str(reason) for part in parts), repr(reason)
    return True


def test_an_unbiased_quantizer_passes_and_says_what_would_be_seen():
    reason = is_unbiased(stochastic, X, mse=MSE)
    assert reason and reason.numbers["smallest_bias"] < 0.035 and "would be seen" in reason.text
    assert mse_within(stochastic, X, MSE)


def test_hdq_is_unbiased_within_its_certified_error():
    x = np.zeros(20, np.float32)
    x[3] = 5

    def quantize(x, seed):
        codec = hdq.Codec(20, bits=2, seed=seed)
        return codec.decode(codec.encode(x))

    bound = hdq.Codec(20, bits=2).error_bound
    assert is_unbiased(quantize, x, mse=bound) and mse_within(quantize, x, bound)
    shrunk = hdq.Codec(20, bits=2, shrink=True).shrink_factor
    assert says(is_unbiased(lambda x, seed: np.float32(shrunk) * quantize(x, seed), x, mse=bound), "E⟨x̂, x⟩ is 0.8")


@pytest.mark.parametrize(
    "fault, sentence",
    [
        (lambda x, seed: 0.96 * stochastic(x, seed), "E⟨x̂, x⟩ is 0.959"),
        (lambda x, seed: stochastic(x, seed) + np.float32(0.1) * (x == x[3]), "E⟨x̂, x⟩ is"),
        (
            lambda x, seed: stochastic(x, seed) + np.float32(0.15) * (np.arange(8) == 4),
            "along the mean of the errors before",
        ),
        (lambda x, seed: STEP * np.round(x / STEP), "x̂"),
        (lambda x, seed: stochastic(x, seed) + (np.nan if seed == 77 else 0), "with seed 77"),
        (lambda x, seed: stochastic(x, seed)[:4], "shape (4,)"),
    ],
)
def test_biases_are_seen(fault, sentence):
    if sentence == "x̂":  # rounding to nearest is far below MSE: its bias on a vector half a step off
        assert says(is_unbiased(fault, np.full(8, STEP / 2 + 0.01, np.float32), mse=1.0), "E⟨x̂, x⟩ is")
    else:
        assert says(is_unbiased(fault, X, mse=MSE), sentence)


def test_what_is_promised_to_be_seen_is_seen():
    numbers = is_unbiased(stochastic, X, mse=MSE).numbers
    scale = 1 - 1.02 * numbers["smallest_bias"]
    seen = [
        not is_unbiased(lambda x, seed: scale * stochastic(x, seed), X, mse=MSE, seeds=range(i, i + 2000))
        for i in range(0, 8000, 2000)
    ]
    assert all(seen)


def test_bad_arguments_of_unbiasedness():
    for x, mse, seeds, message in (
        (X, 0, 200, "mse must be positive"),
        (X, 1, 20, "20 seeds"),
        (0 * X, 1, 200, "not zero"),
        (np.ones((2, 2)), 1, 200, r"shape \(2, 2\)"),
    ):
        with pytest.raises(ValueError, match=message):
            is_unbiased(stochastic, x, mse=mse, seeds=seeds)


def test_errors_above_the_bound_are_seen():
    mse = mse_within(stochastic, X, MSE).numbers["mse"]
    assert says(mse_within(stochastic, X, mse / 1.25), "more than")
    good = mse_within(stochastic, X, 1.1 * mse)
    assert good and not mse_within(stochastic, X, 1.1 * mse / (1.001 * good.numbers["smallest_excess"]))
    assert mse_within(lambda x, seed: x, X, 1e-9).numbers["smallest_excess"] == math.inf
    with pytest.raises(ValueError, match="bound"):
        mse_within(stochastic, X, 0)


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5, 0.9])
def test_evidence_of_a_shift_is_an_e_value(p):
    """Over all sequences of 10 two-point numbers of mean 0 and variance 1, the mean of the e-value is at most 1; of
    mean 0.5 it is not."""
    low, high = -math.sqrt(p / (1 - p)), math.sqrt((1 - p) / p)

    def mean(shift, step):
        total = 0.0
        for ups in itertools.product((False, True), repeat=10):
            samples = np.where(ups, high, low) + shift
            total += p ** sum(ups) * (1 - p) ** (10 - sum(ups)) * math.exp(evidence.log_mean_shift(samples, 1.0, step))
        return total

    assert all(mean(0, step) <= 1 for step in (0.05, 0.3, 1.0))
    assert mean(0.5, 0.3) > 1


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9])
def test_evidence_of_an_excess_is_an_e_value(p):
    """Zeros and 1/p: a mean of 1, the bound; the mean of the e-value over all sequences is 1."""
    total = sum(
        p ** sum(ups) * (1 - p) ** (10 - sum(ups)) * math.exp(evidence.log_mean_excess(np.array(ups) / p, 1.0))
        for ups in itertools.product((0, 1), repeat=10)
    )
    assert total == pytest.approx(1)


def test_evidence_reaches_the_shift_that_it_promises():
    count, log_threshold, log_miss = 500, math.log(1e9), math.log(100)
    shift = evidence.smallest_mean_shift(count, 2.0, log_threshold, log_miss)
    step = evidence.mean_shift_step(count, 2.0, log_threshold, log_miss)
    random = np.random.default_rng(5)
    seen = sum(
        evidence.log_mean_shift(random.normal(shift, math.sqrt(2), count), 2.0, step) > log_threshold
        for _ in range(300)
    )
    assert seen >= 297
    assert evidence.smallest_mean_shift(50, 2.0, log_threshold, log_miss) == math.inf


def quantize(z):
    thresholds, codewords = lloyd_max(3)
    return codewords[np.searchsorted(thresholds.astype(np.float32), z, side="right")].astype(np.float32)


def test_thresholds_are_found_to_the_float():
    assert (find_thresholds(quantize, -8, 8) == lloyd_max(3)[0].astype(np.float32)).all()
    assert len(find_thresholds(lambda z: 0 * z, -8, 8)) == 0


def test_monotone():
    assert is_monotone(quantize).numbers["changes"] == 7
    assert says(is_monotone(lambda z: np.where((z > 1) & (z < 1.01), 0, z)), "gives 0")
    threshold = np.float32(lloyd_max(3)[0][5])
    spike = np.nextafter(threshold, np.float32(9), dtype=np.float32)  # one float beyond the threshold falls back
    assert says(
        is_monotone(lambda z: np.where(z == spike, -1, quantize(z))), "1.0499573 gives 1.343909, 1.0499574 gives -1"
    )
    assert says(is_monotone(lambda z: np.where(z > 7.9, np.nan, z)), "gives nan")
    with pytest.raises(ValueError, match=r"4097 numbers are quantized to an array of shape \(4097, 2\)"):
        is_monotone(lambda z: quantize(z)[:, None] + np.zeros(2))


@pytest.mark.parametrize("bits", range(1, 9))
def test_lloyd_max_is_a_fixed_point(bits):
    """Each codeword is the mean of its cell, by the trapezoidal rule; and Max's numbers of 1960."""
    thresholds, codewords = lloyd_max(bits)
    ends = np.concatenate([[-9], thresholds, [9]])
    for low, high, codeword in zip(ends, ends[1:], codewords):
        z = np.linspace(low, high, 4001)
        weight = np.exp((codeword**2 - z * z) / 2)
        assert np.trapz(z * weight, z) / np.trapz(weight, z) == pytest.approx(codeword, abs=2e-6)
    if bits == 2:
        assert thresholds == pytest.approx([-0.9816, 0, 0.9816], abs=5e-5) and codewords[2:] == pytest.approx(
            [0.4528, 1.510], abs=5e-4
        )


def pack(bits):
    return lambda codes: np.packbits(codes[:, None] >> np.arange(bits) & 1, bitorder="little")


def unpack(bits):
    return lambda packed, count: np.unpackbits(packed, bitorder="little")[: count * bits].reshape(-1, bits) @ (
        1 << np.arange(bits)
    )


@pytest.mark.parametrize("bits", range(1, 9))
def test_packing_round_trips(bits):
    reason = round_trips(pack(bits), unpack(bits), bits)
    assert reason and reason.numbers["tried"] > 1000


def test_faults_of_packing():
    def loses_the_last_bit(codes):
        packed = pack(3)(codes)
        if len(codes) == 33:
            packed[-1] &= 3
        return packed

    assert says(
        round_trips(loses_the_last_bit, unpack(3), 3), "code 32 of 33 entries", "comes back as 0, not 4 (3 bits)"
    )
    swapped = lambda packed, count: unpack(4)(packed >> 4 | packed << 4, count)  # noqa: E731
    assert says(round_trips(pack(4), swapped, 4), "code 0 of [1] comes back as 0, not 1")
    assert says(
        round_trips(pack(4), lambda packed, count: unpack(4)(packed, 2 * len(packed)), 4),
        "1 codes come back with shape (2,)",
    )
    with pytest.raises(ValueError, match="bits"):
        round_trips(pack(4), unpack(4), 9)

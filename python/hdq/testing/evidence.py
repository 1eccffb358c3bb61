"""Evidence against hypotheses about means, by e-values: what is right is refused with a known small probability.

An e-value is a nonnegative statistic whose mean under the hypothesis is at most 1; by Markov it exceeds 10^9 with
probability at most 10^-9. Products of conditional e-values, and averages of e-values, are e-values. All are computed as
logarithms.
"""
from __future__ import annotations

import math

import numpy as np


def log_mean_shift(samples: np.ndarray, variance: float, step: float) -> float:
    """ln of an e-value against "each sample, given the earlier ones, has mean <= 0 and mean square <= variance".

    With Catoni's influence φ(a) = sign(a)·ln(1 + |a| + a²/2) <= ln(1 + a + a²/2) and s = step > 0, E exp(φ(sX)) <= E[1
    + sX + s²X²/2] <= exp(s²·variance/2). So Σ φ(sX_i) - n·s²·variance/2 is the logarithm of one. Nothing is assumed of
    the tails of X.
    """
    scaled = step * np.asarray(samples, float)
    influence = np.sign(scaled) * np.log1p(np.abs(scaled) + scaled * scaled / 2)
    return float(np.sum(influence) - len(scaled) * step * step * variance / 2)


def mean_shift_step(count: int, variance: float, log_threshold: float, log_miss: float) -> float:
    """The step that sees the smallest shift (below)."""
    return math.sqrt((log_threshold + log_miss) / (count * variance))


def smallest_mean_shift(count: int, variance: float, log_threshold: float, log_miss: float) -> float:
    """The smallest μ such that for independent samples of mean μ or more and variance at most `variance`,
    log_mean_shift exceeds log_threshold but with probability exp(-log_miss); infinite if there is none.

    φ(a) >= -ln(1 - a + a²/2), so exp(-Σ φ(sX_i)) has a mean of at most exp(n(-sμ + s²(V + μ²)/2)); by Markov,
    sμ - s²μ²/2 >= s²V + (log_threshold + log_miss)/n suffices. φ increases: a larger mean is seen too.
    """
    step = mean_shift_step(count, variance, log_threshold, log_miss)
    need = step * variance + (log_threshold + log_miss) / (count * step)
    discriminant = 1 - 2 * step * need
    return (1 - math.sqrt(discriminant)) / step if discriminant >= 0 else math.inf


BETS = 2.0 ** -np.arange(0, 11)


def log_mean_excess(samples: np.ndarray, bound: float) -> float:
    """ln of an e-value against "each sample is >= 0 and has, given the earlier ones, a mean of at most bound": the
    average over bets 1, 1/2, … 1/1024 of Π (1 + bet·(X_i/bound - 1)). Nothing is assumed of its variance."""
    excess = np.asarray(samples, float) / bound - 1
    with np.errstate(divide="ignore"):
        logs = [float(np.sum(np.log1p(bet * excess))) for bet in BETS]
    top = max(logs)
    return top if math.isinf(top) else top + math.log(sum(math.exp(value - top) for value in logs) / len(BETS))

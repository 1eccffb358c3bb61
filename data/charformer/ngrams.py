#!/usr/bin/python3
"""Perplexities of n-gram models of the training text on the held-out text, beside which charformer's has to be seen.

Interpolated by Witten and Bell (IEEE Transactions on Information Theory 37, 1991): p(c|h) = (N(hc) +
T(h)·p(c|h'))/(N(h) + T(h)),
T(h) the number of different characters seen after h, h' the history without its first character.
"""
from __future__ import annotations

import math
from collections import Counter

from text import ALPHABET, held_out_text, split_text


def train(text: str, order: int) -> tuple[Counter, Counter, Counter]:
    """(N of strings of 1 … order characters, N of histories, T of histories)."""
    counts: Counter = Counter()
    for length in range(1, order + 1):
        counts.update(text[start : start + length] for start in range(len(text) - length + 1))
    seen, kinds = Counter(), Counter()
    for string, count in counts.items():
        seen[string[:-1]] += count
        kinds[string[:-1]] += 1
    return counts, seen, kinds


def perplexity(model: tuple[Counter, Counter, Counter], text: str, order: int) -> float:
    counts, seen, kinds = model
    nats = 0.0
    for end in range(order - 1, len(text)):
        p = 1 / len(ALPHABET)
        for start in range(end, end - order, -1):
            history = text[start:end]
            if kinds[history] == 0:
                break
            p = (counts[history + text[end]] + kinds[history] * p) / (seen[history] + kinds[history])
        nats -= math.log(p)
    return math.exp(nats / (len(text) - order + 1))


def main() -> None:
    training, held_out = split_text()
    if held_out != held_out_text():
        raise SystemExit("held-out.txt is not what this version of cmake-data gives")
    for order in (1, 2, 3, 5, 7):
        print(f"{order}-gram: perplexity {perplexity(train(training, order), held_out, order):.3f}")


if __name__ == "__main__":
    main()

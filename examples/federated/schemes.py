"""How a client sends its vector, and how the server averages what it received: hdq, signs and Lloyd–Max codes, float32.

A scheme has encode(vector, client, round), the message and its bytes, and mean(messages, weights, round), where
messages[c] is client c's. The mean has the same bytes whatever computes it.
"""
from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import hdq
import numpy as np
from hdq import stages


class Message(NamedTuple):
    content: Any
    nbytes: int


class Scheme(Protocol):
    name: str

    def start(self, dimension: int, seed: int) -> None: ...
    def encode(self, vector: np.ndarray, client: int, round: int) -> Message: ...
    def mean(self, messages: list[Message], weights: np.ndarray, round: int) -> np.ndarray: ...


class Float32:
    name = "float32"

    def start(self, dimension: int, seed: int) -> None:
        pass

    def encode(self, vector: np.ndarray, client: int, round: int) -> Message:
        return Message(vector, vector.nbytes)

    def mean(self, messages: list[Message], weights: np.ndarray, round: int) -> np.ndarray:
        total = sum(weight * message.content.astype(np.float64) for weight, message in zip(weights, messages))
        return (total / weights.sum()).astype(np.float32)


class Hdq:
    """Row client_row(client, round) of one codec; the server adds codes and takes one inverse transform."""

    def __init__(self, **fineness: float) -> None:
        self.fineness = fineness
        ((kind, value),) = fineness.items()
        self.name = f"hdq, R = {value:g}" if kind == "rate" else f"hdq, b = {value:g}"

    def start(self, dimension: int, seed: int) -> None:
        self.codec = hdq.Codec(dimension, **self.fineness, seed=seed)
        self.coder = hdq.EntropyCoder(self.codec) if self.codec.step is not None else None

    def encode(self, vector: np.ndarray, client: int, round: int) -> Message:
        codes = self.codec.encode(vector, hdq.client_row(client, round))
        if self.coder is None:
            return Message(codes, codes.nbytes)
        streams = self.coder.encode(codes)
        return Message(streams, streams.raw.nbytes + streams.data.nbytes)

    def mean(self, messages: list[Message], weights: np.ndarray, round: int) -> np.ndarray:
        sums = hdq.MeanAccumulator(self.codec.dimension, self.codec.seed)
        for message, weight in zip(messages, weights):
            sums.add(message.content if self.coder is None else self.coder.decode(message.content), weight)
        return sums.mean()


LLOYD_MAX = {1: np.array([np.sqrt(2 / np.pi)]), 2: np.array([0.45278, 1.51042])}  # of N(0, 1), the positive half


class LloydMax:
    """Each number of H D x/‖x‖ to the nearest Lloyd–Max centroid of N(0, 1), the norm beside: TurboQuant-MSE's code after
    one H D. At 1 bit a sign with the scale ‖x‖·√(2/π). Biased.

    fresh: each message has signs D of its own; otherwise one D serves all, as it does for hdq. unbiased_scale, at 1 bit:
    the scale ‖x‖²/‖H D x‖₁ of DRIVE in its place.
    """

    def __init__(self, bits: int, fresh: bool = False, unbiased_scale: bool = False) -> None:
        self.bits, self.fresh, self.unbiased_scale = bits, fresh, unbiased_scale
        code = "DRIVE, 1 bit" if unbiased_scale else f"Lloyd–Max, {bits} bit{'s' * (bits > 1)}"
        self.name = f"{code}, {'fresh D' if fresh else 'one D'}"

    def start(self, dimension: int, seed: int) -> None:
        self.dimension, self.seed = dimension, seed
        self.order = stages.hadamard_order(dimension).order
        self.signs = stages.signs(seed, self.order)

    def _signs(self, client: int, round: int) -> np.ndarray:
        if not self.fresh:
            return self.signs
        return stages.signs((self.seed << 48) + (round << 16) + client + 1, self.order)

    def encode(self, vector: np.ndarray, client: int, round: int) -> Message:
        padded = np.zeros(self.order, np.float32)
        padded[: self.dimension] = vector
        y = stages.transform(padded, self._signs(client, round))
        norm = np.float32(np.linalg.norm(vector.astype(np.float64)))
        scale = norm**2 / np.abs(y, dtype=np.float64).mean() if self.unbiased_scale and norm > 0 else norm
        magnitudes = LLOYD_MAX[self.bits]
        codes = [y < 0]
        if self.bits == 2:
            codes.append(np.abs(y) > norm * magnitudes.mean())
        return Message((np.float32(scale), [np.packbits(code) for code in codes]), 4 + self.bits * self.order // 8)

    def _rotated(self, message: Message) -> np.ndarray:
        scale, packed = message.content
        negative, *outer = (np.unpackbits(code, count=self.order) for code in packed)
        levels = [1.0] if self.unbiased_scale else LLOYD_MAX[self.bits]
        size = np.array(levels)[outer[0]] if outer else np.full(self.order, levels[0])
        return np.float64(scale) * np.where(negative, -size, size)

    def mean(self, messages: list[Message], weights: np.ndarray, round: int) -> np.ndarray:
        shares = weights / weights.sum()
        rotated = [share * self._rotated(message) for share, message in zip(shares, messages)]
        if not self.fresh:
            back = stages.inverse_transform(np.sum(rotated, axis=0, dtype=np.float64).astype(np.float32), self.signs)
        else:
            back = np.sum([stages.inverse_transform(y.astype(np.float32), self._signs(client, round))
                           for client, y in enumerate(rotated)], axis=0)
        return back[: self.dimension]

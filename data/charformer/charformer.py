"""Charformer in numpy: what it predicts where the cache keeps not the keys and values computed but their codes.

Teacher forcing: all characters of a window are known, so that what the model computes one character after the other
with a cache can be computed for all of them at once. Each position attends to the *quantized* keys and values of the
earlier positions and of its own, as a cache does that is appended to before it is read.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

from text import HERE

CONTEXT = 256
HEAD_DIMENSION = 64

# (layer, query, key, value) -> output, arrays (windows, heads, context, 64): attention over what a cache kept of keys and values.
CacheAttention = Callable[[int, np.ndarray, np.ndarray, np.ndarray], np.ndarray]

# (kind, layer, rows) -> rows: kind is "keys" or "values", rows (n, 64) float32, in order of windows, heads, positions.
RoundTrip = Callable[[str, int, np.ndarray], np.ndarray]


@dataclass
class Result:
    """Of some windows: the mean negative log-likelihood of a character, in nats, and ‖o' − o‖²/‖o‖² of the outputs
    of all attention heads, o' with quantized keys and values, o with those that were to be quantized in the same run.
    """

    nats: float
    output_error: float

    @property
    def perplexity(self) -> float:
        return float(np.exp(self.nats))


def windows_of(characters: np.ndarray, every: int = 1) -> np.ndarray:
    """(windows, CONTEXT + 1): each `every`-th window of the text; a window's last character is the next one's first."""
    count = (len(characters) - 1) // CONTEXT
    starts = np.arange(0, count, every) * CONTEXT
    return characters[starts[:, None] + np.arange(CONTEXT + 1)]


def normalize(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt(np.square(x).mean(-1, keepdims=True) + np.float32(1e-6))


def rotate(x: np.ndarray, first: int = 0) -> np.ndarray:
    """Rotary positions first, first + 1, …: x (…, context, 64), coordinates j and j + 32 are turned."""
    half = HEAD_DIMENSION // 2
    positions = first + np.arange(x.shape[-2])
    angles = positions[:, None] * 10000.0 ** (-np.arange(half) / half)
    cosine, sine = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cosine - second * sine, first * sine + second * cosine], axis=-1)


def attend(query: np.ndarray, key: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Causal softmax attention, arrays (…, context, 64)."""
    scores = query @ key.swapaxes(-1, -2) / np.float32(np.sqrt(HEAD_DIMENSION))
    scores += np.triu(np.full(scores.shape[-2:], -np.inf, np.float32), 1)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return (weights / weights.sum(-1, keepdims=True)) @ value


class Charformer:
    """The stored model; matrices are float16 in the file and float32 here."""

    def __init__(self) -> None:
        with np.load(HERE / "model.npz") as file:
            self._matrices = {name: file[name].astype(np.float32) for name in file.files}
        self.layers = len(self._matrices["up"])

    def run(self, windows: np.ndarray, round_trip: RoundTrip) -> Result:
        """run_with() of attention over rows that went through `round_trip`."""

        def attend_kept(layer: int, query: np.ndarray, key: np.ndarray, value: np.ndarray) -> np.ndarray:
            kept_key, kept_value = (
                round_trip(kind, layer, rows.reshape(-1, HEAD_DIMENSION)).reshape(rows.shape)
                for kind, rows in (("keys", key), ("values", value))
            )
            return attend(query, kept_key, kept_value)

        return self.run_with(windows, attend_kept)

    def run_with(self, windows: np.ndarray, attention: CacheAttention) -> Result:
        """The windows' characters but the first, predicted from those before. Memory: 4 MiB a window, about."""
        matrices = self._matrices
        x = matrices["embedding"][windows[:, :-1]]
        error = energy = 0.0
        for layer in range(self.layers):
            query, key, value = self._project(x, layer)
            exact, output = attend(query, key, value), attention(layer, query, key, value)
            error += float(np.square(output - exact).sum())
            energy += float(np.square(exact).sum())
            x = x + output.swapaxes(1, 2).reshape(x.shape[0], x.shape[1], -1) @ matrices["attention_out"][layer]
            x = x + np.square(np.maximum(normalize(x) @ matrices["up"][layer], 0)) @ matrices["down"][layer]
        logits = (normalize(x) * matrices["gain"]) @ matrices["embedding"].T
        return Result(_mean_loss(logits, windows[:, 1:]), error / energy)

    def step(self, character: int, position: int, caches: list) -> np.ndarray:
        """(96,) logits of the next character. Each layer's cache (hdq.KeyValueCache(64, 2), say) gets a row a head."""
        matrices = self._matrices
        x = matrices["embedding"][[[character]]]
        for layer, cache in enumerate(caches):
            query, key, value = (rows[0, :, 0] for rows in self._project(x, layer, position))
            cache.append(key, value)
            x = x + cache.attend(query).reshape(1, 1, -1) @ matrices["attention_out"][layer]
            x = x + np.square(np.maximum(normalize(x) @ matrices["up"][layer], 0)) @ matrices["down"][layer]
        return ((normalize(x) * matrices["gain"]) @ matrices["embedding"].T)[0, 0]

    def _project(self, x: np.ndarray, layer: int, first: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Queries, keys and values, (windows, heads, context, 64), the first two turned by their positions."""
        normal = normalize(x)
        query, key, value = (
            np.ascontiguousarray((normal @ self._matrices[name][layer])
                                 .reshape(*x.shape[:2], -1, HEAD_DIMENSION).swapaxes(1, 2))
            for name in ("query", "key", "value")
        )
        return rotate(query, first), rotate(key, first), value


def _mean_loss(logits: np.ndarray, targets: np.ndarray) -> float:
    largest = logits.max(-1)
    partition = np.log(np.exp(logits - largest[..., None]).sum(-1, dtype=np.float64)) + largest
    chosen = np.take_along_axis(logits, targets[..., None], -1)[..., 0]
    return float((partition - chosen).mean())

"""Softmax regression and a network with one hidden layer, their parameters one vector of float32, as it is averaged."""
from __future__ import annotations

import numpy as np


def _softmax_errors(logits: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean cross entropy, and its gradient by the logits."""
    logits = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(logits)
    sums = exponentials.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = float((np.log(sums[:, 0]) - logits[rows, y]).mean())
    gradient = exponentials / sums
    gradient[rows, y] -= 1
    return loss, gradient / len(y)


class SoftmaxRegression:
    """decay: the penalty decay/2·‖w‖²."""

    def __init__(self, pixels: int, decay: float = 0) -> None:
        self.shape, self.decay = (pixels + 1, 10), decay
        self.size = (pixels + 1) * 10

    def initial(self, seed: int) -> np.ndarray:
        return np.zeros(self.size, np.float32)

    def logits(self, w: np.ndarray, x: np.ndarray) -> np.ndarray:
        matrix = w.reshape(self.shape)
        return x @ matrix[:-1] + matrix[-1]

    def loss_and_gradient(self, w: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        loss, errors = _softmax_errors(self.logits(w, x), y)
        gradient = np.concatenate([x.T @ errors, errors.sum(axis=0, keepdims=True)]).reshape(-1)
        return loss + self.decay / 2 * float(w @ w), gradient + w.dtype.type(self.decay) * w


class TwoLayers:
    """tanh units between."""

    def __init__(self, pixels: int, hidden: int) -> None:
        self.shapes = [(pixels + 1, hidden), (hidden + 1, 10)]
        self.sizes = [rows * columns for rows, columns in self.shapes]
        self.size = sum(self.sizes)

    def _layers(self, w: np.ndarray) -> list[np.ndarray]:
        first, second = np.split(w, self.sizes[:1])
        return [first.reshape(self.shapes[0]), second.reshape(self.shapes[1])]

    def initial(self, seed: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        first, second = (random.standard_normal(shape) * np.sqrt(1 / shape[0]) for shape in self.shapes)
        first *= np.sqrt(self.shapes[0][0])  # images have the norm 1, not pixels
        first[-1], second[-1] = 0, 0
        return np.concatenate([first.reshape(-1), second.reshape(-1)]).astype(np.float32)

    def logits(self, w: np.ndarray, x: np.ndarray) -> np.ndarray:
        first, second = self._layers(w)
        return np.tanh(x @ first[:-1] + first[-1]) @ second[:-1] + second[-1]

    def loss_and_gradient(self, w: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        first, second = self._layers(w)
        units = np.tanh(x @ first[:-1] + first[-1])
        loss, errors = _softmax_errors(units @ second[:-1] + second[-1], y)
        back = (errors @ second[:-1].T) * (1 - units * units)
        parts = [x.T @ back, back.sum(axis=0), units.T @ errors, errors.sum(axis=0)]
        return loss, np.concatenate([part.reshape(-1) for part in parts])

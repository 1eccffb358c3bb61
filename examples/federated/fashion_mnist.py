"""Fashion-MNIST (Debian's package dataset-fashion-mnist) and its split among clients whose labels differ."""
from __future__ import annotations

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np

FOLDER = Path("/usr/share/datasets/fashion-mnist")


class Images(NamedTuple):
    """x: (images, pixels) float32; y: (images,) labels 0 to 9."""

    x: np.ndarray
    y: np.ndarray


def _numbers(name: str, header: int) -> np.ndarray:
    with gzip.open(FOLDER / f"{name}-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def load(part: str, side: int = 28) -> Images:
    """part: "train", 60,000 images, or "t10k", 10,000. side: 28, or 14, where each pixel is the mean of four."""
    pixels = _numbers(f"{part}-images-idx3", 16).reshape(-1, 28, 28)
    if side == 14:
        pixels = pixels.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4), dtype=np.float32)
    x = pixels.reshape(len(pixels), -1).astype(np.float32) / np.float32(255)
    return Images(x, _numbers(f"{part}-labels-idx1", 8).astype(np.int64))


def centred(images: Images, by: Images) -> Images:
    """Without the mean image of `by`, scaled so that its images have the mean square norm 1."""
    mean = by.x.mean(axis=0)
    scale = np.sqrt(np.square(by.x - mean).sum(axis=1).mean())
    return Images((images.x - mean) / scale, images.y)


def dirichlet_split(labels: np.ndarray, clients: int, alpha: float, seed: int) -> list[np.ndarray]:
    """Indices of each client's images: of every label, clients have shares drawn from Dirichlet(alpha)."""
    random = np.random.default_rng(seed)
    parts: list[list[np.ndarray]] = [[] for _ in range(clients)]
    for label in range(10):
        of_label = random.permutation(np.flatnonzero(labels == label))
        ends = (np.cumsum(random.dirichlet(np.full(clients, alpha))) * len(of_label)).astype(int)
        for part, indices in zip(parts, np.split(of_label, ends[:-1])):
            part.append(indices)
    return [np.concatenate(part) for part in parts]


def two_labels_each(labels: np.ndarray, clients: int, images: int) -> list[np.ndarray]:
    """Client c has the first images of labels c and c + 1 (mod 10) that no client before has, half and half."""
    positions = [np.flatnonzero(labels == label) for label in range(10)]
    taken = [0] * 10
    parts = []
    for client in range(clients):
        mine = []
        for label in (client % 10, (client + 1) % 10):
            mine.append(positions[label][taken[label] : taken[label] + images // 2])
            taken[label] += images // 2
        parts.append(np.concatenate(mine))
    return parts

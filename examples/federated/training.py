"""FedSGD: in each round every client sends the gradient of its images, the server averages and takes a step.

Three tasks: "softmax" and "two layers" train with samples of Dirichlet-split images, and what counts is accuracy against
bytes; "optimum" is softmax regression with a penalty and all images of clients that have two labels each, whose least
loss is known, and what counts is how near to it a scheme comes.
"""
from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from fashion_mnist import Images, centred, dirichlet_split, load, two_labels_each
from models import SoftmaxRegression, TwoLayers
from schemes import Message, Scheme

CLIENTS = 10
DECAY = 0.01  # of "optimum"
SMOOTHNESS = 0.5  # at least the greatest eigenvalue of the loss's second derivative there: ‖(x, 1)‖²/2 is 1 on average


class Task(NamedTuple):
    rounds: int
    batch: int | None  # images of a client in a round; None: all
    every: int  # rounds between measurements

    def short(self, rounds: int) -> Task:
        return self._replace(rounds=rounds, every=max(1, rounds // 4))


TASKS = {"softmax": Task(300, 64, 20), "two layers": Task(300, 64, 20), "optimum": Task(2000, None, 50)}


class Point(NamedTuple):
    """After so many rounds. value: of "optimum" (f(w) − f*)/(f(0) − f*), else accuracy."""

    round: int
    bytes_per_client: float
    value: float


class Problem(NamedTuple):
    model: Any
    train: Images
    test: Images
    parts: list[np.ndarray]
    least: float  # f* of "optimum"
    first: float  # f(0)


def _least_loss(model: SoftmaxRegression, images: Images) -> float:
    """By Nesterov's method in double, to where the gradient is 0 to rounding."""
    x, w = images.x.astype(np.float64), np.zeros(model.size)
    ahead, root = w, np.sqrt(DECAY / SMOOTHNESS)
    for _ in range(400):
        new = ahead - model.loss_and_gradient(ahead, x, images.y)[1] / SMOOTHNESS
        ahead = new + (1 - root) / (1 + root) * (new - w)
        w = new
    loss, gradient = model.loss_and_gradient(w, x, images.y)
    assert np.linalg.norm(gradient) < 1e-9
    return loss


@lru_cache(maxsize=3)
def problem(name: str) -> Problem:
    if name != "optimum":
        train = load("train")
        train, test = centred(train, train), centred(load("t10k"), train)
        model = SoftmaxRegression(784) if name == "softmax" else TwoLayers(784, 32)
        return Problem(model, train, test, dirichlet_split(train.y, CLIENTS, 0.3, 1), 0, 0)
    images = load("t10k", 14)
    parts = two_labels_each(images.y, CLIENTS, 100)
    chosen = np.concatenate(parts)
    images = centred(Images(images.x[chosen], images.y[chosen]), Images(images.x[chosen], images.y[chosen]))
    model = SoftmaxRegression(196, DECAY)
    first = model.loss_and_gradient(model.initial(0), *images)[0]
    parts = [np.arange(100 * client, 100 * (client + 1)) for client in range(CLIENTS)]
    return Problem(model, images, images, parts, _least_loss(model, images), first)


def step_size(name: str, round: int, rounds: int) -> float:
    if name == "optimum":
        return 2 / (DECAY * round + 2 * SMOOTHNESS)  # of strongly convex functions, Bottou, Curtis and Nocedal 2018
    return (24.0 if name == "softmax" else 4.0) * 0.5 * (1 + np.cos(np.pi * round / rounds))


def measure(name: str, here: Problem, w: np.ndarray) -> float:
    if name == "optimum":
        loss = here.model.loss_and_gradient(w.astype(np.float64), here.train.x.astype(np.float64), here.train.y)[0]
        return (loss - here.least) / (here.first - here.least)
    return float((here.model.logits(w, here.test.x).argmax(axis=1) == here.test.y).mean())


class OneProcess:
    """All clients are here."""

    clients = list(range(CLIENTS))

    def exchange(self, own: list[Message]) -> list[Message]:
        return own


class Ranks:
    """MPI's: rank r of P has the clients r, r + P, …, and every rank is a server too."""

    def __init__(self, comm: Any) -> None:
        self.comm = comm
        self.clients = list(range(comm.Get_rank(), CLIENTS, comm.Get_size()))

    def exchange(self, own: list[Message]) -> list[Message]:
        gathered = self.comm.allgather(own)
        return [gathered[client % len(gathered)][client // len(gathered)] for client in range(CLIENTS)]


def gradient(here: Problem, task: Task, w: np.ndarray, client: int, round: int, seed: int) -> np.ndarray:
    indices = here.parts[client]
    if task.batch is not None:
        indices = np.random.default_rng((seed, client, round)).choice(indices, task.batch)
    return here.model.loss_and_gradient(w, here.train.x[indices], here.train.y[indices])[1]


def run(name: str, task: Task, scheme: Scheme, seed: int, place: OneProcess | Ranks) -> list[Point]:
    """seed: of the scheme, and of the samples and first parameters where there are any."""
    here = problem(name)
    w = here.model.initial(seed)
    weights = np.array([len(part) for part in here.parts], np.float64)
    scheme.start(here.model.size, seed)
    points, sent = [], 0.0
    for round in range(task.rounds):
        own = [scheme.encode(gradient(here, task, w, client, round, seed), client, round) for client in place.clients]
        messages = place.exchange(own)
        sent += sum(message.nbytes for message in messages) / CLIENTS
        w = w - np.float32(step_size(name, round, task.rounds)) * scheme.mean(messages, weights, round)
        if (round + 1) % task.every == 0:
            points.append(Point(round + 1, sent, measure(name, here, w)))
    return points

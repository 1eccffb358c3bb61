#!/usr/bin/python3
"""Trains charformer, a transformer over characters, on one core, and writes model.npz and held-out.txt.

usage: train.py [STEPS]

Needs Debian's python3-torch and cmake-data. The seed is fixed: the same libraries on the same processor give the same
bytes, others a model that differs by rounding. README.md says with which ones the stored model was made.
"""
from __future__ import annotations

import math
import sys
import time

import numpy as np
import torch
from torch import nn

from text import ALPHABET, HERE, split_text, tokens

WIDTH, HEADS, HEAD_DIMENSION, LAYERS, CONTEXT = 128, 2, 64, 4, 256
BATCH, STEPS, WARM_UP, MATRIX_RATE, OTHER_RATE = 8, 1500, 30, 0.02, 4e-3


def rotary_angles(context: int) -> torch.Tensor:
    """(context, HEAD_DIMENSION/2) angles of rotary position embedding (Su et al., arXiv 2104.09864)."""
    frequencies = 10000.0 ** (-torch.arange(HEAD_DIMENSION // 2) / (HEAD_DIMENSION // 2))
    return torch.arange(context)[:, None] * frequencies


def rotate(x: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    """Turns coordinates j and j + 32 of each row by the angle of its position."""
    first, second = x.chunk(2, dim=-1)
    cosine, sine = angles.cos(), angles.sin()
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=-1)


def normalize(x: torch.Tensor) -> torch.Tensor:
    """x over its root mean square; gains are in the matrix that follows."""
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)


class Charformer(nn.Module):
    """Pre-norm decoder with rotary positions, squared ReLU and tied embeddings; no bias anywhere."""

    def __init__(self) -> None:
        super().__init__()

        def matrices(rows: int, columns: int, scale: float) -> nn.Parameter:
            return nn.Parameter(torch.randn(LAYERS, rows, columns) * scale / math.sqrt(rows))

        inner = HEADS * HEAD_DIMENSION
        self.embedding = nn.Parameter(torch.randn(len(ALPHABET), WIDTH) * 0.05)
        self.query, self.key, self.value = (matrices(WIDTH, inner, 1.0) for _ in range(3))
        self.attention_out = matrices(inner, WIDTH, 0.2)
        self.up = matrices(WIDTH, 4 * WIDTH, 1.0)
        self.down = matrices(4 * WIDTH, WIDTH, 0.2)
        self.gain = nn.Parameter(torch.full((WIDTH,), 2.0))

    def attention(self, x: torch.Tensor, layer: int, angles: torch.Tensor, later: torch.Tensor) -> torch.Tensor:
        batch, context, _ = x.shape

        def heads(matrix: torch.Tensor) -> torch.Tensor:
            projected = (x @ matrix).view(batch, context, HEADS, HEAD_DIMENSION)
            return projected.transpose(1, 2).reshape(batch * HEADS, context, HEAD_DIMENSION)

        query, key, value = heads(self.query[layer]), heads(self.key[layer]), heads(self.value[layer])
        scores = rotate(query, angles) @ rotate(key, angles).transpose(1, 2) / math.sqrt(HEAD_DIMENSION) + later
        mixed = (scores.softmax(-1) @ value).view(batch, HEADS, context, HEAD_DIMENSION)
        return mixed.transpose(1, 2).reshape(batch, context, -1) @ self.attention_out[layer]

    def forward(self, characters: torch.Tensor) -> torch.Tensor:
        """(batch, context) to (batch, context, characters) logits of the next one."""
        context = characters.shape[1]
        angles, later = rotary_angles(context), torch.full((context, context), -math.inf).triu(1)
        x = self.embedding[characters]
        for layer in range(LAYERS):
            x = x + self.attention(normalize(x), layer, angles, later)
            x = x + (normalize(x) @ self.up[layer]).relu().square() @ self.down[layer]
        return (normalize(x) * self.gain) @ self.embedding.T


def loss_of(model: Charformer, windows: torch.Tensor) -> torch.Tensor:
    logits = model(windows[:, :-1])
    return nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())


def share_of_rate(step: int, steps: int) -> float:
    """Linear warm-up, then linear to nearly nothing."""
    return min((step + 1) / WARM_UP, (steps - step) / (steps - WARM_UP))


def orthogonalize(matrices: torch.Tensor) -> torch.Tensor:
    """Nearly the orthogonal factor of each matrix: five Newton-Schulz steps with Muon's coefficients
    (Jordan et al., 2024).
    """
    wide = matrices.shape[1] <= matrices.shape[2]
    x = matrices if wide else matrices.transpose(1, 2)
    x = x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    for _ in range(5):
        gram = x @ x.transpose(1, 2)
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x if wide else x.transpose(1, 2)


class Muon(torch.optim.Optimizer):
    """Orthogonalized momentum, for stacks of matrices (layers, inputs, outputs)."""

    def __init__(self, stacks: list[nn.Parameter], lr: float, momentum: float = 0.95) -> None:
        super().__init__(stacks, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for stack in group["params"]:
                average = self.state[stack].setdefault("average", torch.zeros_like(stack))
                average.lerp_(stack.grad, 1 - group["momentum"])
                update = orthogonalize(stack.grad.lerp(average, group["momentum"]))
                stack.sub_(update, alpha=group["lr"] * math.sqrt(max(1.0, stack.shape[2] / stack.shape[1])))


def train(text: np.ndarray, steps: int) -> Charformer:
    torch.manual_seed(15)
    model = Charformer()
    stacks = [p for p in model.parameters() if p.dim() == 3]
    others = [p for p in model.parameters() if p.dim() < 3]
    rates = {Muon(stacks, MATRIX_RATE): MATRIX_RATE, torch.optim.Adam(others, betas=(0.9, 0.98)): OTHER_RATE}
    data = torch.from_numpy(text)
    begin, average = time.process_time(), 0.0
    for step in range(steps):
        starts = torch.randint(len(data) - CONTEXT, (BATCH,))
        loss = loss_of(model, data[starts[:, None] + torch.arange(CONTEXT + 1)])
        model.zero_grad()
        loss.backward()
        for optimizer, rate in rates.items():
            optimizer.param_groups[0]["lr"] = rate * share_of_rate(step, steps)
            optimizer.step()
        average += (loss.item() - average) / min(step + 1, 50)
        if step % 50 == 49:
            print(f"step {step + 1}: {average / math.log(2):.3f} bits a character, "
                  f"{time.process_time() - begin:.0f} s", flush=True)
    return model


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    training, held_out = split_text()
    (HERE / "held-out.txt").write_text(held_out, encoding="ascii")
    model = train(tokens(training), int(sys.argv[1]) if len(sys.argv) > 1 else STEPS)
    np.savez(HERE / "model.npz", **{name: value.detach().numpy().astype(np.float16)
                                    for name, value in model.named_parameters()})


if __name__ == "__main__":
    main()

"""A TurboQuant kernel in numpy that is right for powers of two and wrong for every other dimension: what hdq.validate says of it.

    python3 examples/python/wrong_turboquant.py
"""
import hdq
import numpy as np
from hdq.testing import lloyd_max


def hadamard(x):
    """H x for rows of d numbers, d a power of 2."""
    rows, d = x.shape
    h = 1
    while h < d:
        pairs = x.reshape(rows, d // (2 * h), 2, h)
        x = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], axis=2).reshape(rows, d)
        h *= 2
    return x


class TurboQuant:
    """x/‖x‖ padded to d numbers, rotated by H D/√d, each to the nearest Lloyd-Max centroid of N(0, 1/d); the norm is stored."""

    def scale(self, n, d):
        return np.float32(1 / np.sqrt(d))

    def data(self, name, d, seed):
        return np.random.default_rng(seed).choice([-1.0, 1.0], d)

    def transform(self, x, d, n, seed):
        padded = np.zeros((len(x), d), np.float32)
        padded[:, : x.shape[1]] = x
        return hadamard(padded * self.data("signs", d, seed).astype(np.float32)) * self.scale(n, d)

    def encode(self, x, d, n, seed, bits):
        if not np.isfinite(x).all():
            raise hdq.BadInput(*np.argwhere(~np.isfinite(x))[0])
        norms = np.linalg.norm(x.astype(float), axis=1).astype(np.float32)
        if np.isinf(norms).any():
            raise hdq.BadInput(int(np.argmax(np.isinf(norms))), None)
        y = self.transform((x / np.where(norms > 0, norms, 1)[:, None].astype(float)).astype(np.float32), d, n, seed)
        codes = np.searchsorted((lloyd_max(bits)[0] / np.sqrt(d)).astype(np.float32), y, side="right")
        bit_string = (codes[:, :, None] >> np.arange(bits) & 1).reshape(len(x), -1)
        return norms, np.packbits(bit_string, axis=1, bitorder="little")

    def decode(self, norms, codes, d, n, seed, bits):
        bit_string = np.unpackbits(codes, axis=1, bitorder="little")[:, : d * bits].reshape(len(codes), d, bits)
        y = (lloyd_max(bits)[1] / np.sqrt(d)).astype(np.float32)[bit_string @ (1 << np.arange(bits))]
        x = hadamard(y) * self.data("signs", d, seed).astype(np.float32) * self.scale(n, d)
        return x[:, :n] * norms[:, None]


class ScaledByTheWrongDimension(TurboQuant):
    def scale(self, n, d):
        return np.float32(1 / np.sqrt(n))  # d, the padded dimension, is meant


for kernel in (TurboQuant(), ScaledByTheWrongDimension()):
    report = hdq.validate(kernel, "turboquant-mse", level="quick", bits=[2, 4], skip="audit")
    print(f"{type(kernel).__name__}: {report.verdict}, {len(report.findings)} findings")
    for finding in report.findings[:1]:
        print(finding)

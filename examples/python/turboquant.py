"""TurboQuant in numpy, judged by hdq.validate: every stage against real arithmetic (docs/profiles.md, profile
turboquant-mse). Then the same with its scale lost, and what is said of it."""
import numpy as np

import hdq


class TurboQuant:
    """x/‖x‖ rotated by HD/√d, Lloyd-Max centroids of N(0, 1) over √d, the norm stored."""

    centroids = {
        1: [0.7978845608],
        2: [0.4527800398, 1.510417609],
        3: [0.2450941598, 0.7560052489, 1.343909278, 2.151945705],
    }

    def signs(self, seed, d):
        return np.random.default_rng(seed).choice([-1.0, 1.0], d)

    def data(self, name, seed, count):  # what the profile leaves to a kernel
        return self.signs(seed, count)

    def transform(self, x, seed, d):
        rows, n = x.shape
        y = np.zeros((rows, d), np.float32)
        y[:, :n] = x
        return self.hadamard(y * self.signs(seed, d)) / np.sqrt(d)

    def transform_transposed(self, y, n, seed, d):
        return (self.hadamard(y) / np.sqrt(d) * self.signs(seed, d))[:, :n]

    @staticmethod
    def hadamard(y):
        h = 1
        while h < y.shape[1]:
            pairs = y.reshape(len(y), y.shape[1] // (2 * h), 2, h)
            y = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], axis=2).reshape(y.shape)
            h *= 2
        return y

    def codebook(self, bits, d):
        return np.concatenate([-np.array(self.centroids[bits][::-1]), self.centroids[bits]]) / np.sqrt(d)

    def encode(self, x, bits, seed, d):
        if not np.isfinite(x).all():
            raise hdq.BadInput(*np.argwhere(~np.isfinite(x))[0])
        norms = np.sqrt((x.astype(np.float64) ** 2).sum(axis=1))
        z = self.transform(x, seed, d) / np.where(norms == 0, 1, norms)[:, None]
        q = self.codebook(bits, d)
        codes = np.searchsorted((q[1:] + q[:-1]) / 2, z)
        each = codes[..., None] >> np.arange(bits) & 1
        return norms, np.packbits(each.reshape(len(x), d * bits), axis=1, bitorder="little")

    def decode(self, norms, codes, bits, n, seed, d):
        columns = np.unpackbits(codes, axis=1, bitorder="little")[:, : d * bits].reshape(len(codes), d, bits)
        return self.transform_transposed(
            self.scale(norms) * self.codebook(bits, d)[columns @ (1 << np.arange(bits))], n, seed, d
        )

    def scale(self, norms):
        return norms[:, None]


class ScaleLost(TurboQuant):
    def scale(self, norms):
        return np.ones((len(norms), 1))


if __name__ == "__main__":
    print(hdq.assert_valid(TurboQuant, "turboquant-mse", bits=[1, 2, 3], level="quick").summary())
    report = hdq.validate(ScaleLost, "turboquant-mse", bits=[1, 2, 3], level="quick", fail_fast=True)
    print(report.summary())
    assert report.findings[0].defect == "factor-stored-never-applied"

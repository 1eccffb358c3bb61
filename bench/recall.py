#!/usr/bin/env python3
"""Recall@10 by the codes alone, of both schemes of hdq and of faiss at equal bytes: the table of docs/performance.md.

    for part in t10k train; do
      build/release/tests/idx-to-npy /usr/share/datasets/fashion-mnist/$part-images-idx3-ubyte.gz build/fashion-mnist-$part.npy 20000; done
    /usr/bin/python3 bench/recall.py build/release/hdq build/fashion-mnist-t10k.npy build/fashion-mnist-train.npy

needs Debian's python3-faiss and dataset-fashion-mnist. The budget at b bits is hdq's file at --bits b, norms, checksums and all; everything else is given at
most that many bytes a row, except for the mean of a centred file at --bits, and for what faiss has learnt (for a product quantizer of 8 bits 1024·n bytes), which is
not counted.
"""
import pathlib
import subprocess
import sys
import tempfile

import faiss
import numpy as np

root = pathlib.Path(__file__).resolve().parent.parent
K = 10


class Hdq:
    def __init__(self, program, directory, x, queries, metric):
        self.program, self.directory, self.metric, self.rows = program, pathlib.Path(directory), metric, len(x)
        for name, values in (("x.npy", x), ("q.npy", queries)):
            np.save(self.directory / name, values.astype(np.float32))

    def run(self, *arguments):
        subprocess.run([self.program, *map(str, arguments)], check=True, capture_output=True)

    def encode(self, *options):
        """Bytes of the file."""
        self.run("encode", self.directory / "x.npy", "-o", self.directory / "x.hdq", *options)
        return (self.directory / "x.hdq").stat().st_size

    def encode_within(self, budget, *options):
        """At the highest rate, in steps of 0.01, whose file fits."""
        low, high = 30, 1200
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.encode("--rate", middle / 100, *options) <= budget else (low, middle - 1)
        return self.encode("--rate", low / 100, *options)

    def found(self):
        self.run("search", self.directory / "x.hdq", "--queries", self.directory / "q.npy", "-k", K, "--metric", self.metric, "-o", self.directory / "n.npy")
        return np.load(self.directory / "n.npy")


def exact(x, queries, metric):
    x, queries = x.astype(np.float64), queries.astype(np.float64)
    scores = queries @ x.T
    if metric != "ip":
        scores -= (x**2).sum(1) / 2
    return np.argsort(-scores, axis=1, kind="stable")[:, :K]


def recall(found, true):
    return sum(len(set(a) & set(b)) for a, b in zip(found, true)) / true.size


def product_quantizers(n, budget):
    """Subquantizers of 8 and of 4 bits, as many as fit."""
    for bits in (8, 4):
        fitting = [m for m in range(1, n + 1) if n % m == 0 and m * bits <= 8 * budget]
        yield f"PQ {bits} bits", max(fitting), bits


def faiss_results(x, training, queries, metric, budget):
    """Name, bytes a row and what is found."""
    n, of = x.shape[1], faiss.METRIC_INNER_PRODUCT if metric == "ip" else faiss.METRIC_L2
    indexes = [(name, m * bits // 8, faiss.IndexPQ(n, m, bits, of)) for name, m, bits in product_quantizers(n, budget)]
    for _, _, index in indexes:
        index.pq.cp.min_points_per_centroid = 1
    for name, kind in (("SQ 8 bits", faiss.ScalarQuantizer.QT_8bit), ("SQ 4 bits", faiss.ScalarQuantizer.QT_4bit)):
        index = faiss.IndexScalarQuantizer(n, kind, of)
        if index.sq.code_size <= budget:
            indexes.append((name, index.sq.code_size, index))
            break
    if n <= 8 * budget < 2 * n:
        indexes.append(("LSH", n // 8, faiss.IndexLSH(n, n, True, True)))  # 1 bit a coordinate, rotated, and learnt thresholds
    for name, size, index in indexes:
        index.train(training)
        index.add(x)
        yield name, size, index.search(queries, K)[1]


def compare(program, name, x, training, queries, metric):
    true = exact(x, queries, metric)
    with tempfile.TemporaryDirectory() as directory:
        hdq = Hdq(program, directory, x, queries, metric)
        for bits in (1, 2, 4):
            budget = hdq.encode("--bits", bits)
            line = [("hdq --bits", budget / len(x), recall(hdq.found(), true))]
            line.append(("hdq --bits --center", hdq.encode("--bits", bits, "--center") / len(x), recall(hdq.found(), true)))
            for label, more in (("hdq --rate", ()), ("hdq --rate --center", ("--center",))):
                line.append((label, hdq.encode_within(budget, *more) / len(x), recall(hdq.found(), true)))
            line += [("faiss " + label, size, recall(found, true)) for label, size, found in faiss_results(x, training, queries, metric, budget / len(x))]
            for label, size, value in line:
                print(f"{name:<14} {bits}  {label:<20} {size:7.2f} bytes a row  {value:.4f}", flush=True)


def main():
    program, images, training = sys.argv[1], *(np.load(path).astype(np.float32) for path in sys.argv[2:4])
    faiss.omp_set_num_threads(1)
    x = np.load(root / "data/minilm-fiori-778x384.npy")
    print("faiss", faiss.__version__)
    compare(program, "data/", x, x, x, "ip")
    compare(program, "Fashion-MNIST", images[:10000], training[1000:], training[:1000], "l2")


if __name__ == "__main__":
    main()

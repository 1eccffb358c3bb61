#!/usr/bin/python3
"""Recall@10 by the codes alone with a dither word for each row, with one for all rows, and entropy-coded: the table of docs/performance.md.

    cmake --preset release -DHDQ_PYTHON=ON && ninja -C build/release hdq_python idx-to-npy
    for part in t10k train; do
      build/release/tests/idx-to-npy /usr/share/datasets/fashion-mnist/$part-images-idx3-ubyte.gz build/fashion-mnist-$part.npy 20000; done
    PYTHONPATH=build/release/python bench/shared_dither.py build/fashion-mnist-t10k.npy build/fashion-mnist-train.npy

needs numpy, and Debian's dataset-fashion-mnist. Mean, least and greatest of ten seeds. Entropy-coded rows have the rate b - 0.04, whose files are no larger than those
of b bits. "rate shared" is what no codec does: entropy-coded rows, all by one word, for the sentences alone.
"""
import pathlib
import sys

import hdq
import numpy as np

root = pathlib.Path(__file__).resolve().parent.parent
K, SEEDS = 10, range(10)


def recall(found, true):
    return sum(len(set(a) & set(b)) for a, b in zip(found, true)) / true.size


def sharing(codec, x):
    """x̂ of entropy-coded rows that all have the word of one row number."""
    y, norms = codec.rotate(x)
    codes = codec.quantize(y, norms, np.repeat(codec.dither_words(2**64 - 1, 1), len(x)))
    alone = (hdq.Codes(norms[i : i + 1], codes[i : i + 1], codec.parameters, 2**64 - 1) for i in range(len(x)))
    return np.concatenate([codec.decode(row) for row in alone])


def found_by(variant, bits, seed, x, queries, metric):
    mean = x.mean(0, dtype=np.float64).astype(np.float32) if "center" in variant else None
    if variant.startswith("bits"):
        codec = hdq.Codec(x.shape[1], bits, seed=seed, dither="shared" if "shared" in variant else "row")
    else:
        codec = hdq.Codec(x.shape[1], rate=bits - 0.04, seed=seed)
    if variant == "rate shared":
        return hdq.brute_force_search(sharing(codec, x), queries, K, metric).indices
    return codec.search(codec.encode(x, mean=mean), queries, K, metric).indices


VARIANTS = ("bits row", "bits shared", "bits row center", "bits shared center", "rate", "rate center")


def compare(name, x, queries, metric, variants):
    true = hdq.brute_force_search(x, queries, K, metric).indices
    for bits in (1, 2, 3, 4):
        for variant in variants:
            of = [recall(found_by(variant, bits, seed, x, queries, metric), true) for seed in SEEDS]
            print(f"{name:<14} {bits}  {variant:<20} {np.mean(of):.4f} ({min(of):.4f} to {max(of):.4f})", flush=True)


if __name__ == "__main__":
    sentences = np.load(root / "data/minilm-fiori-778x384.npy")
    compare("data/", sentences, sentences, "ip", (*VARIANTS, "rate shared"))
    if len(sys.argv) > 2:
        images, training = (np.load(path).astype(np.float32) for path in sys.argv[1:3])
        compare("Fashion-MNIST", images[:10000], training[:1000], "l2", VARIANTS)

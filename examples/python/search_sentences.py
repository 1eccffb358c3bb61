"""Searches quantized sentence embeddings, and tells how often what is found is what is nearest.

    python3 examples/python/search_sentences.py [EMBEDDINGS.npy]
"""
import sys
from pathlib import Path

import hdq
import numpy as np

path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "data/minilm-fiori-778x384.npy"
x = np.load(path)
nearest = hdq.brute_force_search(x, x, k=11, metric="cosine").indices[:, 1:]  # the first is the sentence itself

print(f"{len(x)} embeddings of {x.shape[1]} numbers, {x.nbytes / 1024:.0f} KiB; each is searched for among the others")
print("bits   KiB   error²/‖x‖²   certified, at most   nearest found   in the first 10")
for bits in (1, 2, 4, 8):
    codec = hdq.Codec(x.shape[1], bits=bits, seed=1)
    codes = codec.encode(x)
    error = np.mean(np.sum((codec.decode(codes) - x) ** 2, axis=1) / np.sum(x**2, axis=1))
    found = codec.search(codes, x, k=11, metric="cosine").indices
    others = np.array([row[row != i][:10] for i, row in enumerate(found)])
    first = np.mean(others[:, 0] == nearest[:, 0])
    ten = np.mean([np.isin(a, b).mean() for a, b in zip(others, nearest)])
    print(
        f"{bits:4} {codes.nbytes / 1024:5.0f}   {error:11.3g}   {codec.error_bound:18.3g}   {first:12.1%}   {ten:15.1%}"
    )

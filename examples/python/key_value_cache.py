"""A language model that keeps its keys and values as codes: data/charformer writes on, character by character.

    PYTHONPATH=build/release/python /usr/bin/python3 examples/python/key_value_cache.py
"""
import sys
from pathlib import Path

import hdq
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data/charformer"))
from charformer import CONTEXT, Charformer  # noqa: E402
from text import ALPHABET, tokens  # noqa: E402

PROMPT = "The ``COMMAND`` option specifies the command-line to "
HEADS, HEAD_DIMENSION = 2, 64


def write_on(model: Charformer, prompt: str, caches: list[hdq.KeyValueCache], seed: int) -> str:
    """Until the context is full, characters drawn at temperature 1/2."""
    random, written = np.random.default_rng(seed), [int(c) for c in tokens(prompt)]
    for position in range(CONTEXT - 1):
        logits = model.step(written[position], position, caches)
        if position + 1 == len(written):
            p = np.exp(2 * (logits - logits.max()).astype(np.float64))
            written.append(int(random.choice(len(p), p=p / p.sum())))
    return "".join(ALPHABET[c] for c in written)


def main() -> None:
    model = Charformer()
    for bits in (8, 4, 3):
        widths = {"keys": bits, "values": bits}
        caches = [hdq.KeyValueCache(HEAD_DIMENSION, HEADS, **widths, seed=layer) for layer in range(model.layers)]
        text = write_on(model, PROMPT, caches, seed=1)
        taken = sum(cache.nbytes for cache in caches)
        float16 = sum(2 * 2 * len(cache) * HEADS * HEAD_DIMENSION for cache in caches)
        print(f"-- {bits} bits: {taken} bytes of cache; float16 takes {float16}\n{text}\n")


if __name__ == "__main__":
    main()

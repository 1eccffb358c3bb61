"""KeyValueCache: the keys and values of one attention layer as codes, and attention over them (SPEC §8)."""
from __future__ import annotations

import os
from typing import Any

import numpy as np

from hdq import _hdq
from hdq._arrays import as_array, count, integer, path_bytes, rows, rows32, unsigned, widened

__all__ = ["KeyValueCache"]


def _coding(bits: Any, step: Any, name: str) -> tuple[int, float]:
    if step is not None:
        if not float(np.float32(step)) > 0:
            raise ValueError(f"{name}_step must be 0.0009765625 to 16, not {step}")
        return 0, float(np.float32(step))
    width = integer(bits, name)
    if not 1 <= width <= 8:
        raise ValueError(f"{name} must be 1 to 8 bits, not {width}")
    return width, 0.0


class KeyValueCache:
    """Keys and values of one sequence as codes of hdq; attend() computes softmax(scale·q·K̂ᵀ)·V̂ without decoding them.

    Query head g reads key/value head g // (query_heads / kv_heads). The same calls give the same bits on every
    instruction set and thread count. Caches whose errors should be independent, of the layers of a model say, take
    different seeds.

    Parameters
    ----------
    head_dimension : int
        Numbers in a row: 64, 80, 96, 112, 128, 256, or any other.
    kv_heads, query_heads : int
        query_heads is a multiple of kv_heads; by default equal to it.
    keys, values : int
        Bits of a code, 1 to 8.
    key_step, value_step : float, optional
        In place of bits: a step of the entropy-coded scheme (SPEC §7), whose codes take two bytes each in memory.
    seed : int
        0 to 2^64 − 1. Keys have it, values seed XOR 2^63; head h of token t is row t·kv_heads + h of both.
    scale : float, optional
        Of scores; 1/√head_dimension if None.
    window : int, optional
        Tokens kept beside the sinks: where another comes, the oldest goes. None: all are kept.
    sinks : int
        The first tokens, which are kept forever.
    first_token : int
        t of the first token.
    isa, threads
        As Codec has them.

    Raises
    ------
    ValueError
        A parameter out of its range.
    """

    def __init__(
        self,
        head_dimension: int,
        kv_heads: int = 1,
        query_heads: int | None = None,
        *,
        keys: int = 4,
        values: int = 4,
        key_step: float | None = None,
        value_step: float | None = None,
        seed: int = 0,
        scale: float | None = None,
        window: int | None = None,
        sinks: int = 0,
        first_token: int = 0,
        isa: str = "auto",
        threads: int = 1,
    ) -> None:
        heads = count(kv_heads, "kv_heads")
        self._set(
            _hdq.KeyValueCache(
                count(head_dimension, "head_dimension"),
                heads,
                heads if query_heads is None else count(query_heads, "query_heads"),
                _coding(keys, key_step, "keys" if key_step is None else "key"),
                _coding(values, value_step, "values" if value_step is None else "value"),
                unsigned(seed, "seed"),
                None if scale is None else float(scale),
                0 if window is None else _window(window),
                count(sinks, "sinks"),
                unsigned(first_token, "first_token"),
                str(isa),
                count(threads, "threads", 1024),
            )
        )

    def _set(self, native: Any) -> None:
        self._native = native
        self._made = native.description()

    # ---- what it is ----

    @property
    def head_dimension(self) -> int:
        """Numbers in a row."""
        return self._made["head_dimension"]

    @property
    def kv_heads(self) -> int:
        """Heads of keys and values."""
        return self._made["kv_heads"]

    @property
    def query_heads(self) -> int:
        """Heads of queries."""
        return self._made["query_heads"]

    @property
    def scale(self) -> float:
        """What scores are multiplied by."""
        return self._made["scale"]

    @property
    def tokens(self) -> int:
        """Tokens kept."""
        return self._native.tokens

    def __len__(self) -> int:
        return self.tokens

    @property
    def next_token(self) -> int:
        """t of the token that is appended next."""
        return self._native.next_token

    @property
    def token_bytes(self) -> int:
        """Bytes of one token's codes and norms."""
        return self._made["token_bytes"]

    @property
    def nbytes(self) -> int:
        """Bytes of the codes and norms of the tokens kept."""
        return self.tokens * self.token_bytes

    @property
    def memory_bytes(self) -> int:
        """Bytes allocated for codes and norms."""
        return self._native.memory_bytes

    # ---- tokens ----

    def append(self, keys: Any, values: Any, *, dtype: str | None = None) -> None:
        """Appends tokens, all of them or, with an error, none.

        Parameters
        ----------
        keys, values : array, (kv_heads, head_dimension) or (tokens, kv_heads, head_dimension)
            Of numbers as Codec.encode takes them.
        dtype : str, optional
            "bfloat16": both are uint16, the bits of such numbers.

        Raises
        ------
        InvalidInput
            NaN, infinity, or a norm that float32 cannot hold; its row is token·kv_heads + head, counted from the first.
        TypeError, ValueError
            Arrays of other kinds; of other shapes.
        """
        k, v = self._rows(keys, "keys", dtype), self._rows(values, "values", dtype)
        if len(k) != len(v):
            raise ValueError(f"keys are of {len(k) // self.kv_heads} tokens, values of {len(v) // self.kv_heads}")
        if k.dtype != v.dtype:
            k, v = widened(k), widened(v)
        self._native.append(k, v)

    def _rows(self, x: Any, name: str, dtype: str | None) -> np.ndarray:
        array, is_bfloat16 = as_array(x, name)
        shape = (self.kv_heads, self.head_dimension)
        if array.ndim not in (2, 3) or array.shape[-2:] != shape:
            raise ValueError(f"{name} has shape {array.shape}; it is {shape} of one token, or (tokens, *{shape})")
        return rows(
            array.reshape(-1, self.head_dimension), self.head_dimension, name, "bfloat16" if is_bfloat16 else dtype
        )

    def decoded(self) -> tuple[np.ndarray, np.ndarray]:
        """Keys and values as the codes have them, (tokens, kv_heads, head_dimension) float32 each."""
        both = []
        for keys in (True, False):
            out = np.empty((self.tokens * self.kv_heads, self.head_dimension), np.float32)
            self._native.decode(keys, out)
            both.append(out.reshape(self.tokens, self.kv_heads, self.head_dimension))
        return both[0], both[1]

    # ---- attention ----

    def _queries(self, q: Any) -> tuple[np.ndarray, tuple[int, ...]]:
        array, is_bfloat16 = as_array(q, "q")
        shape = (self.query_heads, self.head_dimension)
        if array.ndim not in (2, 3) or array.shape[-2:] != shape:
            raise ValueError(f"q has shape {array.shape}; it is {shape}, or (tokens, *{shape}) of the last tokens")
        flat = array.reshape(-1, self.head_dimension)
        return rows32(flat, self.head_dimension, "q", "bfloat16" if is_bfloat16 else None), array.shape

    def attend(self, q: Any) -> np.ndarray:
        """Attention of a query of each head to the tokens kept: weighted_sum(softmax(scores(q))), bit for bit.

        Parameters
        ----------
        q : array, (query_heads, head_dimension) or (m, query_heads, head_dimension)
            m queries are those of the last m tokens: each sees the tokens up to its own.

        Returns
        -------
        float32 of q's shape; zero without tokens.

        Raises
        ------
        InvalidInput
            NaN and infinity in a query; a score or a sum that float32 cannot hold.
        TypeError, ValueError
            Arrays of other kinds; of other shapes; queries of more tokens than there are.
        """
        asked, shape = self._queries(q)
        out = np.empty(asked.shape, np.float32)
        self._native.attend(asked, out)
        return out.reshape(shape)

    def scores(self, q: Any) -> np.ndarray:
        """scale·⟨q, k̂⟩, (query_heads, tokens) float32, of q (query_heads, head_dimension). Unbiased."""
        out = np.empty((self.query_heads, self.tokens), np.float32)
        self._native.scores(self._queries(q)[0], out)
        return out

    def _matrix(self, x: Any, name: str) -> np.ndarray:
        array = np.ascontiguousarray(x, np.float32)
        if array.shape != (self.query_heads, self.tokens):
            raise ValueError(f"{name} has shape {array.shape}, not {(self.query_heads, self.tokens)}")
        return array

    def softmax(self, scores: Any) -> np.ndarray:
        """The weights of scores, (query_heads, tokens) float32 (SPEC §8)."""
        given = self._matrix(scores, "scores")
        out = np.empty_like(given)
        self._native.softmax(given, out)
        return out

    def weighted_sum(self, weights: Any) -> np.ndarray:
        """Σ p_i·v̂_i, (query_heads, head_dimension) float32, of any weights (query_heads, tokens). Unbiased."""
        out = np.empty((self.query_heads, self.head_dimension), np.float32)
        self._native.weighted_sum(self._matrix(weights, "weights"), out)
        return out

    def error_bound(self, weights: Any) -> np.ndarray:
        """C·Σ p_i²·‖v_i‖² >= E‖Σ p_i v̂_i − Σ p_i v_i‖², (query_heads,) float64: in real arithmetic, for weights that do
        not depend on the values' signs and dither, as those of attend() do not.
        """
        out = np.empty(self.query_heads, np.float64)
        self._native.error_bound(self._matrix(weights, "weights"), out)
        return out

    def score_error_bound(self, q: Any) -> np.ndarray:
        """scale²·C·‖q‖²·‖k_i‖² >= E(score_i − scale·⟨q, k_i⟩)², (query_heads, tokens) float64, in real arithmetic."""
        out = np.empty((self.query_heads, self.tokens), np.float64)
        self._native.score_error_bound(self._queries(q)[0], out)
        return out

    # ---- files ----

    def save(self, path: str | bytes | os.PathLike) -> None:
        """One file with all of the cache (docs/format.md), which appears complete or not at all. FileError."""
        self._native.save(path_bytes(path))

    @classmethod
    def load(cls, path: str | bytes | os.PathLike, *, isa: str = "auto", threads: int = 1) -> KeyValueCache:
        """The cache of a file, which goes on where save() was called. FileError."""
        self = cls.__new__(cls)
        self._set(_hdq.KeyValueCache.load(path_bytes(path), str(isa), count(threads, "threads", 1024)))
        return self

    def __repr__(self) -> str:
        made = self._made
        fineness = ", ".join(
            f"{name}={bits}" if step == 0 else f"{name[:-1]}_step={step!r}"
            for name, (bits, step, _) in (("keys", made["keys"]), ("values", made["values"]))
        )
        return f"KeyValueCache({self.head_dimension}, {self.kv_heads}, {self.query_heads}, {fineness}, tokens={self.tokens})"


def _window(window: Any) -> int:
    kept = count(window, "window")
    if kept < 1:
        raise ValueError("window must be at least 1, or None")
    return kept

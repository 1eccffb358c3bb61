"""KeyValueCache: tests/fast/attention_test.cpp through Python."""
import hdq
import numpy as np
import pytest
from inputs import rows

SHAPE = (37, 2, 64)


def numbers(*shape):
    return rows(int(np.prod(shape[:-1])), shape[-1]).reshape(shape)


def filled(**options):
    cache = hdq.KeyValueCache(64, 2, 6, **options)
    keys, values = numbers(*SHAPE), numbers(*SHAPE)[::-1].copy()
    cache.append(keys[:30], values[:30])
    for token in range(30, 37):
        cache.append(keys[token], values[token])
    return cache, keys, values


def attention(q, keys, values, scale):
    """In float64."""
    group = q.shape[-2] // keys.shape[1]
    k, v = (np.repeat(x, group, axis=1).astype(np.float64) for x in (keys, values))
    s = scale * np.einsum("gn,tgn->gt", q.astype(np.float64), k)
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return np.einsum("gt,tgn->gn", p, v)


@pytest.mark.parametrize("options", [dict(keys=3, values=2), dict(key_step=0.5, value_step=1.0)], ids=str)
def test_it_is_attention_over_the_decoded_rows(options):
    cache, _, _ = filled(**options)
    q = numbers(6, 64) / 50
    assert cache.tokens == len(cache) == 37 and cache.scale == 1 / 8
    out = cache.attend(q)
    # Scores here are below 100, of terms below 1000 in sum: 1e-3 is far above what float32 rounds, far below an error of a code.
    np.testing.assert_allclose(out, attention(q, *cache.decoded(), 1 / 8), rtol=1e-3, atol=1e-3 * np.abs(out).max())
    assert out.tobytes() == cache.weighted_sum(cache.softmax(cache.scores(q))).tobytes()
    assert cache.error_bound(cache.softmax(cache.scores(q))).shape == (6,)
    assert (cache.score_error_bound(q) > 0).all()


def test_rows_have_the_numbers_and_seeds_of_the_specification():
    cache, keys, values = filled(keys=3, values=5, seed=7, first_token=100)
    decoded = cache.decoded()
    for got, given, bits, seed in ((decoded[0], keys, 3, 7), (decoded[1], values, 5, 7 ^ 1 << 63)):
        codec = hdq.Codec(64, bits, seed=seed)
        assert codec.decode(codec.encode(given.reshape(-1, 64), 200)).tobytes() == got.tobytes()
    assert cache.next_token == 137 and cache.token_bytes == 2 * (8 + 24 + 40) and cache.nbytes == 37 * 144
    assert repr(cache) == "KeyValueCache(64, 2, 6, keys=3, values=5, tokens=37)"


def test_narrow_numbers_and_several_queries():
    cache, keys, values = filled()
    narrow = hdq.KeyValueCache(64, 2, 6)
    narrow.append(keys.astype(np.float16), values)  # of two kinds
    wide = hdq.KeyValueCache(64, 2, 6)
    wide.append(keys.astype(np.float16).astype(np.float32), values)
    q = numbers(2, 6, 64) / 50
    assert narrow.attend(q).tobytes() == wide.attend(q).tobytes()
    short = hdq.KeyValueCache(64, 2, 6)
    short.append(keys[:36], values[:36])
    assert cache.attend(q)[0].tobytes() == short.attend(q[0]).tobytes()


def test_windows_and_files(tmp_path):
    cache, keys, values = filled(window=9, sinks=1)
    assert cache.tokens == 10
    cache.save(tmp_path / "cache")
    again = hdq.KeyValueCache.load(tmp_path / "cache", threads=2)
    q = numbers(6, 64) / 50
    assert again.attend(q).tobytes() == cache.attend(q).tobytes() and again.next_token == 37
    (tmp_path / "cache").write_bytes((tmp_path / "cache").read_bytes()[:-1])
    with pytest.raises(hdq.FileError, match="cache: "):
        hdq.KeyValueCache.load(tmp_path / "cache")


def test_bad_input():
    cache, keys, values = filled()
    for parameters in (dict(keys=9), dict(kv_heads=0), dict(query_heads=3, kv_heads=2), dict(window=0), dict(key_step=0)):
        with pytest.raises(ValueError):
            hdq.KeyValueCache(64, **parameters)
    with pytest.raises(ValueError, match="keys has shape"):
        cache.append(keys[:, :1], values)
    with pytest.raises(ValueError, match="tokens"):
        cache.append(keys, values[:3])
    with pytest.raises(ValueError, match="q has shape"):
        cache.attend(np.zeros(64, np.float32))
    with pytest.raises(ValueError, match="weights has shape"):
        cache.weighted_sum(np.zeros((6, 5)))
    keys[3, 1, 2] = np.nan
    with pytest.raises(hdq.InvalidInput, match="keys: row 7, column 2: NaN") as error:
        cache.append(keys, values)
    assert (error.value.row, error.value.column, cache.tokens) == (7, 2, 37)

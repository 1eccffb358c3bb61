"""Scores and search: the properties of tests/fast/{score,search}_test.cpp, through Python."""
import pickle

import hdq
import numpy as np
import pytest
from inputs import dyadics, rows, vectors

ISAS = hdq.supported_isas()
SCHEMES = [dict(bits=1), dict(bits=4), dict(bits=7), dict(rate=2)]
METRICS = ["ip", "l2", "cosine"]


def from_decoded(codec, codes, queries, metric):
    """Scores in double, of decoded rows."""
    x, q = codec.decode(codes).astype(np.float64), queries.astype(np.float64)
    products = q @ x.T
    q_norms, norms = np.linalg.norm(q, axis=1)[:, None], codes.norms.astype(np.float64)[None, :]
    if metric == "ip":
        return products
    if metric == "l2":
        return q_norms**2 + norms**2 - 2 * products
    return products / (q_norms * norms)


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("metric", METRICS)
def test_scores_are_those_of_decoded_rows(scheme, metric):
    codec = hdq.Codec(100, **scheme, seed=3)
    codes, queries = codec.encode(rows(40, 100), 5), rows(6, 100, 9)
    scores, bounds = codec.scores(codes, queries, metric), codec.score_error_bounds(codes, queries, metric)
    assert scores.shape == bounds.shape == (6, 40) and scores.dtype == np.float32 and (bounds > 0).all()
    expected = from_decoded(codec, codes, queries, metric)
    size = {"ip": 1, "l2": 2, "cosine": 0}[metric]
    norms = np.linalg.norm(queries.astype(np.float64), axis=1)[:, None] * codes.norms[None, :] if size else 1
    decoding = 1e-5 * norms * max(size, 1)  # decoding rounds too
    assert (np.abs(scores - expected) <= bounds + decoding).all()
    assert (bounds <= 1e-3 * norms * max(size, 1)).all()
    for i in (0, 17, 39):
        assert (codec.score_error_bounds(codes[i], queries, metric)[:, 0] == bounds[:, i]).all()


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("metric", METRICS)
def test_scores_are_the_same_bits_however_asked(scheme, metric):
    x, queries = rows(70, 100), rows(5, 100, 9)
    expected = None
    for isa in ISAS:
        for threads in (1, 3):
            codec = hdq.Codec(100, **scheme, isa=isa, threads=threads)
            codes = codec.encode(x, 2**64 - 10)
            scores = codec.scores(codes, queries, metric)
            expected = scores if expected is None else expected
            assert scores.tobytes() == expected.tobytes()
            assert codec.scores(codes[20:50], queries[3], metric).tobytes() == expected[3:4, 20:50].tobytes()
            some = [5, 69, 5, -1, 0, -70]
            assert codec.scores(codes, queries, metric, rows=some).tobytes() == expected[:, some].tobytes()


@pytest.mark.parametrize("case", vectors("dot"), ids=lambda case: str(case["tcId"]))
def test_released_vectors(case):
    codec = hdq.Codec(case["dimension"], case["bits"], seed=case["seed"])
    norm = np.array([int(case["norm"], 16)], np.uint32).view(np.float32)
    codes = hdq.Codes(norm, case["bytes"].reshape(1, -1), codec.parameters, case["row"])
    low, high = map(float.fromhex, case["dot"])
    bound = float.fromhex(case["error_bound"])
    assert low - bound <= codec.scores(codes, case["q"])[0, 0] <= high + bound


@pytest.mark.parametrize("metric", METRICS)
def test_scores_are_unbiased(metric):
    """Over 8192 dithers and 32 choices of signs the mean is that of the rows themselves: six standard deviations,
    below 1e-8 of false alarm, at fixed seeds.
    """
    x, q = rows(1, 24) + np.float32(0.1), rows(1, 24, 5)
    scores = [hdq.Codec(24, 2, seed=seed) for seed in range(32)]
    scores = np.concatenate(
        [codec.scores(codec.encode(np.repeat(x, 256, axis=0)), q, metric)[0] for codec in scores]
    ).astype(np.float64)
    norm, product = np.linalg.norm(x.astype(np.float64)), float(q[0].astype(np.float64) @ x[0])
    q_norm = np.linalg.norm(q.astype(np.float64))
    expected = {"ip": product, "l2": q_norm**2 + norm**2 - 2 * product, "cosine": product / (q_norm * norm)}[metric]
    assert abs(scores.mean() - expected) <= 6 * scores.std() / np.sqrt(len(scores)) + 1e-6 * norm * q_norm


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("k", [1, 10, 300])
def test_search_is_the_head_of_a_sort(scheme, metric, k, tmp_path):
    codec = hdq.Codec(64, **scheme, threads=2)
    x = rows(300, 64)
    x[200:210] = x[7]
    codes, queries = codec.encode(x, 3), rows(5, 64, 9)
    scores = codec.scores(codes, queries, metric).astype(np.float64)
    order = np.argsort(scores if metric == "l2" else -scores, axis=1, kind="stable")[:, :k]
    found = codec.search(codes, queries, k, metric)
    assert found.indices.shape == found.scores.shape == (5, k) and found.indices.dtype == np.int64
    assert (found.indices == order).all()
    assert (found.scores == np.take_along_axis(scores, order, axis=1)).all()
    codes.save(tmp_path / "x.hdq")
    with hdq.open(tmp_path / "x.hdq") as file:
        for threads in (1, 2):
            of_file = file.search(queries, k, metric, threads=threads)
            assert (of_file.indices == order).all() and (of_file.scores == found.scores).all()


def test_centred_rows_are_found(tmp_path):
    codec = hdq.Codec(64, 4)
    x, mean, queries = rows(300, 64), dyadics(64, 8), rows(5, 64, 9)
    codes = codec.encode(x, 3, mean=mean)
    codes.save(tmp_path / "x.hdq")
    file = hdq.open(tmp_path / "x.hdq")
    for metric in ("ip", "l2"):
        found, of_file = codec.search(codes, queries, 7, metric), file.search(queries, 7, metric)
        assert (found.indices == of_file.indices).all() and (found.scores == of_file.scores).all()
    products = codec.scores(codes, queries)
    expected = queries.astype(np.float64) @ codec.decode(codes).astype(np.float64).T
    assert np.allclose(products, expected, atol=1e-5 * np.abs(expected).max())
    for call in (codec.scores, lambda *arguments: codec.search(codes, queries, 3, "cosine")):
        with pytest.raises(ValueError, match="osine"):
            call(codes, queries, "cosine")


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("metric", METRICS)
def test_the_filter_and_candidates(scheme, metric, tmp_path):
    codec = hdq.Codec(100, **scheme)
    codes, queries, some = codec.encode(rows(400, 100), 5), rows(5, 100, 9), [7, 399, -1, 0, 12, 12, 200]
    codes.save(tmp_path / "x.hdq")
    file = hdq.open(tmp_path / "x.hdq")
    listed = np.sort(np.array(some) % 400)
    scores = codec.scores(codes, queries, metric, rows=listed).astype(np.float64)
    order = np.argsort(scores if metric == "l2" else -scores, axis=1, kind="stable")[:, :6]
    expected = codec.search(codes, queries, 9, metric, filter=False)
    assert expected.scanned == expected.verified == 2000
    for search in (lambda *a, **b: codec.search(codes, *a, **b), file.search):
        found = search(queries, 9, metric)
        assert (found.indices == expected.indices).all() and (found.scores == expected.scores).all()
        assert found.scanned == 2000 and found.verified < 2000
        assert search(queries, 9, metric, filter=False).verified == 2000
        for filter in (True, False):
            found = search(queries, 6, metric, rows=some, filter=filter)
            assert (found.indices == listed[order]).all() and found.scanned == 35
            assert (found.scores == np.take_along_axis(scores, order, axis=1)).all()
        for bad, error in (([400], IndexError), ([-401], IndexError), ([0.5], TypeError), ([], ValueError)):
            with pytest.raises(error):
                search(queries, 1, metric, rows=bad)
        with pytest.raises(ValueError, match="k must be 1 to 7"):
            search(queries, 8, metric, rows=some)
    again = pickle.loads(pickle.dumps(expected))
    indices, scores = again
    assert (indices == expected.indices).all() and again.verified == 2000


def test_queries_of_all_types():
    codec = hdq.Codec(64)
    codes = codec.encode(rows(30, 64))
    q = (rows(3, 64, 9).view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    expected = codec.search(codes, q, 4)
    for found in (
        codec.search(codes, np.asfortranarray(q), 4),
        codec.search(codes, q.astype(np.float64), 4),
        codec.search(codes, (q.view(np.uint32) >> 16).astype(np.uint16), 4, dtype="bfloat16"),
        codec.search(codes, q.tolist(), 4),
    ):
        assert (found.indices == expected.indices).all() and (found.scores == expected.scores).all()
    assert codec.search(codes, q[0], 4).indices.shape == (1, 4)
    assert codec.search(codes, q[:0], 4).indices.shape == (0, 4) and codec.scores(codes, q[:0]).shape == (0, 30)
    half = q.astype(np.float16)
    assert codec.scores(codes, half).tobytes() == codec.scores(codes, half.astype(np.float32)).tobytes()
    assert codec.scores(codes[:0], q).shape == (3, 0)


def test_errors():
    codec = hdq.Codec(64)
    codes, q = codec.encode(rows(30, 64)), rows(3, 64, 9)
    for k in (0, 31, -1):
        with pytest.raises(ValueError, match="k must be 1 to 30"):
            codec.search(codes, q, k)
    with pytest.raises(TypeError, match="k must be an integer"):
        codec.search(codes, q, 2.0)
    for call in (codec.scores, codec.score_error_bounds, lambda c, q, m: codec.search(c, q, 3, m)):
        for metric in ("dot", 3, None):
            with pytest.raises(ValueError, match="metric must be") as error:
                call(codes, q, metric)
            assert "\n" not in str(error.value)
    assert codec.scores(codes, q, rows=[]).shape == (3, 0)
    for some, error in (([30], IndexError), ([-31], IndexError), ([0.5], TypeError), (np.ones(30, bool), TypeError)):
        with pytest.raises(error, match="rows"):
            codec.scores(codes, q, rows=some)
    bad = q.copy()
    bad[1, 5] = np.nan
    for call in (codec.scores, lambda c, q: codec.search(c, q, 3)):
        with pytest.raises(hdq.InvalidInput, match="query 1") as error:
            call(codes, bad)
        assert (error.value.row, error.value.column) == (1, 5)
    with pytest.raises(ValueError, match="queries has shape"):
        codec.search(codes, q[:, :60], 3)
    codes.norms[4] = -1
    with pytest.raises(hdq.InvalidInput) as error:
        codec.search(codes, q, 3)
    assert error.value.row == 4


def test_scores_that_float32_cannot_hold():
    codec = hdq.Codec(64)
    x = np.full((2, 64), 1e37, np.float32)
    codes = codec.encode(x)
    assert np.isinf(codec.scores(codes, x)).all()
    q = np.concatenate([np.full((1, 64), 0.01, np.float32), x])
    with pytest.raises(hdq.InvalidInput) as error:
        codec.search(codes, q, 1)
    assert error.value.row == 1


@pytest.mark.parametrize("metric", METRICS)
def test_brute_force_is_the_head_of_a_sort(metric):
    x, q = rows(300, 33), rows(5, 33, 9)
    wide_x, wide_q = x.astype(np.float64), q.astype(np.float64)
    scores = wide_q @ wide_x.T
    if metric == "l2":
        scores = ((wide_q[:, None] - wide_x[None]) ** 2).sum(axis=2)
    if metric == "cosine":
        scores /= np.linalg.norm(wide_q, axis=1)[:, None] * np.linalg.norm(wide_x, axis=1)[None]
    order = np.argsort(scores if metric == "l2" else -scores, axis=1)[:, :9]
    for threads in (1, 2):
        for isa in ISAS:
            found = hdq.brute_force_search(x, q, 9, metric, threads=threads, isa=isa)
            assert found.scanned == found.verified == 1500
            assert (found.indices == order).all()
            assert np.allclose(found.scores, np.take_along_axis(scores, order, axis=1), rtol=1e-12)
    with pytest.raises(ValueError, match="shape"):
        hdq.brute_force_search(x, q[:, :30], 9)


def test_a_search_finds_most_of_the_nearest():
    x = np.random.default_rng(5).standard_normal((1000, 128), dtype=np.float32)
    codec = hdq.Codec(128, 4)
    found = codec.search(codec.encode(x), x[:50] + np.float32(0.01), 1, "l2")
    assert (found.indices[:, 0] == np.arange(50)).all()

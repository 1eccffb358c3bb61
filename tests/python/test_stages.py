"""Stages one by one: the properties of tests/fast/{random_streams,transform,types,widen}_test.cpp, through Python."""
import doctest

import hdq
import numpy as np
import pytest
from hdq import stages
from inputs import dyadics, rows, vectors

ISAS = hdq.supported_isas()
ORDERS = [1, 2, 4, 12, 20, 24, 28, 40, 64, 112, 256]


def philox(counter, key):
    """Philox4x32-10, written out from the paper (Salmon et al., SC11)."""
    c, (k0, k1), mask = list(counter), key, 0xFFFFFFFF
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k0, b & mask, (a >> 32) ^ c[3] ^ k1, a & mask]
        k0, k1 = (k0 + 0x9E3779B9) & mask, (k1 + 0xBB67AE85) & mask
    return c


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 0x0123456789ABCDEF, 2**64 - 1])
def test_streams_follow_the_counter(seed):
    key = (seed & 0xFFFFFFFF, seed >> 32)
    expected = []
    for block in range(4):
        for word in philox((block, 0, 0, 0x5349474E), key):
            expected += [-1 if word >> i & 1 else 1 for i in range(32)]
    assert stages.signs(seed, 500).tolist() == expected[:500]
    for row in (0, 1, 2**32 - 1, 2**32, 2**64 - 2):
        words = stages.dither_words(seed, row, 3)
        at = [(row + i) % 2**64 for i in range(3)]
        assert words.tolist() == [philox((r & 0xFFFFFFFF, r >> 32, 0, 0x44495448), key)[0] for r in at]
        assert hdq.Codec(5, seed=seed).dither_words(row, 3).tolist() == words.tolist()
    assert stages.signs(seed, 0).shape == stages.dither_words(seed, 0, 0).shape == (0,)


def test_released_vectors_of_streams():
    for case in vectors("streams"):
        if "signs" in case:
            bits = np.unpackbits(case["signs"].view(np.uint8), bitorder="little")[: case["count"]]
            assert ((stages.signs(case["seed"], case["count"]) < 0) == bits).all()
        else:
            assert stages.dither_words(case["seed"], case["row"], 1)[0] == case["word"]
            assert stages.dither_of_word(case["word"]) == float.fromhex(case["dither"])


@pytest.mark.parametrize("isa", ISAS)
def test_released_vectors_of_the_transform(isa):
    for case in vectors("transform"):
        run = stages.transform_transposed if case["transposed"] else stages.transform
        y = run(case["x"], stages.signs(case["seed"], case["order"]), isa=isa)
        assert y.tobytes() == case["y_float32"].tobytes(), case["tcId"]


@pytest.mark.parametrize("isa", ISAS)
def test_released_vectors_of_the_codebook(isa):
    for case in vectors("codebook"):
        for ours, theirs in ((stages.thresholds, "thresholds"), (stages.codewords, "codewords")):
            values = ours(case["bits"], case["word"], isa=isa)
            middle = np.array([(float.fromhex(low) + float.fromhex(high)) / 2 for low, high in case[theirs]])
            assert values.shape == middle.shape
            assert (np.abs(values - middle) <= 2.0**-40 * (1 + np.abs(middle))).all()


@pytest.mark.parametrize("isa", ISAS)
def test_released_vectors_of_packing(isa):
    for case in vectors("packing"):
        assert stages.pack(case["bits"], case["codes"], isa=isa).tobytes() == case["bytes"].tobytes()
        assert stages.unpack(case["bits"], case["bytes"], case["count"], isa=isa).tobytes() == case["codes"].tobytes()


@pytest.mark.parametrize("order", ORDERS)
def test_the_transform_is_orthogonal(order):
    signs = stages.signs(1, order)
    matrix = stages.transform(np.eye(order, dtype=np.float32), signs)  # row i is column i of H D
    assert set(np.abs(matrix).ravel()) == {1}
    assert (matrix @ matrix.T == order * np.eye(order)).all()
    plain = stages.transform(np.eye(order, dtype=np.float32))
    assert (matrix == plain * signs[:, None]).all()
    assert (stages.transform_transposed(np.eye(order, dtype=np.float32), signs) == matrix.T).all()
    x = rows(3, order)
    assert np.allclose(stages.inverse_transform(stages.transform(x, signs), signs), x, atol=1e-4)
    before = x.copy()
    stages.transform(x, signs)
    assert (x == before).all()
    size, base, log2 = stages.hadamard_order(order)
    sylvester = np.array([[1]])
    for _ in range(log2):
        sylvester = np.kron([[1, 1], [1, -1]], sylvester)
    assert size == order == base << log2 and (np.kron(stages.base_matrix(base), sylvester).T == plain).all()


def test_orders():
    supported = sorted(m << k for m in (1, 12, 20, 28) for k in range(12))
    for n in range(1, 1000):
        assert stages.hadamard_order(n).order == next(d for d in supported if d >= n)
        assert stages.is_hadamard_order(n) == (n in supported)
    for call in (
        lambda: stages.hadamard_order(0),
        lambda: stages.transform(np.ones(3, np.float32)),
        lambda: stages.base_matrix(4),
    ):
        with pytest.raises(ValueError):
            call()


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("bits", range(1, 9))
def test_the_stages_make_the_codes(bits, isa):
    """From numbers to bytes and back by stages alone, as the codec does it."""
    n, seed, first = 50, 77, 2**64 - 2
    x = rows(5, n)
    x[3] = np.ldexp(x[3], -120)
    x[4] = np.ldexp(x[4], 105)
    codec = hdq.Codec(n, bits, seed=seed)
    codes = codec.encode(x, first)
    norms = stages.row_norm(x, isa=isa)
    assert norms.tobytes() == codes.norms.tobytes() and stages.row_norm(x[0], isa=isa) == norms[0]
    scales = np.array([stages.norm_scale(norm) for norm in norms], np.float32)
    assert scales[3] == 2.0**100 and scales[4] == 2.0**-100 and (scales[:3] == 1).all()
    d = stages.hadamard_order(n).order
    padded = np.zeros((5, d), np.float32)
    padded[:, :n] = x * scales[:, None]
    y = stages.transform(padded, stages.signs(seed, d), isa=isa)
    words = stages.dither_words(seed, first, 5)
    scaled = stages.scale_thresholds(bits, stages.thresholds(bits, words, isa=isa), norms * scales)
    levels = stages.quantize(bits, y, scaled, isa=isa)
    assert (levels == codes.unpack()).all()
    assert (levels == (y[:, :, None] >= scaled[:, None, :]).sum(axis=2)).all()
    assert (stages.quantize(bits, y[1], scaled[1], isa=isa) == levels[1]).all()
    assert (stages.pack(bits, levels, isa=isa) == codes.codes).all()
    z = stages.lookup(bits, levels, stages.codewords(bits, words, isa=isa), isa=isa)
    assert (z == np.take_along_axis(stages.codewords(bits, words).astype(np.float32), levels.astype(int), axis=1)).all()
    back = stages.transform_transposed(z[:3], stages.signs(seed, d), isa=isa)
    scale = (norms.astype(np.float64) / d).astype(np.float32)
    assert ((back * scale[:3, None])[:, :n] == codec.decode(codes[:3])).all()


@pytest.mark.parametrize("isa", ISAS)
def test_every_narrow_number_is_widened_exactly(isa):
    everything = np.arange(1 << 16, dtype=np.uint16)
    with np.errstate(invalid="ignore"):
        wide, expected = stages.widen(everything.view(np.float16), isa=isa), everything.view(np.float16).astype(
            np.float32
        )
        assert (wide.view(np.uint32) == expected.view(np.uint32))[~np.isnan(expected)].all() and np.isnan(
            wide[np.isnan(expected)]
        ).all()
        wide, expected = stages.widen(everything, dtype="bfloat16", isa=isa), (everything.astype(np.uint32) << 16).view(
            np.float32
        )
        assert (wide.view(np.uint32) == expected.view(np.uint32))[~np.isnan(expected)].all() and np.isnan(
            wide[np.isnan(expected)]
        ).all()
    assert stages.widen(everything.view(np.float16).reshape(256, 16, 16)).shape == (256, 16, 16)


@pytest.mark.parametrize("bits", range(1, 9))
def test_packing_comes_back(bits):
    codes = (dyadics(3 * 5 * 37, 2).view(np.uint32).reshape(3, 5, 37) >> 9).astype(np.uint8) % (1 << bits)
    packed = stages.pack(bits, codes)
    assert packed.shape == (3, 5, (37 * bits + 7) // 8)
    assert (stages.unpack(bits, packed, 37) == codes).all()
    assert (stages.pack(bits, codes.astype(np.int64)) == packed).all()
    assert stages.pack(bits, codes[:0]).shape == (0, 5, packed.shape[-1]) and stages.unpack(
        bits, packed[..., :0], 0
    ).shape == (3, 5, 0)


@pytest.mark.parametrize(
    "call, error",
    [
        (lambda: stages.pack(3, np.array([8], np.uint8)), ValueError),
        (lambda: stages.pack(3, np.array([-1])), ValueError),
        (lambda: stages.pack(3, np.array([1.0])), TypeError),
        (lambda: stages.pack(9, np.array([1])), ValueError),
        (lambda: stages.pack(2**64, np.zeros(0, np.uint8)), ValueError),
        (lambda: stages.unpack(3, np.zeros(3, np.uint8), 9), ValueError),
        (lambda: stages.unpack(3, np.zeros(4, np.int8), 9), TypeError),
        (lambda: stages.lookup(2, np.array([4], np.uint8), np.zeros(4)), ValueError),
        (lambda: stages.lookup(2, np.array([3], np.uint8), np.zeros(3)), ValueError),
        (lambda: stages.thresholds(0, 1), ValueError),
        (lambda: stages.thresholds(1, 2**32), ValueError),
        (lambda: stages.thresholds(1, -1), ValueError),
        (lambda: stages.codewords(1, 0.5), TypeError),
        (lambda: stages.transform(np.ones(4, np.int32)), TypeError),
        (lambda: stages.transform(np.ones((2, 2, 2), np.float32)), ValueError),
        (lambda: stages.transform(np.ones(4, np.float32), np.ones(3)), ValueError),
        (lambda: stages.transform(np.ones(4, np.float32), np.zeros(4)), ValueError),
        (lambda: stages.transform(np.ones(4, np.float32), isa="mmx"), ValueError),
        (lambda: stages.quantize(1, np.ones(4, np.float32), np.ones(2, np.float32)), ValueError),
        (lambda: stages.scale_thresholds(2, np.ones(3), np.ones(1)), ValueError),
        (lambda: stages.widen(np.ones(3, np.float32)), TypeError),
        (lambda: stages.signs(-1, 3), ValueError),
        (lambda: stages.signs(0, -1), ValueError),
        (lambda: stages.dither_words(0, 2**64, 1), ValueError),
    ],
)
def test_errors(call, error):
    with pytest.raises(error) as refused:
        call()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("module", [hdq, stages], ids=lambda module: module.__name__)
def test_examples(module):
    result = doctest.testmod(module)
    assert result.attempted > 0 and result.failed == 0

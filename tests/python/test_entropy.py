"""Streams of entropy-coded rows: the properties of tests/fast/entropy_coded_test.cpp, through Python."""
import hdq
import numpy as np
import pytest
from inputs import dyadics, float_of_bits, rows, vectors


@pytest.mark.parametrize("scheme", [dict(rate=0.3), dict(rate=2), dict(step=2.0**-10), dict(step=16)], ids=str)
def test_rows_come_back(scheme):
    x = rows(70, 100)
    x[5] = 0
    for threads in (1, 3):
        codec = hdq.Codec(100, **scheme, seed=3, threads=threads)
        coder = hdq.EntropyCoder(codec)
        codes = codec.encode(x, 2**64 - 9, mean=dyadics(100, 2) if threads == 3 else None)
        codes = (
            codes
            if threads == 1
            else hdq.Codes(codes.norms, codes.codes, codes.parameters, codes.first_row, codes.mean)
        )
        streams = coder.encode(codes)
        assert (len(streams), streams.first_row, streams.raw.shape) == (70, 2**64 - 9, (70, coder.raw_bytes))
        assert streams.lengths.sum() == len(streams.data) and streams.data.size + streams.raw.size < 0.9 * codes.nbytes
        assert b"".join(streams.row(i).tobytes() for i in range(70)) == streams.data.tobytes()
        assert threads == 3 or streams.lengths[5] == 0
        assert coder.decode(streams) == codes
    empty = codec.encode(x[:0])
    assert coder.decode(coder.encode(empty)) == empty


def test_released_vectors_of_streams():
    for case in vectors("entropy-streams"):
        order, step = case["order"], float_of_bits(case["step"])
        codec = hdq.Codec(order, step=step, seed=case["seed"])
        coder = hdq.EntropyCoder(codec)
        if case["result"] == "valid":
            norms = np.array([float_of_bits(case["norm"])])
            codes = case["codes"].astype(f"i{case['code_bits'] // 8}").reshape(1, order)
            codes = hdq.Codes(norms, codes, codec.parameters, case["row"])
            streams = coder.encode(codes)
            assert streams.data.tobytes() == case["stream"].tobytes() and streams.raw.tobytes() == case["raw"].tobytes()
            assert coder.decode(streams) == codes
        else:
            lengths = np.array([len(case["stream"])], np.uint32)
            streams = hdq.Streams(codec.parameters, case["row"], lengths, case["raw"].reshape(1, -1), case["stream"])
            with pytest.raises(hdq.InvalidInput) as error:
                coder.decode(streams)
            assert error.value.row == 0


def test_released_vectors_of_tables():
    for case in vectors("entropy-tables"):
        coder = hdq.EntropyCoder(hdq.Codec(64, step=float_of_bits(case["step"])))
        assert coder.largest_symbol == case["largest"] and coder.raw_bytes == 64 * case["raw_bits"] // 8
        tables = np.array([coder.frequencies(bucket) for bucket in range(64)])
        assert (tables.ravel() == case["frequencies"]).all() and (tables.sum(axis=1, dtype=np.int64) == 1 << 16).all()


def test_errors():
    with pytest.raises(ValueError, match="entropy"):
        hdq.EntropyCoder(hdq.Codec(10, 4))
    codec = hdq.Codec(10, rate=2)
    coder = hdq.EntropyCoder(codec)
    codes = codec.encode(rows(3, 10))
    streams = coder.encode(codes)
    with pytest.raises(ValueError, match="seed is 0, not 1"):
        hdq.EntropyCoder(hdq.Codec(10, rate=2, seed=1)).decode(streams)
    with pytest.raises(ValueError, match="another codec"):
        coder.encode(hdq.Codec(10, 4).encode(rows(3, 10)))
    made, lengths, raw, data = streams.parameters, streams.lengths, streams.raw, streams.data
    for wrong, error in (
        (hdq.Streams(made, 0, lengths[:2], raw, data), ValueError),
        (hdq.Streams(made, 0, lengths, raw, data[:-1]), ValueError),
        (hdq.Streams(made, 0, lengths.astype(np.int64), raw, data), TypeError),
        (
            hdq.Streams(made, 0, np.roll(lengths, 1) + np.uint32(1), raw, np.append(data, [0, 0, 0]).astype(np.uint8)),
            hdq.InvalidInput,
        ),
    ):
        with pytest.raises(error):
            coder.decode(wrong)
    for bucket in (-1, 64):
        with pytest.raises(ValueError):
            coder.frequencies(bucket)
    with pytest.raises(IndexError):
        streams.row(3)
    codes.norms[1] = np.nan
    with pytest.raises(hdq.InvalidInput) as bad:
        coder.encode(codes)
    assert bad.value.row == 1

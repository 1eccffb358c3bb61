"""Files: the properties of tests/fast/file*_test.cpp, through Python."""
import os
import pickle

import hdq
import numpy as np
import pytest
from inputs import dyadics, float_of_bits, rows, vectors

SCHEMES = [dict(bits=1), dict(bits=3), dict(bits=8), dict(rate=1)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rows.hdq"


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("n", [1, 33, 384])
@pytest.mark.parametrize("count", [0, 1, 700])
def test_files_hold_what_was_encoded(scheme, n, count, path):
    codec = hdq.Codec(n, **scheme, seed=9)
    x = rows(count, n)
    codes = codec.encode(x, 2**64 - 5)
    codes.save(path)
    with hdq.open(path) as file:
        assert file.parameters == codec.parameters and file.codec() == codec
        assert (len(file), file.dimension, file.order, file.bits, file.step) == (
            count,
            n,
            codec.order,
            codec.bits,
            codec.step,
        )
        assert (file.seed, file.scheme, file.first_row, file.mean) == (9, codec.scheme, 2**64 - 5, None)
        assert file.nbytes == path.stat().st_size and file.path == path
        assert file.codes() == codes
        assert file.decode().tobytes() == codec.decode(codes).tobytes()
        file.verify()
        if count == 700:
            for begin, end in ((0, 1), (255, 257), (300, 700), (5, 5)):
                assert file[begin:end] == codes[begin:end]
                assert file.decode(slice(begin, end)).tobytes() == codec.decode(codes[begin:end]).tobytes()
            assert file[-1] == codes[-1] and file.decode(7).shape == (1, n)
            with pytest.raises(ValueError, match="consecutive"):
                file.decode(slice(0, 9, 3))
            with pytest.raises(IndexError):
                file.codes(700)


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("centred", [True, False])
def test_batches_give_the_file_of_all_rows(scheme, known, centred, path, tmp_path):
    codec = hdq.Codec(50, **scheme, threads=2)
    x = rows(900, 50).astype(np.float16).astype(np.float32)
    mean = dyadics(50, 3) if centred else None
    codec.encode(x, 11, mean=mean).save(path)
    batches = tmp_path / "batches.hdq"
    with hdq.create(batches, codec, 900 if known else None, first_row=11, mean=mean) as writer:
        writer.append(x[:300].astype(np.float16))
        writer.append(x[300])
        writer.append(codec.encode(x[301:500], 11 + 301, mean=mean))
        writer.append(x[500:500])
        writer.append(x[500:].astype(np.float64))
        assert writer.rows_written == 900 and not batches.exists()
    assert batches.read_bytes() == path.read_bytes()
    if centred:
        file = hdq.open(batches)
        assert (file.mean == mean).all() and (file[3:5].mean == mean).all()
        assert codec.decode(file.codes()).tobytes() == file.decode().tobytes()


def test_bfloat16_goes_to_files(path):
    x = (rows(5, 40).view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    codec = hdq.Codec(40)
    for known in (5, None):
        with hdq.create(path, codec, known) as writer:
            writer.append((x.view(np.uint32) >> 16).astype(np.uint16), dtype="bfloat16")
        assert hdq.open(path).codes() == codec.encode(x)


def test_nothing_appears_before_all_is_written(path):
    codec = hdq.Codec(20)
    x = rows(4, 20)
    for rows_known in (4, None):
        with pytest.raises(RuntimeError, match="mine"), hdq.create(path, codec, rows_known) as writer:
            writer.append(x)
            raise RuntimeError("mine")
        bad = x.copy()
        bad[2, 3] = np.nan
        with pytest.raises(hdq.InvalidInput) as error, hdq.create(path, codec, rows_known) as writer:
            writer.append(bad)
        assert (error.value.row, error.value.column) == (2, 3)
        writer = hdq.create(path, codec, rows_known)
        writer.append(x)
        writer.discard()
        with pytest.raises(ValueError, match="closed"):
            writer.append(x)
        with pytest.raises(ValueError, match="closed"):
            writer.commit()
        del writer
        assert os.listdir(path.parent) == []
    with pytest.raises(hdq.FileError), hdq.create(path, codec, 5) as writer:
        writer.append(x)
    with pytest.raises(hdq.FileError), hdq.create(path, codec, 3) as writer:
        writer.append(x)
    assert os.listdir(path.parent) == []
    path.write_bytes(b"mine")
    with pytest.raises(RuntimeError), hdq.create(path, codec, 4) as writer:
        raise RuntimeError
    assert path.read_bytes() == b"mine"


def test_a_batch_that_fails_cannot_be_left_out(path):
    codec = hdq.Codec(20)
    writer = hdq.create(path, codec)
    writer.append(rows(4, 20))
    with pytest.raises(ValueError):
        writer.append(rows(4, 21))
    with pytest.raises(ValueError, match="closed"):
        writer.append(rows(4, 20))


def test_codes_that_do_not_belong_are_refused(path):
    codec = hdq.Codec(20)
    codes = codec.encode(rows(4, 20), 5)
    for known in (4, None):
        for first_row, mean, part in (
            (0, None, codes),
            (5, np.ones(20, np.float32), codes),
            (5, None, hdq.Codec(20, seed=1).encode(rows(4, 20), 5)),
        ):
            with pytest.raises(ValueError), hdq.create(path, codec, known, first_row=first_row, mean=mean) as writer:
                writer.append(part)
    for mean, error in (
        (np.full(20, np.nan, np.float32), ValueError),
        (np.ones(21), ValueError),
        (["x"] * 20, ValueError),
    ):
        with pytest.raises(error):
            hdq.create(path, codec, 4, mean=mean)
    assert not path.exists()


@pytest.mark.parametrize("name", ["file", "entropy-file"])
def test_released_vectors(name, path):
    for case in vectors(name):
        path.write_bytes(case["file"].tobytes())
        if case["result"] == "valid":
            file = hdq.open(path)
            file.verify()
            size = dict(bits=case["bits"]) if name == "file" else dict(step=float(float_of_bits(case["step"])))
            assert file.parameters == hdq.Parameters(case["dimension"], seed=case["seed"], **size)
            assert (len(file), file.first_row) == (case["rows"], case["first_row"])
            codes = file.codes()
            assert codes.norms.tobytes() == case["norms"].tobytes()
            packed = case["codes"].astype(codes.codes.dtype)
            assert codes.codes.tobytes() == packed.tobytes()
        else:
            with pytest.raises(hdq.FileError) as error:
                hdq.open(path).verify()
            assert str(error.value).startswith(str(path)) and "\n" not in str(error.value)


def test_every_damaged_byte_is_noticed(path):
    codec = hdq.Codec(12, 3)
    codec.encode(rows(9, 12)).save(path)
    whole = path.read_bytes()
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 1 << i % 8]) + whole[i + 1 :])
        with pytest.raises(hdq.FileError):
            hdq.open(path).decode()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(hdq.FileError):
            hdq.open(path)


def test_a_file_that_shrinks_is_noticed(path):
    hdq.Codec(12, 3).encode(rows(9, 12)).save(path)
    file = hdq.open(path)
    os.truncate(path, 140)
    for call in (file.decode, file.codes, file.verify, lambda: file.search(np.ones(12, np.float32), 1)):
        with pytest.raises(hdq.FileError):
            call()


def test_paths(tmp_path):
    codes = hdq.Codec(12).encode(rows(2, 12))
    for path in (tmp_path / "a", str(tmp_path / "b"), os.fsencode(tmp_path / "c"), os.fsencode(tmp_path) + b"/\xff"):
        codes.save(path)
        assert hdq.open(path).codes() == codes
        assert "2 rows" in repr(hdq.open(path))
    for path in (tmp_path / "none", tmp_path, os.fsencode(tmp_path) + b"/\xfe"):
        with pytest.raises(hdq.FileError) as error:
            hdq.open(path)
        assert isinstance(error.value, OSError) and str(error.value).startswith(os.fsdecode(path))
    with pytest.raises(hdq.FileError, match="none"):
        codes.save(tmp_path / "none" / "x")
    with pytest.raises(TypeError):
        hdq.open(3)
    with pytest.raises(ValueError, match="null"):
        hdq.open("a\0b")


def test_closed_files(path):
    hdq.Codec(12).encode(rows(2, 12)).save(path)
    with hdq.open(path) as file:
        assert not file.closed
    assert file.closed and "closed" in repr(file)
    file.close()
    for call in (file.decode, file.codes, file.verify, lambda: len(file), lambda: file[0], lambda: file.__enter__()):
        with pytest.raises(ValueError, match="closed"):
            call()
    with pytest.raises(TypeError):
        pickle.dumps(hdq.open(path))


def test_other_codecs_of_a_file(path):
    codec = hdq.Codec(12, shrink=True, threads=2)
    x = rows(5, 12)
    codec.encode(x, mean=x[0]).save(path)
    file = hdq.open(path)
    assert file.decode(codec=codec).tobytes() == codec.decode(file.codes()).tobytes() != file.decode().tobytes()
    out = np.empty((5, 20), np.float32)
    assert file.decode(out=out[:, 3:15]).tobytes() == file.decode().tobytes()
    with pytest.raises(ValueError, match="seed"):
        file.decode(codec=hdq.Codec(12, seed=1))
    for call in (lambda: file.decode(codec=3), lambda: hdq.create(path, 3), lambda: hdq.create(path, codec, 2.0)):
        with pytest.raises(TypeError):
            call()

"""hdq.MeanAccumulator and hdq.mean (SPEC §9): against the command line, exact sums, and ranks that are threads here and
processes of MPI where mpi4py is there.
"""
import copy
import importlib.util
import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
from fractions import Fraction

import numpy as np
import pytest

import hdq

BINARY = os.environ.get("HDQ_BINARY", "")
SCHEMES = [{"bits": 1}, {"bits": 3}, {"rate": 0.5}, {"rate": 2.0}]


def vectors(count, dimension, seed=0):
    """Rows of all kinds: zeros, one-hot, constant, tiny, large, then Gaussian."""
    x = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    for row, special in enumerate([0.0, np.eye(dimension)[0], 1.0, 1e-41, 1e15 * x[count - 1]][: count - 1]):
        x[row] = special
    return x


def summed(codes, order, weights):
    total = hdq.MeanAccumulator(codes.dimension, codes.parameters.seed)
    for i in order:
        total.add(codes[i], weights[i])
    return total


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("count, dimension", [(3, 5), (17, 96), (2, 784)])
def test_the_order_of_rows_is_not_seen(scheme, count, dimension):
    random = np.random.default_rng(1)
    x, weights = vectors(count, dimension), random.uniform(1e-9, 1e9, count)
    codes = hdq.Codec(dimension, **scheme, seed=4).encode(x, hdq.client_row(0, 3))
    forward = summed(codes, range(count), weights)
    whole = hdq.MeanAccumulator(dimension, 4)
    whole.add(codes, weights, threads=2)
    parts = summed(codes, random.permutation(count)[: count // 2], weights)
    rest = hdq.MeanAccumulator(dimension, 4)
    for i in range(count):
        try:
            parts.copy().add(codes[i])
        except ValueError:
            continue
        rest.add(codes[i], weights[i])
    rest.merge(parts)
    for other in (whole, rest, pickle.loads(pickle.dumps(rest)), copy.deepcopy(rest), copy.copy(rest)):
        assert other.state() == forward.state()
        assert other.mean().tobytes() == forward.mean().tobytes()
    assert forward.rows == count and forward.weight == pytest.approx(weights.sum(), rel=1e-15)


def test_a_mean_is_that_of_decoded_rows():
    x, weights = vectors(9, 80)[[1, 2, 5, 6, 7, 8]], np.array([1, 2, 3, 0.5, 1e-3, 7])
    for scheme in SCHEMES:
        codec = hdq.Codec(80, **scheme, seed=1)
        codes = codec.encode(x, 5, mean=np.linspace(-1, 1, 80, dtype=np.float32))
        sums = hdq.MeanAccumulator(80, 1)
        sums.add(codes, weights)
        decoded = (weights[:, None] * codec.decode(codes).astype(np.float64)).sum(axis=0)
        np.testing.assert_allclose(sums.mean(), decoded / weights.sum(), rtol=0, atol=2e-6)
        np.testing.assert_allclose(sums.mean(total=100), decoded / 100, rtol=0, atol=2e-6)
        out = np.empty(80, np.float32)
        assert sums.mean(out=out, isa=hdq.supported_isas()[-1]) is out and out.tobytes() == sums.mean().tobytes()
        square = (weights * (codes.norms.astype(np.float64) ** 2)).sum() / weights.sum()
        assert sums.mean_square == pytest.approx(square, rel=1e-12)
        bound = (weights**2 * codec.error_bound * codes.norms.astype(np.float64) ** 2).sum() / weights.sum() ** 2
        assert sums.error_bound == pytest.approx(bound, rel=1e-12)


@pytest.mark.parametrize("scheme", [{"rate": 0.5}, {"bits": 1}, {"bits": 2}], ids=str)
def test_means_over_rounds_are_unbiased(scheme):
    """Over rounds of one seed, given its signs (SPEC §5.3): within 6.5 standard errors (false alarm below 1e-9). The
    rows shrunk by f (SPEC §4), which are biased, are beyond.
    """
    x = np.array([[1.0, 0, 0, 0, 0, 0, 0, 0.5], [0.25, 3.0, 0, 0, 0, 0, 0, 1.0]], np.float32)
    rounds, codec = 3000, hdq.Codec(8, **scheme, seed=7)
    means = np.empty((rounds, 8))
    for t in range(rounds):
        sums = hdq.MeanAccumulator(8, 7)
        sums.add(codec.encode(x, hdq.client_row(0, t)), [1, 3])
        means[t] = sums.mean()
    truth = (x[0].astype(float) + 3 * x[1]) / 4

    def is_unbiased(some):
        return (np.abs(some.mean(axis=0) - truth) <= 6.5 * some.std(axis=0) / rounds**0.5 + 1e-6).all()

    assert is_unbiased(means)
    assert not is_unbiased(means * codec.shrink_factor)


def test_what_does_not_fit_is_refused_and_changes_nothing():
    codec = hdq.Codec(16, 2, seed=3)
    codes = codec.encode(vectors(6, 16), 10)
    sums = hdq.MeanAccumulator(16, 3)
    sums.add(codes[:3])
    before = sums.state()
    bad_norm = hdq.Codes(np.array([np.nan], np.float32), codes.codes[3:4], codes.parameters, 20)
    for rows, weights, error, text in [
        (codes[2:4], None, ValueError, "row number 12"),
        (codes[3:], [1, 2], ValueError, "weights have shape"),
        (codes[3:], [1, -1, 1], ValueError, "weight of row 1"),
        (codes[3:], np.nan, ValueError, "weight of row 0"),
        (codes[3:], "many", TypeError, "weights must be numbers"),
        (codes[3:].codes, None, TypeError, "hdq.Codes or an hdq.File"),
        (hdq.Codec(16, 2, seed=4).encode(vectors(1, 16)), None, ValueError, "seed 4"),
        (hdq.Codec(17, 2, seed=3).encode(vectors(1, 17)), None, ValueError, "dimension"),
        (hdq.Codec(16, 2, seed=3, dither="shared").encode(vectors(1, 16), 50), None, ValueError, "shared dither"),
        (bad_norm, None, hdq.InvalidInput, "norm"),
    ]:
        with pytest.raises(error, match=text):
            sums.add(rows, weights)
        assert sums.state() == before
    with pytest.raises(ValueError, match="row number 10"):
        sums.merge(sums)
    with pytest.raises(TypeError):
        sums.merge(codes)
    with pytest.raises(ValueError, match="no rows"):
        hdq.MeanAccumulator(16).mean()
    with pytest.raises(ValueError, match="total"):
        sums.mean(total=0)
    with pytest.raises(ValueError, match="out must be"):
        sums.mean(out=np.empty(15, np.float32))
    for state in (b"", before[:-1], before[:900] + bytes([before[900] ^ 1]) + before[901:]):
        with pytest.raises(ValueError, match="state of a mean"):
            hdq.MeanAccumulator.from_state(state)
    for client, round_ in [(-1, 0), (1 << 32, 0), (0, 1 << 32)]:
        with pytest.raises(ValueError):
            hdq.client_row(client, round_)
    assert hdq.client_row(5, 2) == 5 + (2 << 32)
    assert sums.state() == before


def test_threads_add_to_one_accumulator():
    codes = hdq.Codec(64, 2).encode(vectors(200, 64))
    shared, alone = hdq.MeanAccumulator(64), hdq.MeanAccumulator(64)
    alone.add(codes)
    threads = [threading.Thread(target=lambda first=i: [shared.add(codes[j]) for j in range(first, 200, 4)])
               for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shared.state() == alone.state()


# ---- hdq.mean ----


def test_vectors_codes_and_files_have_one_mean(tmp_path):
    x = vectors(7, 48)
    for scheme in SCHEMES:
        codec = hdq.Codec(48, **scheme, seed=2)
        codes = [codec.encode(row, hdq.client_row(c, 9)) for c, row in enumerate(x)]
        weights = np.arange(1, 8)
        of_vectors = hdq.mean(x, **scheme, seed=2, round=9, weights=weights)
        codes[3].save(tmp_path / "three.hdq")
        hdq.Codes.concatenate(codes[4:]).save(tmp_path / "rest.hdq")
        with hdq.open(tmp_path / "three.hdq") as three, hdq.open(tmp_path / "rest.hdq") as rest:
            both = hdq.mean([*codes[:3], three, rest], weights=weights, original=x)
            assert both.bytes_per_client > of_vectors.bytes_per_client
        assert hdq.mean([x[0], x[1:3], *x[3:]], **scheme, seed=2, round=9, weights=weights).mean.tobytes() == both.mean.tobytes()
        of_codes = hdq.mean(codes, weights=weights)
        assert of_vectors.mean.tobytes() == both.mean.tobytes() == of_codes.mean.tobytes()
        assert of_vectors.nmse == both.nmse and of_codes.nmse is None
        assert of_vectors.expected_nmse == both.expected_nmse and of_codes.bytes_per_client == of_vectors.bytes_per_client
        assert of_vectors.expectation_is == ("exact" if "rate" in scheme else "an upper bound")
        assert f"{of_vectors!r}".startswith("<hdq.MeanResult: 7 clients of 48, ")


def test_mean_refuses_what_does_not_fit():
    x, codes = vectors(4, 8), hdq.Codec(8, 2).encode(vectors(4, 8))
    for call, error, text in [
        (lambda: hdq.mean([], rate=1), ValueError, "none to take"),
        (lambda: hdq.mean(x[:0], rate=1), ValueError, "no rows"),
        (lambda: hdq.mean(x, rate=1, bits=2), ValueError, "rate"),
        (lambda: hdq.mean([x, x[:, :5]], rate=1), ValueError, "shape"),
        (lambda: hdq.mean([x, codes], rate=1), TypeError, "some are codes"),
        (lambda: hdq.mean([codes, x]), TypeError, "ndarray"),
        (lambda: hdq.mean(codes, rate=1, round=2), ValueError, "rate, round: the clients are encoded"),
        (lambda: hdq.mean(codes, seed=1), ValueError, "seed 0"),
        (lambda: hdq.mean([codes[:2], codes[1:]]), ValueError, "row number 1"),
        (lambda: hdq.mean(codes, original=x[:3]), ValueError, "original has 3"),
        (lambda: hdq.mean(x, rate=1, original=x), ValueError, "the vectors themselves"),
        (lambda: hdq.mean(x, rate=1, weights=[1, 2]), ValueError, "weights have shape"),
        (lambda: hdq.mean(np.full((2, 8), np.inf), rate=1), hdq.InvalidInput, "row 0"),
    ]:
        with pytest.raises(error, match=text):
            call()


@pytest.mark.skipif(not BINARY, reason="HDQ_BINARY names no program")
def test_the_command_has_the_same_bytes_and_figures(tmp_path):
    x, weights = vectors(6, 112), np.array([1, 2, 0.5, 4, 1, 8], np.float32)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "weights.npy", weights)

    def command(name, *arguments):
        out = tmp_path / f"{name}.npy"
        done = subprocess.run([BINARY, "mean", *map(str, arguments), "-o", out, "--json"], capture_output=True, text=True, check=True)
        return np.load(out), json.loads(done.stdout)

    def compare(twin, result):
        out, fields = twin
        assert out.tobytes() == result.mean.tobytes()
        for name, value in fields.items():
            ours = len(result.mean) if name == "dimension" else getattr(result, name)
            assert ours == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value), name
        assert ("nmse" in fields) == (result.nmse is not None)

    compare(command("rate", tmp_path / "x.npy", "--rate", 1, "--seed", 5, "--round", 2, "--weights", tmp_path / "weights.npy"),
            hdq.mean(x, rate=1, seed=5, round=2, weights=weights))
    compare(command("bits", tmp_path / "x.npy", "--bits", 2, "--total", 9), hdq.mean(x, bits=2, total=9))
    files = []
    for client in range(2):
        np.save(tmp_path / "one.npy", x[client + 2])
        files.append(tmp_path / f"client-{client}.hdq")
        subprocess.run([BINARY, "encode", tmp_path / "one.npy", "-o", files[-1], "--rate", "2", "--client", str(client),
                        "--round", "7"], capture_output=True, check=True)
    np.save(tmp_path / "two.npy", x[2:4])
    compare(command("files", *files, "--original", tmp_path / "two.npy"),
            hdq.mean([hdq.open(file) for file in files], original=x[2:4]))
    assert hdq.mean(x[2:4], rate=2, round=7).mean.tobytes() == np.load(tmp_path / "files.npy").tobytes()


# ---- ranks ----


class Ranks:
    """As many threads as ranks, and what they gathered."""

    def __init__(self, count):
        self.count, self.sent = count, [None] * count
        self.barrier = threading.Barrier(count, timeout=30)

    def run(self, call):
        results = [None] * self.count

        def one(rank):
            try:
                results[rank] = call(rank, Rank(self, rank))
            except Exception as error:
                results[rank] = error

        threads = [threading.Thread(target=one, args=(rank,)) for rank in range(self.count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results


class Rank:
    def __init__(self, ranks, rank):
        self.ranks, self.rank = ranks, rank

    def Get_rank(self):
        return self.rank

    def allgather(self, message):
        self.ranks.sent[self.rank] = pickle.dumps(message)
        self.ranks.barrier.wait()
        return [pickle.loads(sent) for sent in self.ranks.sent]


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_ranks_have_the_mean_of_the_list(scheme):
    x, weights = vectors(5, 112), [1, 2, 3, 4, 5]
    results = Ranks(5).run(lambda rank, comm: hdq.mean(
        x[rank], comm=comm, **scheme, seed=6, round=1, weights=weights[rank]))
    listed = hdq.mean(x, **scheme, seed=6, round=1, weights=weights)
    for result in results:
        assert result.mean.tobytes() == listed.mean.tobytes()
        for name in ("clients", "weight", "bytes_per_client", "expected_nmse", "expectation_is"):
            assert getattr(result, name) == getattr(listed, name)


DISAGREEMENTS = [
    (lambda rank: {"clients": np.ones(8 + (rank == 1))}, "ranks disagree about dimension: 8 on rank 0, 9 on rank 1"),
    (lambda rank: {"rate": 1.0 + rank // 2}, "ranks disagree about step"),
    (lambda rank: {"rate": None, "bits": 1 + (rank == 0)}, "ranks disagree about bits"),
    (lambda rank: {"seed": rank}, "ranks disagree about seed"),
    (lambda rank: {"round": rank}, "ranks disagree about round"),
    (lambda rank: {"total": 3.0 if rank == 2 else None}, "ranks disagree about total"),
    (lambda rank: {"clients": np.full(8, np.nan if rank == 1 else 1.0)}, "row 0"),
    (lambda rank: {"clients": [1.0] * 8 if rank else "text"}, "clients"),
    (lambda rank: {"weights": -1.0 if rank == 2 else 1}, "weight"),
    (lambda rank: {"isa": "none" if rank == 2 else "auto"}, "isa"),
    (lambda rank: {"clients": np.ones((2, 8) if rank == 0 else 8)}, "this rank's vector"),
]


@pytest.mark.parametrize("different, text", DISAGREEMENTS, ids=[text for _, text in DISAGREEMENTS])
def test_ranks_that_disagree_all_hear_of_it(different, text):
    def call(rank, comm):
        arguments = {"clients": np.ones(8), "rate": 1.0, **different(rank)}
        return hdq.mean(arguments.pop("clients"), comm=comm, **arguments)

    for error in Ranks(3).run(call):
        assert isinstance(error, (ValueError, TypeError)) and text in str(error), repr(error)


MPI_PROGRAM = """
import hashlib, numpy as np, hdq
from mpi4py import MPI
comm, x = MPI.COMM_WORLD, np.random.default_rng(3).standard_normal((3, 112)).astype(np.float32)
rank = comm.Get_rank()
ours = hdq.mean(x[rank], comm=comm, rate=1, seed=8).mean
assert ours.tobytes() == hdq.mean(x, rate=1, seed=8).mean.tobytes()
try:
    hdq.mean(x[rank], comm=comm, rate=1, seed=int(rank == 2))
except ValueError as error:
    assert str(error) == "ranks disagree about seed: 0 on rank 0, 1 on rank 2", error
else:
    raise SystemExit("ranks with other seeds have a mean")
if comm.allreduce(1) == 3 and rank == 0:
    print("three ranks agree")
"""


@pytest.mark.skipif(not shutil.which("mpirun") or not importlib.util.find_spec("mpi4py"), reason="without mpi4py")
def test_processes_of_mpi():
    root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(["mpirun", "--oversubscribe", "-n", "3", sys.executable, "-c", MPI_PROGRAM], env={**os.environ, **root},
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and done.stdout == "three ranks agree\n", done.stderr


def test_fractions_of_weights_are_exact():
    """W is the exact sum, rounded once."""
    weights = [1e30, 1.0, 1e-30, 3.0]
    sums = hdq.MeanAccumulator(4)
    sums.add(hdq.Codec(4, 2).encode(np.ones((4, 4))), weights)
    assert sums.weight == float(sum(map(Fraction, weights)))

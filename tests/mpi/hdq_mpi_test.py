#!/usr/bin/env python3
"""hdq-mpi writes the bytes that hdq writes, whatever the number of ranks; an error of one rank is an error of the job, and leaves no output.

usage: hdq_mpi_test.py HDQ HDQ_MPI MPIEXEC KERNELS [CLASS[.TEST]…]
"""
import array
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

hdq, hdq_mpi, mpiexec, kernels = sys.argv[1:5]
dimension, rows = 4000, 310  # of order 4096: 64 rows a block at 8 bits or entropy-coded, five blocks, the last one short


def write_npy(path, numbers, columns):
    """float32 rows."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(numbers) // columns}, {columns}), }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    data = array.array("f", numbers)
    if sys.byteorder == "big":
        data.byteswap()
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data.tobytes())


def numbers(count, seed):
    return [((i * 7919 + seed * 104729) % 1013) / 64 - 7 for i in range(count)]


def run_hdq(*arguments, code=0):
    done = subprocess.run([hdq, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, f"hdq {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def mpirun(ranks, *arguments, **more):
    return mpirun_each([(ranks, arguments, more.pop("cwd", None))], **more)


def mpirun_each(groups, **more):
    """groups: (ranks, arguments of hdq-mpi, directory) of ranks that are started alike."""
    command = [mpiexec]
    for i, (ranks, arguments, directory) in enumerate(groups):
        command += ([":"] if i else []) + ["-n", str(ranks)] + (["-wdir", str(directory)] if directory else [])
        command += [hdq_mpi, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **more)


class Files(unittest.TestCase):
    """Files of all tests, made once."""

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="hdq-mpi-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        half = rows // 2 * dimension
        cls.x = numbers(half, 1)
        cls.x += cls.x  # row i and row i + 155 are equal: with a shared dither so are their codes and scores
        cls.vectors = cls.directory / "x.npy"
        write_npy(cls.vectors, cls.x, dimension)
        cls.queries = cls.directory / "q.npy"
        write_npy(cls.queries, numbers(3 * dimension, 5), dimension)
        cls.centre = cls.directory / "centre.npy"
        write_npy(cls.centre, numbers(dimension, 9), dimension)

    def one(self, name, *options):
        """The file of hdq encode."""
        path = self.directory / name
        if not path.exists():
            run_hdq("encode", self.vectors, "-o", path, *options)
        return path

    def succeeds(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def fails(self, done, code, message, output=None):
        """One line, and nothing written."""
        said = [line for line in done.stderr.splitlines() if line.startswith("hdq-mpi: ")]
        self.assertEqual(len(said), 1, done.stdout + done.stderr)
        self.assertRegex(said[0], "^hdq-mpi: " + message)
        self.assertEqual(done.returncode, code, said[0])
        if output is not None:
            self.assertFalse(output.exists())

    def same(self, a, b):
        self.assertTrue(a.read_bytes() == b.read_bytes(), f"{a} is not {b}")


class Encode(Files):
    def encodes(self, ranks, name, *options):
        out = self.directory / "out.hdq"
        self.succeeds(mpirun(ranks, "encode", self.vectors, "-o", out, *options))
        self.same(out, self.one(name, *options))
        out.unlink()

    def test_fixed_rate(self):
        for ranks in 1, 2, 3, 4, 8:
            self.encodes(ranks, "8.hdq", "--bits", "8", "--first-row", "77")

    def test_entropy_coded(self):
        for ranks in 1, 2, 3, 8:
            self.encodes(ranks, "rate.hdq", "--rate", "2", "--seed", "3")

    def test_centred(self):
        for ranks, scheme in (3, "--bits"), (2, "--rate"):
            self.encodes(ranks, f"centred{scheme}.hdq", scheme, "3", "--center-at", self.centre)

    def test_a_file_of_each_rank(self):
        for ranks, scheme in (3, "--bits"), (8, "--rate"):
            shards = self.directory / f"shards{ranks}"
            self.succeeds(mpirun(ranks, "encode", self.vectors, "-o", shards, "--shards", scheme, "2", "--first-row", "5"))
            names = sorted(shards.iterdir())
            self.assertEqual([name.name for name in names], [f"shard-{rank:05}.hdq" for rank in range(ranks)])
            heads = [json.loads(run_hdq("info", name, "--json")) for name in names]
            self.assertEqual(sum(head["rows"] for head in heads), rows)
            self.assertEqual([head["first_row"] for head in heads], [5 + sum(h["rows"] for h in heads[:i]) for i in range(ranks)])
            whole = self.one(f"whole{ranks}.hdq", scheme, "2", "--first-row", "5")
            decoded = self.directory / "decoded.npy"
            run_hdq("decode", whole, "-o", decoded)
            parts = b""
            for name in names:
                run_hdq("decode", name, "-o", self.directory / "part.npy")
                parts += (self.directory / "part.npy").read_bytes()[128:]
            self.assertTrue(parts == decoded.read_bytes()[128:], "the shards' rows are not those of one file")
        done = mpirun(2, "encode", self.vectors, "-o", self.directory / "shards3", "--shards", "--bits", "2")
        self.fails(done, 2, ".*shard-00002.hdq: --shards: the directory holds a file")

    def test_no_rows(self):
        write_npy(self.directory / "none.npy", [], 5)
        for ranks, scheme in (1, "--bits"), (3, "--rate"):
            run_hdq("encode", self.directory / "none.npy", "-o", self.directory / "none.hdq", scheme, "2")
            self.succeeds(mpirun(ranks, "encode", self.directory / "none.npy", "-o", self.directory / "none2.hdq", scheme, "2"))
            self.same(self.directory / "none.hdq", self.directory / "none2.hdq")


class Search(Files):
    def searches(self, ranks, whole, codes, *options, k="170"):
        """More than half of the rows: ties at the end of the list, too."""
        expected, scores = self.directory / "expected.npy", self.directory / "expected-scores.npy"
        run_hdq("search", whole, "--queries", self.queries, "-k", k, "-o", expected, "--scores", scores, *options)
        out, out_scores = self.directory / "out.npy", self.directory / "out-scores.npy"
        self.succeeds(mpirun(ranks, "search", *codes, "--queries", self.queries, "-k", k, "-o", out, "--scores", out_scores, *options))
        self.same(out, expected)
        self.same(out_scores, scores)

    def test_ranges_of_one_file(self):
        whole = self.one("8.hdq", "--bits", "8", "--dither", "shared")
        for ranks in 1, 2, 3, 4, 8:
            self.searches(ranks, whole, [whole])
        self.searches(3, whole, [whole], "--metric", "l2", "--no-filter", k="1")
        self.searches(2, whole, [whole], "--metric", "cosine", "--threads", "2", k="310")

    def test_files(self):
        self.succeeds(mpirun(3, "encode", self.vectors, "-o", self.directory / "shards", "--shards", "--bits", "2", "--center-at", self.centre))
        whole = self.one("2.hdq", "--bits", "2", "--center-at", self.centre)
        for ranks in 1, 2, 4:
            self.searches(ranks, whole, sorted((self.directory / "shards").iterdir()))
        self.searches(8, whole, sorted((self.directory / "shards").iterdir()), k="5")

    def test_entropy_coded(self):
        whole = self.one("rate.hdq", "--rate", "2")
        self.searches(3, whole, [whole])

    def test_json_lines(self):
        whole = self.one("8.hdq", "--bits", "8", "--dither", "shared")
        expected, out = self.directory / "expected.jsonl", self.directory / "out.jsonl"
        run_hdq("search", whole, "--queries", self.queries, "-o", expected)
        self.succeeds(mpirun(2, "search", whole, "--queries", self.queries, "-o", out))
        self.same(out, expected)


class Mean(Files):
    def averages(self, ranks, clients, *options):
        expected, out = self.directory / "expected.npy", self.directory / "out.npy"
        said = json.loads(run_hdq("mean", *clients, "-o", expected, "--json", *options))
        got = json.loads(self.succeeds(mpirun(ranks, "mean", *clients, "-o", out, "--json", *options)))
        self.same(out, expected)
        said.pop("nmse", None)
        self.assertEqual(got, said)

    def test_ranges_of_one_file(self):
        for ranks in 1, 2, 3, 4, 8:
            self.averages(ranks, [self.one("3.hdq", "--bits", "3")])
        self.averages(3, [self.one("rate.hdq", "--rate", "2")])

    def test_files_of_several_codecs(self):
        clients = [self.one("8.hdq", "--bits", "8", "--first-row", "1000"), self.one("rate.hdq", "--rate", "2"),
                   self.one("centred.hdq", "--bits", "1", "--first-row", "2000", "--center-at", self.centre)]
        for ranks in 2, 8:
            self.averages(ranks, clients)

    def test_vectors_and_weights(self):
        weights = self.directory / "weights.npy"
        write_npy(weights, [1 + i % 7 for i in range(rows + 3)], rows + 3)
        for ranks in 2, 3:
            self.averages(ranks, [self.vectors, self.queries], "--rate", "1.5", "--round", "3", "--weights", weights)
        self.averages(8, [self.queries], "--bits", "2")  # fewer rows than ranks

    def test_row_numbers_of_two_ranks(self):
        out = self.directory / "none.npy"
        a, b = self.one("3.hdq", "--bits", "3"), self.directory / "copy.hdq"
        shutil.copy(a, b)
        for ranks, what in (1, "rank 0: .*/copy.hdq: row number 0 "), (2, r"rank 0: with the rows of rank 1: row number \d+ "):
            self.fails(mpirun(ranks, "mean", a, b, "-o", out), 3, what + r".*is in the mean already", out)


class Bounds(Files):
    def test_certificates(self):
        expected = run_hdq("bounds", "--bits", "1..3", "-o", self.directory / "expected")
        self.assertEqual(self.succeeds(mpirun(2, "bounds", "--bits", "1..3", "-o", self.directory / "out")), expected)
        for b in 1, 2, 3:
            self.same(self.directory / "out" / f"b{b}.json", self.directory / "expected" / f"b{b}.json")


class Validate(Files):
    def validate(self, ranks, *arguments, fault=None):
        environment = dict(os.environ) | ({"HDQ_FAULT": fault} if fault else {})
        kernel = f"{kernels}/hdq-kernel-{'faulty' if fault else 'plain'}.so"
        return mpirun(ranks, "validate", "--level", "quick", *arguments, kernel, env=environment)

    def test_the_worst_verdict(self):
        said = self.succeeds(self.validate(2, "--only", "signs,transform", "--random-seed", "7"))
        self.assertIn("rank 0, --random-seed 7: valid\nrank 1, --random-seed 8: valid\n\nthe report of rank 0", said)
        done = self.validate(3, "--only", "signs,transform", "--json", fault="signs_after")
        self.assertEqual(done.returncode, 1, done.stderr)
        said = json.loads(done.stdout)
        self.assertEqual((said["verdict"], said["rank"]), ("invalid", 0))
        self.assertEqual([(each["rank"], each["random_seed"], each["verdict"]) for each in said["ranks"]],
                         [(rank, 1 + rank, "invalid") for rank in range(3)])
        self.assertIn("signs-after-h", json.dumps(said["ranks"][2]["report"]))
        judge = [hdq_mpi, "validate", "--level", "quick", "--only", "signs,transform", f"{kernels}/hdq-kernel-faulty.so"]
        done = subprocess.run([mpiexec, "-n", "1", *judge, ":", "-n", "1", "env", "HDQ_FAULT=signs_after", *judge],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("rank 0, --random-seed 1: valid\nrank 1, --random-seed 2: invalid\n\nthe report of rank 1, --random-seed 2", done.stdout)

    def test_wrong_usage(self):
        self.fails(self.validate(2, "--junit", "x.xml"), 2, "--input, --junit: of one run, hdq validate")
        self.fails(mpirun(2, "validate", "./none.so"), 2, ".*none.so")


class Errors(Files):
    def setUp(self):
        self.out = self.directory / "out.npy"
        self.codes = self.one("3.hdq", "--bits", "3")

    def search(self, ranks, codes, **more):
        return mpirun(ranks, "search", *codes, "--queries", self.queries, "-o", self.out, **more)

    def test_wrong_usage(self):
        self.fails(self.search(2, [self.codes, "-"]), 2, "-: the ranks of a job have no standard input in common", self.out)
        self.fails(mpirun(2, "search", self.codes, "--queries", self.queries, "-k", "311", "-o", self.out), 2, "-k: 311 neighbours", self.out)
        self.fails(mpirun(3, "mean", self.codes), 2, "--output is required")
        self.assertIn("mpirun -n 8 hdq-mpi mean", self.succeeds(mpirun(2, "mean", "--help")))
        common = ["search", self.codes, "--queries", self.queries, "-o", self.out]
        self.fails(mpirun_each([(1, common, None), (1, common + ["-k", "3"], None)]), 2, "rank 1: its arguments are not those of rank 0", self.out)

    def test_missing_files(self):
        missing = self.directory / "missing.hdq"
        self.fails(self.search(2, [self.codes, missing]), 3, "rank 1: .*missing.hdq: ", self.out)
        self.fails(mpirun(2, "encode", missing, "-o", self.directory / "out.hdq", "--bits", "2"), 3, "rank 0: .*missing.hdq", self.directory / "out.hdq")

    def test_a_file_that_one_rank_sees_otherwise(self):
        a, b = self.directory / "a", self.directory / "b"
        for at in a, b:
            at.mkdir()
            shutil.copy(self.codes, at / "x.hdq")
            shutil.copy(self.vectors, at / "x.npy")
        def groups(*arguments):
            return mpirun_each([(2, arguments, a), (1, arguments, b)])
        search = ["search", "x.hdq", "--queries", self.queries, "-o", self.out]
        content = bytearray((b / "x.hdq").read_bytes())
        content[-1000] ^= 1
        (b / "x.hdq").write_bytes(content)
        self.fails(groups(*search), 3, "rank 2: x.hdq: .*(checksum|corrupt|damaged)", self.out)
        self.fails(groups("mean", "x.hdq", "-o", self.out), 3, "rank 2: x.hdq: .*(checksum|corrupt|damaged)", self.out)
        run_hdq("encode", self.vectors, "-o", b / "x.hdq", "--bits", "3", "--seed", "1")
        self.fails(groups(*search), 3, "rank 2: x.hdq: not the file that another rank sees", self.out)
        (b / "x.hdq").unlink()
        self.fails(groups("mean", "x.hdq", "-o", self.out), 3, "rank 2: x.hdq: ", self.out)
        write_npy(b / "x.npy", self.x[:-dimension], dimension)
        out = self.directory / "out.hdq"
        self.fails(groups("encode", "x.npy", "-o", out, "--bits", "2"), 3, "rank 2: x.npy: not the file that another rank sees", out)

    def test_files_that_were_encoded_otherwise(self):
        other = self.directory / "other.npy"
        write_npy(other, numbers(dimension, 11), dimension)
        a = self.one("a.hdq", "--bits", "3", "--center-at", self.centre)
        b = self.one("b.hdq", "--bits", "3", "--center-at", other)
        self.fails(self.search(2, [a, b]), 3, "rank 1: .*b.hdq: its rows are centred by another mean than those of .*a.hdq", self.out)
        self.fails(self.search(2, [a, self.codes]), 3, ".*3.hdq: its rows were not encoded as those of .*a.hdq", self.out)

    def test_rows_that_have_no_code(self):
        x = self.x[:]
        x[201 * dimension + 7] = float("nan")
        bad, out = self.directory / "bad.npy", self.directory / "out.hdq"
        write_npy(bad, x, dimension)
        for ranks, more in (1, []), (3, []), (3, ["--shards"]):
            self.fails(mpirun(ranks, "encode", bad, "-o", out, "--bits", "8", *more), 3, r"rank \d: .*bad.npy: row 201, column 7: NaN")
            self.assertFalse(out.is_file())
            self.assertEqual(list(out.iterdir()) if out.exists() else [], [])
        self.fails(mpirun(3, "mean", bad, "-o", self.out, "--bits", "2"), 3, r"rank \d: .*bad.npy: row 201, column 7: NaN", self.out)

    def test_places_that_cannot_be_written(self):
        out = self.directory / "nowhere" / "out.hdq"
        self.fails(mpirun(2, "encode", self.vectors, "-o", out, "--bits", "2"), 3, "rank 0: .*nowhere/out.hdq: ")

    def test_a_killed_rank(self):
        """Rank 0 waits for its queries, from a pipe, the others for rank 0."""
        pipe = self.directory / "queries.npy"
        os.mkfifo(pipe)
        command = [mpiexec, "-n", "3", hdq_mpi, "search", self.codes, "--queries", pipe, "-o", self.out]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as job:
            with open(pipe, "wb"):  # rank 0 has opened it
                ranks = {int(match[1]): pid for pid in children(job.pid)
                         if (match := re.search(rb"OMPI_COMM_WORLD_RANK=(\d+)", pathlib.Path(f"/proc/{pid}/environ").read_bytes()))}
                self.assertEqual(sorted(ranks), [0, 1, 2])
                os.kill(ranks[1], signal.SIGKILL)
                said = job.communicate(timeout=60)
        self.assertNotEqual(job.returncode, 0)
        self.assertRegex(said[0] + said[1], "rank 1 .*killed|rank 1 .*exited on signal 9")
        self.assertFalse(self.out.exists())


def children(pid):
    return [int(word) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()]


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[5:], verbosity=2)

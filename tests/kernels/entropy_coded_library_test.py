"""The library's entropy-coded quantizer against the numpy kernel that was written from SPEC §7 and docs/format.md alone.

    python3 entropy_coded_library_test.py hdq-c.so

Files byte for byte, decoded values and scores bit for bit, on every instruction set; and no damaged or wrong file is read.
"""
import ctypes
import os
import sys
import tempfile
from ctypes import byref, c_char_p, c_float, c_int, c_size_t, c_uint64, c_void_p

import numpy as np

import entropy_coded_test as kernels
import numpy_entropy_coded as nec
from entropy_coded_test import STEPS, expect, f32, failures

ISAS = {"auto": 0, "avx512": 1, "avx2": 2, "scalar": 3, "neon": 4}
ENTROPY_CODED = 1


class Options(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("isa", c_int), ("threads", c_int), ("scheme", c_int), ("step", c_float),
                ("shrink", c_int), ("unused", c_int)]


def at(array):
    return array.ctypes.data_as(c_void_p)


class Refused(Exception):
    pass


class Library:
    """hdq.h."""

    def __init__(self, path):
        self.c = ctypes.CDLL(path)
        self.c.hdq_last_error.restype = c_char_p
        self.c.hdq_codec_code_bytes.restype, self.c.hdq_codec_code_bytes.argtypes = c_size_t, [c_void_p]
        self.c.hdq_file_rows.restype, self.c.hdq_file_rows.argtypes = c_uint64, [c_void_p]
        for name in ("hdq_codec_destroy", "hdq_file_close", "hdq_file_writer_destroy", "hdq_scorer_destroy"):
            getattr(self.c, name).argtypes = [c_void_p]
        self.path = tempfile.mktemp(suffix=".hdq")

    def call(self, name, *arguments):
        if getattr(self.c, name)(*arguments) != 0:
            raise Refused(self.c.hdq_last_error().decode())

    def codec(self, n, step, seed, isa="auto", threads=1):
        codec = c_void_p()
        options = Options(ctypes.sizeof(Options), ISAS[isa], threads, ENTROPY_CODED, step, 0, 0)
        self.call("hdq_codec_create", c_size_t(n), 0, c_uint64(seed), byref(options), byref(codec))
        return codec

    def write(self, codec, x, first_row):
        writer = c_void_p()
        self.call("hdq_file_writer_create", self.path.encode(), codec, c_uint64(len(x)), c_uint64(first_row), None, byref(writer))
        self.call("hdq_file_writer_encode", writer, at(x), c_size_t(len(x)), c_size_t(0))
        self.call("hdq_file_writer_commit", writer)
        self.c.hdq_file_writer_destroy(writer)
        with open(self.path, "rb") as file:
            return file.read()

    def read(self, data, codec, n):
        """Norms, codes and values of a file's rows, or Refused."""
        with open(self.path, "wb") as file:
            file.write(data)
        opened, own = c_void_p(), c_void_p()
        self.call("hdq_file_open", self.path.encode(), byref(opened))
        try:
            self.call("hdq_file_verify", opened)
            rows = self.c.hdq_file_rows(opened)
            if codec is None:
                self.call("hdq_file_codec", opened, None, byref(own))
                codec = own
            width = self.c.hdq_codec_code_bytes(codec)
            norms, codes, x = np.zeros(rows, f32), np.zeros((rows, width), np.uint8), np.zeros((rows, n), f32)
            self.call("hdq_file_read", opened, c_uint64(0), c_size_t(rows), at(norms), at(codes))
            self.call("hdq_file_decode", opened, codec, c_uint64(0), c_size_t(rows), at(x))
            return norms, codes, x
        finally:
            self.c.hdq_file_close(opened)
            self.c.hdq_codec_destroy(own)

    def scores(self, codec, norms, codes, first_row, q):
        scorer, out = c_void_p(), np.zeros((3, len(norms)), f32)
        self.call("hdq_scorer_create", codec, at(q), c_size_t(1), c_size_t(0), None, byref(scorer))
        for metric in range(3):
            self.call("hdq_score", scorer, metric, at(norms), at(codes), c_size_t(len(norms)), c_uint64(first_row), at(out[metric]), c_size_t(0))
        self.c.hdq_scorer_destroy(scorer)
        return out.T.copy()


def compare_rows(library, random, isas):
    for n in kernels.SIZES:
        for step in STEPS:
            seed, first = int(random.integers(2**63)), int(random.integers(2**40))
            x = np.ascontiguousarray([row for _, row in kernels.rows_of(n, seed, random)], f32)
            coded = [nec.encode_row(step, seed, first + i, row) for i, row in enumerate(x)]
            norms, codes = np.array([norm for norm, _ in coded], f32), np.array([c for _, c in coded], np.int32)
            header = nec.Header(n, step, seed, len(x), nec.rows_per_block(codes.shape[1]), first, False)
            data = nec.write_file(header, None, norms, codes)
            values = np.array([nec.decode_row(step, seed, first + i, n, norms[i], codes[i]) for i in range(len(x))], f32)
            q = random.standard_normal(n).astype(f32)
            scores = np.array([nec.scores(step, seed, first + i, norms[i], codes[i], q) for i in range(len(x))], f32)
            for isa in isas:
                codec = library.codec(n, step, seed, isa, int(random.integers(1, 3)))
                case = n, step, isa
                expect(library.write(codec, x, first) == data, "file", case)
                got_norms, got_codes, got_values = library.read(data, codec, n)
                expect(kernels.same(got_norms, norms), "norms", case)
                expect(kernels.same(got_values, values), "values", case)
                expect(kernels.same(library.scores(codec, got_norms, got_codes, first, q), scores), "scores", case)
                library.c.hdq_codec_destroy(codec)


def refuses(library, n, data):
    try:
        library.read(data, None, n)
    except Refused as why:
        return "\n" not in str(why)
    return False


def compare_wrong_files(library, random):
    header, mean, norms, codes = kernels.make_file(random, 7, STEPS[2], 6, 4, 11, True)
    data = nec.write_file(header, mean, norms, codes)
    expect(not refuses(library, 7, data), "a right file is refused")
    for name, edit in kernels.wrong_edits(header, data):
        expect(refuses(library, 7, kernels.reseal(data, header, edit)), "a wrong file with right checksums is read:", name)


def main():
    library, random = Library(sys.argv[1]), np.random.default_rng(11)
    isas = []
    for isa in list(ISAS)[1:]:
        try:
            library.c.hdq_codec_destroy(library.codec(8, 1.0, 0, isa))
            isas.append(isa)
        except Refused:
            pass
    compare_rows(library, random, isas)
    compare_wrong_files(library, random)
    os.remove(library.path)
    for line in failures[:20]:
        print(line)
    print(f"{len(failures)} differences on {', '.join(isas)}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())

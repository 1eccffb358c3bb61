"""The entropy-coded quantizer in plain C and in numpy, each written from SPEC §7 and docs/format.md alone, against each other.

    python3 entropy_coded_test.py hdq-kernel-plain-entropy-coded.so

Same tables, norms, codes, streams, decoded values, scores and files, bit for bit; and the same verdict on damaged streams and files.
"""
import ctypes
import math
import struct
import sys
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_int32, c_uint32, c_uint64, c_void_p

import numpy as np

import numpy_entropy_coded as nec
from numpy_kernel import hadamard, padded_order, sign_vector

f32 = np.float32
STEPS = [float(f32(s)) for s in (2.0**-10, 0.001009, 0.0162, 0.125, np.nextafter(f32(0.125), f32(1)), 0.26, 0.5224, 1.0825, 2.5745, 13.6, 16)]
SIZES = [1, 2, 3, 7, 12, 100, 784, 960, 1000]
failures = []


class Config(ctypes.Structure):
    _fields_ = [("n", c_uint64), ("seed", c_uint64), ("step", c_float)]


class File(ctypes.Structure):
    _fields_ = [("config", Config), ("rows", c_uint64), ("rows_per_block", c_uint64), ("first_row", c_uint64), ("has_mean", c_int)]


class Plain:
    """The functions of hdq_plain_entropy_coded.c."""

    def __init__(self, path):
        self.c, pointer = ctypes.CDLL(path), c_void_p
        for name, result, arguments in (
                ("order", c_uint64, [c_uint64, POINTER(c_uint64)]), ("raw_bits", c_uint32, [c_float, POINTER(c_float)]),
                ("encode", c_char_p, [POINTER(Config), c_uint64, pointer, pointer, pointer, POINTER(c_uint64)]),
                ("decode", None, [POINTER(Config), c_uint64, c_float, pointer, pointer]),
                ("scores", None, [POINTER(Config), c_uint64, c_float, pointer, pointer, pointer]), ("largest", c_uint32, [c_float]),
                ("frequencies", None, [c_float, pointer]), ("most_bytes", c_uint64, [c_uint64]),
                ("put_row", c_uint64, [POINTER(Config), c_uint64, c_float, pointer, pointer]), ("code_bytes", c_uint32, [c_uint64, c_float]),
                ("raw_bytes", c_uint64, [POINTER(Config)]), ("put_raw", None, [POINTER(Config), pointer, pointer]),
                ("get_row", c_char_p, [POINTER(Config), c_uint64, c_char_p, c_uint64, c_char_p, pointer, pointer]),
                ("file_capacity", c_uint64, [POINTER(File)]), ("rows_per_block", c_uint64, [c_uint64]),
                ("write_file", c_uint64, [POINTER(File), pointer, pointer, pointer, pointer]),
                ("read_header", c_char_p, [c_char_p, c_uint64, POINTER(File)]), ("read_rows", c_char_p, [c_char_p, c_uint64, pointer, pointer])):
            function = getattr(self.c, "ec_" + name)
            function.restype, function.argtypes = result, arguments

    def frequencies(self, step):
        out = np.zeros((64, 2 * self.c.ec_largest(step) + 2), np.uint32)
        self.c.ec_frequencies(step, out.ctypes.data)
        return out

    def encode(self, config, row, x, d):
        norm, codes, column, x = np.zeros(1, f32), np.full(d, -77, np.int32), c_uint64(), np.ascontiguousarray(x, f32)
        why = self.c.ec_encode(byref(config), row, x.ctypes.data, norm.ctypes.data, codes.ctypes.data, byref(column))
        return norm[0], codes, why, column.value

    def decode(self, config, row, norm, codes):
        out = np.empty(config.n, f32)
        self.c.ec_decode(byref(config), row, norm, codes.ctypes.data, out.ctypes.data)
        return out

    def scores(self, config, row, norm, codes, q):
        out = np.empty(3, f32)
        self.c.ec_scores(byref(config), row, norm, codes.ctypes.data, q.ctypes.data, out.ctypes.data)
        return out

    def put(self, config, row, norm, codes):
        out, raw = np.empty(self.c.ec_most_bytes(len(codes)), np.uint8), np.empty(self.c.ec_raw_bytes(byref(config)), np.uint8)
        length = self.c.ec_put_row(byref(config), row, norm, codes.ctypes.data, out.ctypes.data)
        self.c.ec_put_raw(byref(config), codes.ctypes.data, raw.ctypes.data)
        return out[:length].tobytes(), raw.tobytes()

    def get(self, config, row, d, stream, raw):
        norm, codes = np.zeros(1, f32), np.zeros(d, np.int32)
        why = self.c.ec_get_row(byref(config), row, stream, len(stream), raw, norm.ctypes.data, codes.ctypes.data)
        return (None, why.decode()) if why else ((norm[0], codes), None)

    def write(self, file, mean, norms, codes):
        out = np.empty(self.c.ec_file_capacity(byref(file)), np.uint8)
        mean = None if mean is None else mean.ctypes.data
        return out[:self.c.ec_write_file(byref(file), mean, norms.ctypes.data, codes.ctypes.data, out.ctypes.data)].tobytes()

    def read(self, data):
        file = File()
        why = self.c.ec_read_header(data, len(data), byref(file))
        if why:
            return None, why.decode()
        d = self.c.ec_order(file.config.n, byref(c_uint64()))
        if file.rows * d > 1 << 24:
            return None, "more rows than this test makes"
        norms, codes = np.zeros(file.rows, f32), np.zeros((file.rows, d), np.int32)
        why = self.c.ec_read_rows(data, len(data), norms.ctypes.data, codes.ctypes.data)
        return (None, why.decode()) if why else ((norms, codes), None)


def expect(right, *what):
    if not right:
        failures.append(" ".join(map(str, what)))


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def rows_of(n, seed, random):
    """Name and row: what is hard for a coder or for floats."""
    d, hot = padded_order(n), np.zeros(n, f32)
    hot[random.integers(n)] = 1
    k_hot = np.zeros(n, f32)
    k_hot[random.choice(n, min(n, 4), replace=False)] = random.choice(np.array([-1, 1], f32), min(n, 4))
    row = np.zeros((1, d), f32)
    row[0, random.integers(d)] = 1
    normal = random.standard_normal(n).astype(f32)
    return [("one-hot", hot), ("k-hot", k_hot * f32(3.7)), ("constant", np.full(n, 0.3, f32)),
            ("row of H", (hadamard(row, True)[0] * sign_vector(seed, d))[:n]), ("normal", normal),
            ("heavy", random.standard_cauchy(n).astype(f32)), ("zeros", np.zeros(n, f32)),
            ("subnormal", (random.integers(-3, 4, n) * 2.0**-149).astype(f32)), ("tiny", normal * f32(2.0**-120)),
            ("huge", (normal / np.abs(normal).max() * 2.0**123 / math.sqrt(n)).astype(f32)), ("negative zeros", np.full(n, -0.0, f32))]


def numpy_get(config, row, d, stream, raw):
    try:
        return nec.get_row(config.step, config.seed, row, d, stream, raw), None
    except ValueError as error:
        return None, str(error)


def compare_row(plain, config, row, name, x, q):
    """The codes of both, if they agree."""
    step, seed, n = config.step, config.seed, config.n
    d = padded_order(n)
    norm, codes, why, _ = plain.encode(config, row, x, d)
    where = (name, "n =", n, "step =", step, "row", row)
    if not x.any():
        expect(norm == 0 and not codes.any() and why is None, *where, "zeros")
    norm2, codes2 = nec.encode_row(step, seed, row, x)
    expect(why is None and same(norm, norm2) and same(codes, codes2), *where, "codes")
    expect(same(codes.astype(nec.code_type(d, step)).astype(np.int32), codes), *where, "a code does not fit its width")
    stream, raw = plain.put(config, row, norm, codes)
    expect(stream == nec.put_row(step, seed, row, norm, codes) and raw == nec.put_raw(step, codes), *where, "stream")
    for got, why in (plain.get(config, row, d, stream, raw), numpy_get(config, row, d, stream, raw)):
        expect(why is None and same(got[0], norm) and same(got[1], codes), *where, "got back", why)
    decoded = plain.decode(config, row, norm, codes)
    expect(same(decoded, nec.decode_row(step, seed, row, n, norm, codes)), *where, "decoded")
    error = np.linalg.norm(decoded.astype(np.float64) - x)
    # Each ẑ is within half a step of z, and floats are rounded.
    expect(error <= float(norm) * (step / 2 + 1e-5 * (1 + step)) + 2.0**-149 * math.sqrt(n), *where, "error", error)
    expect(same(plain.scores(config, row, norm, codes, q), nec.scores(step, seed, row, norm, codes, q)), *where, "scores")
    return norm, codes


def compare_rows(plain, random):
    for n in SIZES:
        for at, step in enumerate(STEPS):
            seed = int(random.integers(2**63)) * 2 + at % 2
            config = Config(n, seed, step)
            rows = rows_of(n, seed, random)
            q = (random.standard_normal(n) * 10.0**random.integers(-30, 30)).astype(f32)
            # Of large rows some kinds for each step: all of them for all steps together.
            for i, (name, x) in enumerate(rows):
                if n < 500 or (i + at + n) % 4 == 0:
                    compare_row(plain, config, [0, 5, 2**32 - 1, 2**32, 2**64 - 1][(i + at) % 5], name, x, q if i % 5 else x)
    for q in (np.zeros(7, f32), np.full(7, 2.0**-149, f32), np.full(7, 2.0**125, f32)):
        compare_row(plain, Config(7, 1, STEPS[6]), 3, "query", np.arange(7, dtype=f32), q)


def compare_tables(plain, random):
    steps = STEPS + [float(f32(2.0**s)) for s in random.uniform(-10, 4, 20)]
    for step in steps:
        h, w = nec.raw_bits(step)
        coarse = c_float()
        expect(plain.c.ec_raw_bits(step, byref(coarse)) == h and coarse.value == w and 2.0**h * step == w, "raw bits of", step)
        expect(w > 0.125 and (h == 0 or w / 2 <= 0.125), "raw bits of", step, "are not the least")
        f = nec.frequencies(step)
        expect((plain.frequencies(step) == f).all() and f.shape == (64, 2 * nec.largest_symbol(step) + 2), "tables of", step)
        expect((f.sum(axis=1) == 65536).all() and f.min() >= 1, "the sum of frequencies of", step)
        for n in SIZES + [2**24]:
            d = padded_order(n)
            expect(plain.c.ec_order(n, byref(c_uint64())) == d, "order of", n)
            expect(plain.c.ec_code_bytes(d, step) == np.dtype(nec.code_type(d, step)).itemsize, "width for", d, step)


def compare_far_codes(plain, random):
    """Codes of the whole width: long escapes, of both signs."""
    for step in STEPS:
        config, d = Config(100, 9, step), 112
        limits = np.iinfo(nec.code_type(d, step))
        codes = (random.choice([-1.0, 1.0], d) * 2.0**random.uniform(0, math.log2(limits.max), d)).astype(np.int32)
        codes[:4] = [limits.min, limits.max, limits.min + 1, -1]
        stream, raw = plain.put(config, 4, f32(1.5), codes)
        expect(stream == nec.put_row(step, 9, 4, f32(1.5), codes), "far codes, step", step)
        for got, why in (plain.get(config, 4, d, stream, raw), numpy_get(config, 4, d, stream, raw)):
            expect(why is None and same(got[1], codes) and got[0] == f32(1.5), "far codes got back, step", step, why)


def compare_damaged_streams(plain, random):
    """Both say the same of streams that nobody wrote; of most, that they are wrong."""
    wrong = total = 0
    for step in STEPS:
        config, d = Config(12, 3, step), 12
        norm, codes = nec.encode_row(step, 3, 0, random.standard_normal(12).astype(f32))
        stream, raw = nec.put_row(step, 3, 0, norm, codes), nec.put_raw(step, codes)
        tries = [stream[:cut] for cut in range(len(stream))] + [stream + bytes(k) for k in (1, 2, 3, 4)] + [b"\0" * 5, b"\xff" * 8, b"\xff" * 40]
        for bit in range(0, 8 * len(stream)):
            changed = bytearray(stream)
            changed[bit // 8] ^= 1 << bit % 8
            tries.append(bytes(changed))
        tries += [random.bytes(int(random.integers(5, 40))) for _ in range(40)]
        for bad in tries:
            (a, why_a), (b, why_b) = plain.get(config, 0, d, bad, raw), numpy_get(config, 0, d, bad, raw)
            expect((a is None) == (b is None), "a damaged stream of step", step, why_a, why_b)
            if a is not None and b is not None:
                expect(same(a[0], b[0]) and same(a[1], b[1]), "the codes of a damaged stream of step", step)
            total, wrong = total + 1, wrong + (a is None)
    expect(wrong > 0.5 * total, "damaged streams:", wrong, "of", total, "are found wrong")


def numpy_read(data):
    try:
        return nec.read_file(data)[2:], None
    except ValueError as error:
        return None, str(error)


def file_cases(random):
    """n, step, rows, rows per block (0: the writer's), first row, mean."""
    yield from ((1, STEPS[8], 0, 0, 0, False), (3, STEPS[0], 0, 4, 9, True), (7, STEPS[2], 5, 2, 2**64 - 3, True), (100, STEPS[7], 9, 4, 0, False),
                (12, STEPS[3], 300, 256, 2**32 - 7, False), (784, STEPS[1], 3, 0, 1, True), (1000, STEPS[9], 4, 1, 0, False), (2, STEPS[10], 70, 64, 0, True))


def make_file(random, n, step, rows, per_block, first_row, has_mean):
    d, seed = padded_order(n), int(random.integers(2**64, dtype=np.uint64))
    kinds = [x for _, x in rows_of(n, seed, random)]
    coded = [nec.encode_row(step, seed, (first_row + i) % 2**64, kinds[i * 7 % len(kinds)]) for i in range(rows)]
    norms, codes = np.array([norm for norm, _ in coded], f32), np.array([c for _, c in coded], np.int32).reshape(rows, d)
    mean = random.standard_normal(n).astype(f32) if has_mean else None
    return nec.Header(n, step, seed, rows, per_block or nec.rows_per_block(d), first_row, has_mean), mean, norms, codes


def compare_files(plain, random):
    for case in file_cases(random):
        header, mean, norms, codes = make_file(random, *case)
        expect(plain.c.ec_rows_per_block(padded_order(header.n)) == nec.rows_per_block(padded_order(header.n)), "rows per block of", header.n)
        file = File(Config(header.n, header.seed, header.step), header.rows, header.rows_per_block, header.first_row, header.has_mean)
        data = nec.write_file(header, mean, norms, codes)
        expect(plain.write(file, mean, norms, codes) == data, "file", header)
        for got, why in (plain.read(data), numpy_read(data)):
            expect(why is None and same(got[0], norms) and same(got[1], codes), "file", header, "read:", why)
        if len(data) < 3000:
            damage(plain, random, header, data)


def damage(plain, random, header, data):
    """No damaged file is read: one bit, one length, two blocks exchanged."""
    tries = [data[:cut] for cut in {0, 1, 64, 127, 128, 131, 132, len(data) // 2, len(data) - 4, len(data) - 1} if cut < len(data)] + [data + b"\0", data + bytes(64)]
    for bit in random.choice(8 * len(data), min(8 * len(data), 200), replace=False):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        tries.append(bytes(changed))
    for bad in tries:
        for got, why in (plain.read(bad), numpy_read(bad)):
            expect(got is None, "a damaged file is read", header, len(bad))


def reseal(data, header, edit):
    """The file with `edit` done to its parts, {"header", "mean", "blocks", "index"}, under right checksums."""
    n_blocks, begin = nec.blocks_of(header), 128 + nec.mean_bytes(header)
    ends = [begin] + list(struct.unpack(f"<{n_blocks}Q", data[len(data) - 8 * n_blocks - 4:-4]))
    parts = {"header": bytearray(data[:124]), "mean": bytearray(data[128:begin - 4] if begin > 128 else b""),
             "blocks": [bytearray(data[a:b - 4]) for a, b in zip(ends, ends[1:])], "index": None}
    edit(parts)
    out = bytes(parts["header"]) + struct.pack("<I", nec.crc32c(bytes(parts["header"])))
    if parts["mean"]:
        out += nec.sealed(nec.MEAN, bytes(parts["mean"]))
    new_ends = []
    for j, block in enumerate(parts["blocks"]):
        out += nec.sealed(j, bytes(block))
        new_ends.append(len(out))
    new_ends = parts["index"](new_ends) if parts["index"] else new_ends
    return out + nec.sealed(nec.INDEX, struct.pack(f"<{len(new_ends)}Q", *new_ends))


def set_bytes(part, at, format_, value):
    def edit(parts):
        target = parts[part] if isinstance(part, str) else parts["blocks"][part]
        target[at:at + struct.calcsize(format_)] = struct.pack(format_, value)
    return edit


def set_index(values):
    def edit(parts):
        parts["index"] = values
    return edit


def wrong_edits(header, data):
    """What no writer writes, though every checksum is right. The last bytes of a block's body are padding or of a stream."""
    yield from (("another version", set_bytes("header", 8, "<I", 2)), ("scheme 0", set_bytes("header", 64, "<I", 0)),
                ("scheme 2", set_bytes("header", 64, "<I", 2)), ("sections", set_bytes("header", 68, "<I", 2)),
                ("bits", set_bytes("header", 40, "<I", 4)), ("reserved", set_bytes("header", 80, "<B", 1)),
                ("step 0", set_bytes("header", 72, "<f", 0)), ("step NaN", set_bytes("header", 72, "<f", math.nan)),
                ("step 17", set_bytes("header", 72, "<f", 17)), ("step -1", set_bytes("header", 72, "<f", -1)),
                ("another step", set_bytes("header", 72, "<f", header.step * 1.25)), ("another seed", set_bytes("header", 48, "<Q", header.seed ^ 1)),
                ("order", set_bytes("header", 32, "<Q", 2 * padded_order(header.n))), ("n = 0", set_bytes("header", 24, "<Q", 0)),
                ("no rows per block", set_bytes("header", 44, "<I", 0)), ("more rows", set_bytes("header", 16, "<Q", header.rows + header.rows_per_block)),
                ("rows without end", set_bytes("header", 16, "<Q", 2**64 - 1)), ("mean not finite", set_bytes("mean", 0, "<f", math.inf)),
                ("base", set_bytes(0, 0, "<I", 0xFFFFFFFF)), ("base + 1", lambda parts: set_bytes(0, 0, "<I", parts["blocks"][0][0] + 1)(parts)),
                ("width 0", set_bytes(0, 4, "<I", 0)), ("width 3", set_bytes(0, 4, "<I", 3)), ("width 2", set_bytes(0, 4, "<I", 2)),
                ("a length more", lambda parts: set_bytes(0, 8, "<B", parts["blocks"][0][8] + 1)(parts)),
                ("a block longer", lambda parts: parts["blocks"][0].extend(bytes(4))), ("a block shorter", lambda parts: parts["blocks"][0].__delitem__(slice(-4, None))),
                ("an end backwards", set_index(lambda ends: [ends[0] - 4] + ends[1:])), ("ends exchanged", set_index(lambda ends: ends[::-1])),
                ("an end far out", set_index(lambda ends: ends[:-1] + [2**63])), ("no end", set_index(lambda ends: ends[:-1])))


def compare_wrong_files(plain, random):
    header, mean, norms, codes = make_file(random, 7, STEPS[2], 6, 4, 11, True)
    data = nec.write_file(header, mean, norms, codes)
    expect(reseal(data, header, lambda parts: None) == data, "reseal changes a file")
    for name, edit in wrong_edits(header, data):
        bad = reseal(data, header, edit)
        expect(bad != data, name, "changes nothing")
        for got, why in (plain.read(bad), numpy_read(bad)):
            expect(got is None, "a wrong file with right checksums is read:", name)


def compare_bad_rows(plain):
    config = Config(20, 1, STEPS[7])
    for x, column in (([0] * 5 + [math.nan] * 2 + [0] * 13, 5), ([0] * 19 + [-math.inf], 19), ([3e38] * 20, 20)):
        _, _, why, at = plain.encode(config, 0, np.array(x, f32), 20)
        expect(why is not None and at == column, "bad row, column", column)


def main():
    plain, random = Plain(sys.argv[1]), np.random.default_rng(7)
    compare_tables(plain, random)
    compare_rows(plain, random)
    compare_far_codes(plain, random)
    compare_damaged_streams(plain, random)
    compare_files(plain, random)
    compare_wrong_files(plain, random)
    compare_bad_rows(plain)
    for line in failures[:20]:
        print(line)
    print(f"{len(failures)} differences")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())

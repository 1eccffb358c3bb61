"""The entropy-coded quantizer (SPEC §7, docs/format.md "Scheme 1") in numpy, written from these documents alone; as a program, a kernel of it
behind a pipe.

Rows are arrays of d codes; a stream and a file are bytes. What is wrong with a stream or a file is a ValueError of one line.
"""
import math
import struct
from collections import namedtuple
from functools import lru_cache

import numpy as np

import numpy_kernel as fixed
from kernel import BadInput, serve
from numpy_kernel import check_row, dither_words, hadamard, padded_order, row_norm, scale_of, sign_vector

f32, f64 = np.float32, np.float64
BUCKETS, FULL, LOW = 64, 1 << 16, 1 << 31


# ---- the rule ----

def raw_bits(step):
    """h and W."""
    h = 0
    while step * 2.0**h <= 0.125:
        h += 1
    return h, float(step) * 2.0**h


def weyl_words(seed, row, d):
    w = np.uint64(dither_words(seed, row, 1)[0])
    return (w + np.arange(d, dtype=np.uint64) * np.uint64(0x9E3779B9)).astype(np.uint32)


def offsets(words, h):
    """2^h V_j."""
    return ((words >> np.uint32(9)).astype(f32) + f32(0.5)) * f32(2.0**(h - 23))


def encode_row(step, seed, row, x):
    """The norm and the d codes of one row of finite numbers."""
    norm, d, h = row_norm(x), padded_order(len(x)), raw_bits(step)[0]
    if not np.isfinite(norm):
        raise ValueError("the norm is beyond float32")
    if norm == 0:
        return norm, np.zeros(d, np.int32)
    scale = scale_of(norm)
    y = np.zeros((1, d), f32)
    y[0, :len(x)] = x * scale
    y = hadamard(y * sign_vector(seed, d))[0]
    per_step = f32(1 / (f64(step) * f64(norm * scale)))
    return norm, np.floor(y * per_step + offsets(weyl_words(seed, row, d), h)).astype(np.int32)


def rotated_row(step, seed, row, codes):
    """The numbers of which the inverse transform is taken."""
    centre = f32(0.5) - offsets(weyl_words(seed, row, len(codes)), raw_bits(step)[0])
    return f32(step) * (codes.astype(f32) + centre)


def decode_row(step, seed, row, n, norm, codes):
    if norm == 0:
        return np.zeros(n, f32)
    d, scale = len(codes), scale_of(norm)
    back = hadamard(rotated_row(step, seed, row, codes)[None], True)[0]
    with np.errstate(over="ignore"):
        return ((back * f32(f64(norm * scale) / d) * (1 / scale)) * sign_vector(seed, d))[:n]


# ---- scores, SPEC §4 ----

def fma(a, b, c):
    """fl32(a b + c). The product is exact in float64; the sum is rounded there to odd, which the second rounding does not see."""
    product, c = a.astype(f64) * b.astype(f64), c.astype(f64)
    total = product + c
    part = total - product
    error = (product - (total - part)) + (c - part)
    away = np.where(error > 0, np.inf, -np.inf)
    inexact_and_even = (error != 0) & (total.view(np.int64) % 2 == 0)
    return np.where(inexact_and_even, np.nextafter(total, away), total).astype(f32)


def sum_of_squares(x):
    lanes = np.zeros(16)
    for begin in range(0, len(x), 16):
        part = x[begin:begin + 16].astype(f64)**2
        lanes[:len(part)] += part
    for half in (8, 4, 2, 1):
        lanes[:half] += lanes[half:2 * half]
    return lanes[0]


def scores(step, seed, row, norm, codes, q):
    """Inner product, squared distance, cosine."""
    d, squares = len(codes), sum_of_squares(q)
    length = math.sqrt(squares)
    e = min(max(math.frexp(length)[1] - 1, -126), 126) if length > 0 else 0
    y = np.zeros((1, d), f32)
    y[0, :len(q)] = q * f32(2.0**-e)
    y, z, sums = hadamard(y * sign_vector(seed, d))[0], rotated_row(step, seed, row, codes), np.zeros(16, f32)
    for begin in range(0, d, 128):
        for j in range(min(8, d - begin)):
            a, b = y[begin + j:begin + 128:8], z[begin + j:begin + 128:8]
            sums[:len(a)] = fma(a, b, sums[:len(a)])
    for half in (8, 4, 2, 1):
        sums[:half] += sums[half:2 * half]
    s, rho = f64(sums[0]), f64(norm)
    p = (s * (rho / d)) * 2.0**e
    cosine = 0.0 if norm == 0 or squares == 0 else s * (2.0**e / (d * length))
    with np.errstate(over="ignore"):
        return np.array([p, (squares + rho * rho) - 2 * p, cosine]).astype(f32)


# ---- tables ----

def largest_symbol(step):
    w = raw_bits(step)[1]
    return math.ceil(4.5 * math.sqrt(1 + w * w / 12) / w)


@lru_cache(maxsize=None)
def frequencies(step):
    """64 x (2K + 2): the symbols -K ... K and the escape."""
    w, k = raw_bits(step)[1], largest_symbol(step)
    c, u = np.arange(-k, k + 1, dtype=f64)[None], np.arange(BUCKETS, dtype=f64)[:, None]
    tau = w * ((128 * c + 63 - 2 * u) / 128)
    a = (tau * tau) / (2 + (w * w) / 6) * 2.0**-10
    e = (1 - a) + (a * a) * 0.5
    for _ in range(10):
        e = e * e
    total = np.cumsum(e, axis=1)[:, -1:]  # cumsum adds one after the other
    f = np.maximum(1, np.floor((65535 * e) / total + 0.5)).astype(np.int64)
    f[:, k] += 65535 - f.sum(axis=1)
    return np.concatenate([f, np.ones((BUCKETS, 1), np.int64)], axis=1)


# ---- coder ----

class Encoder:
    def __init__(self, norm_bits):
        self.x, self.words = LOW + norm_bits, []

    def put(self, f, below):
        if self.x >= f << 47:
            self.words.append(self.x & 0xFFFFFFFF)
            self.x >>= 32
        self.x = self.x // f * FULL + self.x % f + below

    def put_bits(self, bits):
        """The last of them first."""
        for bit in reversed(bits):
            self.put(1 << 15, int(bit) << 15)


class Decoder:
    def __init__(self, x, words):
        self.x, self.words, self.used = x, words, 0

    def advance(self, f, below):
        self.x = f * (self.x >> 16) + self.x % FULL - below
        if self.x < LOW:
            if self.used == len(self.words):
                raise ValueError("a stream has too few words")
            self.x, self.used = (self.x << 32) | self.words[self.used], self.used + 1

    def symbol(self, cumulative):
        """The index of the symbol, of which cumulative holds where it and the next begin."""
        m = self.x % FULL
        at = int(np.searchsorted(cumulative, m, side="right")) - 1
        self.advance(int(cumulative[at + 1] - cumulative[at]), int(cumulative[at]))
        return at

    def bit(self):
        bit = self.x % FULL >> 15
        self.advance(1 << 15, bit << 15)
        return bit


@lru_cache(maxsize=None)
def cumulated(step):
    return np.concatenate([np.zeros((BUCKETS, 1), np.int64), np.cumsum(frequencies(step), axis=1)], axis=1)


def gamma(value):
    binary = format(value, "b")
    return "1" * (len(binary) - 1) + "0" + binary[1:]


def put_row(step, seed, row, norm, codes):
    """The stream."""
    if norm == 0:
        return b""
    h, k, tables = raw_bits(step)[0], largest_symbol(step), cumulated(step)
    encoder = Encoder(int(f32(norm).view(np.uint32)))
    for c, w in zip((int(v) >> h for v in codes[::-1]), weyl_words(seed, row, len(codes))[::-1]):
        escaped = abs(c) > k
        if escaped:
            encoder.put_bits([c < 0] + [bit == "1" for bit in gamma(abs(c) - k)])
        table, at = tables[w >> np.uint32(26)], 2 * k + 1 if escaped else c + k
        encoder.put(int(table[at + 1] - table[at]), int(table[at]))
    state = encoder.x.to_bytes(8, "little").rstrip(b"\0").ljust(5, b"\0")
    return state + struct.pack(f"<{len(encoder.words)}I", *encoder.words[::-1])


def get_coarse(step, seed, row, d, stream):
    """The norm and the coarse codes."""
    if len(stream) < 5:
        raise ValueError("a stream has less than 5 bytes")
    first = 5 + (len(stream) - 5) % 4
    x = int.from_bytes(stream[:first], "little")
    if not LOW <= x < 1 << 63 or (first > 5 and stream[first - 1] == 0):
        raise ValueError("a stream begins with a state that no encoder leaves")
    k, tables = largest_symbol(step), cumulated(step)
    decoder, codes = Decoder(x, struct.unpack(f"<{(len(stream) - first) // 4}I", stream[first:])), []
    for w in weyl_words(seed, row, d):
        c = decoder.symbol(tables[w >> np.uint32(26)]) - k
        if c > k:
            negative, e, over = decoder.bit(), 0, 1
            while decoder.bit():
                e += 1
                if e > 30:
                    raise ValueError("an escape is too long")
            for _ in range(e):
                over = 2 * over + decoder.bit()
            c = -k - over if negative else k + over
        codes.append(c)
    if decoder.used != len(decoder.words):
        raise ValueError("a stream has words left")
    if not 0 < decoder.x - LOW < 0x7F800000:
        raise ValueError("a stream ends in a norm that is not finite and positive")
    return np.uint32(decoder.x - LOW).view(f32), np.array(codes, np.int64)


def code_type(d, step):
    """How codes lie in memory."""
    return np.int16 if d <= ((32767 - 2**raw_bits(step)[0]) * float(step))**2 else np.int32


def put_raw(step, codes):
    h = raw_bits(step)[0]
    return np.packbits(codes.astype(np.int64)[:, None] >> np.arange(h) & 1, bitorder="little").tobytes()


def get_row(step, seed, row, d, stream, raw):
    """The norm and the codes."""
    h = raw_bits(step)[0]
    bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")
    if bits[d * h:].any():
        raise ValueError("unused raw bits are not zero")
    if not stream:
        if bits.any():
            raise ValueError("a row of zeros has raw bits")
        return f32(0), np.zeros(d, np.int32)
    norm, coarse = get_coarse(step, seed, row, d, stream)
    codes = (coarse << h) + bits[:d * h].reshape(d, h).astype(np.int64) @ (1 << np.arange(h, dtype=np.int64))
    limits = np.iinfo(code_type(d, step))
    if codes.min() < limits.min or codes.max() > limits.max:
        raise ValueError("a code is out of range")
    return norm, codes.astype(np.int32)


# ---- the file ----

Header = namedtuple("Header", "n step seed rows rows_per_block first_row has_mean")
MAGIC, FIELDS = b"\x89HDQ\r\n\x1a\n", "<8sIIQQQIIQQIIf48s"
MEAN, INDEX, MOST_BLOCK = 2**64 - 1, 2**64 - 2, 1 << 26


def crc_table():
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> 1 ^ np.uint32(0x82F63B78), table >> 1).astype(np.uint32)
    return table.tolist()


CRC = crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def sealed(number, data):
    return data + struct.pack("<I", crc32c(struct.pack("<Q", number) + data))


def unsealed(number, data, what):
    if crc32c(struct.pack("<Q", number) + data[:-4]) != struct.unpack("<I", data[-4:])[0]:
        raise ValueError(f"the {what} is damaged")
    return data[:-4]


def blocks_of(header):
    return -(-header.rows // header.rows_per_block)


def rows_of_block(header, j):
    return min(header.rows_per_block, header.rows - j * header.rows_per_block)


def rows_per_block(d):
    return max([2**i for i in range(19) if 2**i * d <= 262144], default=1)


def mean_bytes(header):
    return -(-(4 * header.n + 4) // 64) * 64 if header.has_mean else 0


def width_of(stored):
    return 1 if max(stored) < 2**8 else 2 if max(stored) < 2**16 else 4


def write_block(header, j, norms, codes):
    first = header.first_row + j * header.rows_per_block
    streams = [put_row(header.step, header.seed, (first + i) % 2**64, norms[i], codes[i]) for i in range(len(norms))]
    base = min([len(s) for s in streams if s], default=0)
    stored = [len(s) - base + 1 if s else 0 for s in streams]
    width = width_of(stored)
    body = struct.pack("<II", base, width) + np.array(stored).astype(f"<u{width}").tobytes()
    body += b"".join(put_raw(header.step, row) for row in codes) + b"".join(streams)
    return sealed(j, body + bytes(-len(body) % 4))


def write_file(header, mean, norms, codes):
    d = padded_order(header.n)
    head = struct.pack(FIELDS, MAGIC, 1, 128, header.rows, header.n, d, 0, header.rows_per_block, header.seed, header.first_row, 1,
                       int(header.has_mean), header.step, bytes(48))
    out = head + struct.pack("<I", crc32c(head))
    if header.has_mean:
        out += sealed(MEAN, mean.astype("<f4").tobytes().ljust(mean_bytes(header) - 4, b"\0"))
    ends = []
    for j in range(blocks_of(header)):
        rows = slice(j * header.rows_per_block, (j + 1) * header.rows_per_block)
        out += write_block(header, j, norms[rows], codes[rows])
        ends.append(len(out))
    return out + sealed(INDEX, struct.pack(f"<{len(ends)}Q", *ends))


def read_header(file):
    """The header, the mean or None, and where blocks begin and end."""
    if len(file) < 132:
        raise ValueError("too short")
    magic, version, length, rows, n, d, bits, per_block, seed, first_row, scheme, sections, step, reserved = struct.unpack(FIELDS, file[:124])
    if magic != MAGIC:
        raise ValueError("no .hdq file")
    if crc32c(file[:124]) != struct.unpack("<I", file[124:128])[0]:
        raise ValueError("the header is damaged")
    for wrong, what in ((version != 1 or length != 128, "another version"), (scheme != 1, "another scheme"), (sections > 1, "an unknown section"),
                        (any(reserved), "a reserved byte is not zero"), (not 1 <= n <= 2**24, "the dimension is out of range"),
                        (bits != 0, "bits are not 0"), (per_block == 0, "no rows per block"),
                        (not 2.0**-10 <= step <= 16, "the step is out of range")):
        if wrong:
            raise ValueError(what)
    if d != padded_order(n):
        raise ValueError("the order is not that of the dimension")
    header = Header(n, step, seed, rows, per_block, first_row, bool(sections))
    begin, index = 128 + mean_bytes(header), len(file) - 8 * blocks_of(header) - 4
    if index < begin:
        raise ValueError("too short")
    mean = None
    if sections:
        data = unsealed(MEAN, file[128:begin], "mean")
        mean = np.frombuffer(data[:4 * n], "<f4")
        if any(data[4 * n:]) or not np.isfinite(mean).all():
            raise ValueError("the mean is not finite, or its padding not zero")
    ends = [begin] + np.frombuffer(unsealed(INDEX, file[index:], "index"), "<u8").tolist()
    if any(not 0 < b - a <= MOST_BLOCK for a, b in zip(ends, ends[1:])):
        raise ValueError("the index has a block of an impossible length")
    if ends[-1] != index:
        raise ValueError("the blocks do not end where the index begins")
    return header, mean, ends


def read_block(header, j, block):
    d, rows = padded_order(header.n), rows_of_block(header, j)
    if len(block) % 4 or len(block) < 12:
        raise ValueError("a block has an impossible length")
    body = unsealed(j, block, "block")
    base, width = struct.unpack("<II", body[:8])
    raw_bytes = (d * raw_bits(header.step)[0] + 7) // 8
    if width not in (1, 2, 4):
        raise ValueError("the width of the lengths is none")
    if 8 + rows * (width + raw_bytes) > len(body):
        raise ValueError("a block is too short")
    stored = np.frombuffer(body[8:8 + rows * width], f"<u{width}").tolist()
    lengths = [base + v - 1 if v else 0 for v in stored]
    if width != width_of(stored):
        raise ValueError("the width of the lengths is not the least")
    if (1 not in stored) if any(stored) else base != 0:
        raise ValueError("the base is not the least length")
    raw = 8 + rows * width
    at = raw + rows * raw_bytes
    end = at + sum(lengths)
    if -(-end // 4) * 4 != len(body) or any(body[end:]):
        raise ValueError("the parts of a block do not fill it")
    out = []
    for i, length in enumerate(lengths):
        row = (header.first_row + j * header.rows_per_block + i) % 2**64
        out.append(get_row(header.step, header.seed, row, d, body[at:at + length], body[raw + i * raw_bytes:raw + (i + 1) * raw_bytes]))
        at += length
    return out


def read_file(file):
    """Header, mean or None, norms, and rows x d codes."""
    header, mean, ends = read_header(file)
    rows = [row for j in range(blocks_of(header)) for row in read_block(header, j, file[ends[j]:ends[j + 1]])]
    d = padded_order(header.n)
    return header, mean, np.array([norm for norm, _ in rows], f32), np.array([codes for _, codes in rows], np.int32).reshape(len(rows), d)


# ---- the kernel behind a pipe ----

def step_of(call):
    return float(np.uint32(call.step).view(f32))


def in_memory(call, codes):
    return np.asarray(codes).reshape(-1).astype(code_type(call.d, step_of(call))).view(np.uint8)


def from_memory(call, codes):
    return codes.view(code_type(call.d, step_of(call))).reshape(-1, call.d).astype(np.int32)


def row_numbers(call):
    return [(call.first_row + i) % 2**64 for i in range(call.rows)]


def encode(call, x):
    rows = x.reshape(call.rows, call.n)
    for i, row in enumerate(rows):
        check_row(row, i)
    coded = [encode_row(step_of(call), call.seed, number, row) for number, row in zip(row_numbers(call), rows)]
    return np.array([norm for norm, _ in coded], f32), in_memory(call, [codes for _, codes in coded])


def coded_rows(call, norms, codes):
    return zip(row_numbers(call), norms, from_memory(call, codes))


def decode(call, norms, codes):
    return np.array([decode_row(step_of(call), call.seed, number, call.n, norm, row) for number, norm, row in coded_rows(call, norms, codes)])


def dot(call, norms, codes, q):
    return np.array([scores(step_of(call), call.seed, number, norm, row, q)[0] for number, norm, row in coded_rows(call, norms, codes)])


def put(call, norm, codes):
    row = from_memory(call, codes)[0]
    raw, stream = put_raw(step_of(call), row), put_row(step_of(call), call.seed, call.first_row, norm[0], row)
    if len(stream) > call.out1:
        raise BadInput(0, None)
    return np.frombuffer(raw, np.uint8), np.frombuffer(stream, np.uint8)


def get(call, body):
    raw = (call.d * raw_bits(step_of(call))[0] + 7) // 8
    try:
        norm, codes = get_row(step_of(call), call.seed, call.first_row, call.d, body[raw:].tobytes(), body[:raw].tobytes())
    except ValueError:
        raise BadInput(0, None)
    return np.array([norm]), in_memory(call, codes)


def save(call, norms, codes):
    header = Header(call.n, step_of(call), call.seed, call.rows, rows_per_block(call.d), 0, False)
    file = write_file(header, None, norms, from_memory(call, codes))
    if len(file) > call.out0:
        raise BadInput(0, None)
    return np.frombuffer(file, np.uint8)


def load(call, file):
    try:
        header, _, norms, codes = read_file(file.tobytes())
    except ValueError:
        raise BadInput(0, None)
    if header != Header(call.n, step_of(call), call.seed, call.rows, header.rows_per_block, 0, False):
        raise BadInput(0, None)
    return norms, in_memory(call, codes)


if __name__ == "__main__":
    serve({"name": "numpy, entropy-coded, from the documents", "promise": "conformant", "schemes": ["entropy-coded"]}, {
        "signs": lambda call: sign_vector(call.seed, call.count),
        "dither": lambda call: dither_words(call.seed, call.first_row, call.rows),
        "transform": fixed.transform,
        "transform-transposed": fixed.transform_transposed,
        "encode": encode,
        "decode": decode,
        "dot": dot,
        "save": save,
        "load": load,
        "coding": lambda call: np.array([raw_bits(step_of(call))[0], largest_symbol(step_of(call))]),
        "frequencies": lambda call: frequencies(step_of(call)),
        "put-row": put,
        "get-row": get,
    })

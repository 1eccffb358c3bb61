"""A quantizer as a chain of stages (docs/profiles.md), each as its project has it, and with switchable faults.

A Scheme says which stages; schemes.py has one for each profile. Arrays are (rows, blocks, d).
"""
import os
import sys

import numpy as np

import conventions as c

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "examples"))
from kernel import BadInput, Unsupported  # noqa: E402

TYPES = {"f16": np.float16, "f32": np.float32, "f64": np.float64}

class Scheme:
    """One convention. Subclasses and instances set what differs."""
    name = ""
    bits = [1, 2, 3, 4, 5, 6, 7, 8]
    block = None            # coordinates of a block; None: the whole row
    rotation = ()           # steps: (kind, ...), see rotate()
    data = {}               # name -> f(scheme, call): the numbers
    row_data = {}           # name -> f(scheme, call, row): numbers of one row
    scale = None            # {"rule", "of", "times": f(b, d), "over": name, "format", "stored": bool}
    levels = None           # f(b, d): the codewords, ascending
    unit = staticmethod(lambda d: 1.0)
    tie = "up"
    rounding = "nearest"
    factor = ("scale", "f32")
    residual = None         # (matrix name, f(d), tie)
    packing = "bit-string"
    stored = ["factor"]
    decoded = "original"
    has_inverse = True
    arithmetic = "f32"      # of the rotation
    written = staticmethod(lambda index, b: index)
    read = staticmethod(lambda code, b: code)
    claims = {}

    def __init__(self, fault=None):
        self.fault, self.tables = fault, {}

    # ---- shapes ----

    def offers(self, n):
        return True

    def padded(self, n):
        return n

    def shape(self, call):
        """Blocks of a row and their length."""
        if not self.offers(call.n):
            raise Unsupported(f"dimension {call.n}")
        d = self.padded(call.n)
        return (d // self.block, self.block) if self.block else (1, d)

    def check_bits(self, call):
        if call.bits not in self.bits:
            raise Unsupported(f"{call.bits} bits")

    def blocks(self, call, x, kind):
        """Rows of n numbers, padded and cut."""
        n_blocks, d = self.shape(call)
        out = np.zeros((call.rows, n_blocks * d), TYPES[kind])
        if self.fault == "padded-at-the-front":
            out[:, n_blocks * d - call.n:] = x.reshape(call.rows, call.n)
        elif self.fault == "padded-with-the-last":
            out[:, call.n:] = x.reshape(call.rows, call.n)[:, -1:]
            out[:, :call.n] = x.reshape(call.rows, call.n)
        else:
            out[:, :call.n] = x.reshape(call.rows, call.n)
        return out.reshape(call.rows, n_blocks, d)

    # ---- data ----

    def numbers(self, call, name):
        """Data that no row changes; kept for one configuration."""
        key = (name, call.n, 0 if self.fault == "seed-ignored" else call.seed, call.bits)
        if key not in self.tables:
            if len(self.tables) > 64:
                self.tables.clear()
            self.tables[key] = np.asarray(self.data[name](self, call, *self.seeded(call)), np.float64)
            if self.fault == "base-not-orthogonal" and name == "base":
                self.tables[key][1, 2] *= -1
        return self.tables[key]

    def seeded(self, call):
        return 0 if self.fault == "seed-ignored" else call.seed, self.shape(call)[1]

    def operation_data(self, call, name):
        key = bytes(name).rstrip(b"\0").decode()
        if key in self.row_data:
            return self.row_data[key](self, call, call.first_row, *self.seeded(call))
        if key not in self.data:
            raise Unsupported(f"data {key}")
        return self.numbers(call, key).reshape(-1)

    # ---- rotation ----

    def steps(self, call):
        steps = list(self.rotation(self, call) if callable(self.rotation) else self.rotation)
        if self.fault == "signs-dropped":
            steps = [s for s in steps if s[0] != "signs"]
        if self.fault == "permutation-dropped":
            steps = [s for s in steps if s[0] != "permutation"]
        if self.fault == "signs-after-h":  # each run of signs moves behind the step that follows it
            for i in range(len(steps) - 1):
                if steps[i][0] == "signs" and steps[i + 1][0] == "hadamard":
                    steps[i], steps[i + 1] = steps[i + 1], steps[i]
        if self.fault == "last-round-missing":
            steps = steps[:max(i for i, s in enumerate(steps) if s[0] == "hadamard")]
        if self.fault == "kac-missing":
            steps = [s for s in steps if s[0] != "kac"]
        if self.fault == "final-scale-missing":
            steps = [s for s in steps if s[0] != "scale"]
        factors = {"scale-of-2d": lambda d: 2**-0.5, "normalised-too": lambda d: d**-0.5}
        return steps + ([("scale", factors[self.fault])] if self.fault in factors else [])

    def step(self, call, y, step, back):
        kind, d = step[0], y.shape[-1]
        if kind == "signs":
            return y * np.resize(self.numbers(call, step[1]), d).astype(y.dtype)
        if kind == "permutation":
            p = self.numbers(call, step[1]).astype(np.int64)
            inverted = back != (self.fault == "permutation-inverted")
            return y[..., np.argsort(p)] if inverted else y[..., p]
        if kind == "scale":
            return y * y.dtype.type(step[1](d))
        if kind == "kac":
            h = d // 2
            odd = y[..., 2 * h:]
            return np.concatenate([y[..., :h] + y[..., h:2 * h], y[..., :h] - y[..., h:2 * h], odd], axis=-1)
        if kind == "matrix":
            m = self.numbers(call, step[1]).reshape(d, d)
            return c.times_matrix(y, m.T if back != (self.fault == "matrix-transposed") else m)
        return self.hadamard(call, y, step[1], back)

    def hadamard(self, call, y, options, back):
        out = y.copy()
        for begin, length in c.parts_of(self.parts(options["parts"]), y.shape[-1]):
            part = out[..., begin:begin + length]
            base = self.base(call, options, length)
            inner = options.get("inner", False) != (self.fault == "inner-and-outer-exchanged")
            part = c.kronecker(part, base.T if back else base, inner)
            if self.fault == "smallest-order-fails" and len(base) == length:
                part = part * 0
            if "scale" in options:
                halves = {"scale-of-half-the-length": 2, "scale-without-the-base": len(base)}
                part = part * y.dtype.type(options["scale"](length // halves.get(self.fault, 1)))
            out[..., begin:begin + length] = part
        return out

    def parts(self, kind):
        if self.fault == "always-leading" and kind == "trailing":
            return "leading"
        return 64 if self.fault == "parts-of-64" else kind

    def base(self, call, options, length):
        base = options["base"](self, call, length) if "base" in options else c.base_matrix(1)
        if self.fault == "base-not-orthogonal" and len(base) > 1 and "base" not in self.data:
            base = base.copy()
            base[1, 2] *= -1
        return base.T if self.fault == "base-transposed" else base

    def rotate(self, call, y):
        for step in self.steps(call):
            y = self.step(call, y, step, False)
        if self.fault == "tail-dropped":
            y[..., -1] = 0
        if self.fault == "sequency-order":  # rows of H by their number of changes of sign
            d = y.shape[-1]
            s = np.arange(d)
            gray = s ^ s >> 1
            y = y[..., sum((gray >> i & 1) * (d >> 1 + i) for i in range(d.bit_length() - 1))]
        return y

    def rotate_back(self, call, y):
        if self.fault == "inverse-forgotten":
            return y
        steps = self.steps(call)
        for step in steps if self.fault == "inverse-in-forward-order" else reversed(steps):
            y = self.step(call, y, step, True)
        return y

    def rotation_arithmetic(self):
        return "f32" if self.fault == "rotation-in-f32" else self.arithmetic

    def transform(self, call, x):
        y = self.rotate(call, self.blocks(call, x, self.rotation_arithmetic()))
        return y.reshape(call.rows, -1).astype(np.float32)

    def transform_transposed(self, call, y):
        n_blocks, d = self.shape(call)
        back = self.rotate_back(call, y.reshape(call.rows, n_blocks, d).astype(TYPES[self.arithmetic]))
        return back.reshape(call.rows, -1)[:, :call.n].astype(np.float32)

    # ---- codebook ----

    def codewords(self, call, d):
        """u c_k in float32, ascending."""
        b = self.code_bits(call)
        levels = c.lloyd_max(b) if self.fault == "table-of-the-normal-law" else self.levels(b, d)
        values = np.asarray(levels, np.float64) * self.unit(d)
        if self.fault == "codebook-too-narrow":
            values = values * 0.61
        if self.fault == "table-of-sigma-one":
            values = values / self.unit(d)
        if self.fault == "codebook-frozen":  # what Lloyd's iteration starts from
            values = np.linspace(values[0], values[-1], len(values))
        if self.fault == "codebook-badly-started":  # a third of the cells starve at the upper end
            starved = max(1, len(values) // 3)
            values = np.concatenate([values[:-starved] * 0.5, values[-1] + np.arange(starved) * 1e-6])
        return values.astype(np.float32)

    def code_bits(self, call):
        return call.bits - 1 if self.residual and self.fault != "all-bits-for-codes" else call.bits

    def thresholds(self, call, d):
        q = self.codewords(call, d).astype(np.float64)
        if self.fault == "midpoints-missing":
            return q[1:].astype(np.float32)
        return ((q[1:] + q[:-1]) / 2).astype(np.float32)

    def decoder_codewords(self, call, d):
        q = self.codewords(call, d).copy()
        if self.fault == "centroids-swapped" and len(q) > 2:
            q[[1, 2]] = q[[2, 1]]
        return q

    # ---- stages of encoding ----

    def groups(self, a, of):
        """The last axis cut into groups: (..., groups, of)."""
        return a.reshape(*a.shape[:-1], -1, a.shape[-1] if of in (None, "row") else of)

    def scale_of(self, call, x, y):
        """(s, o), one for each group: (rows, blocks, groups), s not yet rounded."""
        if self.scale is None:
            return np.ones(y.shape[:-1] + (1,)), np.zeros(y.shape[:-1] + (1,))
        rule, of = self.scale["rule"], self.scale.get("of")
        g = self.groups((x if rule == "norm" else y).astype(np.float64), of)
        if rule == "norm":
            squares = (g * g).sum(axis=-1)
            s = np.sqrt(c.rounded(squares, "f16") if self.fault == "squares-in-f16" else squares)
        elif rule == "abs-max":
            s = np.abs(g).max(axis=-1)
        elif rule == "signed-max":
            s = np.take_along_axis(g, np.abs(g).argmax(axis=-1)[..., None], axis=-1)[..., 0]
            s = -np.abs(s) if self.fault == "sign-of-the-maximum-lost" else s
        elif rule == "min-max":
            s = g.max(axis=-1).astype(np.float32) - g.min(axis=-1).astype(np.float32).astype(np.float64)
        else:
            s = np.ones(g.shape[:-1])
        o = g.min(axis=-1) if rule == "min-max" else np.zeros(s.shape)
        s = s * self.scale.get("times", lambda b, d: 1.0)(call.bits, y.shape[-1])
        if self.fault == "one-level-too-many":  # 1/2^b for 1/(2^b - 1), 1/128 for 1/127
            s = s * (2 ** call.bits - 1) / 2 ** call.bits if self.scale["rule"] == "min-max" else s * 127 / 128
        if self.fault == "blocks-confused":
            s = np.roll(s.reshape(s.shape[0], -1), 1, axis=1).reshape(s.shape)
        return self.over(call, s), c.rounded(o, "f32")

    def over(self, call, s):
        s = c.rounded(s, "f32")
        return s / self.numbers(call, self.scale["over"])[0] if "over" in self.scale else s

    def spread(self, a, d):
        """One number of each group, for each of its coordinates."""
        return np.repeat(a, d // a.shape[-1], axis=-1)

    def normalised(self, call, y, s, o):
        """z in float32 (float64 in float64 arithmetic), 0 where s = 0."""
        kind = TYPES[self.arithmetic] if self.arithmetic == "f64" else np.float32
        d = y.shape[-1]
        s, o = self.spread(s, d).astype(kind), self.spread(o, d).astype(kind)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            z = (y.astype(kind) - o) / s
        return np.where(s == 0, kind(0), z).astype(np.float32)

    def choose(self, call, z, y):
        """Index of the codeword."""
        if self.rounding == "stochastic":
            return self.stochastic(call, z)
        d = z.shape[-1]
        theta, tie = self.thresholds(call, d), self.tie
        if self.fault == "tie-the-other-way":
            tie = {"up": "down", "down": "up", "away": "down", "even": "away"}.get(tie, "up")
        up, down = np.searchsorted(theta, z, side="right"), np.searchsorted(theta, z, side="left")
        k = {"up": up, "down": down, "away": np.where(z > 0, up, down), "even": np.where(up % 2 == 0, up, down)}[tie]
        if self.fault == "zero-as-the-most-negative":
            k = np.where(z == 0, 0, k)
        return k

    def stochastic(self, call, z):
        """Between neighbours a < b: b if r + 2^k t >= 2^k, t = (z - a)/(b - a), r a random number below 2^k."""
        q = self.codewords(call, z.shape[-1]).astype(np.float64)
        steps, name = 2 ** self.random_bits, next(iter(self.row_data))
        r = np.stack([self.row_data[name](self, call, row, *self.seeded(call))
                      for row in range(call.first_row, call.first_row + call.rows)])
        r = r.reshape(call.rows, 1, -1)
        if self.fault == "random-bits-misaligned":
            r = np.floor(r / 2)
        if self.fault == "rounding-dead":
            r = np.zeros(r.shape)
        if self.fault == "random-numbers-of-row-0":
            r = r[:1]
        v = np.clip(z.astype(np.float64), q[0], q[-1])
        k = np.clip(np.searchsorted(q, v, side="right") - 1, 0, len(q) - 2)
        t = (v - q[k]) / (q[k + 1] - q[k])
        return k + (r + steps * t >= steps)

    def factor_of(self, call, x, y, q, s):
        """(rows, blocks, groups)."""
        rule, kind = self.factor
        if self.fault == "factor-of-another-rule":
            rule = {"unbiased": "projection", "projection": "unbiased", "matched-norm": "norm", "norm": "matched-norm",
                    "scale": "projection"}[rule]
        g, of = s.shape[-1], y.shape[-1] // s.shape[-1]
        y, q, x = [self.groups(a.astype(np.float64), of) for a in (y, q, x)]
        with np.errstate(divide="ignore", invalid="ignore"):
            f = {"scale": lambda: self.stored_scale(call, s) * self.over_factor(call),
                 "one": lambda: np.ones(s.shape),
                 "norm": lambda: np.sqrt((x * x).sum(axis=-1)),
                 "matched-norm": lambda: np.sqrt((y * y).sum(axis=-1) / (q * q).sum(axis=-1)),
                 "unbiased": lambda: (y * y).sum(axis=-1) / (q * y).sum(axis=-1),
                 "projection": lambda: (q * y).sum(axis=-1) / (q * q).sum(axis=-1)}[rule]()
        f = np.where(np.isfinite(f), f, 0)
        if self.fault == "norm-through-f16":
            f = c.rounded(f, "f16")
        return f if rule == "scale" else c.rounded(f, kind)

    def stored_scale(self, call, s):
        kind = "f32" if self.fault == "scale-not-in-its-format" or not self.scale else self.scale.get("format", "f32")
        return c.rounded(s, kind) if self.scale else s

    def over_factor(self, call):
        if self.fault == "factor-ignored" and self.scale and "over" in self.scale:
            return 1.0
        return self.numbers(call, self.scale["over"])[0] if self.scale and "over" in self.scale else 1.0

    # ---- encode ----

    def checked(self, call, x):
        rows = x.reshape(call.rows, call.n)
        bad = np.argwhere(~np.isfinite(rows))
        if len(bad):
            raise BadInput(int(bad[0][0]), int(bad[0][1]))
        return rows

    def encode(self, call, x):
        self.check_bits(call)
        n_blocks, d = self.shape(call)
        self.checked(call, x)
        x = self.blocks(call, x, self.rotation_arithmetic())
        y = self.rotate(call, x)
        s, o = self.scale_of(call, x, y)
        stored = bool(self.scale and self.scale.get("stored")) != (self.fault == "codes-with-the-other-scale")
        used = self.stored_scale(call, s) * self.over_factor(call) if stored else s * self.over_factor(call)
        z = self.normalised(call, y, used + (self.scale or {}).get("plus", 0), o)
        k = self.choose(call, z, y)
        q = self.codewords(call, d)[k]
        f = self.factor_of(call, x, y, q, s)
        numbers = {"factor": f, "scale": self.stored_scale(call, s), "offset": o}
        codes, sums = self.written_codes(call, k), self.written(k, call.bits).sum(axis=(1, 2))
        squares = (x.astype(np.float64) ** 2).sum(axis=(1, 2))
        step = 1 if self.fault == "sum-not-scaled" else numbers["scale"][:, 0, 0]
        numbers.update({"norm": np.sqrt(squares), "square": squares, "sum": sums, "scaled-sum": sums * step})
        packed = self.packed_rows(call, codes)
        if self.residual:
            positive, numbers["residual-norm"] = self.residual_stage(call, x, f, q)
            packed = np.concatenate([packed, c.pack_bits(positive, "little")], axis=1)
        with np.errstate(over="ignore"):
            columns = [numbers[name].reshape(call.rows, -1) for name in self.stored]
            norms = np.concatenate(columns, axis=1).astype(np.float32) if columns else np.zeros(0, np.float32)
        return norms, packed

    def written_codes(self, call, k):
        return k if self.fault == "codes-as-offsets" else self.written(k, self.code_bits(call))

    def residual_stage(self, call, x, f, q):
        """Is S r positive? (rows, d); and ||r||, r in the original domain."""
        name, constant, tie = self.residual
        d = x.shape[-1]
        r = x.astype(np.float64) - self.rotate_back(call, (self.spread(f, d) * q).astype(np.float32)).astype(np.float64)
        r = r.reshape(call.rows, -1)
        sr = (x.reshape(call.rows, -1) if self.fault == "residual-of-x" else r) @ self.residual_matrix(call, d).T
        positive = sr >= 0 if tie == "up" else sr > 0
        if self.fault == "residual-dead":
            positive = np.ones(positive.shape, bool)
        return positive, np.sqrt((r * r).sum(axis=-1))

    def residual_matrix(self, call, d):
        return self.numbers(call, self.residual[0]).reshape(d, d)

    # ---- packing: whole rows, blocks only where the layout has them ----

    def row_shape(self, count):
        """The codes of a row as the layout takes them: (pieces, codes of a piece)."""
        d = self.block or count
        return (count // d, d) if self.packing == "nibbles-split" else (1, count)

    def packed_rows(self, call, codes):
        """codes: (rows, blocks, d), as written."""
        codes = codes.reshape(call.rows, -1)
        pieces = self.pack_pieces(call, codes.reshape(call.rows * self.row_shape(codes.shape[1])[0], -1))
        return pieces.reshape(call.rows, -1)

    def pack_pieces(self, call, codes):
        b = self.code_bits(call)
        if self.fault == "three-bits-as-four" and b == 3:
            codes = codes & 3
        if self.fault == "planes-exchanged":
            codes = self.bits_exchanged(codes)
        if self.fault == "nibbles-of-neighbours":
            return (codes[:, 0::2] | codes[:, 1::2] << 4).astype(np.uint8)
        data = c.pack(self.packing, codes, b)
        return self.bits_elsewhere(call, data) if self.fault == "packing-order" else data

    def unpack_pieces(self, call, data, d):
        b = self.code_bits(call)
        if self.fault == "packing-order":
            data = self.bits_elsewhere(call, data)
        if self.fault == "nibbles-of-neighbours":
            return np.stack([data & 15, data >> 4], axis=-1).reshape(len(data), -1).astype(np.int64)
        codes = c.unpack(self.packing, data, b, d)
        return self.bits_exchanged(codes) if self.fault == "planes-exchanged" else codes

    def bits_exchanged(self, codes):
        """The two lowest bits."""
        return (codes & ~3) | (codes & 1) << 1 | (codes >> 1 & 1)

    def bits_elsewhere(self, call, data):
        """High nibble first, or the highest bit first: the way back is the same."""
        if self.packing == "nibbles-split" or call.bits == 4 and self.packing == "bit-string":
            return (data >> 4 | data << 4).astype(np.uint8)
        return np.packbits(np.unpackbits(data, axis=-1), axis=-1, bitorder="little")

    def operation_pack(self, call, codes):
        self.check_bits(call)
        return self.pack_pieces(call, codes.astype(np.int64).reshape(self.row_shape(call.count)))

    def operation_unpack(self, call, data):
        self.check_bits(call)
        pieces, d = self.row_shape(call.count)
        return self.unpack_pieces(call, data.reshape(pieces, -1), d)

    def code_bytes(self, call):
        self.check_bits(call)
        n_blocks, d = self.shape(call)
        one = type(call)(**{**vars(call), "rows": 1})
        size = self.packed_rows(one, np.zeros((1, n_blocks, d), np.int64)).shape[1]
        return [size + ((n_blocks * d + 7) // 8 if self.residual else 0)]

    # ---- decode and dot ----

    def stored_counts(self, call):
        """How many numbers of each kind a row has."""
        n_blocks, d = self.shape(call)
        of = (self.scale or {}).get("of")
        groups = 1 if of in (None, "row") else d // of
        return [n_blocks * groups if name in ("factor", "scale", "offset") else 1 for name in self.stored]

    def floats_per_row(self, call):
        return sum(self.stored_counts(call))

    def parsed(self, call, norms):
        n_blocks = self.shape(call)[0]
        rows = np.asarray(norms, np.float64).reshape(call.rows, -1)
        parts = np.split(rows, np.cumsum(self.stored_counts(call))[:-1], axis=1) if self.stored else []
        return {name: part.reshape(call.rows, n_blocks, -1) if name in ("factor", "scale", "offset") else part
                for name, part in zip(self.stored, parts)}

    def rotated_rows(self, call, norms, codes):
        """y hat (rows, blocks, d) and the stored numbers."""
        self.check_bits(call)
        n_blocks, d = self.shape(call)
        numbers = self.parsed(call, norms)
        codes = codes.reshape(call.rows, -1)
        if self.residual:
            tail = (n_blocks * d + 7) // 8
            numbers["signs"] = c.unpack_bits(codes[:, -tail:], n_blocks * d, "little") * 2.0 - 1
            codes = codes[:, :-tail]
        pieces, length = self.row_shape(n_blocks * d)
        k = self.unpack_pieces(call, codes.reshape(call.rows * pieces, -1), length).reshape(call.rows, n_blocks, d)
        q = self.decoder_codewords(call, d)
        q = q[np.clip(self.read(k, self.code_bits(call)), 0, len(q) - 1)]
        if "factor" in numbers:
            f = numbers["factor"]
        elif "scale" in numbers:
            f = numbers["scale"] * self.over_factor(call)
        else:
            f = np.ones((call.rows, n_blocks, 1))
        if self.fault == "factor-ignored" and not (self.scale and "over" in self.scale):
            f = np.ones(f.shape)
        if self.fault == "offset-ignored":
            numbers["offset"] = np.zeros(f.shape)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            y = self.spread(f, d).astype(np.float32) * q
            if "offset" in numbers:
                y = self.spread(numbers["offset"], d).astype(np.float32) + y
        return y, numbers

    def residual_part(self, call, numbers):
        """(rows, d)."""
        d = numbers["signs"].shape[-1]
        norm = np.ones((call.rows, 1)) if self.fault == "residual-norm-ignored" else numbers["residual-norm"]
        constant = np.sqrt(2 / np.pi) / d if self.fault == "residual-constant" else self.residual[1](d)
        return numbers["signs"] @ self.residual_matrix(call, d) * constant * norm

    def decode(self, call, norms, codes):
        y, numbers = self.rotated_rows(call, norms, codes)
        if self.decoded == "rotated":
            return y.reshape(call.rows, -1)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            x = self.rotate_back(call, y.astype(TYPES[self.arithmetic])).astype(np.float64).reshape(call.rows, -1)
            if self.residual:
                x = x + self.residual_part(call, numbers)
            return x[:, :call.n].astype(np.float32)

    def dot(self, call, norms, codes, query):
        y, numbers = self.rotated_rows(call, norms, codes)
        one = type(call)(**{**vars(call), "rows": 1})
        q = self.blocks(one, query, self.arithmetic)
        rotated = q if self.fault == "query-not-rotated" else self.rotate(one, q)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            total = (y.astype(np.float64) * rotated.astype(np.float64)).sum(axis=(1, 2))
            if self.residual:
                total = total + self.residual_part(call, numbers) @ q.reshape(-1).astype(np.float64)
            return total.astype(np.float32)

    # ---- what is offered ----

    def operations(self):
        offered = {"transform": self.for_rows(self.transform)}
        if self.data or self.row_data:
            offered["data"] = self.operation_data
        if self.has_inverse:
            offered["transform-transposed"] = self.for_rows(self.transform_transposed)
        if self.levels is not None:
            offered.update({"code-bytes": self.code_bytes, "encode": self.for_rows(self.encode, 2),
                            "decode": self.for_rows(self.decode), "pack": self.operation_pack,
                            "unpack": self.operation_unpack, "dot": self.for_rows(self.dot)})
        return offered

    def for_rows(self, function, outputs=1):
        """No rows, no numbers; numpy cannot shape nothing."""
        def guarded(call, *inputs):
            if call.rows:
                return function(call, *inputs)
            self.shape(call)
            return (np.zeros(0),) * outputs
        return guarded

    def info(self):
        answer = {"name": f"{self.name}, in numpy", "promise": "own-scheme", "profile": self.name}
        if self.levels is not None:
            answer["bits"] = self.bits
        return answer

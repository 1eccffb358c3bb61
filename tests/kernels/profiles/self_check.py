"""Compares kernels.py with a slow float64 derivation from data/profiles/*.json and docs/profiles.md alone: dense matrices,
step by step.

    python3 self_check.py [NAME …]            the correct kernels: exit status 1 if anything disagrees
    python3 self_check.py --faults [NAME …]   the faults of faults.json: each must disagree somewhere

It shares no code with the kernels but the table of Lloyd-Max centroids, of which it checks the defining equations.
"""
import argparse
import glob
import json
import math
import os
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
sys.path.insert(0, HERE)
from conventions import lloyd_max  # noqa: E402

OPERATIONS = {"info": 0, "transform": 5, "transform-transposed": 6, "code-bytes": 7, "encode": 8, "decode": 9, "pack": 10,
              "unpack": 11, "dot": 12, "data": 17}
U = {"f16": 2.0**-11, "bf16": 2.0**-8, "f32": 2.0**-24, "f64": 2.0**-53, "e4m3": 2.0**-4}
LEAST = {"f16": 2.0**-24, "bf16": 2.0**-133, "f32": 2.0**-149, "f64": 2.0**-1074, "e4m3": 2.0**-9}
MOST = {"f16": 65504.0, "bf16": 3.3895e38, "f32": 3.4028e38, "f64": 1.79e308, "e4m3": 448.0}


class Kernel:
    """The program at the other end of two pipes."""

    def __init__(self, name, fault=None):
        command = [sys.executable, os.path.join(HERE, "kernels.py"), name] + (["--fault", fault] if fault else [])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.info = json.loads(self.call("info", {}, b"")[1])

    def call(self, operation, words, body):
        """(status, bytes)."""
        n, d, seed, bits, first_row, rows, count = (
            words.get(k, 0) for k in ("n", "d", "seed", "bits", "first_row", "rows", "count"))
        w = [int.from_bytes(b"HDQCALL1", "little"), OPERATIONS[operation], n, d, seed, bits, 1, 0, first_row, rows, count, 1, 0, 0,
             len(body), 0]
        try:
            self.process.stdin.write(np.array(w, "<u8").tobytes() + body)
            self.process.stdin.flush()
            header = self.process.stdout.read(40)
            reply = np.frombuffer(header[8:], "<u8")
            return int(reply[0]), self.process.stdout.read(int(reply[3]))
        except (OSError, IndexError, ValueError):
            return 3, b""

    def close(self):
        self.process.stdin.close()
        self.process.wait()


# ---- the profile ----

def evaluate(text, **names):
    """The expressions of docs/profiles.md."""
    if not isinstance(text, str):
        return text
    functions = {"sqrt": math.sqrt, "pi": math.pi, "odd": lambda k: k // (k & -k), "__builtins__": {}}
    return eval(text.replace("^", "**"), functions, names)


def sylvester(p):
    i = np.arange(p)
    parity = np.array([bin(v).count("1") & 1 for v in range(p)])
    return 1.0 - 2.0 * parity[i[:, None] & i[None, :]]


def paley(m):
    """The base matrices of docs/SPEC.md, section 1."""
    q = m - 1 if m != 28 else 13
    squares = {i * i % q for i in range(1, q)}
    chi = lambda a: 0 if a % q == 0 else 1 if a % q in squares else -1
    c = np.ones((q + 1, q + 1))
    c[0, 0] = 0
    for r in range(q):
        for s in range(q):
            c[1 + r, 1 + s] = chi(r - s)
    if m == 28:
        return np.kron(c, [[1, 1], [1, -1]]) + np.kron(np.eye(14), [[1, -1], [-1, -1]])
    c[1:, 0] = -1
    return np.eye(m) + c


def is_power(n):
    return n & (n - 1) == 0


class Derivation:
    """A profile at one n, b and seed."""

    def __init__(self, profile, kernel, n, b, seed):
        self.p, self.kernel, self.n, self.b, self.seed = profile, kernel, n, b, seed
        self.total = self.padded()
        self.d = profile.get("block", self.total)
        self.tables = {}

    def padded(self):
        kind, n = self.p.get("padding", "none"), self.n
        if kind == "none":
            return n
        if kind == "power-of-two":
            return 1 << (n - 1).bit_length()
        if kind == "hadamard-order":
            return next(d for d in range(n, 2 * n + 1) if any(d % m == 0 and is_power(d // m) for m in (1, 12, 20, 28)))
        k = int(evaluate(kind["multiple_of"], b=self.b))
        return -(-n // k) * k

    def offered(self):
        dimension, n = self.p.get("dimension", {}), self.n
        if "power_of_two" in dimension and dimension["power_of_two"] != is_power(n):
            return False
        return dimension.get("least", 1) <= n <= dimension.get("most", n) and n % dimension.get("multiple_of", 1) == 0 \
            and self.total % self.d == 0

    def number(self, text, **names):
        return evaluate(text, n=self.n, d=self.d, b=self.b, **names)

    def words(self, **more):
        return {"n": self.n, "d": self.total, "seed": self.seed, "bits": self.b, **more}

    def data(self, name, row=0):
        about = self.p["data"][name]
        key = (name, row if about.get("per_row") else 0)
        if key not in self.tables:
            if "values" in about:
                values = about["values"]
                self.tables[key] = np.array(values[str(self.b)] if isinstance(values, dict) else values, float)
            else:
                count = int(self.number(about.get("count", "d")))
                words = self.words(first_row=key[1], count=count)
                status, answer = self.kernel.call("data", words, name.encode() + b"\0")
                if status != 0:
                    raise LookupError(name)
                self.tables[key] = np.frombuffer(answer, "<f8")
                if len(self.tables[key]) != count:
                    raise LookupError(f"{name}: {len(self.tables[key])} numbers instead of {count}")
        return self.tables[key]

    # ---- rotation ----

    def parts(self, kind):
        d, power = self.d, 1 << (self.d.bit_length() - 1)
        if kind in ("whole", "leading", "trailing", "equal"):
            low = d & -d
            return {"whole": [(0, d)], "leading": [(0, power)], "trailing": [(d - power, power)],
                    "equal": [(i, low) for i in range(0, d, low)]}[kind]
        powers = [1 << k for k in reversed(range(20)) if d >> k & 1]
        sizes = powers if kind == "binary" else kind if isinstance(kind, list) else [kind]
        found, begin = [], 0
        for size in sizes:
            repeats = 1 if kind == "binary" else (d - begin) // size
            for _ in range(repeats):
                found.append((begin, size))
                begin += size
        return found

    def base(self, option, length):
        for m in option if isinstance(option, list) else [option]:
            if is_power(length):
                return np.ones((1, 1))
            if m == "hartley":
                odd = length // (length & -length)
                angle = 2 * math.pi * np.outer(np.arange(odd), np.arange(odd)) / odd
                return np.cos(angle) + np.sin(angle)
            if isinstance(m, int) and length % m == 0 and is_power(length // m):
                return paley(m) if m > 1 else np.ones((1, 1))
            if isinstance(m, str):
                numbers = self.data(m)
                size = math.isqrt(len(numbers))
                return numbers.reshape(size, size)
        raise LookupError("base")

    def step(self, step):
        """The d x d matrix of a step, and additions per output."""
        d = self.d
        if "when" in step and (step["when"] == "power-of-two") != is_power(d):
            return np.eye(d), 0
        if "signs" in step:
            table = self.data(step["signs"])
            return np.diag([table[i % len(table)] for i in range(d)]), 0
        if "permutation" in step:
            return np.eye(d)[self.data(step["permutation"]).astype(int)], 0
        if "matrix" in step:
            return self.data(step["matrix"]).reshape(d, d), d
        if "kac" in step:
            m, h = np.eye(d), d // 2
            for i in range(h):
                m[i, i + h], m[i + h, i], m[i + h, i + h] = 1, 1, -1
            return m, 1
        if "hadamard" not in step:
            return np.eye(d) * self.number(step["scale"]), 1
        m = np.eye(d)
        for begin, length in self.parts(step["hadamard"]):
            base = self.base(step.get("base", 1), length)
            h = sylvester(length // len(base))
            block = np.kron(h, base) if step.get("inner") else np.kron(base, h)
            m[begin:begin + length, begin:begin + length] = block * self.number(step.get("scale", "1"), p=length)
        return m, d

    def matrices(self):
        if "steps" not in self.tables:
            self.tables["steps"] = [self.step(s) for s in self.p.get("rotation", [])]
        return self.tables["steps"]

    def blocks(self, x):
        rows = np.zeros((len(x), self.total))
        rows[:, :self.n] = x
        return rows.reshape(len(x), -1, self.d)

    def through(self, v, e, steps):
        """Vectors and their bounds through matrices, in the rotation's arithmetic."""
        u = U[self.p.get("arithmetic", {}).get("rotation", "f32")]
        for m, additions in steps:
            a = np.abs(m)
            e = e @ a.T + (additions + 1) * u * ((np.abs(v) + e) @ a.T)
            v = v @ m.T
        return v, e

    def rotated(self, x):
        """(rows, blocks, d)."""
        v = self.blocks(x)
        return self.through(v, 0 * v, self.matrices())

    def back(self, y, e):
        return self.through(y, e, [(m.T, t) for m, t in reversed(self.matrices())])

    # ---- codebook ----

    def code_bits(self):
        return self.b - 1 if "residual" in self.p else self.b

    def codebook(self):
        """u c_k, ascending."""
        book, b = self.p["codebook"], self.code_bits()
        name = book.get("name")
        if name == "lloyd-max":
            c = lloyd_max(b, self.d if book["law"] == "sphere" else 0)
            check_centroids(c, self.d if book["law"] == "sphere" else 0)
        elif name == "uniform":
            least, most = self.number(book["least"]), self.number(book["most"])
            c = np.arange(least, most + 1, book.get("step", 1), dtype=float)
        elif name == "e2m1":
            half = [0.5, 1, 1.5, 2, 3, 4, 6]
            c = np.array([-v for v in reversed(half)] + [0] + half)
        elif name == "sign":
            c = np.array([-1.0, 1.0])
        else:
            c = np.array(book["values"][str(b)], float)
        if "data" in book:  # the kernel's own table, near the named one
            own = self.data(book["data"])
            if np.abs(own - c).max() > book.get("within", 0) + 2e-7:
                raise LookupError(f"codebook: {own} is not within {book['within']} of {c}")
            c = own
        return c * self.number(book.get("unit", "1"))

    def thresholds(self):
        book = self.p["codebook"]
        if isinstance(book.get("thresholds"), dict):
            return np.array(book["thresholds"][str(self.b)], float) * self.number(book.get("unit", "1"))
        c = self.codebook()
        return (c[1:] + c[:-1]) / 2

    def index_of(self, code):
        book, b = self.p["codebook"], self.code_bits()
        if book.get("code") == "twos-complement":
            return np.where(code >= 2**(b - 1), code - 2**b, code) - self.number(book["least"])
        if book.get("code") == "sign-magnitude":
            return np.where(code >= 8, 7 - (code - 8), 7 + code)
        return code

    # ---- packing, bit by bit ----

    def place(self, i, bit):
        """(byte, bit) of a bit of code i of a row."""
        layout, b, count = self.p.get("packing", "bit-string"), self.code_bits(), self.total
        if layout == "bit-string":
            return divmod(i * b + bit, 8)
        if layout == "bit-planes":
            return bit * ((count + 7) // 8) + i // 8, i % 8
        if layout == "bit-planes-msb":
            return bit * ((count + 7) // 8) + i // 8, 7 - i % 8
        if layout == "nibbles-split":
            base, j = i // self.d * self.d, i % self.d
            return base // 2 + j % (self.d // 2), bit + (4 if j >= self.d // 2 else 0)
        if layout == "planes-2-1":
            return (i // 4, i % 4 * 2 + bit) if bit < 2 else ((count + 3) // 4 + i // 8, i % 8)
        return i, bit

    def codes_of(self, row):
        """Codes of one row's bytes, as written."""
        return np.array([sum((int(row[byte]) >> k & 1) << bit for bit in range(self.code_bits())
                             for byte, k in [self.place(i, bit)]) for i in range(self.total)])

    def residual_signs(self, row):
        tail = row[len(row) - (self.total + 7) // 8:]
        return np.array([1.0 if tail[i // 8] >> i % 8 & 1 else -1.0 for i in range(self.total)])

    # ---- stored numbers ----

    def groups(self):
        """Groups of a block for the scale and the factor."""
        of = self.p.get("scale", {}).get("of", "row")
        return 1 if of == "row" else self.d // of

    def stored(self, norms, rows):
        """Name -> (rows, blocks, groups) or (rows,)."""
        names, answer, begin = self.p.get("stored", ["factor"]), {}, 0
        norms = norms.reshape(rows, -1) if names else norms
        for name in names:
            size = self.total // self.d * self.groups() if name in ("scale", "offset", "factor") else 1
            part = norms[:, begin:begin + size].astype(float)
            answer[name] = part.reshape(rows, -1, self.groups()) if name in ("scale", "offset", "factor") else part[:, 0]
            begin += size
        if names and norms.shape[1] != begin:
            raise LookupError(f"{norms.shape[1]} stored numbers instead of {begin}")
        return answer

    def over(self):
        scale = self.p.get("scale", {})
        return self.data(scale["over"])[0] if "over" in scale else 1.0

    def scales(self, x, y, e):
        """s, its bound, and o: (rows, blocks, groups)."""
        scale = self.p.get("scale", {"rule": "one"})
        g = lambda a: a.reshape(a.shape[0], a.shape[1], self.groups(), -1)
        v, rule = g(y), scale["rule"]
        bound, o = g(e).max(axis=3), np.zeros(v.shape[:3])
        if rule == "norm":
            s = np.sqrt((g(self.blocks(x)) ** 2).sum(axis=3))
            bound = s * (self.d + 4) * U["f32"]
        elif rule == "abs-max":
            s = np.abs(v).max(axis=3)
        elif rule == "signed-max":
            s = np.take_along_axis(v, np.abs(v).argmax(axis=3)[..., None], axis=3)[..., 0]
        elif rule == "min-max":
            s, o = v.max(axis=3) - v.min(axis=3), v.min(axis=3)
            bound = 2 * bound + U["f32"] * (np.abs(s) + np.abs(o)) * 2
        else:
            s, bound = np.ones(v.shape[:3]), 0 * bound
        factor = self.number(scale.get("times", "1")) / self.over()
        return s * factor, (bound + 4 * U["f32"] * np.abs(s)) * abs(factor), o

    def spread(self, a):
        return np.repeat(a, self.d // a.shape[2], axis=2)

    def either_sign(self, y, e):
        """Groups whose largest numbers of both signs are equally large within the bound: (rows, blocks, groups)."""
        v = y.reshape(y.shape[0], y.shape[1], self.groups(), -1)
        signed = self.p.get("scale", {}).get("rule") == "signed-max"
        near = np.abs(v.max(axis=3) + v.min(axis=3)) <= 2 * e.reshape(v.shape).max(axis=3)
        return near & signed & (np.abs(v).max(axis=3) > 0)


def check_centroids(c, d):
    """Each centroid is the mean of its cell, by Simpson's rule."""
    edge = min(9.0, math.sqrt(d) - 1e-12) if d else 9.0
    density = (lambda z: np.maximum(1 - z * z / d, 0) ** ((d - 3) / 2)) if d else (lambda z: np.exp(-z * z / 2))
    theta = np.concatenate([[-edge], (c[1:] + c[:-1]) / 2, [edge]])
    if d and d < 5 or np.any(np.diff(theta) <= 0):
        return
    for k, centre in enumerate(c):
        z = np.linspace(theta[k], theta[k + 1], 2001)
        w = np.ones(2001) * 2
        w[1::2], w[0], w[-1] = 4, 1, 1
        mean = (w * density(z) * z).sum() / (w * density(z)).sum()
        assert abs(mean - centre) < 1e-5, (d, k, mean, centre)


# ---- checks: each yields what disagrees, as (stage, text) ----

def exceeds(got, expected, bound):
    return ~(np.abs(got - expected) <= bound * 1.01 + 1e-40)


def first(bad):
    return tuple(int(v) for v in np.argwhere(bad)[0])


def check_data(w):
    other = Derivation(w.p, w.kernel, w.n, w.b, w.seed + 1)
    for name, about in w.p.get("data", {}).items():
        v, kind = w.data(name), about["kind"]
        size = math.isqrt(len(v))
        m = v.reshape(size, size) if size * size == len(v) else None
        right = {"signs": lambda: np.all(np.abs(v) == 1), "permutation": lambda: sorted(v) == list(range(len(v))),
                 "hadamard": lambda: np.array_equal(m @ m.T, size * np.eye(size)),
                 "orthogonal": lambda: np.abs(m @ m.T - np.eye(size)).max() < 1e-5,
                 "random": lambda: np.all((v >= 0) & (v == np.floor(v)))}.get(kind, lambda: np.all(np.isfinite(v)))()
        if not right:
            yield "data", f"{name} is no {kind}"
        if about.get("seeded") and len(v) >= 32 and np.array_equal(v, other.data(name)):
            yield "data", f"{name} ignores the seed"
        if about.get("per_row") and len(v) >= 32 and np.array_equal(v, w.data(name, 1)):
            yield "data", f"{name} is the same in two rows"


def check_rotation(w, x):
    rows = len(x)
    y, e = w.rotated(x)
    status, answer = w.kernel.call("transform", w.words(rows=rows), x.astype("<f4").tobytes())
    if status:
        yield "transform", f"status {status}"
        return
    got = np.frombuffer(answer, "<f4").reshape(y.shape)
    bad = exceeds(got, y, e + 2 * U["f32"] * np.abs(y))
    if bad.any():
        i = first(bad)
        yield "transform", f"{i}: {got[i]} instead of {y[i]} ± {e[i]:.2g}"
    if w.p.get("inverse") != "none":
        status, answer = w.kernel.call("transform-transposed", w.words(rows=rows), got.astype("<f4").tobytes())
        exact, bound = w.back(got.astype(float), 0 * e)
        exact, bound = exact.reshape(rows, -1)[:, :w.n], bound.reshape(rows, -1)[:, :w.n]
        bad = exceeds(np.frombuffer(answer, "<f4").reshape(rows, w.n), exact, bound + 2 * U["f32"] * np.abs(exact))
        if status or bad.any():
            yield "transposed", f"status {status}" if status else f"{first(bad)}"


def neighbours_allowed(w, z, e, book, theta, random):
    """(least, greatest index) that some number within e of z has."""
    rounding = w.p.get("rounding", "nearest")
    if isinstance(rounding, dict):
        steps = 2 ** rounding["stochastic"]["bits"]
        low, high = z - e, z + e

        def index(v):
            v = np.clip(v, book[0], book[-1])
            k = np.clip(np.searchsorted(book, v, side="right") - 1, 0, len(book) - 2)
            t = (v - book[k]) / (book[k + 1] - book[k])
            return k + (random + steps * t >= steps)
        return index(low), index(high)
    slack = 3 * U["f32"] * np.abs(theta)
    if w.p["codebook"].get("name") == "uniform":
        slack = slack + U["f32"] * (np.abs(theta) + abs(book[0]) + 1)
    least = np.array([(theta + slack < v).sum() for v in (z - e).reshape(-1)]).reshape(z.shape)
    most = np.array([(theta - slack <= v).sum() for v in (z + e).reshape(-1)]).reshape(z.shape)
    return least, most


def check_encode(w, x):
    """Codes and stored numbers; then decode and dot from them."""
    rows = len(x)
    status, answer = w.kernel.call("encode", w.words(rows=rows), x.astype("<f4").tobytes())
    size = np.frombuffer(w.kernel.call("code-bytes", w.words(), b"")[1], "<u8")
    if status or len(size) != 1:
        yield "encode", f"status {status}"
        return
    codes = np.frombuffer(answer[len(answer) - rows * int(size[0]):], np.uint8).reshape(rows, -1)
    norms = np.frombuffer(answer[:len(answer) - codes.size], "<f4")
    k = np.array([w.codes_of(row) for row in codes]).reshape(rows, -1, w.d)
    numbers, index = w.stored(norms, rows), w.index_of(k)
    book = w.codebook()
    if np.any((index < 0) | (index >= len(book))):
        yield "codes", f"{first((index < 0) | (index >= len(book)))}: no code"
        return
    yield from check_codes(w, x, index, book)
    yield from check_stored(w, x, index, k, book, numbers)
    if "residual" in w.p:
        yield from check_residual(w, x, codes, index, book, numbers)
    yield from check_decode(w, norms, codes, index, book, numbers)


def check_codes(w, x, index, book):
    if w.p.get("rounding") == "free":
        return
    y, e = w.rotated(x)
    s, bound, o = w.scales(x, y, e)
    scale = w.p.get("scale", {"rule": "one"})
    if scale.get("quantize_with") == "stored":
        s, bound = stored_in(s, scale["format"]) * w.over(), s * 0 + U["f32"] * np.abs(s)
    s = s + scale.get("plus", 0)
    s, bound, o = w.spread(s), w.spread(bound), w.spread(o)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        z = np.where(s == 0, 0, (y - o) / s)
        slack = np.where(s == 0, 0, (e + (w.spread(w.scales(x, y, e)[1]) if scale["rule"] == "min-max" else 0)) / np.abs(s)
                         + np.abs(z) * (bound / np.abs(s) + 6 * U["f32"]))
    random = np.array([w.data(w.p["rounding"]["stochastic"]["random"], r) for r in range(len(x))]).reshape(z.shape) \
        if isinstance(w.p.get("rounding"), dict) else None
    theta = w.thresholds()
    least, most = neighbours_allowed(w, z, slack, book, theta, random)
    bad = ((index < least) | (index > most)) & ~w.spread(w.either_sign(y, e))
    if bad.any():
        i = first(bad)
        yield "codes", f"{i}: index {index[i]} for z = {z[i]} ± {slack[i]:.2g}, not {least[i]} to {most[i]}"
    yield from check_ties(w, x, index, theta)


def check_ties(w, x, index, theta):
    """Where the kernel's own y is 0 and 0 is a threshold, or no threshold, the rule decides."""
    tie = w.p["codebook"].get("tie", "any")
    if w.p.get("scale", {}).get("rule") == "min-max" or isinstance(w.p.get("rounding"), dict):
        return
    answer = w.kernel.call("transform", w.words(rows=len(x)), x.astype("<f4").tobytes())[1]
    y = np.frombuffer(answer, "<f4").reshape(index.shape)
    exact = np.searchsorted(theta, 0.0, side="left" if tie == "down" else "right")
    bad = (y == 0) & (index != exact)
    if tie in ("up", "down") or not np.any(theta == 0):
        if bad.any():
            yield "codes", f"{first(bad)}: index {index[first(bad)]} for 0, not {exact}"
    if w.p["codebook"].get("name") == "uniform" and not w.p.get("rotation"):
        yield from check_half_ties(w, x, index)


def check_half_ties(w, x, index):
    """A block whose scale is a power of two: z is exact."""
    s = w.scales(x, w.blocks(x), 0 * w.blocks(x))[0].astype(np.float32)
    power = np.frexp(np.abs(w.spread(s)))[0] == 0.5
    z = np.where(power, w.blocks(x) / np.where(w.spread(s) == 0, 1, w.spread(s)), 0)
    up = np.floor(z + 0.5) if w.p["codebook"]["tie"] == "up" else np.copysign(np.floor(np.abs(z) + 0.5), z)
    half = power & (z - np.floor(z) == 0.5)
    least, most = w.number(w.p["codebook"]["least"]), w.number(w.p["codebook"]["most"])
    expected = np.clip(up, least, most) - least
    bad = half & (index != expected)
    if bad.any():
        yield "codes", f"{first(bad)}: index {index[first(bad)]} for the tie {z[first(bad)]}"


def stored_in(v, name):
    """v in a format, nearest."""
    v = np.asarray(v, float)
    if name == "f64":
        return v
    digits = int(-math.log2(U[name]))
    quantum = np.ldexp(1.0, np.maximum(np.frexp(v)[1] - digits, int(math.log2(LEAST[name]))))
    nearest = np.rint(v / quantum) * quantum
    return np.clip(nearest, -MOST[name], MOST[name]) if name == "e4m3" else nearest


def factor(w, x, y, q):
    """The exact factor: (rows, blocks, groups)."""
    g = lambda a: a.reshape(a.shape[0], a.shape[1], w.groups(), -1)
    rule = w.p.get("factor", {}).get("rule", "scale")
    y, q, part = g(y), g(q), g(w.blocks(x)) if rule == "norm" else None
    with np.errstate(divide="ignore", invalid="ignore"):
        f = {"one": lambda: np.ones(y.shape[:3]), "norm": lambda: np.sqrt((part**2).sum(axis=3)),
             "matched-norm": lambda: np.sqrt((y**2).sum(axis=3) / (q**2).sum(axis=3)),
             "unbiased": lambda: (y**2).sum(axis=3) / (q * y).sum(axis=3),
             "projection": lambda: (q * y).sum(axis=3) / (q**2).sum(axis=3)}[rule]()
    return np.where(np.isfinite(f), f, 0)


def check_stored(w, x, index, code, book, numbers):
    y, e = w.rotated(x)
    s, bound, o = w.scales(x, y, e)
    rule, squares = w.p.get("factor", {}).get("rule", "scale"), (x.astype(float) ** 2).sum(axis=1)
    scale_format, factor_format = w.p.get("scale", {}).get("format", "f32"), w.p.get("factor", {}).get("format", "f32")
    relative = (w.total + 8) * U["f32"]
    stored_s = np.where(np.abs(s) > MOST[scale_format], np.sign(s) * MOST[scale_format], s) if scale_format == "e4m3" else s
    with np.errstate(divide="ignore", invalid="ignore"):
        lost = np.where(np.abs(y).max(axis=2) > 0, e.max(axis=2) / np.abs(y).max(axis=2), 0)[..., None] * 4 * math.sqrt(w.d)
    expected = {"scale": (stored_s, bound, scale_format), "offset": (o, w_max(e, w) + U["f32"] * np.abs(o), "f32"),
                "norm": (np.sqrt(squares), relative * np.sqrt(squares), "f32"), "square": (squares, relative * squares, "f32"),
                "sum": (code.sum(axis=(1, 2)), 0, "f32")}
    if "scaled-sum" in numbers:
        sums = code.sum(axis=(1, 2))
        expected["scaled-sum"] = (s[:, 0, 0] * sums, (bound[:, 0, 0] + relative * s[:, 0, 0]) * sums, "f32")
    if rule == "scale":
        expected["factor"] = (s * w.over(), bound * w.over(), scale_format)
    else:
        f = factor(w, x, y, book[index])
        expected["factor"] = (f, np.abs(f) * (relative * 2 + lost), factor_format)
    for name, got in numbers.items():
        if name in expected:
            value, slack, kind = expected[name]
            overflow = np.abs(value) > MOST[kind] if kind == "f16" else np.zeros(np.shape(value), bool)
            grid = np.isfinite(got) & (stored_in(np.where(np.isfinite(got), got, 0), kind) != got)
            if grid.any():
                yield "stored", f"{name} {first(grid)}: {got[first(grid)]} is no number of {kind}"
            if name in ("scale", "factor"):
                got = np.where(w.either_sign(y, e) & (got * value < 0), -got, got)
            bad = exceeds(np.where(overflow, 0, got), np.where(overflow, 0, value), slack + U[kind] * np.abs(value) + LEAST[kind])
            if bad.any():
                yield "stored", f"{name} {first(bad)}: {got[first(bad)]} instead of {value[first(bad)]}"


def w_max(e, w):
    return e.reshape(e.shape[0], e.shape[1], w.groups(), -1).max(axis=3)


def decoding_factor(w, numbers, shape):
    if "factor" in numbers:
        return numbers["factor"]
    if "scale" in numbers:
        return numbers["scale"] * w.over()
    return np.ones((shape[0], shape[1], 1))


def rotated_hat(w, index, book, numbers):
    f = w.spread(decoding_factor(w, numbers, index.shape))
    y = f * book[index]
    e = 4 * U["f32"] * np.abs(y)
    if "offset" in numbers:
        y = y + w.spread(numbers["offset"])
        e = e + 2 * U["f32"] * (np.abs(y) + np.abs(w.spread(numbers["offset"])))
    return y, e


def residual_part(w, codes, numbers):
    s = w.data(w.p["residual"]["matrix"]).reshape(w.total, w.total)
    signs = np.array([w.residual_signs(row) for row in codes])
    factor_of_row = w.number(w.p["residual"]["factor"]) * numbers["residual-norm"][:, None]
    return signs @ s * factor_of_row, np.abs(signs) @ np.abs(s) * factor_of_row * (w.d + 8) * U["f32"]


def check_residual(w, x, codes, index, book, numbers):
    y, e = rotated_hat(w, index, book, numbers)
    hat, bound = w.back(y, e)
    r = w.blocks(x).reshape(len(x), -1) - hat.reshape(len(x), -1)
    bound = bound.reshape(len(x), -1) + U["f32"] * (np.abs(r) + np.abs(hat.reshape(len(x), -1)))
    s = w.data(w.p["residual"]["matrix"]).reshape(w.total, w.total)
    projected, slack = r @ s.T, (bound + np.abs(r) * (w.d + 2) * U["f32"]) @ np.abs(s).T
    signs = np.array([w.residual_signs(row) for row in codes])
    bad = (np.abs(projected) > slack) & (np.sign(projected) != signs)
    if bad.any():
        yield "residual", f"{first(bad)}: sign {signs[first(bad)]} for {projected[first(bad)]}"
    norm = np.sqrt((r * r).sum(axis=1))
    bad = exceeds(numbers["residual-norm"], norm, (w.d + 8) * U["f32"] * norm + np.sqrt((bound**2).sum(axis=1)))
    if bad.any():
        yield "residual", f"norm {numbers['residual-norm'][first(bad)]} instead of {norm[first(bad)]}"


def check_decode(w, norms, codes, index, book, numbers):
    rows = len(codes)
    if not np.all(np.isfinite(norms)):
        return
    y, e = rotated_hat(w, index, book, numbers)
    x, bound = (y, e) if w.p.get("decode") == "rotated" else w.back(y, e)
    if "residual" in w.p:
        part, slack = residual_part(w, codes, numbers)
        x, bound = x + part.reshape(x.shape), bound + slack.reshape(x.shape)
    length = w.total if w.p.get("decode") == "rotated" else w.n
    x, bound = x.reshape(rows, -1)[:, :length], bound.reshape(rows, -1)[:, :length]
    body = norms.astype("<f4").tobytes() + codes.tobytes()
    status, answer = w.kernel.call("decode", w.words(rows=rows), body)
    got = np.frombuffer(answer, "<f4")
    if status or got.size != x.size:
        yield "decode", f"status {status}"
        return
    got = got.reshape(rows, length)
    bad = exceeds(got, x, bound + 4 * U["f32"] * np.abs(x))
    if bad.any():
        yield "decode", f"{first(bad)}: {got[first(bad)]} instead of {x[first(bad)]}"
    query = np.random.default_rng(5).standard_normal(w.n).astype("<f4")
    other = w.rotated(query[None])[0].reshape(-1) if w.p.get("decode") == "rotated" else query.astype(float)
    status, answer = w.kernel.call("dot", w.words(rows=rows), body + query.tobytes())
    exact, slack = x @ other, (bound + (w.total + 40) * U["f32"] * np.abs(x)) @ np.abs(other) \
        + (w.total + 40) * U["f32"] * np.sqrt((x**2).sum(axis=1)) * np.sqrt((query.astype(float)**2).sum()) * math.sqrt(w.d)
    got = np.frombuffer(answer, "<f4")
    if status or got.size != rows or exceeds(got, exact, slack).any():
        yield "dot", f"status {status}, {got} instead of {exact}"


def check_pack(w):
    if w.p.get("codebook") is None:
        return
    codes = np.random.default_rng(w.n).integers(0, 2**w.code_bits(), w.total).astype(np.uint8)
    status, answer = w.kernel.call("pack", w.words(count=w.total), codes.tobytes())
    row = np.frombuffer(answer, np.uint8)
    if status or not np.array_equal(w.codes_of(row) if row.size else [], codes):
        yield "pack", f"status {status}, n = {w.n}"
    status, answer = w.kernel.call("unpack", w.words(count=w.total), answer)
    if status or not np.array_equal(np.frombuffer(answer, np.uint8), codes):
        yield "unpack", f"status {status}, n = {w.n}"


def check_unbiased(profile, kernel):
    """Claimed: the mean of <x, x hat>/|x|^2 over seeds is 1. Five standard errors."""
    for n, b in ((16, 2), (16, 3), (64, 3)):
        x = np.zeros((1, n), np.float32)
        x[0, 3] = 1
        ratios = []
        for seed in range(300):
            w = Derivation(profile, kernel, n, b, seed)
            answer = kernel.call("encode", w.words(rows=1), x.tobytes())[1]
            ratios.append(float(np.frombuffer(kernel.call("decode", w.words(rows=1), answer)[1], "<f4")[3]))
        mean, error = np.mean(ratios), np.std(ratios) / math.sqrt(len(ratios))
        if abs(mean - 1) > 5 * error + 1e-3:
            yield f"n = {n}, b = {b}: audit: {mean:.4f} +- {error:.4f}"


# ---- inputs, and all of it ----

def inputs(n, seed, more):
    """Rows of several kinds, and so many normal ones."""
    rng = np.random.default_rng(n + seed)
    rows = [rng.standard_normal(n), rng.standard_normal(n) * 1e-3, rng.standard_normal(n) * 40, rng.standard_normal(n) ** 3,
            np.zeros(n), np.ones(n), np.eye(n)[n // 2], np.eye(n)[0] - np.eye(n)[n - 1], np.arange(n) % 16 - 8.0,
            (np.arange(n) % 33 - 16) / 2 + 0.0, np.sign(rng.standard_normal(n)), rng.integers(-16, 17, n) / 2.0]
    rows[9][np.arange(n) % 32 == 31] = 8 if n % 2 == 0 else 0
    rows[11][np.arange(n) % 32 == 5] = -8
    unit = rng.standard_normal(n)
    halves = np.where(np.arange(n) % 32 == 0, 127, np.arange(n) % 32 - 15.5)
    return np.array(rows + [unit / np.linalg.norm(unit), halves] + list(rng.standard_normal((more, n)))).astype(np.float32)


SIZES = [2, 3, 4, 5, 7, 8, 12, 16, 18, 20, 24, 28, 32, 36, 40, 48, 56, 60, 64, 96, 100, 112, 128, 160, 192, 256, 320]


def disagreements(profile, fault, sizes):
    kernel = Kernel(profile["name"], fault)
    try:
        for n in sizes:
            for b in (profile.get("bits", [1, 2, 3, 4, 5, 6, 7, 8]) if "codebook" in profile else [4]):
                if b in (5, 6, 7) and n > 16 or b == 8 and n > 64 and len(profile.get("bits", range(8))) > 1:
                    continue
                w = Derivation(profile, kernel, n, b, 11)
                if not w.offered() or kernel.call("transform", w.words(rows=1), np.zeros(n, "<f4").tobytes())[0] == 1:
                    continue
                yield from one_case(w, n, b)
        if profile.get("claims", {}).get("unbiased"):
            yield from check_unbiased(profile, kernel)
    finally:
        kernel.close()


def one_case(w, n, b):
    try:
        x = inputs(n, b, 64 if w.p.get("scale", {}).get("format", "f32") != "f32" else 0)
        yield None
        for found in (check_data(w), check_rotation(w, x), check_encode(w, x) if "codebook" in w.p else [], check_pack(w)):
            for stage, text in found:
                yield f"n = {n}, b = {b}: {stage}: {text}"
    except (LookupError, ValueError) as error:
        yield f"n = {n}, b = {b}: {error!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--quick", action="store_true", help="small dimensions only")
    options = parser.parse_args()
    profiles = [json.load(open(path)) for path in sorted(glob.glob(os.path.join(ROOT, "data", "profiles", "*.json")))
                if not path.endswith("schema.json")]
    profiles = [p for p in profiles if not options.names or p["name"] in options.names]
    sizes = [n for n in SIZES if n <= 40] + [64, 128, 192, 256] if options.quick else SIZES
    faults = json.load(open(os.path.join(HERE, "faults.json"))) if options.faults else None
    failed = False
    for profile in profiles:
        cases = [f for f in faults if f["profile"] == profile["name"]] if faults else [None]
        for case in cases:
            failed |= report(profile, case, sizes)
    sys.exit(1 if failed else 0)


def report(profile, case, sizes):
    """Prints one line; True if the kernel is not what it should be."""
    count, lines = 0, []
    for line in disagreements(profile, case and case["fault"], sizes):
        count += line is None
        if line:
            lines.append(line)
        if len(lines) >= 3:
            break
    label = profile["name"] + (" --fault " + case["fault"] if case else "")
    wrong = bool(lines) if case is None else not lines
    print(f"{'WRONG' if wrong else 'ok':5} {label}: {count} cases" + "".join("\n      " + line for line in lines))
    return wrong or count == 0


if __name__ == "__main__":
    main()

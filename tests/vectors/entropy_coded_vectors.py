"""The released test vectors of the entropy-coded quantizer put to the plain C kernel and to the numpy one.

    python3 entropy_coded_vectors.py VECTORS hdq-kernel-plain-entropy-coded.so

Both reproduce every number. Then one byte or one field of each kind is changed at a time, and both must notice.
"""
import copy
import ctypes
import json
import pathlib
import sys
from ctypes import byref

import numpy as np

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "kernels"), str(here.parent.parent / "examples")]
import numpy_entropy_coded as nec
from entropy_coded_test import Config, File, Plain, numpy_get, numpy_read, same
from numpy_kernel import dither_words, hadamard, padded_order, sign_vector

f32 = np.float32
KINDS = ("tables", "coded", "streams", "file")


def number(text):
    return int(text, 16)


def floating(bits):
    return float(np.array([number(bits)], "<u4").view("<f4")[0])


class Vectors:
    def __init__(self, directory, blob=None):
        self.documents = {kind: json.loads((directory / f"entropy-{kind}.json").read_text()) for kind in KINDS}
        self.blob = blob or bytearray((directory / "entropy-coded.bin").read_bytes())

    def array(self, reference):
        return np.frombuffer(bytes(self.blob), "<" + reference["type"], reference["count"], reference["offset"])

    def tests(self, kind):
        return [(group, test) for group in self.documents[kind]["testGroups"] for test in group["tests"]]


class Kernel:
    """What both kernels are asked; wrong() yields what does not agree with the vectors."""

    def __init__(self, vectors):
        self.v = vectors

    def wrong(self, kind, group, test):
        return [name for name, right in getattr(self, kind)(group, test) if not right]

    def tables(self, group, test):
        step, f = floating(test["step"]), self.v.array(test["frequencies"]).reshape(64, -1)
        h, w = self.raw_bits(step)
        yield "raw_bits", h == test["raw_bits"]
        yield "coarse_step", w == float.fromhex(test["coarse_step"])
        yield "largest", self.largest(step) == test["largest"] and f.shape[1] == 2 * test["largest"] + 2
        yield "frequencies", np.array_equal(self.frequencies(step), f)

    def coded(self, group, test):
        a, step, seed, row = self.v.array, floating(test["step"]), number(group["seed"]), number(test["row"])
        n, d, x, codes = group["dimension"], group["order"], a(group["x"]), a(test["codes_bit_exact"])
        h, w = self.raw_bits(step)
        yield "order", padded_order(n) == d
        yield "signs", np.array_equal(np.unpackbits(a(group["signs"]).view("u1"), bitorder="little")[:d] == 1, sign_vector(seed, d) < 0)
        yield "raw_bits", h == test["raw_bits"]
        yield "coarse_step", w == float.fromhex(test["coarse_step"])
        yield "code_bits", test["code_bits"] == 8 * self.code_bytes(d, step)
        words = (number(test["word"]) + np.arange(d, dtype=np.uint64) * np.uint64(0x9E3779B9)).astype(np.uint32)
        yield "word", dither_words(seed, row, 1)[0] == number(test["word"])
        yield "words", np.array_equal(words, a(test["words"]))
        yield "offsets", np.array_equal((words >> np.uint32(9)).astype(np.float64) + 0.5, a(test["offsets"]) * 2.0**23)
        norm, own = self.encode(step, seed, row, x)
        lower, upper = map(float.fromhex, group["norm"])
        slack = float.fromhex(group["norm_error_bound"])
        yield "norm", norm.view(np.uint32) == number(test["norm"]) and lower - slack <= norm <= upper + slack
        yield "codes_bit_exact", np.array_equal(own, codes)
        others, exact = {o["coordinate"]: o["codes"] for o in test["alternatives"]}, a(test["codes"])
        yield "codes", all(own[j] in others.get(int(j), []) for j in np.flatnonzero(own != exact))
        yield "codes, in the reals", norm == 0 or self.near(group, test, x, float(norm), exact, others)
        stream, raw = a(test["stream"]).tobytes(), a(test["raw"]).tobytes()
        put = self.put(step, seed, row, norm, own)
        yield "stream", put[0] == stream
        yield "raw", put[1] == raw
        got, _ = self.get(step, seed, row, n, stream, raw)
        yield "stream got back", got is not None and got[0] == norm and np.array_equal(got[1], codes)
        y = self.decode(step, seed, row, n, norm, own)
        yield "decoded_float32", same(y, a(test["decoded_float32"]))
        bound = float.fromhex(test["decoded_error_bound"])
        yield "decoded", bool((np.abs(y.astype(np.float64) - a(test["decoded"])) <= bound).all())
        # The bound is the proof's: of the order of what float32 can do.
        yield "decoded_error_bound", (bound > 0) == (norm > 0) and bound <= 1e-4 * float(norm) + 2.0**-140

    def near(self, group, test, x, norm, codes, others):
        """The codes are those of double arithmetic but beside an integer."""
        step, d = floating(test["step"]), group["order"]
        y = np.array([number(m) for m in group["y"]["mantissas"]], dtype=object)
        t = np.array([float(m * 2.0**group["y"]["exponent"]) for m in y]) / (norm * step) + self.v.array(test["offsets"]) * 2.0**test["raw_bits"]
        doubtful = np.abs(t - np.round(t)) < 1e-9 * (1 + np.abs(t))
        return bool((np.floor(t) == codes)[~doubtful].all())

    def streams(self, group, test):
        a, step, seed, row, d = self.v.array, floating(group["step"]), number(group["seed"]), number(test["row"]), group["order"]
        yield "code_bits", group["code_bits"] == 8 * self.code_bytes(d, step)
        stream, raw = a(test["stream"]).tobytes(), a(test["raw"]).tobytes()
        got, _ = self.get(step, seed, row, d, stream, raw)
        if test["result"] == "invalid":
            yield "refused", got is None
            return
        norm, codes = f32(floating(test["norm"])), a(test["codes"])
        yield "word", dither_words(seed, row, 1)[0] == number(test["word"])
        yield "got", got is not None and got[0] == norm and np.array_equal(got[1], codes)
        put = self.put(step, seed, row, norm, codes)
        yield "stream", put[0] == stream
        yield "raw", put[1] == raw

    def file(self, group, test):
        a = self.v.array
        data = a(test["file"]).tobytes()
        got, _ = self.read(data)
        if test["result"] == "invalid":
            yield "refused", got is None
            return
        norms, codes = a(test["norms"]), a(test["codes"]).reshape(group["rows"], -1)
        yield "norms", got is not None and same(got[0], norms)
        yield "codes", got is not None and np.array_equal(got[1], codes)
        yield "file", self.write(group, norms, codes) == data


class Numpy(Kernel):
    name = "numpy"

    def raw_bits(self, step):
        return nec.raw_bits(step)

    def largest(self, step):
        return nec.largest_symbol(step)

    def frequencies(self, step):
        return nec.frequencies(step)

    def code_bytes(self, d, step):
        return np.dtype(nec.code_type(d, step)).itemsize

    def encode(self, *arguments):
        return nec.encode_row(*arguments)

    def decode(self, *arguments):
        return nec.decode_row(*arguments)

    def put(self, step, seed, row, norm, codes):
        raw = nec.put_raw(step, codes) if norm > 0 else bytes((len(codes) * nec.raw_bits(step)[0] + 7) // 8)
        return nec.put_row(step, seed, row, norm, codes), raw

    def get(self, step, seed, row, n, stream, raw):
        return numpy_get(Config(n, seed, step), row, padded_order(n), stream, raw)

    def write(self, group, norms, codes):
        header = nec.Header(group["dimension"], floating(group["step"]), number(group["seed"]), group["rows"], 8, number(group["first_row"]), False)
        return nec.write_file(header, None, norms, codes)

    def read(self, data):
        return numpy_read(data)


class PlainC(Kernel):
    name = "plain C"

    def __init__(self, vectors, path):
        super().__init__(vectors)
        self.plain = Plain(path)

    def raw_bits(self, step):
        coarse = ctypes.c_float()
        return self.plain.c.ec_raw_bits(step, byref(coarse)), coarse.value

    def largest(self, step):
        return self.plain.c.ec_largest(step)

    def frequencies(self, step):
        return self.plain.frequencies(step)

    def code_bytes(self, d, step):
        return self.plain.c.ec_code_bytes(d, step)

    def encode(self, step, seed, row, x):
        norm, codes, _, _ = self.plain.encode(Config(len(x), seed, step), row, x, padded_order(len(x)))
        return norm, codes

    def decode(self, step, seed, row, n, norm, codes):
        return self.plain.decode(Config(n, seed, step), row, norm, np.ascontiguousarray(codes, np.int32))

    def put(self, step, seed, row, norm, codes):
        return self.plain.put(Config(len(codes), seed, step), row, norm, np.ascontiguousarray(codes, np.int32))

    def get(self, step, seed, row, n, stream, raw):
        return self.plain.get(Config(n, seed, step), row, padded_order(n), stream, raw)

    def write(self, group, norms, codes):
        file = File(Config(group["dimension"], number(group["seed"]), floating(group["step"])), group["rows"], 8, number(group["first_row"]), False)
        return self.plain.write(file, None, np.ascontiguousarray(norms), np.ascontiguousarray(codes, np.int32))

    def read(self, data):
        return self.plain.read(data)


def reproduce(vectors, kernel):
    done, failed = 0, []
    for kind in KINDS:
        for group, test in vectors.tests(kind):
            done += 1
            wrong = kernel.wrong(kind, group, test)
            if wrong:
                failed.append(f"{kernel.name}: entropy-{kind}.json tcId {test['tcId']} ({test['comment']}): {', '.join(wrong)}")
    return done, failed


def changed(value):
    """The same spelling of something else."""
    if isinstance(value, str):
        digit = next(i for i in reversed(range(len(value.split("p")[0]))) if value[i] in "0123456789abcdef")
        return value[:digit] + ("1" if value[digit] != "1" else "2") + value[digit + 1:]
    return value + 1


def planted(vectors, kind):
    """Field, and group and test with one byte of it changed in the arrays, or the field itself."""
    # With raw bits, and with so many coordinates that every one of them matters.
    wanted = {"tables": lambda g, t: t["raw_bits"] > 0, "coded": lambda g, t: g["dimension"] == 33 and t["raw_bits"] > 0,
              "streams": lambda g, t: g["order"] == 64, "file": lambda g, t: True}[kind]
    group, test = next((g, t) for g, t in vectors.tests(kind) if t["result"] != "invalid" and wanted(g, t))
    for owner in ("group", "test"):
        for name, value in (group if owner == "group" else test).items():
            if name in ("type", "tests", "tcId", "comment", "flags", "result", "alternatives", "base", "log2", "norm_error_bound", "y_error_bound", "rows", "dimension"):
                continue
            if isinstance(value, dict) and "offset" in value:
                width = int(value["type"][1])
                # Of a middle element, or of one whose every byte is looked at: not the exponent's end of an exact double.
                at = value["offset"] + value["count"] // 2 * width + (width - 2 if value["type"] in ("f4", "f8") else 0)
                yield name, group, test, at
                continue
            g, t = copy.deepcopy({k: v for k, v in group.items() if k != "tests"}), copy.deepcopy(test)
            target = g if owner == "group" else t
            if name == "y":
                target[name]["mantissas"][0] = changed(target[name]["mantissas"][0][:-6] + "1" * 6)[:3] + "f" + target[name]["mantissas"][0][4:]
            elif isinstance(value, list):
                target[name] = [value[0][:3] + ".8p+40", value[1][:3] + ".8p+40"]
            elif name == "step":
                target[name] = value[:5] + ("1" if value[5] != "1" else "2") + value[6:]  # by more than a thousandth
            elif name == "decoded_error_bound":
                target[name] = "0x1p-100"
            else:
                target[name] = changed(value)
            yield name, g, t, None


def notice(vectors, kernel):
    """A planted fault of each field; those that nobody noticed."""
    done, missed = 0, []
    for kind in KINDS:
        for name, group, test, at in planted(vectors, kind):
            if at is not None:
                vectors.blob[at] ^= 0x40
            wrong = kernel.wrong(kind, group, test)
            if at is not None:
                vectors.blob[at] ^= 0x40
            done += 1
            if not wrong:
                missed.append(f"{kernel.name} does not notice another {name} in entropy-{kind}.json")
    # A refusal that is none: a file and a stream that are right.
    for kind in ("streams", "file"):
        group, test = next((g, t) for g, t in vectors.tests(kind) if t["result"] == "valid")
        done += 1
        if not kernel.wrong(kind, group, {**test, "result": "invalid"}):
            missed.append(f"{kernel.name} accepts that a right {kind} is called invalid")
    return done, missed


def main():
    directory, library = pathlib.Path(sys.argv[1]), sys.argv[2]
    vectors, failed = Vectors(directory), []
    for kernel in (Numpy(vectors), PlainC(vectors, library)):
        done, wrong = reproduce(vectors, kernel)
        faults, missed = notice(vectors, kernel)
        print(f"{kernel.name}: {done} tests, {len(wrong)} wrong; {faults} planted faults, {len(missed)} missed")
        failed += wrong + missed
        if done < 150 or faults < 35:
            failed.append("too few tests or faults")
    print("\n".join(failed[:20]))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())

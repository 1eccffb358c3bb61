"""Writes .npy files with headers of every kind into a directory, each beside what numpy makes of it.

numpy_headers.py DIRECTORY: for each N a file N.npy, and N.expected: "refused", or "rows columns\n" and the float32 numbers.
A 1-D array is one row. What hdq refuses on purpose is refused here too: other dimensions, rows of length 0, negative lengths,
types that are no real numbers of at most 8 bytes, finite numbers beyond float32.
"""

import io
import random
import sys
import warnings

import numpy as np
from numpy.lib import format as npy_format

warnings.simplefilter("ignore")
random.seed(20)
np.seterr(all="ignore")
directory = sys.argv[1]
count = 0


def prefix(version, header):
    major, minor = version
    length = len(header).to_bytes(2 if major == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([major, minor]) + length + header


def parse(start):
    """Shape, dtype and whether numpy takes this header."""
    stream = io.BytesIO(start)
    try:
        version = npy_format.read_magic(stream)
        npy_format._check_version(version)
        shape, _, dtype = npy_format._read_array_header(stream, version, max_header_size=1 << 20)
    except Exception:
        return None
    return shape, dtype


def as_rows(content):
    try:
        array = np.load(io.BytesIO(content), max_header_size=1 << 20)
    except TypeError:  # a bool in the shape
        return None
    if array.ndim not in (1, 2) or array.shape[-1] == 0:
        return None
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        return None
    if array.ndim == 1:
        array = array.reshape(1, -1)
    narrow = array.astype("<f4")
    if array.dtype.kind == "f" and np.any(np.isinf(narrow) & np.isfinite(array)):
        return None
    return narrow


def numbers(dtype, n):
    if dtype.kind == "b":
        return np.random.default_rng(n).integers(0, 2, n).astype(bool).tobytes()
    raw = bytearray(random.randbytes(n * dtype.itemsize))
    if dtype.kind == "f" and random.random() < 0.7:  # moderate numbers: most random float64 are beyond float32
        raw = bytearray(np.array([random.gauss(0, 10 ** random.uniform(-8, 8)) for _ in range(n)]).astype(dtype).tobytes())
    return bytes(raw)


def case(text, version=(1, 0)):
    global count
    header = text if isinstance(text, bytes) else text.encode("latin1" if version < (3, 0) else "utf8", "replace")
    if version == (1, 0) and len(header) > 65535:
        return
    content, expected = prefix(version, header), None
    parsed = parse(content)
    if parsed is not None:
        shape, dtype = parsed
        n = 1
        for length in shape:
            n *= length
        fits = all(length >= 0 for length in shape) and n <= 10000 and not dtype.hasobject
        if fits and dtype.kind in "biuf" and dtype.itemsize <= 8:
            content += numbers(dtype, n)
            expected = as_rows(content)
        else:
            content += bytes(64)
    else:
        content += bytes(48)  # what a reader that took "(3, 4)" of float32 would want: only the header is wrong
    with open(f"{directory}/{count}.npy", "wb") as file:
        file.write(content)
    with open(f"{directory}/{count}.expected", "wb") as file:
        if expected is None:
            file.write(b"refused")
        else:
            file.write(b"%d %d\n" % expected.shape + expected.tobytes())
    count += 1


def standard(descr="<f4", order="False", shape="(3, 4)"):
    return f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n"


dtypes = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "b1", "?", "b", "h", "i", "l", "q", "p", "B", "H", "I", "L",
          "Q", "P", "e", "f", "d"]
names = ["bool", "bool8", "bool_", "byte", "short", "intc", "int", "int_", "intp", "longlong", "long", "ubyte", "ushort", "uintc", "uint",
         "uintp", "ulonglong", "ulong", "half", "single", "double", "float", "float_", "int8", "int16", "int32", "int64", "uint8",
         "uint16", "uint32", "uint64", "float16", "float32", "float64", "Float32", "bfloat16", "f1", "i3", "u16", "F4", "", " f4", "f4 ",
         "<=f4", "c8", "c16", "f16", "g", "O", "V4", "S4", "U1", "m8", "M8[s]", "a4", "str", "object", "f4\\x00", "f4;", "n", "|", "<"]

for order in ("False", "True"):
    for mark in ("", "<", ">", "=", "|"):
        for code in dtypes:
            case(standard(mark + code, order))
for name in names:
    case(standard(name))
    case(standard("<" + name))
    case(standard(">" + name))

shapes = ["()", "(4,)", "(4)", "4", "[3, 4]", "(3, 4,)", "(3, 4, )", "( 3 ,4 )", "(3,, 4)", "(,)", "(3 4)", "(3L, 4L)", "(3l, 4)", "(3 L, 4)",
          "(3, 4LL)", "(0x3, 0o4)", "(0b11, 0X4)", "(1_0, 2)", "(1__0, 2)", "(_1, 2)", "(1_, 2)", "(0x_3, 4)", "(03, 4)", "(00, 4)",
          "(0_0, 4)", "(3, 0)", "(0, 4)", "(0,)", "(True, 4)", "(False, 4)", "(3, True)", "(-0, 4)", "(+3, 4)", "(- 3, 4)", "(-3, 4)",
          "(--3, 4)", "(3.0, 4)", "(3., 4)", "(3e0, 4)", "(.3, 4)", "(3j, 4)", "(None, 4)", "('3', 4)", "(1, 2, 6)", "((3), (4))", "((3, 4))",
          "((3,), 4)", "(3,\n 4)", "(3, # rows\n 4)", "(3, \\\n4)", "(3\\\n, 4)", "(+(3), 4)", "(+(3,), 4)", "{3, 4}", "{3: 4}",
          "(99999999999999999999, 4)", "(3, 4), ", "(3, 4) 5", "(3, 4) or 5", "(3, 4)[0:]", "(3,4)L", "(3,4)\f", "(3, 4", "3, 4)", "(0xg, 4)",
          "(3if 1else 2, 4)", "(*(3, 4),)", "set()", "(3, 4.L)", "(3e1L, 4)", "(0x3L, 4)", "(3, 4)\0", "(3\t,\t4)", "(3\r\n,4)", "(...,)",
          "(3.5e, 4)", "(1e5_0, 1)", "(0b2, 4)", "(0o8, 4)", "(0x, 4)"]
for version in ((1, 0), (2, 0), (3, 0)):
    for shape in shapes:
        case(standard(shape=shape), version)
for version in ((0, 0), (4, 0), (1, 1), (2, 1), (3, 1), (255, 0)):
    case(standard(), version)

strings = ["'<f4'", '"<f4"', "'''<f4'''", '"""<f4"""', "r'<f4'", "R'<f4'", "u'<f4'", "U'<f4'", "b'<f4'", "rb'<f4'", "f'<f4'", "ur'<f4'",
           "'<' 'f4'", "'<' \"f4\"", "'<'\n'f4'", "'<' b'f4'", "('<f4')", "('<f4',)", "('<f4', (2,))", "['<f4']", "[('a', '<f4')]", "'\\x3cf4'",
           "'\\74f4'", "'\\074f4'", "'\\u003cf4'", "'\\U0000003cf4'", "'\\x3'", "'\\u3c'", "'\\U110000ff'", "'<f\\4'",
           "'<f\\\n4'", "'<f4", "<f4'", "'<f4''", "'''<f4'", "'<f\n4'", "'''<f\\\n4'''", "'\\<f4'", "r'\\x3cf4'", "rr'<f4'", "bb'<f4'", "None",
           "f4", "4", "'' '<f4' ''", "'<f4'.lower()", "'\\74''f4'", "'\\0674'", "'\\400'"]
for version in ((1, 0), (3, 0)):
    for descr in strings:
        case(f"{{'descr': {descr}, 'fortran_order': False, 'shape': (3, 4)}}\n", version)
for order in ("False", "True", "false", "0", "1", "None", "'False'", "()", "(False)", "(True,)", "not True", "-True", "TrueL", "False L"):
    case(f"{{'descr': '<f4', 'fortran_order': {order}, 'shape': (3, 4)}}")

body = "'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)"
wholes = ["{" + body + "}", " {" + body + "}", "\t {" + body + "}", "\n{" + body + "}", "\n {" + body + "}", "\n\n\n{" + body + "}", "#c\n{" + body + "}",
          "({" + body + "})", "(({" + body + "}))", "{" + body + "},", "[{" + body + "}]", "{" + body + ",}", "{" + body + ",,}", "{," + body + "}",
          "{" + body + "} # end", "{" + body + "}\n\n  # end\n", "{" + body + "};", "{" + body + "}\n{}", "{" + body + "} {}", "{" + body, body + "}", "",
          "{}", "   \n", "{" + body + ", 'more': 1}", "{" + body + ", 'descr': '<f8'}", "{'descr': 5, " + body + "}", "{'shape': [1, (2,)], " + body + "}",
          "{'shape': None, " + body + ", 'shape': (4, 3)}", "{" + body + ", 1: 2}", "{" + body + ", b'descr': 2}", "{" + body + ", (1, 2): 2}", "{" + body + ", []: 2}",
          "{" + body + ", **{}}", "{'descr', 'fortran_order', 'shape'}", "{" + body.replace(": ", ":") + "}", "{" + body.replace(" ", "\n") + "}",
          "{" + body.replace(", ", " , ").replace(": ", " : ") + "}", "{" + body.replace("'", '"') + "}", "dict(" + body + ")", "{u" + body + "}",
          "{'de' 'scr'" + body[7:] + "}", "{'d\\x65scr'" + body[7:] + "}", "{'descr'\n:\n'<f4',\n'fortran_order'\n:False\n,'shape':\n(3\n,4\n)\n}\n",
          "(" * 60 + "{" + body + "}" + ")" * 60, "{" + body + "}" + " " * 5000 + "\n", "\f{" + body + "}", " \f{" + body + "}", "\r\n{" + body + "}",
          "\\\n{" + body + "}", "{" + body + "}\\\n", "{" + body + "}\\", "{" + body + "} \x00", "\xef\xbb\xbf{" + body + "}", "{" + body + ", 'b\xe9': 1}",
          "{" + body + "} # caf\xe9", "{'\xe9': 1, " + body + "}"]
for version in ((1, 0), (2, 0), (3, 0)):
    for whole in wholes:
        case(whole, version)
case(b"{" + body.encode() + b"} # \xff\xfe", (3, 0))
case(b"{" + body.encode() + b", '\xff': 1}", (3, 0))


# ---- at random ----

def blanks():
    return random.choice(["", "", "", " ", "  ", "\t", "\n", " \n ", "\r\n", "# c\n", "\f", "\\\n"])


def text_of(word):
    quote = random.choice(["'", '"', "'''", '"""'])
    half = random.randrange(len(word) + 1)
    mark = random.choice(["", "", "", "u", "r", "R"])
    if random.random() < 0.2:
        return mark + quote + word[:half] + quote + blanks() + "'" + word[half:] + "'"
    return mark + quote + word + quote


def integer(value, version):
    text = random.choice([str(value), str(value), hex(value), oct(value), bin(value), "+" + str(value), f"({value})"])
    if random.random() < 0.1:
        text += random.choice(["L", " L"])
    return text


def random_header(version):
    b = blanks
    dims = [random.randrange(0, 6) for _ in range(random.choice([1, 2, 2, 2, 2, 3]))]
    shape = "(" + b() + (b() + "," + b()).join(integer(d, version) for d in dims) + b() + (","  if len(dims) == 1 else random.choice(["", ","])) + b() + ")"
    items = [("descr", text_of(random.choice("<>=|") + random.choice(dtypes[:11]))), ("fortran_order", random.choice(["True", "False"])), ("shape", shape)]
    if random.random() < 0.3:
        items.append((random.choice(["descr", "shape", "fortran_order"]), random.choice(["None", "'f8'", "(2, 2)", "True", "1.5", "[1, {2: 3}]", "b'x'"])))
    random.shuffle(items)
    inside = (b() + "," + b()).join(text_of(k) + b() + ":" + b() + v for k, v in items)
    return random.choice(["", "", " ", "\n"]) + "{" + b() + inside + b() + random.choice(["", ","]) + b() + "}" + random.choice(["", "\n", "  \n", " # end"])


for i in range(1500):
    version = random.choice([(1, 0), (1, 0), (2, 0), (3, 0)])
    header = random_header(version)
    if random.random() < 0.4:  # one character wrong
        at = random.randrange(len(header))
        other = random.choice("{}[](),:'\"\\#\n rubL0x_.e-+\t9")
        header = header[:at] + random.choice([other, "", other + header[at]]) + header[at + 1:]
    case(header, version)
print(count)

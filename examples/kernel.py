"""The pipe protocol of `hdq validate -- python3 kernel.py` (docs/pipe-protocol.md): serve() and a kernel of two operations."""
import json
import sys
from types import SimpleNamespace
import numpy as np

NAMES = ("info signs dither thresholds codewords transform transform-transposed code-bytes encode decode pack unpack dot "
         "reconstruct save load error-constant data coding frequencies put-row get-row").split()
FIELDS = "magic operation n d seed bits threads variant first_row rows count word out0 out1 bytes step".split()
INPUTS = {"decode": ["<f4", "u1"], "dot": ["<f4", "u1", "<f4"], "save": ["<f4", "u1"], "put-row": ["<f4", "u1"],
          **dict.fromkeys(["transform", "transform-transposed", "encode", "reconstruct"], ["<f4"]), **dict.fromkeys(["pack", "unpack", "load", "data", "get-row"], ["u1"])}
OUTPUTS = {"signs": ["i1"], "encode": ["<f4", "u1"], "load": ["<f4", "u1"], "put-row": ["u1", "u1"], "get-row": ["<f4", "u1"], "code-bytes": ["<u8"],
           **dict.fromkeys(["pack", "unpack", "save"], ["u1"]), **dict.fromkeys(["dither", "coding", "frequencies"], ["<u4"]),
           **dict.fromkeys(["thresholds", "codewords", "error-constant", "data"], ["<f8"])}  # all others: float32

class Unsupported(Exception):
    """This dimension, bit width, seed or variant is not offered."""

class BadInput(Exception):
    """BadInput(row, column): NaN or infinity; column None for a norm that float32 cannot hold."""


def split_inputs(name, call, body, norms_per_row):
    """The input arrays: norms, codes, query by their lengths; a single array takes all."""
    if name in ("decode", "dot", "save", "put-row"):
        norms, end = 4 * call.rows * norms_per_row(call), len(body) - (4 * call.n if name == "dot" else 0)
        parts = [body[:norms], body[norms:end], body[end:]]
    else:
        parts = [body]
    return [np.frombuffer(part, kind) for part, kind in zip(parts, INPUTS.get(name, []))]


def serve(info, functions, norms_per_row=lambda call: 1):
    """functions: operation name -> f(call, *input arrays) -> array or tuple; norms_per_row(call): more than one under some profiles."""
    info = dict(info, operations=[name for name in NAMES if name in functions])
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while len(header := source.read(128)) == 128:
        call = SimpleNamespace(**dict(zip(FIELDS, map(int, np.frombuffer(header, "<u8")))))
        name, body, status, where = NAMES[call.operation], source.read(call.bytes), 0, [0, 0]
        try:
            if name == "info":
                answer = json.dumps(info).encode()
            else:
                result = functions[name](call, *split_inputs(name, call, body, norms_per_row))
                arrays = result if isinstance(result, tuple) else (result,)
                answer = b"".join(np.asarray(a).astype(kind).tobytes() for a, kind in zip(arrays, OUTPUTS.get(name, ["<f4"])))
        except Unsupported as error:
            status, answer = 1, str(error).encode()
        except BadInput as error:
            status, answer, where = 2, b"", [error.args[0], 2**64 - 1 if error.args[1] is None else error.args[1]]
        sink.write(b"HDQREPLY" + np.array([status, *where, len(answer)], "<u8").tobytes() + answer)
        sink.flush()


if __name__ == "__main__":  # replace by your own
    serve({"name": "packing in numpy", "promise": "conformant"}, {
        "pack": lambda call, codes: np.packbits(codes[:, None] >> np.arange(call.bits) & 1, bitorder="little"),
        "unpack": lambda call, packed: np.unpackbits(packed, bitorder="little")[:call.count * call.bits].reshape(-1, call.bits)
        @ (1 << np.arange(call.bits))})

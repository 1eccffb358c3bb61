#!/usr/bin/env python3
"""A plug-in behind a pipe: serve.py KERNEL.so speaks docs/pipe-protocol.md, so that the mutants serve as pipe kernels too."""

import ctypes
import json
import os
import struct
import sys

U64, U32, POINTER = ctypes.c_uint64, ctypes.c_uint32, ctypes.c_void_p
FUNCTIONS = ("signs", "dither", "thresholds", "codewords", "transform", "transform-transposed", "code-bytes", "encode", "decode", "pack",
             "unpack", "dot", "reconstruct", "save", "load", "error-constant")
PROMISES = ("own-scheme", "conformant", "bit-exact")


class Config(ctypes.Structure):
    _fields_ = [("dimension", U64), ("order", U64), ("seed", U64), ("bits", U32), ("threads", U32), ("variant", U32)]


class Kernel(ctypes.Structure):
    _fields_ = [("struct_version", U32), ("struct_bytes", U32), ("name", ctypes.c_char_p), ("version", ctypes.c_char_p), ("promise", U32),
                ("bit_widths", U32), ("max_dimension", U64), ("alignment", U32), ("variants", U32),
                ("claimed_error", ctypes.c_double * 9)] + [(name, POINTER) for name in FUNCTIONS]


def description(kernel):
    table = {"name": (kernel.name or b"").decode("utf-8", "replace"), "version": (kernel.version or b"").decode("utf-8", "replace"),
             "promise": PROMISES[kernel.promise], "operations": [f for f in FUNCTIONS if getattr(kernel, f)]}
    if kernel.bit_widths:
        table["bits"] = [b for b in range(1, 9) if kernel.bit_widths >> b & 1]
    if kernel.max_dimension:
        table["max_dimension"] = kernel.max_dimension
    if kernel.variants:
        table["variants"] = kernel.variants
    claims = {str(b): kernel.claimed_error[b] for b in range(1, 9) if kernel.claimed_error[b] != 0}
    if claims:
        table["claimed_error"] = claims
    return json.dumps(table).encode()


def call(kernel, words, data):
    """Status, row, column, outputs."""
    _, operation, n, d, seed, bits, threads, variant, first_row, rows, count, word, first_size, second_size, _, _ = words
    if operation == 0:
        return 0, 0, 0, description(kernel)
    name = FUNCTIONS[operation - 1]
    config = ctypes.pointer(Config(n, d, seed, bits, threads, variant))
    given, position = ctypes.create_string_buffer(data, len(data) + 1), (U64 * 2)()
    first, second = ctypes.create_string_buffer(first_size + 1), ctypes.create_string_buffer(second_size + 1)
    at = lambda offset: ctypes.c_void_p(ctypes.addressof(given) + offset)
    u, size = U64, U64(first_size)
    arguments = {
        "signs": (u(count), first), "dither": (u(first_row), u(rows), first), "thresholds": (U32(word), first),
        "codewords": (U32(word), first), "transform": (u(rows), given, first), "transform-transposed": (u(rows), given, first),
        "code-bytes": (first,), "encode": (u(first_row), u(rows), given, first, second, position),
        "decode": (u(first_row), u(rows), given, at(4 * rows), first), "pack": (u(count), given, first), "unpack": (u(count), given, first),
        "dot": (u(first_row), u(rows), given, at(4 * rows), at(len(data) - 4 * n), first),
        "reconstruct": (u(first_row), u(rows), given, first, position), "save": (u(rows), given, at(4 * rows), first, ctypes.pointer(size)),
        "load": (u(rows), given, u(len(data)), first, second), "error-constant": (first,)}[name]
    plain = [a if isinstance(a, (U32, U64, ctypes.c_void_p)) else ctypes.cast(a, POINTER) for a in arguments]
    function = ctypes.CFUNCTYPE(ctypes.c_int, POINTER, *map(type, plain))(getattr(kernel, name))
    answer = function(ctypes.cast(config, POINTER), *plain)
    if answer != 0:
        return answer, position[0], position[1], b""
    return 0, 0, 0, first.raw[:size.value if name == "save" else first_size] + second.raw[:second_size]


def main():
    kernel = Kernel.in_dll(ctypes.CDLL(os.path.abspath(sys.argv[1])), "hdq_kernel_v1")
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the kernel prints is no part of the protocol
    while len(head := source.read(128)) == 128:
        words = struct.unpack("<8s15Q", head)
        data = source.read(words[14])
        status, row, column, out = call(kernel, words, data)
        sink.write(b"HDQREPLY" + struct.pack("<4Q", status, row, column, len(out)) + out)
        sink.flush()


if __name__ == "__main__":
    main()

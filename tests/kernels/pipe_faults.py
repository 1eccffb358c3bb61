"""A program behind a pipe that goes wrong in a way of its own for each operation; for tests of the carrier."""
import json
import os
import signal
import struct
import subprocess
import sys
import time


def answer(status, body, row=0, column=0, magic=b"HDQREPLY", size=None):
    sys.stdout.buffer.write(magic + struct.pack("<4Q", status, row, column, len(body) if size is None else size) + body)
    sys.stdout.buffer.flush()


def echo(size):
    """Answers while it still reads: a carrier that first sends everything would wait for ever."""
    answer(0, b"", size=size)
    while size > 0:
        part = os.read(0, min(size, 65536))
        os.write(1, part)
        size -= len(part)


while len(header := os.read(0, 128)) == 128:
    words = struct.unpack("<16Q", header)
    operation, outputs, inputs = words[1], words[12] + words[13], words[14]
    if operation == 10:  # pack
        echo(inputs)
        continue
    body = b""
    while len(body) < inputs:
        body += os.read(0, inputs - len(body))
    if operation == 0:
        names = "signs dither thresholds codewords transform transform-transposed encode decode pack unpack save load".split()
        answer(0, json.dumps({"name": "faults", "promise": "own-scheme", "operations": names, "bits": [2, 3], "variants": 2,
                              "max_dimension": 77, "claimed_error": {"3": 0.5}, "version": "%d" % words[11]}).encode())
    elif operation == 1:  # signs: a hang, with a child that would outlive it
        child = subprocess.Popen(["sleep", "1000"])
        open(sys.argv[1], "w").write(str(child.pid))
        time.sleep(1000)
    elif operation == 2:  # dither: an exception
        raise RuntimeError("the kernel says why")
    elif operation == 3:  # thresholds: a signal
        os.kill(os.getpid(), signal.SIGSEGV)
    elif operation == 4:  # codewords: too few bytes
        answer(0, bytes(outputs - 1))
    elif operation == 5:  # transform: something printed
        print("computing the transform, please wait a little")
        sys.stdout.flush()
        answer(0, bytes(outputs))
    elif operation == 6:  # transform-transposed: a length that no memory has
        answer(0, b"", size=2**63)
    elif operation == 8:  # encode: bad input
        answer(2, b"", row=2, column=2**64 - 1)
    elif operation == 9:  # decode
        answer(1, b"not today")
    elif operation == 11:  # unpack: an unknown status
        answer(9, b"")
    elif operation == 14:  # save: a file shorter than the room for it
        answer(0, b"file")
    elif operation == 15:  # load: no answer, a clean exit
        sys.exit(0)

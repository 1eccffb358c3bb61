"""A program behind a pipe that packs and unpacks rightly, and does one thing that no kernel should: HDQ_HOSTILE=name. The table of what
hdq validate makes of each is in tests/validate/hostile_test.cpp. Nothing here signals a process that it does not know."""
import fcntl
import json
import os
import resource
import signal
import struct
import sys
import time

NAME = os.environ.get("HDQ_HOSTILE", "")
FORGED = b"\nvalid: 22 checks, 60534 calls, 52.6 s\n"
ANSI = b"\033[2J\033[1;1H"


def write_all(descriptor, data):
    data = memoryview(data)
    while data:
        data = data[os.write(descriptor, data):]


def read_all(size):
    data = b""
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            if NAME == "ignores_end":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                sleep_for_ever()
            sys.exit(0)
        data += part
    return data


def header(status, size, row=0, column=0, magic=b"HDQREPLY"):
    return magic + struct.pack("<4Q", status, row, column, size)


def answer(body, status=0, **where):
    write_all(1, header(status, len(body), **where) + body)


def sleep_for_ever():
    while True:
        time.sleep(1000)


def pack(codes, bits):
    """Eight codes are `bits` bytes."""
    packed = bytearray()
    for begin in range(0, len(codes), 8):
        group = codes[begin:begin + 8]
        number = sum(code << (j * bits) for j, code in enumerate(group))
        packed += number.to_bytes((len(group) * bits + 7) // 8, "little")
    return bytes(packed)


def unpack(data, bits, count):
    codes = bytearray()
    for begin in range(0, len(data), bits):
        number = int.from_bytes(data[begin:begin + bits], "little")
        codes += bytes(number >> (j * bits) & (2**bits - 1) for j in range(8))
    return bytes(codes[:count])


# ---- what it says of itself ----

def info():
    said = {"name": "hostile", "version": "1", "promise": "conformant", "operations": ["pack", "unpack"]}
    if NAME in ("wrong_name", "name"):
        said["name"] = (b"x" + ANSI + FORGED + b"\r\b").decode()
    if NAME == "wrong_plain_name":
        said["name"] = "valid: 22 checks, 60534 calls, 52.6 s"
    if NAME == "long_name":
        said["name"] = "A" * 900000
    if NAME == "code_bytes_huge":
        said.update(operations=["code-bytes", "encode"], promise="own-scheme")
    if NAME == "another_after_restart":
        said["version"] = str(time.time())
    if NAME == "many_operations":
        said["operations"] *= 20000
    return json.dumps(said).encode()


def start():
    """The answer to operation 0, or something else."""
    if NAME == "start_silent":
        sleep_for_ever()
    if NAME == "start_exit":
        sys.exit(0)
    if NAME == "start_greeting":
        os.write(1, b"hello, this is a kernel\n" * 4)
    if NAME == "start_forging":
        os.write(1, ANSI + FORGED)
        os.write(2, b"valid: 22 checks" + ANSI)
        sys.exit(0)
    if NAME == "start_bad_json":
        return answer(b"{\"name\": \"" + FORGED + b"\"")
    if NAME == "start_deep_json":
        return answer(b"[" * 500000)
    if NAME == "start_no_utf8":
        return answer(b'{"name": "\xff\xfe", "promise": "conformant", "operations": ["pack"]}')
    if NAME == "start_numbers":
        return answer(b'{"name": "x", "promise": "conformant", "operations": ["pack"], "variants": 1e999}')
    if NAME == "start_unknown_operation":
        return answer(b'{"name": "x", "promise": "conformant", "operations": ["a\\nvalid: 22 checks\\u001b[2J"]}')
    if NAME == "start_large":
        return answer(b" " * (2 << 20))
    if NAME == "start_refuses":
        return answer(ANSI + FORGED, status=3)
    if NAME == "start_drip":
        for byte in header(0, 1000):
            os.write(1, bytes([byte]))
            time.sleep(0.05)
    if NAME == "restart_silent":  # the first time, no file
        if os.path.exists(os.environ["HDQ_HOSTILE_FILE"]):
            sleep_for_ever()
        open(os.environ["HDQ_HOSTILE_FILE"], "w").close()
    return answer(info())


# ---- processes that stay ----

def daemon(work):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
                signal.signal(number, signal.SIG_IGN)
            work()
        os._exit(0)


def forge_for_ever():
    while True:
        os.write(2, ANSI + FORGED)
        time.sleep(0.001)


def flood(descriptor):
    while True:
        os.write(descriptor, b"x" * 65536)


def eat_memory():
    eaten = []
    while True:
        eaten.append(bytearray(os.urandom(1 << 20)) * 32)


# ---- in a call ----

def misbehave_first(right):
    """Returns True if it has answered."""
    if NAME == "hang":
        sleep_for_ever()
    if NAME == "hang_in_session":
        os.setsid() if os.getpgrp() != os.getpid() else None
        daemon(sleep_for_ever)
        sleep_for_ever()
    if NAME == "drip":
        for byte in header(0, len(right)) + right:
            os.write(1, bytes([byte]))
            time.sleep(0.05)
        return True
    if NAME == "header_only":
        write_all(1, header(0, len(right)))
        sleep_for_ever()
    if NAME == "half_answer":
        write_all(1, header(0, len(right))[:20])
        sys.exit(0)
    if NAME == "longer":
        write_all(1, header(0, len(right) + 1) + right + b"!")
        return True
    if NAME == "shorter":
        write_all(1, header(0, 0))
        return True
    if NAME == "huge":
        write_all(1, header(0, 2**63))
        return True
    if NAME == "more_than_asked":
        write_all(1, header(0, len(right)) + right + ANSI + FORGED * 3)
        return True
    if NAME == "twice":
        write_all(1, 2 * (header(0, len(right)) + right))
        return True
    if NAME == "close_output":
        os.close(1)
        sleep_for_ever()
    if NAME == "close_input":
        os.close(0)
        sleep_for_ever()
    if NAME == "close_errors":
        os.close(2)
    if NAME == "exit":
        sys.exit(0)
    if NAME == "kill_itself":
        os.kill(os.getpid(), signal.SIGKILL)
    if NAME == "stop_itself":
        os.kill(os.getpid(), signal.SIGSTOP)
    if NAME == "flood_errors_once":
        for _ in range(512):
            os.write(2, b"y" * 65536)
    if NAME == "flood_errors_for_ever":
        daemon(lambda: flood(2))
    if NAME == "flood_output":
        flood(1)
    if NAME == "exit_forging":
        os.write(2, b"Traceback" + FORGED + b"valid: 22 checks" + ANSI)
        sys.exit(3)
    if NAME == "daemon":
        daemon(sleep_for_ever)
    if NAME == "daemon_forging":
        daemon(forge_for_ever)
    if NAME == "child_holds_output":
        daemon(sleep_for_ever)
        sys.exit(0)
    if NAME == "served_by_a_child":
        if os.fork() != 0:
            os._exit(0)
        os.setsid()
    if NAME == "many_children":
        for _ in range(60):
            if os.fork() == 0:
                os.setsid()
                sleep_for_ever()
    if NAME == "child_reads_too":
        if os.fork() == 0:
            while True:
                os.read(0, 7)
    if NAME == "stop_parent":
        os.kill(os.getppid(), signal.SIGSTOP)
    if NAME == "exec_another":
        os.execvp("sleep", ["sleep", "1000"])
    if NAME == "eat_memory":
        eat_memory()
    if NAME == "limits":
        for which in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
            resource.setrlimit(which, (0, 0))
    if NAME == "nonblocking":
        for descriptor in (1, 2):
            fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_NONBLOCK)
    if NAME in ("restart_silent", "another_after_restart"):
        sys.exit(1)
    if NAME == "delete_itself":
        os.unlink(os.environ["HDQ_HOSTILE_FILE"])
        sys.exit(1)
    return False


def misbehave_always(right):
    if NAME == "slow":
        time.sleep(0.2)
    if NAME == "kill_parent":
        os.kill(os.getppid(), signal.SIGKILL)
    if NAME == "status_9":
        return answer(right, status=9)
    if NAME == "bad_input":
        return answer(b"", status=2, row=2**64 - 1, column=2**64 - 1)
    if NAME == "message_forging":
        return answer(ANSI + FORGED, status=3)
    if NAME == "message_long":
        return answer(b"x" * 5000, status=3)
    if NAME == "magic":
        return answer(right, magic=b"HDQREPLZ")
    if NAME == "wrong_name" or NAME == "wrong_plain_name":
        return answer(bytes([right[0] ^ 1]) + right[1:] if len(right) > 3 else right)
    return answer(right)


first = True
while True:
    words = struct.unpack("<16Q", read_all(128))
    operation, bits, count = words[1], words[5], words[10]
    if NAME == "never_reads_inputs" and operation != 0:
        answer(bytes(words[12]))
        continue
    body = read_all(words[14])
    if operation == 0:
        start()
        continue
    if operation == 7:
        answer(struct.pack("<Q", 2**60))
        continue
    result = pack(body, bits) if operation == 10 else unpack(body, bits, count) if operation == 11 else bytes(words[12] + words[13])
    answered = first and misbehave_first(result)
    first = False
    if not answered:
        misbehave_always(result)

"""hdq.validate: kernels of every kind get the verdict that they deserve, and reports hold to their formats."""
from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy
import numpy as np
import pytest
from kernels import ROOT, OwnCodec, Transform, hadamard, profiled

import hdq
from hdq._report import error_svg

FAULTS = json.loads((ROOT / "tests" / "kernels" / "profiles" / "faults.json").read_text())
PROFILE_CHECKS = (
    "profile-data,profile-transform,profile-transposed,profile-pack,profile-encode,profile-decode,profile-dot"
)


def judged(also: str = "", **options) -> hdq.Report:
    return hdq.validate(Transform(also), "ffht", **{"level": "quick", "only": "profile-transform", **options})


# ---- kernels of profiles ----


@pytest.mark.parametrize("profile", ["turboquant-mse", "ggml-q4_0", "nvfp4-rht", "turboquant-prod", "qtip"])
def test_right_kernel_of_a_profile_is_valid(profile):
    kernel, bits = profiled(profile)
    report = hdq.validate(kernel, profile, level="quick", bits=bits, only=PROFILE_CHECKS)
    assert report, str(report)
    assert report.verdict == "valid" and not report.findings
    assert {"transform", "encode", "decode"} & set(kernel) <= set(report.judged)


@pytest.mark.parametrize(
    "profile, fault",
    [
        ("turboquant-mse", "codebook-too-narrow"),
        ("vllm-turboquant", "three-bits-as-four"),
        ("ffht", "scale-of-2d"),
        ("ffht", "tail-dropped"),
        ("turboquant-prod", "residual-dead"),
    ],
)
def test_fault_gets_its_class(profile, fault):
    (known,) = [f for f in FAULTS if f["profile"] == profile and f["fault"] == fault]
    kernel, bits = profiled(profile, fault)
    report = hdq.validate(kernel, profile, level="quick", bits=bits, only=PROFILE_CHECKS, isolate=False)
    assert report.verdict == "invalid"
    assert known["class"] in [f.defect for f in report.findings], str(report)
    first = report.findings[0]
    assert first.meaning and first.check in PROFILE_CHECKS and first.count >= 1


def test_first_defect_of_a_whole_run_in_a_fresh_process():
    script = (
        "from kernels import profiled; import hdq; k, b = profiled('turboquant-mse', 'codebook-too-narrow'); "
        "print(hdq.validate(k, 'turboquant-mse', level='quick', bits=b).findings[0].defect)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([p for p in sys.path if p])},
    )
    assert done.stdout.strip() == "codebook", done.stderr


@pytest.mark.parametrize(
    "scheme, only",
    [
        ("fixed-rate", "signs,dither,codebook,transform,encode,decode,dot,bad-input"),
        ("entropy-coded", "step-encode,step-decode,step-dot,bad-input"),
    ],
)
def test_library_is_a_kernel_too(scheme, only):
    bits = 3 if scheme == "fixed-rate" else None
    report = hdq.validate(OwnCodec(), level="quick", promise="bit-exact", scheme=scheme, bits=bits, only=only)
    assert report, str(report)
    assert {"encode", "decode", "dot"} <= set(report.judged)


# ---- what kernels do ----


@pytest.mark.parametrize("isolate", [True, False])
@pytest.mark.parametrize("also", ["", "print", "keep", "doubles", "a list"])
def test_right_transform_is_valid_whatever_else_it_does(also, isolate):
    report = judged(also, isolate=isolate)
    assert report, str(report)


@pytest.mark.parametrize("isolate", [True, False])
@pytest.mark.parametrize(
    "also, defect, words",
    [
        ("transposed", "failure", "of shape"),
        ("short", "failure", "of shape"),
        ("complex", "failure", "complex64"),
        ("none", "failure", "returned None"),
        ("text", "failure", "returned an array of type <U1"),
        ("error", "failure", "RuntimeError: the kernel's own words"),
        ("exit", "failure", "SystemExit: enough"),
        ("modify", "input-modified", "modified its input x"),
        ("its input", "wrong-transform", "rotated coordinate"),
        ("bad", "wrong-status", "bad input"),
        ("value_error", "wrong-status", "bad input"),
    ],
)
def test_wrong_transform_is_named(also, defect, words, isolate):
    report = judged(also, isolate=isolate)
    assert report.verdict == "invalid", str(report)
    assert [f for f in report.findings if f.defect == defect and words in f.what], str(report)
    assert not any(f.ended_process for f in report.findings)
    if also == "error":
        assert "kernels.py:" in report.findings[0].what


@pytest.mark.parametrize(
    "also, defect, words", [("crash", "crash", "Segmentation fault"), ("leave", "crash", "exited with status 3")]
)
def test_crash_in_a_fork_is_a_finding(also, defect, words):
    report = judged(also, isolate=True)
    assert report.findings[0].defect == defect and words in report.findings[0].what, str(report)
    assert report.findings[0].ended_process


def test_memory_of_a_kernel_is_limited_and_not_that_of_this_process():
    ours = np.ones(1 << 25)  # 256 MiB
    assert judged(memory_limit=0.2, isolate=True)
    report = judged("devour", memory_limit=0.2, isolate=True)
    assert report.findings[0].defect == "crash" and "GiB of memory in use" in report.findings[0].what, str(report)
    del ours


def test_validation_works_in_any_thread():
    reports = []
    thread = threading.Thread(target=lambda: reports.append(judged()))
    thread.start()
    thread.join()
    assert reports[0]


def test_hang_in_a_fork_is_a_finding():
    begin = time.monotonic()
    report = judged("hang", time_limit=0.2, isolate=True)
    assert report.findings[0].defect == "hang" and time.monotonic() - begin < 20


def test_late_return_in_this_process_is_a_hang():
    class Slow:
        def transform(self, x):
            time.sleep(0.05)
            return hadamard(x)

    report = hdq.validate(Slow(), "ffht", level="quick", only="profile-transform", isolate=False, time_limit=0.01)
    assert report.findings[0].defect == "hang"


def test_interrupt_ends_a_validation():
    with pytest.raises(KeyboardInterrupt):
        judged("interrupt", isolate=False)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        judged("hang", time_limit=60, isolate=True)
    timer.join()
    assert time.monotonic() - begin < 20


def test_interrupt_ends_waiting_for_a_program():
    hanging = "import sys, time; time.sleep(1000)"
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        hdq.validate([sys.executable, "-c", hanging], level="quick", start_limit=60)
    timer.join()
    assert time.monotonic() - begin < 20


def test_class_is_a_new_kernel_in_each_process():
    made = []

    class Counting:
        def __init__(self):
            made.append(1)
            self.calls = 0

        def reconstruct(self, x, seed):
            self.calls += 1
            return x + (self.calls > 40)

    report = hdq.validate(Counting, level="quick", only="repeat", isolate=False, claim="error")
    assert "state-kept-between-calls" in [f.defect for f in report.findings], str(report)
    assert len(made) > 1


def test_arrays_are_handed_over_and_taken_back():
    class Tensor:
        """Much as torch has it."""

        dtype = "float32"

        def __init__(self, array):
            self.array = array

        def detach(self):
            return self

        def cpu(self):
            return self

        def numpy(self):
            return self.array

    class Kernel:
        def transform(self, x):
            assert isinstance(x, Tensor)
            return Tensor(hadamard(x.array))

    assert hdq.validate(Kernel(), "ffht", level="quick", only="profile-transform", arrays=Tensor)


def test_torch_gets_tensors_and_is_not_forked(monkeypatch):
    class Torch:
        """What hdq asks of torch."""

        @staticmethod
        def from_numpy(array):
            return array.view(Marked)

    class Marked(np.ndarray):
        pass

    def transform(x):
        assert isinstance(x, Marked)
        return hadamard(x)

    monkeypatch.setitem(sys.modules, "torch", Torch)
    report = hdq.validate({"transform": transform}, "ffht", level="quick", only="profile-transform", arrays="torch")
    assert report and "torch is loaded" in report.remarks[0] and "torch is loaded" in str(report)


def test_integers_must_fit():
    def kernel(change):
        return {
            "pack": lambda codes, bits: change(np.packbits(codes[:, None] >> np.arange(bits) & 1, bitorder="little"))
        }

    options = {"level": "quick", "only": "pack", "promise": "conformant"}
    assert hdq.validate(kernel(lambda b: b.astype(np.int64)), **options)
    wrong = hdq.validate(kernel(lambda b: b.astype(np.int64) + 256), **options)
    assert "uint8 cannot hold" in wrong.findings[0].what
    half = hdq.validate(kernel(lambda b: b + 0.5), **options)
    assert "uint8 cannot hold" in half.findings[0].what


def test_every_name_of_an_argument_is_given():
    seen = {}

    def transform(x, rows, first_row, dimension, n, order, d, seed, bits, b, step, threads, variant, config, mine=3):
        seen.update(
            rows=rows == len(x),
            n=n == dimension == x.shape[1],
            d=d == order,
            b=b == bits == config.bits,
            mine=mine == 3,
            config=config.n == n and config.seed == seed and config.threads == threads and config.variant == variant,
        )
        return hadamard(x)

    assert hdq.validate({"transform": transform}, "ffht", level="quick", only="profile-transform", isolate=False)
    assert all(seen.values()) and len(seen) == 6


@pytest.mark.parametrize(
    "kernel, error, words",
    [
        ({"transform": lambda x, scale: x}, TypeError, "there is no argument 'scale'"),
        ({}, TypeError, "none of the functions"),
        ("kernel.py", ValueError, "list of words"),
        ([], TypeError, "list of words"),
        ([3], TypeError, "list of words"),
        (["/nonexistent-program"], ValueError, "No such file"),
        ("./nonexistent.so", ValueError, "nonexistent"),
    ],
)
def test_what_is_no_kernel_is_refused(kernel, error, words):
    with pytest.raises(error, match=words):
        hdq.validate(kernel, level="quick")


@pytest.mark.parametrize(
    "options, words",
    [
        ({"profile": "no-such"}, "neither a shipped profile nor a file"),
        ({"profile": {"profile": 1}}, "the profile: "),
        ({"level": "fast"}, "level is one of"),
        ({"only": "speed"}, "there is no check 'speed'"),
        ({"bits": 9}, "bits are 1 to 8"),
        ({"claim": "good"}, "claim is one of"),
        ({"promise": "exact"}, "promise is one of"),
        ({"input": np.zeros((1, 4))}, "input needs one"),
        ({"row": 3}, "go with input"),
        ({"input": np.zeros((1, 2, 4)), "bits": 2}, "has shape"),
        ({"arrays": "jax"}, "arrays is"),
    ],
)
def test_wrong_options_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        hdq.validate(Transform(), **{"profile": "ffht", **options})


def test_profiles_come_by_name_file_and_dict(tmp_path):
    profile = json.loads((ROOT / "data" / "profiles" / "ffht.json").read_text())
    file = tmp_path / "my.json"
    file.write_text(json.dumps(profile))
    for given in (profile, file, str(file)):
        assert hdq.validate(Transform(), given, level="quick", only="profile-transform")


def test_plugin_and_program_are_judged_too(tmp_path):
    report = hdq.validate([sys.executable, ROOT / "examples" / "kernel.py"], level="quick", only="pack")
    assert report and report.name == "packing in numpy"
    if (compiler := shutil.which("cc")) is None:
        pytest.skip("no compiler")
    kernels = ROOT / "tests" / "kernels" / "plain"
    library = tmp_path / "plain.so"
    subprocess.run(
        [
            compiler,
            "-shared",
            "-fPIC",
            "-O1",
            f"-I{ROOT / 'validate' / 'include' / 'hdq'}",
            f"-I{ROOT / 'validate' / 'include'}",
            kernels / "hdq_plain.c",
            "-o",
            library,
            "-lm",
        ],
        check=True,
    )
    assert hdq.validate(library, level="quick", only="pack,signs")
    with pytest.raises(ValueError, match="says itself"):
        hdq.validate(library, promise="conformant")


# ---- reports ----


@pytest.fixture(scope="module")
def wrong() -> hdq.Report:
    kernel, bits = profiled("turboquant-mse", "codebook-too-narrow")
    return hdq.validate(
        kernel,
        "turboquant-mse",
        level="quick",
        bits=bits,
        only="profile-transform,profile-encode,profile-decode",
        name="<script>&",
    )


def test_finding_has_its_arrays(wrong):
    for finding in wrong.findings:
        assert finding.input.ndim == 2 and finding.input.shape[1] == finding.config.n
        outside = np.abs(finding.got - finding.expected) > finding.bound
        assert outside.any() and finding.got.shape == finding.bound.shape


def test_finding_has_what_was_seen_first(wrong):
    for finding in wrong.findings:
        got, expected, bound = finding.first_seen
        assert len(got) == len(expected) == len(bound) >= len(finding.got)
        assert (np.abs(got - expected) > bound).any()
    assert any(len(finding.first_seen[0]) > len(finding.got) for finding in wrong.findings)


def test_replay_shows_the_same_again(wrong):
    kernel, _ = profiled("turboquant-mse", "codebook-too-narrow")
    for finding in wrong.findings:
        assert "input=finding.input" in finding.replay
        again = eval(finding.replay, {"hdq": hdq, "kernel": kernel, "finding": finding, "numpy": numpy})
        assert [f.defect for f in again.findings] == [finding.defect]


def test_failing_input_is_written_where_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report = judged("its input", isolate=False)
    assert not list(tmp_path.iterdir()) and report.findings[0].input_file is None
    report = judged("its input", save_failing=tmp_path, isolate=False)
    (finding,) = report.findings
    assert np.array_equal(np.load(finding.input_file), finding.input)
    again = eval(finding.replay, {"hdq": hdq, "kernel": Transform("its input"), "numpy": numpy})
    assert again.findings[0].defect == finding.defect
    with pytest.raises(NotADirectoryError):
        judged(save_failing=tmp_path / "none")


def test_text_is_coloured_on_terminals_only(wrong, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    plain, coloured = io.StringIO(), Terminal()
    wrong.show(plain)
    wrong.show(coloured)
    assert plain.getvalue().rstrip("\n") == str(wrong) and "\033[" not in str(wrong)
    assert "\033[31mFAIL\033[0m profile-encode" in coloured.getvalue()


def test_junit_is_well_formed(wrong, tmp_path):
    root = ElementTree.fromstring(wrong.junit(tmp_path / "junit.xml"))
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().attrib == root.attrib
    assert "<script>&" in root.attrib["name"]
    failures = [failure.attrib["type"] for failure in root.iter("failure")]
    assert failures == [f.defect for f in wrong.findings]
    assert len(root.findall("testcase")) == int(root.attrib["tests"])


class Balanced(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.add(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html_is_well_formed_and_escaped(wrong):
    page = Balanced()
    page.feed(wrong._repr_html_())
    page.close()
    assert not page.open and "script" not in page.seen and {"svg", "circle", "polyline"} <= page.seen
    assert "&lt;script&gt;&amp;" in wrong._repr_html_()
    assert "http" not in wrong._repr_html_().replace("http://www.w3.org/2000/svg", "")
    ElementTree.fromstring(wrong._repr_html_())


def test_picture_shows_what_is_wrong_inside_its_frame(wrong):
    for finding in wrong.findings:
        got, expected, bound = finding.first_seen
        picture = ElementTree.fromstring(error_svg(got, expected, bound))
        dots = [element.attrib for element in picture if element.tag.endswith("circle")]
        outside = np.abs(got - expected) > bound
        assert [dot["fill"] == "#b3261e" for dot in dots] == outside.tolist()
        assert all(0 <= float(dot["cx"]) <= 640 and 0 <= float(dot["cy"]) <= 200 for dot in dots)


def test_json_is_that_of_the_command(wrong):
    verdict = json.loads(wrong.json())
    assert verdict["verdict"] == "invalid" and verdict["kernel"]["name"] == "<script>&"


def test_assert_valid_says_the_first_and_how_many_more(wrong):
    kernel, bits = profiled("turboquant-mse", "codebook-too-narrow")
    with pytest.raises(AssertionError) as raised:
        hdq.assert_valid(kernel, "turboquant-mse", level="quick", bits=bits, only="profile-encode,profile-decode")
    message = str(raised.value)
    assert "codebook: codes" in message and "and 1 more finding" in message and "again: hdq.validate(kernel" in message
    assert hdq.assert_valid(Transform(), "ffht", level="quick", only="profile-transform").verdict == "valid"


def test_nothing_judged_is_not_valid():
    report = hdq.validate({"transform": hadamard}, level="quick")
    assert not report and report.verdict == "not judged"
    with pytest.raises(AssertionError, match="NOT JUDGED"):
        hdq.assert_valid({"transform": hadamard}, level="quick")


def test_declined_cases_are_listed():
    report = judged()
    assert report and all(case.startswith("transform: n = ") for case in report.unsupported)

"""Every figure that a command prints can be had from Python in one call: the program's --json against the objects,
text against text.

The program is the environment variable HDQ_BINARY.
"""
from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from hdq import reference
from hdq._interval import Interval, decimal

SOURCE = Path(__file__).parents[2]
CENTROIDS = [-1.510, -0.4528, 0.4528, 1.510]
binary = os.environ.get("HDQ_BINARY", "")
pytestmark = pytest.mark.skipif(not binary, reason="HDQ_BINARY names no program")


def run(*arguments: str) -> str:
    # Exit status 1 is a verdict, not an error.
    finished = subprocess.run([binary, *arguments], capture_output=True, text=True, check=False)
    assert finished.returncode in (0, 1), finished.stderr
    return finished.stdout


def significant(text: str) -> int:
    """Significant digits of a decimal that the program printed."""
    return max(2, len(text.lstrip("-").split("e")[0].replace(".", "").lstrip("0")))


def compare(printed, value, where: str) -> None:
    """What the program printed is what Python has, rounded as the program says."""
    if isinstance(value, Interval) and isinstance(printed, dict):
        if isinstance(printed["lower"], float):
            assert value.floats() == (printed["lower"], printed["upper"]), where
        else:
            digits = max(map(significant, printed.values()))
            assert dict(zip(("lower", "upper"), value.bounds(digits))) == printed, where
    elif isinstance(value, Interval):  # one number near it
        assert abs(value.midpoint - Fraction(printed)) < Fraction(1, 10**15), where
    elif isinstance(value, Fraction) and isinstance(printed, float):
        assert abs(value - Fraction(printed)) <= abs(value) * Fraction(2, 2**52), where
    elif isinstance(value, Fraction):
        # The program rounds an enclosure of the fraction, which is above it.
        ends = [decimal(value * (1 + above), significant(printed), up=True) for above in (0, Fraction(1, 2**120))]
        assert printed in (str(value), *ends), where
    elif dataclasses.is_dataclass(value) or isinstance(value, dict):
        parts = (
            value
            if isinstance(value, dict)
            else {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
        )
        assert printed.keys() <= parts.keys(), where
        for key, part in printed.items():
            compare(part, parts[key], f"{where}.{key}")
    elif isinstance(value, tuple):
        assert len(printed) == len(value), where
        for i, (one, other) in enumerate(zip(printed, value)):
            compare(one, other, f"{where}[{i}]")
    else:
        assert printed == value, where


@pytest.fixture(name="codebook_file", scope="module")
def _codebook_file(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("codebook") / "centroids.json"
    path.write_text(json.dumps({"centroids": CENTROIDS}))
    return str(path)


@pytest.fixture(name="vectors_file", scope="module")
def _vectors_file(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("vectors") / "x.npy"
    np.save(path, np.random.default_rng(1).standard_normal((20, 16)).astype(np.float32))
    return str(path)


MSE_AND_BIAS = [
    ("--bits 4 --preset one-hot --digits 30", ("one-hot",), {"bits": 4, "digits": 30}),
    (
        "--bits 2 --preset k-hot:3 --dim 64 --scheme lloyd-max",
        ("k-hot:3",),
        {"bits": 2, "dimension": 64, "scheme": "lloyd-max"},
    ),
    (
        "--levels 5 --sigma 3/2 --kappa 0.3 --preset k-hot:3 --dim 16 --rotation hdhd",
        ("k-hot:3",),
        {"levels": 5, "sigma": Fraction(3, 2), "kappa": "0.3", "dimension": 16, "rotation": "hdhd"},
    ),
    ("--bits 3 --rotation limit", (), {"bits": 3, "rotation": "limit"}),
    (
        "--bits 3 --rotation dense --preset flat --dim 40 --scheme shifted",
        ("flat",),
        {"bits": 3, "rotation": "dense", "dimension": 40, "scheme": "shifted"},
    ),
    ("--profile eden --bits 2 --preset one-hot --dim 8", ("one-hot",), {"profile": "eden", "bits": 2, "dimension": 8}),
    (
        "--profile turboquant-mse --bits 2 --preset geometric:0.5 --dim 8 --rotation hd",
        ("geometric:0.5",),
        {"profile": "turboquant-mse", "bits": 2, "dimension": 8, "rotation": "hd"},
    ),
]


@pytest.mark.parametrize("command", ["mse", "bias"])
@pytest.mark.parametrize(
    "options, positional, named", MSE_AND_BIAS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_mse_and_bias(command, options, positional, named):
    compare(
        json.loads(run(command, *options.split(), "--json")), getattr(reference, command)(*positional, **named), command
    )


@pytest.mark.parametrize("rule", ["norm", "matched-norm", "unbiased", "least-squares"])
def test_mse_of_a_codebook_file(codebook_file, rule):
    printed = json.loads(
        run("mse", "--codebook", codebook_file, "--preset", "k-hot:3", "--dim", "8", "--rule", rule, "--json")
    )
    compare(printed, reference.mse("k-hot:3", codebook=codebook_file, dimension=8, rule=rule), "mse")


def test_mse_of_a_vector(vectors_file):
    x = np.load(vectors_file)[3]
    printed = json.loads(run("mse", "--vector", f"{vectors_file}:3", "--bits", "2", "--json"))
    compare({**printed, "vector": "the vector"}, reference.mse(x, bits=2), "mse")


def test_bounds_and_optimality():
    compare(
        json.loads(run("bounds", "--bits", "1", "--optimality", "--json")),
        reference.bounds(1, optimality=True),
        "bounds",
    )


def test_bounds_of_a_profile():
    printed = json.loads(run("bounds", "--profile", "vllm-turboquant", "--dim", "8", "--json"))
    compare(printed, reference.bounds(profile="vllm-turboquant", dimension=8), "bounds")


@pytest.mark.parametrize(
    "options, named",
    [
        ("--rate 2", {"rate": 2}),
        ("--rate 12", {"rate": 12}),
        ("--error 0.01 --bits 3 --dimension 384", {"error": 0.01, "bits": 3, "dimension": 384}),
    ],
)
def test_rate(options, named):
    compare(json.loads(run("rate", *options.split(), "--json")), reference.rate(**named), "rate")


@pytest.mark.parametrize(
    "options, z, named",
    [
        ("--bits 4 --z 0.5 --u 0.25 --digits 30", "0.5", {"bits": 4, "u": "0.25", "digits": 30}),
        ("--levels 3 --sigma 1 --kappa 1/4 --z 1/3", "1/3", {"levels": 3, "sigma": 1, "kappa": "1/4"}),
    ],
)
def test_scalar(options, z, named):
    compare(json.loads(run("scalar", *options.split(), "--json")), reference.scalar(z, **named), "scalar")


@pytest.mark.parametrize(
    "options, named",
    [
        ("", {}),
        ("--dim 128 --claim 0.1175,0.2", {"dimension": 128, "claims": ["0.1175", "0.2"]}),
        ("--dim 64 --unit 0.1 --rule unbiased", {"dimension": 64, "unit": "0.1", "rule": "unbiased"}),
    ],
)
def test_codebook(codebook_file, options, named):
    printed = json.loads(run("codebook", codebook_file, *options.split(), "--json"))
    compare(printed, reference.codebook(codebook_file, **named), "codebook")
    compare(printed, reference.codebook([str(c) for c in CENTROIDS], **named), "codebook")


def test_codebook_over_vectors(codebook_file, vectors_file):
    printed = json.loads(run("codebook", codebook_file, "--vectors", vectors_file, "--json"))
    compare(printed, reference.codebook(codebook_file, vectors=vectors_file), "codebook")
    printed["vectors"]["file"] = "vectors"
    compare(printed, reference.codebook(codebook_file, vectors=np.load(vectors_file)), "codebook")


def test_codebook_of_a_profile():
    printed = json.loads(run("codebook", "--profile", "turboquant-mse", "--bits", "2", "--json"))
    compare(printed, reference.codebook(profile="turboquant-mse", bits=2), "codebook")


@pytest.mark.parametrize(
    "options, named",
    [
        ("--bits 2 --dim 8 --scheme lloyd-max", {"bits": 2, "scheme": "lloyd-max"}),
        ("--bits 2 --dim 8", {"bits": 2}),
        ("--profile eden --bits 2 --dim 8", {"profile": "eden", "bits": 2}),
    ],
)
def test_adversary(options, named):
    compare(json.loads(run("adversary", *options.split(), "--json")), reference.adversary(8, **named), "adversary")


@pytest.mark.parametrize("name", ["b1.json", "optimality/b1.json"])
def test_verify_certificate(name):
    path = str(SOURCE / "data/bounds" / name)
    compare(json.loads(run("verify-certificate", path, "--json")), reference.verify_certificate(path), "verdict")


def test_constants():
    lines = []
    for name, value in reference.constants().items():
        for index, numbers in value.items() if isinstance(value, dict) else [((), value)]:
            lines.append(" ".join(map(str, (name, *index, *(numbers if isinstance(numbers, tuple) else (numbers,))))))
    assert "\n".join(lines) + "\n" == run("constants")


def test_profiles():
    assert [profile.name for profile in reference.profiles()] == [
        line.split()[0] for line in run("profile", "list").splitlines()
    ]
    assert reference.profile_text("eden").rstrip("\n") == run("profile", "show", "eden").rstrip("\n")


def test_comparison_fails_on_a_wrong_rounding():
    third = Interval(Fraction(1, 3))
    compare({"lower": "0.333", "upper": "0.334"}, third, "third")
    with pytest.raises(AssertionError):
        compare({"lower": "0.333", "upper": "0.333"}, third, "third")
    with pytest.raises(AssertionError):
        compare({"mse": {"lower": "0.333", "upper": "0.335"}}, {"mse": third}, "third")

"""hdq.reference: enclosures against each other and against what can be enumerated; arguments; interruption."""
from __future__ import annotations

import json
import signal
import threading
import time
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from hdq import reference
from hdq.reference import Interval

CENTROIDS = ["-1.510", "-0.4528", "0.4528", "1.510"]


def scalar_error(z: Fraction, bits: int) -> Interval:
    return reference.scalar(abs(z), bits=bits, digits=18).mse


@pytest.mark.parametrize("bits", [1, 2, 5, 8])
def test_mse_is_the_mean_over_signs(bits):
    # ‖(1, 1, 1, 1)‖ = 2 and ‖(2, 2, 1)‖ = 3: rational coordinates.
    for x, norm in [((1, 1, 1, 1), 2), ((2, 2, 1), 3), ((-4, 3), 5)]:
        sums = [Fraction(sum(s * v for s, v in zip(signs, x)), norm) for signs in product((1, -1), repeat=len(x))]
        errors = {z: scalar_error(z, bits) for z in {abs(z) for z in sums}}
        mean = sum((errors[abs(z)] for z in sums), Interval(0)) / len(sums)
        error = reference.mse(list(x), bits=bits)
        assert error.mse.overlaps(mean) and error.mse.width < error.mse.lower / 10**14
        assert error.times_4b.overlaps(error.mse * 4**bits)
        assert error.levels == 2**bits and error.vector == "the vector" and error.dimension == len(x)


def test_mse_depends_on_directions_alone():
    tenths = reference.mse([Fraction(1, 10), "0.2", 0, Fraction(-3, 10)], bits=3)
    for x in ([1, 2, 0, -3], np.array([1, 2, 0, -3], dtype=np.float32), np.array([2, 4, 0, -6]), [0.5, 1.0, 0, 1.5]):
        assert reference.mse(x, bits=3).mse.overlaps(tenths.mse)
    assert not reference.mse([1, 2, 0, -4], bits=3).mse.overlaps(tenths.mse)
    # 0.1 of numpy is not a tenth.
    assert (
        reference.mse(np.array([0.1, 0.3]), bits=3, digits=30).mse
        != reference.mse(["0.1", "0.3"], bits=3, digits=30).mse
    )


def test_of_entropy_coding():
    step = reference.rate(2).step
    error = reference.mse("one-hot", rate=2)
    assert error.mse == Fraction(step) ** 2 / 12 == reference.mse(step=step).mse and error.step == step
    assert reference.bias([1, 2], step=0.5).correlation == 1 and reference.bias(step=0.5).norm == 0


def test_bias():
    dithered = reference.bias("one-hot", bits=2)
    assert dithered.norm == 0 and dithered.correlation == 1
    assert 0 in dithered.norm_32_bit and 0 < dithered.norm_32_bit.upper < Fraction(1, 10**5)
    lloyd_max = reference.bias("one-hot", bits=2, scheme="lloyd-max")
    assert lloyd_max.norm > 0.5 and lloyd_max.norm < 0.52 and lloyd_max.norm_32_bit is None


def test_no_vector_found_exceeds_a_bound():
    worst = reference.bounds([1, 2], threads=2).shipped
    for bound in worst:
        found = reference.adversary(4, bits=bound.levels.bit_length() - 1)
        assert (
            found.times_4b <= bound.worst.upper
            and not found.exceeds_certificate
            and found.certified_upper == bound.upper
        )
        assert found.x.shape == (4,) and abs(np.linalg.norm(found.x) - 1) < 1e-6
        assert bound.mse == bound.worst / bound.levels**2 and bound.lower < bound.upper
        # The limit of flat vectors is where the lower end comes from.
        assert reference.mse(bits=found.bits, rotation="limit").times_4b >= bound.lower
    assert reference.adversary(16, bits=2, scheme="lloyd-max").breaks_limit


def test_certificate(tmp_path):
    path, claimed = tmp_path / "b1.json", reference.certificate(1)
    path.write_text(json.dumps(claimed))
    accepted = reference.verify_certificate(path)
    assert (
        accepted.accepted and accepted.claimed.upper == Fraction(claimed["upper"]) and accepted.kappa == Fraction(1, 2)
    )
    path.write_text(json.dumps({**claimed, "upper": "6"}))
    rejected = reference.verify_certificate(str(path))
    assert not rejected.accepted and rejected.reason
    path.write_text("{}")
    with pytest.raises(ValueError, match="b1.json"):
        reference.verify_certificate(path)
    with pytest.raises(FileNotFoundError):
        reference.verify_certificate(tmp_path / "none.json")


def test_scalar():
    at = reference.scalar("0.3", bits=3, u=Fraction(1, 7))
    assert len(at.codewords) == 8 and len(at.thresholds) == 7
    assert all(a < b for a, b in zip(at.thresholds, at.thresholds[1:]))
    assert at.code == sum(threshold <= Fraction(3, 10) for threshold in at.thresholds)
    assert at.decoded == at.codewords[at.code]
    assert reference.scalar(0.5, bits=3).mse.overlaps(reference.scalar("1/2", bits=3, digits=40).mse)
    assert reference.scalar(0.5, bits=3, digits=40).mse.width < Fraction(1, 10**40)
    assert reference.scalar(0.5, bits=3).code is None


def test_rate():
    two = reference.rate(2, dimension=384)
    assert two.error == Fraction(two.step) ** 2 / 12 and two.order == 384 and two.bits == 2
    assert two.rate > 1.999 and two.rate < 2 and two.coder.overlaps(two.ideal)
    assert two.ideal - two.rate in Interval(Fraction(-1, 10**9), "0.004")  # SPEC §7
    assert reference.rate(2).coder.width < two.coder.width
    assert two.fixed_rate_error == reference.bounds(2).shipped[0].upper / 16
    assert reference.rate(error=two.error).step == two.step == reference.rate(step=two.step).step


def test_codebook(tmp_path):
    centroids = np.array(CENTROIDS, dtype=float)
    path = tmp_path / "centroids.npy"
    np.save(path, centroids)
    diagnosis = reference.codebook(centroids, dimension=32)
    assert diagnosis == reference.codebook(path, dimension=32) and not diagnosis.wrong
    assert {law.law for law in diagnosis.laws} == {"normal", "sphere in dimension 32"}
    assert diagnosis.laws[0].rules["norm"].error > 0.1174 and diagnosis.laws[0].optimum < 0.1176
    assert sum(diagnosis.laws[0].shares, Interval(0)).overlaps(1)
    doubled = reference.codebook(2 * centroids, claims=["0.1175"])
    assert doubled.wrong and doubled.verdicts[-1].wrong and doubled.laws[0].best_multiple < 1
    mapping = {"centroids": CENTROIDS, "thresholds": ["-1", 0, 1], "unit": 1, "tie": "down"}
    assert reference.codebook(mapping, dimension=4).unit == "1"
    assert reference.mse("k-hot:2", codebook=CENTROIDS, dimension=4).mse > 0


def test_profiles():
    assert "eden" in {profile.name for profile in reference.profiles()}
    assert json.loads(reference.profile_text("eden"))["name"] == "eden"
    assert reference.mse([1, 0, 0, 0, 0, 0, 0, 0], profile="eden", bits=2).profile == "eden"


def test_as_json():
    plain = reference.as_json(reference.bounds(1), 6)
    assert plain["shipped"][0]["over_limit"]["lower"] == "2.36835" and "asymptotic" not in plain
    assert json.loads(json.dumps(reference.as_json(reference.adversary(2, bits=1))))["x"]


@pytest.mark.parametrize(
    "call, name",
    [
        (lambda: reference.mse("one-hot", bits=9), "bits"),
        (lambda: reference.mse("one-hot", bits=0), "bits"),
        (lambda: reference.mse("one-hot"), "bits"),
        (lambda: reference.mse("one-hot", bits=2, rate=2), "rate"),
        (lambda: reference.mse("one-hot", rate=13), "rate"),
        (lambda: reference.mse("one-hot", rate=-1), "rate"),
        (lambda: reference.mse("one-hot", step=0.1), "step"),
        (lambda: reference.mse("one-hot", levels=1, sigma=1, kappa=1), "levels"),
        (lambda: reference.mse("one-hot", levels=4, sigma="x", kappa=1), "sigma"),
        (lambda: reference.mse("one-hot", levels=4), "sigma"),
        (lambda: reference.mse("one-hot", bits=2, digits=1), "digits"),
        (lambda: reference.mse("one-hot", bits=2, dimension=0), "dimension"),
        (lambda: reference.mse("k-hot:9", bits=2, dimension=8), "dimension 9"),
        (lambda: reference.mse("k-hot", bits=2), "x k-hot"),
        (lambda: reference.mse("two-hot", bits=2), "x two-hot"),
        (lambda: reference.mse(bits=2), "x "),
        (lambda: reference.mse([], bits=2), "x "),
        (lambda: reference.mse([0, 0.0], bits=2), "x "),
        (lambda: reference.mse([1, float("inf")], bits=2), "x "),
        (lambda: reference.mse(np.array([1, np.nan]), bits=2), r"x\[1\]"),
        (lambda: reference.mse(np.ones((2, 2)), bits=2), "x "),
        (lambda: reference.mse(np.array([0.1, 1]), profile="eden", bits=2), "x has a coordinate that is no float32"),
        (lambda: reference.mse(np.array([1, 1e300]), profile="eden", bits=2), "x has a coordinate that is no float32"),
        (lambda: reference.mse(np.zeros(3), bits=2), "x is the zero vector"),
        (lambda: reference.mse(np.array([1, np.longdouble(1) / 3]), bits=2), "x has a coordinate that is no float64"),
        (lambda: reference.mse([1, 2, 3], bits=2, dimension=2), "dimension 2"),
        (lambda: reference.mse([1, 2**60 + 1], bits=2), "x "),
        (lambda: reference.mse([1, 0.1], profile="eden", bits=2), "x "),
        (lambda: reference.mse("one-hot", bits=2, scheme="lloyd"), "scheme"),
        (lambda: reference.mse("one-hot", bits=2, rotation="none"), "rotation"),
        (lambda: reference.mse("one-hot", bits=2, rotation="h"), "rotation"),
        (lambda: reference.mse("one-hot", bits=2, rule="none"), "rule"),
        (lambda: reference.mse("one-hot", profile="nosuch", bits=2), "nosuch"),
        (lambda: reference.mse("one-hot", codebook=[1, "x"]), r"codebook centroids\[1\]"),
        (lambda: reference.mse("one-hot", codebook=[1]), "codebook"),
        (lambda: reference.codebook({"levels": 1}), "codebook"),
        (lambda: reference.codebook(CENTROIDS, unit=1), "dimension"),
        (lambda: reference.codebook(CENTROIDS, unit="x"), "unit"),
        (lambda: reference.codebook(CENTROIDS, claims=["x"]), "claim"),
        (lambda: reference.codebook(CENTROIDS, vectors=np.array([1.0])), "vectors"),
        (lambda: reference.codebook(CENTROIDS, vectors=np.array([[1, np.nan]])), "row 0, column 1"),
        (lambda: reference.bounds([1, 3]), "bits"),
        (lambda: reference.bounds(9), "bits"),
        (lambda: reference.bounds(1, threads=-1), "threads"),
        (lambda: reference.bounds(profile="eden", dimension=2000), "dimension"),
        (lambda: reference.bounds(profile="llama-turboquant", dimension=8), "dimension"),
        (lambda: reference.bounds(profile="eden", optimality=True), "optimality"),
        (lambda: reference.rate(), "rate"),
        (lambda: reference.rate(2, error=0.1), "error"),
        (lambda: reference.rate(error=100), "error"),
        (lambda: reference.rate(2, bits=9), "bits"),
        (lambda: reference.scalar(0.5, bits=2, u=1), "u 1"),
        (lambda: reference.scalar("z", bits=2), "z"),
        (lambda: reference.scalar(0, bits=1, u="1/2"), "z 0"),
        (lambda: reference.adversary(2000, bits=2), "dimension"),
        (lambda: reference.adversary(4, bits=2, rotation="limit"), "rotation"),
        (lambda: reference.adversary(8, profile="llama-turboquant"), "dimension"),
    ],
)
def test_errors_name_the_parameter(call, name):
    with pytest.raises(ValueError, match=name) as error:
        call()
    assert "\n" not in str(error.value) and "--" not in str(error.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: reference.mse("one-hot", bits=2.0),
        lambda: reference.mse("one-hot", bits="2"),
        lambda: reference.mse([None], bits=2),
        lambda: reference.mse("one-hot", rate="two"),
        lambda: reference.scalar(None, bits=2),
    ],
)
def test_wrong_kinds(call):
    with pytest.raises(TypeError):
        call()


def test_other_threads_run_meanwhile():
    began, late = time.monotonic(), []
    ticking = threading.Event()

    def tick():
        previous = time.monotonic()
        while not ticking.wait(0.001):
            late.append(time.monotonic() - previous)
            previous = time.monotonic()

    thread = threading.Thread(target=tick)
    thread.start()
    reference.adversary(32, bits=4)
    ticking.set()
    thread.join()
    # It ticked all along, not only before and after.
    assert max(late) < max(0.5, (time.monotonic() - began) / 2)


def test_an_interruption_ends_the_work():
    class Enough(Exception):
        pass

    def stop(*_):
        raise Enough

    previous = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Enough):
            reference.adversary(1024, bits=8)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Enough):
            reference.bounds(range(1, 9), asymptotics=True, threads=2)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert reference.scalar(0, bits=1).mse > 0

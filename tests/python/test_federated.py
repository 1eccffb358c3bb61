"""examples/federated: a shortened training, the same one on MPI's ranks, and the page that shows what was measured."""
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/federated"
RECORD = json.loads((EXAMPLE / "results.json").read_text("utf-8"))
needs_images = pytest.mark.skipif(not Path("/usr/share/datasets/fashion-mnist").exists(), reason="without dataset-fashion-mnist")
BIASED = "Lloyd–Max, 1 bit, one D"


def program(*arguments, before=()):
    # numpy of a process that is running has its threads already.
    root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([*before, sys.executable, EXAMPLE / "train.py", *arguments], env={**os.environ, **root},
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", name="report")
def _report():
    specification = importlib.util.spec_from_file_location("federated_report", EXAMPLE / "report.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@needs_images
def test_a_short_training():
    """hdq at 1 bit trains as float32 does; near the optimum it goes on where biased signs stop."""
    found = program("--short")["tasks"]
    ends = {scheme: runs[0][-1] for scheme, runs in found["softmax"].items()}
    exact, ours, biased = ends["float32"], ends["hdq, R = 1"], ends[BIASED]
    assert exact[1] == 60 * 4 * 7850 and ours[1] < exact[1] / 30 and biased[1] < exact[1] / 30
    assert exact[2] > 0.75 and abs(ours[2] - exact[2]) < 0.015
    near = {scheme: [point[2] for point in runs[0]] for scheme, runs in found["optimum"].items()}
    assert near["float32"][-1] < 0.001
    assert near["hdq, R = 1"][-1] < 0.012 and near["hdq, R = 1"][-1] < near["hdq, R = 1"][0] / 3
    assert min(near[BIASED]) > 0.2


@needs_images
@pytest.mark.skipif(not shutil.which("mpirun") or not importlib.util.find_spec("mpi4py"), reason="without mpi4py")
def test_ranks_train_the_same_to_the_bit():
    arguments = ("--short", "--tasks", "optimum")
    assert program(*arguments, before=["mpirun", "--oversubscribe", "-n", "3"]) == program(*arguments)


def test_the_page_shows_the_record(report):
    page = report.PAGE.read_text("utf-8")
    assert report.page_with(RECORD, page) == page


def test_the_picture_is_that_of_the_record(report):
    matplotlib = pytest.importorskip("matplotlib")
    if matplotlib.__version__ != RECORD["matplotlib"]:
        pytest.skip(f"drawn by matplotlib {RECORD['matplotlib']}")
    assert report.picture(RECORD) == report.PICTURE.read_text("utf-8")


def test_what_the_page_says_of_the_record():
    """Claims in words on the page that are about numbers."""
    ends = {task: {scheme: [run[-1][2] for run in runs] for scheme, runs in schemes.items()}
            for task, schemes in RECORD["tasks"].items()}
    assert re.fullmatch(r"\d+", str(RECORD["seeds"])) and RECORD["seeds"] >= 3
    assert ends["optimum"][BIASED][0] > 100 * ends["optimum"]["hdq, R = 1"][0]

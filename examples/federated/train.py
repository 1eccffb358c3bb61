#!/usr/bin/python3
"""Federated training on Fashion-MNIST: what a client sends against what the model becomes, by hdq and by others.

    PYTHONPATH=build/release/python /usr/bin/python3 examples/federated/train.py          # the tables, two minutes
    PYTHONPATH=build/release/python /usr/bin/python3 examples/federated/train.py --write  # and docs/federated.md, .svg
    mpirun -n 5 /usr/bin/python3 examples/federated/train.py --short                      # clients on MPI's ranks

Needs numpy and Debian's dataset-fashion-mnist; --write matplotlib, mpirun python3-mpi4py. docs/federated.md says what
is compared.
"""
from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # runs are side by side; and sums have one order

import argparse
import json
import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import report
from schemes import Float32, Hdq, LloydMax, Scheme
from training import TASKS, OneProcess, Point, Ranks, Task, gradient, problem, run

RECORD = Path(__file__).parent / "results.json"
SEEDS = (1, 2, 3)
SHOWN_ROUNDS = (100, 500, 1000, 2000)
EQUAL_CLIENTS = (1, 10, 100, 1000)


def schemes() -> list[Scheme]:
    return [
        Float32(), *(Hdq(rate=rate) for rate in (0.5, 1, 2)), *(Hdq(bits=bits) for bits in (1, 2)),
        *(LloydMax(bits) for bits in (1, 2)), LloydMax(1, fresh=True), LloydMax(1, fresh=True, unbiased_scale=True),
    ]


def short_schemes() -> list[Scheme]:
    return [Float32(), Hdq(rate=1), LloydMax(1)]


def one(job: tuple[str, Task, Scheme, int]) -> list[Point]:
    return run(*job, OneProcess())


def runs(jobs: list[tuple[str, Task, Scheme, int]], comm: Any) -> list[list[Point]]:
    """Of every job: one after the other, each on all ranks, or as many at once as there are processors."""
    if comm is not None:
        return [run(*job, Ranks(comm)) for job in jobs]
    for name in dict.fromkeys(job[0] for job in jobs):
        problem(name)  # before processes fork: they share the images
    with multiprocessing.get_context("fork").Pool(len(os.sched_getaffinity(0))) as pool:
        return pool.map(one, jobs, chunksize=1)


def equal_clients() -> dict[str, list[float]]:
    """‖mean − g‖²/‖g‖² of n clients with one gradient, the first of "softmax"."""
    here = problem("softmax")
    g = gradient(here, TASKS["softmax"], here.model.initial(1), 0, 0, 1)
    errors = {}
    for scheme in schemes()[1:]:
        scheme.start(len(g), 1)
        messages = [scheme.encode(g, client, 0) for client in range(EQUAL_CLIENTS[-1])]
        means = (scheme.mean(messages[:count], np.ones(count), 0) for count in EQUAL_CLIENTS)
        errors[scheme.name] = [float(np.square(mean - g).sum() / np.square(g).sum()) for mean in means]
    return errors


def record_of(tasks: dict[str, Task], chosen: list[Scheme], seeds: tuple[int, ...], comm: Any) -> dict[str, Any]:
    jobs = [(name, task, scheme, seed) for name, task in tasks.items() for scheme in chosen for seed in seeds
            if not (name == "optimum" and scheme.name == "float32" and seed != seeds[0])]  # not random
    found: dict[str, Any] = {name: {scheme.name: [] for scheme in chosen} for name in tasks}
    for (name, _, scheme, _), points in zip(jobs, runs(jobs, comm)):
        found[name][scheme.name].append([[point.round, round(point.bytes_per_client, 1), float(f"{point.value:.6g}")]
                                         for point in points])
    return {"seeds": len(seeds), "rounds": {name: task.rounds for name, task in tasks.items()}, "tasks": found}


def short_record(comm: Any, names: tuple[str, ...] = ("softmax", "optimum")) -> dict[str, Any]:
    """What tests run, some seconds."""
    lengths = {"softmax": 60, "optimum": 200}
    return record_of({name: TASKS[name].short(lengths[name]) for name in names}, short_schemes(), SEEDS[:1], comm)


def world() -> Any:
    """MPI's communicator, if mpirun started this."""
    if not {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"} & os.environ.keys():
        return None
    from mpi4py import MPI

    return MPI.COMM_WORLD


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="three schemes, few rounds; prints what was found as JSON")
    parser.add_argument("--tasks", nargs="+", choices=("softmax", "optimum"), default=["softmax", "optimum"],
                        help="of --short")
    parser.add_argument("--write", action="store_true", help="docs/federated.md, docs/federated.svg and results.json")
    arguments = parser.parse_args()
    comm = world()
    if arguments.short:
        record = short_record(comm, tuple(arguments.tasks))
        if comm is None or comm.Get_rank() == 0:
            print(json.dumps(record))
        return
    record = {**record_of(TASKS, schemes(), SEEDS, comm), "shown_rounds": SHOWN_ROUNDS,
              "equal_clients": EQUAL_CLIENTS, "equal": equal_clients()}
    if comm is not None and comm.Get_rank() != 0:
        return
    for task in ("softmax", "two layers"):
        print(f"{report.TITLES[task]}\n{report.training_table(record, task)}\n")
    print(f"{report.TITLES['optimum']}\n{report.optimum_table(record)}\n\nEqual clients\n{report.equal_table(record)}")
    if arguments.write:
        import matplotlib

        record["matplotlib"] = matplotlib.__version__
        RECORD.write_text(json.dumps(record, separators=(",", ":")) + "\n", encoding="utf-8")
        report.PAGE.write_text(report.page_with(record, report.PAGE.read_text("utf-8")), encoding="utf-8")
        report.PICTURE.write_text(report.picture(record), encoding="utf-8")


if __name__ == "__main__":
    main()

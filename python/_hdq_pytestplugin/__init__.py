"""The pytest plugin of hdq: a failing test's report says how to replay it; fixtures `hdq_seed` and `hdq_level`.

pytest loads this in every project of the environment, hence it imports neither hdq nor numpy nor hypothesis, and stays
silent in a session that has not imported hdq.
"""
from __future__ import annotations

import secrets
import shlex
import sys
from collections.abc import Iterator

import pytest

LEVELS = ("quick", "default", "thorough")


def _seed(text: str) -> int:
    value = secrets.randbits(64) if text == "random" else int(text, 0)
    if not 0 <= value < 2**64:
        raise ValueError("a seed has 64 bits")
    return value


_seed.__name__ = "seed"  # "invalid seed value: …"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hdq", "quantizers (hdq)")
    group.addoption(
        "--hdq-level", choices=LEVELS, default="default", help="How much hdq.validate does: the fixture hdq_level"
    )
    group.addoption(
        "--hdq-seed", type=_seed, default=0, metavar="N|random", help="The fixture hdq_seed, 64 bits; 0 if not given"
    )


@pytest.fixture(scope="session")
def hdq_seed(request: pytest.FixtureRequest) -> int:
    """The seed of --hdq-seed, 0 <= seed < 2^64; a failing test that takes it says which it was."""
    return request.config.getoption("--hdq-seed")


@pytest.fixture(scope="session")
def hdq_level(request: pytest.FixtureRequest) -> str:
    """What --hdq-level says, for hdq.validate(…, level=hdq_level)."""
    return request.config.getoption("--hdq-level")


def _hypothesis_seed(item: pytest.Item) -> int | None:
    """The seed that hypothesis drew or was given; None where the test has its own or does without (derandomize)."""
    test = getattr(item, "obj", None)
    if not getattr(test, "is_hypothesis_test", False):
        return None
    settings = getattr(test, "_hypothesis_internal_use_settings", None)
    if getattr(settings, "derandomize", False) or getattr(test, "_hypothesis_internal_use_seed", None) is not None:
        return None
    given = item.config.getoption("--hypothesis-seed", default=None)
    return given if given is not None else getattr(test, "_hypothesis_internal_use_generated_seed", None)


def _replay_command(item: pytest.Item) -> str:
    """What runs this test again with the same numbers."""
    config, words = item.config, ["pytest", shlex.quote(item.nodeid)]
    seed = _hypothesis_seed(item)
    if seed is not None:
        words.append(f"--hypothesis-seed={seed}")
    if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
        profile = config.getoption("--hypothesis-profile", default=None)
        words += [f"--hypothesis-profile={shlex.quote(profile)}"] if profile else []
    for fixture in ("seed", "level"):
        if f"hdq_{fixture}" in getattr(item, "fixturenames", ()):
            words.append(f"--hdq-{fixture}={config.getoption(f'--hdq-{fixture}')}")
    return " ".join(words)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _findings(error: BaseException) -> list[str]:
    """The replay lines of a report of hdq.validate that an error carries."""
    lines = []
    for cause in _causes(error):
        for finding in getattr(getattr(cause, "report", None), "findings", ()):
            if replay := getattr(finding, "replay", ""):
                lines.append(f"{getattr(finding, 'check', 'finding')}: {replay}")
    return lines


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()
    if call.when != "call" or not report.failed or "hdq" not in sys.modules:
        return
    lines = [f"replay: {_replay_command(item)}"]
    if call.excinfo is not None:
        lines += _findings(call.excinfo.value)
    report.sections.append(("hdq", "\n".join(lines)))

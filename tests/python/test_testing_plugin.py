"""The pytest plugin: what it adds to a failing test's report, that the replay line does replay, and that it is silent
elsewhere."""
import re
import shlex
from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]
# As it is loaded where the package is installed; from a build directory by name.
LOAD = [] if any(point.name == "hdq" for point in entry_points(group="pytest11")) else ["-p", "_hdq_pytestplugin"]


@pytest.fixture
def run(pytester):
    return lambda *arguments: pytester.runpytest_subprocess("-p", "no:cacheprovider", *LOAD, *arguments)


RANDOM = """
    import hdq.testing
    from hypothesis import given, settings, strategies as st

    @settings(database=None)
    @given(st.integers(0, 2**64))
    def test_one_in_three(k):
        print("drawn", k)
        assert k % 3
"""


def test_the_replay_line_replays(pytester, run):
    path = pytester.makepyfile(RANDOM)
    first = run(path)
    first.assert_outcomes(failed=1)
    replay = re.search(r"replay: (pytest .*)", first.stdout.str())[1]
    assert re.fullmatch(r"pytest test_the_replay_line_replays.py::test_one_in_three --hypothesis-seed=\d+", replay)
    again = run(*shlex.split(replay)[1:])
    drawn = [[line for line in result.outlines if line.startswith("drawn")] for result in (first, again)]
    assert drawn[0] == drawn[1] and len(drawn[0]) > 3
    assert replay in again.stdout.str()


def test_tests_that_need_no_seed(pytester, run):
    path = pytester.makepyfile(
        RANDOM.replace("database=None", "database=None, derandomize=True")
        + """
    def test_plain():
        assert hdq.testing.is_orthogonal(lambda x: 2 * x, 3)
    """
    )
    lines = run(path).stdout.str()
    assert re.search(r"replay: pytest \S+::test_one_in_three\n", lines) and re.search(
        r"replay: pytest \S+::test_plain\n", lines
    )
    assert "column 0 has norm 2, not 1, relative tolerance" in lines


def test_fixtures(pytester, run):
    path = pytester.makepyfile(
        """
        import hdq.testing
        from hypothesis import given, strategies as st

        @given(st.integers())
        def test_fixtures(hdq_seed, hdq_level, k):
            print("given", hdq_seed, hdq_level)
            assert hdq_seed == 7
    """
    )
    run("--hdq-seed=7", path).assert_outcomes(passed=1)
    lines = run("--hdq-seed=random", "--hdq-level=quick", path).stdout.str()
    seed = re.search(r"given (\d+) quick", lines)[1]
    assert re.search(rf"--hypothesis-seed=\d+ --hdq-seed={seed} --hdq-level=quick", lines)
    assert "given 0 default" in run(path).stdout.str()
    assert "invalid seed value: '-1'" in run("--hdq-seed=-1", path).stderr.str()
    assert "invalid choice: 'slow'" in run("--hdq-level=slow", path).stderr.str()


def test_findings_are_replayed(pytester, run):
    path = pytester.makepyfile(
        """
        import hdq

        class Doubles:
            def transform(self, x):
                return 2 * x

        def test_kernel(hdq_level):
            options = dict(level=hdq_level, only="profile-transform", dimensions=1, isolate=False)
            try:
                hdq.assert_valid(Doubles(), "ffht", **options)
            except AssertionError as error:
                raise RuntimeError("not valid") from error
    """
    )
    run("--hdq-level=quick", path).stdout.fnmatch_lines(
        ["replay: pytest *::test_kernel --hdq-level=quick", 'profile-transform: hdq.validate(kernel, profile="ffht", *']
    )


def test_silent_in_other_projects(pytester, run):
    path = pytester.makepyfile(
        RANDOM.replace("import hdq.testing", "import sys")
        + """
    def test_nothing_was_imported():
        assert not any(name in sys.modules for name in ("hdq", "numpy"))
    """
    )
    result = run(path)
    result.assert_outcomes(failed=1, passed=1)
    assert "replay" not in result.stdout.str()

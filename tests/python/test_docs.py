"""docs/python.md shows what is printed."""
import doctest
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_tour():
    directory = Path.cwd()
    os.chdir(ROOT)
    try:
        failures, tried = doctest.testfile(str(ROOT / "docs/python.md"), module_relative=False,
                                           optionflags=doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL)
    finally:
        os.chdir(directory)
    assert failures == 0 and tried > 30

"""docs/python.md, docs/attention.md and docs/federated.md show what is printed."""
import doctest
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page, least", [("python", 40), ("attention", 8), ("federated", 7)])
def test_the_tour(page, least):
    directory = Path.cwd()
    os.chdir(ROOT)
    try:
        failures, tried = doctest.testfile(str(ROOT / f"docs/{page}.md"), module_relative=False,
                                           optionflags=doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL)
    finally:
        os.chdir(directory)
    assert failures == 0 and tried > least

"""Perplexity of charformer with a quantized key/value cache: stored numbers are those of the model, docs show them."""
import hashlib
import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data/charformer"
pytest.importorskip("numpy")


@pytest.fixture(scope="module")
def bench():
    specification = importlib.util.spec_from_file_location("key_value_cache", ROOT / "bench/key_value_cache.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def record():
    return json.loads((DATA / "perplexity.json").read_text(encoding="utf-8"))


def test_files_are_those_of_the_readme():
    page = (DATA / "README.md").read_text("utf-8")
    stated = re.findall(r"^\| `([\w.-]+)` \| (\d+) \| `([0-9a-f]{64})` \|", page, re.M)
    assert [name for name, _, _ in stated] == ["held-out.txt", "model.npz"]
    for name, size, digest in stated:
        content = (DATA / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (int(size), digest), name


def test_the_page_shows_the_record(bench, record):
    page = bench.PAGE.read_text(encoding="utf-8")
    assert bench.page_with(bench.table(record), page) == page


def test_two_windows_give_the_stored_numbers(bench, record):
    """Rounding of matrix products differs between libraries, and moves a few codes: 2.1e-4, relative, was seen."""
    found = bench.short_run(bench.Charformer())
    assert found.keys() == record["short"].keys()
    for scheme, stored in record["short"].items():
        assert found[scheme] == pytest.approx(stored, rel=2e-3), scheme


def test_what_is_random_is_needed_and_the_rest_is_not(bench, record):
    """Runs differ where a scheme is random; float32 changes nothing at all."""
    rows = {row["scheme"]: row for row in record["rows"]}
    assert rows.keys() == {scheme.name for scheme in bench.schemes()}
    assert rows["float32"]["output_error"] == 0
    assert all((row["standard_error"] > 0) == (row["runs"] > 1) for row in rows.values())


def test_a_cache_that_is_appended_to_gives_what_a_whole_window_does(bench):
    """Step by step through hdq.KeyValueCache against all positions at once through hdq.Codec, rows in its order."""
    import numpy as np

    model, window = bench.Charformer(), bench.windows_of(bench.tokens(bench.held_out_text()))[[10]]
    heads = 2

    def round_trip(kind, layer, rows):
        codec = bench.hdq.Codec(64, bits=3, seed=layer ^ (0 if kind == "keys" else 1 << 63))
        by_token = rows.reshape(heads, -1, 64).swapaxes(0, 1).reshape(-1, 64)
        return codec.decode(codec.encode(by_token)).reshape(-1, heads, 64).swapaxes(0, 1).reshape(-1, 64)

    caches = [bench.hdq.KeyValueCache(64, heads, keys=3, values=3, seed=layer) for layer in range(model.layers)]
    logits = [model.step(character, position, caches) for position, character in enumerate(window[0, :-1])]
    chosen = np.array(logits)[np.arange(256), window[0, 1:]]
    nats = (np.log(np.exp(np.array(logits)).sum(1)) - chosen).mean()
    assert nats == pytest.approx(model.run(window, round_trip).nats, rel=2e-3)

"""The tests of the Python package: `PYTHONPATH=BUILD/python pytest tests/python`, or with the package installed."""


def pytest_collection_modifyitems(items):
    """Tests that load torch come last: beside torch, hdq.validate does not fork, and kernels that crash would end the tests."""
    items.sort(key=lambda item: "torch" in item.name)

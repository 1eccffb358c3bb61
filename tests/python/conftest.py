"""The tests of the Python package: `PYTHONPATH=BUILD/python pytest tests/python`, or with the package installed."""

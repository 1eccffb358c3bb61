"""Builds the package hdq with CMake, by scikit-build: the module with the library, the reference and the validator, and nothing else.

HDQ_PYTHON_MODULE=FILE in the environment packages a module that was built before (BUILD/python/hdq/_hdq.*.so of a build with -DHDQ_PYTHON=ON).
"""
import os
import re
from pathlib import Path

from skbuild import setup

root = Path(__file__).parent
version = re.search(r"project\(hdq VERSION ([\d.]+)", (root / "CMakeLists.txt").read_text())[1]
rooms = "CLI TESTS BENCH PROOFS".split()
built = os.environ.get("HDQ_PYTHON_MODULE", "")

setup(
    version=version,
    packages=["hdq", "hdq.testing", "_hdq_pytestplugin"],
    package_dir={"": "python"},
    package_data={"hdq": ["py.typed", "*.pyi"]},
    cmake_args=["-DHDQ_PYTHON=ON", "-DHDQ_INSTALL=OFF", "-DHDQ_PYTHON_DESTINATION=python/hdq", f"-DHDQ_PYTHON_MODULE={built and Path(built).resolve()}",
                *[f"-DHDQ_BUILD_{room}=OFF" for room in rooms]],
)

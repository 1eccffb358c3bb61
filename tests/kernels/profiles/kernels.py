"""A correct kernel of a shipped profile, or one with a fault, over pipes: python3 kernels.py NAME [--fault FAULT]."""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import quantizer  # noqa: E402,F401 (finds examples/kernel.py)
from kernel import serve  # noqa: E402
from schemes import SCHEMES  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(SCHEMES))
    parser.add_argument("--fault", help="one of those that faults.json lists for the profile")
    options = parser.parse_args()
    scheme = SCHEMES[options.name](options.fault)
    serve(scheme.info(), scheme.operations(), scheme.floats_per_row)


if __name__ == "__main__":
    main()

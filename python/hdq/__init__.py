"""Hadamard-dithered quantization, verified: encode, decode, score and search vectors; judge kernels; certified numbers.

docs/python.md is the tour.
"""
from hdq._hdq import __version__

__all__ = ["__version__"]

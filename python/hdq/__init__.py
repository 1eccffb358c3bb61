"""Hadamard-dithered quantization, verified: encode, decode, score and search vectors; judge kernels; certified numbers.

docs/python.md is the tour.

>>> import numpy as np, hdq
>>> x = np.random.default_rng(0).standard_normal((1000, 384), dtype=np.float32)
>>> codec = hdq.Codec(384, bits=4)
>>> codes = codec.encode(x)
>>> codes.nbytes, codec.decode(codes).shape
(196000, (1000, 384))
>>> codec.search(codes, x[7], k=1).indices
array([[7]])
"""
import importlib

from hdq import reference, stages
from hdq._hdq import __version__
from hdq.attention import KeyValueCache
from hdq.codec import Codec, SearchResult, brute_force_search, supported_isas
from hdq.codes import Codes, Parameters
from hdq.entropy import EntropyCoder, Streams
from hdq.errors import FileError, InvalidInput
from hdq.files import File, Writer, create, open
from hdq.means import MeanAccumulator, MeanResult, client_row, mean
from hdq.validation import BadInput, Finding, Report, Unsupported, assert_valid, validate

__all__ = [
    "BadInput",
    "Codec",
    "Codes",
    "EntropyCoder",
    "File",
    "FileError",
    "Finding",
    "InvalidInput",
    "KeyValueCache",
    "MeanAccumulator",
    "MeanResult",
    "Parameters",
    "Report",
    "SearchResult",
    "Streams",
    "Unsupported",
    "Writer",
    "__version__",
    "assert_valid",
    "brute_force_search",
    "client_row",
    "create",
    "mean",
    "open",
    "reference",
    "stages",
    "supported_isas",
    "validate",
]


def __getattr__(name: str) -> object:
    """hdq.plot and hdq.testing, when they are asked for: they need matplotlib and hypothesis, which hdq itself does not."""
    if name in ("plot", "testing"):
        return importlib.import_module(f"hdq.{name}")
    raise AttributeError(f"module 'hdq' has no attribute {name!r}")

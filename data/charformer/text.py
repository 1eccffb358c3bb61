"""The text that charformer is trained on and judged by: CMake's manual, as Debian's package cmake-data installs it."""
from __future__ import annotations

import pathlib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
MANUAL = pathlib.Path("/usr/share/cmake-3.25/Help")
FOLDERS = ("manual", "command")
HELD_OUT_EVERY = 10
ALPHABET = "\n" + "".join(chr(code) for code in range(32, 127))


def split_text(manual: pathlib.Path = MANUAL) -> tuple[str, str]:
    """(training text, held-out text): files in order of their names, each tenth of them held out whole."""
    files = sorted(path for folder in FOLDERS for path in (manual / folder).glob("*.rst"))
    texts = [path.read_text(encoding="utf-8").replace("–", "-") for path in files]
    training = [text for number, text in enumerate(texts) if number % HELD_OUT_EVERY != HELD_OUT_EVERY - 1]
    return "\n".join(training), "\n".join(texts[HELD_OUT_EVERY - 1 :: HELD_OUT_EVERY])


def held_out_text() -> str:
    """The held-out text as it is stored here; the package need not be installed."""
    return (HERE / "held-out.txt").read_text(encoding="ascii")


def tokens(text: str) -> np.ndarray:
    """(characters,) int64, 0 … 95. ValueError for a character outside ALPHABET."""
    codes = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64)
    numbers = np.where(codes == ord("\n"), 0, codes - 31)
    if ((numbers < 0) | (numbers >= len(ALPHABET)) | ((numbers == 0) & (codes != ord("\n")))).any():
        raise ValueError("text has characters that are neither printable ASCII nor newline")
    return numbers

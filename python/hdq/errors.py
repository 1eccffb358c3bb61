"""The exceptions of hdq. Whatever is wrong with a call itself is a ValueError or a TypeError; these say more."""
from __future__ import annotations

__all__ = ["FileError", "InvalidInput"]


class InvalidInput(ValueError):
    """Data that hdq has no result for: NaN, infinity, a norm or a score that float32 cannot hold.

    Attributes
    ----------
    row : int
        The row (or query) at fault, counted from the first one of the call.
    column : int or None
        The column; None where a whole row is at fault.
    """

    def __init__(self, message: str, row: int, column: int | None = None) -> None:
        super().__init__(message, row, column)
        self.row = row
        self.column = column

    def __str__(self) -> str:
        return str(self.args[0])


class FileError(OSError):
    """A file that cannot be read or written, or that does not hold what its checksums say. The message begins with
    its path.
    """

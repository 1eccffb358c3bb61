# The compiled part (python/src). Its types are those of the modules that call it; nothing else does.
from typing import Any

__version__: str

def __getattr__(name: str) -> Any: ...

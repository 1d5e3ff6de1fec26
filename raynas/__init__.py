"""raynas: neural architecture search on Ray.

    import raynas

    run = raynas.search(space="chain_cnn", strategy="evolution", data="digits", trials=10)
    print(run.best()["description"])

Importing raynas is quick; torch and ray are loaded when something is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raynas.runs.api import resume, search
    from raynas.runs.network import load
    from raynas.runs.run import Run

__all__ = ["Run", "load", "resume", "search"]

_HOMES = {
    "Run": "raynas.runs.run",
    "load": "raynas.runs.network",
    "resume": "raynas.runs.api",
    "search": "raynas.runs.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'raynas' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

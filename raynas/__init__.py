"""raynas: neural architecture search on Ray.

    import raynas

    run = raynas.search(space="chain_cnn", strategy="evolution", data="digits", trials=10)
    print(run.best()["description"])
    net = run.network()

Importing raynas is quick; torch and ray are loaded when something is first used.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raynas.api import (
        describe_options,
        describe_space,
        open_run,
        replay,
        resume,
        search,
        search_like,
        spaces,
    )
    from raynas.networks.network_folder import load
    from raynas.run import Run
    from raynas.runs.endings import RunFailed

__all__ = [
    "Run",
    "RunFailed",
    "__version__",
    "describe_options",
    "describe_space",
    "load",
    "open_run",
    "replay",
    "resume",
    "search",
    "search_like",
    "spaces",
]

__version__ = version("raynas")

_HOMES = {
    "Run": "raynas.run",
    "RunFailed": "raynas.runs.endings",
    "load": "raynas.networks.network_folder",
}
"""Where what is not in `raynas.api` is."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'raynas' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "raynas.api")), name)


def __dir__() -> list[str]:
    return __all__

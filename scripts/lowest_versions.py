"""Prints pip constraints: the lowest version of everything that pyproject.toml's ranges allow.

    python scripts/lowest_versions.py > lowest.txt

The test tools (extra "dev") are not among them, nor what has no lower bound.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

_LOWEST = re.compile(r"([\w.-]+)(?:\[[\w,]*\])?>=([\w.]+)")


def lowest() -> Iterator[str]:
    """Yield a line a package, in alphabetical order."""
    project = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"]]
    wanted += [line for name, lines in extras.items() if name != "dev" for line in lines]
    found = {match.group(1): match.group(2) for match in map(_LOWEST.match, wanted) if match}
    yield from (f"{name}=={version}" for name, version in sorted(found.items()))


if __name__ == "__main__":
    print("\n".join(lowest()))

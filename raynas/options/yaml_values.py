"""YAML as a person writes it: option files, values of --set, a run.yaml."""

from collections import Counter
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """PyYAML's, but no name may come twice: there the last one would win, unsaid."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        if twice := [name for name, count in names.items() if count > 1]:
            raise ValueError(f"{twice[0]!r} comes more than once")
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> Any:
    """Read a YAML value: plain data, and dates.

    Raises:
        ValueError: it is not YAML, nested too deeply, or names something twice; in one line.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 (a safe one)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:
        # PyYAML lets through what Python says of wrong dates, numbers and tags
        raise ValueError(" ".join(str(error).split())) from error

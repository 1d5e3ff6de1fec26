"""Architectures: equality, ids that never change, and what is refused as one."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from raynas.space import Architecture

GOLDEN: dict[str, Any] = {
    "74234e98afe7498f": None,
    "b5bea41b6c623f7c": True,
    "6b86b273ff34fce1": 1,
    "d0ff5974b6aa52cf": 1.0,
    "c728665a98da763e": {"layers": [{"type": "conv", "kernel": 3}], "rate": 1e-3, "name": "größe"},
}

IDS_IN_OTHER_PROCESS = """
from example_spaces import EXAMPLES
from raynas.space import walk
for name, example in EXAMPLES.items():
    assert walk(example.space, lambda decision: 0)[0].id == example.first, name
print(hash("raynas"))
"""


@pytest.mark.parametrize(("identity", "value"), GOLDEN.items())
def test_ids_never_change(identity: str, value: Any) -> None:
    assert Architecture(value, {}).id == identity


def test_ids_are_the_same_in_other_processes() -> None:
    here = Path(__file__).parent
    hashes = set()
    for seed in ("1", "2"):
        path = os.pathsep.join([str(here), str(here.parents[1])])
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        done = subprocess.run(
            [sys.executable, "-c", IDS_IN_OTHER_PROCESS],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        hashes.add(done.stdout)
    assert len(hashes) == 2


def test_order_of_fields_and_picks_does_not_matter() -> None:
    one, other = Architecture({"a": 1, "b": 2}, {"x": 0}), Architecture({"b": 2, "a": 1}, {"x": 1})
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1


def test_equal_means_the_same_json() -> None:
    different = [Architecture(value, {}) for value in (1, 1.0, True, "1", [1], None)]
    assert len(set(different)) == len(different)
    assert all(a != b for a in different for b in different if a is not b)
    assert Architecture((1, 2), {}) == Architecture([1, 2], {})
    assert Architecture(1, {}) != 1


BAD_TEXTS = {
    "no JSON": "{",
    "a list": "[1]",
    "a number": "3",
    "no picks": '{"value": 1}',
    "no value": '{"picks": {}}',
    "picks a list": '{"value": 1, "picks": [0]}',
    "picks no index": '{"value": 1, "picks": {"a": "conv"}}',
}


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_bad_text_says_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match='a JSON object with "value" and "picks"'):
        Architecture.from_json(text)


def test_an_edited_architecture_is_noticed() -> None:
    text = Architecture({"units": 8}, {"units": 0}).to_json().replace("8}", "9}")
    with pytest.raises(ValueError, match="does not match its value; was it edited"):
        Architecture.from_json(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object()])
def test_only_json_has_an_id(value: Any) -> None:
    with pytest.raises(ValueError, match="must be plain JSON data"):
        _ = Architecture(value, {}).id

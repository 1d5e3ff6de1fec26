"""Inputs that nobody thinks of, made by hypothesis: how many there are, and what may come of one.

Each works, or is answered with ValueError, which the command line says in one line with exit code
2. Whatever else is raised fails the test, and so does a warning.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from raynas.terminal.output import in_one_line

Value = TypeVar("Value")
FEW = 300
"""Up to so many inputs are always the same."""
LONGEST_LINE = 3_000
"""A line may list what is legal, as all options."""


def inputs(few: int, many: int) -> pytest.MarkDecorator:
    """Run a test with a `count` of `few` inputs, always the same; with --slow, of many others."""
    assert few <= FEW < many
    return pytest.mark.parametrize("count", [few, pytest.param(many, marks=pytest.mark.slow)])


def fuzzed(count: int, *strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., str]], None]:
    """Try a property at once; it says in a word what came of an input, and these are counted."""

    def tried(one_property: Callable[..., str]) -> None:
        answers: Counter[str] = Counter()

        def once(drawn: tuple[Any, ...]) -> None:
            answers[one_property(*drawn)] += 1

        settings(
            max_examples=count,
            derandomize=count <= FEW,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )(given(st.tuples(*strategies))(once))()
        print(f"{sum(answers.values())} inputs: {dict(answers)}")

    return tried


def answer(make: Callable[[], Value], *, typed: bool = False) -> tuple[Value | None, str]:
    """Return what is made, or the one line that says why it is not.

    What is `typed` on a command line, as a path, is said as it is, in a line that it cannot break.
    """
    try:
        return make(), ""
    except ValueError as error:
        line = in_one_line(str(error)) if typed else str(error)
    assert line.strip(), "it says nothing"
    assert "\n" not in line, line
    assert len(line) < LONGEST_LINE, line
    return None, line


HUGE = [10**4, 10**6, 2**31, 2**63, 10**30, 10**400, -(10**30)]
numbers = st.one_of(
    st.integers(-3, 9),
    st.sampled_from([*HUGE, *map(float, HUGE[:5]), 1e-300, 5e-324, 1e300]),
    st.floats(),
)
texts = st.one_of(
    st.text(max_size=6),
    st.sampled_from(["", " ", "a\nb", "\x1b[31m", "\0", "a/b", "..", "\udcff", "x" * 300, "größe"]),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
plain = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(texts, scalars), inner, max_size=3)
    ),
    max_leaves=5,
)
"""Anything that YAML can say."""
anything = st.one_of(
    plain,
    st.binary(max_size=4),
    st.builds(object),
    st.frozensets(st.integers(0, 3), max_size=2),
    st.tuples(numbers, numbers),
    st.builds(complex, st.integers(0, 2)),
)
"""Anything that Python can say."""


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """Return a file cut off, emptied, with bits flipped, pieces doubled, lost or written over."""
    places = st.integers(0, max(0, len(content) - 1))

    def flipped(bits: list[tuple[int, int]]) -> bytes:
        changed = bytearray(content)
        for place, bit in bits:
            changed[place] ^= 1 << bit
        return bytes(changed)

    return st.one_of(
        places.map(lambda end: content[:end]),
        st.lists(st.tuples(places, st.integers(0, 7)), min_size=1, max_size=3).map(flipped),
        st.tuples(places, places).map(lambda ends: content[: ends[0]] + content[ends[1] :]),
        st.tuples(places, st.binary(max_size=8)).map(
            lambda piece: content[: piece[0]] + piece[1] + content[piece[0] + len(piece[1]) :]
        ),
        st.just(b""),
        st.binary(max_size=40),
    )

"""What a proposal costs, by strategy, once there are many evaluations.

Every strategy searches a small space (nasbench201, of which little is unseen in the end) and a
large one (darts_cell) for a made-up score, one worker, without training. The cost is the mean of
asking for a proposal and telling its result, over the last tenth of the evaluations up to each mark
(100 at the most): wall time, and processor time, which other programs do not disturb.

    python scripts/bench_proposals.py [--strategies evolution,tpe] [--marks 1000,5000] [--json FILE]

Strategies take turns, one evaluation each, so that a busy machine slows all of them alike.
"""

import argparse
import json
import sys
import time
import zlib
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from raynas.space import Architecture, load_space
from raynas.strategies import STRATEGIES, Result, Strategy

SPACES = ("nasbench201", "darts_cell")
WINDOW = 100


@dataclass
class Searcher:
    """One strategy on one space, and what its proposals took, in seconds."""

    strategy: Strategy
    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def step(self) -> None:
        """Evaluate one proposal."""
        score = 0.0
        wall, processor = time.perf_counter(), time.process_time()
        proposal = self.strategy.ask()
        spent = time.perf_counter() - wall, time.process_time() - processor
        if proposal is None:
            raise SystemExit(f"{type(self.strategy).__name__} has nothing more to propose")
        score = made_up(proposal.architecture)
        wall, processor = time.perf_counter(), time.process_time()
        self.strategy.tell(proposal.number, Result(score))
        self.wall.append(spent[0] + time.perf_counter() - wall)
        self.processor.append(spent[1] + time.process_time() - processor)

    def costs(self, mark: int) -> dict[str, float]:
        """Return the mean milliseconds up to a mark, and those of the slowest proposal."""
        window = slice(mark - min(WINDOW, max(1, mark // 10)), mark)
        wall, processor = self.wall[window], self.processor[window]
        return {
            "ms": 1000 * sum(wall) / len(wall),
            "processor_ms": 1000 * sum(processor) / len(processor),
            "slowest_ms": 1000 * max(wall),
        }


def made_up(architecture: Architecture) -> float:
    """Score an architecture by its picks and by pairs of them that follow each other, and noise."""
    texts = [f"{path}={index}" for path, index in architecture.picks.items()]
    pairs = [f"{one} {other}" for one, other in pairwise(texts)]
    parts = [_number(text) for text in texts] + [_number(pair) / 2 for pair in pairs]
    return sum(parts) / len(texts) + _number(architecture.id) / 20


def _number(text: str) -> float:
    """Return a number from 0 to 1 that is the same everywhere."""
    return zlib.crc32(text.encode()) / 2**32


def bench(name: str, strategies: list[str], marks: list[int]) -> list[dict[str, Any]]:
    """Search one space with all strategies; return the table's lines."""
    space = load_space(name).space
    searchers = {
        strategy: Searcher(
            STRATEGIES[strategy](space, **STRATEGIES[strategy].suited_options(marks[0]))
        )
        for strategy in strategies
    }
    for _ in range(marks[-1]):
        for searcher in searchers.values():
            searcher.step()
    return [
        {"space": name, "strategy": strategy, "evaluations": mark, **searcher.costs(mark)}
        for strategy, searcher in searchers.items()
        for mark in marks
    ]


def main() -> None:
    """Run what is asked for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    every = ",".join(name for name in STRATEGIES if name != "grid")
    parser.add_argument("--strategies", default=every, help="names with commas between")
    parser.add_argument("--spaces", default=",".join(SPACES), help="names with commas between")
    parser.add_argument("--marks", default="1000,5000", help="numbers of evaluations")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    options = parser.parse_args()
    strategies = options.strategies.split(",")
    unknown = [name for name in strategies if name not in STRATEGIES]
    if unknown:
        parser.error(f"unknown strategy {unknown[0]!r}; expected some of {', '.join(STRATEGIES)}")
    try:
        marks = sorted(int(mark) for mark in options.marks.split(","))
        rows = [row for name in options.spaces.split(",") for row in bench(name, strategies, marks)]
    except ValueError as error:
        parser.error(str(error))
    table = Table("space", "strategy", "evaluations", "ms", "processor ms", "slowest ms")
    for row in rows:
        figures = [f"{row[name]:.2f}" for name in ("ms", "processor_ms", "slowest_ms")]
        table.add_row(row["space"], row["strategy"], f"{row['evaluations']:,}", *figures)
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()

"""What a run of 10,000 trials costs its driver, without Ray and without training.

A book, as it keeps a real run, with 1,000 simulated workers: seconds a trial and memory early and
late, how long opening the run again takes, how many files it has.

    python scripts/bench_scale.py [--trials N] [--workers W] [--strategy NAME] [--json FILE]
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import psutil

from raynas.runs.book import Book
from raynas.runs.config import make_config
from raynas.runs.storage import Folder, open_folder
from raynas.space import load_space


def result(number: int) -> dict[str, object]:
    """Return what a worker reports, of made-up quality."""
    score = (number * 7919 % 10_007) / 10_007
    return {
        "epoch": 1, "train_seconds": 1.0, "val_accuracy": score, "val_loss": 1 - score,
        "metric_names": ["val_accuracy", "val_loss"], "finished": True, "done": True,
        "started_at": "2026-01-01T00:00:00+00:00", "node": "here",
    }  # fmt: skip


def measure(strategy: str, trials: int, workers: int, folder: Folder) -> dict[str, float]:
    """Run the book, and open it again."""
    config = make_config(space="darts_cell", strategy=strategy, trials=trials, name="bench")

    def opened() -> Book:
        return Book(folder, config, config.make_strategy(load_space("darts_cell")))

    book, process = opened(), psutil.Process()
    ended: list[float] = []
    memory: list[int] = []
    while book.left:
        while len(book.running) < min(workers, book.left) and book.next():
            pass
        trial_id, running = next(iter(book.running.items()))
        book.finish(trial_id, result(running.proposal.number))
        ended.append(time.perf_counter())
        memory.append(process.memory_info().rss)
    early = min(1000, trials // 2)
    begun = time.perf_counter()
    opened()
    seconds = time.perf_counter() - begun
    return {
        "trials": trials,
        "workers": workers,
        f"milliseconds_a_trial_at_{early}": 1000 * (ended[early] - ended[early - 200]) / 200,
        f"milliseconds_a_trial_at_{trials - workers}": 1000
        * (ended[trials - workers] - ended[trials - workers - 200])
        / 200,
        f"megabytes_at_{early}": memory[early] / 1e6,
        f"megabytes_at_{trials}": memory[-1] / 1e6,
        "kilobytes_a_trial": (memory[-1] - memory[early]) / (trials - early) / 1000,
        "seconds_to_open_it_again": seconds,
        "files_in_trials": len(list((folder / "trials").list())),
        "checkpoints": len(list((folder / "checkpoints").list())),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--strategy", default="evolution")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = open_folder(f"{scratch}/bench")
        folder.make()
        figures = measure(options.strategy, options.trials, options.workers, folder)
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):<36} {value:,.4g}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

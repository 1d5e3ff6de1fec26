"""What a run of 10,000 trials costs its driver, early and late.

ledger  a ledger, as it keeps a real run, with 1,000 simulated workers that answer at once:
        evolution on `darts_cell`, without Ray
ray     random `mlp`s, run by Ray Tune with 8 logical CPUs through raynas' engine; a trial does
        nothing but write a checkpoint (1,000 workers would be as many processes, of 150 MB each)

Milliseconds of the driver's processor and of wall time a trial, and memory, at trial 1,000 and when
the last ones are proposed; then how long it takes to open the run again and to see its status, and
what is on the disk.

    python scripts/bench_scale.py [--engine ledger|ray] [--trials N] [--workers W] [--json FILE]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from bench_trial_overhead import start_ray

from raynas.engine.ledger import Ledger
from raynas.engine.trials.trial_report import TrialReport
from raynas.runs.integrity.new_run import make_run
from raynas.runs.run_config import RunConfig, make_config
from raynas.runs.run_file import read_run_config
from raynas.runs.storage import Folder, open_folder
from raynas.space import load_space

EARLY = 1000
"""The trial that the last ones are compared with."""
WINDOW = 500
"""Trials over which a cost is averaged, up to the one that is named."""
STATUS = "import sys; from raynas.cli import main; sys.argv[0] = 'raynas'; main()"


class Clock:
    """Notes what has been used whenever a trial ends."""

    def __init__(self) -> None:
        """Begin with nothing noted."""
        self.wall: list[float] = []
        self.driver: list[float] = []
        self.memory: list[int] = []
        self._process = psutil.Process()

    def note(self, ledger: Ledger) -> None:
        """Take note if a trial has ended."""
        if len(self.wall) < ledger.done:
            self.wall.append(time.perf_counter())
            self.driver.append(time.process_time())
            self.memory.append(self._process.memory_info().rss)

    def figures(self, end: int) -> dict[str, float]:
        """Return what a trial has cost early and late, which is up to trial `end`."""
        early = min(EARLY, end // 2)
        window = min(WINDOW, early - 1)
        found: dict[str, float] = {}
        for name, times in (("driver", self.driver), ("wall", self.wall)):
            for last in (early, end):
                spent = times[last - 1] - times[last - 1 - window]
                found[f"{name}_milliseconds_a_trial_at_{last}"] = 1000 * spent / window
        for last in (early, end):
            found[f"driver_megabytes_at_{last}"] = self.memory[last - 1] / 1e6
        grown = self.memory[end - 1] - self.memory[early - 1]
        found["driver_kilobytes_a_trial"] = grown / (end - early) / 1000
        return found


def run_ledger(folder: Folder, trials: int, workers: int) -> dict[str, float]:
    """Keep a ledger of trials that nobody trains."""
    config = make_config(space="darts_cell", strategy="evolution", trials=trials, name="run")
    folder.make()
    make_run(folder, config, load_space(config.space).source)
    ledger, clock = open_ledger(folder, config), Clock()
    while ledger.left:
        while len(ledger.running) < min(workers, ledger.left) and ledger.next():
            pass
        trial_id, running = next(iter(ledger.running.items()))
        ledger.finish(trial_id, result(running.proposal.number))
        clock.note(ledger)
    return clock.figures(trials - min(workers, trials // 2))  # then nothing is proposed any more


def open_ledger(folder: Folder, config: RunConfig) -> Ledger:
    """Open the ledger of a run."""
    return Ledger(folder, config, config.make_strategy(load_space(config.space)))


def result(number: int) -> TrialReport:
    """Return what a worker tells, of made-up quality."""
    score = (number * 7919 % 10_007) / 10_007
    metrics = {"val_accuracy": score, "val_loss": 1 - score}
    curve = [{"epoch": 1, **metrics, "train_seconds": 1.0}]
    return TrialReport(metrics, curve, finished=True, node="here")


def run_ray(folder: Folder, trials: int, workers: int) -> dict[str, float]:
    """Let Ray Tune run trials that do nothing but leave a checkpoint, through raynas' engine."""
    import ray

    from raynas.engine.tune_loop import run_trials

    start_ray(workers)
    config = make_config(space="mlp", strategy="random", trials=trials, name="run")
    folder.make()
    make_run(folder, config, load_space(config.space).source)
    ledger, clock = open_ledger(folder, config), Clock()
    ledger.on_change = clock.note
    begun = time.perf_counter()
    run_trials(ledger, None, short_trial(folder / "checkpoints"))
    ended = time.perf_counter()
    ray.shutdown()
    return {
        **clock.figures(trials),
        "seconds_to_the_first_trial": clock.wall[0] - begun,
        "seconds_from_the_last_trial_to_the_end": ended - clock.wall[-1],
    }


def short_trial(checkpoints: Folder) -> Any:
    """Return a trainable that writes a checkpoint and ends."""
    from ray import tune

    class ShortTrial(tune.Trainable):
        def setup(self, config: dict[str, Any]) -> None:
            pass

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            return True

        def step(self) -> dict[str, Any]:
            (checkpoints / self.config["trial_id"]).write("last.ckpt", bytes(10_000))
            return result(self.config["number"]).to_result("val_accuracy")

    return ShortTrial


ENGINES = {"ledger": (run_ledger, 1000), "ray": (run_ray, 8)}
"""What runs the trials, and with how many workers unless told."""


def look_again(folder: Folder) -> dict[str, float]:
    """Measure what it takes to come back to the run, and count its files."""
    config = read_run_config(folder)
    begun = time.perf_counter()
    open_ledger(folder, config)
    opened = time.perf_counter()
    status = [sys.executable, "-c", STATUS, "status", folder.uri]
    subprocess.run(status, check=True, stdout=subprocess.DEVNULL)
    files = list((folder / "trials").list())
    return {
        "seconds_to_open_it_again": opened - begun,
        "seconds_of_raynas_status": time.perf_counter() - opened,
        "files_in_trials": len(files),
        "megabytes_in_trials": sum(info.size for info in files) / 1e6,
        "checkpoints": len(list((folder / "checkpoints").list())),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--engine", choices=ENGINES, default="ledger")
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--workers", type=int, help="1000 for ledger, 8 for ray unless given")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    run, workers = ENGINES[options.engine]
    workers = options.workers or workers
    with tempfile.TemporaryDirectory() as scratch:
        folder = open_folder(f"{scratch}/run")
        figures: dict[str, float] = {"trials": options.trials, "workers": workers}
        figures |= run(folder, options.trials, workers)
        figures |= look_again(folder)
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):<44} {value:,.4g}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

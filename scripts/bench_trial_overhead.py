"""What a trial costs besides its training, and how busy the workers are kept.

Three parts, each in processes of their own, on this machine's Ray with two logical CPUs:

overhead    the same trainable, which does no work, under raynas and under plain Ray Tune with its
            defaults: seconds a trial, counted between the first and the last trial that end
growth      raynas' cost per trial at trial 400 and at the last one, and the driver's memory between
efficiency  a real search on digits with two workers: training seconds summed over the trials,
            divided by workers times wall time from the first trial's start to the last one's end

    python scripts/bench_trial_overhead.py [--parts overhead,growth,efficiency] [--json FILE]
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

WORKERS = 2
PARTS = ("overhead", "growth", "efficiency")


def no_work() -> Any:
    """Return a trainable that ends at once."""
    from ray import tune

    from raynas.engine.trials.trial_report import TrialReport

    class NoWork(tune.Trainable):
        def setup(self, config: dict[str, Any]) -> None:
            pass

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            return True

        def step(self) -> dict[str, Any]:
            metrics = {"val_accuracy": 0.5}
            curve = [{"epoch": 1, **metrics, "train_seconds": 0.0}]
            now = datetime.now(UTC)
            report = TrialReport(metrics, curve, finished=True, started_at=now)
            return report.to_result("val_accuracy")

        def save_checkpoint(self, checkpoint_dir: str) -> dict[str, Any]:
            return {}

        def load_checkpoint(self, checkpoint: dict[str, Any] | None) -> None:
            pass

    return NoWork


def start_ray(workers: int = WORKERS) -> None:
    """Start a quiet local Ray with so many logical CPUs."""
    import ray

    ray.init(
        address="local",
        num_cpus=workers,
        include_dashboard=False,
        logging_level=logging.ERROR,
        log_to_driver=False,
    )


def run_raynas(trials: int) -> dict[str, Any]:
    """Run no-work trials under raynas; return when each ended and the driver's memory then."""
    import psutil

    from raynas.engine.ledger import Ledger
    from raynas.engine.tune_loop import run_trials
    from raynas.runs.run_config import make_config
    from raynas.runs.storage import open_folder
    from raynas.space import load_space

    start_ray()
    config = make_config(space="mlp", strategy="random", trials=trials, name="bench")
    process, ended, memory = psutil.Process(), [], []
    with tempfile.TemporaryDirectory() as scratch:
        folder = open_folder(f"{scratch}/bench")
        folder.make()
        ledger = Ledger(folder, config, config.make_strategy(load_space("mlp")))

        def note(ledger: Ledger) -> None:
            if len(ended) < ledger.done:
                ended.append(time.perf_counter())
                memory.append(process.memory_info().rss)

        ledger.on_change = note
        begun = time.perf_counter()
        run_trials(ledger, None, no_work())
    return {"begun": begun, "ended": ended, "memory": memory}


def run_plain_tune(trials: int) -> dict[str, Any]:
    """Run no-work trials under Ray Tune as it comes; return when each ended."""
    from ray import tune

    start_ray()
    with tempfile.TemporaryDirectory() as scratch:
        times = Path(scratch) / "times"

        class Clock(tune.Callback):  # Tune works with a pickled copy, so it writes to a file
            def on_trial_complete(self, *args: Any, **kwargs: Any) -> None:
                with times.open("a") as file:
                    print(time.perf_counter(), file=file)

        begun = time.perf_counter()
        tune.Tuner(
            no_work(),
            param_space={"x": tune.uniform(0, 1)},
            tune_config=tune.TuneConfig(num_samples=trials),
            run_config=tune.RunConfig(storage_path=scratch, callbacks=[Clock()], verbose=0),
        ).fit()
        return {"begun": begun, "ended": [float(line) for line in times.read_text().split()]}


def run_search(trials: int, epochs: int) -> dict[str, Any]:
    """Run a real search; return its trials' times."""
    import raynas

    start_ray()
    with tempfile.TemporaryDirectory() as scratch:
        begun = time.time()
        run = raynas.search(
            space="chain_cnn",
            strategy="random",
            data="digits",
            trials=trials,
            epochs=epochs,
            storage=scratch,
            options={"batch_size": 32},
        )
        rows = [
            (trial.started_at.timestamp(), trial.finished_at.timestamp(), trial.train_seconds)
            for trial in run.trials.itertuples()
        ]
    return {"begun": begun, "trials": rows}


def apart(part: str, *arguments: object) -> dict[str, Any]:
    """Call one of the functions above in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "result.json"
        command = [sys.executable, __file__, "--one", part, "--json", str(file)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run([*command, *map(str, arguments)], check=True, env=environment)
        result: dict[str, Any] = json.loads(file.read_text())
        return result


def pace(ended: list[float], first: int, last: int) -> float:
    """Return the seconds a trial, between two trials counted from 1."""
    return (ended[last - 1] - ended[first - 1]) / (last - first)


def bench_overhead() -> dict[str, float]:
    """Compare raynas with plain Tune."""
    ours, plain = apart("run_raynas", 300), apart("run_plain_tune", 20)
    mine = pace(ours["ended"], 1, len(ours["ended"]))
    theirs = pace(plain["ended"], 1, len(plain["ended"]))
    return {
        "raynas_seconds_a_trial": mine,
        "plain_tune_seconds_a_trial": theirs,
        "ratio": theirs / mine,
        "raynas_seconds_to_first_trial": ours["ended"][0] - ours["begun"],
        "plain_tune_seconds_to_first_trial": plain["ended"][0] - plain["begun"],
    }


def bench_growth(trials: int = 4000) -> dict[str, float]:
    """Compare raynas with itself, early and late."""
    result = apart("run_raynas", trials)
    ended, memory = result["ended"], result["memory"]
    early, late = pace(ended, 300, 500), pace(ended, trials - 200, trials)
    return {
        "trials": trials,
        "seconds_a_trial_at_400": early,
        "seconds_a_trial_at_the_end": late,
        "ratio": late / early,
        "driver_kilobytes_a_trial": (memory[-1] - memory[399]) / (trials - 400) / 1000,
    }


def bench_efficiency(trials: int = 40, epochs: int = 12) -> dict[str, float]:
    """Measure how busy a real search keeps two workers."""
    rows = apart("run_search", trials, epochs)["trials"]
    wall = max(end for _, end, _ in rows) - min(start for start, _, _ in rows)
    training = sum(seconds for _, _, seconds in rows)
    return {
        "trials": trials,
        "mean_train_seconds": training / trials,
        "wall_seconds": wall,
        "efficiency": training / (WORKERS * wall),
    }


def main() -> None:
    """Run the parts that are asked for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--parts", default=",".join(PARTS), help="some of " + ", ".join(PARTS))
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("arguments", nargs="*", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        options.json.write_text(json.dumps(globals()[options.one](*options.arguments)))
        return
    benches = {
        "overhead": bench_overhead,
        "growth": bench_growth,
        "efficiency": bench_efficiency,
    }
    wanted = options.parts.split(",")
    unknown = [part for part in wanted if part not in benches]
    if unknown:
        parser.error(f"unknown part {unknown[0]!r}; expected some of {', '.join(PARTS)}")
    figures = {}
    for part in wanted:
        figures[part] = benches[part]()
        print(part)
        for name, value in figures[part].items():
            print(f"  {name.replace('_', ' '):<36} {value:,.4g}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

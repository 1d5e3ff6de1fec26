"""Real searches, strategy against strategy: what each one finds and what it takes.

Every alternative is a strategy, or a strategy and a scheduler that stops bad trials early
(`evolution+asha`); all train as many trials of as many epochs at most, from the same seeds, on the
same split, so `random` is the baseline. For each it prints, as mean ± deviation over the seeds, the
best validation accuracy, the test accuracy of that network, the epochs trained, and the seconds
from the first trial's start to the last one's end.

    python scripts/bench_strategies.py --data digits --trials 20 --epochs 5 --seeds 3 [--json FILE]

Each search is an ordinary run in `--storage`. One that is there already counts as it is, so an
interrupted benchmark goes on where it was, and more seeds can be added.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import ray

import raynas
from raynas.strategies import STRATEGIES

OPTIONS: dict[str, dict[str, Any]] = {"grid": {"largest": 10**15}}
"""What an alternative needs to begin: grid takes the start of a space that it would refuse."""
COLUMNS = ("validation", "test", "epochs", "seconds")


def one_run(alternative: str, seed: int, wanted: argparse.Namespace) -> raynas.Run:
    """Search with one alternative from one seed, unless that was done before."""
    strategy, _, scheduler = alternative.partition("+")
    name = f"{alternative}-{seed}"
    folder = Path(wanted.storage) / name
    if folder.exists():
        run = raynas.open_run(str(folder))
        return run if run.best() else raynas.resume(str(folder))
    limit = {"limit": wanted.limit} if wanted.limit else {}
    scheduled = {"scheduler": scheduler} if scheduler else {}
    return raynas.search(
        space=wanted.space,
        strategy=strategy,
        data=wanted.data,
        trials=wanted.trials,
        epochs=wanted.epochs,
        seed=seed,
        name=name,
        storage=wanted.storage,
        concurrency=wanted.concurrency,
        options={**OPTIONS.get(strategy, {}), **limit},
        **scheduled,
    )


def figures_of(run: raynas.Run) -> dict[str, float]:
    """Read from a finished run's folder what it found and what it took."""
    best, trials = run.best(), run.trials
    if best is None:
        raise RuntimeError(f"{run.folder} has not ended")
    return {
        "validation": best["metrics"]["val_accuracy"],
        "test": best["test"]["test_accuracy"],
        "epochs": int(trials.epochs.sum()),
        "seconds": (trials.finished_at.max() - trials.started_at.min()).total_seconds(),
    }


def line(name: str, rows: list[dict[str, float]]) -> str:
    """Write an alternative's line of the table."""
    cells = []
    for column in COLUMNS:
        values = np.array([row[column] for row in rows])
        digits = 4 if column in ("validation", "test") else 0
        cells.append(f"{values.mean():.{digits}f} ± {values.std():.{digits}f}")
    return f"{name:<18}{len(rows):>6}" + "".join(f"{cell:>18}" for cell in cells)


def main() -> None:
    """Run every alternative from every seed, and print the table after each seed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--alternatives", default=",".join(STRATEGIES), help="STRATEGY[+SCHEDULER]")
    parser.add_argument("--space", default="chain_cnn")
    parser.add_argument("--data", default="digits")
    parser.add_argument("--limit", type=int, help="use so many samples only")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--storage", default="runs/bench_strategies", help="where the runs go")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    wanted = parser.parse_args()
    alternatives = wanted.alternatives.split(",")
    ray.init(num_cpus=wanted.concurrency, include_dashboard=False, log_to_driver=False)
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in alternatives}
    for seed in range(wanted.seeds):
        for name in alternatives:
            figures[name].append(figures_of(one_run(name, seed, wanted)))
            print(f"seed {seed} {line(name, figures[name][-1:])}", flush=True)
            if wanted.json:
                wanted.json.write_text(json.dumps({"wanted": vars(wanted), **figures}, default=str))
    print(f"\n{'':<18}{'seeds':>6}" + "".join(f"{column:>18}" for column in COLUMNS))
    for name, rows in figures.items():
        print(line(name, rows))


if __name__ == "__main__":
    main()

"""raynas as it comes against what an engineer writes in an afternoon, in the same minutes.

    python scripts/bench_contest.py --data letter.parquet --label target --space mlp --minutes 2.5
        [--seeds 3] [--sides raynas,optuna,optuna+halving,ray+asha] [--limit N] [--json FILE]

`raynas search --data … --space … --minutes …`, and nothing else, against the sides that
`contest_sides.py` describes: the same space, data, split, training options, cores and wall time,
start-up included for everybody, in turns. Only trials that were trained in full count. For each
side: the best validation accuracy, the test accuracy of that network, trials (trained in full) and
epochs; and when raynas has what the best of the others ends with, as a share of the time that this
one took for it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

import raynas
from raynas.runs.run_file import read_run_file
from raynas.runs.storage import open_folder

SIDES = ("raynas", "optuna", "optuna+halving", "ray+asha")
EPOCHS = 10
"""Of a trial: raynas' default."""
Result = dict[str, Any]


def _run(command: list[str]) -> None:
    """Run a side; what it prints is shown where it fails."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{command[1:4]} failed:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")


def by_raynas(wanted: argparse.Namespace, seed: int, folder: Path) -> Result:
    """Search with the command line, and read from the run folder when it found what."""
    options = {"label": wanted.label, "limit": wanted.limit}
    given = [f"--set={name}={value}" for name, value in options.items() if value]
    command = [
        sys.executable, "-m", "raynas", "search", f"--data={wanted.data}",
        f"--space={wanted.space}", f"--minutes={wanted.minutes}", f"--seed={seed}",
        f"--storage={folder}", "--name=run", *wanted.more, *given,
    ]  # fmt: skip
    _run(command)
    run = raynas.open_run(str(folder / "run"))
    trials, best = run.trials, run.best()
    if best is None:
        raise RuntimeError("raynas has found no network")
    begun = read_run_file(open_folder(run.folder)).started[0].timestamp()
    full = trials[trials["status"] == "completed"]
    ends = [moment.timestamp() - begun for moment in full["finished_at"]]
    return {
        "when": sorted(zip(ends, full["val_accuracy"], strict=True)),
        "trials": len(trials),
        "epochs": int(trials["epochs"].sum()),
        "test": best["test"]["test_accuracy"],
    }


def by_others(side: str, wanted: argparse.Namespace, seed: int, folder: Path) -> Result:
    """Search with another side, in a process of its own."""
    output = folder / "found.json"
    script = Path(__file__).with_name("contest_sides.py")
    values = (
        side, output, wanted.data, wanted.label, wanted.limit, wanted.space, EPOCHS,
        wanted.minutes, seed,
    )  # fmt: skip
    _run([sys.executable, str(script), *map(str, values)])
    return dict(json.loads(output.read_text()))


def reached(result: Result, accuracy: float) -> float | None:
    """Return the seconds after which a side had an accuracy."""
    return next((float(at) for at, value in result["when"] if value >= accuracy), None)


def ahead(results: dict[str, Result]) -> str:
    """Say when raynas had what the best of the others ended with."""
    others = {side: r for side, r in results.items() if side != "raynas" and r["when"]}
    if "raynas" not in results or not others:
        return ""
    best = max(others, key=lambda side: float(max(v for _, v in others[side]["when"])))
    accuracy = max(value for _, value in others[best]["when"])
    theirs, ours = reached(others[best], accuracy), reached(results["raynas"], accuracy)
    words = f"{best} ends with {accuracy:.4f}, which it has after {theirs:.0f} s"
    if ours is None or theirs is None:
        return f"{words}; raynas never"
    return f"{words}; raynas after {ours:.0f} s ({ours / theirs:.2f} of it)"


def main() -> None:
    """Let the sides search in turns, and print what each has found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", default="digits")
    parser.add_argument("--label", default="label")
    parser.add_argument("--space", default="chain_cnn")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=2.5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sides", default=",".join(SIDES))
    parser.add_argument("--more", action="append", default=[], help="an option for raynas")
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    sides, every = wanted.sides.split(","), []
    for seed in range(wanted.seeds):
        turn = [*sides[seed % len(sides) :], *sides[: seed % len(sides)]]
        results: dict[str, Result] = {}
        for side in turn:
            with tempfile.TemporaryDirectory() as folder:
                search = by_raynas if side == "raynas" else _other(side)
                results[side] = search(wanted, seed, Path(folder))
        every.append(results)
        print(f"seed {seed}: {ahead(results)}", flush=True)
    print(f"{'side':<16} {'validation':>10} {'test':>8} {'trials (in full)':>18} {'epochs':>8}")
    for side in sides:
        rows = [results[side] for results in every]
        best = mean(max((value for _, value in row["when"]), default=0.0) for row in rows)
        trials = mean(row["trials"] for row in rows)
        full = mean(len(row["when"]) for row in rows)
        print(
            f"{side:<16} {best:>10.4f} {mean(r['test'] for r in rows):>8.4f} "
            f"{f'{trials:.0f} ({full:.0f})':>18} {mean(r['epochs'] for r in rows):>8.0f}"
        )
    if wanted.json:
        wanted.json.write_text(json.dumps(every, indent=1))


def _other(side: str) -> Any:
    return lambda wanted, seed, folder: by_others(side, wanted, seed, folder)


if __name__ == "__main__":
    main()

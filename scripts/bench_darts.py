"""What darts finds, against random architectures of the same space with the same training.

For each data set and seed: one supernet, the architecture that it derives, and some random ones,
all trained alike, in the cells of NAS-Bench-201 with few channels (or your own --space). Validation
accuracies are compared, which no search has trained on; the best random one is chosen by it, and
so flattered. Test accuracies are of the derived architecture and of that best one. Seconds are the
trials' training: the supernet's and its architecture's, and that of all random ones.

    python scripts/bench_darts.py [--data digits,photos.parquet] [--seeds 4] [--json FILE]
"""

import argparse
import json
import tempfile
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import ray
import yaml

import raynas

SPACE = '''"""The cells of NAS-Bench-201 in a small net: 8 channels, one cell a stage."""

from raynas.nets import build_staged_cells
from raynas.space import Cell, Record

space = Record(
    cell=Cell(["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"], 3)
)


def build(value, input_shape, num_outputs):
    return build_staged_cells(value, input_shape, num_outputs, channels=8, cells=1)
'''


def compare(data: str, seed: int, options: argparse.Namespace, storage: str) -> dict[str, Any]:
    """Search with a supernet and at random, with one seed."""
    common: dict[str, Any] = {
        "space": options.space,
        "data": data,
        "seed": seed,
        "epochs": options.epochs,
        "storage": storage,
        "concurrency": options.concurrency,
    }
    settings = dict(options.set)
    own = {"supernet_epochs": options.supernet_epochs, **settings}
    darts = raynas.search(
        strategy="darts", name=f"darts-{Path(data).stem}-{seed}", options=own, **common
    )
    shared = {name: value for name, value in settings.items() if name in options.shared}
    drawn = raynas.search(
        strategy="random",
        trials=options.random,
        name=f"random-{Path(data).stem}-{seed}",
        options=shared,
        **common,
    )
    found, best = darts.best(), drawn.best()
    if found is None or best is None:
        raise RuntimeError("a search ended without a network")
    accuracies = drawn.trials["val_accuracy"].tolist()
    return {
        "data": data,
        "seed": seed,
        "derived": found["metrics"]["val_accuracy"],
        "random_mean": mean(accuracies),
        "random_best": max(accuracies),
        "random": accuracies,
        "derived_test": found["test"]["test_accuracy"],
        "random_best_test": best["test"]["test_accuracy"],
        "darts_seconds": float(darts.trials["train_seconds"].sum()),
        "random_seconds": float(drawn.trials["train_seconds"].sum()),
        "architecture": found["description"],
    }


def show(rows: list[dict[str, Any]], count: int) -> None:
    """Print one line a data set: mean ± standard deviation over the seeds."""
    columns = {
        "derived": "derived",
        "random_mean": f"mean of {count}",
        "random_best": f"best of {count}",
        "derived_test": "derived, test",
        "random_best_test": f"best of {count}, test",
        "darts_seconds": "s, darts",
        "random_seconds": "s, random",
    }
    print(f"| data | seeds | {' | '.join(columns.values())} |")
    print("|---" * (len(columns) + 2) + "|")
    for data in dict.fromkeys(row["data"] for row in rows):
        own = [row for row in rows if row["data"] == data]
        cells = []
        for name in columns:
            values = [row[name] for row in own]
            spread = f" ± {stdev(values):.4f}" if len(values) > 1 else ""
            seconds = name.endswith("seconds")
            cells.append(f"{mean(values):.0f}" if seconds else f"{mean(values):.4f}{spread}")
        print(f"| {Path(data).name} | {len(own)} | {' | '.join(cells)} |")


def option(text: str) -> tuple[str, Any]:
    """Read an OPTION=VALUE."""
    name, _, value = text.partition("=")
    return name, yaml.safe_load(value)


def main() -> None:
    """Run every data set with every seed and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default="digits", help="data sets, with commas (digits)")
    parser.add_argument("--seeds", type=int, default=4, help="seeds 0, 1, … (4)")
    parser.add_argument("--space", help="your own space file")
    parser.add_argument("--random", type=int, default=10, help="random architectures (10)")
    parser.add_argument("--epochs", type=int, default=20, help="epochs of a candidate (20)")
    parser.add_argument("--supernet-epochs", type=int, default=50, help="of the supernet (50)")
    parser.add_argument("--concurrency", type=int, default=1, help="trials at a time (1)")
    parser.add_argument("--set", type=option, action="append", default=[], metavar="OPTION=VALUE")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    options = parser.parse_args()
    ray.init(address="local", include_dashboard=False, log_to_driver=False)
    options.shared = {"limit", "label", "image", "batch_size", "learning_rate", "optimizer"}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        if options.space is None:
            options.space = str(Path(folder) / "small_nasbench201.py")
            Path(options.space).write_text(SPACE)
        for data in options.data.split(","):
            for seed in range(options.seeds):
                rows.append(compare(data, seed, options, folder))
                print(f"{Path(data).name} seed {seed}: {rows[-1]['architecture']}", flush=True)
                if options.json:
                    options.json.write_text(json.dumps(rows, indent=2))
    show(rows, options.random)


if __name__ == "__main__":
    main()

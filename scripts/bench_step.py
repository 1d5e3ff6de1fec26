"""What a training costs against the loop that an engineer writes in an afternoon.

The same net, data, batches, optimiser and schedule, on one thread, in turns; processor seconds of
an epoch (with its validation), the median of several rounds: what a training of `EPOCHS` epochs
takes beyond one of a single epoch. Our side writes a checkpoint each epoch, as in a search.

naive      PyTorch as its tutorial writes it: data normalised once, `X[rows]`, Adam, a cosine
           schedule, the loss summed with `item()`, accuracy on the validation data
trainer    raynas with step loggers, which Lightning's Trainer drives
raynas     raynas as it comes

    python scripts/bench_step.py [--letter letter.parquet] [--rounds 7] [--json FILE]

Without --letter, its part trains on made numbers of the same shape (12,000 and 4,000 rows of 16).
"""

import argparse
import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from raynas.data import ArrayData, load_arrays, load_data
from raynas.data.array_data import mean_and_std
from raynas.nets import build_chain_cnn, build_mlp, build_net, build_staged_cells
from raynas.options.data_options import DataOptions
from raynas.options.training_options import TrainingOptions
from raynas.training import StepLog, fit

EPOCHS = 4
MLP = {
    "layers": [
        {"type": "dense", "units": 128, "activation": "relu"},
        {"type": "dense", "units": 64, "activation": "relu"},
    ]
}
CNN = {
    "features": [
        {"type": "conv", "filters": 16, "kernel": 3, "stride": 1, "activation": "relu"},
        {"type": "max_pool", "kernel": 3, "stride": 2},
        {"type": "conv", "filters": 32, "kernel": 3, "stride": 1, "activation": "relu"},
    ],
    "classifier": [{"type": "dense", "units": 32, "activation": "relu"}],
}
EDGES = (
    "nor_conv_3x3",
    "skip_connect",
    "nor_conv_1x1",
    "nor_conv_3x3",
    "avg_pool_3x3",
    "nor_conv_1x1",
)


def naive(net: nn.Module, data: ArrayData, config: TrainingOptions, epochs: int) -> None:
    """Train and validate a net, as an engineer would write it."""
    shape = (-1,) + (1,) * (len(data.input_shape) - 1)
    mean, std = (torch.tensor(part).reshape(shape) for part in (data.mean, data.std))
    x, x_val = (
        (torch.tensor(data.inputs[s]).float() - mean) / std for s in ("train", "validation")
    )
    y, y_val = (torch.tensor(data.labels[s]) for s in ("train", "validation"))
    size = config.batch_size
    optimizer = torch.optim.Adam(net.parameters(), config.learning_rate)
    steps = epochs * math.ceil(len(y) / size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(epochs):
        net.train()
        total = 0.0
        order = torch.randperm(len(y))
        for start in range(0, len(y), size):
            rows = order[start : start + size]
            loss = functional.cross_entropy(net(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(rows)
        net.eval()
        with torch.no_grad():
            right = 0
            for start in range(0, len(y_val), 4 * size):
                outputs = net(x_val[start : start + 4 * size])
                right += int((outputs.argmax(1) == y_val[start : start + 4 * size]).sum())


def letter_like() -> ArrayData:
    """Make numbers of the shape of the letter data."""
    rng = np.random.default_rng(0)
    rows = {"train": 12_000, "validation": 4_000, "test": 4_000}
    inputs = {s: rng.integers(0, 16, (n, 16)).astype(np.float32) for s, n in rows.items()}
    labels = {s: rng.integers(0, 26, n) for s, n in rows.items()}
    names = [str(i) for i in range(26)]
    return ArrayData("made", inputs, labels, names, *mean_and_std(inputs["train"]))


def cell(value: Any, input_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
    """Build NAS-Bench-201's network of one cell a stage, at 8 channels."""
    return build_staged_cells(value, input_shape, num_outputs, channels=8, cells=1)


def cell_value() -> Any:
    """Return a cell of NAS-Bench-201: an operation on each of its six edges."""
    ops = iter(EDGES)
    nodes = [[{"op": next(ops), "input": source} for source in range(node)] for node in range(1, 4)]
    return {"cell": {"inputs": 1, "nodes": nodes, "output": [3]}}


def sides(
    build: Any, value: Any, data: ArrayData, folder: Path
) -> dict[str, Callable[[int], object]]:
    """Return what trains for so many epochs, by name."""

    def bare(epochs: int) -> None:
        torch.manual_seed(0)
        naive(build_net(build, value, data.input_shape, data.num_outputs), data, config, epochs)

    def ours(epochs: int, **more: Any) -> None:
        def on_epoch(curve: Any, save: Callable[[Path], None]) -> bool:
            save(folder / "last.ckpt")
            return False

        options = TrainingOptions(**{**config.model_dump(), "epochs": epochs})
        fit(build, value, data, options, seed=0, on_epoch=on_epoch, accelerator="cpu", **more)

    config = TrainingOptions(batch_size=64)
    log = StepLog("tensorboard", str(folder), "run")
    return {
        "naive": bare,
        "trainer": lambda epochs: ours(epochs, logs=[log], name="0"),
        "raynas": ours,
    }


def measure(run: dict[str, Callable[[int], object]], rounds: int) -> dict[str, float]:
    """Return the processor seconds of an epoch, by name."""
    taken: dict[str, list[float]] = {name: [] for name in run}
    for turn in range(rounds + 1):
        for name, train in run.items():
            times = []
            for epochs in (1, 1 + EPOCHS):
                started = time.process_time()
                train(epochs)
                times.append(time.process_time() - started)
            if turn:  # the first one warms up
                taken[name].append((times[1] - times[0]) / EPOCHS)
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    """Measure the three parts, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--letter", help="the letter data as Parquet, with splits or without")
    parser.add_argument("--label", default="target", help="its label column")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", help="write the figures there, too")
    options = parser.parse_args()
    torch.set_num_threads(1)
    letter: Any = (
        load_data(options.letter, options=DataOptions(label=options.label))
        if options.letter
        else letter_like()
    )
    digits = load_arrays("digits")
    parts = {
        "letter/mlp": (build_mlp, MLP, letter),
        "digits/chain_cnn": (build_chain_cnn, CNN, digits),
        "digits/nasbench201 cell": (cell, cell_value(), digits),
    }
    figures = {}
    print(f"{'':<24}{'naive s':>9}{'trainer':>9}{'raynas':>9}   (processor time, naive is 1)")
    for name, (build, value, data) in parts.items():
        with tempfile.TemporaryDirectory() as folder:
            seconds = measure(sides(build, value, data, Path(folder)), options.rounds)
        figures[name] = seconds
        base = seconds["naive"]
        ratios = "".join(f"{seconds[side] / base:>9.2f}" for side in ("trainer", "raynas"))
        print(f"{name:<24}{base:>9.3f}{ratios}", flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

"""How fast a step of raynas' supernet is, against the textbook's, side by side in one run.

A step is an alpha step and a weight step on a batch of 3x32x32 images each, in the space
`darts_cell`. Both nets have the same weights, and are first checked to agree in float64: losses,
and the gradients of both steps. Then the variants take turns; seconds are medians over the rounds,
of the processor's time on a CPU, of the wall clock on a GPU. The ratios are to the textbook's first
order step (second order: to its second order step). Memory is what a net and
its first step add to a process of their own, at the peak (on a CPU: Linux only).

    python scripts/bench_supernet.py [--sizes 8x5,16x8] [--batch 16] [--rounds 3] [--json FILE]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from textbook_supernet import (
    STEP,
    Batch,
    Step,
    TextbookSupernet,
    first_order,
    loss_of,
    optimizers,
    second_order,
    textbook_step,
)
from torch import Tensor

from raynas.nets import Supernet, build_stacked_cells
from raynas.space import LoadedSpace, load_space
from raynas.training.darts.bilevel import first_order_gradients, second_order_gradients

IMAGE, CLASSES = (3, 32, 32), 10
BARS = {"first order": (0.42, 0.85), "second order": (0.50, None), "GDAS": (0.09, None)}
"""The most that a variant may take of the textbook's time and memory."""


def batches(size: int, device: str, dtype: torch.dtype = torch.float32) -> list[Batch]:
    """Draw a batch for the weights and one for the alphas."""
    torch.manual_seed(1)
    return [
        (
            torch.randn(size, *IMAGE, dtype=dtype, device=device),
            torch.randint(CLASSES, (size,), device=device),
        )
        for _ in range(2)
    ]


def our_net(channels: int, cells: int, channels_part: int = 1) -> Supernet:
    """Build raynas' supernet."""
    space = load_space("darts_cell")

    def build(value: Any, input_shape: tuple[int, ...], num_outputs: int) -> Any:
        return build_stacked_cells(value, input_shape, num_outputs, channels=channels, cells=cells)

    sized = LoadedSpace("darts_cell", space.doc, space.space, build, space.source, space.path)
    return Supernet(sized, IMAGE, CLASSES, channels_part=channels_part)


def textbook_net(channels: int, cells: int) -> TextbookSupernet:
    """Build the textbook's supernet."""
    return TextbookSupernet(channels, cells, IMAGE[0], CLASSES)


def our_step(
    net: Supernet, *, order: int = 1, run: Callable[[Tensor], Tensor] | None = None
) -> Step:
    """Return raynas' step; `run` is what computes the outputs, if it is not the net itself."""
    weights, alphas = net.weight_parameters(), net.alpha_parameters()
    sgd, adam = optimizers(weights, alphas)

    def loss(batch: Batch) -> Tensor:
        return loss_of((run or net)(batch[0]), batch[1])

    def step(train: Batch, validation: Batch) -> None:
        for alpha in alphas:
            alpha.requires_grad_(True)
        if order == 1:
            gradients = first_order_gradients(net, loss, validation)
        else:
            v = [sgd.state[w]["momentum_buffer"] for w in weights]
            gradients = second_order_gradients(net, loss, train, validation, **STEP, velocities=v)
        for alpha, gradient in zip(alphas, gradients, strict=True):
            alpha.grad = gradient
        adam.step()
        for alpha in alphas:
            alpha.requires_grad_(False)
        sgd.zero_grad()
        loss(train).backward()
        torch.nn.utils.clip_grad_norm_(weights, 5)
        sgd.step()

    return step


def sampling(net: Supernet) -> Callable[[Tensor], Tensor]:
    """Compute the outputs of one sample an edge."""

    def run(images: Tensor) -> Tensor:
        with net.sampling(5.0):
            return net(images)

    return run


def in_bfloat16(net: Supernet, device: str) -> Callable[[Tensor], Tensor]:
    """Compute the outputs under autocast."""

    def run(images: Tensor) -> Tensor:
        with torch.autocast(device, torch.bfloat16):
            return net(images)

    return run


VARIANTS: dict[str, Callable[[int, int, str], Step]] = {
    "textbook, first order": lambda c, n, d: textbook_step(textbook_net(c, n).to(d), order=1),
    "first order": lambda c, n, d: our_step(our_net(c, n).to(d)),
    "textbook, second order": lambda c, n, d: textbook_step(textbook_net(c, n).to(d), order=2),
    "second order": lambda c, n, d: our_step(our_net(c, n).to(d), order=2),
    "GDAS": lambda c, n, d: our_step(net := our_net(c, n).to(d), run=sampling(net)),
    "partial channels, K=4": lambda c, n, d: our_step(our_net(c, n, 4).to(d)),
}

ON_A_GPU: dict[str, Callable[[int, int, str], Step]] = {
    "textbook, channels_last": lambda c, n, d: textbook_step(
        textbook_net(c, n).to(d, memory_format=torch.channels_last), order=1
    ),
    "first order, bf16": lambda c, n, d: our_step(
        net := our_net(c, n).to(d), run=in_bfloat16(net, d)
    ),
    "first order, compiled": lambda c, n, d: our_step(
        net := our_net(c, n).to(d), run=torch.compile(net)
    ),
}


def check_equal(channels: int, cells: int) -> float:
    """Return the largest relative difference of losses and gradients in float64.

    Raises:
        SystemExit: the nets do not agree.
    """
    book, ours = textbook_net(channels, cells).double(), our_net(channels, cells).double()
    with torch.no_grad():
        for own, other in zip(ours.weight_parameters(), book.weights(), strict=True):
            own.copy_(other)
        torch.manual_seed(0)
        rows = [row for alphas in book.alphas for row in alphas.normal_()]
        for own, other in zip(ours.alpha_parameters(), rows, strict=True):
            own.copy_(other)
    train, validation = batches(2, "cpu", torch.float64)

    def loss(batch: Batch) -> Tensor:
        return loss_of(ours(batch[0]), batch[1])

    def book_loss(batch: Batch) -> Tensor:
        return loss_of(book(batch[0]), batch[1])

    v = [torch.ones_like(w) for w in book.weights()]
    pairs = [([loss(train)], [book_loss(train)])]
    pairs.append((first_order_gradients(ours, loss, validation), first_order(book, validation)))
    pairs.append(
        (
            second_order_gradients(ours, loss, train, validation, **STEP, velocities=v),
            second_order(book, train, validation, **STEP, velocities=v),
        )
    )
    pairs.append(
        (
            list(torch.autograd.grad(loss(train), ours.weight_parameters())),
            list(torch.autograd.grad(book_loss(train), book.weights())),
        )
    )
    worst = 0.0
    for own, other in pairs:
        one, two = (torch.cat([t.detach().flatten() for t in part]) for part in (own, other))
        worst = max(worst, float((one - two).abs().max() / two.abs().max()))
    if not worst < 1e-8:
        raise SystemExit(f"raynas' supernet and the textbook's differ by {worst:.1e}")
    return worst


def seconds(step: Step, data: list[Batch], device: str) -> float:
    """Time one step: processor time on a CPU, which other processes do not disturb much."""
    if device == "cpu":
        start = time.process_time()
        step(*data)
        return time.process_time() - start
    torch.cuda.synchronize()
    start = time.perf_counter()
    step(*data)
    torch.cuda.synchronize()
    return time.perf_counter() - start


def megabytes(name: str, options: argparse.Namespace, size: str) -> float:
    """Measure what a net and its step add at the peak, in a process of their own."""
    command = [sys.executable, __file__, "--one", name, "--sizes", size]
    command += ["--batch", str(options.batch), "--device", options.device]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def peak_of_a_step(name: str, options: argparse.Namespace, size: str) -> float:
    """Take one step; return the megabytes that it and its net added at the peak."""
    start = resident("VmRSS")
    step = {**VARIANTS, **ON_A_GPU}[name](*map(int, size.split("x")), options.device)
    step(*batches(options.batch, options.device))
    if options.device == "cpu":
        return resident("VmHWM") - start
    return torch.cuda.max_memory_allocated() / 2**20


def resident(field: str) -> float:
    """Return the megabytes of memory that this process has (VmRSS) or had at the peak (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def bench(size: str, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure all variants at one size, in turns."""
    channels, cells = map(int, size.split("x"))
    variants = {**VARIANTS, **(ON_A_GPU if options.device != "cpu" else {})}
    steps = {name: make(channels, cells, options.device) for name, make in variants.items()}
    data = batches(options.batch, options.device)
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        seconds(step, data, options.device)
    for _ in range(options.rounds):
        for name, step in steps.items():
            taken[name].append(seconds(step, data, options.device))
    figures = {}
    for name, own in taken.items():
        against = "textbook, second order" if name == "second order" else "textbook, first order"
        figures[name] = {
            "seconds": statistics.median(own),
            "time_ratio": statistics.median(
                mine / theirs for mine, theirs in zip(own, taken[against], strict=True)
            ),
            "megabytes": megabytes(name, options, size),
        }
    for name, figure in figures.items():
        against = "textbook, second order" if name == "second order" else "textbook, first order"
        figure["memory_ratio"] = figure["megabytes"] / figures[against]["megabytes"]
    return figures


def show(size: str, figures: dict[str, dict[str, float]], worst: float) -> None:
    """Print the table of one size."""
    channels, cells = size.split("x")
    print(f"{channels} channels, {cells} cells; equal in float64 to {worst:.0e}")
    print(f"  {'':<26} {'seconds':>8} {'time':>7} {'bar':>6} {'MB':>7} {'memory':>7} {'bar':>6}")
    for name, figure in figures.items():
        bars = ["" if bar is None else f"{bar:.2f}" for bar in BARS.get(name, (None, None))]
        print(
            f"  {name:<26} {figure['seconds']:8.3f} {figure['time_ratio']:7.3f} {bars[0]:>6} "
            f"{figure['megabytes']:7.0f} {figure['memory_ratio']:7.2f} {bars[1]:>6}"
        )


def main() -> None:
    """Run the sizes that are asked for and print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="8x5,16x8", help="channels x cells, with commas")
    parser.add_argument("--batch", type=int, default=16, help="images a batch (16)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each variant (3)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.one:
        print(peak_of_a_step(options.one, options, options.sizes))
        return
    if options.device == "cpu":
        print("no GPU: channels_last for the textbook, bf16 and torch.compile are skipped")
    figures = {}
    for size in options.sizes.split(","):
        worst = check_equal(*map(int, size.split("x")))
        figures[size] = bench(size, options)
        show(size, figures[size], worst)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

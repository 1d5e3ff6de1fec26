"""What a net costs: trainable parameters, and time for one input (see `macs` for the rest)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import NamedTuple

import torch
from torch import nn

LATENCY_RUNS = 25
LATENCY_SECONDS = 0.1
ALONE_RUNS = 200
ALONE_SECONDS = 1.0


Times = list[float]


class Latency(NamedTuple):
    """The milliseconds of one input: the median, and between which four fifths of the runs lie."""

    median: float
    low: float
    high: float


def count_parameters(net: nn.Module) -> int:
    """Count the trainable parameters."""
    return sum(parameter.numel() for parameter in net.parameters() if parameter.requires_grad)


def measure_latency(net: nn.Module, input_shape: tuple[int, ...]) -> float:
    """Measure the milliseconds that one input takes in evaluation, where the net's weights are.

    The median of up to `LATENCY_RUNS` runs, fewer where `LATENCY_SECONDS` have passed, after one
    that does not count. It is what this device takes at this moment with the threads that torch
    has: other work on the machine makes it longer, so small differences say nothing.
    """
    return median(_run_times(net, input_shape, LATENCY_RUNS, LATENCY_SECONDS))


def measure_alone(net: nn.Module, input_shape: tuple[int, ...]) -> Latency:
    """Measure as `measure_latency`, longer, and how far single runs lie apart.

    To be called where nothing else computes: up to `ALONE_RUNS` runs in `ALONE_SECONDS`.
    """
    taken = sorted(_run_times(net, input_shape, ALONE_RUNS, ALONE_SECONDS))
    tenth = len(taken) // 10
    return Latency(median(taken), taken[tenth], taken[-1 - tenth])


def _run_times(net: nn.Module, input_shape: tuple[int, ...], most: int, seconds: float) -> Times:
    """Return the milliseconds of at least one run, after one that does not count."""
    parameter = next(net.parameters(), torch.empty(0))
    sample = torch.zeros((1, *input_shape), dtype=parameter.dtype, device=parameter.device)
    taken: Times = []
    with evaluating(net), torch.no_grad():
        net(sample)
        begun = time.perf_counter()
        while not taken or (len(taken) < most and time.perf_counter() - begun < seconds):
            _finish(sample.device)
            started = time.perf_counter()
            net(sample)
            _finish(sample.device)
            taken.append(1000 * (time.perf_counter() - started))
    return taken


def _finish(device: torch.device) -> None:
    """Wait until a GPU has done what it was told to."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Put a net into evaluation mode, and each of its modules back into its own mode after."""
    training = [module for module in net.modules() if module.training]
    net.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True

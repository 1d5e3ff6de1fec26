"""What a net costs: trainable parameters and multiply-accumulates."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(net: nn.Module) -> int:
    """Count the trainable parameters."""
    return sum(parameter.numel() for parameter in net.parameters() if parameter.requires_grad)


def count_macs(net: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Count the multiply-accumulates of one sample of `input_shape` in evaluation.

    A multiply-accumulate is two of PyTorch's floating-point operations; only convolutions, matrix
    products and attention count, as in the literature. The net's modes and statistics stay as
    they are.
    """
    parameter = next(net.parameters(), torch.empty(0))
    sample = torch.zeros((1, *input_shape), dtype=parameter.dtype, device=parameter.device)
    counter = FlopCounterMode(display=False)
    with evaluating(net), torch.no_grad(), counter:
        net(sample)
    return int(counter.get_total_flops()) // 2


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

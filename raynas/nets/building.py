"""From an architecture to a net that is known to work: built, and run once."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from raynas.nets.cost import evaluating
from raynas.nets.layers import Shape

Build = Callable[[Any, Shape, int], nn.Module]
"""Makes the net of an architecture's value, for an input shape and a number of outputs."""

SAMPLES = 2
"""Samples of the pass that a net is tried with."""


def build_net(build: Build, value: Any, input_shape: Shape, num_outputs: int) -> nn.Module:
    """Build the net of an architecture and run it once, which gives lazy layers their shapes.

    Raises:
        ValueError: `build` returns no net, or one that cannot be run on such samples or has not one
            output for each of `num_outputs`.
        Exception: whatever `build` raises.
    """
    net: Any = build(value, input_shape, num_outputs)
    if not isinstance(net, nn.Module):
        raise ValueError(f"build returned a {type(net).__name__}, expected a torch.nn.Module")
    inputs = torch.zeros(SAMPLES, *input_shape)
    lazy = any(is_lazy(parameter) for parameter in net.parameters())
    try:
        # The random numbers of a lazy layer's weights count, those of anything else do not.
        with evaluating(net), torch.no_grad(), nullcontext() if lazy else same_random_numbers():
            outputs: Any = net(inputs)
    except Exception as error:
        text = str(error).partition("\n")[0]
        raise ValueError(
            f"the net that build returned cannot be run on samples of shape {input_shape}: "
            f"{type(error).__name__}: {text}"
        ) from error
    if not isinstance(outputs, Tensor):
        raise ValueError(f"the net returned a {type(outputs).__name__}, expected a tensor")
    if not outputs.is_floating_point() or outputs.shape != (SAMPLES, num_outputs):
        raise ValueError(
            f"the net returned outputs of shape {tuple(outputs.shape)} ({outputs.dtype}) for "
            f"{SAMPLES} samples, expected ({SAMPLES}, {num_outputs}): one for each class"
        )
    return net


def same_random_numbers() -> Any:
    """Let what draws within not change what PyTorch draws after it, on the CPU."""
    return torch.random.fork_rng(devices=[])

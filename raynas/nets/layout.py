"""How the weights of a net lie in memory: with channels last, convolutions are faster on a CPU."""

import torch
from torch import nn

from raynas.nets.building import same_random_numbers
from raynas.nets.cost import evaluating
from raynas.nets.layers import Shape


def put_channels_last(net: nn.Module, input_shape: Shape) -> bool:
    """Lay out a net of images so, if it works so; return whether it does.

    A net may depend on the other layout (`view` of what a convolution returns): then it keeps it.
    """
    if len(input_shape) != 3 or not any(weight.ndim == 4 for weight in net.parameters()):
        return False
    parameter = next(net.parameters())
    sample = torch.zeros(2, *input_shape, dtype=parameter.dtype, device=parameter.device)
    try:
        _lay(net, torch.channels_last)
        with evaluating(net), torch.no_grad(), same_random_numbers():
            net(sample)
    except Exception:  # whatever a net's code raises, in this layout only
        _lay(net, torch.contiguous_format)
        return False
    return True


def _lay(net: nn.Module, layout: torch.memory_format) -> None:
    net.to(memory_format=layout)  # type: ignore[call-overload]  # documented, not in its types

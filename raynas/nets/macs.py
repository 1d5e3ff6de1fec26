"""What a net multiplies: the multiply-accumulates (MACs) of one sample, and what is not counted.

`torch.utils.flop_counter` counts the operations that a forward pass comes to. It knows matrix
products, convolutions and the attention of a GPU; `FORMULAS` adds what else multiplies by weights:
fused recurrent layers, attention on a CPU, bilinear layers, products with one vector.

Conventions, those of the literature: additions of biases, activations, pooling, normalisations
(with their affine weights), PReLU, dropout and all other work on single elements are 0. An
embedding (a bag, too) looks rows up, which is 0. Attention counts both of its products in full,
masked or causal too, and nothing for its softmax. Padding counts as values. A bilinear layer is
in1 × in2 × out. What is computed twice, as by a shared layer, counts twice.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import prod
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.jit import ScriptModule
from torch.utils.flop_counter import FlopCounterMode

from raynas.nets.cost import evaluating

ZERO_BY_CONVENTION = (nn.Embedding, nn.EmbeddingBag, nn.LayerNorm, nn.RMSNorm)
"""Layers with weights of several dimensions that cost 0, as the text above says."""

Size = Sequence[int]


class MacCount(NamedTuple):
    """The MACs of one sample, and which layers with weights took part without counting."""

    macs: int
    uncounted: tuple[str, ...]


def count_macs(net: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Count the multiply-accumulates of one sample of `input_shape` in evaluation.

    A multiply-accumulate is two of PyTorch's floating-point operations. The net's modes and
    statistics stay as they are.
    """
    return measure_macs(net, input_shape).macs


def measure_macs(net: nn.Module, input_shape: tuple[int, ...]) -> MacCount:
    """Count as `count_macs`, and name the layers whose weights no formula has seen in use.

    These are modules that were called, hold a weight of two or more dimensions, came to 0 with all
    that is in them, and are none of `ZERO_BY_CONVENTION`.
    """
    parameter = next(net.parameters(), torch.empty(0))
    sample = torch.zeros((1, *input_shape), dtype=parameter.dtype, device=parameter.device)
    counter = FlopCounterMode(display=False, custom_mapping=FORMULAS)
    with evaluating(net), _in_single_steps(), torch.no_grad(), _by_layer(net, counter) as layers:
        with counter:
            net(sample)
        total = counter.get_total_flops()
    uncounted = (name for name, flops in layers.items() if not flops)
    return MacCount(int(total) // 2, tuple(uncounted))


def uncounted_warning(count: MacCount) -> str | None:
    """Say which layers the MACs leave out; None where there is none."""
    if not count.uncounted:
        return None
    names = ", ".join(count.uncounted[:3])
    more = f" and {len(count.uncounted) - 3} more" if len(count.uncounted) > 3 else ""
    return f"the MACs leave out what has no formula: {names}{more}"


@contextmanager
def _in_single_steps() -> Iterator[None]:
    """Let attention layers go through their products one by one, not through one fused call."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def _by_layer(net: nn.Module, counter: FlopCounterMode) -> Iterator[dict[str, int]]:
    """Note what each layer with a weight matrix comes to, under a name for a person."""
    layers: dict[str, int] = {}
    with ExitStack() as stack:
        for path, layer in net.named_modules():
            if not _has_matrix(layer) or isinstance(layer, (*ZERO_BY_CONVENTION, ScriptModule)):
                continue
            name = f"{path} ({type(layer).__name__})" if path else type(layer).__name__
            begun: list[int] = []

            def begin(*_: Any, begun: list[int] = begun) -> None:
                begun.append(counter.get_total_flops())

            def end(*_: Any, begun: list[int] = begun, name: str = name) -> None:
                flops = counter.get_total_flops() - begun.pop()
                layers[name] = layers.get(name, 0) + flops

            for handle in (
                layer.register_forward_pre_hook(begin),
                layer.register_forward_hook(end),
            ):
                stack.callback(handle.remove)
        yield layers


def _has_matrix(layer: nn.Module) -> bool:
    return any(parameter.dim() > 1 for parameter in layer.parameters(recurse=False))


def _twice(macs: Callable[..., int]) -> Callable[..., int]:
    """Turn a formula for MACs into one for PyTorch's counter, which gives it shapes."""

    def flops(*shapes: Any, out_shape: Any = None, **options: Any) -> int:
        return 2 * macs(*shapes)

    return flops


def _recurrent(inputs: Size, *weights: Size) -> int:
    """Each weight matrix multiplies once a step; inputs (…, features) have a row a step."""
    return prod(inputs[:-1]) * sum(prod(weight) for weight in weights if len(weight) == 2)


def _recurrent_layer(inputs: Size, *rest: Any) -> int:
    """One direction of one layer: weights of inputs and of states, then their biases, then more."""
    return _recurrent(inputs, *rest[:2])


def _recurrent_layers(inputs: Size, weights: Sequence[Size], *rest: Any) -> int:
    """All layers and directions at once, with a list of all weights."""
    return _recurrent(inputs, *weights)


def _attention(query: Size, key: Size, value: Size, *rest: Any) -> int:
    """Shapes (…, steps, features): query · keys, and weights · values."""
    return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _trilinear(
    first: Size, weight: Size, second: Size, expand1: Size, expand2: Size, expand3: Size, *rest: Any
) -> int:
    """All three are spread over the same dimensions, the new ones of each listed in `expand`."""
    ways = zip((first, weight, second), (expand1, expand2, expand3), strict=True)
    spread = []
    for size, new in ways:
        known = iter(size)
        dims = len(size) + len(new)
        spread.append([1 if dim in new else next(known) for dim in range(dims)])
    return prod(map(max, zip(*spread, strict=True)))


def _first(size: Size, *rest: Any) -> int:
    """A matrix or a vector times a vector: each of its elements once."""
    return prod(size)


def _added_matrix_vector(start: Size, matrix: Size, *rest: Any) -> int:
    return prod(matrix)


def _added_products(start: Size, one: Size, other: Size, *rest: Any) -> int:
    """Products of shapes (batch, rows, inner) and (batch, inner, columns), added up."""
    return prod(one) * other[-1]


def _convolution_of_time(inputs: Size, weight: Size, bias: Size, pad: int = 0) -> int:
    """Inputs (steps, batch, channels), weight (kernel, channels, outputs), stride 1."""
    return (inputs[0] + 2 * pad - weight[0] + 1) * inputs[1] * prod(weight)


_aten = torch.ops.aten
FORMULAS: dict[Any, Callable[..., int]] = {
    _aten.mkldnn_rnn_layer: _twice(_recurrent_layer),
    _aten._cudnn_rnn: _twice(_recurrent_layers),
    _aten.miopen_rnn: _twice(_recurrent_layers),
    _aten._scaled_dot_product_flash_attention_for_cpu: _twice(_attention),
    _aten._trilinear: _twice(_trilinear),
    _aten.mv: _twice(_first),
    _aten.addmv: _twice(_added_matrix_vector),
    _aten.dot: _twice(_first),
    _aten.vdot: _twice(_first),
    _aten.addbmm: _twice(_added_products),
    _aten.conv_tbc: _twice(_convolution_of_time),
}
"""Operations that PyTorch's counter does not know: what they come to, by the shapes of tensors."""

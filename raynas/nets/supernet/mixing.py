"""From the alphas of mixtures to what each computes in one pass of the supernet."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from raynas.nets.supernet.mixture import Mix


def softmaxes(logits: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the softmax of each vector; those of one length are computed at once."""
    result: dict[str, Tensor] = {}
    for size in {len(vector) for vector in logits.values()}:
        paths = [path for path, vector in logits.items() if len(vector) == size]
        rows = torch.softmax(torch.stack([logits[path] for path in paths]), dim=1)
        result.update(zip(paths, rows.unbind(), strict=True))
    return result


def mixed(weights: Tensor, allowed: Iterable[int], edge: Tensor | None) -> Mix:
    """Sum the allowed options by their weights, all of them times the weight of their edge."""
    scaled = weights if edge is None else weights * edge
    return Mix(tuple(allowed), dict(enumerate(scaled.unbind())), plain=False, edge=edge)


def draw(alphas: Tensor, temperature: float, allowed: Iterable[int], edge: Tensor | None) -> Mix:
    """Draw one of the allowed options by Gumbel-softmax; again where the numbers overflow.

    Its weight is 1, that of all others 0, with the gradient of the softmax (straight through).
    """
    options = list(allowed)
    if not options:
        return Mix((), edge=edge)
    logits = torch.log_softmax(alphas, dim=0)[options]
    while True:
        gumbel = -torch.empty_like(logits).exponential_().log()
        soft = torch.softmax((logits + gumbel) / temperature, dim=0)
        if torch.isfinite(gumbel).all() and torch.isfinite(soft).all():
            break
    drawn = int(soft.argmax())
    hard = torch.zeros_like(soft)
    hard[drawn] = 1
    weights = hard - soft.detach() + soft
    if edge is not None:
        weights = weights * edge
    one = weights[drawn]
    index = options[drawn]
    return Mix((index,), {index: one}, rest=(weights * (1 - hard)).sum(), edge=edge)

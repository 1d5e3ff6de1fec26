"""From the alphas of mixtures to what each computes in one pass of the supernet."""

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from raynas.nets.supernet.mixture import Mix


def softmaxes(logits: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the softmax of each vector; those of one length are computed at once."""
    result: dict[str, Tensor] = {}
    for paths in _by_length(logits):
        rows = torch.softmax(torch.stack([logits[path] for path in paths]), dim=1)
        result.update(zip(paths, rows.unbind(), strict=True))
    return result


def _by_length(vectors: Mapping[str, Tensor]) -> list[list[str]]:
    """Return the names of the vectors of each length."""
    lengths = {path: len(vector) for path, vector in vectors.items()}
    return [[p for p in lengths if lengths[p] == length] for length in set(lengths.values())]


def mixed(weights: Tensor, allowed: Iterable[int], edge: Tensor | None) -> Mix:
    """Sum the allowed options by their weights, all of them times the weight of their edge."""
    scaled = weights if edge is None else weights * edge
    return Mix(tuple(allowed), dict(enumerate(scaled.unbind())), plain=False, edge=edge)


def draw(
    alphas: Mapping[str, Tensor],
    temperature: float,
    allowed: Mapping[str, Sequence[int]],
    edges: Mapping[str, Tensor],
) -> dict[str, Mix]:
    """Draw one of the allowed options of each mixture by Gumbel-softmax.

    Its weight is 1, that of all others 0, with the gradient of the softmax (straight through). The
    mixtures of one length are drawn at once, so that a GPU is waited for once and not for each.
    """
    mixes = {path: Mix((), edge=edges.get(path)) for path in alphas if not allowed[path]}
    for paths in _by_length({path: alphas[path] for path in alphas if allowed[path]}):
        logits = torch.log_softmax(torch.stack([alphas[path] for path in paths]), dim=1)
        closed = [[i not in allowed[path] for i in range(logits.shape[1])] for path in paths]
        soft, indices = _gumbel_softmax(logits, torch.tensor(closed), temperature)
        hard = torch.zeros_like(soft).scatter_(1, soft.argmax(dim=1, keepdim=True), 1)
        weights = hard - soft.detach() + soft
        others = weights * (1 - hard)
        for path, index, row, rest in zip(paths, indices, weights, others, strict=True):
            edge = edges.get(path)
            factor = 1 if edge is None else edge
            mixes[path] = Mix(
                (index,), {index: row[index] * factor}, rest=(rest * factor).sum(), edge=edge
            )
    return {path: mixes[path] for path in alphas}


def _gumbel_softmax(logits: Tensor, closed: Tensor, temperature: float) -> tuple[Tensor, list[int]]:
    """Draw a row of weights for each row of logits, and say which option has most of each.

    What is `closed` gets none. It is drawn again where the numbers overflow.
    """
    logits = logits.masked_fill(closed.to(logits.device, non_blocking=True), -math.inf)
    while True:
        gumbel = -torch.empty_like(logits).exponential_().log()
        soft = torch.softmax((logits + gumbel) / temperature, dim=1)
        sound = torch.isfinite(gumbel).all() & torch.isfinite(soft).all()
        *indices, good = torch.cat([soft.argmax(dim=1), sound[None].long()]).tolist()
        if good:
            return soft, indices

"""Selection by perturbation: what the supernet misses most (Wang 2021, arXiv:2108.04392).

After the search the alphas no longer say what counts. Mixture by mixture, in random order, each
option is left out in turn; the one without which the supernet is worst is kept, alone. Between two
decisions the weights are trained on. In the end, where a node takes only some of its edges, those
that are missed least go, one by one. What is decided is part of the supernet's state.
"""

from collections.abc import Callable

import numpy as np

from raynas.nets import Supernet
from raynas.options.supernet_options import SupernetPlan
from raynas.space.cells import NONE
from raynas.space.relaxation import mixtures, taken
from raynas.training.darts.collapse import ops_in

Loss = Callable[[], float]
"""The loss of the supernet as it is now; on few samples it tells more than the accuracy."""


def decide(supernet: Supernet, search: SupernetPlan, epoch: int, seed: int, loss: Loss) -> None:
    """Take the decisions that are due after an epoch, from 1."""
    if search.selection != "perturbation" or epoch < search.supernet_epochs:
        return
    options = {mixture["path"]: mixture["options"] for mixture in mixtures(supernet.relaxed.value)}
    order = [list(options)[i] for i in np.random.default_rng([seed, 3]).permutation(len(options))]
    if search.tuning_epochs:
        number, rest = divmod(epoch - search.supernet_epochs, search.tuning_epochs)
        order = [] if rest else order[number : number + 1]
    none_counts = _can_derive_none(supernet, options)
    for path in order:
        legal = [i for i, option in enumerate(options[path]) if none_counts or option != NONE]
        losses = {index: _without(supernet, path, index, loss) for index in legal}
        supernet.decide(path, max(legal, key=lambda index: losses[index]))
    if epoch == search.all_epochs and not none_counts:
        _drop_edges(supernet, [path for path in options if NONE in options[path]], loss)


def _drop_edges(supernet: Supernet, paths: list[str], loss: Loss) -> None:
    """Decide against the edges that are missed least, where a node does not take all of them."""
    chosen = taken(supernet.space.space, supernet.derive().picks)
    nodes: dict[str, list[str]] = {}
    for path in paths:
        nodes.setdefault(path.rsplit("/", 2)[0], []).append(path)
    for edges in nodes.values():
        keeps = sum(chosen[path] is not None for path in edges)
        while len(edges) > keeps:
            losses = {path: _without(supernet, path, None, loss) for path in edges}
            least = min(edges, key=lambda path: losses[path])
            supernet.decide(least, None)
            edges.remove(least)


def _without(supernet: Supernet, path: str, index: int | None, loss: Loss) -> float:
    with supernet.without(path, index):
        return loss()


def _can_derive_none(supernet: Supernet, options: dict[str, list[str]]) -> bool:
    """Whether architectures have "none", which else only stands for edges that are not taken."""
    strengths = {path: [float(name == NONE) for name in names] for path, names in options.items()}
    return NONE in ops_in(supernet.derive(strengths).value)

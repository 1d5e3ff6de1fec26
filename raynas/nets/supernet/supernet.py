"""All architectures of a space in one net that shares their weights (Liu 2019, DARTS)."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from raynas.nets.layers import Shape
from raynas.nets.supernet.mixing import draw, mixed, softmaxes
from raynas.nets.supernet.mixture import Mix, Mixture
from raynas.space import Architecture, LoadedSpace
from raynas.space.relaxation import derive, mixtures, relax, taken

OPEN, NOTHING = -2, -1
"""What stands in `Supernet.decided` for a mixture of all its options, and for one of none."""


class Supernet(nn.Module):
    """The net of a relaxed space; each mixture's options are weighted by the softmax of its alphas.

    `alphas` has a vector a mixture, by path; all places that the space builds from one mixture
    (the cells of one kind) share it. With partial channels `betas` has a vector a node, by path:
    its softmax weights the node's edges, if there are several. All start at zero, as in the
    paper's appendix A.1.1: all options have the same weight.
    """

    decided: Tensor

    def __init__(
        self,
        space: LoadedSpace,
        input_shape: Shape,
        num_outputs: int,
        *,
        channels_part: int = 1,
    ) -> None:
        """Relax the space and build it; `channels_part` as in `relax`.

        Raises:
            ValueError: the space cannot be relaxed, or it cannot be built for such data.
        """
        super().__init__()
        self.space = space
        self.channels_part = channels_part
        self.relaxed = relax(space.space, channels_part=channels_part)
        self.net = _built(space, self.relaxed.value, input_shape, num_outputs)
        self._mixtures = [m for m in self.net.modules() if isinstance(m, Mixture)]
        sizes = {mixture.path: len(mixture.options) for mixture in self._mixtures}
        self._on_edges = {m.path for m in self._mixtures if m.on_edge}
        missing = [m["path"] for m in mixtures(self.relaxed.value) if m["path"] not in sizes]
        if missing:
            raise ValueError(
                f"space {space.name}: its build leaves out {missing[0]} of the relaxed space; "
                "to be relaxed it must end in one of raynas' own builders"
            )
        self.alphas = _zeros(sizes)
        edges = Counter(_node(path) for path in sizes) if channels_part > 1 else {}
        self.betas = _zeros({node: count for node, count in edges.items() if count > 1})
        self.register_buffer("decided", torch.full((len(sizes),), OPEN))
        self._left_out: dict[str, set[int]] = {}
        self._mode: Callable[[], dict[str, Mix]] = self._softmax

    def weight_parameters(self) -> list[nn.Parameter]:
        """Return what a network has: the weights of all operations."""
        return list(self.net.parameters())

    def alpha_parameters(self) -> list[nn.Parameter]:
        """Return what says how strong each option is: alphas, then betas."""
        return [*self.alphas.values(), *self.betas.values()]

    def forward(self, inputs: Tensor) -> Tensor:
        """Return one value an output for `inputs` of shape (batch, channels, height, width)."""
        mixes = self._mode()
        for mixture in self._mixtures:
            mixture.mix = mixes[mixture.path]
        if inputs.ndim == 4:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        try:
            outputs: Tensor = self.net(inputs)
        finally:
            for mixture in self._mixtures:
                mixture.mix = None
        return outputs

    @contextmanager
    def sampling(self, temperature: float) -> Iterator[None]:
        """Take one option of each mixture in each forward pass, drawn anew (GDAS, Dong 2019).

        Draws by Gumbel-softmax of this temperature (https://arxiv.org/abs/1910.04465); only the
        option drawn is computed, and the gradient reaches the alphas straight through. Pools are
        plain, as in a net of one architecture.

        Raises:
            ValueError: the space has chains. A layer's one option is followed by the next layer's
                normalisation, which takes its weight out again, and with it the gradient.
        """
        chained = [path for path in self.alphas if path not in self._on_edges]
        if chained:
            raise ValueError(
                f"the options of {chained[0]!r} cannot be sampled: alphas of a chain would get no "
                "gradient; only those of cells can"
            )
        with self._in_mode(partial(self._sampled, temperature)):
            yield

    @contextmanager
    def forced(self, picks: Mapping[str, int]) -> Iterator[None]:
        """Be the net of one architecture: what its own net computes with the same weights.

        Pools are plain, as in that net; where options are summed they are normalised.

        Raises:
            ValueError: these are no picks of the space, or the mixtures have partial channels, of
                which no net of the space is made.
        """
        if self.channels_part > 1:
            raise ValueError("a supernet with partial channels cannot be one architecture's net")
        chosen = taken(self.space.space, picks)
        mixes = {path: Mix(() if i is None else (i,)) for path, i in chosen.items()}
        with self._in_mode(lambda: mixes):
            yield

    @contextmanager
    def without(self, path: str, index: int | None = None) -> Iterator[None]:
        """Give one option the weight 0, or all that an edge has; the others keep theirs (DARTS-PT).

        Wang 2021 (https://arxiv.org/abs/2108.04392) asks in this way how much an option matters.

        Raises:
            ValueError: there is no such mixture or option.
        """
        options = self._options(path, index)
        before = self._left_out
        self._left_out = {**before, path: before.get(path, set()) | options}
        try:
            yield
        finally:
            self._left_out = before

    def decide(self, path: str, index: int | None) -> None:
        """Let a mixture be one of its options from now on, with the weight 1.

        An edge of a cell may also be nothing (None). What is decided is part of the state dict.

        Raises:
            ValueError: there is no such mixture or option.
        """
        self._options(path, index)
        self.decided[list(self.alphas).index(path)] = NOTHING if index is None else index

    def strengths(self) -> dict[str, list[float]]:
        """Return the weight of each option of each mixture, times that of its edge, by path."""
        with torch.no_grad():
            mixes = self._softmax()
        return {
            path: [
                float(mix.weights[i]) if mix.weights and i in mix.active else 0.0
                for i in range(len(self.alphas[path]))
            ]
            for path, mix in mixes.items()
        }

    def derive(self, strengths: Mapping[str, list[float]] | None = None) -> Architecture:
        """Return the architecture of the strongest options (see `raynas.space.relaxation`)."""
        return derive(self.space.space, self.strengths() if strengths is None else strengths)

    def _softmax(self) -> dict[str, Mix]:
        weights, active, edges = softmaxes(dict(self.alphas)), self._active(), self._edges()
        for path in [path for path, index in self._decisions().items() if index != OPEN]:
            weights[path] = torch.ones_like(weights[path])
        return {path: mixed(row, active[path], edges.get(path)) for path, row in weights.items()}

    def _sampled(self, temperature: float) -> dict[str, Mix]:
        return draw(dict(self.alphas), temperature, self._active(), self._edges())

    def _edges(self) -> dict[str, Tensor]:
        """Return the weight of each edge that shares its node with others, where they have some."""
        nodes = {node: iter(row.unbind()) for node, row in softmaxes(dict(self.betas)).items()}
        return {path: next(nodes[_node(path)]) for path in self.alphas if _node(path) in nodes}

    def _decisions(self) -> dict[str, int]:
        return dict(zip(self.alphas, self.decided.tolist(), strict=True))

    def _active(self) -> dict[str, list[int]]:
        """Return the options of each mixture that are neither left out nor decided against."""
        active = {}
        for path, decided in self._decisions().items():
            options = range(len(self.alphas[path])) if decided == OPEN else [decided]
            out = self._left_out.get(path, set()) | {NOTHING}
            active[path] = [i for i in options if i not in out]
        return active

    def _options(self, path: str, index: int | None) -> set[int]:
        """Return the options that are meant, all for None.

        Raises:
            ValueError: there is no such mixture or option.
        """
        if path not in self.alphas:
            raise ValueError(f"no mixture {path!r}; there are {', '.join(self.alphas)}")
        options = range(len(self.alphas[path]))
        if index is not None and index not in options:
            raise ValueError(f"mixture {path!r} has the options 0..{options[-1]}, got {index}")
        if index is None and path not in self._on_edges:
            raise ValueError(f"mixture {path!r} is no edge of a cell; it needs one of its options")
        return set(options) if index is None else {index}

    @contextmanager
    def _in_mode(self, mode: Callable[[], dict[str, Mix]]) -> Iterator[None]:
        before, self._mode = self._mode, mode
        try:
            yield
        finally:
            self._mode = before


def _built(space: LoadedSpace, value: Any, input_shape: Shape, num_outputs: int) -> nn.Module:
    """Build the relaxed value.

    Raises:
        ValueError: the space's own `build` cannot.
    """
    try:
        net: Any = space.build(value, input_shape, num_outputs)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(
            f"space {space.name}: its build cannot make a net of the relaxed space "
            f"({type(error).__name__}: {error}); it must end in one of raynas' own builders"
        ) from error
    built: nn.Module = net.to(memory_format=torch.channels_last)
    return built


def _zeros(sizes: Mapping[str, int]) -> nn.ParameterDict:
    """Make a vector of zeros a path, in the order given (a plain dict would be sorted)."""
    return nn.ParameterDict(
        OrderedDict((path, nn.Parameter(torch.zeros(size))) for path, size in sizes.items())
    )


def _node(path: str) -> str:
    """Return the path of the node that an edge's mixture leads to: "nodes/1" of "nodes/1/0/op"."""
    return path.rsplit("/", 2)[0]

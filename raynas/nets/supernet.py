"""All architectures of a space in one net that shares their weights (Liu 2019, DARTS)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from raynas.nets.mixture import Mix, Mixture
from raynas.nets.ops import Shape
from raynas.space import Architecture, LoadedSpace
from raynas.space.relaxation import derive, relax, taken


class Supernet(nn.Module):
    """The net of a relaxed space; each mixture's options are weighted by the softmax of its alphas.

    `alphas` has a vector a mixture, by path; all places that the space builds from one mixture
    (the cells of one kind) share it. It starts at zero, as in the paper's appendix A.1.1, where
    all options have the same weight.
    """

    def __init__(
        self,
        space: LoadedSpace,
        input_shape: Shape,
        num_outputs: int,
        *,
        channels_part: int = 1,
    ) -> None:
        """Relax the space and build it; `channels_part` as in `raynas.space.relaxation.relax`.

        Raises:
            ValueError: the space cannot be relaxed, or it cannot be built for such data.
        """
        super().__init__()
        self.space = space
        self.relaxed = relax(space.space, channels_part=channels_part)
        self.net: nn.Module = space.build(self.relaxed.value, input_shape, num_outputs)
        self.net.to(memory_format=torch.channels_last)
        self._mixtures = [m for m in self.net.modules() if isinstance(m, Mixture)]
        sizes = {mixture.path: len(mixture.options) for mixture in self._mixtures}
        if not sizes:
            raise ValueError(
                f"space {space.name}: its build makes a net without mixtures; to be relaxed it "
                "must end in one of raynas' own builders"
            )
        self.alphas = nn.ParameterDict(
            {path: nn.Parameter(torch.zeros(size)) for path, size in sizes.items()}
        )
        self._mode: Callable[[], dict[str, Mix]] = self._softmax

    def weight_parameters(self) -> list[nn.Parameter]:
        """Return what a network has: the weights of all operations."""
        return list(self.net.parameters())

    def alpha_parameters(self) -> list[nn.Parameter]:
        """Return what says how strong each option is."""
        return list(self.alphas.values())

    def forward(self, inputs: Tensor) -> Tensor:
        """Return one value an output for `inputs` of shape (batch, channels, height, width)."""
        mixes = self._mode()
        for mixture in self._mixtures:
            mixture.mix = mixes[mixture.path]
        try:
            outputs: Tensor = self.net(inputs.contiguous(memory_format=torch.channels_last))
        finally:
            for mixture in self._mixtures:
                mixture.mix = None
        return outputs

    @contextmanager
    def sampling(self, temperature: float) -> Iterator[None]:
        """Take one option of each mixture in each forward pass, drawn anew (GDAS, Dong 2019).

        Draws by Gumbel-softmax of this temperature (https://arxiv.org/abs/1910.04465); only the
        option drawn is computed, and the gradient reaches the alphas straight through.
        """
        with self._in_mode(partial(self._sampled, temperature)):
            yield

    @contextmanager
    def forced(self, picks: Mapping[str, int]) -> Iterator[None]:
        """Be the net of one architecture: what its own net computes with the same weights.

        Raises:
            ValueError: these are no picks of the space.
        """
        chosen = taken(self.space.space, picks)
        mixes = {path: Mix(() if i is None else (i,)) for path, i in chosen.items()}
        with self._in_mode(lambda: mixes):
            yield

    def strengths(self) -> dict[str, list[float]]:
        """Return the weight of each option of each mixture, by path."""
        with torch.no_grad():
            return {path: torch.softmax(a, dim=0).tolist() for path, a in self.alphas.items()}

    def derive(self, strengths: Mapping[str, list[float]] | None = None) -> Architecture:
        """Return the architecture of the strongest options (see `raynas.space.relaxation`)."""
        return derive(self.space.space, self.strengths() if strengths is None else strengths)

    def _softmax(self) -> dict[str, Mix]:
        return {
            path: Mix(tuple(range(len(alphas))), torch.softmax(alphas, dim=0))
            for path, alphas in self.alphas.items()
        }

    def _sampled(self, temperature: float) -> dict[str, Mix]:
        return {path: _draw(alphas, temperature) for path, alphas in self.alphas.items()}

    @contextmanager
    def _in_mode(self, mode: Callable[[], dict[str, Mix]]) -> Iterator[None]:
        before, self._mode = self._mode, mode
        try:
            yield
        finally:
            self._mode = before


def _draw(alphas: Tensor, temperature: float) -> Mix:
    """Draw one option; again where the numbers overflow."""
    while True:
        gumbel = -torch.empty_like(alphas).exponential_().log()
        soft = torch.softmax((torch.log_softmax(alphas, dim=0) + gumbel) / temperature, dim=0)
        if torch.isfinite(gumbel).all() and torch.isfinite(soft).all():
            break
    index = int(soft.argmax())
    hard = torch.zeros_like(soft)
    hard[index] = 1
    weights = hard - soft.detach() + soft
    return Mix((index,), weights, (weights * (1 - hard)).sum())

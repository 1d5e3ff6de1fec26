"""Predicts scores from the decisions of architectures of any length (Liu 2018, section 3.4)."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from raynas.space import Architecture, Space, decisions_of
from raynas.space.architecture import canonical_json

Vector = npt.NDArray[np.float64]
Token = tuple[str, str, float]
"""A decision: the path without its numbers, the option, the position of an ordered one (0..1)."""


def tokens_of(space: Space, architecture: Architecture) -> list[Token]:
    """Write an architecture as the sequence of its decisions."""
    tokens = []
    for decision in decisions_of(space, architecture):
        index = architecture.picks[decision.path]
        place = re.sub(r"(^|/)\d+(?=/|$)", r"\1*", decision.path)
        scale = max(1, len(decision.options) - 1)
        position = index / scale if decision.ordered else 0.0
        tokens.append((place, canonical_json(decision.options[index]), position))
    return tokens


class Net(nn.Module):
    """Embeds each decision; an LSTM reads them in order, or an MLP takes their mean."""

    def __init__(self, places: int, options: int, width: int, kind: str) -> None:
        """`kind` is "lstm" or "mlp"; place and option 0 are for those never seen."""
        super().__init__()
        self.place = nn.Embedding(places, width)
        self.option = nn.Embedding(options, width)
        self.position = nn.Linear(1, width, bias=False)
        self.reader = nn.LSTM(width, width, batch_first=True) if kind == "lstm" else None
        self.head = nn.Sequential(
            nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
        )
        self.out = nn.Linear(width, 1)

    def forward(self, ids: Tensor, positions: Tensor, lengths: Tensor) -> Tensor:
        """Score sequences: ids (n, longest, 2), positions (n, longest), lengths (n,) -> (n,)."""
        embedded = self.place(ids[..., 0]) + self.option(ids[..., 1])
        embedded = embedded + self.position(positions[..., None])
        if self.reader is not None:
            states, _ = self.reader(embedded)
            read = states[torch.arange(len(ids)), lengths - 1]
            return torch.as_tensor(self.out(read)[:, 0])
        there = torch.arange(ids.shape[1]) < lengths[:, None]
        mean = (embedded * there[..., None]).sum(1) / lengths[:, None]
        return torch.as_tensor(self.out(self.head(mean))[:, 0])


class Ensemble:
    """MLPs and LSTMs in equal number, each fitted to four fifths of the data; their mean counts.

    As in the paper, except that the output is linear, since targets are not only accuracies, and
    that both kinds are in one ensemble.
    """

    def __init__(
        self,
        sequences: Sequence[Sequence[Token]],
        targets: Vector,
        *,
        members: int,
        epochs: int,
        seed: int,
        width: int = 32,
        learning_rate: float = 0.01,
        batch: int = 32,
    ) -> None:
        """Fit `members` nets of each kind to at least one sequence with its target."""
        self._places = _numbered(place for tokens in sequences for place, _, _ in tokens)
        self._options = _numbered(option for tokens in sequences for _, option, _ in tokens)
        data = self._encode(sequences)
        goal = torch.as_tensor(targets, dtype=torch.float32)
        self._nets: list[Net] = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for number in range(2 * members):
                kind = "mlp" if number % 2 else "lstm"
                net = Net(len(self._places) + 1, len(self._options) + 1, width, kind)
                order = torch.randperm(len(goal))
                held_out = order[: len(goal) // 5 if members > 1 else 0]
                kept = order[len(held_out) :]
                size = max(batch, len(kept) // 8)
                _fit(net, [part[kept] for part in data], goal[kept], epochs, learning_rate, size)
                self._nets.append(net)

    def __call__(self, sequences: Sequence[Sequence[Token]]) -> Vector:
        """Predict the target of each sequence."""
        data = self._encode(sequences)
        with torch.no_grad():
            predicted = torch.stack([net(*data) for net in self._nets]).mean(0)
        return predicted.numpy().astype(np.float64)

    def _encode(self, sequences: Sequence[Sequence[Token]]) -> list[Tensor]:
        longest = max(1, *(len(tokens) for tokens in sequences))
        ids = torch.zeros(len(sequences), longest, 2, dtype=torch.long)
        positions = torch.zeros(len(sequences), longest)
        for row, tokens in enumerate(sequences):
            for column, (place, option, position) in enumerate(tokens):
                ids[row, column, 0] = self._places.get(place, 0)
                ids[row, column, 1] = self._options.get(option, 0)
                positions[row, column] = position
        lengths = torch.tensor([max(1, len(tokens)) for tokens in sequences])
        return [ids, positions, lengths]


def _numbered(names: Iterator[str]) -> dict[str, int]:
    """Number different names from 1."""
    return {name: number for number, name in enumerate(dict.fromkeys(names), 1)}


def _fit(
    net: Net, data: list[Tensor], goal: Tensor, epochs: int, learning_rate: float, batch: int
) -> None:
    """Minimise the squared error with Adam, its rate falling to zero."""
    optimizer = torch.optim.Adam(net.parameters(), learning_rate, weight_decay=1e-4)
    steps = epochs * -(-len(goal) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(goal)), batch):
            loss = nn.functional.mse_loss(net(*(part[rows] for part in data)), goal[rows])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()

"""An LSTM that answers the decisions of a walk one after the other, and learns from rewards."""

import math
import operator
import zlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from raynas.space import Architecture, Decision, Space, until_legal, walk

START = 0.08
"""Weights start uniformly between -START and START (Zoph & Le 2017)."""
DRAWS = 50
"""Draws of a policy that may not be legal before it is left for chance."""
TABLES = ("asked", "picked", "head", "bias", "place")


@dataclass
class _Question:
    """A decision as the policy sees it, after others in a walk.

    `row` is its row in the table of decisions, `first` its first option's in that of options. Of a
    pointer, `anchors` has for each place the step (from 1; 0: the start) at which it was offered
    first, and `pairs` which option names which place.
    """

    row: int
    first: int
    count: int
    scope: str = ""
    anchors: list[int] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class _Step:
    """What sampling keeps of a step: walks that begin with the same picks use it again."""

    question: _Question
    states: list[Tensor]
    memory: Tensor
    logits: list[float]

    @cached_property
    def own(self) -> "_Chances":
        """What the policy draws from."""
        return _Chances.of(self.logits)


@dataclass(frozen=True)
class _Chances:
    """The options' probabilities: their logarithms, their sums up to each option, their entropy."""

    logs: list[float]
    sums: list[float]
    entropy: float

    @classmethod
    def of(cls, logits: Sequence[float], temperature: float = 1.0) -> "_Chances":
        most = max(logits)
        powers = [math.exp((logit - most) / temperature) for logit in logits]
        total = math.log(sum(powers))
        logs = [(logit - most) / temperature - total for logit in logits]
        chances = [math.exp(log) for log in logs]
        entropy = -sum(map(operator.mul, chances, logs))
        return cls(logs, list(accumulate(chances))[:-1], entropy)


class Controller(nn.Module):
    """The policy of Zoph & Le 2017 (arXiv:1611.01578) for any space.

    A step of the LSTM (one layer; the paper's has two) reads which decision is asked and what was
    picked last; the options' logits are a linear function of its state. A pointer decision adds
    content-based attention: place j gets v·tanh(W a_j + U h + e_j), with a_j the state when the
    place was offered for the first time; an option that names several places gets their sum. What
    belongs to a decision is made when the decision is first met, from the seed and its path, so
    that its start does not depend on what came before.
    """

    asked: nn.Parameter
    picked: nn.Parameter
    head: nn.Parameter
    bias: nn.Parameter
    place: nn.Parameter

    def __init__(self, units: int, seed: int, learning_rate: float) -> None:
        """Make one with so many units, that learns by Adam."""
        super().__init__()
        self._units, self._seed = units, seed
        self._rows: dict[str, tuple[int, int]] = {}
        self._steps: dict[tuple[int, ...], _Step] = {}
        self.lstm = nn.LSTM(units, units)
        self.anchor = nn.Linear(units, units, bias=False)
        self.query = nn.Linear(units, units, bias=False)
        self.attention = nn.Parameter(torch.zeros(units))
        for name in TABLES:
            self.register_parameter(name, nn.Parameter(torch.zeros(0, *self._shape(name))))
        for name, parameter in self.named_parameters():
            parameter.data = self._start(name, *parameter.shape)
        self._weights = list(self.lstm.parameters())
        self._zeros = torch.zeros(1, units)
        self._optimizer = torch.optim.Adam(self.parameters(), learning_rate, fused=True)

    def sample(
        self, space: Space, rng: np.random.Generator, temperature: float = 1.0
    ) -> tuple[Architecture, float, float]:
        """Draw an architecture.

        Returns it with the policy's mean entropy a decision (nats), and its probability under the
        policy divided by that under the temperature, which flattens the policy where it is above 1.

        Raises:
            Infeasible: `DRAWS` draws in a row are not legal.
        """
        return until_legal(lambda: self._draw(space, rng, temperature), DRAWS)

    def _draw(
        self, space: Space, rng: np.random.Generator, temperature: float
    ) -> tuple[Architecture, float, float]:
        picked: list[int] = []
        entropies: list[float] = []
        log_ratio = 0.0

        def pick(decision: Decision) -> int:
            nonlocal log_ratio
            step = self._step(tuple(picked), decision)
            drawn = step.own if temperature == 1 else _Chances.of(step.logits, temperature)
            index = bisect_right(drawn.sums, rng.random())
            entropies.append(step.own.entropy)
            log_ratio += step.own.logs[index] - drawn.logs[index]
            picked.append(index)
            return index

        with torch.no_grad():
            architecture, _ = walk(space, pick)
        mean = sum(entropies) / max(1, len(entropies))
        return architecture, mean, math.exp(log_ratio)

    def learn(
        self,
        decisions: Sequence[Decision],
        indices: Sequence[int],
        advantage: float,
        entropy: float,
    ) -> None:
        """Take one step up the gradient of advantage x log-probability + entropy x entropy."""
        if not decisions:
            return
        self._optimizer.zero_grad()
        torch.autograd.backward(-self.objective(decisions, indices, advantage, entropy))
        self._optimizer.step()
        self._steps.clear()

    def objective(
        self,
        decisions: Sequence[Decision],
        indices: Sequence[int],
        advantage: float,
        entropy: float,
    ) -> Tensor:
        """Return advantage x log-probability + entropy x entropy of a walk, a number."""
        questions: list[_Question] = []
        for decision in decisions:
            questions.append(self._question(questions, decision))
        rows = torch.tensor([q.row for q in questions])
        before = torch.tensor([q.first + i for q, i in zip(questions, indices, strict=True)])[:-1]
        inputs = self.asked[rows] + functional.pad(self.picked[before], (0, 0, 1, 0))
        states = functional.pad(self.lstm(inputs)[0], (0, 0, 1, 0))
        options = [row for q in questions for row in range(q.first, q.first + q.count)]
        step_of = [step for step, q in enumerate(questions, 1) for _ in range(q.count)]
        logits = (self.head[options] * states[step_of]).sum(dim=1) + self.bias[options]
        logits = self._pointed(logits, questions, states, range(1, len(questions) + 1))
        widest = max(q.count for q in questions)
        padded = logits.new_full((len(questions), widest), -1e9)
        padded[torch.arange(widest) < torch.tensor([[q.count] for q in questions])] = logits
        logs = padded.log_softmax(dim=1)
        chosen = logs.gather(1, torch.tensor(indices)[:, None]).sum()
        return advantage * chosen - entropy * (logs.exp() * logs).sum()

    def _step(self, prefix: tuple[int, ...], decision: Decision) -> _Step:
        """Ask a decision after those that were answered by `prefix`."""
        if prefix not in self._steps:
            last = self._steps[prefix[:-1]] if prefix else None
            asked = [self._steps[prefix[:end]].question for end in range(len(prefix))]
            question = self._question(asked, decision)
            inputs = self.asked[question.row]
            if last:
                inputs = inputs + self.picked[last.question.first + prefix[-1]]
            before = last.states if last else [self._zeros]
            state = (before[-1], last.memory if last else self._zeros)
            hidden, memory = torch.lstm_cell(inputs[None], state, *self._weights)
            states = [*before, hidden]
            rows = slice(question.first, question.first + question.count)
            logits = torch.addmv(self.bias[rows], self.head[rows], hidden[0])
            if question.pairs:
                logits = self._pointed(logits, [question], torch.cat(states), [len(states) - 1])
            self._steps[prefix] = _Step(question, states, memory, logits.tolist())
        return self._steps[prefix]

    def _question(self, asked: Sequence[_Question], decision: Decision) -> _Question:
        """Return a decision as it is asked after others."""
        count = len(decision.options)
        name = f"{count} {decision.path}"
        if name not in self._rows:
            self._rows[name] = len(self.asked), len(self.head)
            self._grow("asked", name, 1)
            for table in ("picked", "head", "bias"):
                self._grow(table, name, count)
        question = _Question(*self._rows[name], count)
        if not decision.pointer:
            return question
        named = [_places(option) for option in decision.options]
        question.scope = _scope(decision.path)
        earlier = (q.anchors for q in reversed(asked) if q.anchors and q.scope == question.scope)
        offered = 1 + max((place for places in named for place in places), default=-1)
        known = next(earlier, [])
        question.anchors = known + [len(asked)] * (offered - len(known))
        question.pairs = [(i, place) for i, places in enumerate(named) for place in places]
        while len(self.place) < len(question.anchors):
            self._grow("place", str(len(self.place)), 1)
        return question

    def _pointed(
        self, logits: Tensor, questions: Sequence[_Question], states: Tensor, steps: Sequence[int]
    ) -> Tensor:
        """Add what the attention gives to the logits, one question's after the other's.

        `states` has a row a step, after one of zeros; the question of a step sees the rows to it.
        """
        if not any(question.pairs for question in questions):
            return logits
        starts = np.cumsum([0, *(q.count for q in questions)]).tolist()
        named = [
            (start + option, q.anchors[place], place, step)
            for q, start, step in zip(questions, starts, steps, strict=False)
            for option, place in q.pairs
        ]
        option, anchor, place, step = torch.tensor(named).unbind(dim=1)
        seen = self.anchor(states)[anchor] + self.query(states)[step] + self.place[place]
        return logits.index_add(0, option, seen.tanh() @ self.attention)

    def _shape(self, table: str) -> tuple[int, ...]:
        return () if table == "bias" else (self._units,)

    def _start(self, name: str, *shape: int) -> Tensor:
        rng = np.random.default_rng([self._seed, zlib.crc32(name.encode())])
        return torch.from_numpy(rng.uniform(-START, START, shape).astype(np.float32))

    def _grow(self, table: str, name: str, rows: int) -> None:
        """Add rows to a table of weights, and to what Adam knows of it."""
        old: nn.Parameter = getattr(self, table)
        more = self._start(f"{table} {name}", rows, *self._shape(table))
        new = nn.Parameter(torch.cat([old.data, more]))
        setattr(self, table, new)
        (group,) = self._optimizer.param_groups
        group["params"] = [new if parameter is old else parameter for parameter in group["params"]]
        state = self._optimizer.state.pop(old, {})
        for moment in state.keys() & {"exp_avg", "exp_avg_sq"}:
            state[moment] = torch.cat([state[moment], torch.zeros_like(more)])
        if state:
            self._optimizer.state[new] = state


def _places(option: object) -> list[int]:
    """List the earlier places that a pointer's option names."""
    named = option if isinstance(option, list | tuple) else [option]
    return [place for place in named if type(place) is int and place >= 0]


def _scope(path: str) -> str:
    """Return what comes before the first number: places are numbered within it."""
    steps = path.split("/")
    first = next((i for i, step in enumerate(steps) if step.isdigit()), len(steps) - 1)
    return "/".join(steps[:first])

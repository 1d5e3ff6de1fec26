"""An LSTM that answers the decisions of a walk one after the other, and learns from rewards."""

import zlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from raynas.space import Architecture, Decision, Space, walk
from raynas.strategies.blocks import Block

Vector = npt.NDArray[np.float64]


@dataclass
class _Step:
    """What one decision left behind, for the gradient."""

    decision: Block
    previous: tuple[Block, int] | None
    index: int
    inputs: Vector
    gates: Vector
    squashed: Vector
    memory: Vector
    state: Vector
    logits: Vector
    scope: str
    places: list[list[int]]
    anchors: list[int]
    glances: Vector
    after: dict[int, "_Step"] = field(default_factory=dict)  # the next step, by what is picked

    @cached_property
    def chances(self) -> Vector:
        """The probability of each option."""
        return _softmax(self.logits)

    @cached_property
    def logs(self) -> Vector:
        """Their logarithms."""
        logs: Vector = np.log(self.chances + 1e-300)
        return logs

    @cached_property
    def entropy(self) -> float:
        """Their entropy (nats)."""
        return -float(self.chances @ self.logs)


class Controller:
    """The policy of Zoph & Le 2017 (arXiv:1611.01578) for any space, in numpy.

    A step of the LSTM (one layer) reads which decision is asked and what was picked last; the
    options' logits are a linear function of its state. A pointer decision adds content-based
    attention: place j gets v·tanh(W a_j + U h + e_j), with a_j the state when the place was offered
    for the first time; an option that names several places gets their sum. What belongs to a
    decision is made when the decision is first met, from the seed and its path, so that its start
    does not depend on what came before.
    """

    def __init__(self, units: int, seed: int) -> None:
        """Make one with so many units a layer."""
        self.units = units
        self.seed = seed
        self._blocks: dict[str, Block] = {}
        self._first: dict[int, _Step] = {}

    def sample(
        self, space: Space, rng: np.random.Generator, temperature: float = 1.0
    ) -> tuple[Architecture, float]:
        """Draw an architecture; return it with the policy's mean entropy a decision (nats).

        Until something is learned, steps that begin with the same picks are computed once, those
        of `learn` included.
        """
        steps: list[_Step] = []
        entropies: list[float] = []

        def pick(decision: Decision) -> int:
            step = self._step(steps, decision)
            chances = step.chances if temperature == 1 else _softmax(step.logits / temperature)
            entropies.append(step.entropy)
            step.index = bisect_right(chances.cumsum()[:-1].tolist(), rng.random())
            return step.index

        architecture, _ = walk(space, pick)
        return architecture, sum(entropies) / max(1, len(entropies))

    def learn(
        self,
        decisions: Sequence[Decision],
        indices: Sequence[int],
        advantage: float,
        entropy: float,
        learning_rate: float,
    ) -> None:
        """Take one step up the gradient of advantage x log-probability + entropy x entropy."""
        if not decisions:
            return
        steps: list[_Step] = []
        for decision, index in zip(decisions, indices, strict=True):
            self._step(steps, decision).index = index
        self._backward(steps, advantage, entropy)
        touched = {id(block): block for step in steps for block in self._used(step)}
        for block in touched.values():
            block.adam(learning_rate)
        self._first = {}

    def _block(self, name: str, **shapes: tuple[int, ...]) -> Block:
        block = self._blocks.get(name)
        if block is None:
            rng = np.random.default_rng([self.seed, zlib.crc32(name.encode())])
            block = self._blocks[name] = Block(rng, shapes)
        return block

    def _recurrent(self) -> Block:
        return self._block("lstm", w=(4 * self.units, 2 * self.units), b=(4 * self.units,))

    def _attention(self) -> Block:
        square = (self.units, self.units)
        return self._block("attention", anchor=square, state=square, v=(self.units,))

    def _place(self, place: int) -> Block:
        return self._block(f"place {place}", e=(self.units,))

    def _used(self, step: _Step) -> list[Block]:
        pointed = [self._attention(), *map(self._place, range(len(step.anchors)))]
        before = [step.previous[0]] if step.previous else []
        return [self._recurrent(), step.decision, *before, *(pointed if step.anchors else [])]

    def _step(self, steps: list[_Step], decision: Decision) -> _Step:
        """Ask for one more decision; the caller fills in the index."""
        after, index = (steps[-1].after, steps[-1].index) if steps else (self._first, 0)
        if index not in after:
            after[index] = self._computed(steps, decision)
        steps.append(after[index])
        return steps[-1]

    def _computed(self, steps: list[_Step], decision: Decision) -> _Step:
        """Let the LSTM read what came before, and the head and the attention answer."""
        u, count = self.units, len(decision.options)
        own = self._block(
            f"decision {count} {decision.path}",
            asked=(u,),
            head=(count, u),
            bias=(count,),
            picked=(count, u),
        )
        last = steps[-1] if steps else None
        previous = (last.decision, last.index) if last else None
        x = own["asked"] + last.decision["picked"][last.index] if last else own["asked"]
        inputs = np.concatenate([x, last.state if last else np.zeros(u)])
        lstm = self._recurrent()
        gates = lstm["w"] @ inputs + lstm["b"]
        gates[: 3 * u] = 0.5 * np.tanh(0.5 * gates[: 3 * u]) + 0.5
        gates[3 * u :] = np.tanh(gates[3 * u :])
        memory = gates[:u] * gates[3 * u :]
        if last:
            memory += gates[u : 2 * u] * last.memory
        squashed = np.tanh(memory)
        state = gates[2 * u : 3 * u] * squashed
        logits = own["head"] @ state + own["bias"]
        places = [_places(option) for option in decision.options] if decision.pointer else []
        scope = _scope(decision.path) if decision.pointer else ""
        anchors, glances = self._glance(steps, state, places, scope)
        if anchors:
            looks = (glances @ self._attention()["v"]).tolist()
            logits += [sum(looks[place] for place in named) for named in places]
        return _Step(
            own,
            previous,
            0,
            inputs,
            gates,
            squashed,
            memory,
            state,
            logits,
            scope,
            places,
            anchors,
            glances,
        )

    def _glance(
        self, steps: list[_Step], state: Vector, places: list[list[int]], scope: str
    ) -> tuple[list[int], Vector]:
        """Look at each place; return the steps (1 and up; 0: the start) of the anchors, too."""
        offered = 1 + max((place for named in places for place in named), default=-1)
        if not offered:
            return [], np.zeros((0, self.units))
        anchors = next((s.anchors for s in reversed(steps) if s.anchors and s.scope == scope), [])
        anchors = anchors + [len(steps)] * (offered - len(anchors))
        states = np.stack([steps[i - 1].state if i else np.zeros(self.units) for i in anchors])
        names = np.stack([self._place(place)["e"] for place in range(len(anchors))])
        attention = self._attention()
        return anchors, np.tanh(states @ attention["anchor"].T + attention["state"] @ state + names)

    def _backward(self, steps: list[_Step], advantage: float, entropy: float) -> None:
        """Add the gradient of what `learn` describes (to descend: negated) to the blocks."""
        u, count = self.units, len(steps)
        lstm = self._recurrent()
        above = np.zeros((count, u))  # of the loss by each state, from later steps
        memory_above = np.zeros(u)
        i, f, o, g = np.stack([step.gates for step in steps]).reshape(count, 4, u).swapaxes(0, 1)
        squashed = np.stack([step.squashed for step in steps])
        before = np.stack([np.zeros(u), *(step.memory for step in steps[:-1])])
        by_memory = o * (1 - squashed**2)
        slopes = [g * i * (1 - i), before * f * (1 - f), squashed * o * (1 - o), i * (1 - g**2)]
        d_gates = np.stack(slopes, axis=1)  # (steps, 4, units), yet to be multiplied
        for t in reversed(range(count)):
            step = steps[t]
            slope = step.chances * (advantage + entropy * (step.logs + step.entropy))
            slope[step.index] -= advantage
            own = step.decision
            own.gradient["head"] += slope[:, None] * step.state
            own.gradient["bias"] += slope
            d_state = above[t] + slope @ own["head"]
            if step.anchors:
                d_state += self._attend_backward(steps, step, slope, above)
            d_memory = memory_above + d_state * by_memory[t]
            d_gates[t, 2] *= d_state
            d_gates[t, :2] *= d_memory
            d_gates[t, 3] *= d_memory
            memory_above = d_memory * f[t]
            d_inputs = d_gates[t].ravel() @ lstm["w"]
            own.gradient["asked"] += d_inputs[:u]
            if step.previous:
                block, index = step.previous
                block.gradient["picked"][index] += d_inputs[:u]
                above[t - 1] += d_inputs[u:]
        d_gates = d_gates.reshape(count, 4 * u)
        lstm.gradient["b"] += d_gates.sum(axis=0)
        lstm.gradient["w"] += d_gates.T @ np.stack([step.inputs for step in steps])

    def _attend_backward(
        self, steps: list[_Step], step: _Step, slope: Vector, above: Vector
    ) -> Vector:
        """Add the attention's gradients; return that of the step's own state."""
        attention = self._attention()
        weights = np.zeros(len(step.anchors))
        for option, named in enumerate(step.places):
            for place in named:
                weights[place] += slope[option]
        attention.gradient["v"] += weights @ step.glances
        inner = weights[:, None] * attention["v"] * (1 - step.glances**2)
        for place, anchor in enumerate(step.anchors):
            self._place(place).gradient["e"] += inner[place]
            if anchor:
                attention.gradient["anchor"] += inner[place][:, None] * steps[anchor - 1].state
                above[anchor - 1] += inner[place] @ attention["anchor"]
        total: Vector = inner.sum(axis=0)
        attention.gradient["state"] += total[:, None] * step.state
        through: Vector = total @ attention["state"]
        return through


def _places(option: object) -> list[int]:
    """List the earlier places that a pointer's option names."""
    named = option if isinstance(option, list | tuple) else [option]
    return [place for place in named if type(place) is int and place >= 0]


def _scope(path: str) -> str:
    """Return what comes before the first number: places are numbered within it."""
    steps = path.split("/")
    first = next((i for i, step in enumerate(steps) if step.isdigit()), len(steps) - 1)
    return "/".join(steps[:first])


def _softmax(logits: Vector) -> Vector:
    powers: Vector = np.exp(logits - np.maximum.reduce(logits))
    chances: Vector = powers / np.add.reduce(powers)
    return chances

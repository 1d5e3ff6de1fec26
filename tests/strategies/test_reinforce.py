"""The controller's gradient is right, it learns, and it reads pointers by their content."""

from typing import Any

import numpy as np
import pytest
from strategy_cases import ask, drive, tell

from raynas.space import Architecture, Choice, Pick, Record, choose, decisions_of
from raynas.strategies import RandomSearch, Reinforce
from raynas.strategies.controller import Controller

SPACE = Record({f"x{i}": Choice(range(6)) for i in range(8)})


def sum_of(architecture: Architecture) -> float:
    return float(sum(architecture.value.values()))


def cell(pick: Pick) -> Any:
    """Single pointers, pointers to several places, and options that name none."""
    nodes = []
    for i in range(3):
        one = choose(pick, f"cell/{i}/from", list(range(i + 2)), pointer=True)
        more = choose(pick, f"cell/{i}/also", [[], [0, 1], [0, i + 1]], pointer=True)
        nodes.append([one, more, choose(pick, f"cell/{i}/op", ["conv", "pool", "skip"])])
    return nodes


def test_the_gradient_is_that_of_the_objective() -> None:
    controller, rng = Controller(5, seed=0), np.random.default_rng(0)
    architecture, _ = controller.sample(cell, rng)
    decisions = decisions_of(cell, architecture)
    indices = [architecture.picks[d.path] for d in decisions]

    def steps_and_loss() -> tuple[Any, float]:
        steps: list[Any] = []
        loss = 0.0
        controller._first = {}  # the weights are others
        for decision, index in zip(decisions, indices, strict=True):
            step = controller._step(steps, decision)
            step.index = index
            loss -= 0.7 * float(step.logs[index]) + 0.3 * step.entropy
        return steps, loss

    steps, _ = steps_and_loss()
    for block in controller._blocks.values():
        block._values *= 5
    steps, _ = steps_and_loss()
    controller._backward(steps, 0.7, 0.3)
    for name, block in controller._blocks.items():
        for place in rng.integers(len(block._values), size=8):
            before = block._values[place]
            losses = []
            for shift in (1e-5, -1e-5):
                block._values[place] = before + shift
                losses.append(steps_and_loss()[1])
            block._values[place] = before
            slope = (losses[0] - losses[1]) / 2e-5
            assert slope == pytest.approx(block._gradients[place], abs=1e-8), name


def test_it_beats_random_search() -> None:
    def best(strategy: Any) -> float:
        return max(sum_of(p.architecture) for p in drive(strategy, 250, sum_of))

    fast = {"controller_learning_rate": 0.01}
    learned = [best(Reinforce(SPACE, seed=seed, **fast)) for seed in range(3)]
    drawn = [best(RandomSearch(SPACE, seed=seed)) for seed in range(3)]
    assert min(learned) > max(drawn)


def test_the_notes_say_entropy_and_baseline() -> None:
    proposals = drive(Reinforce(SPACE, controller_learning_rate=0.02), 200, sum_of)
    assert proposals[0].notes == {"entropy": pytest.approx(np.log(6), abs=0.01), "baseline": 0.5}
    assert proposals[-1].notes["entropy"] < 1
    assert proposals[-1].notes["baseline"] > 0.6


def test_the_metrics_unit_does_not_matter() -> None:
    one, other = (Reinforce(SPACE, controller_learning_rate=0.01) for _ in range(2))
    one, other = drive(one, 40, sum_of), drive(other, 40, lambda a: 1e6 * sum_of(a) - 5)
    assert [p.architecture for p in one] == [p.architecture for p in other]


def test_an_update_needs_no_barrier() -> None:
    strategy = Reinforce(SPACE)
    pending = [ask(strategy) for _ in range(30)]
    for proposal in reversed(pending):
        tell(strategy, proposal.number, sum_of(proposal.architecture))
        ask(strategy)
        assert strategy._learned == len(strategy.history)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 0}, "units: expected an integer from 1, got 0"),
        (
            {"controller_learning_rate": 0.0},
            "learning_rate: .* a number above 0, got 0.0",
        ),
        ({"baseline_decay": 1.0}, "baseline_decay: expected a number from 0 to below 1, got 1.0"),
        ({"entropy": -1.0}, "entropy: expected a number from 0, got -1.0"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Reinforce(SPACE, **options)

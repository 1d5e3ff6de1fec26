"""The controller draws from what it learns, and reads pointers by their content."""

from typing import Any

import numpy as np
import pytest
from strategy_cases import ask, drive, tell

from raynas.space import Architecture, Choice, Decision, Pick, Record, Space, choose, decisions_of
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


def learned(space: Space, steps: int = 20) -> Controller:
    controller, rng = Controller(5, seed=0, learning_rate=0.05), np.random.default_rng(0)
    for step in range(steps):
        architecture, _, _ = controller.sample(space, rng)
        controller.learn(*asked(space, architecture), float(step % 3) - 1, 0.01)
    return controller


def asked(space: Space, architecture: Architecture) -> tuple[list[Decision], list[int]]:
    decisions = decisions_of(space, architecture)
    return decisions, [architecture.picks[decision.path] for decision in decisions]


def log_probability(controller: Controller, space: Space, architecture: Architecture) -> float:
    return float(controller.objective(*asked(space, architecture), 1.0, 0.0).detach())


@pytest.mark.parametrize("space", [cell, SPACE], ids=["cell", "record"])
def test_what_is_learned_is_the_policy_that_is_drawn_from(space: Space) -> None:
    """Drawing goes step by step, learning takes all at once: the probabilities are the same."""
    controller, rng = learned(space), np.random.default_rng(1)
    for _ in range(10):
        architecture, entropy, ratio = controller.sample(space, rng)
        decisions, indices = asked(space, architecture)
        told = float(controller.objective(decisions, indices, 0.0, 1.0).detach())
        assert ratio == 1
        assert told / len(decisions) == pytest.approx(entropy, abs=1e-5)
    flat = [controller.sample(space, rng, temperature=1e9) for _ in range(10)]
    for architecture, _, ratio in flat:
        options = [len(decision.options) for decision in decisions_of(space, architecture)]
        uniform = -float(np.log(options).sum())
        own = log_probability(controller, space, architecture)
        assert np.log(ratio) == pytest.approx(own - uniform, abs=1e-4)


def test_drawing_follows_the_probabilities() -> None:
    space = Record(a=Choice([0, 1]), b=Choice([0, 1]))
    controller, rng = learned(space), np.random.default_rng(2)
    drawn = [controller.sample(space, rng)[0] for _ in range(4000)]
    for architecture in {a.id: a for a in drawn}.values():
        expected = np.exp(log_probability(controller, space, architecture))
        assert drawn.count(architecture) / 4000 == pytest.approx(expected, abs=0.04)


def test_a_good_reward_makes_a_walk_more_likely_and_a_bad_one_less() -> None:
    for advantage in (1.0, -1.0):
        controller, rng = learned(cell), np.random.default_rng(3)
        architecture, _, _ = controller.sample(cell, rng)
        before = log_probability(controller, cell, architecture)
        controller.learn(*asked(cell, architecture), advantage, 0.0)
        after = log_probability(controller, cell, architecture)
        assert (after - before) * advantage > 0


def test_how_a_decision_starts_does_not_depend_on_what_was_met_before() -> None:
    one, other = (Controller(5, seed=7, learning_rate=0.1) for _ in range(2))
    longer = Record(z=Choice([1, 2, 3]), **{f"x{i}": Choice(range(6)) for i in range(8)})
    other.sample(longer, np.random.default_rng(0))
    architecture, _, _ = one.sample(SPACE, np.random.default_rng(0))
    chance = log_probability(one, SPACE, architecture)
    assert log_probability(other, SPACE, architecture) == pytest.approx(chance, abs=1e-6)


def test_what_a_flattened_policy_drew_counts_as_much_as_the_policy_would_have_drawn_it() -> None:
    space = Record(a=Choice(range(4)), b=Choice(range(4)))
    strategy = Reinforce(space, controller_learning_rate=0.3, entropy=0.0)
    proposals = drive(strategy, 14, sum_of)
    weights = [proposal.notes.get("weight", 0.0) for proposal in proposals]
    assert weights[0] == 1
    assert min(weights) < 0.05
    assert all(0 <= weight <= 1 for weight in weights)
    taught = [strategy._weight(e) for e in strategy.history]
    assert all(weight in (0, 1) for e, weight in zip(strategy.history, taught, strict=True)
               if e.repeated)  # fmt: skip


def test_it_beats_random_search() -> None:
    def best(strategy: Any) -> float:
        return max(sum_of(p.architecture) for p in drive(strategy, 250, sum_of))

    fast = {"controller_learning_rate": 0.01}
    learned = [best(Reinforce(SPACE, seed=seed, **fast)) for seed in range(3)]
    drawn = [best(RandomSearch(SPACE, seed=seed)) for seed in range(3)]
    assert min(learned) > max(drawn)


def test_the_notes_say_entropy_and_baseline() -> None:
    proposals = drive(Reinforce(SPACE, controller_learning_rate=0.02), 200, sum_of)
    assert proposals[0].notes == {
        "entropy": pytest.approx(np.log(6), abs=0.01),
        "baseline": 0.5,
        "weight": 1.0,
    }
    late = [proposal.notes for proposal in proposals[-100:] if proposal.notes]
    assert np.mean([notes["entropy"] for notes in late]) < 0.8 * np.log(6)
    assert np.mean([notes["baseline"] for notes in late]) > 0.6


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

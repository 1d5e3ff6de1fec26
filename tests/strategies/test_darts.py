"""Differentiable search: pairs of a supernet and the architecture that it derives."""

from typing import Any

import numpy as np
import pytest
from strategy_cases import SPACES, ask, drive, tell

from raynas.options.supernet_options import METHODS
from raynas.space import Architecture, Choice, Record, Repeat, replay, sample
from raynas.space.relaxation import relax
from raynas.strategies import Darts
from raynas.tune import StrategySearcher

SPACE = SPACES["cells"]


def architecture(seed: int) -> Architecture:
    return sample(SPACE, np.random.default_rng(seed))


def test_a_supernet_then_what_it_derived_then_nothing_in_a_run_of_two() -> None:
    strategy = Darts(SPACE)
    supernet = strategy.ask(2)
    assert supernet is not None
    assert supernet.architecture == relax(SPACE)
    assert supernet.supernet is not None
    assert strategy.ask(1) is None
    assert not strategy.exhausted
    tell(strategy, 0, None, derived=architecture(5))
    derived = strategy.ask(1)
    assert derived is not None
    assert derived.architecture == architecture(5)
    assert (derived.parents, derived.supernet) == ((0,), None)
    assert strategy.ask(0) is None
    assert not strategy.exhausted
    tell(strategy, 1, 0.9)
    assert strategy.ask(0) is None
    assert strategy.exhausted


def test_as_many_supernets_at_a_time_as_there_is_room_for_their_architectures() -> None:
    strategy = Darts(SPACE)
    assert [strategy.ask(room) is not None for room in (5, 4, 3)] == [True, True, False]
    tell(strategy, 1, None, derived=architecture(1))
    assert ask(strategy).architecture == architecture(1)
    tell(strategy, 0, None, derived=architecture(1))
    assert strategy.ask(2) is not None, "what two supernets derive is trained once"


@pytest.mark.parametrize("derived", [None, "", "{}", 7, "no JSON"])
def test_a_supernet_that_came_to_nothing_has_no_successor(derived: Any) -> None:
    strategy = Darts(SPACE, metric="acc")
    searcher = StrategySearcher(strategy)
    searcher.suggest("a")
    searcher.on_trial_complete(trial_id="a", result={"acc": 0.5, "derived": derived})
    assert [e.derived for e in strategy.history] == [None]
    assert ask(strategy).supernet is not None
    assert strategy.ask(1) is None


def test_an_architecture_that_failed_is_not_tried_again() -> None:
    strategy = Darts(SPACE)
    drive(strategy, 1)
    tell(strategy, ask(strategy).number, None)
    assert [ask(strategy).supernet is None for _ in range(3)] == [False, False, False]


def test_a_dropped_architecture_is_proposed_again() -> None:
    strategy = Darts(SPACE)
    drive(strategy, 1)
    first = ask(strategy)
    strategy.drop(first.number)
    assert ask(strategy).architecture == first.architecture


def test_a_method_sets_options_and_an_option_wins() -> None:
    plain = Darts(SPACE, method="darts").options.model_dump()
    assert plain["beta_decay"] == 0
    for method, own in METHODS.items():
        options = Darts(SPACE, method=method).options  # type: ignore[arg-type]  # a Literal
        assert options.model_dump() == {**plain, "method": method, **own}
    assert Darts(SPACE, method="beta-darts", beta_decay=7).options.beta_decay == 7
    assert Darts(SPACE, method="gdas", sampling=None).options.sampling, "as if it were not set"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "dart"}, "method: expected one of darts, gdas, .*, got 'dart'"),
        ({"order": 3}, "order: expected 1 or 2, got 3"),
        ({"order": 2, "method": "gdas"}, "order: sampling .* goes with order 1 only"),
        ({"sampling": True, "method": "pc-darts"}, "channels_part: sampling .* all channels only"),
        ({"selection": "best"}, "selection: expected strength or perturbation, got 'best'"),
        ({"supernet_epochs": 0}, "supernet_epochs: expected an integer from 1, got 0"),
        ({"channels_part": 0}, "channels_part: expected an integer from 1, got 0"),
        ({"alphas_from": 1}, "alphas_from: expected a number from 0 to below 1, got 1"),
        ({"beta_decay": -1}, "beta_decay: expected a number from 0, got -1"),
        ({"weights_clip": 0}, "weights_clip: expected a number above 0, got 0"),
        ({"tuning_epochs": -1}, "tuning_epochs: expected an integer from 0, got -1"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Darts(SPACE, **options)


@pytest.mark.parametrize("space", [SPACES["function"], SPACES["ordered"], Record()])
def test_a_space_that_cannot_be_relaxed(space: Any) -> None:
    strategy = Darts(space)
    with pytest.raises(ValueError, match=r"the space cannot be relaxed into a supernet: "):
        strategy.check_space()


def test_chains_cannot_be_sampled() -> None:
    layer = Record(type="dense", units=Choice([4, 8]), activation="relu")
    with pytest.raises(ValueError, match=r"sampling \(as in gdas\) goes with cells only, and"):
        Darts(Record(layers=Repeat(layer, 1, 2)), method="gdas").check_space()


def test_what_is_derived_is_of_the_space() -> None:
    for proposal in drive(Darts(SPACE), 6)[1::2]:
        assert replay(SPACE, proposal.architecture.picks) == proposal.architecture

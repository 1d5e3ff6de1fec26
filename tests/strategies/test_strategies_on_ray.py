"""Each strategy inside a user's own `tune.Tuner`, with the user's own trainable, on a real Ray."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray import tune
from strategy_cases import SAMPLERS, home, make

from raynas.space import Choice, Record, sample
from raynas.strategies import STRATEGIES, Strategy
from raynas.tune import StrategySearcher

pytestmark = pytest.mark.usefixtures("ray_cluster")


def fit(strategy: Strategy, storage: Path, trials: int, **options: Any) -> tune.ResultGrid:
    space = strategy.space

    def trainable(config: dict[str, Any]) -> None:
        """Score an architecture, in two reports; number 7 is broken."""
        if config["number"] == 7:
            raise RuntimeError("this architecture cannot be built")
        if "supernet" in config:
            derived = sample(space, np.random.default_rng(config["number"])).to_json()
            tune.report({"acc": 0.0, "loss": 0.0, "derived": derived})
            return
        score = int(config["architecture_id"][:8], 16) / 16**8
        for epoch in (1, 2):
            tune.report({"acc": score * epoch / 2, "loss": 1 - score})

    tuner = tune.Tuner(
        tune.with_resources(trainable, {"cpu": 1}),
        tune_config=tune.TuneConfig(
            search_alg=StrategySearcher(strategy),
            num_samples=trials,
            reuse_actors=True,
            trial_dirname_creator=lambda trial: str(trial.trial_id),
            **options,
        ),
        run_config=tune.RunConfig(storage_path=str(storage), name="own", verbose=0),
    )
    return tuner.fit()


def architectures(grid: tune.ResultGrid) -> list[str]:
    configs = [grid[place].config for place in range(len(grid))]
    return [c["architecture_id"] for c in configs if c is not None and "supernet" not in c]


@pytest.mark.parametrize("name", STRATEGIES)
def test_all_trials_run_and_none_twice(name: str, tmp_path: Path) -> None:
    grid = fit(make(name, home(name, "conditional"), metric="acc"), tmp_path, 4)
    ids = architectures(grid)
    assert len(set(ids)) == len(ids) == (4 if name in SAMPLERS else 2)
    assert len(grid) == 4
    assert grid.num_errors == 0


@pytest.mark.parametrize("name", SAMPLERS)
def test_two_at_a_time_until_the_space_is_exhausted_and_one_fails(
    name: str, tmp_path: Path
) -> None:
    space = Record(op=Choice(["conv", "pool", "skip"]), width=Choice([8, 16, 32], ordered=True))
    strategy = make(name, space, metric="loss", mode="min")
    grid = fit(strategy, tmp_path, 1000, max_concurrent_trials=2)
    assert len(set(architectures(grid))) == len(grid) == 9
    assert grid.num_errors == 1

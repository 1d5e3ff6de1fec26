"""Each strategy inside a user's own `tune.Tuner`, with the user's own trainable, on a real Ray."""

from pathlib import Path
from typing import Any

import pytest
from ray import tune
from strategy_cases import SPACES, make

from raynas.strategies import STRATEGIES, Strategy

TRIALS = 12

pytestmark = [
    pytest.mark.usefixtures("ray_cluster"),
    pytest.mark.parametrize("name", STRATEGIES),
]


def fit(strategy: Strategy, storage: Path, trials: int, **options: Any) -> tune.ResultGrid:
    def trainable(config: dict[str, Any]) -> None:
        """Score an architecture, in two reports; number 7 is broken."""
        if config["number"] == 7:
            raise RuntimeError("this architecture cannot be built")
        score = int(config["architecture_id"][:8], 16) / 16**8
        for epoch in (1, 2):
            tune.report({"acc": score * epoch / 2, "loss": 1 - score})

    tuner = tune.Tuner(
        tune.with_resources(trainable, {"cpu": 1}),
        tune_config=tune.TuneConfig(
            search_alg=strategy,
            num_samples=trials,
            reuse_actors=True,
            trial_dirname_creator=lambda trial: str(trial.trial_id),
            **options,
        ),
        run_config=tune.RunConfig(storage_path=str(storage), name="own", verbose=0),
    )
    return tuner.fit()


def architectures(grid: tune.ResultGrid) -> list[str]:
    return [result.config["architecture_id"] for result in grid if result.config is not None]


@pytest.mark.parametrize("concurrent", [None, 2])
def test_all_trials_run_and_none_twice(name: str, concurrent: int | None, tmp_path: Path) -> None:
    strategy = make(name, SPACES["conditional"], metric="acc")
    grid = fit(strategy, tmp_path, TRIALS, max_concurrent_trials=concurrent)
    assert len(set(architectures(grid))) == len(grid) == TRIALS
    assert grid.num_errors == 1
    best = grid.get_best_result(metric="acc", mode="max")
    scores = {result.config["number"]: result.metrics.get("acc") for result in grid}
    assert best.metrics["acc"] == max(score for score in scores.values() if score is not None)


def test_tune_says_metric_and_mode_and_an_exhausted_space_ends_the_search(
    name: str, tmp_path: Path
) -> None:
    space = SPACES["conditional"]
    strategy = make(name, space, metric="loss", mode="min")
    grid = fit(strategy, tmp_path, 1000, max_concurrent_trials=2)
    assert len(set(architectures(grid))) == len(grid) == 60

"""Strategies as Ray Tune searchers, in your own `tune.Tuner` with your own trainable.

    from ray import tune
    from raynas.tune import RegularizedEvolution

    search_alg = RegularizedEvolution(space, metric="score", mode="max", population=20)
    tune.Tuner(trainable, tune_config=tune.TuneConfig(search_alg=search_alg, num_samples=100))

The trainable finds `config["architecture"]` (plain data), `config["architecture_id"]` and
`config["number"]`, and reports the metric; `"finished": False` in its last result marks an early
stop. Where there is a `config["supernet"]` it trains that supernet and reports "derived", too: an
`Architecture.to_json()`.
"""

import inspect
import pickle
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, cast

from ray.tune.search import Searcher

from raynas import strategies
from raynas.space import Architecture
from raynas.strategies import Proposal, Result, Strategy

__all__ = [
    "FINISHED",
    "BayesianOptimization",
    "Darts",
    "GreedySearch",
    "GridSearch",
    "OptunaSearch",
    "ProgressiveSearch",
    "RandomSearch",
    "RegularizedEvolution",
    "Reinforce",
    "Runner",
    "StrategySearcher",
    "searcher",
    "trial_config",
]

FINISHED = Searcher.FINISHED
"""What a searcher suggests when there is nothing left to try."""

P = ParamSpec("P")


class Runner(Protocol):
    """Who stands between a strategy and Tune: keeps the record, limits what runs at a time."""

    def suggest(self) -> dict[str, Any] | str | None:
        """Return the config of the next trial, None to wait, or `FINISHED`."""


class StrategySearcher(Searcher):
    """A strategy as a Ray Tune searcher.

    Tune may call `on_trial_complete` twice, or with no result, and takes a finished trial for a
    failed one if it raises: so it does nothing for a trial that it does not know, and never raises.
    """

    def __init__(self, strategy: Strategy, runner: Runner | None = None) -> None:
        """Hand out what a strategy proposes, or what its `runner` does, who is told the results."""
        super().__init__(metric=strategy.options.metric, mode=strategy.options.mode)
        self.strategy = strategy
        self._runner = runner
        self._trials: dict[str, int] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave a runner, which keeps its own record, out of Tune's snapshot."""
        return {} if self._runner is not None else dict(vars(self))

    def set_search_properties(
        self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any
    ) -> bool:
        """Take metric and mode from `tune.TuneConfig`, where they are given there."""
        properties = {"metric": metric or self.metric, "mode": mode or self.mode}
        super().__init__(**properties)  # which is how a searcher says them
        options = self.strategy.options
        self.strategy.options = options.checked({**options.model_dump(), **properties})
        return True

    def suggest(self, trial_id: str) -> Any:
        """Propose the config of a trial; None to wait, `FINISHED` when the space is exhausted."""
        if self._runner is not None:
            return self._runner.suggest()
        proposal = self.strategy.ask()
        if proposal is None:
            return FINISHED if self.strategy.exhausted else None
        self._trials[trial_id] = proposal.number
        return trial_config(proposal)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Take the final result of a trial."""
        number = self._trials.pop(trial_id, None)
        if number is None:
            return
        if result is None and not error:
            self.strategy.drop(number)
        else:
            self.strategy.tell(number, _read_result(result or {}, str(self.metric), error))

    def save(self, checkpoint_path: str) -> None:
        """Write the history and what is pending (not the space) to a file."""
        if self._runner is None:
            with open(checkpoint_path, "wb") as file:
                pickle.dump({"strategy": self.strategy.state(), "trials": self._trials}, file)

    def restore(self, checkpoint_path: str) -> None:
        """Read what `save` wrote."""
        with open(checkpoint_path, "rb") as file:
            state = pickle.load(file)
        self.strategy.load_state(state["strategy"])
        self._trials = state["trials"]


def trial_config(proposal: Proposal) -> dict[str, Any]:
    """Return the Tune config of a proposal: JSON data."""
    supernet = proposal.supernet
    return {
        "architecture": proposal.architecture.value,
        "architecture_id": proposal.architecture.id,
        "number": proposal.number,
        **({} if supernet is None else {"supernet": supernet.model_dump()}),
    }


def _read_result(result: dict[str, Any], metric: str, error: bool) -> Result:
    """Read what a trainable reported; without a number under the metric it has failed."""
    value = None if error else result.get(metric)
    try:
        score = None if value is None or isinstance(value, str) else float(value)
    except (OverflowError, TypeError, ValueError):
        score = None
    try:
        derived = None if error else Architecture.from_json(result["derived"])
    except (KeyError, TypeError, ValueError):
        derived = None
    return Result(score, finished=bool(result.get("finished", True)), derived=derived)


def searcher(strategy: Callable[P, Strategy]) -> Callable[P, StrategySearcher]:
    """Make the searcher class of a strategy class, with the same arguments."""

    def begin(self: StrategySearcher, *args: P.args, **options: P.kwargs) -> None:
        StrategySearcher.__init__(self, strategy(*args, **options))

    kind = cast(type[Strategy], strategy)
    body = {"__init__": begin, "__doc__": kind.__doc__, "__module__": __name__}
    made = type(kind.__name__, (StrategySearcher,), body)
    begin.__signature__ = inspect.signature(kind.__init__)  # type: ignore[attr-defined]
    return made


RandomSearch = searcher(strategies.RandomSearch)
GridSearch = searcher(strategies.GridSearch)
GreedySearch = searcher(strategies.GreedySearch)
RegularizedEvolution = searcher(strategies.RegularizedEvolution)
ProgressiveSearch = searcher(strategies.ProgressiveSearch)
Reinforce = searcher(strategies.Reinforce)
OptunaSearch = searcher(strategies.OptunaSearch)
BayesianOptimization = searcher(strategies.BayesianOptimization)
Darts = searcher(strategies.Darts)

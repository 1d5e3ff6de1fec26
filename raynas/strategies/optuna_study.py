"""Writes a history as a study of Optuna's, quickly enough to do it anew for every proposal.

What Optuna keeps private or documents nowhere and we need all the same is here and nowhere else:
`answer`, `notes_of`, how a storage copies (`Told`), and what it compares (`OptionDistribution`).
Once a trial can be asked with a distribution, that is to be used instead of the first.
tests/test_private_names.py fails where Optuna has moved one.
"""

import copy
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Self

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.storages import InMemoryStorage
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from raynas.space import Decision

optuna.logging.set_verbosity(optuna.logging.ERROR)


class Told(FrozenTrial):
    """A trial that nothing changes any more, so that its copies may share what it holds."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copy what a storage writes into: number and id."""
        return copy.copy(self)


class OptionDistribution(CategoricalDistribution):
    """The options of a decision, by index; the same object is equal without a look at each."""

    def __eq__(self, other: object) -> bool:
        """Compare."""
        return self is other or bool(super().__eq__(other))

    def __hash__(self) -> int:
        """Hash as Optuna does."""
        return int(super().__hash__())


def suggestion(decision: Decision) -> tuple[str, BaseDistribution]:
    """Return the name and the distribution of a decision.

    The name has the number of options in it: Optuna wants one name to have one set of options.
    """
    count = len(decision.options)
    return f"{decision.path}:{count}", _distribution(count, decision.ordered)


@cache
def _distribution(count: int, ordered: bool) -> BaseDistribution:
    return IntDistribution(0, count - 1) if ordered else OptionDistribution(range(count))


def answer(asked: Trial, decision: Decision) -> int:
    """Let the sampler of a trial's study answer a decision."""
    return int(asked._suggest(*suggestion(decision)))


def notes_of(asked: Study) -> dict[str, Any]:
    """Return what the sampler has noted on a study's last trial."""
    return dict(asked.get_trials(deepcopy=False)[-1].system_attrs)


def trial(
    decisions: Sequence[Decision],
    picks: Mapping[str, int],
    score: float | None,
    attributes: Mapping[str, Any],
    *,
    finished: bool = True,
    running: bool = False,
) -> FrozenTrial:
    """Write an architecture as a trial; without a score it has failed, unless it is `running`.

    One stopped early is what Optuna calls pruned; what it had reached is its value after step 0.
    """
    ended = TrialState.COMPLETE if finished else TrialState.PRUNED
    state = TrialState.FAIL if score is None else ended
    named = {decision.path: suggestion(decision) for decision in decisions}
    return Told(
        number=-1,
        trial_id=-1,
        state=TrialState.RUNNING if running else state,
        value=score,
        datetime_start=None,
        datetime_complete=None,
        params={name: picks[path] for path, (name, _) in named.items()},
        distributions=dict(named.values()),
        user_attrs={},
        system_attrs=dict(attributes),
        intermediate_values={} if score is None or finished else {0: score},
    )


def study(trials: Sequence[FrozenTrial], sampler: BaseSampler) -> Study:
    """Write a study that maximises."""
    storage = InMemoryStorage()
    number = storage.create_new_study([StudyDirection.MAXIMIZE], "history")
    for one in trials:
        storage.create_new_trial(number, template_trial=one)
    return optuna.load_study(study_name="history", storage=storage, sampler=sampler)

"""Which decisions mattered: how well a random forest foretells the metric without one of them.

The importance of a decision is by how much the forest's R² falls, on trials that it was not fitted
to, when what was picked there is shuffled among the trials (permutation importance, Breiman 2001,
https://doi.org/10.1023/A:1010933404324). All columns of a decision are shuffled together. Several
forests, each fitted to other trials, give its spread.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from raynas.report.facts.facts import Facts
from raynas.runs.trial import Trial

LEAST = 20
"""Trials below which nothing is said."""
MOST = 1000
"""Trials that the forests are fitted to: the last and evenly chosen earlier ones."""
FOLDS, REPEATS, TREES = 5, 2, 40
SUSPECTS = 30
"""Decisions that are shuffled: those that the trees use most."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Importance:
    """By how much R² falls without a decision: the mean, and where four fifths of it lie."""

    path: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Judgement:
    """What the forests say; `r2` is their mean R² on trials that they have not seen."""

    trials: int
    r2: float
    decisions: list[Importance]


def judge(facts: Facts) -> Judgement | None:
    """Rank the decisions that varied, the most important first; None with too few trials."""
    trials = thinned(facts.scored, MOST)
    scores = _tamed(np.array([facts.score(trial) for trial in trials]))
    if len(trials) < LEAST or np.ptp(scores) == 0:
        return None
    columns, owners, paths = _encode(trials)
    if not paths:
        return None
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import KFold

    rng = np.random.default_rng(0)
    r2s: list[float] = []
    used = np.zeros(len(paths))
    forests = []
    for repeat in range(REPEATS):
        for fit, held in KFold(FOLDS, shuffle=True, random_state=repeat).split(columns):
            forest = RandomForestRegressor(TREES, random_state=repeat, min_samples_leaf=2)
            forest.fit(columns[fit], scores[fit])
            np.add.at(used, owners, forest.feature_importances_)
            r2s.append(_r2(forest.predict(columns[held]), scores[held], scores[fit]))
            forests.append((forest, fit, held))
    suspects = np.argsort(-used)[:SUSPECTS]
    falls = np.zeros((len(suspects), len(forests)))
    for number, (forest, fit, held) in enumerate(forests):
        shuffled = np.repeat(columns[held][None], len(suspects), axis=0)
        for place, decision in enumerate(suspects):
            of_it = np.flatnonzero(owners == decision)
            order = rng.permutation(len(held))
            shuffled[place][:, of_it] = columns[held][order][:, of_it]
        predicted = forest.predict(shuffled.reshape(-1, columns.shape[1]))
        for place, one in enumerate(predicted.reshape(len(suspects), -1)):
            falls[place, number] = r2s[number] - _r2(one, scores[held], scores[fit])
    judged = [
        Importance(paths[decision], float(fall.mean()), *map(float, np.quantile(fall, (0.1, 0.9))))
        for decision, fall in zip(suspects, falls, strict=True)
    ]
    judged.sort(key=lambda one: -one.mean)
    return Judgement(len(trials), float(np.mean(r2s)), judged)


def thinned(trials: list[Trial], most: int) -> list[Trial]:
    """Choose at most so many, evenly in time, the last one among them."""
    if len(trials) <= most:
        return trials
    places = np.linspace(0, len(trials) - 1, most).round().astype(int)
    return [trials[place] for place in places]


def _encode(trials: list[Trial]) -> tuple[Floats, npt.NDArray[np.int64], list[str]]:
    """One column for each option that some took and others did not, and whose column it is."""
    picks = [trial.architecture.picks for trial in trials]
    paths, columns, owners = [], [], []
    for path in sorted({path for one in picks for path in one}):
        taken = np.array([one.get(path, -1) for one in picks])
        options = np.unique(taken)
        if len(options) > 1:
            paths.append(path)
            for option in options[1:] if len(options) == 2 else options:
                columns.append((taken == option).astype(np.float64))
                owners.append(len(paths) - 1)
    return np.array(columns).T, np.array(owners, dtype=np.int64), paths


def _tamed(scores: Floats) -> Floats:
    """Pull in values far out, which would otherwise be all that R² is about."""
    if not len(scores):
        return scores
    low, high = np.quantile(scores, (0.25, 0.75))
    reach = 3 * (high - low)
    return np.clip(scores, low - reach, high + reach) if reach > 0 else scores


def _r2(predicted: Floats, true: Floats, fitted: Floats) -> float:
    """Share of the variance around the mean of the fitted trials that is foretold."""
    variance = float(((true - fitted.mean()) ** 2).mean())
    return 1 - float(((predicted - true) ** 2).mean()) / variance if variance else 0.0

"""Reinforcement learning: a controller samples architectures and learns from their scores."""

from bisect import bisect_left, bisect_right, insort
from typing import Any

import numpy as np

from raynas.space import Space, decisions_of
from raynas.strategies.base import Mode, Strategy
from raynas.strategies.checks import check_count
from raynas.strategies.controller import Controller
from raynas.strategies.duplicates import Deduplicate
from raynas.strategies.proposal import Evaluation, Proposal


class Reinforce(Strategy):
    """Samples from an LSTM controller trained by REINFORCE (Zoph & Le 2017, arXiv:1611.01578).

    Each result is one update of the policy as it comes in, with a moving average as the baseline;
    no update waits for another worker. Where we differ: the reward is the share of the earlier
    results that one beats, so that the metric's unit does not matter (the paper cubes accuracies);
    any finished one beats those stopped early, and a failure's reward is 0; duplicates teach from
    history; an entropy bonus; after `REPEATS` duplicates in a row the policy is flattened until it
    draws something new.
    """

    REPEATS = 1
    """Duplicates in a row that are answered from history before the policy is flattened."""
    FLATTER = 2.0
    """By how much the temperature grows with each further duplicate."""
    TRIES = 15
    MAX_REPEATS = 20

    def __init__(
        self,
        space: Space,
        *,
        metric: str = "val_accuracy",
        mode: Mode = "max",
        seed: int = 0,
        duplicates: bool = False,
        deduplicate: Deduplicate = "exact",
        units: int = 35,
        learning_rate: float = 6e-4,
        baseline_decay: float = 0.95,
        entropy: float = 0.01,
    ) -> None:
        """Take the options; `units` and `learning_rate` (of Adam) are the paper's.

        `baseline_decay` is the weight of the past in the baseline, `entropy` that of the policy's
        entropy beside rewards from 0 to 1.

        Raises:
            ValueError: units below 1, learning_rate not above 0, baseline_decay not from 0 to 1, or
                entropy below 0.
        """
        super().__init__(
            space,
            metric=metric,
            mode=mode,
            seed=seed,
            duplicates=duplicates,
            deduplicate=deduplicate,
        )
        check_count(units=units)
        if not 0 < learning_rate < np.inf:
            raise ValueError(f"learning_rate: expected a number above 0, got {learning_rate}")
        if not 0 <= baseline_decay < 1:
            raise ValueError(f"baseline_decay: expected 0 or more, below 1, got {baseline_decay}")
        if not 0 <= entropy < np.inf:
            raise ValueError(f"entropy: expected a number from 0, got {entropy}")
        self.units = units
        self.learning_rate = learning_rate
        self.baseline_decay = baseline_decay
        self.entropy = entropy
        self._forget()

    @classmethod
    def suited_options(cls, trials: int) -> dict[str, Any]:
        """Learn faster where there is less time; the paper's rate is for its 12,800 trials."""
        return {"learning_rate": float(np.clip(2.0 / trials, 6e-4, 0.02))}

    def _forget(self) -> None:
        self._controller = Controller(self.units, self.seed)
        self._baseline = 0.5
        self._scores: list[tuple[int, float]] = []  # how the results stand, sorted
        self._learned = 0  # how much of the history
        self._last: Evaluation | None = None  # of what was learned

    def restore(self, checkpoint_path: str) -> None:
        """Read what `save` wrote, and learn from all of it again."""
        super().restore(checkpoint_path)
        self._forget()

    def propose(self, rng: np.random.Generator) -> Proposal:
        """Learn what is new and draw from the policy."""
        self._learn()
        repeats = self._trailing_repeats()
        tries = 1 if self.duplicates or repeats < self.REPEATS else self.TRIES
        for flattened in range(tries):
            architecture, entropy = self._controller.sample(
                self.space, rng, self.FLATTER**flattened
            )
            if self.is_new(architecture):
                break
        notes = {
            "entropy": round(entropy, 4),
            "baseline": round(self._baseline, 4),
        }
        return Proposal(architecture, notes=notes)

    def _trailing_repeats(self) -> int:
        count = 0
        for evaluation in reversed(self.history):
            if not evaluation.repeated or count == self.REPEATS:
                break
            count += 1
        return count

    def _learn(self) -> None:
        """Make one update for each evaluation since the last time.

        What was learned from a history that is no more (restored, or repeats taken back) is
        forgotten and the whole history learned anew.
        """
        if self._learned and (
            self._learned > len(self.history) or self.history[self._learned - 1] is not self._last
        ):
            self._forget()
        for evaluation in self.history[self._learned :]:
            reward = self._reward(evaluation)
            decisions = decisions_of(self.space, evaluation.architecture)
            picks = evaluation.architecture.picks
            self._controller.learn(
                decisions,
                [picks[decision.path] for decision in decisions],
                reward - self._baseline,
                self.entropy,
                self.learning_rate,
            )
            self._baseline += (1 - self.baseline_decay) * (reward - self._baseline)
            self._last = evaluation
        self._learned = len(self.history)

    def _reward(self, evaluation: Evaluation) -> float:
        """Return the share of the earlier results that this one beats; equal ones count half."""
        if evaluation.score is None:
            return 0.0
        score = evaluation.standing
        below, upto = bisect_left(self._scores, score), bisect_right(self._scores, score)
        reward = (below + upto) / 2 / len(self._scores) if self._scores else 0.5
        if not evaluation.repeated:
            insort(self._scores, score)
        return reward

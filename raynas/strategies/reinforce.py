"""Reinforcement learning: a controller samples architectures and learns from their scores."""

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from raynas.options.keywords import takes
from raynas.options.strategy_options import StrategyOptions
from raynas.space import Infeasible, Space, decisions_of, sample
from raynas.strategies.base import Strategy
from raynas.strategies.proposal import Evaluation, Proposal

if TYPE_CHECKING:
    from raynas.strategies.controller import Controller


class ReinforceOptions(StrategyOptions):
    """The controller and how it learns; units and learning rate are the paper's."""

    units: int = Field(35, ge=1, description="Units of the controller's LSTM.")
    controller_learning_rate: float = Field(
        6e-4, gt=0, description="Learning rate of the controller's Adam."
    )
    baseline_decay: float = Field(
        0.95, ge=0, lt=1, description="Weight of the past in the baseline of the rewards."
    )
    entropy: float = Field(
        0.05, ge=0, description="Weight of the policy's entropy beside rewards from 0 to 1."
    )


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
    OWN_TRIES = 2
    """Further draws of the policy as it is, before it is flattened."""
    FLATTER = 2.0
    """By how much the temperature grows with each draw after these."""
    TRIES = 8
    """Draws in all, until one is new."""
    MAX_REPEATS = 20

    options_type = ReinforceOptions
    options: ReinforceOptions

    @takes(ReinforceOptions)
    def __init__(self, space: Space, options: ReinforceOptions) -> None:
        """Start with a policy that knows nothing."""
        self.begin(space, options)

    @classmethod
    def suited_options(cls, trials: int) -> dict[str, Any]:
        """Learn faster where there is less time; the paper's rate is for its 12,800 trials."""
        return {"controller_learning_rate": float(np.clip(2.0 / trials, 6e-4, 0.02))}

    def forget(self) -> None:
        """Learn from the whole history again."""
        self._controller: Controller | None = None
        self._baseline = 0.5
        self._scores: list[tuple[int, float]] = []  # how the results stand, sorted
        self._learned = 0  # how much of the history

    def propose(self, rng: np.random.Generator) -> Proposal:
        """Learn what is new and draw from the policy."""
        controller = self._learn()
        flattens = self.repeats >= self.REPEATS and not self.options.duplicates
        for flattened in range(self.TRIES if flattens else 1):
            temperature = self.FLATTER ** max(0, flattened - self.OWN_TRIES)
            try:
                architecture, entropy, ratio = controller.sample(self.space, rng, temperature)
            except Infeasible:
                return Proposal(sample(self.space, rng))
            if self.is_new(architecture):
                break
        notes = {
            "entropy": round(entropy, 4),
            "baseline": round(self._baseline, 4),
            "weight": float(f"{min(1.0, ratio):.4g}"),
        }
        return Proposal(architecture, notes=notes)

    def _learn(self) -> "Controller":
        """Make one update for each evaluation since the last time."""
        from raynas.strategies.controller import Controller

        options = self.options
        if self._controller is None:
            rate = options.controller_learning_rate
            self._controller = Controller(options.units, options.seed, rate)
        for evaluation in self.history[self._learned :]:
            reward = self._reward(evaluation)
            weight = self._weight(evaluation)
            if weight:
                decisions = decisions_of(self.space, evaluation.architecture)
                picks = [evaluation.architecture.picks[decision.path] for decision in decisions]
                advantage = weight * (reward - self._baseline)
                self._controller.learn(decisions, picks, advantage, options.entropy)
            decay = options.baseline_decay
            self._baseline += (1 - decay) * weight * (reward - self._baseline)
        self._learned = len(self.history)
        return self._controller

    def _weight(self, evaluation: Evaluation) -> float:
        """Return how much an evaluation teaches: all if the policy drew it as it is.

        Of what was drawn from a flattened policy, its probability under the policy divided by that
        under the flattened one, at most 1; nothing where the policy did not draw it.
        """
        if evaluation.repeated:
            return float(evaluation.repeat <= self.REPEATS)
        return float(evaluation.notes.get("weight", 0.0))

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

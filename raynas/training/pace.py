"""How far a training is, counted in steps, whoever drives it."""

import math
from dataclasses import dataclass


@dataclass
class Pace:
    """Where a training of `epochs` stands; who drives it keeps this up to date.

    `expected` is how many steps the first epoch is to have, infinity where its loader has no
    length; `before` how many the epochs before this one had; `done` those of this epoch, and
    `last` whether there are no more.
    """

    epochs: int
    expected: float = math.inf
    epoch: int = 0
    """The epoch that goes on, from 0."""
    before: int = 0
    done: int = 0
    last: bool = False

    def begin(self, epoch: int, before: int, expected: float) -> None:
        """Begin an epoch, from 0."""
        self.epoch, self.before, self.expected = epoch, before, expected
        self.done, self.last = 0, False

    @property
    def steps(self) -> int:
        """How many steps there have been."""
        return self.before + self.done

    def progress(self) -> float:
        """Return which share of the steps is done, 0 to 1.

        An epoch counts as long as those before it were on average; the first one as long as its
        loader says. Where that says nothing, the share stays 0 until the first epoch is over. With
        the last step of each epoch it is right, however many steps that had: 1 at the end, and
        never before.
        """
        steps = self.before / self.epoch if self.epoch else self.expected
        last = self.done and self.last
        within = 1.0 if last else min(self.done, max(0.0, steps - 1)) / steps
        return (self.epoch + within) / self.epochs
